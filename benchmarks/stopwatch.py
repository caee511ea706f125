"""Timing of what is compared: in turn, until the least time of each has been met twice."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

Action = Callable[[], object]

AGREEMENT = 0.05
"""So near must the two least times of one thing be, as a share, for the least to count as found."""

WHOLE = 0.85
"""So much of its threads' time must a computation have been given, or other programs computed meanwhile."""


class Clock(Protocol):
    """What tells the time: by the wall, and of the processor as all threads of this process spent it."""

    def wall(self) -> float:
        """Seconds since some moment."""

    def processor(self) -> float:
        """Seconds of processor time."""


class MachineClock:
    """The clock of this machine."""

    wall = staticmethod(time.perf_counter)
    processor = staticmethod(time.process_time)


@dataclass
class Timing:
    """Repeats of one thing.

    Args:
        threads: Threads that compute all the time; none: it also waits, so that nothing follows from its
            processor time.
        seconds: Wall time of each repeat.
        processor: Processor time of each repeat.
    """

    threads: int | None = None
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def best(self) -> float:
        """Least wall time."""
        return min(self.seconds)

    @property
    def confirmed(self) -> bool:
        """Whether the least time was met twice: one alone may be a moment that never comes again."""
        least = sorted(self.seconds)[:2]
        return len(least) == 2 and least[1] <= least[0] * (1 + AGREEMENT)

    @property
    def whole(self) -> bool:
        """Whether the best repeat had its processors to itself."""
        if self.threads is None:
            return True
        place = self.seconds.index(self.best)
        return self.processor[place] >= WHOLE * self.threads * self.seconds[place]

    def add(self, action: Action, clock: Clock) -> None:
        """Time one more repeat."""
        started, spent = clock.wall(), clock.processor()
        action()
        self.seconds.append(clock.wall() - started)
        self.processor.append(clock.processor() - spent)


@dataclass(frozen=True)
class Work:
    """Something to time.

    Args:
        action: Does it once.
        threads: Threads that compute all the while; none: it also waits.
    """

    action: Action
    threads: int | None = None


def in_turn(
    works: Mapping[str, Work],
    *,
    least: int = 3,
    most: int = 12,
    patience: float = 10.0,
    clock: Clock | None = None,
) -> dict[str, Timing]:
    """Time several things in turn, so that a busy moment falls on all of them, until all are confirmed.

    Each is first done once untimed. No round begins after `patience` seconds, once there were enough.
    """
    clock = clock or MachineClock()
    for work in works.values():
        work.action()
    timings = {name: Timing(work.threads) for name, work in works.items()}
    started = clock.wall()
    for done in range(1, most + 1):
        for name, work in works.items():
            timings[name].add(work.action, clock)
        settled = all(timing.confirmed and timing.whole for timing in timings.values())
        if done >= least and (settled or clock.wall() - started > patience):
            break
    return timings


def repeated(action: Action, times: int) -> Action:
    """An action often enough in a row for a clock to tell its time."""

    def repeat() -> None:
        for _ in range(times):
            action()

    return repeat
