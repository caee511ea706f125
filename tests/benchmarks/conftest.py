from collections.abc import Callable, Iterator

import pytest

from benchmarks.stopwatch import Clock


class FakeClock:
    """Tells the time that actions say they took; no test waits for any."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now = self.spent = 0.0
        self.tick = tick

    def wall(self) -> float:
        self.now += self.tick
        return self.now

    def processor(self) -> float:
        return self.spent

    def pass_by(self, seconds: float, processor: float | None = None) -> None:
        self.now += seconds
        self.spent += seconds if processor is None else processor

    def taking(self, *seconds: float, given: float = 1.0) -> Callable[[], None]:
        """An action that takes so long each time, the last time over and over, given so many processors."""
        times = _then_forever(seconds)

        def act() -> None:
            taken = next(times)
            self.pass_by(taken, given * taken)

        return act


def _then_forever(seconds: tuple[float, ...]) -> Iterator[float]:
    yield from seconds
    while True:
        yield seconds[-1]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def is_clock(clock: FakeClock) -> Clock:
    """For the type checker: what stands in for a clock is one."""
    return clock
