"""Limits of the distance from a law hold as often as they say, and close in on it."""

import numpy as np
import pytest
from scipy import stats

from fluxttice_core.statistics.tally import LawTally, Tally
from fluxttice_core.statistics.total_variation import kind_ratio, total_variation, unevenness


def scaled(weights: np.ndarray) -> np.ndarray:
    return np.asarray(weights / weights.sum())


def beside(law: np.ndarray, counts: np.ndarray, outside: int = 0) -> LawTally:
    return LawTally(law, counts, np.ones(len(law), dtype=np.int64), outside)


MADE = {
    "uniform": (np.full(50, 0.02), 200),
    "halves 3:1": (scaled(np.repeat([1.5, 0.5], 100)), 1_000),
    "one kind": (scaled(np.r_[20.0, np.ones(199)]), 2_000),
    "half never made": (scaled(np.repeat([1.0, 0.0], 300)), 300),
    "Zipf": (scaled(1 / np.arange(1.0, 101)), 5_000),
}


@pytest.mark.parametrize("made", MADE)
def test_limits_hold_as_often_as_they_say(made: str) -> None:
    law, draws = MADE[made]
    size, generator, runs = len(law), np.random.default_rng(1), 60
    uneven, distance = size * float(law @ law), float(np.abs(law - 1 / size).sum() / 2)
    held = np.zeros(2)
    for _ in range(runs):
        tally = Tally.of_counts(generator.multinomial(draws, law))
        one, both = unevenness(tally, size), total_variation(tally, size)
        held += (
            one.lower - 1e-9 <= uneven <= one.upper + 1e-9,
            both.lower - 1e-9 <= distance <= both.upper + 1e-9,
        )
    assert stats.binom(runs, 0.94).cdf(held.min()) > 1e-3


def test_many_draws_close_in_on_a_distance_that_is_spread() -> None:
    law = scaled(np.repeat([1.5, 0.5], 500))
    tally = Tally.of_counts(np.random.default_rng(2).multinomial(1_000_000, law))
    found, uneven = total_variation(tally, 1_000), unevenness(tally, 1_000)
    assert 0.24 < found.lower < 0.25 < found.upper < 0.26
    assert uneven.lower < 1.25 < uneven.upper < uneven.lower + 0.01


def test_the_lower_limit_sees_one_kind_and_the_upper_cannot() -> None:
    tally = Tally.of_counts(
        np.r_[150, np.random.default_rng(1).multinomial(19_850, np.full(19_683, 1 / 19_683))]
    )
    found = total_variation(tally, 19_684)
    assert 0.003 < found.lower < 150 / 20_000 < found.upper


def test_a_stated_law_is_what_distances_are_taken_from() -> None:
    law, made = scaled(1 / np.arange(1.0, 51)), np.full(50, 0.02)
    generator = np.random.default_rng(3)
    own = beside(law, generator.multinomial(50_000, law))
    assert total_variation(own).lower < 0.005
    assert unevenness(own).contains(1)
    other = beside(law, generator.multinomial(50_000, made))
    distance, found = float(np.abs(law - made).sum() / 2), total_variation(other)
    assert found.lower < distance < found.upper
    assert found.lower > distance - 0.03
    assert unevenness(other).contains(float((made**2 / law).sum()))


def test_draws_outside_of_the_law_are_part_of_the_distance() -> None:
    law = np.full(20, 0.05)
    found = total_variation(beside(law, np.full(20, 1_000), outside=5_000))
    assert found.lower < 0.2 < found.upper
    assert found.lower > 0.18


def test_one_draw_leaves_all_open() -> None:
    found, uneven = (
        total_variation(Tally.of_counts(np.array([1])), 9),
        unevenness(Tally.of_counts(np.array([1])), 9),
    )
    assert (found.lower, found.upper) == (0.0, 1.0)
    assert (uneven.lower, uneven.upper) == (1.0, np.inf)
    assert total_variation(Tally.of_counts(np.array([7])), 1).upper == 0


def test_repeats_in_a_vast_space_are_far_from_uniform() -> None:
    tally = Tally.of_counts(np.random.default_rng(0).multinomial(1_000, np.full(500, 1 / 500)))
    assert total_variation(tally, 10**60).lower > 0.5


def test_the_limits_do_not_depend_on_the_moment() -> None:
    tally = Tally.of_counts(np.random.default_rng(0).multinomial(300, np.full(90, 1 / 90)))
    assert total_variation(tally, 90) == total_variation(tally, 90)


def test_ratios_of_kinds_hold_for_all_together() -> None:
    generator, missed = np.random.default_rng(4), 0
    for _ in range(200):
        counts = generator.multinomial(300, np.full(30, 1 / 30))
        ratios = [kind_ratio(int(count), 300, 1 / 30, 30) for count in (counts.max(), counts.min())]
        missed += not all(ratio.contains(1) for ratio in ratios)
    assert missed <= 20
    assert kind_ratio(0, 300, 1 / 30, 30).lower == 0
    assert kind_ratio(60, 300, 1 / 30, 30).estimate == pytest.approx(6)


def test_a_kind_of_very_many_has_open_limits() -> None:
    found = kind_ratio(1, 2, 1e-60, 10**60)
    assert (found.lower, found.upper) == (0, 1e60)
    assert kind_ratio(1, 2, 1e-13, 10**13).upper < 1e13
