"""Estimates and the group jackknife: exact on what can be worked out by hand, calibrated on what cannot."""

import math

import numpy as np
import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.estimate import Estimate, jackknife
from tests.refusals import refused


def test_a_mean_keeps_its_value_and_gets_its_standard_error() -> None:
    values = np.array([1.0, 4.0, 2.0, 9.0])
    found = jackknife(lambda v: float(v[0]), values[:, None])
    assert found.value == pytest.approx(4.0)
    assert found.error == pytest.approx(values.std(ddof=1) / 2)
    assert found.dof == 3


def test_a_square_loses_exactly_the_bias_of_its_mean() -> None:
    values = np.random.default_rng(0).normal(3, 1, 6)
    found = jackknife(lambda v: float(v[0] ** 2), values[:, None])
    assert found.value == pytest.approx(values.mean() ** 2 - values.var(ddof=1) / 6)


def test_two_groups_are_the_split_halves() -> None:
    halves = np.array([[2.0], [5.0]])
    found = jackknife(lambda v: math.log(v[0]), halves)
    first, second = math.log(2), math.log(5)
    assert found.value == pytest.approx(2 * math.log(3.5) - (first + second) / 2)
    assert found.error == pytest.approx(abs(first - second) / 2)


def test_the_mean_runs_over_groups_and_not_over_entries() -> None:
    found = jackknife(lambda v: float(v[0] - v[1]), np.array([[1.0, 2.0], [3.0, 8.0]]))
    assert found.value == pytest.approx(-3.0)


def test_a_statistic_that_is_not_finite_has_no_error_bound() -> None:
    found = jackknife(lambda v: math.inf if v[0] < 2 else 1.0, np.array([[1.0], [2.0]]))
    assert (found.value, found.error, found.dof) == (math.inf, math.inf, 1.0)
    partly = jackknife(lambda v: math.inf if v[0] < 1.2 else 1.0, np.array([[1.0], [2.0]]))
    assert (partly.value, partly.error) == (1.0, math.inf)


def test_one_group_has_no_error() -> None:
    with refused(MeasurementError, "too_few", "at least 2 groups"):
        jackknife(lambda v: float(v[0]), np.ones((1, 1)))


def test_an_interval_is_students() -> None:
    """Quantile .975 of t at 7 degrees of freedom: 2.3646 (to four decimals)."""
    interval = Estimate(1.0, 0.1, 7.0).interval()
    assert interval.estimate == 1.0
    assert interval.upper == pytest.approx(1.23646, abs=1e-5)
    assert interval.lower == pytest.approx(0.76354, abs=1e-5)
    assert interval.level == 0.95
    assert "7 degrees" in interval.method
    assert Estimate(0.0, 1.0).interval().upper == pytest.approx(1.959964, abs=1e-6)
    assert Estimate(0.0, 1.0).interval(0.9).upper == pytest.approx(1.64485, abs=1e-5)


@pytest.mark.parametrize("value", [2.0, math.inf])
def test_an_exact_figure_has_an_interval_of_no_width(value: float) -> None:
    interval = Estimate(value, 0.0, 7.0).interval()
    assert (interval.estimate, interval.lower, interval.upper, interval.method) == (value,) * 3 + ("exact",)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_levels_outside_0_to_1_are_refused(level: float) -> None:
    with refused(MeasurementError, "out_of_range", "between 0 and 1"):
        Estimate(1.0, 0.1).interval(level)


def test_intervals_of_a_curved_statistic_cover_the_truth() -> None:
    covered = 0
    for seed in range(400):
        groups = np.random.default_rng(seed).exponential(1.0, (8, 50, 1)).mean(1)
        found = jackknife(lambda v: -math.log(v[0]), groups)
        covered += found.interval().contains(0.0)
    assert 0.92 <= covered / 400 <= 0.98


def test_what_stands_beside_the_groups_is_left_out_with_them() -> None:
    groups, beside = np.random.default_rng(0).random((2, 5, 3))
    both = np.concatenate((groups, beside), axis=1)
    due = jackknife(lambda v: float(v[:3] @ v[3:]), both)
    assert jackknife(lambda v, w: float(v @ w), groups, beside) == due
    single = jackknife(lambda v: float(v.sum()), groups.astype(np.float32))
    assert single.value == pytest.approx(float(groups.sum(1).mean()))
