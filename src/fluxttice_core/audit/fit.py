"""Counts beside a uniform or a stated law: verdict, what a pass could have seen, and how far they are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fluxttice_core.audit.verdicts import Finding, Verdict, many, outwards, p_text
from fluxttice_core.statistics.goodness_of_fit import FitTest, fit_tests, visible_distance
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.tally import LawTally, Tally
from fluxttice_core.statistics.total_variation import Bracket, kind_ratio, total_variation, unevenness
from fluxttice_core.statistics.uniform_moments import uniform_moments

_BEYOND_DOUBT = 1e-12

_MEANING = {
    "few repeats": "kinds repeat less often than in {draws}",
    "even counts": "the counts scatter less than those of {draws}",
    "most frequent kind": "one kind comes more often than in {draws}",
    "least frequent kind": "one kind comes more rarely than in {draws}",
    "kinds pooled by probability": "common and rare kinds do not have the shares that they have in {draws}",
    "distinct kinds": "there are fewer different kinds than in {draws}",
    "weighted collisions": "rare kinds come again more often than in {draws}",
    "squared deviations": "the counts scatter more than those of {draws}",
}
"""What each test says of draws that it refuses, the most telling first."""


@dataclass(frozen=True)
class Fit:
    """How counts fit a law.

    Args:
        law: "uniform", or the name of the stated law.
        tests: The tests that were made, with their p-values and shares.
        visible: The total variation, spread over the kinds, that would have shown with 95 %; None if none.
        total_variation: Limits of the total variation between generator and law; None where draws are too
            even to be independent, of which it would not hold.
        unevenness: The sum of p^2/q, 1 under the law; None likewise, where the draws are too few, and where
            some are of kinds to which the law gives nothing, so that it is endless.
        most: The kinds drawn most often that were named, over what the law says.
        least: Those drawn least often.
        outside: Draws of kinds to which the law gives nothing.
        finding: The verdict.
    """

    law: str
    tests: tuple[FitTest, ...]
    visible: float | int | None
    total_variation: Bracket | None
    unevenness: Interval | None
    most: tuple[tuple[str, int, Interval], ...]
    least: tuple[tuple[str, int, Interval], ...]
    outside: int
    finding: Finding


@dataclass(frozen=True)
class Ends:
    """The kinds drawn most and least often, with their draws and what the law gives to them.

    Args:
        most: Most frequent first.
        least: Least frequent first.
    """

    most: Sequence[tuple[str, int, float | int]] = ()
    least: Sequence[tuple[str, int, float | int]] = ()


def fit_of(
    tally: Tally | LawTally,
    size: int | None,
    significance: float | int,
    law: str = "uniform",
    ends: Ends | None = None,
) -> Fit:
    """Hold counts against the uniform law of so many kinds, or a tally against the law beside it.

    Example:
        >>> import numpy as np
        >>> fit = fit_of(Tally.of_counts(np.array([199, 1])), 2, 0.001)
        >>> fit.finding.verdict.value, fit.finding.p_value < 1e-12
        ('not uniform', True)
    """
    # Of tests that all refuse it beyond doubt, the one that says most comes first.
    order = list(_MEANING)
    tests = fit_tests(tally, size)
    tests.sort(key=lambda test: (max(test.shared, _BEYOND_DOUBT), order.index(test.name)))
    visible = visible_distance(tally, size, significance)
    kinds, ends = float(size or tally.distinct), ends or Ends()
    outside = tally.outside if isinstance(tally, LawTally) else 0
    if isinstance(tally, LawTally):
        kinds = float(tally.size)
    even = bool(tests) and tests[0].too_even and tests[0].shared < significance
    far = None if even else total_variation(tally, size)
    return Fit(
        law=law,
        tests=tuple(tests),
        visible=visible,
        total_variation=far,
        unevenness=None if even or outside else unevenness(tally, size),
        most=tuple((name, n, kind_ratio(n, tally.draws, q, kinds)) for name, n, q in ends.most if n),
        least=tuple((name, n, kind_ratio(n, tally.draws, q, kinds)) for name, n, q in ends.least),
        outside=outside,
        finding=_finding(tally, size, significance, law, tests, visible, far),
    )


def _finding(
    tally: Tally | LawTally,
    size: int | None,
    significance: float | int,
    law: str,
    tests: Sequence[FitTest],
    visible: float | int | None,
    far: Bracket | None,
) -> Finding:
    """Judge by the tests, by what lies outside of the law, and by what could have shown."""
    stated = isinstance(tally, LawTally)
    kinds = tally.size if isinstance(tally, LawTally) else size or tally.distinct
    p_value = tests[0].shared if tests else None
    if isinstance(tally, LawTally) and tally.outside:
        verdict, p_value = Verdict.NOT_UNIFORM, 0.0
        said = f"{tally.outside:,} draws are of kinds to which {law} gives nothing{_distance(far)}"
    elif tests and tests[0].shared < significance:
        verdict = Verdict.TOO_EVEN if tests[0].too_even else Verdict.NOT_UNIFORM
        meaning = _MEANING[tests[0].name].format(draws=f"draws of {law}" if stated else "uniform draws")
        if tests[0].name == "few repeats" and size is not None:
            expected = uniform_moments(size, tally.draws).repeated
            meaning = f"{tally.draws - tally.distinct:,} draws repeat a kind where {expected:,.1f} should"
        said = f"{meaning} ({p_text(tests[0].shared)}, {len(tests)} tests together){_distance(far)}"
        if tests[0].too_even:
            said += ": repeats were dropped, or kinds drawn without replacement or in turn"
    elif visible is None:
        verdict = Verdict.NOT_ENOUGH_SAID
        said = "draws from only half of the kinds could look the same: draw more"
        said = "of a single kind every draw shows all there is" if kinds == 1 else said
    else:
        verdict = Verdict.CONSISTENT
        said = f"none of {len(tests)} tests refuses it ({p_text(tests[0].shared)}, all together); a total "
        said += (
            f"variation of {_rounded_up(visible)} or more, spread over the kinds, would have shown with 95 %"
        )
    claim = f"{tally.draws:,} draws " + (f"beside {law}" if stated else f"of {many(kinds)} kinds")
    lower, upper = (None, None) if far is None else (far.lower, far.upper)
    return Finding(claim, verdict, "all counts", lower, upper, "total variation", p_value, said, law)


def _distance(far: Bracket | None) -> str:
    """Say how far the generator is from the law, limits rounded outwards."""
    return "" if far is None else f"; the total variation is {outwards(far.lower, far.upper)}"


def _rounded_up(distance: float | int) -> str:
    """Write a distance with two digits, of which it is not more than it says."""
    digits = 1 - math.floor(math.log10(distance))
    return f"{math.ceil(distance * 10**digits - 1e-9) / 10**digits:.{max(digits, 0)}f}"


def without_replacement(tally: Tally, size: int | None) -> Finding:
    """Judge draws that are said to be without replacement: no kind comes twice, and all there are in the end.

    Counts say nothing more of them: which kinds are left out is not seen in how often each was drawn.
    """
    claim = f"{tally.draws:,} draws without replacement"
    known, again = size if size is not None else math.inf, tally.distinct - tally.once
    if again:
        verdict, said = Verdict.IMPOSSIBLE, f"{again:,} kinds were drawn more than once"
    elif tally.draws > known:
        verdict, said = Verdict.IMPOSSIBLE, f"there are only {known:,} kinds to draw"
    elif tally.draws == known:
        verdict, said = Verdict.CONSISTENT, f"all {known:,} kinds were drawn, each once"
    else:
        verdict = Verdict.NOT_ENOUGH_SAID
        said = "each was drawn once, as any sampler without repeats does: counts do not say how it chooses"
    return Finding(claim, verdict, "each kind once", None, None, "count", None, said)
