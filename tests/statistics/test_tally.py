"""Counts of counts: what they say of the sample that they were made of, and what they refuse."""

import numpy as np
import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.tally import MOST_DRAWS, LawTally, Tally, nonempty
from tests.refusals import refused


def test_a_tally_is_the_sample_without_names() -> None:
    tally = Tally.of_counts(np.array([3, 0, 1, 1, 2, 3]))
    assert (tally.times.tolist(), tally.kinds.tolist()) == ([1, 2, 3], [2, 1, 2])
    assert (tally.draws, tally.distinct, tally.once, tally.twice) == (10, 5, 2, 1)
    assert tally.counts().tolist() == [1, 1, 2, 3, 3]
    assert Tally.of_counts(np.array([0, 0])).draws == 0


def test_counts_and_their_tally_are_one() -> None:
    tally = Tally.of_counts(np.array([3, 1]))
    found = nonempty(np.array([0, 3, 0, 1]))
    assert (found.times.tolist(), found.kinds.tolist()) == (tally.times.tolist(), tally.kinds.tolist())
    assert nonempty(tally) is tally


@pytest.mark.parametrize("counts", [[], [0, 0]])
def test_empty_samples_are_refused(counts: list[int]) -> None:
    for empty in (np.array(counts, dtype=np.int64), Tally.of_counts(np.array(counts, dtype=np.int64))):
        with refused(MeasurementError, "too_few", "draw at least once"):
            nonempty(empty)


@pytest.mark.parametrize(
    ("times", "kinds"), [([0, 1], [1, 1]), ([1, 1], [1, 1]), ([2, 1], [1, 1]), ([1], [0])]
)
def test_what_is_no_tally_is_refused(times: list[int], kinds: list[int]) -> None:
    with refused(MeasurementError, "out_of_range", "all at least 1"):
        Tally(np.array(times), np.array(kinds))


def test_negative_counts_are_refused() -> None:
    with refused(MeasurementError, "out_of_range", "drawn -2 times"):
        Tally.of_counts(np.array([1, -2]))


def test_a_law_stands_beside_the_draws_and_what_lies_outside() -> None:
    tally = LawTally(np.array([0.5, 0.25]), np.array([3, 0]), np.array([1, 2]), outside=4)
    assert (tally.draws, tally.distinct, tally.size) == (7, 1, 3)


@pytest.mark.parametrize(
    ("probability", "times", "kinds", "outside", "words"),
    [
        ([0.5, 0.4], [1, 1], [1, 1], 0, "add to 1"),
        ([1.0, 0.0], [1, 1], [1, 1], 0, "above 0"),
        ([0.5, 0.5], [-1, 1], [1, 1], 0, "at least 0"),
        ([0.5, 0.5], [1, 1], [1, 1], -1, "at least 0"),
        ([1.0, 0.5], [1, 1], [1, 0], 0, "kinds at least 1"),
    ],
)
def test_what_is_no_law_is_refused(
    probability: list[float], times: list[int], kinds: list[int], outside: int, words: str
) -> None:
    with refused(MeasurementError, "out_of_range", words):
        LawTally(np.array(probability), np.array(times), np.array(kinds), outside)


def test_a_tally_holds_as_many_draws_as_whole_numbers_count() -> None:
    most = Tally(np.array([1, 2**62]), np.array([2**62 - 1, 1]))
    assert most.draws == MOST_DRAWS
    with refused(MeasurementError, "out_of_range", "holds more draws than 2^63 - 1"):
        Tally(np.array([1, 2**62]), np.array([2**62, 1]))
    with refused(MeasurementError, "out_of_range", "holds more draws than 2^63 - 1"):
        Tally(np.array([2**62]), np.array([4]))  # whose product wraps to 0
