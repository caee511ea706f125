"""Intervals for figures that were sampled: over repeats, over seeds, of proportions and of coverage."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Float, Integer

_VAST = 1e12
"""From so many counts on SciPy has no quantile of some beta variables, and one wrong by half of others."""

_SELDOM, _MOST_OF_GAMMA = 1e-6, 1e16
"""A beta variable is as good as gamma where one count is so small a part, and as good as normal where not."""


@dataclass(frozen=True)
class Interval:
    """An estimate with the limits that cover the truth in a share `level` of repetitions.

    Example:
        >>> str(Interval(0.9, 0.825634, 0.944771, 0.95, "Clopper-Pearson"))
        '0.9 [0.825634, 0.944771]'
    """

    estimate: float | int
    lower: float | int
    upper: float | int
    level: float | int
    method: str

    def __str__(self) -> str:
        return f"{self.estimate:.6g} [{self.lower:.6g}, {self.upper:.6g}]"

    def contains(self, value: float | int) -> bool:
        """Return whether a value lies within the limits."""
        return self.lower <= value <= self.upper

    def scaled(self, factor: float | int) -> "Interval":
        """Return the interval of a figure in another unit, the factor being above 0."""
        return Interval(
            self.estimate * factor, self.lower * factor, self.upper * factor, self.level, self.method
        )


def mean_interval(values: Float[np.ndarray, "n"], level: float = 0.95) -> Interval:
    r"""Return Student's interval of a mean over independent repeats, $\bar v \pm t_{n-1}\,s/\sqrt n$.

    Example:
        >>> str(mean_interval(np.array([0.81, 0.83, 0.82])))
        '0.82 [0.795159, 0.844841]'

    Raises:
        MeasurementError: If there are fewer than two values, or one is not finite.
    """
    check_level(level)
    if len(values) < 2:
        raise MeasurementError(
            f"an interval over repeats needs at least two values, but {len(values)} was given: "
            "repeat the draw",
            "too_few",
        )
    if not np.all(np.isfinite(values)):
        raise MeasurementError(
            "an interval over repeats needs finite values, but one is not a finite number", "not_finite"
        )
    mean = float(np.mean(values))
    count, quantile = len(values), float(special.stdtrit(len(values) - 1, (1 + level) / 2))
    half_width = quantile * float(np.std(values, ddof=1)) / math.sqrt(count)
    return Interval(mean, mean - half_width, mean + half_width, level, f"Student's t, {count} repeats")


def paired_difference(
    first: Float[np.ndarray, "n"], second: Float[np.ndarray, "n"], level: float = 0.95
) -> Interval:
    """Return Student's interval of the mean of first - second, the runs being paired by seed.

    Example:
        >>> difference = paired_difference(np.array([0.83, 0.85, 0.81]), np.array([0.82, 0.83, 0.80]))
        >>> str(difference)
        '0.0133333 [-0.00100884, 0.0276755]'

    Raises:
        MeasurementError: If there are fewer than two pairs, or a value is not finite.
    """
    return replace(mean_interval(first - second, level), method=f"Student's t, {len(first)} pairs")


def difference_of_limits(value: Interval, baseline: Interval) -> Interval:
    r"""Return limits of the difference of two independent figures from the limits of each.

    $d - \sqrt{(v - l_v)^2 + (u_b - b)^2}$ to $d + \sqrt{(u_v - v)^2 + (b - l_b)^2}$ with $d = v - b$: the
    limits of each figure towards the other take the place of its variance (Newcombe 1998; Zou, Donner 2008).

    Example:
        >>> first, other = clopper_pearson(19_990, 20_000), clopper_pearson(19_950, 20_000)
        >>> str(difference_of_limits(other, first))
        '-0.002 [-0.00283614, -0.0012316]'
    """
    change = value.estimate - baseline.estimate
    below = math.hypot(value.estimate - value.lower, baseline.upper - baseline.estimate)
    above = math.hypot(value.upper - value.estimate, baseline.estimate - baseline.lower)
    return Interval(change, change - below, change + above, value.level, "limits of both")


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Return the exact interval of a proportion, which covers it at least as often as `level` says.

    Source: Clopper & Pearson 1934, The use of confidence or fiducial limits.

    Example:
        >>> str(clopper_pearson(0, 20))
        '0 [0, 0.168433]'

    Raises:
        MeasurementError: If the successes are not between 0 and the trials, or there is no trial.
    """
    check_level(level)
    if not (trials >= 1 and 0 <= successes <= trials):
        raise MeasurementError(
            "a proportion needs at least one trial and successes between 0 and the trials, "
            f"not {successes} of {trials}",
            "out_of_range",
        )
    tail = (1 - level) / 2
    failures = trials - successes
    lower = 0.0 if successes == 0 else beta_quantile(successes, failures + 1, tail)
    upper = 1.0 if failures == 0 else beta_quantile(successes + 1, failures, 1 - tail)
    return Interval(successes / trials, lower, upper, level, "Clopper-Pearson")


