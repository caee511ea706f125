"""How many equally likely kinds would show as many distinct ones: the size that uniqueness implies."""

import math
from collections.abc import Callable

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.intervals import Interval, check_level
from fluxttice_core.statistics.uniform_null import distinct_tails

_CLOSE = 1e-6
"""Sizes are found to this part of themselves."""


def equally_likely_size(distinct: tuple[int, int], draws: int, level: float | int = 0.95) -> Interval:
    """Return how many equally likely kinds show so many distinct ones in N draws on average.

    The estimate solves $K(1 - (1 - 1/K)^N) = D$; the limits are the sizes of which a count as small, or as
    large, has a chance of (1 - level)/2, rounded outwards. D is given by its least and its most, which are
    equal where it is known. A generator whose kinds are not equally likely makes more kinds than that.
    Without a repeat there is no upper limit.

    Example:
        >>> str(equally_likely_size((4_865, 4_865), 5_000))
        '90900.5 [77054, 108128]'

    Raises:
        MeasurementError: If so many distinct kinds cannot come of so many draws, or the level is not in
            (0, 1).
    """
    check_level(level)
    fewest, most = distinct
    if not 1 <= fewest <= most <= draws:
        raise MeasurementError(
            f"{fewest:,} to {most:,} distinct kinds cannot come of {draws:,} draws: give counts from 1 to "
            "the draws, the smaller first",
            "contradictory",
        )
    tail = (1 - level) / 2
    middle = (fewest + most) / 2
    estimate = _root(lambda size: _expected(size, draws) - middle, middle, draws)
    lower = _root(lambda size: distinct_tails(fewest, _whole(size), draws).at_least - tail, fewest, draws)
    upper = _root(lambda size: tail - distinct_tails(most, _whole(size), draws).at_most, most, draws)
    lower, upper = math.floor(lower * (1 - _CLOSE)), upper if math.isinf(upper) else math.ceil(upper)
    return Interval(estimate, float(max(lower, fewest)), float(upper), level, "uniform null, inverted")


def _whole(size: float | int) -> int:
    return max(round(size), 1)


def _expected(size: float | int, draws: int) -> float | int:
    """Return the expected distinct kinds of a size that need not be whole."""
    return -size * math.expm1(draws * math.log1p(-1 / size)) if size > 1 else 1.0


def _root(rising: Callable[[float | int], float | int], least: float | int, draws: int) -> float | int:
    """Return the size, at least `least`, where a rising function reaches 0; infinite if it never does."""
    from scipy.optimize import brentq  # costs a fifth of a second, which no other claim needs

    low, high = math.log(least), math.log(least) + 1
    if rising(math.exp(low)) >= 0:
        return float(least)
    # So many draws of a larger space repeat themselves less often than once in 10^6 runs.
    largest = math.log(draws) * 2 + 14
    while rising(math.exp(high)) < 0:
        if high >= largest:
            return math.inf
        low, high = high, high + 2
    return math.exp(float(brentq(lambda log: rising(math.exp(log)), low, high, xtol=_CLOSE)))
