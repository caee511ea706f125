"""The size that uniqueness implies."""

import math

import numpy as np
import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.coverage import expected_distinct
from fluxttice_core.statistics.equal_size import equally_likely_size
from fluxttice_core.statistics.uniform_null import distinct_tails
from tests.refusals import refused


@pytest.mark.parametrize(
    ("size", "draws"), [(30, 40), (1_000, 300), (365, 23), (10**5, 5_000), (10**12, 10**7)]
)
def test_the_estimate_is_the_size_whose_expectation_was_seen(size: int, draws: int) -> None:
    seen = round(expected_distinct(size, draws))
    found = equally_likely_size((seen, seen), draws)
    assert expected_distinct(round(found.estimate), draws) == pytest.approx(seen, abs=0.5)
    assert found.contains(size)


@pytest.mark.parametrize(("distinct", "draws"), [(12, 13), (35, 60), (22, 23), (250, 300)])
def test_limits_are_the_sizes_whose_tails_are_rare(distinct: int, draws: int) -> None:
    found = equally_likely_size((distinct, distinct), draws)
    assert found.lower > distinct
    assert distinct_tails(distinct, math.floor(found.lower), draws).at_least <= 0.0255
    assert distinct_tails(distinct, math.floor(found.lower) + 1, draws).at_least >= 0.0245
    assert distinct_tails(distinct, math.ceil(found.upper), draws).at_most <= 0.0255
    assert distinct_tails(distinct, math.ceil(found.upper) - 1, draws).at_most >= 0.0245


@pytest.mark.parametrize(("size", "draws"), [(50, 60), (400, 100)])
def test_intervals_hold_the_size_as_often_as_they_say(size: int, draws: int) -> None:
    generator = np.random.default_rng(0)
    seen = [len(np.unique(generator.integers(0, size, draws))) for _ in range(1_000)]
    held = {distinct: equally_likely_size((distinct, distinct), draws).contains(size) for distinct in {*seen}}
    assert 0.935 <= np.mean([held[distinct] for distinct in seen]) <= 0.99


def test_ends_have_open_limits() -> None:
    assert str(equally_likely_size((2, 2), 2)) == "inf [2, inf]"
    assert str(equally_likely_size((1, 1), 1)) == "1 [1, inf]"
    assert str(equally_likely_size((1, 1), 10)) == "1 [1, 2]"


@pytest.mark.parametrize("distinct", [(0, 0), (5, 4), (9, 11)])
def test_what_cannot_be_seen_is_refused(distinct: tuple[int, int]) -> None:
    with refused(MeasurementError, "contradictory", "cannot come of 10 draws"):
        equally_likely_size(distinct, 10)


def test_an_upper_limit_of_once_in_ten_million_runs_is_none() -> None:
    """One repeat among 100 draws: no size has so many that it is rarer than once in 10^6 runs."""
    assert equally_likely_size((99, 99), 100, level=0.999).upper < 1e8
    assert equally_likely_size((99, 99), 100, level=1 - 1e-8).upper == math.inf
    assert equally_likely_size((1, 2), 2, level=1 - 1e-8).upper == math.inf


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_a_range_of_counts_has_the_limits_of_its_ends(level: float) -> None:
    found = equally_likely_size((30, 40), 60, level)
    assert found.lower == equally_likely_size((30, 30), 60, level).lower
    assert found.upper == equally_likely_size((40, 40), 60, level).upper
    assert expected_distinct(round(found.estimate), 60) == pytest.approx(35, abs=0.5)
    assert (found.level, found.method) == (level, "uniform null, inverted")


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_level_is_between_0_and_1(level: float) -> None:
    with refused(MeasurementError, "out_of_range", "level"):
        equally_likely_size((3, 3), 4, level)
