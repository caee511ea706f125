"""Hill numbers, observed and estimated, against scikit-bio, iNEXT and direct summation."""

import math
from itertools import pairwise

import numpy as np
import pytest
import skbio.diversity.alpha as skbio
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.counts import counts_of
from fluxttice_core.statistics.hill_numbers import (
    _series_tail,
    estimated_hill_number,
    hill_number,
    unseen_entropy,
)
from fluxttice_core.statistics.richness import chao1
from tests.refusals import refused

GIRDLED = np.array([46, 22, 17, 15, 15, 9, 8, 6, 6, 4, 2, 2, 2, 2] + [1] * 12)
LOGGED = np.array([88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4] + [3] * 4 + [2] * 4 + [1] * 14)
"""Spiders in two forests (Sackett et al. 2011), the example data of the R package iNEXT."""

count_vectors = st.lists(st.integers(0, 3) | st.integers(0, 40), min_size=1, max_size=40).filter(any)


@given(count_vectors, st.sampled_from([0, 0.5, 1, 2, 3]))
def test_observed_equal_scikit_bio(counts: list[int], order: float) -> None:
    drawn = np.array([count for count in counts if count])  # scikit-bio counts zeros as kinds at order 0
    assert hill_number(drawn, order) == pytest.approx(skbio.hill(drawn, order), rel=1e-9)
    assert hill_number(np.array(counts), order) == hill_number(drawn, order)


@given(count_vectors.filter(lambda counts: max(counts) > 1))
def test_order_two_estimated_equals_scikit_bio(counts: list[int]) -> None:
    drawn = np.array(counts)
    assert estimated_hill_number(drawn, 2) == pytest.approx(skbio.inv_simpson(drawn, finite=True), rel=1e-9)


@pytest.mark.parametrize(
    ("counts", "shannon", "shannon_estimated", "simpson", "simpson_estimated"),
    [(GIRDLED, 12.060, 13.826, 7.840, 8.175), (LOGGED, 14.421, 16.337, 6.761, 6.920)],
)
def test_spiders_as_inext_measures_them(
    counts: np.ndarray, shannon: float, shannon_estimated: float, simpson: float, simpson_estimated: float
) -> None:
    # iNEXT's vignette, asymptotic diversity estimates, 3 decimals.
    found = [function(counts, order) for order in (1, 2) for function in (hill_number, estimated_hill_number)]
    assert found == pytest.approx([shannon, shannon_estimated, simpson, simpson_estimated], abs=5e-4)


def entropy_by_summation(counts: np.ndarray) -> float:
    """Return the estimate of Chao, Wang and Jost term by term, for small samples."""
    n, once, twice = int(counts.sum()), int(np.sum(counts == 1)), int(np.sum(counts == 2))
    total = sum(x / n * sum(1 / k for k in range(x, n)) for x in map(int, counts) if x)
    if once and n > 1:
        once_corrected, twice = (once, twice) if twice else (once - 1, 1)
        repeat = 2 * twice / ((n - 1) * once_corrected + 2 * twice)
        tail = sum((1 - repeat) ** r / r for r in range(n, n + 20_000))
        total += once / n * tail * (1 - repeat) ** (1 - n) if repeat < 1 else 0.0
    return total


@pytest.mark.parametrize(
    "counts", [[1], [7], [1, 1], [1, 1, 1], [2, 3, 4], [1, 5, 9], [1, 1, 4], [9, 2, 1, 1]]
)
def test_order_one_agrees_with_summation(counts: list[int]) -> None:
    drawn = np.array(counts)
    assert math.log(estimated_hill_number(drawn, 1)) == pytest.approx(entropy_by_summation(drawn), abs=1e-8)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scaled", [1e-18, 1e-9, 1e-3, 1.0, 50.0])
def test_what_is_owed_to_kinds_not_seen_is_an_exponential_integral_where_draws_are_many(
    scaled: float,
) -> None:
    r"""$e^{nA}E_1(nA)$ while nA is far below the draws, however narrow the peak of the integrand is."""
    draws = 10**12
    expected = float(np.exp(scaled) * special.exp1(scaled))
    assert _series_tail(scaled / draws, draws) == pytest.approx(expected, rel=1e-9)


@pytest.mark.filterwarnings("error")
def test_a_slope_in_a_single_singleton_ends_where_there_are_none() -> None:
    assert unseen_entropy(0.999, 0.0, 10_000) == unseen_entropy(0, 0, 10_000) == 0
    assert unseen_entropy(1, 0, 10_000) == 0
    assert unseen_entropy(1.001, 0.0, 10_000) > 0


def test_squares_of_large_counts_do_not_wrap() -> None:
    counts = np.array([4_000_000_000, 4_000_000_000])
    draws = 8_000_000_000
    expected = draws * (draws - 1) / (2 * 4_000_000_000 * 3_999_999_999)
    assert estimated_hill_number(counts, 2) == pytest.approx(expected)


def test_order_zero_estimated_is_chao1() -> None:
    assert estimated_hill_number(GIRDLED, 0) == chao1(GIRDLED)


@given(count_vectors)
def test_orders_fall_and_one_kind_is_one(counts: list[int]) -> None:
    drawn = np.array(counts)
    numbers = [hill_number(drawn, order) for order in (0, 0.5, 1, 2, 3)]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(numbers))
    assert numbers[-1] >= 1 - 1e-9


def test_even_sample_has_as_many_effective_kinds_as_kinds() -> None:
    assert [hill_number(np.full(9, 5), order) for order in (0, 1, 2, 7)] == pytest.approx([9] * 4)


def test_estimates_come_nearer_to_the_generator_than_what_is_observed() -> None:
    weights = np.arange(1, 401, dtype=np.float64)
    weights /= weights.sum()
    truths = {1: math.exp(-np.sum(weights * np.log(weights))), 2: 1 / float(np.sum(weights**2))}
    samples = [counts_of(np.random.default_rng(seed).choice(400, 600, p=weights)) for seed in range(20)]
    for order, truth in truths.items():
        estimated = np.mean([estimated_hill_number(counts, order) for counts in samples])
        observed = np.mean([hill_number(counts, order) for counts in samples])
        assert abs(estimated - truth) < abs(observed - truth) / 3


def test_large_samples_are_quick_and_finite() -> None:
    counts = np.array([1, 2] * 500_000)
    assert estimated_hill_number(counts, 1) > 1_000_000


@pytest.mark.parametrize("order", [-1, math.nan, math.inf])
def test_impossible_orders_are_refused(order: float) -> None:
    with refused(MeasurementError, "out_of_range", "at least 0 and finite"):
        hill_number(GIRDLED, order)


def test_orders_without_estimator_are_refused() -> None:
    with refused(MeasurementError, "unsupported", "orders 0, 1 and 2, not 3"):
        estimated_hill_number(GIRDLED, 3)


@pytest.mark.parametrize("counts", [[], [0]])
def test_empty_samples_are_refused(counts: list[int]) -> None:
    for of_order in (hill_number, estimated_hill_number):
        with refused(MeasurementError, "too_few"):
            of_order(np.array(counts, dtype=np.int64), 1)


def test_order_two_is_undefined_where_no_kind_came_twice() -> None:
    with refused(MeasurementError, "undefined", "where no kind was drawn twice"):
        estimated_hill_number(np.array([1, 1, 1]), 2)
    assert estimated_hill_number(np.array([2, 1, 1]), 2) == 6