def beta_quantile(a: float | int, b: float | int, chance: float | int, *, above: bool = False) -> float | int:
    """Return what a beta variable is below, or above, with a chance: of vast counts by a limit of it.

    Example:
        >>> beta_quantile(50, 1e18, 3e-5), beta_quantile(1, 1, 0.25, above=True)
        (2.649248597999456e-17, 0.75)
    """
    if a + b < _VAST:
        return float((special.betainccinv if above else special.betaincinv)(a, b, chance))
    if a > b:
        return 1 - beta_quantile(b, a, chance, above=not above)
    if a <= min(_SELDOM * b, _MOST_OF_GAMMA):
        gamma = float((special.gammainccinv if above else special.gammaincinv)(a, chance))
        return gamma / (b + (a - 1 + gamma) / 2)
    mean, score = a / (a + b), float(special.ndtri(chance))
    return mean + (-score if above else score) * math.sqrt(mean * (1 - mean) / (a + b))


def coverage_interval(distinct: Integer[np.ndarray, "n"], size: int, level: float = 0.95) -> Interval:
    """Return the interval of expected coverage of K operations from the distinct counts of draws.

    Several draws give Student's interval, cut to [0, 1]. A single draw gives that of Clopper and Pearson:
    whether two operations are seen is negatively correlated, so a binomial count varies at least as much.

    Example:
        >>> str(coverage_interval(np.array([17_310, 17_340, 17_325, 17_302]), 19_683))
        '0.879909 [0.878551, 0.881267]'

    Raises:
        MeasurementError: If there is no draw, or a count is not between 0 and K.
    """
    if len(distinct) == 0:
        raise MeasurementError(
            "an interval of coverage needs the distinct count of at least one draw", "too_few"
        )
    if distinct.min() < 0 or distinct.max() > size:
        raise MeasurementError(
            f"each distinct count must lie between 0 and the {size} operations of the space", "out_of_range"
        )
    if len(distinct) == 1:
        return clopper_pearson(int(distinct[0]), size, level)
    return cut_to_share(mean_interval(distinct / np.float64(size), level))


def cut_to_share(interval: Interval) -> Interval:
    """Return the interval of a share, whose limits are within [0, 1]."""
    return replace(interval, lower=max(interval.lower, 0.0), upper=min(interval.upper, 1.0))


def normal_quantile(level: float) -> float:
    """Return the standard-normal quantile that leaves (1 - level)/2 in each tail."""
    check_level(level)
    return float(special.ndtri((1 + level) / 2))


def check_level(level: float) -> None:
    """Refuse a level outside (0, 1)."""
    if not 0 < level < 1:
        raise MeasurementError(
            f"the level of an interval must lie between 0 and 1, such as 0.95, not {level}", "out_of_range"
        )
