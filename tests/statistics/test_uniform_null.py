"""The uniform null: exact where it can be, matched where it cannot, and never exceeded."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics import coverage, uniform_null
from fluxttice_core.statistics.matched_tails import matched_tails
from fluxttice_core.statistics.uniform_moments import expected_share, uniform_moments
from fluxttice_core.statistics.uniform_null import distinct_tails
from tests.refusals import refused


def chances_by_enumeration(size: int, draws: int) -> list[float]:
    """Return the probability of each count of distinct operations by listing every sequence of draws."""
    counts = [0] * (min(size, draws) + 1)
    for sequence in product(range(size), repeat=draws):
        counts[len(set(sequence))] += 1
    return [count / size**draws for count in counts]


@pytest.mark.parametrize(("size", "draws"), [(1, 1), (1, 5), (2, 4), (3, 3), (4, 6), (6, 5), (7, 2)])
def test_small_cases_agree_with_enumeration(size: int, draws: int) -> None:
    chances = chances_by_enumeration(size, draws)
    for distinct in range(len(chances)):
        tails = distinct_tails(distinct, size, draws)
        assert tails.at_most == pytest.approx(sum(chances[: distinct + 1]), abs=1e-12)
        assert tails.at_least == pytest.approx(sum(chances[distinct:]), abs=1e-12)


@pytest.mark.parametrize(
    ("size", "draws"), [(19_683, 1_000), (19_683, 10_000), (5_000, 5_000), (2_000, 8_000), (1_000, 5_000)]
)
def test_matched_tails_agree_with_the_recursion(size: int, draws: int) -> None:
    moments = uniform_moments(size, draws)
    centre, sd = draws - moments.repeated, math.sqrt(moments.variance)
    for score in (-4.5, -3, -1, 0, 1, 3, 4.5):
        distinct = round(centre + score * sd)
        if distinct > min(size, draws):
            continue
        exact = uniform_null._exact_tails(distinct, size, draws)
        rarer_missed = moments.missed <= moments.repeated
        count, mean = (
            (size - distinct, moments.missed) if rarer_missed else (draws - distinct, moments.repeated)
        )
        matched = matched_tails(count, mean, moments.variance, moments.third)
        assert matched.at_most == pytest.approx(exact.at_least, rel=0.02)
        assert matched.at_least == pytest.approx(exact.at_most, rel=0.02)


@given(st.integers(1, 2**63), st.integers(1, 2**40))
def test_agrees_with_the_ceilings_of_the_report(size: int, draws: int) -> None:
    moments = uniform_moments(size, draws)
    assert draws - moments.repeated == pytest.approx(coverage.expected_distinct(size, draws), rel=1e-9)
    assert size - moments.missed == pytest.approx(
        coverage.expected_distinct(size, draws), rel=1e-6, abs=size * 1e-12
    )
    assert expected_share(size, draws) == pytest.approx(
        coverage.expected_distinct(size, draws) / size, rel=1e-9
    )


def test_third_moment_agrees_with_simulation() -> None:
    generator = np.random.default_rng(5)
    missed = np.array([20 - len(set(generator.integers(0, 20, 30).tolist())) for _ in range(20_000)])
    moments = uniform_moments(20, 30)
    assert missed.mean() == pytest.approx(moments.missed, abs=0.05)
    assert missed.var() == pytest.approx(moments.variance, rel=0.05)
    assert np.mean((missed - missed.mean()) ** 3) == pytest.approx(moments.third, abs=0.2)


@given(st.integers(1, 2**63), st.integers(1, 300) | st.integers(4_001, 10**7), st.floats(0, 1.2))
def test_tails_are_probabilities_that_overlap_in_the_count_itself(
    size: int, draws: int, where: float
) -> None:
    distinct = round(where * min(size, draws))
    tails = distinct_tails(distinct, size, draws)
    assert 0 <= tails.at_most <= 1
    assert 0 <= tails.at_least <= 1
    assert tails.at_most + tails.at_least >= 1 - 1e-9


@given(st.integers(2, 30_000), st.integers(4_001, 10**6), st.floats(0.05, 0.95))
def test_tails_are_monotone(size: int, draws: int, where: float) -> None:
    distinct = round(where * min(size, draws))
    here, next_one = distinct_tails(distinct, size, draws), distinct_tails(distinct + 1, size, draws)
    assert next_one.at_most >= here.at_most - 1e-12
    assert next_one.at_least <= here.at_least + 1e-12


def test_many_draws_hardly_miss() -> None:
    assert distinct_tails(19_683, 19_683, 195_000).at_least == pytest.approx(0.37505, abs=1e-4)  # exp(-.98)
    assert distinct_tails(19_676, 19_683, 195_000).at_most == pytest.approx(7.31e-5, rel=0.01)  # Poisson(.98)


TAILS_OF_300 = [distinct_tails(distinct, 300, 1_000) for distinct in range(301)]


def test_significance_is_held_by_simulated_uniform_draws() -> None:
    lower, upper, runs = 0, 0, 1_000
    for seed in range(runs):
        tails = TAILS_OF_300[len(np.unique(np.random.default_rng(seed).integers(0, 300, 1_000)))]
        lower, upper = lower + (tails.at_most < 0.05), upper + (tails.at_least < 0.05)
    assert 0.02 < lower / runs < 0.065
    assert 0.02 < upper / runs < 0.065


def test_no_skewed_generator_exceeds_the_uniform_one() -> None:
    beyond, runs = 0, 500
    for seed in range(runs):
        generator = np.random.default_rng(seed)
        drawn = generator.choice(300, 1_000, p=generator.dirichlet(np.full(300, 20.0)))
        beyond += TAILS_OF_300[len(np.unique(drawn))].at_least < 0.05
    assert beyond / runs < 0.05


def test_ends_of_the_distribution() -> None:
    assert distinct_tails(10_001, 19_683, 10_000).at_least == distinct_tails(0, 19_683, 10_000).at_most == 0
    assert distinct_tails(499, 500, 4_000) == uniform_null._exact_tails(499, 500, 4_000)
    # Chances that round to more than all are all.
    assert distinct_tails(4, 5, 4).at_most == distinct_tails(1, 5, 4).at_least == 1
    tails = distinct_tails(5_000, 5_000, 50_000)
    assert tails.at_most == 1
    assert 0 < tails.at_least < 1
    assert [expected_share(2, 1), expected_share(2, 2)] == pytest.approx([0.5, 0.75])


@pytest.mark.parametrize(("size", "draws"), [(0, 5), (5, 0), (-3, 5)])
def test_empty_spaces_and_no_draws_are_refused(size: int, draws: int) -> None:
    for measure in (expected_share, uniform_moments):
        with refused(MeasurementError, "out_of_range", "at least one of both"):
            measure(size, draws)
    with refused(MeasurementError, "out_of_range"):
        distinct_tails(1, size, draws)


def test_repeats_in_a_vast_space_are_a_poisson_count() -> None:
    r"""A million draws of 10^12 operations repeat one another N(N-1)/2K = 1/2 times on average."""
    draws, chances = 10**6, [math.exp(-0.5) * 0.5**k / math.factorial(k) for k in range(5)]
    for repeats in range(4):
        tails = distinct_tails(draws - repeats, 10**12, draws)
        assert tails.at_least == pytest.approx(sum(chances[: repeats + 1]), rel=1e-5)
        assert tails.at_most == pytest.approx(1 - sum(chances[:repeats]), rel=1e-5)


@pytest.mark.parametrize("size", [10**30, 10**44, 10**60, 20**120, 10**300])
def test_moments_of_repeats_in_any_space_agree_among_themselves(size: int) -> None:
    """Those of a Poisson count, whose terms of K^3 cancel to all digits but as many as there are of K^4."""
    draws = math.isqrt(6 * size)
    moments = uniform_moments(size, draws)
    assert [moments.repeated, moments.variance, moments.third] == pytest.approx([3.0] * 3, rel=1e-9)
    assert distinct_tails(draws - 6, size, draws).at_most == pytest.approx(stats.poisson(3).sf(5), rel=1e-6)
    few = uniform_moments(size, 5_000)
    pairs = 5_000 * 4_999 / 2 / size
    assert [few.repeated, few.variance, few.third] == pytest.approx([pairs] * 3, rel=1e-9, abs=0)
    assert distinct_tails(5_000, size, 5_000).at_least == pytest.approx(1.0)
    assert distinct_tails(4_999, size, 5_000).at_most == pytest.approx(pairs, rel=1e-9, abs=0)


def test_a_count_that_is_nearly_certain_is_matched_by_its_skewness_too() -> None:
    for distinct in range(497, 501):
        exact = uniform_null._exact_tails(distinct, 500, 4_001).at_least
        assert distinct_tails(distinct, 500, 4_001).at_least == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize(
    ("size", "draws", "rare"),
    [(10**15, 35 * 10**15, 10**15 * math.exp(-35)), (2**63, 3 * 10**9, 9e18 / 2**64)],
    ids=["missed", "repeated"],
)
def test_what_is_rare_in_a_vast_space_is_a_poisson_count_to_many_digits(
    size: int, draws: int, rare: float
) -> None:
    for count in range(4):
        tail = distinct_tails(min(size, draws) - count, size, draws).at_least
        expected = math.exp(-rare) * sum(rare**k / math.factorial(k) for k in range(count + 1))
        assert tail == pytest.approx(expected, rel=1e-7)
