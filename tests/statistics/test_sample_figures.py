"""Figures of a curve beyond the sample: their slopes by differences, and the series term by term."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import special, stats

from fluxttice_core.statistics.hill_numbers import unseen_entropy
from fluxttice_core.statistics.sample_figures import SampleFigures, SumOfKinds, _alternating
from fluxttice_core.statistics.sampling_variance import Unseen
from fluxttice_core.statistics.tally import Tally

COUNTS = np.array([12, 9, 4, 4, 3, 2, 2, 2, 1, 1, 1, 1, 1])
N, ONCE, TWICE = int(COUNTS.sum()), 5, 3


def figures(counts: np.ndarray = COUNTS) -> SampleFigures:
    return SampleFigures(Tally.of_counts(counts))


def slope(value: Callable[[float], float], at: float) -> float:
    return (value(at + 1e-3) - value(at - 1e-3)) / 2e-3


@pytest.mark.parametrize("draws", [N, N + 1, 3 * N // 2, 2 * N])
def test_the_mass_not_seen_beyond_the_sample(draws: int) -> None:
    """Chao and Jost's form in F1 and F2, and the alternating series over single kinds."""

    def missing(once: float, twice: float) -> float:
        return once / N * Unseen(N, once, twice).stay ** (draws - N + 1)

    usual, series = figures().missing(draws)
    assert usual.value == pytest.approx(missing(ONCE, TWICE))
    adds = usual.summand(np.array([0.0, 1.0, 2.0, 3.0]))
    due = [0, slope(lambda x: missing(x, TWICE), ONCE), slope(lambda x: missing(ONCE, x), TWICE), 0]
    assert adds == pytest.approx(due)
    more = draws / N - 1
    assert series.value == pytest.approx(float((COUNTS / N * _alternating(COUNTS * 1.0, more)).sum()))
    assert series.summand(np.array([3.0])) == pytest.approx(3 / N * _alternating(np.array([3.0]), more))


@pytest.mark.parametrize("draws", [N + 1, 2 * N])
def test_the_kinds_beyond_the_sample(draws: int) -> None:
    usual, series = figures().kinds(draws)
    more = draws / N - 1
    assert usual.value == pytest.approx(len(COUNTS) + Unseen(N, ONCE, TWICE).shown(draws - N))
    assert series.value == pytest.approx(
        len(COUNTS) + more * float(_alternating(COUNTS * 1.0, more).sum()), rel=1e-9
    )
    of_one = slope(lambda x: Unseen(N, x, TWICE).shown(draws - N), ONCE)
    of_two = slope(lambda x: Unseen(N, ONCE, x).shown(draws - N), TWICE)
    assert usual.summand(np.array([0.0, 1.0, 2.0, 5.0])) == pytest.approx([0, 1 + of_one, 1 + of_two, 1])


def test_where_no_kind_came_twice_the_slope_is_the_step_to_one() -> None:
    counts = np.array([7, 5, 1, 1, 1])
    (usual, *_), n = figures(counts).kinds(20), 15
    assert usual.value == pytest.approx(5 + Unseen(n, 3, 0).shown(5))
    first = slope(lambda x: Unseen(n, x, 0).shown(5), 3)
    second = Unseen(n, 3, 1).shown(5) - Unseen(n, 3, 0).shown(5)
    assert usual.summand(np.array([1.0, 2.0])) == pytest.approx([1 + first, 1 + second])


def test_where_no_kind_came_once_nothing_is_left_to_see() -> None:
    for found in (figures(np.array([4, 2, 2])).missing(12), figures(np.array([4, 2, 2])).missing(8)):
        assert found[0].value == 0
        assert found[0].summand(np.array([1.0, 2.0, 3.0])).tolist() == [0, 0, 0]


def test_entropy_goes_from_the_observed_to_the_estimated() -> None:
    draws = N + 11
    (found,) = figures().entropy(draws)
    observed = float(special.entr(COUNTS / N).sum())
    estimated = float((COUNTS / N * (special.digamma(N) - special.digamma(COUNTS))).sum())
    estimated += unseen_entropy(ONCE, TWICE, N)
    assert found.value == pytest.approx(N / draws * observed + (1 - N / draws) * estimated)
    at_three = N / draws * float(special.entr(3 / N))
    at_three += (1 - N / draws) * 3 / N * float(special.digamma(N) - special.digamma(3))
    assert found.summand(np.array([3.0])) == pytest.approx([at_three])
    assert found.summand(np.array([0.0])) == pytest.approx([0])


@pytest.mark.parametrize("draws", [1, 7, N, 2 * N])
def test_the_squared_shares_of_any_number_of_draws(draws: int) -> None:
    (found,) = figures().concentration(draws)
    pairs = float((COUNTS * (COUNTS - 1)).sum()) / (N * (N - 1))
    assert found.value == pytest.approx(1 / draws + (1 - 1 / draws) * pairs)
    assert found.summand(np.array([4.0])) == pytest.approx([(1 - 1 / draws) * 12 / (N * (N - 1))])
    assert figures(np.array([1])).concentration(2)[0].value == pytest.approx(1 / 2)


@pytest.mark.parametrize("more", [0.25, 1.0])
def test_the_alternating_series_ends_after_nine_terms(more: float) -> None:
    """Smoothed by the chance that a binomial count is as large, as Efron and Thisted have it."""
    times = np.arange(0.0, 12.0)
    tail = stats.binom(9, 1 / (1 + more)).sf
    due = [0.0, *((-more) ** (x - 1) * float(tail(x - 1)) for x in range(1, 12))]
    assert due[10] == due[11] == 0
    assert _alternating(times, more) == pytest.approx(due)


def test_sums_are_added_with_their_summands() -> None:
    one, two = SumOfKinds(2.0, lambda times: times), SumOfKinds(3.0, lambda times: times**2)
    for found, factor in ((one.plus(two), 1.0), (one.plus(two, -0.5), -0.5)):
        assert found.value == 2 + factor * 3
        assert found.summand(np.array([4.0])).tolist() == [4 + factor * 16]


def test_below_the_sample_there_is_one_way_and_beyond_it_two_of_kinds_and_mass() -> None:
    assert [len(figures().kinds(draws)) for draws in (1, N - 1, N, N + 1)] == [1, 1, 1, 2]
    assert [len(figures().missing(draws)) for draws in (1, N - 1, N, N + 1)] == [1, 1, 2, 2]
    assert [len(figures().entropy(draws)) for draws in (1, N, N + 1)] == [1, 1, 1]
    assert figures().entropy(N)[0].value == pytest.approx(float(special.entr(COUNTS / N).sum()))
    assert math.exp(figures().entropy(1)[0].value) == pytest.approx(1)
