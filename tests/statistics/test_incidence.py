"""Kinds in sampling units: closed forms, many units alike to draws, and intervals that hold."""

import math

import numpy as np
import pytest
from scipy import stats

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.incidence import chao2_interval, ice
from fluxttice_core.statistics.richness import ace
from fluxttice_core.statistics.richness_intervals import reachable_interval
from fluxttice_core.statistics.tally import Tally
from tests.refusals import refused

FOUND = np.array([1] * 6 + [2] * 3 + [5] * 4 + [20] * 2)


def test_of_endless_units_it_is_chao1_and_ace() -> None:
    tally = Tally.of_counts(FOUND)
    ours, theirs = chao2_interval(tally, 10**9), reachable_interval(FOUND)
    assert (ours.estimate, ours.lower, ours.upper) == pytest.approx(
        (theirs.estimate, theirs.lower, theirs.upper)
    )
    many = np.repeat(FOUND, 1_000)
    assert ice(Tally.of_counts(many), 10**9) == pytest.approx(ace(many), rel=1e-4)


@pytest.mark.parametrize("chance", [0.06, 0.15])
def test_kinds_of_one_frequency_are_held_and_hit(chance: float) -> None:
    generator = np.random.default_rng(0)
    intervals, estimates = [], []
    for _ in range(300):
        found = generator.binomial(20, chance, size=120)
        tally = Tally.of_counts(found)
        intervals.append(chao2_interval(tally, 20).contains(120))
        estimates.append(ice(tally, 20))
    assert 0.9 <= np.mean(intervals) <= 0.99
    assert np.mean(estimates) == pytest.approx(120, rel=0.1)


@pytest.mark.parametrize("threshold", [4, 5, 19, 20])
def test_ice_by_its_formula(threshold: int) -> None:
    """Kinds of exactly the threshold are infrequent."""
    rare = np.array([times for times in FOUND.tolist() if times <= threshold])
    n, seen, coverage = int(rare.sum()), len(rare), 1 - 6 / int(rare.sum())
    variation = max(seen / coverage * 30 / 29 * int((rare * (rare - 1)).sum()) / n**2 - 1, 0)
    due = len(FOUND) - seen + seen / coverage + 6 / coverage * variation
    assert ice(Tally.of_counts(FOUND), 30, threshold) == pytest.approx(due)
    assert ice(Tally.of_counts(FOUND), 30) == ice(Tally.of_counts(FOUND), 30, 10)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_limits_of_chao2_by_their_formula(level: float) -> None:
    """With more than ten kinds found twice, and two or more once, those of Chao alone."""
    part, once, twice = 29 / 30, 6, 11
    excess = part * once * (once - 1) / (2 * (twice + 1))
    variance = excess + part**2 * once * (2 * once - 1) ** 2 / (4 * (twice + 1) ** 2)
    variance += part**2 * once**2 * twice * (once - 1) ** 2 / (4 * (twice + 1) ** 4)
    factor = math.exp(stats.norm.isf((1 - level) / 2) * math.sqrt(math.log(1 + variance / excess**2)))
    found = chao2_interval(Tally.of_counts(np.array([1] * once + [2] * twice + [5] * 3)), 30, level)
    due = (20 + excess, math.floor(20 + excess / factor), math.ceil(20 + excess * factor))
    assert (found.estimate, found.lower, found.upper) == pytest.approx(due)
    assert (found.level, found.method) == (level, "Chao2, Garwood")


@pytest.mark.parametrize(("kinds", "chance", "units"), [(30, 0.3, 10), (10, 0.5, 4), (20, 0.15, 20)])
def test_few_kinds_of_one_frequency_are_held_too(kinds: int, chance: float, units: int) -> None:
    generator, held = np.random.default_rng(1), []
    for _ in range(300):
        found = Tally.of_counts(generator.binomial(units, chance, size=kinds))
        held.append(chao2_interval(found, units).contains(kinds))
    assert np.mean(held) >= 0.95


def test_one_unit_says_nothing_of_kinds_beyond() -> None:
    found = chao2_interval(Tally.of_counts(np.array([1, 1])), 1)
    assert (found.estimate, found.lower, found.upper) == (2, 2, math.inf)


def test_what_cannot_be_is_refused() -> None:
    tally = Tally.of_counts(FOUND)
    for wrong in (19, 0):
        with refused(
            MeasurementError, "contradictory", f"in up to 20 of {wrong} units", "of all units, and one kind"
        ):
            chao2_interval(tally, wrong)
    with refused(MeasurementError, "undefined", "use Chao2, or sample more"):
        ice(Tally.of_counts(np.array([1, 1, 20])), 30)
    with refused(MeasurementError, "undefined", "use Chao2, or sample more"):
        ice(Tally.of_counts(np.array([1])), 1)
    with refused(MeasurementError, "contradictory", "up to 0 of 1 units", "one kind at least"):
        ice(Tally.of_counts(np.array([0])), 1)
    assert ice(Tally.of_counts(np.array([11, 12])), 30) == 2
