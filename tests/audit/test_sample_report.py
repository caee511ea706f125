"""What a sample says of its generator."""

import dataclasses
import json
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skbio.diversity import alpha as skbio

from fluxttice_core.audit.counted import Counted
from fluxttice_core.audit.sample_report import SampleReport, report_samples, report_tally, within
from fluxttice_core.audit.verdicts import Verdict
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.counts import counts_of
from fluxttice_core.statistics.hill_numbers import estimated_hill_number, hill_number
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.richness import chao1_forms
from fluxttice_core.statistics.richness_intervals import (
    ace_interval,
    distinct_interval,
    estimated_hill_interval,
    observed_hill_interval,
    reachable_interval,
    unseen_mass_interval,
)
from fluxttice_core.statistics.tally import Tally
from fluxttice_core.statistics.uniform_moments import expected_share
from tests.refusals import refused

K = 19_683

Figure = TypeVar("Figure")


def drawn(size: int, draws: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, size, draws)


def told(figure: Figure | None) -> Figure:
    """A figure that is told of independent draws."""
    assert figure is not None
    return figure


def report_of(indices: np.ndarray, size: int | None, column: str | None = None) -> SampleReport:
    return report_samples(Counted.of(Tally.of_counts(counts_of(indices)), column=column), size)


def test_draws_of_one_space_are_not_held_against_another() -> None:
    counted = Counted.of(Tally.of_counts(np.array([3, 5])), size=4)
    assert report_samples(counted, 4).finding == report_samples(counted).finding
    with refused(MeasurementError, "contradictory", "a space of 4, not 100: leave the size out"):
        report_samples(counted, 100)


def test_uniform_draws_are_consistent_and_richness_finds_the_space() -> None:
    report = report_of(drawn(K, 50_000), K)
    assert report.finding.verdict is Verdict.CONSISTENT
    assert report.draws == 50_000
    assert report.coverage == report.distinct / K
    assert report.ceiling == expected_share(K, 50_000)
    assert report.efficiency == pytest.approx(1, abs=0.01)
    assert told(report.richness).contains(K)
    assert report.ace == pytest.approx(K, rel=0.02)
    assert told(report.hill_observed)[0] == report.distinct
    assert told(report.hill_estimated)[2] == pytest.approx(K, rel=0.03)


