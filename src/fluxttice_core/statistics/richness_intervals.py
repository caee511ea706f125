"""Intervals of what a sample says of its generator: the mass and kinds not seen, coverage, effective numbers.

The normal and log-normal intervals of `richness` have no width where nothing was drawn once, or everything.
There counts are Poisson to all purposes, and their exact limits take the place of the estimates.
"""

import math

import numpy as np
from scipy import special

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Float64, Integer
from fluxttice_core.statistics.hill_numbers import estimated_hill_number, hill_number, unseen_entropy
from fluxttice_core.statistics.intervals import Interval, beta_quantile, clopper_pearson, normal_quantile
from fluxttice_core.statistics.richness import (
    RARE_THRESHOLD,
    ace,
    chao1_interval,
    log_normal_limits,
    missing_mass_interval,
)
from fluxttice_core.statistics.tally import Tally, nonempty

FEW = 10
"""Up to so many kinds drawn twice, the limit of their expectation takes the place of their number."""


def poisson_upper(count: int, level: float = 0.95) -> float:
    """Return the upper limit of the expectation of a Poisson count, half of what `level` leaves beyond it.

    Source: Garwood 1936, Fiducial limits for the Poisson distribution.
    """
    return float(special.gammaincinv(count + 1, (1 + level) / 2))


def poisson_lower(count: int, level: float = 0.95) -> float:
    """Return the lower limit that belongs to `poisson_upper`."""
    return float(special.gammaincinv(count, (1 - level) / 2)) if count else 0.0


def unseen_mass_interval(counts: Integer[np.ndarray, "kinds"] | Tally, level: float = 0.95) -> Interval:
    r"""Return the interval of the mass not seen: Esty's, widened to what few counts leave open.

    It takes in the interval of Clopper and Pearson for F1 of n draws, so that without singletons up to about
    4/n may be missing. With few kinds drawn twice, it also takes in $\frac{F_1 - 2(L - F_2)}{n}$ with the
    upper limit L of the expectation of F2, which each contribute two draws to the mass seen: where every draw
    was a new kind, the mass seen may still be 7/n.

    Source: Esty 1983; Clopper & Pearson 1934; Garwood 1936.

    Example:
        >>> str(unseen_mass_interval(np.array([5_000])))
        '0 [0, 0.000737504]'
        >>> str(unseen_mass_interval(np.array([1])))
        '1 [0, 1]'

    Raises:
        MeasurementError: If the sample is empty or holds a negative count, or the level is not in (0, 1).
    """
    tally = nonempty(counts)
    draws, once, twice = tally.draws, tally.once, tally.twice
    esty, exact = missing_mass_interval(tally, level), clopper_pearson(once, draws, level)
    lower = min(esty.lower, exact.lower)
    if twice <= FEW:
        lower = min(lower, (once - 2 * (poisson_upper(twice, level) - twice)) / draws)
    upper = max(esty.upper, exact.upper)
    return Interval(esty.estimate, max(lower, 0.0), upper, level, "Esty, Clopper-Pearson")


def reachable_interval(counts: Integer[np.ndarray, "kinds"] | Tally, level: float = 0.95) -> Interval:
    r"""Return the interval of Chao1, widened to what few counts leave open.

    With few kinds drawn twice it takes in $F_1(F_1 - 1)/(2L)$, but nothing below the kinds seen, and
    $S + F_1(F_1 - 1)/(2l)$, with the limits l and L of the expectation of F2: where no kind was drawn twice,
    and more than one once, there is no upper limit. With one singleton or none it takes in
    $S + L(L - 1)/(2(F_2 + 1))$, L being the upper limit of F1. A single draw says nothing. The limits are
    rounded outwards to whole kinds.

    Source: Chao 1987; Garwood 1936.

    Example:
        >>> str(reachable_interval(np.array([5_000])))
        '1 [1, 6]'
        >>> str(reachable_interval(np.array([1])))
        '1 [1, inf]'

    Raises:
        MeasurementError: If the sample is empty or holds a negative count, or the level is not in (0, 1).
    """
    tally = nonempty(counts)
    chao = chao1_interval(tally, level)
    lower, upper = few_counts_limits(tally, chao)
    return Interval(chao.estimate, min(lower, chao.estimate), upper, level, "Chao1, Garwood")


