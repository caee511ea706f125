"""How many different operations come in N draws, beside what a perfect generator would show."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Float64, Int64
from fluxttice_core.statistics.uniform_moments import uniform_moments

_HEAVY = 0.1
"""Up to ten elements hold more: their pairs are summed one by one."""

_NEGLIGIBLE = 1e-15


@dataclass(frozen=True)
class Ceiling:
    """How many distinct operations of K a uniform generator shows in N draws: mean and deviation."""

    size: int
    draws: int
    expected: float
    sd: float

    @property
    def fraction(self) -> float:
        """Expected share of the space that is seen."""
        return self.expected / self.size


@dataclass(frozen=True)
class Coverage:
    """Distinct operations seen at one budget of draws, in each of several independent repetitions."""

    size: int
    draws: int
    distinct: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean number of distinct operations."""
        return float(np.mean(self.distinct))

    @property
    def sd(self) -> float:
        """Standard deviation between repetitions (n - 1 in the denominator); NaN for a single one."""
        return float(np.std(self.distinct, ddof=1)) if len(self.distinct) > 1 else math.nan

    @property
    def fraction(self) -> float:
        """Mean share of the space that was seen."""
        return self.mean / self.size

    @property
    def ceiling(self) -> Ceiling:
        """What a uniform generator shows at the same budget."""
        return ceiling(self.size, self.draws)

    @property
    def efficiency(self) -> float:
        """Mean number of distinct operations over the ceiling's."""
        return efficiency(self.mean, self.size, self.draws)

    @property
    def equivalent_uniform_budget(self) -> float:
        """Draws from a uniform generator that show as many operations."""
        return equivalent_uniform_budget(self.fraction, self.size)


def expected_distinct(size: int, draws: int) -> float:
    r"""Expected number of distinct operations among uniform draws.

    .. math:: E[D_N] = K \left(1 - (1 - 1/K)^N\right)

    Accurate to rounding for every size K up to 2^63, through expm1 and log1p.

    Raises:
        MeasurementError: If K is less than 1 or N less than 0.

    Example:
        >>> round(100 * expected_distinct(19_683, 50_000) / 19_683, 3)
        92.116
    """
    _check_budget(size, draws)
    if size == 1 or draws == 0:
        return float(min(draws, 1))
    return -size * math.expm1(draws * math.log1p(-1 / size))


def ceiling(size: int, draws: int) -> Ceiling:
    """What a uniform generator shows: expected number of distinct operations and its standard deviation.

    Raises:
        MeasurementError: If K or N is out of range.

    Example:
        >>> best = ceiling(19_683, 195_000)
        >>> round(100 * best.fraction, 3), round(best.sd, 1)
        (99.995, 1.0)
    """
    expected = expected_distinct(size, draws)
    return Ceiling(size, draws, expected, math.sqrt(uniform_moments(size, draws).variance) if draws else 0.0)


def law_ceiling(
    q: Float64[np.ndarray, "n"], draws: int, counts: Int64[np.ndarray, "n"] | None = None
) -> Ceiling:
    r"""What independent draws from any distribution show, exactly.

    With :math:`m_x = (1 - q_x)^N` and the odds :math:`r_x = q_x / (1 - q_x)`,

    .. math::
        E[D_N] = \sum_x (1 - m_x), \qquad
        \mathrm{Var}[D_N] = \sum_x m_x (1 - m_x) + \sum_{x \ne y} m_x m_y \left[(1 - r_x r_y)^N - 1\right]

    The pairs are summed in a time linear in n, as powers of the odds, but for those of the few elements that
    hold more than a tenth each. `counts` says how many elements have each probability; none: one each.

    Raises:
        MeasurementError: If a probability is not in (0, 1], they do not sum to 1, or N is negative.

    Example:
        >>> best = law_ceiling(np.array([0.5, 0.25, 0.25]), 2)
        >>> best.expected, round(best.sd**2, 6)          # two alike with 3 in 8
        (1.625, 0.234375)
    """
    each = np.ones(q.size, dtype=np.int64) if counts is None else counts
    if draws < 0 or not (q.size and q.min() > 0 and math.isclose(float(each @ q), 1, rel_tol=1e-6)):
        raise MeasurementError(
            "a ceiling needs probabilities above 0 that sum to 1, and at least 0 draws", "out_of_range"
        )
    size = int(each.sum())
    if draws == 0 or size == 1:
        return Ceiling(size, draws, float(min(draws, 1)), 0.0)
    log_missed = draws * np.log1p(-q)
    seen = -np.expm1(log_missed)
    variance = float(each @ (np.exp(log_missed) * seen)) + _pairs_of_missed(q, each, log_missed, draws)
    return Ceiling(size, draws, float(each @ seen), math.sqrt(max(variance, 0.0)))


