"""The words for every quantity, and which quantities a report shows in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fluxttice_core.metrics.quantities import base_of

if TYPE_CHECKING:
    # Not at run time, so that a card can be written, and checked, without loading what measures.
    from fluxttice_core.metrics.metric import ControlName
    from fluxttice_core.metrics.settings import MeasurementSettings

SIGNS: dict[ControlName, str] = {
    "uniform_sampler": "U",
    "untrained": "N",
    "constant_decoder": "C",
    "half_support": "H",
    "oracle": "O",
}
CONTROL_WORDS: dict[ControlName, str] = {
    "uniform_sampler": "a uniform sampler",
    "untrained": "untrained networks",
    "constant_decoder": "a constant decoder",
    "half_support": "a generator of half the space",
    "oracle": "the oracle",
}
LABELS = {
    "coverage/argmax": "argmax coverage",
    "coverage/categorical": "categorical coverage",
    "coverage/expectation": "expectation coverage",
    "efficiency/argmax": "argmax efficiency",
    "efficiency/categorical": "categorical efficiency",
    "efficiency/expectation": "expectation efficiency",
    "equivalent_uniform_budget/argmax": "equivalent uniform draws",
    "equivalent_uniform_budget/categorical": "equivalent draws, categorical",
    "equivalent_uniform_budget/expectation": "equivalent draws, expectation",
    "expected_coverage/categorical": "expected categorical coverage",
    "generative_information": "generative information G",
    "nll": "NLL",
    "kl_from_uniform": "KL(uniform ‖ p)",
    "kl_to_uniform": "KL(p ‖ uniform)",
    "entropy": "entropy H(p)",
    "conditional_entropy": "left open by a code, H(x|z)",
    "effective_number_1": "effective number exp H(p)",
    "effective_number_2": "effective number 1/Σp²",
    "total_variation": "total variation to uniform",
    "argmax_divergence": "KL(p_argmax ‖ uniform)",
    "argmax_total_variation": "total variation, argmax",
    "memorisation": "mass, train over held-out",
    "rate": "rate R",
    "rate_per_dimension": "rate a dimension",
    "active_units": "active units",
    "distortion": "distortion D",
    "rate_plus_distortion": "R + D",
    "frontier_distance": "D above the Gaussian frontier",
    "code_information": "code information I_q",
    "marginal_kl": "KL(q(z) ‖ p(z))",
    "latent_entropy/differential": "entropy of q(z)",
    "latent_entropy/histogram": "entropy, 50-bin histogram",
    "coverage_of_a/argmax": "coverage of A",
    "coverage_of_b/argmax": "coverage of B",
    "union/argmax": "union of A and B",
    "jaccard_similarity/argmax": "Jaccard similarity",
    "jaccard_distance/argmax": "Jaccard distance",
    "agreement/tables": "same table",
    "agreement/trits": "same trit",
    "distortion_of_a": "distortion of A, mixed latent",
    "distortion_of_b": "distortion of B, mixed latent",
    **{
        f"{accuracy}/{source}/{part}": f"{part.replace('_', '-')} {what} from {origin}"
        for accuracy, what in (("table_accuracy", "tables"), ("trit_accuracy", "trits"))
        for source, origin in (("mean", "μ"), ("draw", "z ~ q"))
        for part in ("train", "validation", "held_out", "all")
    },
}
"""A quantity without its budget, in words."""

_DISTRIBUTION = (
    "nll",
    "kl_from_uniform",
    "kl_to_uniform",
    "entropy",
    "conditional_entropy",
    "total_variation",
    "effective_number_1",
    "effective_number_2",
    "memorisation",
)
_CODES = (
    *(
        f"{accuracy}/{source}/{part}"
        for source in ("mean", "draw")
        for part in ("train", "held_out", "all")
        for accuracy in ("table_accuracy", "trit_accuracy")
    ),
    "rate",
    "rate_per_dimension",
    "active_units",
    "distortion",
    "rate_plus_distortion",
    "frontier_distance",
    "code_information",
    "marginal_kl",
    "latent_entropy/differential",
    "latent_entropy/histogram",
)
_COUPLED = (
    "table_accuracy/mean/held_out",
    "table_accuracy/mean/all",
    "table_accuracy/draw/held_out",
    "table_accuracy/draw/all",
    "rate",
    "distortion",
    "distortion_of_a",
    "distortion_of_b",
    "rate_plus_distortion",
    "frontier_distance",
    "code_information",
    "marginal_kl",
)


@dataclass(frozen=True)
class Section:
    """Quantities that answer one question.

    Args:
        title: The question's subject.
        quantities: The quantities, in order.
    """

    title: str
    quantities: tuple[str, ...]


def sections(settings: MeasurementSettings, rho: float) -> Iterator[Section]:
    """What a report shows, in order; whatever was not measured is passed over by the caller."""
    headline = settings.headline
    yield Section(
        "Reach of the prior",
        (
            "generative_information",
            *(f"coverage/argmax/{n}" for n in settings.draws),
            f"efficiency/argmax/{headline}",
            f"equivalent_uniform_budget/argmax/{headline}",
            f"coverage/categorical/{headline}",
            f"coverage/expectation/{headline}",
            "argmax_divergence",
        ),
    )
    yield Section("What the code knows", _CODES)
    yield Section("Distribution p(x)", _DISTRIBUTION)
    yield Section(
        "Pair of halves",
        (
            f"union/argmax/{headline}",
            f"jaccard_distance/argmax/{headline}",
            f"agreement/tables/{headline}",
            f"agreement/trits/{headline}",
        ),
    )
    yield Section(
        f"Coupled pair, rho = {rho:g}", tuple(f"coupled/rho={rho:g}/{quantity}" for quantity in _COUPLED)
    )


def blindness_in_words(
    verdicts: Iterable[tuple[str, Collection[ControlName]]], *, codeless: bool = True
) -> tuple[str, ...]:
    """One sentence for each set of bad generators that some quantities do not tell from the model.

    The last is about the uniform sampler, which is no bad generator but has no code.

    Args:
        verdicts: Quantities without budgets, each with the controls that it does not tell the model from.
        codeless: Whether to write that last sentence.

    Example:
        >>> blindness_in_words([("nll", ["constant_decoder", "uniform_sampler"])], codeless=False)
        ('Not told from a constant decoder: NLL.',)
    """
    blind: dict[str, set[ControlName]] = {}
    uniform: dict[str, None] = {}
    for base, controls in verdicts:
        if set(controls) - {"uniform_sampler"}:
            blind.setdefault(base, set()).update(controls)
        if "uniform_sampler" in controls:
            uniform[words_of(base)] = None
    grouped: dict[tuple[str, ...], dict[str, None]] = {}
    for base, found in blind.items():
        words = tuple(w for c, w in CONTROL_WORDS.items() if c in found and c != "uniform_sampler")
        grouped.setdefault(words, {})[words_of(base)] = None
    sentences = [
        f"Not told from {' or '.join(words)}: {', '.join(quantities)}."
        for words, quantities in grouped.items()
    ]
    if uniform and codeless:
        named = CONTROL_WORDS["uniform_sampler"]
        sentences.append(f"Not told from {named}, which has no code: {', '.join(uniform)}.")
    return tuple(sentences)


def label(quantity: str) -> str:
    """A quantity in words.

    Example:
        >>> label("coverage/argmax/50000"), label("nll")
        ('argmax coverage, N = 50,000', 'NLL')
    """
    words = words_of(base_of(quantity))
    budget = quantity.rpartition("/")[2].removeprefix("N=")
    return f"{words}, N = {int(budget):,}" if budget.isdigit() else words


def words_of(base: str) -> str:
    """A quantity without its budget in words; one of the coupled pair by what it is there.

    Example:
        >>> words_of("coupled/rho=0.3/distortion")
        'distortion D'
    """
    own = base.split("/", 2)[2] if base.startswith("coupled/") else base
    return LABELS.get(own, own)
