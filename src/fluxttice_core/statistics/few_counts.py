"""Intervals of the mass and the kinds not seen that stay honest where counts are few.

The normal and log-normal intervals of `richness` have no width where nothing was drawn once, or everything.
There counts are Poisson to all purposes, and their exact limits take the place of the estimates.
"""

import math

import numpy as np
from jaxtyping import Integer
from scipy import special

from fluxttice_core.statistics.counts import drawn_exactly, nonempty
from fluxttice_core.statistics.intervals import Interval, clopper_pearson
from fluxttice_core.statistics.richness import chao1_interval, missing_mass_interval

FEW = 10
"""Up to so many kinds drawn twice, the limit of their expectation takes the place of their number."""


def poisson_upper(count: int, level: float = 0.95) -> float:
    r"""Return the upper limit of the expectation of a Poisson count, half of what `level` leaves beyond it.

    $\chi^2_{2(k+1)}$'s quantile at (1 + level)/2, halved.

    Source: Garwood 1936, Fiducial limits for the Poisson distribution.

    Example:
        >>> round(poisson_upper(0), 4), round(poisson_upper(1), 4)
        (3.6889, 5.5716)
    """
    return float(special.gammaincinv(count + 1, (1 + level) / 2))


def poisson_lower(count: int, level: float = 0.95) -> float:
    """Return the lower limit that belongs to `poisson_upper`.

    Example:
        >>> round(poisson_lower(0), 4), round(poisson_lower(1), 4)
        (0.0, 0.0253)
    """
    return float(special.gammaincinv(count, (1 - level) / 2)) if count else 0.0


def unseen_mass_interval(counts: Integer[np.ndarray, "kinds"], level: float = 0.95) -> Interval:
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
    counts = nonempty(counts)
    draws = int(counts.sum())
    once, twice = drawn_exactly(counts, 1), drawn_exactly(counts, 2)
    esty, exact = missing_mass_interval(counts, level), clopper_pearson(once, draws, level)
    lower = min(esty.lower, exact.lower)
    if twice <= FEW:
        lower = min(lower, (once - 2 * (poisson_upper(twice, level) - twice)) / draws)
    upper = max(esty.upper, exact.upper)
    return Interval(esty.estimate, max(lower, 0.0), upper, level, "Esty, Clopper-Pearson")


def reachable_interval(counts: Integer[np.ndarray, "kinds"], level: float = 0.95) -> Interval:
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
    counts = nonempty(counts)
    chao, kinds = chao1_interval(counts, level), len(counts)
    once, twice = drawn_exactly(counts, 1), drawn_exactly(counts, 2)
    lower, upper = chao.lower, chao.upper
    if twice <= FEW:
        pairs = once * (once - 1) / 2
        lower = min(lower, max(float(kinds), pairs / poisson_upper(twice, level)))
        least = poisson_lower(twice, level)
        upper = max(upper, kinds + pairs / least) if least else (math.inf if pairs else upper)
    if once <= 1:
        most = poisson_upper(once, level)
        upper = max(upper, kinds + most * (most - 1) / (2 * (twice + 1)))
    if once == kinds:
        upper = math.inf
    return Interval(chao.estimate, *whole_kinds(lower, upper), level, "Chao1, Garwood")


def whole_kinds(lower: float, upper: float) -> tuple[float, float]:
    """Return limits of a number of kinds rounded outwards, for there are no parts of a kind.

    Example:
        >>> whole_kinds(3.2, 5.7), whole_kinds(3.0, math.inf)
        ((3.0, 6.0), (3.0, inf))
    """
    return float(math.floor(lower)), upper if math.isinf(upper) else float(math.ceil(upper))
