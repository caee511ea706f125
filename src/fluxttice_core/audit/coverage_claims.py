"""Auditing claims of coverage at one budget: what draws can show, and what uniform draws do show."""

import math
from dataclasses import dataclass, replace
from shlex import quote

from fluxttice_core.audit.printed_numbers import Stated, read_aloud
from fluxttice_core.audit.verdicts import SIGNIFICANCE, Finding, Verdict, many, p_text, percent
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.uniform_moments import expected_share
from fluxttice_core.statistics.uniform_null import distinct_tails

_ROUNDING = 1e-12

_SMALL = 0.0005
"""Below this share counts say more than percents."""


@dataclass(frozen=True)
class Point:
    """A claimed share of distinct kinds after independent draws.

    Args:
        draws: Number of draws, N, at least 1.
        share: Distinct kinds as a share of the space, or of the draws.
        of_draws: Whether it is a share of the draws, D/N, called uniqueness.
    """

    draws: int
    share: Stated
    of_draws: bool = False

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise MeasurementError("a claim of coverage needs at least one draw", "too_few")

    def __str__(self) -> str:
        return f"{self.share.text} {'distinct of' if self.of_draws else 'at'} {many(self.draws)} draws"

    def whole(self, size: int) -> int:
        """Return what the share is of: the kinds of a space of so many, or the draws."""
        return self.draws if self.of_draws else size

    def counts(self, size: int) -> tuple[int, int]:
        """Return the fewest and the most distinct kinds that round to the claim; crossed if none does."""
        if self.share.counted is not None:
            return self.share.counted
        whole = self.whole(size)
        fewest = math.ceil(self.share.least * whole * (1 - _ROUNDING))
        return fewest, math.floor(self.share.most * whole * (1 + _ROUNDING))


def audit_point(point: Point, size: int, significance: float | int = SIGNIFICANCE) -> Finding:
    """Audit a share of distinct kinds against what N draws can show and what uniform draws do show.

    A claim that a uniform generator of half the space would meet as well decides nothing. One that is
    impossible as a share of the space, but not as one of the draws, is told so.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_share
        >>> finding = audit_point(Point(10_000, stated_share("82%", 19_683)), 19_683)
        >>> finding.verdict.value, round(finding.upper, 3)
        ('impossible', 0.508)

    Args:
        point: The claim.
        size: Kinds in the space, K.
        significance: Probability below which a single run counts as refuted.

    Raises:
        MeasurementError: If the size is less than 1.
    """
    fewest, most = point.counts(size)
    limit = min(point.draws, size)
    if fewest > limit or fewest > most or most < 1:
        finding = _impossible_count(point, size, limit, whole=fewest <= most)
    else:
        finding = _beside_uniform(point, fewest, most, size, significance)
    if finding.verdict is not Verdict.IMPOSSIBLE or point.of_draws or point.share.least == point.share.most:
        return finding
    share = replace(point.share, counted=None)
    meant = audit_point(Point(point.draws, share, of_draws=True), size, significance).verdict
    if meant is Verdict.IMPOSSIBLE:
        return finding
    otherwise = f"as a share of the draws it would be {meant}: write --uniqueness {quote(point.share.text)}"
    return replace(finding, sentence=f"{finding.sentence}; {otherwise}")


def _beside_uniform(point: Point, fewest: int, most: int, size: int, significance: float | int) -> Finding:
    """Judge a range of possible counts by their tails under uniform draws."""
    at_least = distinct_tails(fewest, size, point.draws).at_least
    at_most = distinct_tails(most, size, point.draws).at_most
    lower, upper = _uniform_range(size, point.draws, significance)
    whole, average = point.whole(size), expected_share(size, point.draws) * size
    uniform, usual = _spread(average, lower, upper, whole)
    usual = f"{usual} but for one run in {1 / significance:,.0f} either way"
    if at_least < significance:
        verdict, law, p_value = Verdict.IMPOSSIBLE, "distinct <= uniform draws", at_least
        reason = f"no generator beats uniform draws, and {uniform}, {usual} ({p_text(at_least)})"
    elif at_most < significance:
        verdict, law, p_value = Verdict.NOT_UNIFORM, "uniform null", at_most
        efficiency = percent(point.share.value * whole / average)
        reason = f"{uniform}, {usual}; this is {efficiency} of the average ({p_text(at_most)})"
    elif _half_would_do(fewest, most, size, point.draws, significance):
        verdict, law, p_value = Verdict.NOT_ENOUGH_SAID, "uniform null", min(2 * min(at_least, at_most), 1.0)
        half = "draws from only half of the space would show as many distinct kinds: draw more"
        reason = half if size > 1 else "of a single kind every draw shows all there is: nothing is claimed"
    else:
        verdict, law, p_value = Verdict.CONSISTENT, "uniform null", min(2 * min(at_least, at_most), 1.0)
        reason = f"{uniform}, {usual} ({p_text(p_value)})"
    sentence = read_aloud(reason, point.share)
    return Finding(str(point), verdict, law, lower / whole, upper / whole, "fraction", p_value, sentence)


def _spread(average: float | int, lower: int, upper: int, whole: int) -> tuple[str, str]:
    """Say what uniform draws show on average and at the limits: in counts, where percents are all alike."""
    ends = percent(lower / whole), percent(upper / whole)
    mean = percent(average / whole)
    if ends[0] == ends[1] or average < _SMALL * whole:
        ends, mean = (many(lower), many(upper)), many(average)
    return f"uniform draws show {mean} on average", f"{ends[0]} to {ends[1]}"


def _impossible_count(point: Point, size: int, limit: int, *, whole: bool) -> Finding:
    """Refute a count that draws or space cannot hold, or a share to which no whole count rounds."""
    of, share = point.whole(size), expected_share(size, point.draws) * (size / point.whole(size))
    kinds = "draws" if point.of_draws else "kinds"
    if whole:
        reason = (
            f"{many(point.draws)} draws show between 1 and {many(limit)} of {many(size)} kinds, at most "
            f"{percent(limit / of)}, and uniform draws show {percent(share)}"
        )
        reason += " of the draws" if point.of_draws else ""
    else:
        reason = f"no whole number of {many(of)} {kinds} rounds to {point.share.text}"
    law = "distinct <= min(N, K)" if whole else "distinct is whole"
    sentence = read_aloud(reason, point.share)
    return Finding(str(point), Verdict.IMPOSSIBLE, law, 1 / of, limit / of, "fraction", None, sentence)


def _uniform_range(size: int, draws: int, significance: float | int) -> tuple[int, int]:
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


def _half_would_do(fewest: int, most: int, size: int, draws: int, significance: float | int) -> bool:
    half = size // 2
    if half < 1:
        return True
    return (
        distinct_tails(fewest, half, draws).at_least >= significance
        and distinct_tails(most, half, draws).at_most >= significance
    )
