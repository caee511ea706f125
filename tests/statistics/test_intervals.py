"""Intervals: known values, edges, and whether they cover the truth as often as they say."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.counts import counts_of
from fluxttice_core.statistics.intervals import (
    Interval,
    beta_quantile,
    clopper_pearson,
    coverage_interval,
    mean_interval,
    normal_quantile,
    paired_difference,
)
from fluxttice_core.statistics.richness import chao1_interval, missing_mass_interval
from tests.refusals import refused

REPETITIONS = 400
SKEWED = np.arange(1, 501) / np.arange(1, 501).sum()
"""A generator of 500 kinds whose masses rise linearly."""


def mean_of_five(generator: np.random.Generator) -> bool:
    return mean_interval(generator.normal(3.0, 2.0, 5)).contains(3.0)


def seeds_paired(generator: np.random.Generator) -> bool:
    shared = generator.normal(0.0, 10.0, 6)
    first, second = shared + generator.normal(0.5, 1.0, 6), shared + generator.normal(0.0, 1.0, 6)
    return paired_difference(first, second).contains(0.5)


def share_by_clopper_pearson(generator: np.random.Generator) -> bool:
    return clopper_pearson(int(generator.binomial(400, 0.3)), 400).contains(0.3)


def coverage_of_four_draws(generator: np.random.Generator) -> bool:
    draws = [len(np.unique(generator.choice(500, 800, p=SKEWED))) for _ in range(4)]
    return coverage_interval(np.array(draws), 500).contains(float(np.mean(1 - (1 - SKEWED) ** 800)))


def missing_mass(generator: np.random.Generator) -> bool:
    drawn = generator.choice(500, 400, p=SKEWED)
    missing = 1 - float(SKEWED[np.unique(drawn)].sum())
    return missing_mass_interval(counts_of(drawn)).contains(missing)


def kinds_of_an_even_generator(generator: np.random.Generator) -> bool:
    return chao1_interval(counts_of(generator.integers(0, 500, 700))).contains(500)


@pytest.mark.parametrize(
    "covers",
    [
        mean_of_five,
        seeds_paired,
        share_by_clopper_pearson,
        coverage_of_four_draws,
        missing_mass,
        kinds_of_an_even_generator,
    ],
)
def test_cover_the_truth_as_often_as_they_say(covers: Callable[[np.random.Generator], bool]) -> None:
    covered = sum(covers(np.random.default_rng(seed)) for seed in range(REPETITIONS))
    assert 0.92 <= covered / REPETITIONS <= 0.98


def test_normal_limits_on_four_repeats_would_not() -> None:
    """The control: 1.96 standard errors are too few for so few repeats, and the criterion must say so."""
    covered = 0
    for seed in range(REPETITIONS):
        values = np.random.default_rng(seed).normal(3.0, 2.0, 4)
        covered += abs(values.mean() - 3.0) < 1.96 * values.std(ddof=1) / math.sqrt(4)
    assert covered / REPETITIONS < 0.92


def test_unpaired_analysis_would_drown_in_the_spread_over_seeds() -> None:
    generator = np.random.default_rng(1)
    shared = generator.normal(0.0, 10.0, 8)
    first, second = shared + 1 + generator.normal(0, 0.1, 8), shared + generator.normal(0, 0.1, 8)
    assert paired_difference(first, second).lower > 0
    assert stats.ttest_ind(first, second).pvalue > 0.5


def test_single_draw_gives_a_wider_interval_of_coverage_than_it_needs() -> None:
    """The method says conservative: at least 95 %."""
    truth = float(np.mean(1 - (1 - SKEWED) ** 800))
    covered = 0
    for seed in range(200):
        drawn = np.random.default_rng(seed).choice(500, 800, p=SKEWED)
        covered += coverage_interval(np.array([len(np.unique(drawn))]), 500).contains(truth)
    assert covered >= 190


def test_clopper_pearson_known_value() -> None:
    interval = clopper_pearson(81, 263)
    assert interval.lower == pytest.approx(0.2527, abs=5e-5)  # Newcombe 1998, table I, method 5, 4 decimals
    assert interval.upper == pytest.approx(0.3676, abs=5e-5)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_proportions_agree_with_scipy(counts: tuple[int, int], level: float) -> None:
    theirs = stats.binomtest(*counts).proportion_ci(level, method="exact")
    interval = clopper_pearson(*counts, level)
    assert (interval.lower, interval.upper) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert interval.estimate == counts[0] / counts[1]


@pytest.mark.parametrize("chance", [1e-9, 0.025, 0.5, 0.8])
@pytest.mark.parametrize(("a", "b"), [(50.0, 1e18), (6.0, 5.3e18), (1e6, 1e19), (30.0, 1e300)])
def test_quantiles_of_few_among_vast_counts_are_those_of_a_gamma_variable(
    a: float, b: float, chance: float
) -> None:
    """Where SciPy's own are wrong by half one time in ten, or are none."""
    for above, expected in ((False, stats.gamma(a).ppf(chance)), (True, stats.gamma(a).isf(chance))):
        assert beta_quantile(a, b, chance, above=above) * b == pytest.approx(expected, rel=1e-9)
    assert 1 - beta_quantile(b, a, chance) == pytest.approx(
        beta_quantile(a, b, chance, above=True), abs=1e-16
    )