def test_half_the_space_is_found_out_by_coverage_and_not_by_mass() -> None:
    report = report_of(drawn(K // 2, 50_000), K)
    assert report.finding.verdict is Verdict.NOT_UNIFORM
    assert told(report.missing_mass).upper < 0.02
    assert told(report.richness).upper < 0.6 * K


def test_chao1_is_told_in_each_of_its_forms() -> None:
    """As scikit-bio has the first two; iNEXT takes (n-1)/n of what the classic one adds."""
    counts = np.array([40] + [3] * 2 + [2] * 4 + [1] * 12)
    report = report_samples(Counted.of(Tally.of_counts(counts)), 20)
    corrected, classic = (skbio.chao1(counts, bias_corrected=form) for form in (True, False))
    assert (corrected, classic) == (pytest.approx(32.2), pytest.approx(37))
    assert report.chao1 == report.as_json()["chao1"]
    assert report.chao1 == pytest.approx(
        {"bias-corrected": corrected, "classic": classic, "iNEXT": 19 + 65 / 66 * 18}
    )
    assert (told(report.richness).estimate, told(report.richness).upper) == (20, 20)


def test_estimates_end_at_a_known_size() -> None:
    """A good sample whose estimates lie above the space by chance."""
    drawn_well = drawn(K, 50_000, seed=1)
    free, known = (report_of(drawn_well, size) for size in (None, K))
    assert told(free.richness).estimate > K
    assert (told(known.richness).estimate, told(known.richness).upper) == (K, K)
    assert told(known.richness).lower == told(free.richness).lower < K
    assert free.ace is not None
    assert known.ace == min(free.ace, K)
    assert known.hill_estimated == tuple(min(value or 0, K) for value in told(free.hill_estimated))
    assert within(Interval(3.0, 2.0, 4.0, 0.9, "m"), 5) == Interval(3.0, 2.0, 4.0, 0.9, "m")
    assert within(Interval(7.0, 6.0, 8.0, 0.9, "m"), 5) == Interval(5.0, 5.0, 5.0, 0.9, "m")


def test_one_draw_determines_nothing() -> None:
    report = report_of(np.array([5]), None)
    assert (told(report.missing_mass).lower, told(report.missing_mass).upper) == (0.0, 1.0)
    assert (told(report.richness).lower, told(report.richness).upper) == (1.0, np.inf)
    assert report.as_json()["richness"]["upper"] is None
    assert told(report_of(np.array([5]), 100).richness).upper == 100


def test_equal_draws_leave_open_what_three_in_so_many_may_be() -> None:
    report = report_of(np.zeros(5_000, dtype=np.int64), None)
    assert told(report.missing_mass).lower == 0.0
    assert told(report.missing_mass).upper == pytest.approx(3.6889 / 5_000, rel=1e-3)
    assert told(report.richness).upper > 5


def test_collapsed_generator_is_found_out() -> None:
    report = report_of(np.zeros(10_000, dtype=np.int64), K)
    assert report.finding.verdict is Verdict.NOT_UNIFORM
    assert (report.distinct, told(report.richness).estimate, told(report.missing_mass).estimate) == (
        1,
        1.0,
        0.0,
    )
    assert report.hill_observed == (1.0, 1.0, 1.0)


def test_unknown_space_has_richness_but_no_coverage() -> None:
    report = report_of(drawn(500, 800), None)
    assert report.finding.verdict is Verdict.NOT_ENOUGH_SAID
    assert report.finding.claim == f"{report.distinct} distinct among 800 draws"
    assert (report.coverage, report.ceiling, report.efficiency) == (None, None, None)
    assert told(report.richness).lower < 500 < told(report.richness).upper


def test_all_new_leaves_what_needs_repeats_undefined() -> None:
    report = report_of(np.arange(30), None)
    assert (report.singletons, report.doubletons) == (30, 0)
    assert (report.ace, told(report.hill_estimated)[2]) == (None, None)
    assert told(report.missing_mass).estimate == 1


def test_vast_spaces_are_measured_by_repeats() -> None:
    size = 2**63
    assert report_of(drawn(2**31, 200_000), size).finding.verdict is Verdict.NOT_UNIFORM
    assert report_of(drawn(size, 200_000), size).finding.verdict is Verdict.NOT_ENOUGH_SAID


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("draws", [20, 50, 6_000])
@pytest.mark.parametrize("size", [10**100, 10**102, 10**103, 4**200, 10**200, 10**300])
def test_in_a_space_beyond_counting_all_distinct_says_nothing_and_a_repeat_all(size: int, draws: int) -> None:
    report = report_of(np.arange(draws), size)
    assert report.finding.verdict is Verdict.NOT_ENOUGH_SAID
    assert report.fit is not None
    assert report.fit.total_variation is not None
    assert report.fit.unevenness is not None
    assert (report.fit.visible, report.fit.total_variation.lower) == (None, 0)
    assert (report.fit.unevenness.lower, report.fit.total_variation.upper) == (1, 1)
    # Of so few draws three pairs or four may be expected, and by chance none made.
    assert report.fit.unevenness.upper * draws**2 / 2 / size == pytest.approx(4, abs=2)
    repeated = report_of(np.append(np.arange(draws), 0), size)
    assert repeated.finding.verdict is Verdict.NOT_UNIFORM
    assert repeated.fit is not None
    assert repeated.fit.unevenness is not None
    assert repeated.fit.unevenness.estimate == pytest.approx(2 / draws / (draws + 1) * size)


@pytest.mark.parametrize("size", [None, 2**64])
@pytest.mark.parametrize(
    ("times", "kinds"),
    [
        ([1, 2], [10**12, 5]),
        ([1], [2**63 - 1]),
        ([3], [(2**63 - 1) // 3]),
        ([2**63 - 1], [1]),
        ([3_037_000_499], [3_037_000_499]),
    ],
)
def test_as_many_kinds_and_draws_as_can_be_counted_are_measured_from_how_many_share_a_count(
    times: list[int], kinds: list[int], size: int | None
) -> None:
    """A list of all of them would take up to 2^66 bytes, and squares of such counts would wrap."""
    tally = Tally(np.array(times), np.array(kinds))
    report = report_tally(tally, size=size)
    assert (report.draws, report.distinct) == (tally.draws, sum(kinds))
    assert report.hill_observed == pytest.approx((sum(kinds),) * 3, rel=1e-9)
    assert told(report.richness).lower <= told(report.richness).estimate <= told(report.richness).upper
    if times[0] > 1:
        assert told(report.hill_estimated)[2] == pytest.approx(
            sum(kinds) * times[0] / (times[0] - 1), rel=1e-6
        )


@given(st.lists(st.integers(1, 12), min_size=1, max_size=40))
def test_figures_of_a_tally_are_those_of_its_counts(counts: list[int]) -> None:
    drawn, tally = np.array(counts), Tally.of_counts(np.array(counts))
    report = report_tally(tally)
    assert report.missing_mass == unseen_mass_interval(drawn)
    assert report.richness == reachable_interval(drawn)
    assert report.chao1 == chao1_forms(drawn)
    assert report.ace_interval == ace_interval(drawn)
    assert report.hill_observed == tuple(hill_number(drawn, order) for order in (0, 1, 2))
    assert told(report.hill_estimated)[1] == estimated_hill_number(drawn, 1)
    assert told(report.hill_observed_intervals)[1:] == tuple(observed_hill_interval(drawn, q) for q in (1, 2))
    assert told(report.hill_estimated_intervals)[1:] == tuple(
        estimated_hill_interval(drawn, q) for q in (1, 2)
    )


def test_report_is_plain_in_json() -> None:
    report = report_of(drawn(100, 90), 100)
    plain = report.as_json()
    assert json.loads(json.dumps(plain, allow_nan=False))["draws"] == 90
    assert list(plain) == [field.name for field in dataclasses.fields(report)]
    assert plain["finding"] == report.finding.as_json()
    assert plain["richness"]["method"] == "Chao1, Garwood"
    assert tuple(plain["hill_observed"]) == report.hill_observed


def test_significance_is_passed_on() -> None:
    counted = Counted.of(Tally.of_counts(counts_of(drawn(470, 1_200))))
    assert report_samples(counted, 500, significance=0.4).finding.verdict is Verdict.NOT_UNIFORM
    assert report_samples(counted, 500, significance=1e-9).finding.verdict is Verdict.CONSISTENT


def test_the_column_is_passed_on() -> None:
    assert report_of(drawn(100, 90), 100, "operation").column == "operation"
    assert report_of(drawn(100, 90), 100).column is None


def test_no_sample_and_more_kinds_than_there_are_are_refused() -> None:
    with refused(MeasurementError, "too_few"):
        report_of(np.array([], dtype=np.int64), K)
    assert report_of(np.arange(8), 8).coverage == 1
    with refused(MeasurementError, "contradictory", "9 different kinds were drawn"):
        report_of(np.arange(9), 8)


def test_what_was_drawn_once_and_twice_is_counted() -> None:
    report = report_of(np.array([1, 1, 2, 2, 3, 3, 3, 4]), None)
    assert (report.draws, report.distinct, report.singletons, report.doubletons) == (8, 4, 1, 2)


def test_effective_numbers_are_those_of_the_sample() -> None:
    """Shares 1/2, 1/4, 1/4: e^1.0397 by entropy, 8/3 by the sum of squares."""
    report = report_of(np.array([5, 5, 6, 7]), None)
    assert report.hill_observed == pytest.approx((3, 2**1.5, 8 / 3))


def test_without_a_size_the_null_is_not_asked_and_the_sample_says_so() -> None:
    finding = report_of(np.arange(30), None).finding
    assert (finding.verdict, finding.law, finding.unit) == (
        Verdict.NOT_ENOUGH_SAID,
        "all counts",
        "fraction",
    )
    assert finding.sentence == "a verdict needs the size of the space, or a law: richness alone is given"


def test_every_figure_has_the_interval_of_its_own() -> None:
    indices, size = np.random.default_rng(4).integers(0, 500, 700), 450
    indices = indices % size
    counts, report = counts_of(indices), report_of(indices, size)
    shown = distinct_interval(report.distinct, 700, float(size))
    assert report.ceiling is not None
    assert report.coverage_interval == shown.scaled(1 / size)
    assert report.efficiency_interval == shown.scaled(1 / size / report.ceiling)
    ace, observed = ace_interval(counts), observed_hill_interval(counts, 1)
    assert ace is not None
    assert observed is not None
    assert report.ace_interval == within(ace, size)
    assert report.ace_interval is not None
    assert report.ace_interval.upper <= size < ace.upper
    assert told(report.hill_observed_intervals)[:2] == (shown, within(observed, size))
    assert told(report.hill_observed_intervals)[1] != told(report.hill_observed_intervals)[2]


def test_without_a_size_what_can_be_reached_bounds_the_count() -> None:
    indices = np.random.default_rng(4).integers(0, 500, 700)
    report = report_of(indices, None)
    assert (report.coverage_interval, report.efficiency_interval) == (None, None)
    expected = distinct_interval(report.distinct, 700, told(report.richness).upper)
    assert told(report.hill_observed_intervals)[0] == expected


@pytest.mark.parametrize(("size", "coverage"), [(8, 0.5), (4, 1.0), (3, None), (None, None)])
def test_without_replacement_only_what_holds_of_any_draws_is_told(
    size: int | None, coverage: float | None
) -> None:
    plain = report_tally(Tally.of_counts(np.ones(4, dtype=np.int64)), size=size, once_each=True).as_json()
    assert {name for name, value in plain.items() if value is None} - {"size", "coverage"} == {
        "column",
        *("ceiling", "efficiency", "coverage_interval", "efficiency_interval"),
        *("missing_mass", "richness", "chao1", "ace", "ace_interval", "fit"),
        *("hill_observed", "hill_observed_intervals", "hill_estimated", "hill_estimated_intervals"),
    }
    assert (plain["draws"], plain["distinct"], plain["size"]) == (4, 4, size)
    assert plain["coverage"] == coverage