def few_counts_limits(tally: Tally, chao: Interval, part: float = 1.0) -> tuple[float, float]:
    """Return limits of Chao's estimate with what few counts leave open; `part` multiplies pairs of F1."""
    kinds, once, twice, level = tally.distinct, tally.once, tally.twice, chao.level
    lower, upper = chao.lower, chao.upper
    if twice <= FEW:
        pairs = part * once * (once - 1) / 2
        lower = min(lower, max(float(kinds), pairs / poisson_upper(twice, level)))
        least = poisson_lower(twice, level)
        upper = max(upper, kinds + pairs / least) if least else (math.inf if pairs else upper)
    if once <= 1:
        most = poisson_upper(once, level)
        upper = max(upper, kinds + part * most * (most - 1) / (2 * (twice + 1)))
    return whole_kinds(lower, math.inf if once == kinds else upper)


def whole_kinds(lower: float, upper: float) -> tuple[float, float]:
    """Return limits of a number of kinds rounded outwards, for there are no parts of a kind."""
    return float(math.floor(lower)), upper if math.isinf(upper) else float(math.ceil(upper))


_NO_DIFFERENCE = 1e-24
"""A variance that rounding alone makes."""

_MOST_LEFT_OUT = 1e13
"""Of more draws a single one makes less difference than rounding does."""

Leaving = Float64[np.ndarray, "values"]


def distinct_interval(distinct: int, draws: int, kinds: float, level: float = 0.95) -> Interval:
    """Return the interval of the distinct kinds that so many draws are expected to show.

    That of Clopper and Pearson for a share of all kinds, cut to what draws can show. Whether two kinds are
    seen is negatively correlated, so that it covers at least as often as `level` says, and more often where
    most draws are of new kinds. Of infinitely many kinds it is Garwood's of a Poisson count.

    Source: Clopper & Pearson 1934; Garwood 1936.

    Example:
        >>> str(distinct_interval(8_570, 20_000, 19_683.0))
        '8570 [8433.36, 8707.01]'
    """
    tail, rest, method = (1 - level) / 2, kinds - distinct, "Clopper-Pearson"
    lower = kinds * beta_quantile(distinct, rest + 1, tail) if rest < math.inf else math.nan
    upper = kinds * beta_quantile(distinct + 1, rest, tail, above=True) if 0 < rest < math.inf else kinds
    if not (math.isfinite(lower) and math.isfinite(upper)):
        # Of kinds without end, or more than SciPy's beta quantile can count, a Poisson share is seen.
        lower, upper, method = poisson_lower(distinct, level), poisson_upper(distinct, level), "Garwood"
    most = min(float(draws), kinds)
    return Interval(float(distinct), max(lower, 1.0), min(upper, most), level, method)


def ace_interval(counts: Integer[np.ndarray, "kinds"] | Tally, level: float = 0.95) -> Interval | None:
    r"""Return the log-normal interval of ACE, or None where ACE is undefined.

    By the delta method with $\mathrm{cov}(F_i, F_j) = \delta_{ij} F_i - F_i F_j/\hat S$, and limits as those
    of Chao1, rounded outwards to whole kinds. Up to ten singletons it takes in what is reachable by Chao1,
    since so few scatter like no normal variable.

    Source: Chao & Lee 1992, Estimating the number of classes via sample coverage; Chao 1987 (on the limits).

    Example:
        >>> str(ace_interval(np.array([9, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])))
        '77.804 [30, 268]'

    Raises:
        MeasurementError: If the sample is empty or holds a negative count, or the level is not in (0, 1).
    """
    tally = nonempty(counts)
    try:
        estimate = ace(tally)
    except MeasurementError:
        return None
    kinds = float(tally.distinct)
    excess = estimate - kinds
    lower = upper = estimate
    if excess > 0:
        lower, upper = log_normal_limits(kinds, excess, _ace_variance(tally, estimate), level)
    if tally.once <= FEW:
        reachable = reachable_interval(tally, level)
        lower, upper = min(lower, reachable.lower), max(upper, reachable.upper)
    return Interval(estimate, *whole_kinds(lower, upper), level, "delta method, log-normal")


