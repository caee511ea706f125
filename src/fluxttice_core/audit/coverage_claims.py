"""Auditing claims of coverage at one budget: what draws can show, and what uniform draws do show."""

import math
from dataclasses import dataclass

from fluxttice_core.audit.printed_numbers import Stated, read_aloud
from fluxttice_core.audit.verdicts import SIGNIFICANCE, Finding, Verdict, p_text, percent
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.uniform_moments import expected_share
from fluxttice_core.statistics.uniform_null import distinct_tails

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Point:
    """A claimed share of distinct operations after independent draws.

    Args:
        draws: Number of draws, N, at least 1.
        share: Distinct operations as a share of the space.
    """

    draws: int
    share: Stated

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise MeasurementError("a claim of coverage needs at least one draw", "too_few")

    def __str__(self) -> str:
        return f"{self.share.text} at {self.draws:,} draws"


def audit_point(point: Point, size: int, significance: float = SIGNIFICANCE) -> Finding:
    """Audit a share of distinct operations against what N draws can show and what uniform draws do show.

    A claim that a uniform generator of half the space would meet as well decides nothing.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_share
        >>> finding = audit_point(Point(10_000, stated_share("82%", 19_683)), 19_683)
        >>> finding.verdict.value, round(finding.upper, 3)
        ('impossible', 0.508)

    Args:
        point: The claim.
        size: Operations in the space, K.
        significance: Probability below which a single run counts as refuted.

    Raises:
        MeasurementError: If the size is less than 1.
    """
    fewest = math.ceil(point.share.least * size * (1 - _ROUNDING))
    most = math.floor(point.share.most * size * (1 + _ROUNDING))
    limit = min(point.draws, size)
    if fewest > limit or fewest > most or most < 1:
        return _impossible_count(point, size, limit, whole=fewest <= most)
    at_least = distinct_tails(fewest, size, point.draws).at_least
    at_most = distinct_tails(most, size, point.draws).at_most
    lower, upper = _uniform_range(size, point.draws, significance)
    uniform = f"uniform draws show {percent(expected_share(size, point.draws))} on average"
    rare = f"one run in {1 / significance:,.0f} either way"
    usual = f"{percent(lower / size)} to {percent(upper / size)} but for {rare}"
    if at_least < significance:
        verdict, law, p_value = Verdict.IMPOSSIBLE, "distinct <= uniform draws", at_least
        reason = f"no generator beats uniform draws, and {uniform}, {usual} ({p_text(at_least)})"
    elif at_most < significance:
        verdict, law, p_value = Verdict.NOT_UNIFORM, "uniform null", at_most
        efficiency = percent(point.share.value / expected_share(size, point.draws))
        reason = f"{uniform}, {usual}; this is {efficiency} of the average ({p_text(at_most)})"
    elif _half_would_do(fewest, most, size, point.draws, significance):
        verdict, law, p_value = Verdict.NOT_ENOUGH_SAID, "uniform null", min(2 * min(at_least, at_most), 1.0)
        half = "draws from only half of the space would show as many distinct operations: draw more"
        reason = (
            half if size > 1 else "of a single operation every draw shows all there is: nothing is claimed"
        )
    else:
        verdict, law, p_value = Verdict.CONSISTENT, "uniform null", min(2 * min(at_least, at_most), 1.0)
        reason = f"{uniform}, {usual} ({p_text(p_value)})"
    sentence = read_aloud(reason, point.share)
    return Finding(str(point), verdict, law, lower / size, upper / size, "fraction", p_value, sentence)


def _impossible_count(point: Point, size: int, limit: int, *, whole: bool) -> Finding:
    """Refute a count that draws or space cannot hold, or a share to which no whole count rounds."""
    if whole:
        reason = (
            f"{point.draws:,} draws show between 1 and {limit:,} of {size:,} operations, at most "
            f"{percent(limit / size)}, and uniform draws show {percent(expected_share(size, point.draws))}"
        )
    else:
        reason = f"no whole number of {size:,} operations rounds to {point.share.text}"
    law = "distinct <= min(N, K)" if whole else "distinct is whole"
    sentence = read_aloud(reason, point.share)
    return Finding(str(point), Verdict.IMPOSSIBLE, law, 1 / size, limit / size, "fraction", None, sentence)


def _uniform_range(size: int, draws: int, significance: float) -> tuple[int, int]:
    """Return the smallest and largest count whose tail under uniform draws is not below the significance."""
    low, high = 1, min(size, draws)
    while low < high:
        middle = (low + high) // 2
        if distinct_tails(middle, size, draws).at_most < significance:
            low = middle + 1
        else:
            high = middle
    smallest, high = low, min(size, draws)
    while low < high:
        middle = (low + high + 1) // 2
        if distinct_tails(middle, size, draws).at_least < significance:
            high = middle - 1
        else:
            low = middle
    return smallest, low


def _half_would_do(fewest: int, most: int, size: int, draws: int, significance: float) -> bool:
    """Return whether uniform draws from half of the space pass the same test."""
    half = size // 2
    if half < 1:
        return True
    return (
        distinct_tails(fewest, half, draws).at_least >= significance
        and distinct_tails(most, half, draws).at_most >= significance
    )
