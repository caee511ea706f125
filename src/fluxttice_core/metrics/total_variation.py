"""How far a generator is from its target in total variation, which draws can only bracket."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaln, ndtr

from fluxttice_core.metrics.mass import MassEstimate
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.settings import BRACKETED
from fluxttice_core.shapes import Float, Float64
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.estimate import Estimate, jackknife
from fluxttice_core.statistics.intervals import Interval, normal_quantile

Law = Float64[np.ndarray, "K"]
"""The probability of every element."""

_AT_A_TIME = 2**18
_CERTAIN = 30.0
"""So many deviations from the law, and noise adds nothing to a distance in double precision."""


@dataclass(frozen=True)
class Bracket:
    """A distance between an estimate that is too low on average and one that is too high.

    Args:
        lower: The cross-fit estimate, and its standard error.
        upper: The plug-in estimate less the most that noise can have added, and the plug-in's own bounds.
        raw: The plug-in estimate.
        floor: What the plug-in estimate shows of a perfect generator at the same number of draws.
    """

    lower: Estimate
    upper: Interval
    raw: float
    floor: float

    @property
    def interval(self) -> Interval:
        """From one lower limit to the other upper one: covers at least as often as its level says."""
        low = max(self.lower.interval(self.upper.level).lower, 0.0)
        high = max(self.upper.upper, low)
        return Interval((low + high) / 2, low, high, self.upper.level, BRACKETED)

    @property
    def estimate(self) -> Estimate:
        """The middle of the interval, with the standard error that a normal figure of its width has."""
        found = self.interval
        return Estimate(found.estimate, (found.upper - found.lower) / 2 / normal_quantile(found.level))


def total_variation(mass: MassEstimate, level: float = 0.95, *, target: Target | None = None) -> Bracket:
    r"""Mass that would have to move to make the generator uniform, or what a target asks for.

    .. math:: \mathrm{TV} = \tfrac12 \sum_x |p(x) - q(x)|, \qquad q(x) = 1/K \text{ without a target}

    The plug-in estimate lies above it, because noise of either sign adds to a distance, by an amount that
    falls only with the root of the draws. Below it lies, on average,
    :math:`\tfrac12 \sum_x \mathrm{sign}(p_1(x) - q(x))\,(p_2(x) - q(x))`, whose signs come from one half of
    the draws and whose deviations from the other. Where the noise of x has the deviation
    :math:`\sigma_x`, the plug-in estimate is expected to be
    :math:`\tfrac12 \sum_x \sigma_x g(|\delta_x| / \sigma_x)` with
    :math:`g(t) = t\,(2\Phi(t) - 1) + 2\varphi(t)`; since g is convex, it is at least
    :math:`\tfrac12 \Sigma\, g(2\,\mathrm{TV} / \Sigma)` with :math:`\Sigma = \sum_x \sigma_x`, which bounds
    TV from above.

    Example:
        >>> import torch
        >>> import fluxttice_core as fx
        >>> g = torch.Generator().manual_seed(0)
        >>> constant = fx.evaluation.ConstantDecoder(fx.OperationSpace(base=2))
        >>> round(total_variation(fx.metrics.estimate_mass(constant, 80, generator=g)).interval.upper, 4)
        0.0
    """
    count = len(mass.groups)
    shrinkage = math.sqrt(2 / (count - 1)) * math.exp(gammaln(count / 2) - gammaln((count - 1) / 2))
    noise = np.concatenate(
        [mass.groups[:, at].std(0, ddof=1, dtype=np.float64) for at in _parts(mass.space.size)]
    )
    noise = noise / shrinkage / math.sqrt(count)
    return _bracket(mass.groups, _law(mass, target), float(noise.sum()), float(noise.sum()), level)


def argmax_total_variation(
    mass: MassEstimate, level: float = 0.95, *, target: Target | None = None
) -> Bracket:
    r"""Total variation between the operations reached by argmax and uniform, or a target, by binomial counts.

    :math:`\sigma_x = \sqrt{p (1 - p) / M}`, and a perfect generator shows about
    :math:`\sum_x \sqrt{q (1 - q) / 2 \pi M}`, of all elements alike :math:`\sqrt{K / 2 \pi M}`. Bracketed as
    `total_variation` is.
    """
    p = mass.p_argmax
    noise = np.sqrt(p * (1 - p) / mass.draws)
    law = _law(mass, target)
    if uneven(target, mass.space) is None:
        perfect = math.sqrt(mass.space.size / mass.draws)
    else:
        perfect = float(np.sqrt(law * (1 - law) / mass.draws).sum())
    return _bracket(mass.argmax_groups, law, float(noise.sum()), perfect, level)


def _law(mass: MassEstimate, target: Target | None) -> Law:
    """The law that is aimed at; where all are alike a broadcast view, which takes no memory."""
    target, size = uneven(target, mass.space), mass.space.size
    return np.broadcast_to(1 / size, size) if target is None else target.dense()


def _bracket(
    groups: Float[np.ndarray, "groups K"], law: Law, noise: float, perfect_noise: float, level: float
) -> Bracket:
    def distance(p: Float64[np.ndarray, "K"]) -> float:
        return 0.5 * float(np.abs(p - law).sum())

    most = 1 - float(np.min(law))
    raw = distance(np.asarray(groups.mean(0, dtype=np.float64)))
    spread = jackknife(distance, groups)
    limits = Estimate(raw, spread.error, spread.dof).interval(level)
    shown = (raw, limits.lower, limits.upper)
    estimate, low, high = (min(_less_noise(end, noise), most) for end in shown)
    upper = Interval(estimate, low, high, level, BRACKETED)
    floor = min(perfect_noise / math.sqrt(2 * math.pi), most)
    return Bracket(_cross_fit(groups, law), upper, raw, floor)


def _cross_fit(groups: Float[np.ndarray, "groups K"], law: Law) -> Estimate:
    """The deviations from the law of each half of the groups, with the signs that the other half gives them.

    Groups of one half are independent given their signs; the two halves are not, so that their errors are
    averaged as they are.
    """
    halves = groups[::2], groups[1::2]
    fewer = min(map(len, halves))
    values, errors = [], []
    for signs_of, judged in (halves, halves[::-1]):
        found = sum(_signed(signs_of[:, at], judged[:, at], law[at]) for at in _parts(groups.shape[1]))
        values.append(float(np.mean(found)))
        errors.append(float(np.std(found, ddof=1)) / math.sqrt(len(judged)) if fewer > 1 else math.inf)
    return Estimate(sum(values) / 2, sum(errors) / 2, max(fewer - 1.0, 1.0))


def _signed(
    signs_of: Float[np.ndarray, "half K"], judged: Float[np.ndarray, "others K"], law: Law
) -> Float64[np.ndarray, "others"]:
    """Half the deviations of some groups from the law, with the signs of those of others."""
    signs_of, judged = (half.astype(np.float64, copy=False) for half in (signs_of, judged))
    return np.asarray(0.5 * (judged - law) @ np.sign((signs_of - law).sum(0)))


def _parts(size: int) -> Iterator[slice]:
    """Elements, so many at a time that the copies of all groups stay small."""
    for start in range(0, size, _AT_A_TIME):
        yield slice(start, start + _AT_A_TIME)


def _less_noise(shown: float, noise: float) -> float:
    r"""The TV at which the bound :math:`\tfrac12 \Sigma\, g(2\,\mathrm{TV}/\Sigma)` is what was shown."""
    if noise == 0 or 2 * shown > _CERTAIN * noise:
        return shown
    if 2 * shown <= noise * _folded(0.0):
        return 0.0
    return noise / 2 * float(brentq(lambda t: _folded(t) - 2 * shown / noise, 0.0, _CERTAIN))


def _folded(t: float) -> float:
    """Mean of |t + e| for a standard normal e."""
    return t * (2 * float(ndtr(t)) - 1) + 2 * math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
