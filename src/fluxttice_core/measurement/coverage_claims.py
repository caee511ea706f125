"""Auditing claims of coverage: distinct operations at one budget, and at several of one generator."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from scipy.special import ndtr

from fluxttice_core.errors import MeasurementError
from fluxttice_core.measurement.stated import Stated
from fluxttice_core.measurement.uniform_null import distinct_tails, expected_share
from fluxttice_core.measurement.verdict import SIGNIFICANCE, Finding, Verdict, p_text, percent

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
            raise MeasurementError("a claim of coverage needs at least one draw")

    def __str__(self) -> str:
        return f"{self.share.text} at {self.draws:,} draws"


def audit_point(point: Point, size: int, significance: float = SIGNIFICANCE) -> Finding:
    """Audit a share of distinct operations against what N draws can show and what uniform draws do show.

    A claim that a uniform generator of half the space would meet as well decides nothing.

    Example:
        >>> from fluxttice_core.measurement.stated import stated_share
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
        verdict, law, p_value = Verdict.BELOW_UNIFORM, "uniform null", at_most
        efficiency = percent(point.share.value / expected_share(size, point.draws))
        reason = f"{uniform}, {usual}; this is {efficiency} of the average ({p_text(at_most)})"
    elif _half_would_do(fewest, most, size, point.draws, significance):
        verdict, law, p_value = Verdict.NOT_ENOUGH_SAID, "uniform null", min(2 * min(at_least, at_most), 1.0)
        reason = "draws from only half of the space would show as many distinct operations: draw more"
    else:
        verdict, law, p_value = Verdict.CONSISTENT, "uniform null", min(2 * min(at_least, at_most), 1.0)
        reason = f"{uniform}, {usual} ({p_text(p_value)})"
    return Finding(str(point), verdict, law, lower / size, upper / size, "fraction", p_value, reason)


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
    return Finding(str(point), Verdict.IMPOSSIBLE, law, 1 / size, limit / size, "fraction", None, reason)


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


@dataclass(frozen=True)
class _LogUnseen:
    """Logarithm of the unseen fraction after some draws: at face value, its rounding and its spread."""

    draws: int
    face: float
    least: float
    most: float
    sd: float


def audit_curve(points: Sequence[Point], size: int, significance: float = SIGNIFICANCE) -> Finding:
    r"""Audit shares claimed of one generator at several budgets.

    Whatever the generator, $\ln(1 - \mathrm E[\mathrm{coverage}](N))$ starts at 0, never rises and is convex
    in N, so that any two points bound every third. Single runs scatter about the expectation with a variance
    of at most that of a binomial count, $K u (1-u)$ at unseen fraction u, because whether two operations are
    missed is negatively correlated; rounding is granted in the claim's favour.

    Example:
        >>> from fluxttice_core.measurement.stated import stated_share
        >>> claims = {50_000: "87.37%", 100_000: "95%", 195_000: "99.624%"}
        >>> curve = [Point(n, stated_share(text, 19_683)) for n, text in claims.items()]
        >>> finding = audit_curve(curve, 19_683)
        >>> finding.verdict.value, round(finding.lower, 4), round(finding.upper, 4)
        ('impossible', 0.9624, 0.984)

    Args:
        points: Two budgets or more.
        size: Operations in the space, K.
        significance: Probability below which sampling noise is no explanation.

    Raises:
        MeasurementError: If there are fewer than two points.
    """
    if len(points) < 2:
        raise MeasurementError("a curve needs at least two budgets")
    curve = [_LogUnseen(0, 0.0, 0.0, 0.0, 0.0)]
    curve += [_log_unseen(point, size) for point in sorted(points, key=lambda point: point.draws)]
    named = "; ".join(str(point) for point in sorted(points, key=lambda point: point.draws))
    scored = [*_rises(curve), *_bends(curve)]
    score, law, culprit = max(scored, key=lambda entry: entry[0], default=(-math.inf, "", curve[-1]))
    p_value = float(ndtr(-score))
    if p_value >= significance:
        reason = (
            "one generator can show these: the unseen fraction falls, and ever more slowly on a log scale"
        )
        return Finding(
            named, Verdict.POSSIBLE, "ln unseen falls and is convex", None, None, "fraction", None, reason
        )
    lower, upper = _allowed_by_others(culprit, curve)
    reason = (
        f"beside the other points, {percent(lower)} to {percent(upper)} is what one generator can show at "
        f"{culprit.draws:,} draws, not {percent(-math.expm1(culprit.face))} ({law}, {p_text(p_value)})"
    )
    return Finding(named, Verdict.IMPOSSIBLE, law, lower, upper, "fraction", p_value, reason)


def _log_unseen(point: Point, size: int) -> _LogUnseen:
    """Return the logarithm of the unseen fraction; half an operation stands for none."""

    def log_of(share: float) -> float:
        return math.log(min(max(1 - share, 0.5 / size), 1 - 0.5 / size))

    face = log_of(point.share.value)
    sd = math.sqrt(-math.expm1(face) / (size * math.exp(face)))
    return _LogUnseen(point.draws, face, log_of(point.share.most), log_of(point.share.least), sd)


def _rises(curve: Sequence[_LogUnseen]) -> Iterable[tuple[float, str, _LogUnseen]]:
    """Score each pair by how many standard deviations the later unseen fraction lies above the earlier."""
    for earlier, later in combinations(curve[1:], 2):
        if earlier.draws < later.draws:
            yield (later.least - earlier.most) / math.hypot(earlier.sd, later.sd), "ln unseen falls", later


def _bends(curve: Sequence[_LogUnseen]) -> Iterable[tuple[float, str, _LogUnseen]]:
    """Score each triple by how many standard deviations its middle lies above the chord of its ends."""
    for left, middle, right in combinations(curve, 3):
        if left.draws < middle.draws < right.draws:
            weight = (middle.draws - left.draws) / (right.draws - left.draws)
            chord = (1 - weight) * left.most + weight * right.most
            sd = math.hypot(middle.sd, (1 - weight) * left.sd, weight * right.sd)
            yield (middle.least - chord) / sd, "ln unseen is convex", middle


def _allowed_by_others(one: _LogUnseen, curve: Sequence[_LogUnseen]) -> tuple[float, float]:
    """Return the lowest and highest share that the other points allow at the budget of one, at face value."""
    others = [point for point in curve if point.draws != one.draws]
    highest, lowest = 0.0, -math.inf
    for left, right in combinations(others, 2):
        if left.draws == right.draws:
            continue
        slope = (right.face - left.face) / (right.draws - left.draws)
        value = left.face + slope * (one.draws - left.draws)
        if left.draws < one.draws < right.draws:
            highest = min(highest, value)
        else:
            lowest = max(lowest, value)
    highest = min([highest, *(point.face for point in others if point.draws < one.draws)])
    lowest = max([lowest, *(point.face for point in others if point.draws > one.draws)])
    return -math.expm1(highest), -math.expm1(lowest)
