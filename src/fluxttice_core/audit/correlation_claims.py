"""Auditing correlations of a variable with few levels: ties cap what any ordering of the rest can reach."""

import math
from collections.abc import Sequence
from fractions import Fraction

from fluxttice_core.audit.printed_numbers import Stated
from fluxttice_core.audit.verdicts import Bounds, Finding, Verdict, judge
from fluxttice_core.errors import MeasurementError

COEFFICIENTS = ("spearman", "kendall", "pearson")


def largest_correlation(
    coefficient: str, levels: Sequence[int], others: Sequence[int] | None = None
) -> float | int:
    r"""Return the largest correlation that two variables of given level sizes can have, exactly.

    It is that of both in rising order, whatever the rest: any exchange towards it lowers neither the sum of
    products (Hoeffding 1940) nor concordant less discordant pairs. Beside a variable without ties Spearman's
    rho of levels of $t_i$ out of n is at most $\sqrt{1 - \sum(t_i^3 - t_i)/(n^3 - n)}$ and Kendall's tau-b
    $\sqrt{1 - \sum t_i(t_i - 1)/(n(n - 1))}$. Pearson's r takes the levels for 1, 2, 3, ... and is at most 1
    beside a variable of which nothing is known.

    Source: Kendall 1945, The treatment of ties in ranking problems; Hoeffding 1940 (on the order).

    Example:
        >>> round(largest_correlation("spearman", [1308, 450, 142, 48, 16, 2, 1, 1]), 4)
        0.8331
        >>> round(largest_correlation("spearman", [50, 50]), 3)
        0.866
        >>> round(largest_correlation("pearson", [50, 50], [80, 20]), 3)
        0.5

    Args:
        coefficient: "spearman", "kendall" (tau-b) or "pearson".
        levels: How many cases have each level, lowest level first.
        others: The same of the other variable, with as many cases; none: all its values differ.

    Raises:
        MeasurementError: If a variable has fewer than two levels, a level no case, or the numbers of cases
            differ.
    """
    cases = _cases(levels)
    if others is None and coefficient == "pearson":
        return 1.0
    if others is not None and _cases(others) != cases:
        raise MeasurementError(
            f"the levels of one variable hold {cases:,} cases, those of the other {sum(others):,}: give both "
            "for the same cases",
            "contradictory",
        )
    if coefficient == "kendall":
        return _largest_tau(levels, others, cases)
    first = _scores(coefficient, levels)
    if others is None:
        # Ties take the means of the ranks they hide, so that the sum of products is that of their squares.
        covered, whole = _spread(first, levels, cases), Fraction(cases**3 - cases, 12)
        return math.sqrt(covered / whole)
    second = _scores(coefficient, others)
    product = sum(
        (count * first[i] * second[j] for i, j, count in _rising(levels, others)), Fraction(0)
    ) - Fraction(_total(first, levels) * _total(second, others), cases)
    return _over_root(product, _spread(first, levels, cases) * _spread(second, others, cases))


def audit_correlation(
    coefficient: str, claimed: Stated, levels: Sequence[int], others: Sequence[int] | None = None
) -> Finding:
    """Audit a correlation against the most and the least that the sizes of tied levels allow.

    Example:
        >>> from fluxttice_core.audit.printed_numbers import stated_number
        >>> finding = audit_correlation("spearman", stated_number(".95"), [50, 50])
        >>> finding.verdict.value, round(finding.upper, 3)
        ('impossible', 0.866)

    Arguments besides `claimed` are those of `largest_correlation`.

    Raises:
        MeasurementError: As `largest_correlation`.
    """
    upper = largest_correlation(coefficient, levels, others)
    lower = -largest_correlation(coefficient, list(reversed(levels)), others)
    name = {"spearman": "Spearman's rho", "kendall": "Kendall's tau-b", "pearson": "Pearson's r"}[coefficient]
    claim = f"{name} of {claimed.text} with levels of {_listed(levels)}"
    beside = "values that all differ" if others is None else f"levels of {_listed(others)}"
    verdict = judge(claimed, Bounds(lower, upper))
    reason = f"beside {beside}, ties allow {lower:.4f} at least and {upper:.4f} at most"
    reason += ", with the levels taken for 1, 2, 3 and so on" if coefficient == "pearson" else ""
    if coefficient == "pearson" and others is None:
        reason = "no correlation is below -1 or above 1, whatever the levels"
        if verdict is not Verdict.IMPOSSIBLE:
            verdict = Verdict.NOT_ENOUGH_SAID
            reason = (
                "values that all differ may still lie close together as levels do, and then any r below 1 is "
                "possible: give --against-levels"
            )
    return Finding(claim, verdict, "ties cap correlation", lower, upper, "fraction", None, reason)


def _listed(levels: Sequence[int]) -> str:
    return ", ".join(f"{level:,}" for level in levels)


def _cases(levels: Sequence[int]) -> int:
    if len(levels) < 2 or min(levels) < 1:
        raise MeasurementError(
            f"a correlation needs two levels or more with cases in each, not {_listed(levels) or 'none'}: "
            "give the number of cases of each level, such as 50,50",
            "undefined",
        )
    return sum(levels)


def _scores(coefficient: str, levels: Sequence[int]) -> list[Fraction]:
    """Return the value of each level: its place, or the mean of the ranks of its cases."""
    if coefficient == "pearson":
        return [Fraction(place) for place in range(1, len(levels) + 1)]
    below, scores = 0, []
    for level in levels:
        scores.append(below + Fraction(level + 1, 2))
        below += level
    return scores


def _total(scores: Sequence[Fraction], levels: Sequence[int]) -> Fraction:
    return sum((score * level for score, level in zip(scores, levels, strict=True)), Fraction(0))


def _spread(scores: Sequence[Fraction], levels: Sequence[int], cases: int) -> Fraction:
    """Return the sum of squares about the mean."""
    squares = _total([score**2 for score in scores], levels)
    return squares - _total(scores, levels) ** 2 / cases


def _rising(levels: Sequence[int], others: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return how many cases have each pair of levels, when both are laid out in rising order."""
    cells, i, j = [], 0, 0
    left, right = levels[0], others[0]
    while True:
        count = min(left, right)
        cells.append((i, j, count))
        left, right = left - count, right - count
        if not left:
            i += 1
        if not right:
            j += 1
        if i == len(levels):
            return cells
        left, right = left or levels[i], right or others[j]


def _largest_tau(levels: Sequence[int], others: Sequence[int] | None, cases: int) -> float | int:
    """Return the largest tau-b: in rising order no pair is discordant, and all not tied are concordant."""
    pairs, tied = _pairs([cases]), _pairs(levels)
    if others is None:
        return math.sqrt(Fraction(pairs - tied, pairs))
    tied_too = _pairs(others)
    both = _pairs([count for _, _, count in _rising(levels, others)])
    concordant = Fraction(pairs - tied - tied_too + both)
    return _over_root(concordant, Fraction((pairs - tied) * (pairs - tied_too)))


def _pairs(groups: Sequence[int]) -> int:
    return sum(size * (size - 1) // 2 for size in groups)


def _over_root(product: Fraction, squares: Fraction) -> float | int:
    """Return a ratio to a root, exactly 1 where it is."""
    return math.sqrt(product**2 / squares)
