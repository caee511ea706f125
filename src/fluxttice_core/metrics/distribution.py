"""What the mass of every operation says about a generator: likelihood, divergences, information, memory."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import entr

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.mass import MassEstimate, estimate_mass
from fluxttice_core.metrics.metric import TOTAL_MASS, Figure, FigureMaker, Series, rounded
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.settings import Half, MeasurementSettings
from fluxttice_core.metrics.total_variation import Bracket, argmax_total_variation, total_variation
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.spaces.split import Split
from fluxttice_core.statistics.coverage import expected_coverage
from fluxttice_core.statistics.estimate import Estimate, jackknife

_QUANTILES = 201
_CURVE_POINTS = 25


def mass_figures(
    model: Decodable, half: Half, settings: MeasurementSettings, split: Split | None
) -> Iterator[Figure | Series]:
    """Likelihood, divergences, effective numbers, generative information, memorisation, expected coverage."""
    generator = measurement_stream(settings.seed, half, "mass", device=settings.device)
    mass = estimate_mass(model, settings.mass_draws, generator=generator)
    yield from figures_of_mass(mass, half, settings, split)


def figures_of_mass(
    mass: MassEstimate, half: Half, settings: MeasurementSettings, split: Split | None
) -> Iterator[Figure | Series]:
    """The figures of `mass_figures`, of a mass that is estimated already."""
    make, found = FigureMaker(half, mass.space.size, settings), generative_figures(mass)
    for name in (
        *("generative_information", "nll", "kl_from_uniform", "kl_to_uniform", "entropy"),
        *("conditional_entropy", "effective_number_1", "effective_number_2"),
    ):
        yield make(name, getattr(found, name))
    whole, argmax = found.total_variation, found.argmax_total_variation
    yield make("total_variation", whole.estimate, interval=whole.interval)
    yield make("argmax_divergence", found.argmax_divergence.corrected)
    yield make("argmax_total_variation", argmax.estimate, interval=argmax.interval)
    if split is not None:
        yield make("memorisation", memorisation(mass, train=split.train, held_out=split.held_out))
    for n, share in zip(settings.draws, coverage_from_mass(mass, settings.draws), strict=True):
        yield make(f"expected_coverage/categorical/N={n}", share)
    yield Series(TOTAL_MASS, half, (0.0,), (float(mass.p.sum()),))
    yield from _series(mass, half, max(settings.draws))


def _series(mass: MassEstimate, half: Half, largest: int) -> Iterator[Series]:
    """The sorted mass in units of 1/K, and expected coverage against the budget."""
    levels = np.linspace(0.0, 1.0, _QUANTILES)
    for name, p in (("sorted_mass/categorical", mass.p), ("sorted_mass/argmax", mass.p_argmax)):
        quantiles = np.quantile(p * mass.space.size, levels)
        yield Series(name, half, rounded(levels), rounded(quantiles))
    budgets = np.unique(np.geomspace(1, max(largest, 2), _CURVE_POINTS).round().astype(np.int64)).tolist()
    # Single precision may round the sum of p to more than 1; the curve would then rise above all that can be.
    curve = expected_coverage(mass.p / max(1.0, mass.p.sum()), budgets)
    yield Series(
        "expected_coverage/categorical", half, tuple(float(n) for n in budgets), tuple(curve.tolist())
    )


@dataclass(frozen=True)
class Floored:
    """A distance to the uniform distribution, with what noise alone shows at the same number of draws.

    Args:
        raw: The distance of the estimate itself, which is biased upward, and its standard error.
        floor: What a perfectly uniform generator is expected to show.
    """

    raw: Estimate
    floor: float

    @property
    def corrected(self) -> Estimate:
        """The distance less the floor."""
        return Estimate(self.raw.value - self.floor, self.raw.error, self.raw.dof)


@dataclass(frozen=True)
class GenerativeFigures:
    """How a generator spreads its mass, each figure with its Monte-Carlo error.

    Args:
        nll: Mean of -ln p(x) over all operations, extrapolated to endless draws, in nats.
        nll_plug_in: The same without extrapolation: above it by an amount that falls as 1/M.
        kl_from_uniform: KL(uniform || p), in nats.
        kl_to_uniform: KL(p || uniform), in nats.
        entropy: H(p), in nats.
        conditional_entropy: Mean of H(x|z) over the prior, in nats.
        generative_information: G, a fraction of ln K.
        effective_number_1: exp H(p), in operations.
        effective_number_2: 1 / sum p^2, in operations.
        total_variation: Total variation between p and uniform, a fraction.
        argmax_divergence: KL(p_argmax || uniform), in nats, with its noise floor.
        argmax_total_variation: Total variation between p_argmax and uniform.
    """

    nll: Estimate
    nll_plug_in: float
    kl_from_uniform: Estimate
    kl_to_uniform: Estimate
    entropy: Estimate
    conditional_entropy: Estimate
    generative_information: Estimate
    effective_number_1: Estimate
    effective_number_2: Estimate
    total_variation: Bracket
    argmax_divergence: Floored
    argmax_total_variation: Bracket


def generative_figures(mass: MassEstimate) -> GenerativeFigures:
    """Compute every figure of this module that needs nothing but the mass.

    Example:
        >>> import torch
        >>> import fluxttice_core as fx
        >>> delta = fx.evaluation.DeltaDecoder(fx.OperationSpace(base=2), 6)
        >>> g = torch.Generator().manual_seed(0)
        >>> generative_figures(fx.metrics.estimate_mass(delta, 80, generator=g)).effective_number_2.value
        1.0
    """
    nll, spread, log_size = negative_log_likelihood(mass), entropy(mass), mass.space.log_size
    return GenerativeFigures(
        nll=nll,
        nll_plug_in=_mean_surprise(mass.p),
        kl_from_uniform=Estimate(nll.value - log_size, nll.error, nll.dof),
        kl_to_uniform=Estimate(log_size - spread.value, spread.error, spread.dof),
        entropy=spread,
        conditional_entropy=conditional_entropy(mass),
        generative_information=generative_information(mass),
        effective_number_1=effective_number(mass, order=1),
        effective_number_2=effective_number(mass, order=2),
        total_variation=total_variation(mass),
        argmax_divergence=argmax_divergence(mass),
        argmax_total_variation=argmax_total_variation(mass),
    )


def negative_log_likelihood(mass: MassEstimate) -> Estimate:
    r"""Mean surprise of all operations, extrapolated to endless draws; at least ln K up to its error.

    .. math:: \mathrm{NLL} = -\frac1K \sum_x \ln p(x)

    KL(uniform || p) = NLL - ln K.

    Returns:
        NLL in nats; infinite, with an infinite error, when some operation never got any mass.

    Example:
        >>> import torch
        >>> import fluxttice_core as fx
        >>> constant = fx.evaluation.ConstantDecoder(fx.OperationSpace())
        >>> mass = fx.metrics.estimate_mass(constant, 80, generator=torch.Generator().manual_seed(0))
        >>> round(negative_log_likelihood(mass).value, 4)
        9.8875
    """
    return jackknife(_mean_surprise, mass.groups)


def entropy(mass: MassEstimate) -> Estimate:
    r"""Entropy of the generator, :math:`H(p) = -\sum_x p \ln p`, in nats; KL(p || uniform) = ln K - H(p)."""
    return jackknife(_entropy, mass.groups)


def conditional_entropy(mass: MassEstimate) -> Estimate:
    r"""What a code leaves open: :math:`E_z H(x \mid z)` over the prior, in nats."""
    return jackknife(lambda mean: float(mean[0]), mass.conditional_entropies[:, None])


def generative_information(mass: MassEstimate) -> Estimate:
    r"""Share of an operation's information that the latent decides.

    .. math:: G = \frac{I_p(x; z)}{\ln K} = \frac{H(p) - E_z H(x \mid z)}{\ln K}

    0 when the code is ignored; 1 when each code means one operation and all operations are equally likely.

    Returns:
        A fraction; its noise may carry it past 0 or 1 by about its error.

    Example:
        >>> import torch
        >>> import fluxttice_core as fx
        >>> oracle = fx.evaluation.QuantileLookup(fx.OperationSpace(base=2))
        >>> mass = fx.metrics.estimate_mass(oracle, 80_000, generator=torch.Generator().manual_seed(0))
        >>> round(generative_information(mass).value, 2)
        1.0
    """
    both = np.concatenate((mass.groups, mass.conditional_entropies[:, None]), axis=1)
    return jackknife(lambda mean: (_entropy(mean[:-1]) - float(mean[-1])) / mass.space.log_size, both)


def effective_number(mass: MassEstimate, *, order: int) -> Estimate:
    r"""Hill number of the generator: the number of equally likely operations that would be as diverse.

    .. math:: N_1 = e^{H(p)}, \qquad N_2 = 1 / \sum_x p^2

    Source:
        Hill 1973.
    """
    if order == 1:
        return jackknife(lambda p: math.exp(_entropy(p)), mass.groups)
    if order == 2:
        return jackknife(lambda p: 1 / float(p @ p), mass.groups)
    raise MeasurementError(f"effective numbers are offered of order 1 and 2, not {order}", "unsupported")


def argmax_divergence(mass: MassEstimate) -> Floored:
    r"""Divergence of the operations reached by argmax decoding from uniform.

    .. math:: \mathrm{KL}(p_{\mathrm{argmax}} \| \mathrm{uniform}) = \ln K - H(p_{\mathrm{argmax}})

    Estimated by counting, which shows about (K - 1) / 2M nats even of a uniform generator.
    """
    spread = jackknife(_entropy, mass.argmax_groups)
    raw = mass.space.log_size - _entropy(mass.p_argmax)
    return Floored(Estimate(raw, spread.error, spread.dof), (mass.space.size - 1) / (2 * mass.draws))


def coverage_from_mass(mass: MassEstimate, draws: Sequence[int]) -> tuple[Estimate, ...]:
    r"""Expected categorical coverage at every budget, without sampling.

    .. math:: \frac1K \sum_x \left[1 - (1 - p(x))^N\right]
    """
    return tuple(
        jackknife(lambda p, n=n: float(expected_coverage(np.clip(p, 0, 1), [n])[0]), mass.groups)  # type: ignore[misc]
        for n in draws
    )


def memorisation(
    mass: MassEstimate, *, train: Int64[np.ndarray, "n_train"], held_out: Int64[np.ndarray, "n_held_out"]
) -> Estimate:
    r"""How much likelier the generator makes an operation that it was trained on.

    .. math:: \frac{\frac{1}{|T|} \sum_{x \in T} p(x)}{\frac{1}{|V|} \sum_{x \in V} p(x)}
    """
    if not (train.size and held_out.size) or np.intersect1d(train, held_out).size:
        raise MeasurementError(
            "memorisation compares two non-empty sets of operations without a common one", "too_few"
        )
    means = np.stack((mass.groups[:, train].mean(1), mass.groups[:, held_out].mean(1)), axis=1)
    return jackknife(lambda mean: float(mean[0] / mean[1]) if mean[1] else math.inf, means)


def _mean_surprise(p: Float64[np.ndarray, "K"]) -> float:
    with np.errstate(divide="ignore"):
        return -float(np.log(np.maximum(p, 0)).mean())


def _entropy(p: Float64[np.ndarray, "K"]) -> float:
    return float(entr(np.maximum(p, 0)).sum())
