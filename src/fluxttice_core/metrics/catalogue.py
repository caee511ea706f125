"""Every metric of a report, a row each: its name, words, unit, direction, ceiling and draws, and since when.

Whatever reads, shows or verifies reports asks these rows, so that a new metric is one function that measures
it and one row here. A file of set n holds the metrics whose rows say `since` n or earlier. Needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from fluxttice_core.metrics.settings import (
    DECODE_RULES,
    HISTOGRAM_BINS,
    HISTOGRAM_BOUND,
    DecodeRule,
    Direction,
    MeasurementSettings,
    Unit,
)
from fluxttice_core.statistics.uniform_moments import expected_share, uniform_moments

if TYPE_CHECKING:
    from fluxttice_core.spaces.target import Target

METRIC_SET = 3
"""The set that is measured now; one more with every release that adds metrics."""

Draws = Literal["budget", "mass_draws", "posterior_repeats", "aggregate_draws"]
Measured = Literal["half", "pair", "coupled"]
Need = Literal["split", "validation", "no split", "ternary", "target", "no target"]
"""`ternary` are tables of trits, all alike; `target` is anything else than all elements of a space alike."""

REACH, CODES, DISTRIBUTION = "Reach of the prior", "What the code knows", "Distribution p(x)"
PAIR = "Pair of halves"


@dataclass(frozen=True)
class Case:
    """What a perfect generator's value may depend on; without a target all elements should be alike.

    Args:
        size: Elements that it should give: those of the space, or of the target's support.
        dimensions: Latents of the half, or of both halves for the pair.
        draws: Draws a repeat; 0 for an exact figure.
    """

    size: int
    dimensions: int
    draws: int
    target: Target | None = None

    @property
    def entropy(self) -> float:
        """Entropy of what it should give, in nats."""
        return math.log(self.size) if self.target is None else self.target.entropy

    def share(self, draws: int) -> float:
        """Expected share of the elements among so many draws."""
        return expected_share(self.size, draws) if self.target is None else _shown(self.target, draws)[0]


@dataclass(frozen=True)
class Entry:
    """A metric.

    Args:
        name: Its name, with `{n}` where it is measured at budgets of draws.
        label: Its name in words; these are nobody's protocol and may be improved.
        perfect: The value of a perfect generator with a perfect code.
        perfect_sd: Standard deviation of that value, where it is random and does not depend on the figure.
        draws: The setting that says how many draws a repeat has; none: the metric is exact.
        of: What it is measured of: each half, both side by side, the coupled pair.
        needs: What has to be known of the model, or hold of its space.
        section: Where reports show it; none: in their JSON alone.
        curve: Whether every budget is shown, not the headline budget alone.
        headline: Whether it stands for a model; a card has these rows, so this never changes for a metric.
        column: The heading over it where controls are compared; a card has these rows, too.
        law: What the laws call it, where one concerns it.
        since: The first metric set that has it.
        even: Whether more of it is better only where all elements of a space should be alike.
    """

    name: str
    label: str
    unit: Unit
    direction: Direction
    perfect: float | Callable[[Case], float]
    perfect_sd: Callable[[Case], float] | None = None
    draws: Draws | None = None
    rule: DecodeRule | None = None
    of: tuple[Measured, ...] = ("half",)
    needs: Need | None = None
    section: str | None = None
    curve: bool = False
    headline: bool = False
    column: str | None = None
    law: str | None = None
    since: int = 1
    even: bool = False

    def names(self, settings: MeasurementSettings) -> tuple[str, ...]:
        """Its names at the budgets that settings ask for; none by a decode rule that they leave out."""
        if "{n}" not in self.name:
            return (self.name,)
        if self.rule is not None and self.rule not in settings.rules:
            return ()
        budgets = (settings.headline,) if self.of == ("pair",) else settings.draws
        return tuple(self.name.format(n=n) for n in budgets)

    def shown(self, settings: MeasurementSettings) -> tuple[str, ...]:
        """Those of its names that stand for it in a table."""
        names = self.names(settings)
        return names if self.curve else tuple(n for n in names if n == self.name.format(n=settings.headline))


# --- what a perfect model scores ---------------------------------------------------------------------------


def _shown(target: Target, draws: int) -> tuple[float, float]:
    """The share of its support that draws from a target show, and its standard deviation."""
    # Late, so that the catalogue alone loads no numerical library.
    from fluxttice_core.metrics.perfect import ceiling_of

    best = ceiling_of(target, draws)
    return best.fraction, best.sd / best.size


def _entropy(case: Case) -> float:
    return case.entropy


def _effective_number(order: int) -> Callable[[Case], float]:
    """As many as there are, where all are alike."""

    def number(case: Case) -> float:
        if case.target is None:
            return float(case.size)
        return math.exp(case.entropy) if order == 1 else 1 / float((case.target.q**2).sum())

    return number


def _share(case: Case) -> float:
    return case.share(case.draws)


def _share_sd(case: Case) -> float:
    if case.target is not None:
        return _shown(case.target, case.draws)[1]
    return math.sqrt(uniform_moments(case.size, case.draws).variance) / case.size


def _share_of_two(case: Case) -> float:
    return case.share(2 * case.draws)


def _similarity(case: Case) -> float:
    return (2 * _share(case) - _share_of_two(case)) / _share_of_two(case)


def histogram_entropy_of_prior() -> float:
    """What codes that fill the prior exactly show in the histogram of older reports, in nats."""
    width = 2 * HISTOGRAM_BOUND / HISTOGRAM_BINS
    edges = (width * k - HISTOGRAM_BOUND for k in range(HISTOGRAM_BINS + 1))
    within = [math.erf(edge / math.sqrt(2)) / 2 for edge in edges]
    masses = [right - left for left, right in pairwise(within)]
    total = math.fsum(masses)
    return -math.fsum(mass / total * math.log(mass / total) for mass in masses)


# --- the rows, in the order in which reports show them -----------------------------------------------------


def _rows() -> Iterator[Entry]:
    mass, codes = partial(Entry, draws="mass_draws"), partial(Entry, section=CODES, of=("half", "coupled"))
    yield mass(
        *("generative_information", "generative information G", "ratio", "higher", 1.0),
        section=REACH,
        headline=True,
        column="G",
        law="generative_information",
    )
    for rule in DECODE_RULES:
        yield from _coverage_rows(rule)
    away = partial(mass, unit="nats", direction="lower", perfect=0.0)
    to_uniform, to_target = partial(away, needs="no target"), partial(away, needs="target", since=3)
    yield to_uniform("argmax_divergence", "KL(p_argmax ‖ uniform)", section=REACH, headline=True)
    yield to_target("argmax_kl_from_target", "KL(target ‖ p_argmax)", section=REACH)
    yield to_target("argmax_kl_to_target", "KL(p_argmax ‖ target)", section=REACH)
    within = "KL(p_argmax ‖ target) on the support"
    yield to_target("argmax_kl_to_target_within", within, section=REACH, headline=True)
    outside = partial(to_target, unit="fraction", section=REACH, headline=True)
    yield outside("mass_outside", "mass outside the support")
    yield outside("argmax_mass_outside", "argmax mass outside the support")
    for source, origin in (("mean", "μ"), ("draw", "z ~ q")):
        for part in ("train", "validation", "held_out", "all"):
            yield from _accuracy_rows(source, origin, part)

    yield codes("rate", "rate R", "nats", "neither", _entropy, headline=True, law="rate")
    yield codes(
        "rate_per_dimension", "rate a dimension", "nats", "neither", lambda c: c.entropy / c.dimensions
    )
    yield codes("active_units", "active units", "dimensions", "neither", lambda c: float(c.dimensions))
    loss = partial(codes, unit="nats", direction="lower", draws="posterior_repeats")
    yield loss("distortion", "distortion D", perfect=0.0, headline=True, law="distortion")
    mixed = partial(loss, perfect=0.0, of=("coupled",), section=None)
    yield mixed("distortion_of_a", "distortion of A, mixed latent")
    yield mixed("distortion_of_b", "distortion of B, mixed latent")
    yield loss("rate_plus_distortion", "R + D", perfect=_entropy, column="R + D")
    above = "D above the Gaussian frontier"
    yield loss("frontier_distance", above, perfect=0.0, needs="ternary", headline=True)
    wasted = partial(loss, perfect=0.0, needs="ternary", since=2)
    spent = "rate above the frontier"
    yield wasted("rate_above_frontier", spent, headline=True, law="rate_above_frontier")
    reach = "rate_above_reach_frontier"
    # Below 0 is not better: it is a decoder that leaves more open than is demanded.
    yield wasted(reach, "rate above, demanded reach", direction="neither", law=reach)
    yield wasted("lagrangian_gap", "Lagrangian gap", headline=True, law="lagrangian_gap")
    information = partial(codes, unit="nats", draws="aggregate_draws")
    yield information(
        *("code_information", "code information I_q"),
        direction="higher",
        perfect=_entropy,
        headline=True,
        law="code_information",
    )
    yield information(
        "marginal_kl", "KL(q(z) ‖ p(z))", direction="lower", perfect=0.0, law="marginal_divergence"
    )
    yield Entry(
        *("latent_entropy/differential", "entropy of q(z)", "nats", "neither"),
        perfect=lambda c: c.dimensions * 0.5 * math.log(2 * math.pi * math.e),
        draws="aggregate_draws",
        section=CODES,
    )
    yield partial(Entry, section=CODES, draws="posterior_repeats")(
        *("latent_entropy/histogram", "entropy, 50-bin histogram", "nats", "neither"),
        perfect=histogram_entropy_of_prior(),
    )

    spread = partial(mass, section=DISTRIBUTION)
    yield spread("nll", "NLL", "nats", "lower", _entropy, headline=True, column="NLL", law="nll")
    for row, law, named in ((to_uniform, "uniform", "divergence_to_uniform"), (to_target, "target", None)):
        apart = partial(row, section=DISTRIBUTION)
        yield apart(f"kl_from_{law}", f"KL({law} ‖ p)", headline=True, law=f"divergence_from_{law}")
        yield apart(f"kl_to_{law}", f"KL(p ‖ {law})", law=named)
    yield to_target("kl_to_target_within", "KL(p ‖ target) on the support", section=DISTRIBUTION)
    even = partial(spread, direction="higher", even=True)
    yield even("entropy", "entropy H(p)", "nats", perfect=_entropy, law="model_entropy")
    yield away("conditional_entropy", "left open by a code, H(x|z)", section=DISTRIBUTION)
    moved = {"unit": "fraction", "section": DISTRIBUTION}
    yield to_uniform("total_variation", "total variation to uniform", **moved)
    yield to_target("total_variation_to_target", "total variation to the target", **moved)
    number = partial(even, unit="operations")
    yield number("effective_number_1", "effective number exp H(p)", perfect=_effective_number(1))
    yield number("effective_number_2", "effective number 1/Σp²", perfect=_effective_number(2))
    remembered = "mass, train over held-out"
    yield spread("memorisation", remembered, "ratio", "neither", 1.0, needs="split", headline=True)
    yield mass("argmax_total_variation", "total variation, argmax", "fraction", "lower", 0.0)
    expected = "expected_coverage/categorical/N={n}"
    yield mass(expected, "expected categorical coverage", "fraction", "higher", _share)
    yield from _pair_rows()


def _coverage_rows(rule: DecodeRule) -> Iterator[Entry]:
    argmax = rule == "argmax"
    row = partial(Entry, direction="higher", draws="budget", rule=rule)
    yield row(
        *(f"coverage/{rule}/{{n}}", f"{rule} coverage", "fraction"),
        perfect=_share,
        perfect_sd=_share_sd,
        section=REACH,
        curve=argmax,
        headline=argmax,
        column=None if rule == "expectation" else rule,
    )
    yield row(
        *(f"efficiency/{rule}/{{n}}", f"{rule} efficiency", "ratio"),
        perfect=1.0,
        perfect_sd=lambda case: _share_sd(case) / _share(case),
        section=REACH if argmax else None,
        headline=argmax,
    )
    equivalent = partial(row, unit="draws", perfect=lambda case: float(case.draws))
    yield equivalent(
        f"equivalent_uniform_budget/{rule}/{{n}}",
        "equivalent uniform draws" if argmax else f"equivalent draws, {rule}",
        section=REACH if argmax else None,
        needs="no target",
    )
    yield equivalent(
        f"equivalent_target_budget/{rule}/{{n}}",
        "equivalent target draws" if argmax else f"equivalent target draws, {rule}",
        section=REACH if argmax else None,
        needs="target",
        since=3,
    )


_NEEDED: dict[str, Need] = {"all": "no split", "validation": "validation"}


def _accuracy_rows(source: str, origin: str, part: str) -> Iterator[Entry]:
    unseen = part in ("held_out", "all")
    for accuracy, what in (("table_accuracy", "tables"), ("trit_accuracy", "trits")):
        yield Entry(
            f"{accuracy}/{source}/{part}",
            f"{part.replace('_', '-')} {what} from {origin}",
            "fraction",
            "higher",
            perfect=1.0,
            draws="posterior_repeats" if source == "draw" else None,
            rule="argmax",
            of=("half", "coupled") if unseen and accuracy == "table_accuracy" else ("half",),
            needs=_NEEDED.get(part, "split"),
            section=None if part == "validation" else CODES,
            headline=unseen and (accuracy, source) != ("trit_accuracy", "draw"),
            column="tables" if unseen and (accuracy, source) == ("table_accuracy", "mean") else None,
        )


def _pair_rows() -> Iterator[Entry]:
    row = partial(Entry, unit="fraction", draws="budget", rule="argmax", of=("pair",))
    up, alike = partial(row, direction="higher"), partial(row, direction="neither")
    yield up("coverage_of_a/argmax/{n}", "coverage of A", perfect=_share, law="first")
    yield up("coverage_of_b/argmax/{n}", "coverage of B", perfect=_share, law="second")
    yield up("union/argmax/{n}", "union of A and B", perfect=_share_of_two, section=PAIR, law="union")
    similar = "jaccard_similarity/argmax/{n}"
    yield alike(similar, "Jaccard similarity", perfect=_similarity, law="similarity")
    yield alike(
        "jaccard_distance/argmax/{n}", "Jaccard distance", perfect=lambda c: 1 - _similarity(c), section=PAIR
    )
    yield alike("agreement/tables/{n}", "same table", perfect=1.0, section=PAIR)
    yield alike("agreement/trits/{n}", "same trit", perfect=1.0, section=PAIR)


def base_of(name: str) -> str:
    """A metric's name without its budget, `/n` or `/N=n`."""
    base, _, budget = name.rpartition("/")
    return base if budget.removeprefix("N=").isdecimal() else name


CATALOGUE: dict[str, Entry] = {base_of(entry.name.format(n=1)): entry for entry in _rows()}
"""Every metric by its name without budget."""
