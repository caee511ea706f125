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