def _pairs_of_missed(
    q: Float64[np.ndarray, "n"],
    counts: Int64[np.ndarray, "n"],
    log_missed: Float64[np.ndarray, "n"],
    draws: int,
) -> float | int:
    """Sum the covariances of all ordered pairs of indicators of being missed."""
    total, left = 0.0, counts.copy()
    for heavy in np.repeat(np.flatnonzero(q > _HEAVY), counts[q > _HEAVY]):
        left[heavy] -= 1
        neither = np.maximum(1 - q[heavy] - q, 0.0)  # rounding alone makes it negative
        total += 2 * float(left @ (neither**draws - np.exp(log_missed[heavy] + log_missed)))
    rest = left > 0
    left = left[rest]
    log_odds, log_missed = np.log(q[rest]) - np.log1p(-q[rest]), log_missed[rest]
    log_ways = 0.0
    for k in range(1, draws + 1):
        log_ways += math.log((draws - k + 1) / k)
        powers = np.exp(log_missed + k * log_odds + log_ways / 2)
        term = float(left @ powers) ** 2 - float(left @ powers**2)
        total += term if k % 2 == 0 else -term
        if term <= _NEGLIGIBLE * abs(total):
            break
    return total


def equivalent_law_budget(
    distinct: float | int, q: Float64[np.ndarray, "n"], counts: Int64[np.ndarray, "n"] | None = None
) -> float:
    """Draws from a distribution after which so many of its elements are expected: where E[D_N] is D.

    A real number; infinite when all elements were seen. The law is given as to `law_ceiling`.

    Raises:
        MeasurementError: If the number is negative or more than there are elements.

    Example:
        >>> round(equivalent_law_budget(1.625, np.array([0.5, 0.25, 0.25])), 9)
        2.0
    """
    each = np.ones(q.size, dtype=np.int64) if counts is None else counts
    size = int(each.sum())
    if not 0 <= distinct <= size:
        raise MeasurementError(
            f"{distinct:g} of {size:,} elements cannot have been seen: give a number from 0 to {size:,}",
            "out_of_range",
        )
    if distinct == size:
        return math.inf if size > 1 else 1.0
    log_missed = np.log1p(-q)

    def lacking(draws: float | int) -> float | int:
        return distinct + float(each @ np.expm1(draws * log_missed))

    most = 1.0
    while lacking(most) > 0:
        most *= 2
    return float(brentq(lacking, 0.0, most, xtol=1e-9 * most))


def efficiency(distinct: float | int, size: int, draws: int) -> float:
    r"""Distinct operations over what a uniform generator is expected to show.

    .. math:: e(N) = D_N / E[D_N]

    Raises:
        MeasurementError: If K is out of range, there are no draws, or D exceeds N or K.

    Example:
        >>> round(efficiency(16_986, 19_683, 50_000), 4)
        0.9368
    """
    _check_budget(size, draws)
    if draws == 0 or not 0 <= distinct <= min(size, draws):
        raise MeasurementError(
            f"{distinct:g} distinct operations cannot come of {draws:,} draws from {size:,}: "
            "give a count between 0 and the smaller of the two",
            "contradictory",
        )
    return distinct / expected_distinct(size, draws)


def equivalent_uniform_budget(fraction: float | int, size: int) -> float:
    r"""Draws after which a uniform generator is expected to have shown a share c of the space.

    .. math:: N = \ln(1 - c) / \ln(1 - 1/K)

    Infinite when the whole space was seen.

    Raises:
        MeasurementError: If the share is outside [0, 1] or K is less than 1.

    Example:
        >>> round(equivalent_uniform_budget(0.92116, 19_683), -2)
        50000.0
    """
    _check_budget(size, 0)
    if not 0 <= fraction <= 1:
        raise MeasurementError(
            f"a coverage of {fraction:g} is no share of a space: give a fraction from 0 to 1", "out_of_range"
        )
    if fraction == 1:
        return math.inf if size > 1 else 1.0
    return math.log1p(-fraction) / math.log1p(-1 / size) if size > 1 else 0.0


def expected_coverage(p: Float64[np.ndarray, "K"], draws: Sequence[int]) -> Float64[np.ndarray, "n"]:
    r"""Expected share of the space seen at each budget N by a generator of probabilities p, without sampling.

    .. math:: \frac1K \sum_x \left[1 - (1 - p(x))^N\right]

    Raises:
        MeasurementError: If a budget is negative or a probability outside [0, 1].

    Example:
        >>> expected_coverage(np.array([0.5, 0.5, 0.0, 0.0]), [0, 1, 2]).tolist()
        [0.0, 0.25, 0.375]
    """
    if min(draws, default=0) < 0 or p.size == 0 or not (p.min() >= 0 and p.max() <= 1):
        raise MeasurementError(
            "expected coverage needs probabilities from 0 to 1 and budgets of at least 0", "out_of_range"
        )
    with np.errstate(divide="ignore"):
        log_missed = np.log1p(-p)
    return np.array([-np.expm1(n * log_missed).mean() if n else 0.0 for n in draws], dtype=np.float64)


def _check_budget(size: int, draws: int) -> None:
    if size < 1 or draws < 0:
        raise MeasurementError(
            f"a space of {size:,} operations and {draws:,} draws: give at least one operation and 0 draws",
            "out_of_range",
        )
