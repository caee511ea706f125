from functools import partial
from typing import TYPE_CHECKING

import pytest

from benchmarks.stopwatch import Timing, Work, in_turn, repeated

if TYPE_CHECKING:
    from tests.benchmarks.conftest import FakeClock


def test_things_are_timed_in_turn_after_each_was_done_once(clock: "FakeClock") -> None:
    done: list[str] = []
    works = {name: Work(partial(done.append, name)) for name in "ab"}
    in_turn(works, least=2, clock=clock)
    assert "".join(done) == "ab" + "ab" * 2


def test_timing_ends_when_the_least_of_each_was_met_twice(clock: "FakeClock") -> None:
    warm_up = 9.0
    works = {
        "steady": Work(clock.taking(warm_up, 1.0)),
        "noisy": Work(clock.taking(warm_up, 5.0, 3.0, 4.0, 2.0, 2.05)),
    }
    timings = in_turn(works, patience=100, clock=clock)
    assert timings["noisy"].seconds == pytest.approx([5.0, 3.0, 4.0, 2.0, 2.05])
    assert timings["noisy"].best == pytest.approx(2.0)
    assert timings["noisy"].confirmed


def test_timing_ends_when_patience_does_and_says_so(clock: "FakeClock") -> None:
    works = {"noisy": Work(clock.taking(*(16.0 / 2**n for n in range(20))))}
    timing = in_turn(works, least=3, patience=12, clock=clock)["noisy"]
    assert len(timing.seconds) == 3
    assert not timing.confirmed


def test_timing_ends_after_the_most_rounds(clock: "FakeClock") -> None:
    works = {"noisy": Work(clock.taking(*(16.0 / 2**n for n in range(20))))}
    assert len(in_turn(works, most=5, patience=1e9, clock=clock)["noisy"].seconds) == 5


@pytest.mark.parametrize(
    ("seconds", "confirmed"),
    [([1.0], False), ([1.0, 1.04], True), ([1.0, 1.06], False), ([3.0, 1.06, 2.0, 1.04], True)],
)
def test_a_least_time_is_confirmed_by_a_second_near_it(seconds: list[float], confirmed: bool) -> None:
    assert Timing(seconds=seconds, processor=seconds).confirmed is confirmed


@pytest.mark.parametrize(
    ("threads", "processor", "whole"),
    [(1, 0.99, True), (1, 0.5, False), (2, 1.9, True), (2, 1.0, False), (None, 0.0, True)],
)
def test_a_computation_that_lacked_its_processors_is_told(
    threads: int | None, processor: float, whole: bool
) -> None:
    assert Timing(threads, [2.0, 1.0], [4.0, processor]).whole is whole


def test_a_short_action_is_repeated() -> None:
    done: list[int] = []
    repeated(lambda: done.append(1), 7)()
    assert len(done) == 7
