"""Squared deviations: their moments by listing every outcome, and what they are under a uniform law."""

import math
from itertools import product

import numpy as np
import pytest

from fluxttice_core.statistics.quadratic import Cells, quadratic
from fluxttice_core.statistics.tally import LawTally, Tally
from tests.statistics.partitions import outcomes


def beside(law: np.ndarray, counts: np.ndarray) -> Cells:
    return Cells.of(LawTally(law, counts, np.ones(len(law), dtype=np.int64)))


@pytest.mark.parametrize("law", [[0.5, 0.5], [0.9, 0.1], [0.2, 0.3, 0.5], [0.25, 0.25, 0.25, 0.25]])
@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0, 1.0), (1.0, 5.0, 2.0, 0.3)])
def test_the_moments_are_those_of_every_sequence_of_draws(
    law: list[float], weights: tuple[float, ...]
) -> None:
    q, w, draws = np.array(law), np.array(weights[: len(law)]), 5
    values, chances = [], []
    for sequence in product(range(len(q)), repeat=draws):
        counts = np.bincount(sequence, minlength=len(q))
        values.append(quadratic(beside(q, counts), w).value)
        chances.append(np.prod(q[list(sequence)]))
    found = quadratic(beside(q, counts), w)
    moments = [float(np.dot(chances, np.array(values) ** power)) for power in (1, 2, 3)]
    assert moments == pytest.approx([0, found.variance, found.third], rel=1e-9, abs=1e-12)


def test_its_expectation_is_the_distance_of_any_other_law() -> None:
    q, p, w = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.3, 0.1]), np.array([1.0, 5.0, 2.0])
    total = sum(
        np.prod(p[list(sequence)]) * quadratic(beside(q, np.bincount(sequence, minlength=3)), w).distance
        for sequence in product(range(3), repeat=4)
    )
    assert total == pytest.approx(float(w @ (p - q) ** 2))


def test_under_a_uniform_law_it_counts_equal_pairs_and_is_pearsons() -> None:
    counts, size = np.array([7, 1, 2, 2, 0, 0]), 6
    draws, pairs = 12, 21 + 1 + 1
    one = quadratic(Cells.of(Tally.of_counts(counts), size), np.ones(4))
    assert one.value == pytest.approx(2 * (pairs - draws * (draws - 1) / 2 / size))
    pearson = ((counts - draws / size) ** 2 / (draws / size)).sum()
    assert one.value * size == pytest.approx(draws * (pearson - (size - 1)))


def test_kinds_beyond_the_integers_of_the_machine_are_counted() -> None:
    found = quadratic(Cells.of(Tally.of_counts(np.array([2, 1, 1])), 10**60), np.ones(3))
    assert found.value == pytest.approx(2)
    assert found.unit == 2
    assert found.variance == pytest.approx(2 * 4 * 3 / 1e60)
    assert found.tails().at_least == pytest.approx(6e-60, rel=1e-6)


@pytest.mark.parametrize("size", [10**60, 10**103, 10**162, 10**300])
def test_in_a_space_beyond_counting_moments_are_those_of_pairs(size: int) -> None:
    """Their cubes are too small for a double from 10^103 on, and their squares from 10^154."""
    found = quadratic(Cells.of(Tally.of_counts(np.ones(50, dtype=np.int64)), size), np.ones(2))
    pairs = 50 * 49 / 2 / float(size)
    expected = [4 * pairs, 8 * pairs, 1 / float(size), 4 * pairs]
    figures = [found.variance, found.third, found.mean_weight, found.shape]
    assert figures == pytest.approx(expected, rel=1e-9, abs=0)
    assert found.tails(2.0).at_least == pytest.approx(pairs, rel=1e-9, abs=0)
    assert found.critical(3e-4) == pytest.approx(2)


@pytest.mark.parametrize(("size", "draws", "chance"), [(10**6, 50, 3e-4), (1_000, 100, 0.01), (2, 9, 0.05)])
def test_of_equal_weights_the_critical_value_is_the_first_count_of_pairs_that_is_rare(
    size: int, draws: int, chance: float
) -> None:
    found = quadratic(Cells.of(Tally.of_counts(np.array([draws])), size), np.ones(2))
    pairs = (found.critical(chance) + draws * (draws - 1) / size) / 2
    assert pairs == pytest.approx(round(pairs))
    assert found.tails(found.critical(chance)).at_least <= chance
    assert found.tails(found.critical(chance) - 2).at_least > chance


@pytest.mark.parametrize(("size", "draws"), [(2, 40), (3, 30), (5, 25), (8, 20), (20, 20), (100, 15)])
def test_the_upper_tail_is_that_of_every_outcome(size: int, draws: int) -> None:
    """At most twice too small, which its companions' slack makes good: see test_goodness_of_fit."""
    values, tails, chances = [], [], []
    for tally, chance in outcomes(size, draws):
        found = quadratic(Cells.of(tally, size), np.ones(len(tally.times) + 1))
        values.append(found.value)
        tails.append(found.tails().at_least)
        chances.append(chance)
    value, tail, weight = (np.array(each) for each in (values, tails, chances))
    for significance in (0.02, 4e-4):
        assert weight[tail <= significance].sum() <= 2 * significance
    assert weight.sum() == pytest.approx(1)
    assert value @ weight == pytest.approx(0, abs=1e-9)


def test_where_rare_kinds_make_up_the_moments_no_tail_is_below_cantellis() -> None:
    law = np.r_[1 - 1e-4, np.full(10, 1e-5)]
    found = quadratic(beside(law, np.r_[20, np.zeros(10, dtype=np.int64)]), 1 / law)
    assert found.shape < 1e-3
    for value in (-2.0, -0.1, 0.1, 3.0):
        tails, bound = found.tails(value * math.sqrt(found.variance)), 1 / (1 + value**2)
        assert (tails.at_most if value < 0 else tails.at_least) >= bound
        assert (tails.at_least if value < 0 else tails.at_most) == 1
