"""Intervals where counts are few: exact limits, and how often they cover what is true."""

import math

import numpy as np
import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.few_counts import (
    FEW,
    poisson_lower,
    poisson_upper,
    reachable_interval,
    unseen_mass_interval,
)
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.richness import chao1_interval, missing_mass_interval


def counts(once: int, twice: int, *more: int) -> np.ndarray:
    return np.array([1] * once + [2] * twice + list(more))


@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_poisson_limits_leave_half_the_rest_beyond_each(count: int) -> None:
    def at_most(most: int, mean: float) -> float:
        return sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(most + 1))

    assert at_most(count, poisson_upper(count, 0.9)) == pytest.approx(0.05)
    assert 1 - at_most(count - 1, poisson_lower(count, 0.9)) == pytest.approx(0.05 if count else 1)


def test_many_counts_leave_the_published_intervals_as_they_are() -> None:
    many = counts(50, FEW + 1, 5, 9)
    assert (unseen_mass_interval(many).lower, unseen_mass_interval(many).upper) == (
        missing_mass_interval(many).lower,
        missing_mass_interval(many).upper,
    )
    chao = chao1_interval(many)
    lower, upper = float(math.floor(chao.lower)), float(math.ceil(chao.upper))
    assert reachable_interval(many) == Interval(chao.estimate, lower, upper, 0.95, "Chao1, Garwood")
    assert unseen_mass_interval(many, 0.8).method == "Esty, Clopper-Pearson"


def test_few_doubletons_widen_both() -> None:
    few = counts(500, FEW)
    upper, lower = poisson_upper(FEW, 0.8), poisson_lower(FEW, 0.8)
    assert unseen_mass_interval(few, 0.8).lower == pytest.approx((500 - 2 * (upper - FEW)) / (500 + 2 * FEW))
    found = reachable_interval(few, 0.8)
    assert found.upper == math.ceil(500 + FEW + 500 * 499 / 2 / lower)
    assert found.lower == math.floor(500 * 499 / 2 / upper)
    assert (found.level, unseen_mass_interval(few, 0.8).level) == (0.8, 0.8)


@pytest.mark.parametrize(
    ("drawn", "lower", "upper"),
    [
        ([1], 1, math.inf),
        ([1] * 30, 30 * 29 / 2 / 3.68888, math.inf),
        ([1, 1, 40], 3, math.inf),
        ([40], 1, 1 + 3.68888 * 2.68888 / 2),
        ([2, 40], 2, 2 + 3.68888 * 2.68888 / 4),
        ([1, 40], 2, 2 + 5.57164 * 4.57164 / 2),
    ],
)
def test_what_is_reachable_of_degenerate_samples(drawn: list[int], lower: float, upper: float) -> None:
    found = reachable_interval(np.array(drawn))
    assert found.lower == math.floor(lower)
    assert found.upper == (upper if math.isinf(upper) else math.ceil(upper))


@pytest.mark.parametrize(
    ("drawn", "lower", "upper"),
    [([1], 0, 1), ([1] * 30, 1 - 2 * 3.68888 / 30, 1), ([5_000], 0, 1 - 0.025 ** (1 / 5_000))],
)
def test_what_mass_is_unseen_of_degenerate_samples(drawn: list[int], lower: float, upper: float) -> None:
    found = unseen_mass_interval(np.array(drawn))
    assert (found.lower, found.upper) == pytest.approx((lower, upper), rel=1e-5)


@pytest.mark.parametrize("interval", [unseen_mass_interval, reachable_interval])
def test_empty_samples_are_refused(interval: object) -> None:
    with pytest.raises(MeasurementError, match="an empty sample"):
        interval(np.array([0]))  # type: ignore[operator]


@pytest.mark.parametrize(("kinds", "draws"), [(500, 10), (500, 30), (500, 100), (500, 1_000), (2_000, 30)])
def test_limits_cover_the_truth_where_the_published_ones_do_not(kinds: int, draws: int) -> None:
    generator, even = np.random.default_rng(0), np.full(kinds, 1 / kinds)
    mass = reach = published = 0
    for _ in range(400):
        drawn = generator.multinomial(draws, even)
        unseen = float(even[drawn == 0].sum())
        mass += unseen_mass_interval(drawn).contains(unseen)
        reach += reachable_interval(drawn).contains(kinds)
        published += missing_mass_interval(drawn).contains(unseen)
    assert mass / 400 > 0.93
    assert reach / 400 > 0.93
    assert published / 400 < 0.7 or draws > 50  # the control: Esty's interval alone
