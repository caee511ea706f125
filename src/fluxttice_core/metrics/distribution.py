"""What the mass of every operation says about a generator: likelihood, divergences, information, memory."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import entr

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.mass import MassEstimate, estimate_mass
from fluxttice_core.metrics.metric import TOTAL_MASS, Figure, FigureMaker, Series, rounded
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.settings import Half, MeasurementSettings
from fluxttice_core.metrics.total_variation import Bracket, argmax_total_variation, total_variation
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.shapes import Float, Float64, Int64
from fluxttice_core.spaces.split import Split
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.coverage import expected_coverage
from fluxttice_core.statistics.estimate import Estimate, jackknife
from fluxttice_core.statistics.intervals import Interval, clopper_pearson, cut_to_share

_QUANTILES = 201
_CURVE_POINTS = 25


def mass_figures(
    model: Decodable,
    half: Half,
    settings: MeasurementSettings,
    split: Split | None,
    target: Target | None = None,
) -> Iterator[Figure | Series]:
    """Likelihood, divergences, effective numbers, generative information, memorisation, expected coverage."""
    generator = measurement_stream(settings.seed, half, "mass", device=settings.device)
    mass = estimate_mass(model, settings.mass_draws, generator=generator)
    yield from figures_of_mass(mass, half, settings, split, target)


def figures_of_mass(
    mass: MassEstimate,
    half: Half,
    settings: MeasurementSettings,
    split: Split | None,
    target: Target | None = None,
) -> Iterator[Figure | Series]:
    """The figures of `mass_figures`, of a mass that is estimated already."""
    target = uneven(target, mass.space)
    make = FigureMaker(half, mass.space.size, settings, target=target)
    found = generative_figures(mass, target)
    divergent = ("kl_from_uniform", "kl_to_uniform") if target is None else ()
    for name in (
        *("generative_information", "nll", *divergent, "entropy"),
        *("conditional_entropy", "effective_number_1", "effective_number_2"),
    ):
        yield make(name, getattr(found, name))
    whole, argmax = found.total_variation, found.argmax_total_variation
    moved = "total_variation" if target is None else "total_variation_to_target"
    yield make(moved, whole.estimate, interval=whole.interval)
    if target is None:
        yield make("argmax_divergence", found.argmax_divergence.corrected)
    else:
        yield from _beside_target(mass, target, found, make)
    yield make("argmax_total_variation", argmax.estimate, interval=argmax.interval)
    if split is not None:
        found_again = memorisation(mass, train=split.train, held_out=split.held_out, target=target)
        yield make("memorisation", found_again)
    shares = coverage_from_mass(mass, settings.draws, target)
    for n, share in zip(settings.draws, shares, strict=True):
        yield make(f"expected_coverage/categorical/N={n}", share)
    yield Series(TOTAL_MASS, half, (0.0,), (float(mass.p.sum()),))
    yield from _series(mass, half, max(settings.draws), target)


def _beside_target(
    mass: MassEstimate, target: Target, found: "GenerativeFigures", make: FigureMaker
) -> Iterator[Figure]:
    """The divergences from and to a target that leaves elements out, and the mass on those."""
    argmax = divergences(mass.argmax_groups, target, mass.draws)
    yield make("kl_from_target", found.kl_from_uniform)
    yield make("kl_to_target", found.kl_to_uniform)
    yield make("kl_to_target_within", divergences(mass.groups, target).to_target_within.raw)
    yield make("argmax_kl_from_target", argmax.from_target.corrected)
    yield make("argmax_kl_to_target", argmax.to_target.corrected)
    yield make("argmax_kl_to_target_within", argmax.to_target_within.corrected)
    share = mass_outside(mass, target)
    yield make("mass_outside", share, interval=cut_to_share(share.interval()))
    counted = argmax_mass_outside(mass, target)
    deviation = math.sqrt(counted.estimate * (1 - counted.estimate) / mass.draws)
    yield make("argmax_mass_outside", Estimate(counted.estimate, deviation), interval=counted)


def _series(mass: MassEstimate, half: Half, largest: int, target: Target | None) -> Iterator[Series]:
    """The sorted mass in units of what each element should have, and expected coverage against the budget."""
    levels = np.linspace(0.0, 1.0, _QUANTILES)
    for name, p in (("sorted_mass/categorical", mass.p), ("sorted_mass/argmax", mass.p_argmax)):
        ratios = p * mass.space.size if target is None else p[target.rows] / target.q
        yield Series(name, half, rounded(levels), rounded(np.quantile(ratios, levels)))
    budgets = np.unique(np.geomspace(1, max(largest, 2), _CURVE_POINTS).round().astype(np.int64)).tolist()
    # Single precision may round the sum of p to more than 1; the curve would then rise above all that can be.
    curve = expected_coverage(_of_support(mass.p / max(1.0, mass.p.sum()), target), budgets)
    yield Series(
        "expected_coverage/categorical", half, tuple(float(n) for n in budgets), tuple(curve.tolist())
    )


@dataclass(frozen=True)
class Floored:
    """A distance to the target, biased upward, with what noise alone shows of a perfect generator."""

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
        kl_from_uniform: KL(uniform || p), or from another target, in nats.
        kl_to_uniform: KL(p || uniform), or to another target, in nats.
        entropy: H(p), in nats.
        conditional_entropy: Mean of H(x|z) over the prior, in nats.
        generative_information: G, a fraction of ln K, or of the entropy of another target.
        effective_number_1: exp H(p), in operations.
        effective_number_2: 1 / sum p^2, in operations.
        total_variation: Total variation between p and uniform or another target, a fraction.
        argmax_divergence: KL(p_argmax || uniform), or to another target, in nats, with its noise floor.
        argmax_total_variation: Total variation between p_argmax and the same.
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


def generative_figures(mass: MassEstimate, target: Target | None = None) -> GenerativeFigures:
    """Compute every figure of this module that needs nothing but the mass, and what it is held against.

    Example:
        >>> import torch
        >>> import fluxttice_core as fx
        >>> delta = fx.evaluation.DeltaDecoder(fx.OperationSpace(base=2), 6)
        >>> g = torch.Generator().manual_seed(0)
        >>> generative_figures(fx.metrics.estimate_mass(delta, 80, generator=g)).effective_number_2.value
        1.0
    """
    target = uneven(target, mass.space)
    nll, spread = negative_log_likelihood(mass, target), entropy(mass)
    least = _data_entropy(mass, target)
    if target is None:
        to_uniform = Estimate(least - spread.value, spread.error, spread.dof)
    else:
        to_uniform = divergences(mass.groups, target).to_target.raw
    return GenerativeFigures(
        nll=nll,
        nll_plug_in=_surprise(target)(_of_support(mass.p, target)),
        kl_from_uniform=Estimate(nll.value - least, nll.error, nll.dof),
        kl_to_uniform=to_uniform,
        entropy=spread,
        conditional_entropy=conditional_entropy(mass),
        generative_information=generative_information(mass, target),
        effective_number_1=effective_number(mass, order=1),
        effective_number_2=effective_number(mass, order=2),
        total_variation=total_variation(mass, target=target),
        argmax_divergence=argmax_divergence(mass, target),
        argmax_total_variation=argmax_total_variation(mass, target=target),
    )


def negative_log_likelihood(mass: MassEstimate, target: Target | None = None) -> Estimate:
    r"""Mean surprise of what is aimed at in nats, extrapolated to endless draws; at least H(q) up to error.

    .. math:: \mathrm{NLL} = -\sum_x q(x) \ln p(x) \ge H(q)

    Without a target q(x) = 1/K. KL(q || p) = NLL - H(q). Infinite, with an infinite error, when some
    operation never got any mass.

    Example:
        >>> import torch
        >>> import fluxttice_core as fx
        >>> constant = fx.evaluation.ConstantDecoder(fx.OperationSpace())
        >>> mass = fx.metrics.estimate_mass(constant, 80, generator=torch.Generator().manual_seed(0))
        >>> round(negative_log_likelihood(mass).value, 4)
        9.8875
    """
    target = uneven(target, mass.space)
    return jackknife(_surprise(target), _of_support(mass.groups, target))


def entropy(mass: MassEstimate) -> Estimate:
    r"""Entropy of the generator, :math:`H(p) = -\sum_x p \ln p`, in nats; KL(p || uniform) = ln K - H(p)."""
    return jackknife(_entropy, mass.groups)


def conditional_entropy(mass: MassEstimate) -> Estimate:
    r"""What a code leaves open: :math:`E_z H(x \mid z)` over the prior, in nats."""
    return jackknife(lambda mean: float(mean[0]), mass.conditional_entropies[:, None])


def generative_information(mass: MassEstimate, target: Target | None = None) -> Estimate:
    r"""Share of an operation's information that the latent decides.

    .. math:: G = \frac{I_p(x; z)}{H(q)} = \frac{H(p) - E_z H(x \mid z)}{H(q)}

    Without a target H(q) = ln K. 0 when the code is ignored; 1 when each code means one operation and the
    operations are as likely as they should be. Noise may carry it past 0 or 1 by about its error; it is more
    than 1 where p is more even than the target.

    Example:
        >>> import torch
        >>> import fluxttice_core as fx
        >>> oracle = fx.evaluation.QuantileLookup(fx.OperationSpace(base=2))
        >>> mass = fx.metrics.estimate_mass(oracle, 80_000, generator=torch.Generator().manual_seed(0))
        >>> round(generative_information(mass).value, 2)
        1.0
    """
    whole = _data_entropy(mass, uneven(target, mass.space))

    def share(p: Float64[np.ndarray, "K"], open_: Float64[np.ndarray, "1"]) -> float:
        return (_entropy(p) - float(open_[0])) / whole

    return jackknife(share, mass.groups, mass.conditional_entropies[:, None])


def effective_number(mass: MassEstimate, *, order: int) -> Estimate:
    r"""Hill number of the generator: :math:`N_1 = e^{H(p)}`, :math:`N_2 = 1 / \sum_x p^2`."""
    if order == 1:
        return jackknife(lambda p: math.exp(_entropy(p)), mass.groups)
    if order == 2:
        return jackknife(lambda p: 1 / float(p @ p), mass.groups)
    raise MeasurementError(f"effective numbers are offered of order 1 and 2, not {order}", "unsupported")


def argmax_divergence(mass: MassEstimate, target: Target | None = None) -> Floored:
    r"""Divergence of the operations reached by argmax decoding from uniform, or from another target.

    .. math:: \mathrm{KL}(p_{\mathrm{argmax}} \| \mathrm{uniform}) = \ln K - H(p_{\mathrm{argmax}})

    Estimated by counting, which shows about (K - 1) / 2M nats even of a uniform generator.
    """
    target = uneven(target, mass.space)
    if target is not None:
        return divergences(mass.argmax_groups, target, mass.draws).to_target
    spread = jackknife(_entropy, mass.argmax_groups)
    raw = mass.space.log_size - _entropy(mass.p_argmax)
    return Floored(Estimate(raw, spread.error, spread.dof), (mass.space.size - 1) / (2 * mass.draws))


@dataclass(frozen=True)
class Divergences:
    """Between a generator and a target q, in nats, each with what noise alone shows.

    Args:
        from_target: KL(q || p), infinite where an element of the support got no mass.
        to_target: KL(p || q), infinite where any mass lies outside of the support.
        to_target_within: KL(p(. | support) || q), of the mass on the support alone.
    """

    from_target: Floored
    to_target: Floored
    to_target_within: Floored


def divergences(
    groups: Float[np.ndarray, "groups K"], target: Target, counted: int | None = None
) -> Divergences:
    """Divergences between a generator, by independent groups, and a target, in both directions.

    Of shares of M `counted` draws noise alone shows about (n - 1) / 2M nats, and they are not extrapolated;
    probabilities are.
    """
    q, log_q = target.q, np.log(target.q)
    support = _of_support(groups, target)
    share = float(support.mean(0, dtype=np.float64).sum())

    def within(p: Float64[np.ndarray, "n"]) -> float:
        p = np.maximum(p, 0)
        total = float(p.sum())
        return (-_entropy(p) - float(p @ log_q)) / total - math.log(total) if total > 0 else math.inf

    def surprise(p: Float64[np.ndarray, "n"]) -> float:
        return _surprise(target)(p) - target.entropy

    leaks = bool(_outside(groups, target).any())
    nowhere = Estimate(math.inf, math.inf, len(groups) - 1.0)
    floor = 0.0 if counted is None else (len(q) - 1) / (2 * counted)
    inside = _floored(within, support, counted, floor / share if share else 0.0)
    return Divergences(
        _floored(surprise, support, counted, floor), Floored(nowhere, floor) if leaks else inside, inside
    )


def _floored(
    statistic: Callable[[Float64[np.ndarray, "n"]], float],
    groups: Float[np.ndarray, "groups n"],
    counted: int | None,
    floor: float,
) -> Floored:
    found = jackknife(statistic, groups)
    if counted is not None:
        found = Estimate(statistic(np.asarray(groups.mean(0, dtype=np.float64))), found.error, found.dof)
    return Floored(found, floor)


def mass_outside(mass: MassEstimate, target: Target) -> Estimate:
    r"""Mass on what a target leaves out, :math:`1 - \sum_{x \in S} p(x)`, with its standard error."""
    return jackknife(lambda share: float(share[0]), _outside(mass.groups, target)[:, None])


def argmax_mass_outside(mass: MassEstimate, target: Target) -> Interval:
    """Share of the draws that decode by argmax to what a target leaves out, with its exact interval."""
    counted = round(float(_outside(mass.argmax_groups, target).mean()) * mass.draws)
    return clopper_pearson(counted, mass.draws)


def coverage_from_mass(
    mass: MassEstimate, draws: Sequence[int], target: Target | None = None
) -> tuple[Estimate, ...]:
    """Expected categorical coverage at every budget, without sampling: of the space, or of a support."""
    groups = _of_support(mass.groups, uneven(target, mass.space))
    return tuple(
        jackknife(lambda p, n=n: float(expected_coverage(np.clip(p, 0, 1), [n])[0]), groups) for n in draws
    )


def memorisation(
    mass: MassEstimate,
    *,
    train: Int64[np.ndarray, "n_train"],
    held_out: Int64[np.ndarray, "n_held_out"],
    target: Target | None = None,
) -> Estimate:
    r"""How much likelier the generator makes an operation that it was trained on, for what it should be.

    .. math:: \frac{\sum_{x \in T} p(x) / \sum_{x \in T} q(x)}{\sum_{x \in V} p(x) / \sum_{x \in V} q(x)}
    """
    if not (train.size and held_out.size) or np.intersect1d(train, held_out).size:
        raise MeasurementError(
            "memorisation compares two non-empty sets of operations without a common one", "too_few"
        )
    target = uneven(target, mass.space)
    if target is None:
        means = [mass.groups[:, rows].mean(1, dtype=np.float64) for rows in (train, held_out)]
    else:
        q = target.dense()
        aimed = [rows[q[rows] > 0] for rows in (train, held_out)]
        if not all(rows.size for rows in aimed):
            raise MeasurementError(
                "memorisation compares elements of the target, and one of the sets holds none", "too_few"
            )
        means = [mass.groups[:, rows].sum(1, dtype=np.float64) / q[rows].sum() for rows in aimed]
    return jackknife(lambda mean: float(mean[0] / mean[1]) if mean[1] else math.inf, np.stack(means, 1))


def _surprise(target: Target | None) -> Callable[[Float64[np.ndarray, "n"]], float]:
    """Mean of -ln p over the support, whose elements are alike or weighted."""

    def mean(p: Float64[np.ndarray, "n"]) -> float:
        with np.errstate(divide="ignore"):
            logs = np.log(np.maximum(p, 0))
        return -float(logs.mean() if target is None or target.is_uniform else target.q @ logs)

    return mean


def _of_support(values: Float[np.ndarray, "*groups K"], target: Target | None) -> Float[np.ndarray, "..."]:
    return values if target is None else values[..., target.rows]


def _outside(groups: Float[np.ndarray, "groups K"], target: Target) -> Float64[np.ndarray, "groups"]:
    """Mass of each group on all that a target leaves out."""
    left_out = np.ones(groups.shape[1], dtype=bool)
    left_out[target.rows] = False
    return np.array([group.sum(where=left_out, dtype=np.float64) for group in groups])


def _data_entropy(mass: MassEstimate, target: Target | None) -> float:
    return mass.space.log_size if target is None else target.entropy


def _entropy(p: Float64[np.ndarray, "K"]) -> float:
    return float(entr(np.maximum(p, 0)).sum())
