"""P-values of intervals, and Holm's adjustment against the closed test that it abbreviates."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, ttest_1samp

from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval, mean_interval, paired_difference
from fluxttice_core.statistics.multiplicity import FAMILY_ERROR, holm, paired_p_value, student_p_value


@pytest.mark.parametrize("count", [2, 3, 20])
def test_the_p_value_is_that_of_the_t_test(count: int) -> None:
    values = np.random.default_rng(count).normal(0.3, 1.0, count)
    assert student_p_value(mean_interval(values), count - 1) == pytest.approx(ttest_1samp(values, 0.0).pvalue)


def test_a_known_error_gives_the_normal_test() -> None:
    assert student_p_value(Estimate(1.959964, 1.0).interval(), np.inf) == pytest.approx(0.05, abs=1e-6)


@given(st.floats(-5, 5), st.floats(0.01, 3), st.integers(1, 50), st.sampled_from([0.9, 0.95, 0.99]))
def test_it_is_below_one_minus_the_level_where_the_interval_excludes_0(
    value: float, error: float, dof: int, level: float
) -> None:
    interval = Estimate(value, error, float(dof)).interval(level)
    found = student_p_value(interval, float(dof))
    if abs(found - (1 - level)) > 1e-9:
        assert (found < 1 - level) == (not interval.contains(0.0))


def test_intervals_of_no_width_and_of_any() -> None:
    assert student_p_value(Interval(0.0, 0.0, 0.0, 0.95, "exact"), 5) == 1.0
    assert student_p_value(Interval(1e-9, 1e-9, 1e-9, 0.95, "exact"), 5) == 0.0
    assert student_p_value(Interval(0.5, -np.inf, np.inf, 0.95, "unknown"), 5) == 1.0


def closed_test(p_values: list[float]) -> list[float]:
    """A hypothesis is refuted where Bonferroni refutes every set of hypotheses that holds it."""
    places = range(len(p_values))
    sets = [chosen for size in range(1, len(p_values) + 1) for chosen in combinations(places, size)]
    bound = {chosen: min(1.0, len(chosen) * min(p_values[n] for n in chosen)) for chosen in sets}
    return [max(bound[chosen] for chosen in sets if place in chosen) for place in places]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_holm_is_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    assert holm(np.array(p_values)).tolist() == pytest.approx(closed_test(p_values))


def test_none_and_one() -> None:
    assert holm(np.array([])).tolist() == []
    assert holm(np.array([0.03])).tolist() == [0.03]


def test_the_error_of_a_family_is_held_and_that_of_its_members_alone_is_not() -> None:
    generator, families = np.random.default_rng(3), 2_000
    p_values = generator.uniform(size=(families, 50))
    together = sum(holm(family).min() < FAMILY_ERROR for family in p_values)
    bounds = binom.ppf([1e-4, 1 - 1e-4], families, 1 - (1 - FAMILY_ERROR / 50) ** 50)
    assert bounds[0] <= together <= bounds[1]
    assert (p_values.min(1) < FAMILY_ERROR).mean() > 0.85


def test_pairs_have_the_p_value_of_their_interval() -> None:
    first, second = np.random.default_rng(0).normal(size=(2, 6))
    expected = student_p_value(paired_difference(first, second), 5)
    assert paired_p_value(first, second) == expected


@pytest.mark.parametrize("count", [2, 3, 9])
def test_pairs_that_all_differ_alike_have_the_p_value_of_their_signs(count: int) -> None:
    """Shares of six operations, say, whose differences are the same but for rounding."""
    second = np.array([0.0, 0.2, 0.4, 0.6, 0.2, 0.0, 0.4, 0.6, 0.2])[:count]
    assert paired_p_value(second + 0.2, second) == 2.0 ** (1 - count)
    assert paired_p_value(second, second) == 1.0
