"""Coverage: known ceilings, brute force over every sequence of draws, and generators of known reach."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import HalfSupportSampler, QuantileLookup, UniformSampler
from fluxttice_core.metrics.coverage import measured_coverage
from fluxttice_core.metrics.sampling import DecoderSampler
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.statistics.coverage import (
    Coverage,
    ceiling,
    distinct_variance,
    efficiency,
    equivalent_uniform_budget,
    expected_coverage,
    expected_distinct,
)
from tests.refusals import refused

K = 19_683


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


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
    assert distinct_variance(size, draws) == pytest.approx(float(variance), rel=1e-12, abs=1e-100)


@pytest.mark.parametrize("size", [2**40, 2**63])
def test_moments_of_few_draws_from_a_huge_space(size: int) -> None:
    """Repeats are then rare and nearly independent: N^2 / 2K of them, with that variance."""
    draws = 10**6
    repeats = draws * (draws - 1) / 2 / size
    assert expected_distinct(size, draws) == pytest.approx(draws - repeats, rel=1e-12)
    assert distinct_variance(size, draws) == pytest.approx(repeats, rel=1e-5)


def test_moments_of_endless_draws() -> None:
    assert expected_distinct(K, 10**12) == K
    assert distinct_variance(2, 10**12) == 0.0
    assert expected_distinct(2**63, 2**63) == pytest.approx(2**63 * (1 - 1 / math.e), rel=1e-12)


@given(st.integers(1, 2**63), st.integers(0, 2**40))
def test_bounds_of_the_ceiling(size: int, draws: int) -> None:
    expected = expected_distinct(size, draws)
    assert min(draws, 1) <= expected <= min(size, draws) * (1 + 1e-15)
    assert 0 <= distinct_variance(size, draws) <= min(size, draws) ** 2


@given(st.integers(2, 10**6), st.integers(1, 10**5))
def test_the_equivalent_budget_inverts_the_ceiling(size: int, draws: int) -> None:
    share = expected_distinct(size, draws) / size
    if share < 0.999:
        assert equivalent_uniform_budget(share, size) == pytest.approx(draws, rel=1e-9)


def test_ends_of_the_equivalent_budget() -> None:
    assert equivalent_uniform_budget(0, K) == 0
    assert equivalent_uniform_budget(1, K) == math.inf
    assert equivalent_uniform_budget(1, 1) == 1
    assert equivalent_uniform_budget(0.5, 1) == 0


def test_efficiency_is_the_share_of_the_ceiling() -> None:
    assert efficiency(expected_distinct(K, 50_000), K, 50_000) == pytest.approx(1)
    assert efficiency(K, K, 50_000) == pytest.approx(1 / 0.9211594, rel=1e-6)
    assert efficiency(0, K, 1) == 0


@pytest.mark.parametrize(("distinct", "draws"), [(11, 10), (-1, 10), (K + 1, 10**6), (0, 0)])
def test_impossible_counts_have_no_efficiency(distinct: int, draws: int) -> None:
    with refused(MeasurementError, "contradictory", f"{distinct} distinct operations cannot come of"):
        efficiency(distinct, K, draws)


@pytest.mark.parametrize(("size", "draws"), [(0, 1), (5, -1)])
def test_impossible_budgets_are_refused(size: int, draws: int) -> None:
    for moment in (expected_distinct, distinct_variance, ceiling):
        with refused(MeasurementError, "out_of_range", "give at least one operation"):
            moment(size, draws)


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


@pytest.mark.parametrize(
    "sampler",
    [UniformSampler(OperationSpace()), DecoderSampler(QuantileLookup(OperationSpace()))],
    ids=["uniform", "oracle"],
)
def test_perfect_generators_reach_the_ceiling(sampler: UniformSampler | DecoderSampler) -> None:
    results = measured_coverage(sampler, [10_000, 50_000], repeats=6, generator=generator(1))
    for result in results:
        assert abs(result.mean - result.ceiling.expected) < 4.5 * result.ceiling.sd / math.sqrt(6)
        assert 0.2 * result.ceiling.sd < result.sd < 2.5 * result.ceiling.sd


def test_half_the_support_is_half_the_coverage() -> None:
    space = OperationSpace()
    (result,) = measured_coverage(HalfSupportSampler(space), [195_000], repeats=1, generator=generator())
    assert 0.49 < result.fraction <= (K + 1) / 2 / K
    assert result.efficiency < 0.51


def test_budgets_are_nested_and_come_back_in_the_order_asked() -> None:
    results = measured_coverage(
        UniformSampler(OperationSpace()), [500, 100, 500], repeats=4, generator=generator()
    )
    assert [r.draws for r in results] == [500, 100, 500]
    assert results[0] == results[2]
    assert all(
        few < many <= few + 400 for few, many in zip(results[1].distinct, results[0].distinct, strict=True)
    )
    assert len(set(results[0].distinct)) > 1


def test_one_sample_serves_every_budget() -> None:
    space = OperationSpace(2)
    sample = UniformSampler(space).sample(8, generator(3))
    results = measured_coverage(UniformSampler(space), [5, 8], repeats=1, generator=generator(3))
    assert results[1].distinct[0] <= len(set(sample.tolist())) + 8
    assert results[0].distinct[0] <= results[1].distinct[0]


def test_coverage_of_a_space_too_large_to_enumerate() -> None:
    (few, many) = measured_coverage(
        UniformSampler(OperationSpace(2, 4)), [30_000, 60_000], repeats=2, generator=generator()
    )
    (huge,) = measured_coverage(
        UniformSampler(OperationSpace(4, 2)), [100_000], repeats=3, generator=generator()
    )
    assert few.mean < many.mean
    assert abs(huge.mean - huge.ceiling.expected) < 4.5 * huge.ceiling.sd
    assert huge.size == 4**16


class AlienSampler:
    """Claims the small space and gives indices of a larger one."""

    space = OperationSpace(2)

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        return torch.randint(17, 20, (n,), generator=generator)


def test_indices_outside_the_space_are_refused() -> None:
    class Vast(AlienSampler):
        space = OperationSpace(4)

        def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
            return super().sample(n, generator) + 4**16

    for sampler, last in ((AlienSampler(), 15), (Vast(), 4**16 - 1)):
        with refused(MeasurementError, "out_of_range", f"outside 0 to {last}: these samples belong to"):
            measured_coverage(sampler, [10], repeats=1, generator=generator())


@pytest.mark.parametrize(("draws", "repeats"), [([], 1), ([0], 1), ([5], 0)])
def test_coverage_needs_draws_and_repeats(draws: list[int], repeats: int) -> None:
    with refused(MeasurementError, "out_of_range", "at least one repetition"):
        measured_coverage(UniformSampler(OperationSpace(2)), draws, repeats=repeats, generator=generator())


def test_a_space_without_operations_is_refused_everywhere() -> None:
    with pytest.raises(MeasurementError, match="give at least one operation"):
        equivalent_uniform_budget(0.5, 0)


def test_one_draw_shows_one_operation() -> None:
    (one,) = measured_coverage(UniformSampler(OperationSpace()), [1], repeats=1, generator=generator())
    assert one.distinct == (1,)
    assert one.efficiency == pytest.approx(1)


def test_all_of_two_operations_is_worth_infinitely_many_draws_and_all_of_one_is_worth_one() -> None:
    assert equivalent_uniform_budget(1.0, 2) == math.inf
    assert equivalent_uniform_budget(1.0, 1) == 1.0


def test_no_budget_at_all_gives_no_coverage_at_all() -> None:
    assert expected_coverage(np.array([0.5, 0.5]), []).tolist() == []
    assert expected_coverage(np.array([0.5, 0.5]), [0]).tolist() == [0.0]


def test_a_count_that_cannot_be_is_refused_with_what_can() -> None:
    with pytest.raises(MeasurementError) as error:
        efficiency(11, 100, 10)
    assert str(error.value) == (
        "11 distinct operations cannot come of 10 draws from 100: "
        "give a count between 0 and the smaller of the two"
    )