def _ace_variance(tally: Tally, estimate: float) -> float:
    """Return the variance of ACE by the delta method, its derivatives being those of its formula."""
    times = np.arange(1, RARE_THRESHOLD + 1)
    rare = np.array([tally.drawn(k) for k in times.tolist()], dtype=np.float64)
    draws, kinds, once = float(times @ rare), float(rare.sum()), float(rare[0])
    if kinds == 0:
        return 0.0
    pairs = float((times * (times - 1)) @ rare)
    coverage, first = 1 - once / draws, (times == 1).astype(np.float64)
    of_coverage = (once * times - draws * first) / draws**2
    whole = kinds * pairs / (coverage * draws * (draws - 1))
    variation = max(whole - 1, 0.0)
    of_variation = whole * (
        1 / kinds
        + times * (times - 1) / pairs
        - of_coverage / coverage
        - times * (2 * draws - 1) / (draws * (draws - 1))
    )
    slopes = 1 / coverage - (kinds + once * variation) * of_coverage / coverage**2
    slopes += (first * variation + once * of_variation * (variation > 0)) / coverage
    abundant = tally.distinct - kinds
    linear = float(slopes @ rare) + abundant
    return max(float(slopes**2 @ rare) + abundant - linear**2 / estimate, 0.0)


def observed_hill_interval(
    counts: Integer[np.ndarray, "kinds"] | Tally, order: int, level: float = 0.95
) -> Interval | None:
    """Return the interval of the effective number of kinds that so many draws are expected to show.

    Of order 1 or 2, log-normal by the jackknife over draws, which overstates a variance on average: the
    interval is right where the shares differ, and too wide where they hardly do. None where no draw makes a
    difference, or one of more than 10^13 makes less than rounding does.

    Source: Zahl 1977, Jackknifing an index of diversity; Efron & Stein 1981.
    """
    tally = nonempty(counts)
    times, weights, left = _frequencies(tally, order)
    if left == 0:
        return None
    if order == 1:
        total = float(tally.kinds @ special.xlogy(times, times))
        change = special.xlogy(times - 1, times - 1) - special.xlogy(times, times)
        logs = math.log(left) - (total + change) / left
    else:
        total = float(tally.kinds @ times**2)
        logs = 2 * math.log(left) - np.log(total - 2 * times + 1)
    return _log_normal(hill_number(tally, order), logs, weights, level)


def estimated_hill_interval(
    counts: Integer[np.ndarray, "kinds"] | Tally, order: int, level: float = 0.95
) -> Interval | None:
    """Return the interval of the generator's own effective number; None if the estimate needs every draw."""
    tally = nonempty(counts)
    times, weights, left = _frequencies(tally, order)
    if left == 0:
        return None
    if order == 1:
        logs = _entropies_left(tally, times, left)
    else:
        pairs = float(tally.kinds @ (times * (times - 1)))
        without = pairs - 2 * (times - 1)
        if without.min() <= 0:
            return None
        logs = math.log(left) + math.log(left - 1) - np.log(without)
    return _log_normal(estimated_hill_number(tally, order), logs, weights, level)


def _frequencies(tally: Tally, order: int) -> tuple[Leaving, Leaving, int]:
    """Return how often a kind was drawn, how many draws are of such kinds, and the draws less one."""
    if order not in (1, 2):
        raise MeasurementError(
            f"the jackknife is taken of Hill numbers of order 1 or 2, not {order}", "unsupported"
        )
    times = tally.times.astype(np.float64)
    return times, times * tally.kinds, tally.draws - 1


def _entropies_left(tally: Tally, times: Leaving, left: int) -> Leaving:
    """Return the estimated entropy without one draw, of a kind drawn each number of times."""
    total = float(tally.kinds @ (times * special.digamma(times)))
    before, after = times * special.digamma(times), (times - 1) * special.digamma(np.maximum(times - 1, 1))
    once, twice = tally.once, tally.twice
    changed = {1: (once - 1, twice), 2: (once + 1, twice - 1), 3: (once, twice + 1)}
    usual = unseen_entropy(once, twice, left)
    unseen = [unseen_entropy(*changed[k], left) if k in changed else usual for k in times.tolist()]
    return np.asarray(special.digamma(left) - (total - before + after) / left + np.array(unseen))


def _log_normal(estimate: float, logs: Leaving, weights: Leaving, level: float) -> Interval | None:
    """Return the interval of an effective number from its logarithms without one draw."""
    draws = float(weights.sum())
    if draws > _MOST_LEFT_OUT:
        return None
    mean = float(weights @ logs) / draws
    variance = (draws - 1) / draws * float(weights @ (logs - mean) ** 2)
    if not variance > _NO_DIFFERENCE:
        return None
    factor = math.exp(normal_quantile(level) * math.sqrt(variance))
    return Interval(estimate, max(estimate / factor, 1.0), estimate * factor, level, "jackknife, log-normal")
