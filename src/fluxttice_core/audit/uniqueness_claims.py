"""Auditing uniqueness, the share of draws that were distinct, where nothing is known of the space."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from fluxttice_core.audit.coverage_claims import Point
from fluxttice_core.audit.printed_numbers import read_aloud
from fluxttice_core.audit.verdicts import Finding, Verdict
from fluxttice_core.statistics.equal_size import equally_likely_size
from fluxttice_core.statistics.intervals import Interval


@dataclass(frozen=True)
class UniquenessFinding(Finding):
    """What follows from a uniqueness: how many equally likely kinds show it on average, None if endless."""

    implied_size: float | int | None = None
    implied_least: float | int | None = None
    implied_most: float | int | None = None


def audit_uniqueness(point: Point, level: float | int = 0.95) -> UniquenessFinding:
    """Audit distinct kinds over draws of a generator of unknown kinds, and say what size it implies.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> finding = audit_uniqueness(Point(5_000, stated_number("97.3%"), of_draws=True))
        >>> finding.verdict.value, round(finding.implied_size, -2)
        ('possible', 90900.0)

    Args:
        point: The claim, a share of the draws.
        level: Share of repetitions in which the interval of the implied size holds it.
    """
    draws = point.draws
    fewest, most = point.counts(draws)
    fewest, most = max(fewest, 1), min(most, draws)
    if fewest > most:
        reason = f"no number of distinct kinds from 1 to {draws:,} is {point.share.text} of {draws:,} draws"
        return _finding(point, Verdict.IMPOSSIBLE, reason)
    size = equally_likely_size((fewest, most), draws, level)
    reason = f"{_written(size)} equally likely kinds would show it; were they less equal, there would be more"
    return replace(
        _finding(point, Verdict.POSSIBLE, reason),
        implied_size=_finite(size.estimate),
        implied_least=_finite(size.lower),
        implied_most=_finite(size.upper),
    )


def _finding(point: Point, verdict: Verdict, reason: str) -> UniquenessFinding:
    bounds, sentence = (1 / point.draws, 1.0), read_aloud(reason, point.share)
    return UniquenessFinding(str(point), verdict, "distinct is whole", *bounds, "fraction", None, sentence)


def _finite(value: float | int) -> float | int | None:
    return value if math.isfinite(value) else None


def _written(size: Interval) -> str:
    """Write a size with its interval, to three digits, limits rounded outwards."""
    lower, interval = _three_digits(size.lower, math.floor), f"{size.level * 100:g} % interval"
    if math.isinf(size.upper):
        return f"{lower} or more ({interval})"
    estimate, upper = _three_digits(size.estimate, round), _three_digits(size.upper, math.ceil)
    return f"{estimate} ({interval} {lower} to {upper})"


def _three_digits(value: float | int, to_whole: Callable[[float | int], int]) -> str:
    unit = 10 ** max(math.floor(math.log10(value)) - 2, 0)
    return f"{to_whole(value / unit) * unit:,}"