@pytest.mark.parametrize("chance", [1e-9, 0.025, 0.5, 0.8])
@pytest.mark.parametrize(("a", "b"), [(1e15, 9e18), (1e18, 9e18), (9e18, 1e18), (5e11, 5e11)])
def test_quantiles_of_vast_counts_are_those_of_a_normal_variable(a: float, b: float, chance: float) -> None:
    mean, deviation = a / (a + b), math.sqrt(a * b / (a + b)) / (a + b)
    for above, score in ((False, stats.norm.ppf(chance)), (True, stats.norm.isf(chance))):
        assert (beta_quantile(a, b, chance, above=above) - mean) / deviation == pytest.approx(score, abs=1e-5)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.floats(0.5, 0.999))
def test_mean_agrees_with_scipy(values: list[float], level: float) -> None:
    drawn = np.array(values)
    interval = mean_interval(drawn, level)
    if np.ptp(drawn) > 1e-3:
        theirs = stats.t.interval(level, len(drawn) - 1, drawn.mean(), stats.sem(drawn))
        assert (interval.lower, interval.upper) == pytest.approx(theirs, rel=1e-6, abs=1e-6)
    assert interval.contains(float(drawn.mean()))


def test_equal_values_leave_no_width() -> None:
    values = np.full(7, 0.25)
    assert mean_interval(values).lower == mean_interval(values).upper == 0.25


def test_coverage_interval_stays_between_nothing_and_everything() -> None:
    interval = coverage_interval(np.array([9, 10, 10]), 10)
    assert interval.upper == 1.0
    assert coverage_interval(np.array([0, 1, 0]), 10).lower == 0.0


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, -0.5])
def test_impossible_levels_are_refused(level: float) -> None:
    with refused(MeasurementError, "out_of_range", "must lie between 0 and 1, such as"):
        normal_quantile(level)
    with refused(MeasurementError, "out_of_range"):
        mean_interval(np.array([1.0, 2.0]), level)
    with refused(MeasurementError, "out_of_range"):
        clopper_pearson(1, 2, level)


@pytest.mark.parametrize("counts", [(0, 0), (3, 2), (-1, 2)])
def test_impossible_proportions_are_refused(counts: tuple[int, int]) -> None:
    with refused(MeasurementError, "out_of_range", "at least one trial", f"not {counts[0]} of {counts[1]}"):
        clopper_pearson(*counts)


@pytest.mark.parametrize("values", [[], [1.0]])
def test_single_repeats_no_draw_and_broken_values_are_refused(values: list[float]) -> None:
    with refused(MeasurementError, "too_few", "an interval over repeats needs at least two values"):
        mean_interval(np.array(values))
    with refused(MeasurementError, "too_few", "at least one draw"):
        coverage_interval(np.array([], dtype=np.int64), 10)
    with refused(MeasurementError, "not_finite", "not a finite number"):
        mean_interval(np.array([1.0, math.nan]))


@pytest.mark.parametrize("counts", [[11, 2], [-1, 2]])
def test_impossible_coverage_is_refused(counts: list[int]) -> None:
    with refused(MeasurementError, "out_of_range", "between 0 and the 10 operations"):
        coverage_interval(np.array(counts), 10)


@pytest.mark.parametrize(
    ("make", "method"),
    [
        (lambda: mean_interval(np.array([1.0, 2.0, 4.0]), 0.8), "Student's t, 3 repeats"),
        (lambda: paired_difference(np.array([1.0, 2.0, 4.0]), np.ones(3), 0.8), "Student's t, 3 pairs"),
        (lambda: clopper_pearson(3, 9, 0.8), "Clopper-Pearson"),
        (lambda: coverage_interval(np.array([7]), 9, 0.8), "Clopper-Pearson"),
        (lambda: coverage_interval(np.array([7, 8]), 9, 0.8), "Student's t, 2 repeats"),
        (lambda: chao1_interval(np.array([1, 1, 2, 3]), 0.8), "Chao1"),
        (lambda: missing_mass_interval(np.array([1, 1, 2, 3]), 0.8), "Esty"),
    ],
)
def test_an_interval_says_its_level_and_method(make: Callable[[], Interval], method: str) -> None:
    interval = make()
    assert (interval.level, interval.method) == (0.8, method)


def test_the_level_decides_the_width() -> None:
    values = np.array([1.0, 2.0, 4.0])
    wide, narrow = paired_difference(values, np.ones(3), 0.99), paired_difference(values, np.ones(3), 0.5)
    assert wide.upper - wide.lower > 5 * (narrow.upper - narrow.lower)
    for counts in (np.array([7]), np.array([7, 8, 7])):
        wide, narrow = coverage_interval(counts, 99, 0.99), coverage_interval(counts, 99, 0.5)
        assert wide.upper - wide.lower > 2 * (narrow.upper - narrow.lower)


def test_an_interval_in_another_unit_keeps_its_level_and_method() -> None:
    assert Interval(2.0, 1.0, 4.0, 0.9, "some method").scaled(0.5) == Interval(
        1.0, 0.5, 2.0, 0.9, "some method"
    )
