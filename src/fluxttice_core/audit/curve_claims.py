"""Auditing claims of coverage at several budgets: what one generator can show at all of them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from scipy.special import gammainccinv, gammaincinv

from fluxttice_core.audit.coverage_claims import Point
from fluxttice_core.audit.printed_numbers import read_aloud
from fluxttice_core.audit.verdicts import SIGNIFICANCE, Finding, Verdict, p_text, percent
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.intervals import beta_quantile

_LEAST_P = 1e-15
_HALVINGS = 60

_NEIGHBOURS = 0.96
"""Share of the significance that goes to bounds between neighbours, from which all others follow."""


@dataclass(frozen=True)
class _Seen:
    """A count of operations seen: at face value, and the fewest and most that round to it.

    Of an endless size ln u is told in kinds, -D, the limit of K ln(1 - D/K).
    """

    draws: int
    size: float | int
    face: float | int
    fewest: float | int
    most: float | int


@dataclass(frozen=True)
class _Excess:
    """A point whose unseen fraction may lie above what two others allow, their weights adding to 1.

    It is near where no other budget lies between the points and, if the fraction only falls, none beyond.
    """

    law: str
    point: _Seen
    others: tuple[tuple[float | int, _Seen], ...]
    near: bool = True

    def at_least(self, significance: float | int) -> float | int:
        r"""Return the lower limit of the excess in $\ln u$, each point at its own one-sided limit.

        The limits are added in squares (Zou & Donner 2008, Construction of confidence limits about effect
        measures); those of single points are exact and binomial.
        """
        excess = _log_unseen(self.point.most, self.point.size)
        apart = [excess - _log_limit(self.point, significance, upper=False)]
        for weight, other in self.others:
            value = _log_unseen(other.fewest, other.size) if other.draws else 0.0
            excess -= weight * value
            apart.append(weight * (_log_limit(other, significance, upper=True) - value))
        return excess - math.hypot(*apart)  # whose squares may be too small for a double


def audit_curve(
    points: Sequence[Point], size: int | None, significance: float | int = SIGNIFICANCE
) -> Finding:
    r"""Audit shares claimed of one generator at several budgets.

    Whatever the generator, $\ln(1 - \mathrm E[\mathrm{coverage}](N))$ starts at 0, never rises and is convex
    in N, so that any two points bound every third; of one budget there is one expectation. Single runs
    scatter about it by no more than a binomial count does, because whether two operations are missed is
    negatively correlated; rounding is granted in the claim's favour. The significance is shared among all
    bounds that are tested (a weighted Bonferroni correction): nearly all of it in equal parts among those of
    neighbouring budgets, from which of expectations the others follow, the rest among the others.

    Source: Rosenthal & Rubin 1983, Ensemble-adjusted p values (on the weights).

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_share
        >>> claims = {50_000: "87.37%", 100_000: "95%", 195_000: "99.624%"}
        >>> curve = [Point(n, stated_share(text, 19_683)) for n, text in claims.items()]
        >>> finding = audit_curve(curve, 19_683)
        >>> finding.verdict.value, round(finding.lower, 4), round(finding.upper, 4)
        ('impossible', 0.9624, 0.984)

    Args:
        points: Two budgets or more.
        size: Kinds in the space, K; None if it is not known, so that distinct kinds are concave in N.
        significance: Probability below which sampling noise is no explanation.

    Raises:
        MeasurementError: If there are fewer than two points.
    """
    if len(points) < 2:
        raise MeasurementError("a curve needs at least two budgets", "too_few")
    ordered = sorted(points, key=lambda point: point.draws)
    curve = [_Seen(0, size or math.inf, 0.0, 0.0, 0.0), *(_seen(point, size) for point in ordered)]
    named = "; ".join(map(str, ordered))
    tests = _weighted(list(_excesses(curve)))
    if _worst(tests, significance)[0] <= 0:
        reason = (
            "one generator can show these: the unseen fraction falls, and ever more slowly on a log scale"
        )
        law = "ln unseen falls and is convex"
        return Finding(named, Verdict.POSSIBLE, law, None, None, "fraction", None, reason)
    p_value = _p_value(tests, significance)
    worst = _worst(tests, p_value)[1]
    lower, upper = _allowed_by_others(worst.point, curve)
    told, unit = (percent, "fraction") if size is not None else (_kinds, "count")
    allowed = f"{told(lower)} to {told(upper)}" if lower <= upper else "nothing"
    reason = (
        f"beside the other points, {allowed} is what one generator can show at {worst.point.draws:,} draws, "
        f"not {told(worst.point.face / (size or 1))} ({worst.law}, {p_text(p_value)})"
    )
    sentence = read_aloud(reason, *(point.share for point in ordered))
    return Finding(named, Verdict.IMPOSSIBLE, worst.law, lower, upper, unit, p_value, sentence)


def _kinds(number: float | int) -> str:
    return f"{number:,.0f}"


def _seen(point: Point, size: int | None) -> _Seen:
    share, whole = point.share, point.draws if size is None else point.whole(size)
    return _Seen(point.draws, size or math.inf, whole * share.value, whole * share.least, whole * share.most)


def _excesses(curve: Sequence[_Seen]) -> Iterator[_Excess]:
    """List every way in which a later point could lie above an earlier one, or a middle above its chord.

    Two points of one budget may differ neither way.
    """
    rank = {draws: place for place, draws in enumerate(sorted({point.draws for point in curve}))}
    for earlier, later in combinations(curve[1:], 2):
        if earlier.draws < later.draws:
            last_two = rank[earlier.draws] == len(rank) - 2
            yield _Excess("ln unseen falls", later, ((1.0, earlier),), near=last_two)
        else:
            yield _Excess("one budget, one expectation", later, ((1.0, earlier),))
            yield _Excess("one budget, one expectation", earlier, ((1.0, later),))
    for left, middle, right in combinations(curve, 3):
        if left.draws < middle.draws < right.draws:
            weight = (middle.draws - left.draws) / (right.draws - left.draws)
            others = ((1 - weight, left), (weight, right))
            near = rank[right.draws] - rank[left.draws] == 2
            yield _Excess("ln unseen is convex", middle, others, near=near)


def _weighted(excesses: Sequence[_Excess]) -> list[tuple[float | int, _Excess]]:
    """Give each bound its part of the significance, the parts adding to 1."""
    near = sum(excess.near for excess in excesses)
    far = len(excesses) - near
    of_near, of_far = (_NEIGHBOURS / near, (1 - _NEIGHBOURS) / far) if far else (1 / near, 0.0)
    return [(of_near if excess.near else of_far, excess) for excess in excesses]


def _worst(
    tests: Sequence[tuple[float | int, _Excess]], significance: float | int
) -> tuple[float | int, _Excess]:
    """Return the largest lower limit of an excess at its part of a significance, and the excess."""
    limits = [excess.at_least(part * significance) for part, excess in tests]
    largest = max(range(len(tests)), key=limits.__getitem__)
    return limits[largest], tests[largest][1]


def _p_value(tests: Sequence[tuple[float | int, _Excess]], refuted: float | int) -> float | int:
    """Return the least significance at which an excess remains, down from one at which one does."""
    remains, gone = math.log(refuted), math.log(_LEAST_P)
    if _worst(tests, _LEAST_P)[0] > 0:
        return _LEAST_P
    for _ in range(_HALVINGS):
        middle = (remains + gone) / 2
        if _worst(tests, math.exp(middle))[0] > 0:
            remains = middle
        else:
            gone = middle
    return math.exp(remains)


def _log_unseen(seen: float | int, size: float | int) -> float | int:
    """Return ln(1 - D/K); half an operation stands for none seen, and for none missed."""
    if size == math.inf:
        return -max(seen, 0.5)
    share = min(max(seen, 0.5), size - 0.5) / size
    # Of a space beyond 2^53 half an operation is no part that a double can tell from none.
    return math.log1p(-share) if share < 1 else math.log(0.5 / size)


@lru_cache(maxsize=4096)
def _log_limit(point: _Seen, significance: float | int, *, upper: bool) -> float | int:
    """Return the one-sided binomial limit of ln of the expected unseen fraction, by the rarer count."""
    if point.draws == 0:
        return 0.0
    seen = point.fewest if upper else point.most
    if point.size == math.inf:
        most_unseen = -float(gammaincinv(seen, significance)) if seen > 0 else 0.0
        return most_unseen if upper else -float(gammainccinv(seen + 1, significance))
    missed = point.size - seen
    if seen < missed:
        below = beta_quantile(seen, missed + 1, significance) if seen > 0 else 0.0
        return math.log1p(-(below if upper else beta_quantile(seen + 1, missed, significance, above=True)))
    if upper:
        return _log(beta_quantile(missed + 1, seen, significance, above=True))
    return _log(beta_quantile(missed, seen + 1, significance)) if missed > 0 else -math.inf


def _log(value: float | int) -> float | int:
    """Return the logarithm of a limit that may be too small for a double."""
    return math.log(value) if value > 0 else -math.inf


def _allowed_by_others(one: _Seen, curve: Sequence[_Seen]) -> tuple[float | int, float | int]:
    """Return the least and most that the other points allow at the budget of one, at face value.

    A share of the space, or a number of kinds where it is endless.
    """
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
    if one.size == math.inf:
        return 0.0 - highest, 0.0 - lowest
    # Whatever lies above 0 leaves no share at all, and a steep line goes beyond what has an exponential.
    return -math.expm1(highest), -math.expm1(min(lowest, 1.0))
