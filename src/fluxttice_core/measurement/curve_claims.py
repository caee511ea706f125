"""Auditing claims of coverage at several budgets: what one generator can show at all of them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from scipy.optimize import brentq
from scipy.special import betaincinv, ndtri

from fluxttice_core.errors import MeasurementError
from fluxttice_core.measurement.coverage_claims import Point
from fluxttice_core.measurement.stated import read_aloud
from fluxttice_core.measurement.verdict import SIGNIFICANCE, Finding, Verdict, p_text, percent

_LEAST_P = 1e-15
_NOTHING_YET = "ln unseen falls and is convex"


@dataclass(frozen=True)
class _Seen:
    """A count of operations seen: at face value, and the fewest and most that round to it."""

    draws: int
    size: int
    face: float
    fewest: float
    most: float


@dataclass(frozen=True)
class _Excess:
    """A point whose unseen fraction may lie above what two others allow, their weights adding to 1."""

    law: str
    point: _Seen
    others: tuple[tuple[float, _Seen], ...]

    def at_least(self, significance: float) -> float:
        r"""Return the lower limit of the excess in $\ln u$, each point at its own one-sided limit.

        The limits are added in squares (Zou & Donner 2008, Construction of confidence limits about effect
        measures); those of single points are exact and binomial.
        """
        excess = _log_unseen(self.point.most, self.point.size)
        squares = (excess - _log_limit(self.point, significance, upper=False)) ** 2
        for weight, other in self.others:
            value = _log_unseen(other.fewest, other.size) if other.draws else 0.0
            excess -= weight * value
            squares += (weight * (_log_limit(other, significance, upper=True) - value)) ** 2
        return excess - math.sqrt(squares)

    def p_value(self) -> float:
        """Return the significance at which the lower limit of an excess, positive at 0.5, is 0."""
        if self.at_least(_LEAST_P) > 0:
            return _LEAST_P
        log_p = brentq(lambda log_p: self.at_least(math.exp(log_p)), math.log(_LEAST_P), math.log(0.5))
        return math.exp(log_p)


def audit_curve(points: Sequence[Point], size: int, significance: float = SIGNIFICANCE) -> Finding:
    r"""Audit shares claimed of one generator at several budgets.

    Whatever the generator, $\ln(1 - \mathrm E[\mathrm{coverage}](N))$ starts at 0, never rises and is convex
    in N, so that any two points bound every third; of one budget there is one expectation. Single runs
    scatter about it by no more than a binomial count does, because whether two operations are missed is
    negatively correlated; rounding is granted in the claim's favour. The significance is shared among the
    points (Bonferroni).

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
    ordered = sorted(points, key=lambda point: point.draws)
    curve = [_Seen(0, size, 0.0, 0.0, 0.0), *(_seen(point, size) for point in ordered)]
    named = "; ".join(map(str, ordered))
    shared = significance / len(points)
    worst = max(_excesses(curve), key=lambda excess: excess.at_least(shared), default=None)
    if worst is None or worst.at_least(shared) <= 0:
        reason = (
            "one generator can show these: the unseen fraction falls, and ever more slowly on a log scale"
        )
        return Finding(named, Verdict.POSSIBLE, _NOTHING_YET, None, None, "fraction", None, reason)
    lower, upper = _allowed_by_others(worst.point, curve)
    p_value = min(worst.p_value() * len(points), 1.0)
    allowed = f"{percent(lower)} to {percent(upper)}" if lower <= upper else "nothing"
    reason = (
        f"beside the other points, {allowed} is what one generator can show at {worst.point.draws:,} draws, "
        f"not {percent(worst.point.face / size)} ({worst.law}, {p_text(p_value)})"
    )
    sentence = read_aloud(reason, *(point.share for point in ordered))
    return Finding(named, Verdict.IMPOSSIBLE, worst.law, lower, upper, "fraction", p_value, sentence)


def _seen(point: Point, size: int) -> _Seen:
    """Return the operations that a claim says were seen."""
    share = point.share
    return _Seen(point.draws, size, size * share.value, size * share.least, size * share.most)


def _excesses(curve: Sequence[_Seen]) -> Iterator[_Excess]:
    """List every way in which a later point could lie above an earlier one, or a middle above its chord.

    Two points of one budget may differ neither way.
    """
    for earlier, later in combinations(curve[1:], 2):
        if earlier.draws < later.draws:
            yield _Excess("ln unseen falls", later, ((1.0, earlier),))
        else:
            yield _Excess("one budget, one expectation", later, ((1.0, earlier),))
            yield _Excess("one budget, one expectation", earlier, ((1.0, later),))
    for left, middle, right in combinations(curve, 3):
        if left.draws < middle.draws < right.draws:
            weight = (middle.draws - left.draws) / (right.draws - left.draws)
            yield _Excess("ln unseen is convex", middle, ((1 - weight, left), (weight, right)))


def _log_unseen(seen: float, size: int) -> float:
    """Return ln(1 - D/K); half an operation stands for none seen, and for none missed."""
    share = min(max(seen, 0.5), size - 0.5) / size
    # Of a space beyond 2^53 half an operation is no part that a double can tell from none.
    return math.log1p(-share) if share < 1 else math.log(0.5 / size)


@lru_cache(maxsize=4096)
def _log_limit(point: _Seen, significance: float, *, upper: bool) -> float:
    """Return the one-sided binomial limit of ln of the expected unseen fraction, by the rarer count."""
    if point.draws == 0:
        return 0.0
    seen = point.fewest if upper else point.most
    missed = point.size - seen
    if seen < missed:
        below = _beta_quantile(seen, missed + 1, significance) if seen > 0 else 0.0
        return math.log1p(-(below if upper else _beta_quantile(seen + 1, missed, 1 - significance)))
    if upper:
        return _log(_beta_quantile(missed + 1, seen, 1 - significance))
    return _log(_beta_quantile(missed, seen + 1, significance)) if missed > 0 else -math.inf


def _beta_quantile(a: float, b: float, p: float) -> float:
    """Return a quantile of the beta distribution: where both counts are vast, that of its normal limit."""
    quantile = float(betaincinv(a, b, p))
    if not math.isnan(quantile):
        return quantile
    mean = a / (a + b)
    return mean + float(ndtri(p)) * math.sqrt(mean * (1 - mean) / (a + b))


def _log(value: float) -> float:
    """Return the logarithm of a limit that may be too small for a double."""
    return math.log(value) if value > 0 else -math.inf


def _allowed_by_others(one: _Seen, curve: Sequence[_Seen]) -> tuple[float, float]:
    """Return the lowest and highest share that the other points allow at the budget of one, at face value."""
    others = [
        (point.draws, _log_unseen(point.face, point.size) if point.draws else 0.0)
        for point in curve
        if point is not one
    ]
    highest = min(log for draws, log in others if draws <= one.draws)
    lowest = max([-math.inf, *(log for draws, log in others if draws >= one.draws)])
    for (left, left_log), (right, right_log) in combinations(others, 2):
        if left < right:
            value = left_log + (right_log - left_log) * (one.draws - left) / (right - left)
            between = left < one.draws < right
            highest, lowest = (min(highest, value), lowest) if between else (highest, max(lowest, value))
    return -math.expm1(highest), -math.expm1(lowest)
