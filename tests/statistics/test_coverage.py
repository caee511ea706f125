"""Coverage: known ceilings, brute force over every sequence of draws, and simulation."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.coverage import (
    Coverage,
    ceiling,
    efficiency,
    equivalent_law_budget,
    equivalent_uniform_budget,
    expected_coverage,
    expected_distinct,
    law_ceiling,
)
from tests.refusals import refused

K = 19_683


@pytest.mark.parametrize(
    ("draws", "percent", "sd"),
    [
        (10_000, 39.834, 33.1),
        (19_683, 63.213, 43.7),
        (50_000, 92.116, 33.4),
        (100_000, 99.378, 10.8),
        (195_000, 99.995, 1.0),
    ],
)
def test_known_ceilings(draws: int, percent: float, sd: float) -> None:
    """Percentages to three decimals and deviations to one, worked out from the closed forms."""
    best = ceiling(K, draws)
    assert round(100 * best.fraction, 3) == percent
    assert round(best.sd, 1) == sd
    assert (best.size, best.draws) == (K, draws)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("draws", [0, 1, 2, 3, 5])
def test_moments_by_enumeration_of_every_sequence(size: int, draws: int) -> None:
    counts = [len(set(sequence)) for sequence in product(range(size), repeat=draws)]
    mean = Fraction(sum(counts), len(counts))
    variance = Fraction(sum(c * c for c in counts), len(counts)) - mean**2
    assert expected_distinct(size, draws) == pytest.approx(float(mean), rel=1e-14)
    assert ceiling(size, draws).sd ** 2 == pytest.approx(float(variance), rel=1e-12, abs=1e-100)


@pytest.mark.parametrize("size", [2**40, 2**63])
def test_moments_of_few_draws_from_a_huge_space(size: int) -> None:
    """Repeats are then rare and nearly independent: N^2 / 2K of them, with that variance."""
    draws = 10**6
    repeats = draws * (draws - 1) / 2 / size
    assert expected_distinct(size, draws) == pytest.approx(draws - repeats, rel=1e-12)
    assert ceiling(size, draws).sd ** 2 == pytest.approx(repeats, rel=1e-5)


def test_moments_of_endless_draws() -> None:
    assert expected_distinct(K, 10**12) == K
    assert ceiling(2, 10**12).sd == 0.0
    assert expected_distinct(2**63, 2**63) == pytest.approx(2**63 * (1 - 1 / math.e), rel=1e-12)


@given(st.integers(1, 2**63), st.integers(0, 2**40))
def test_bounds_of_the_ceiling(size: int, draws: int) -> None:
    expected = expected_distinct(size, draws)
    assert min(draws, 1) <= expected <= min(size, draws) * (1 + 1e-15)
    assert 0 <= ceiling(size, draws).sd <= min(size, draws)


@given(st.integers(2, 10**6), st.integers(1, 10**5))
def test_the_equivalent_budget_inverts_the_ceiling(size: int, draws: int) -> None:
    share = expected_distinct(size, draws) / size
    if share < 0.999:
        assert equivalent_uniform_budget(share, size) == pytest.approx(draws, rel=1e-9)


@pytest.mark.parametrize(
    ("share", "size", "budget"), [(0, K, 0), (1, K, math.inf), (1, 2, math.inf), (1, 1, 1), (0.5, 1, 0)]
)
def test_ends_of_the_equivalent_budget(share: float, size: int, budget: float) -> None:
    assert equivalent_uniform_budget(share, size) == budget


def test_efficiency_is_the_share_of_the_ceiling() -> None:
    assert efficiency(expected_distinct(K, 50_000), K, 50_000) == pytest.approx(1)
    assert efficiency(K, K, 50_000) == pytest.approx(1 / 0.9211594, rel=1e-6)
    assert [efficiency(0, K, 1), efficiency(1, K, 1)] == pytest.approx([0, 1])


@pytest.mark.parametrize(("distinct", "draws"), [(11, 10), (-1, 10), (K + 1, 10**6), (0, 0)])
def test_impossible_counts_have_no_efficiency(distinct: int, draws: int) -> None:
    sentence = (
        f"{distinct} distinct operations cannot come of {draws:,} draws from 19,683: give a count between 0"
    )
    with refused(MeasurementError, "contradictory", sentence):
        efficiency(distinct, K, draws)


@pytest.mark.parametrize(("size", "draws"), [(0, 1), (5, -1)])
def test_impossible_budgets_are_refused(size: int, draws: int) -> None:
    for moment in (expected_distinct, ceiling):
        with refused(MeasurementError, "out_of_range", "give at least one operation"):
            moment(size, draws)
    with refused(MeasurementError, "out_of_range", "give at least one operation"):
        equivalent_uniform_budget(0.5, 0)


@pytest.mark.parametrize("share", [-0.01, 1.01, math.nan])
def test_impossible_shares_have_no_equivalent(share: float) -> None:
    with refused(MeasurementError, "out_of_range", "no share of a space"):
        equivalent_uniform_budget(share, K)


def test_expected_coverage_of_the_uniform_distribution_is_the_ceiling() -> None:
    budgets = [0, 1, 10, 1000]
    expected = [expected_distinct(100, n) / 100 for n in budgets]
    assert expected_coverage(np.full(100, 0.01), budgets) == pytest.approx(expected, rel=1e-12)


def test_expected_coverage_of_a_skewed_distribution_agrees_with_simulation() -> None:
    p = np.random.default_rng(0).dirichlet(np.full(200, 0.3))
    budgets = [50, 200, 1000]
    expected = expected_coverage(p, budgets)
    for seed in range(3):
        simulated = np.random.default_rng(seed).multinomial(budgets, p, size=(2000, 3))
        seen = (simulated > 0).mean(-1)
        error = seen.std(0) / math.sqrt(len(seen))
        assert (np.abs(seen.mean(0) - expected) < 4.5 * error).all()
        assert (np.abs(seen.mean(0) - expected_coverage(np.full(200, 0.005), budgets)) > 20 * error).all()


def test_expected_coverage_with_certain_and_impossible_operations() -> None:
    assert expected_coverage(np.array([1.0, 0.0]), [0, 1, 5]).tolist() == [0.0, 0.5, 0.5]
    assert expected_coverage(np.array([0.5, 0.5]), []).tolist() == []


@pytest.mark.parametrize(
    ("p", "budgets"),
    [([1.1, -0.1], [1]), ([0.5, 0.5], [-1]), ([], [1]), ([math.nan], [1]), ([0.0, 1.5], [1])],
)
def test_expected_coverage_refuses_what_is_no_distribution(p: list[float], budgets: list[int]) -> None:
    with refused(MeasurementError, "out_of_range", "probabilities from 0 to 1"):
        expected_coverage(np.array(p, dtype=np.float64), budgets)


def test_a_result_describes_its_repetitions() -> None:
    result = Coverage(100, 50, (40, 44, 36))
    assert result.mean == 40
    assert result.sd == 4
    assert result.fraction == 0.4
    assert result.ceiling == ceiling(100, 50)
    assert result.efficiency == pytest.approx(40 / expected_distinct(100, 50))
    assert result.equivalent_uniform_budget == pytest.approx(math.log(0.6) / math.log(0.99))
    assert math.isnan(Coverage(100, 50, (40,)).sd)


LAWS = {
    "one": [1.0],
    "two": [0.9, 0.1],
    "half and half": [0.5, 0.5],
    "four": [0.5, 0.25, 0.125, 0.125],
    "all but one rare": [0.97, 0.01, 0.01, 0.01],
}


@pytest.mark.parametrize("draws", [0, 1, 2, 3, 6])
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_moments_of_a_law_by_enumeration_of_every_sequence(law: list[float], draws: int) -> None:
    chances = [math.prod(law[x] for x in s) for s in product(range(len(law)), repeat=draws)]
    counts = [len(set(s)) for s in product(range(len(law)), repeat=draws)]
    mean = math.fsum(p * c for p, c in zip(chances, counts, strict=True))
    variance = math.fsum(p * (c - mean) ** 2 for p, c in zip(chances, counts, strict=True))
    best = law_ceiling(np.array(law), draws)
    assert best.expected == pytest.approx(mean, rel=1e-12)
    assert best.sd**2 == pytest.approx(variance, rel=1e-9, abs=1e-14)
    assert (best.size, best.draws) == (len(law), draws)


@pytest.mark.parametrize("draws", [2, 10_000, 195_000, 10_000_000])
def test_the_law_of_all_alike_is_the_uniform_one(draws: int) -> None:
    best, due = law_ceiling(np.full(K, 1 / K), draws), ceiling(K, draws)
    assert best.expected == pytest.approx(due.expected, rel=1e-12)
    assert best.sd == pytest.approx(due.sd, rel=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.5, 5.0]), st.integers(1, 5_000))
def test_the_variance_of_a_law_is_that_of_all_pairs(seed: int, concentration: float, draws: int) -> None:
    q = np.random.default_rng(seed).dirichlet(np.full(60, concentration)) + 1e-9
    q /= q.sum()
    missed = (1 - q) ** draws
    pairs = np.maximum(1 - q[:, None] - q, 0) ** draws - np.outer(missed, missed)
    np.fill_diagonal(pairs, missed * (1 - missed))
    assert law_ceiling(q, draws).sd ** 2 == pytest.approx(float(pairs.sum()), rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("draws", [1, 7, 500])
def test_elements_that_are_alike_may_be_counted_instead_of_listed(draws: int) -> None:
    values, counts = np.array([0.01, 0.02, 0.15, 0.5]), np.array([10, 5, 2, 0]) + np.array([0, 0, 0, 1])
    values[-1] = 1 - float(values[:-1] @ counts[:-1])
    listed, counted = law_ceiling(np.repeat(values, counts), draws), law_ceiling(values, draws, counts)
    assert (counted.size, counted.draws) == (listed.size, listed.draws) == (18, draws)
    assert counted.expected == pytest.approx(listed.expected, rel=1e-12)
    assert counted.sd == pytest.approx(listed.sd, rel=1e-6)
    reached = 0.9 * counted.expected
    assert equivalent_law_budget(reached, values, counts) == pytest.approx(
        equivalent_law_budget(reached, np.repeat(values, counts)), rel=1e-9
    )


def test_draws_of_a_law_scatter_as_its_ceiling_says() -> None:
    q = np.random.default_rng(4).dirichlet(np.full(50, 0.5))
    counts = (np.random.default_rng(5).multinomial(80, q, 20_000) > 0).sum(1)
    best = law_ceiling(q, 80)
    assert counts.mean() == pytest.approx(best.expected, abs=5 * best.sd / math.sqrt(20_000))
    assert counts.std() == pytest.approx(best.sd, rel=0.03)
    uniform = ceiling(50, 80)
    assert best.expected < uniform.expected - 100 * best.sd / math.sqrt(20_000)


@given(st.integers(0, 2**32 - 1), st.integers(1, 10_000))
def test_equivalent_draws_of_a_law_lead_back(seed: int, draws: int) -> None:
    q = np.random.default_rng(seed).dirichlet(np.full(200, 1.0))
    expected = law_ceiling(q, draws).expected
    if expected < 199.9999:
        assert equivalent_law_budget(expected, q) == pytest.approx(draws, rel=1e-6)


def test_the_ends_of_equivalent_draws() -> None:
    q = np.array([0.75, 0.25])
    assert equivalent_law_budget(0, q) == pytest.approx(0, abs=1e-6)
    assert equivalent_law_budget(2, q) == math.inf
    assert equivalent_law_budget(1, np.array([1.0])) == 1
    assert equivalent_law_budget(50, np.full(100, 0.01)) == pytest.approx(
        equivalent_uniform_budget(0.5, 100), rel=1e-9
    )


@pytest.mark.parametrize("law", [[0.5, 0.4], [1.5, -0.5], [1.0, 0.0], []])
def test_no_ceiling_of_what_is_no_law(law: list[float]) -> None:
    with refused(MeasurementError, "out_of_range", "a ceiling needs probabilities above 0"):
        law_ceiling(np.array(law), 3)
    with refused(MeasurementError, "out_of_range", "a ceiling needs probabilities above 0"):
        law_ceiling(np.array([1.0]), -1)


@pytest.mark.parametrize("distinct", [-1, 3])
def test_what_cannot_have_been_seen_has_no_equivalent(distinct: int) -> None:
    with refused(MeasurementError, "out_of_range", "give a number from 0 to 2"):
        equivalent_law_budget(distinct, np.array([0.5, 0.5]))
