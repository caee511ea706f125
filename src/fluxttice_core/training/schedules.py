"""Schedules: numbers that change over the epochs of a run, as validated data."""

import math
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Moment = Annotated[float, Field(allow_inf_nan=False, ge=0, le=1e6)]


class _Kind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Constant(_Kind):
    """The same value throughout."""

    kind: Literal["constant"] = "constant"
    value: Number

    def at(self, epoch: float, *, balanced: bool = True) -> float:  # noqa: ARG002 - the common signature
        """The value at an epoch."""
        return self.value

    def range(self) -> tuple[float, float]:
        """The least and the largest value that it can take."""
        return self.value, self.value


class _Points(_Kind):
    points: Annotated[tuple[tuple[Moment, Number], ...], Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _rising(self) -> "_Points":
        moments = [moment for moment, _ in self.points]
        if moments != sorted(set(moments)):
            raise ValueError("the epochs of the points must rise from one to the next")
        return self

    def range(self) -> tuple[float, float]:
        """The least and the largest value that it can take."""
        levels = [level for _, level in self.points]
        return min(levels), max(levels)


class Steps(_Points):
    """Each value holds from its epoch until the next one's."""

    kind: Literal["steps"] = "steps"

    def at(self, epoch: float, *, balanced: bool = True) -> float:  # noqa: ARG002
        """The value at an epoch."""
        value = self.points[0][1]
        for moment, level in self.points:
            if epoch >= moment:
                value = level
        return value


class Linear(_Points):
    """Straight lines between points, flat before the first and after the last."""

    kind: Literal["linear"] = "linear"

    def at(self, epoch: float, *, balanced: bool = True) -> float:  # noqa: ARG002
        """The value at an epoch."""
        if epoch <= self.points[0][0]:
            return self.points[0][1]
        for (left, low), (right, high) in pairwise(self.points):
            if epoch < right:
                return low + (high - low) * (epoch - left) / (right - left)
        return self.points[-1][1]


class Geometric(_Kind):
    """A constant ratio from epoch to epoch, flat after the last."""

    kind: Literal["geometric"] = "geometric"
    start: Annotated[float, Field(gt=0, le=1e6)]
    end: Annotated[float, Field(gt=0, le=1e6)]
    epochs: Annotated[float, Field(gt=0, le=1e5)]

    def at(self, epoch: float, *, balanced: bool = True) -> float:  # noqa: ARG002
        """The value at an epoch."""
        return float(self.start * (self.end / self.start) ** min(1.0, epoch / self.epochs))

    def range(self) -> tuple[float, float]:
        """The least and the largest value that it can take."""
        return min(self.start, self.end), max(self.start, self.end)


class OneCycle(_Kind):
    """A rise along a half cosine from `peak / start_ratio` to `peak`, then a fall to that over `end_ratio`.

    Source:
        Smith and Topin 2019.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    peak: Annotated[float, Field(gt=0, le=1)]
    epochs: Annotated[float, Field(gt=0, le=1e5)]
    rise: Annotated[float, Field(gt=0, lt=1)] = 0.3
    start_ratio: Annotated[float, Field(ge=1, le=1e6)] = 25.0
    end_ratio: Annotated[float, Field(ge=1, le=1e6)] = 400.0

    def at(self, epoch: float, *, balanced: bool = True) -> float:  # noqa: ARG002
        """The value at an epoch."""
        top = self.rise * self.epochs
        start = self.peak / self.start_ratio
        if epoch <= top:
            return _half_cosine(start, self.peak, epoch / top)
        share = min(1.0, (epoch - top) / (self.epochs - top))
        return _half_cosine(self.peak, start / self.end_ratio, share)

    def range(self) -> tuple[float, float]:
        """The least and the largest value that it can take."""
        return self.peak / self.start_ratio / self.end_ratio, self.peak


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * share))


class Cosine(_Kind):
    r"""A wave: :math:`c + a \cos(2\pi (e \bmod T)/T + \varphi)`."""

    kind: Literal["cosine"] = "cosine"
    centre: Number
    amplitude: Number
    period: Annotated[float, Field(gt=0, le=1e5)]
    phase: Number = 0.0

    def at(self, epoch: float, *, balanced: bool = True) -> float:  # noqa: ARG002
        """The value at an epoch."""
        turn = (epoch % self.period) / self.period
        return self.centre + self.amplitude * math.cos(2 * math.pi * turn + self.phase)

    def range(self) -> tuple[float, float]:
        """The least and the largest value that it can take."""
        return self.centre - abs(self.amplitude), self.centre + abs(self.amplitude)


class Rippled(_Kind):
    r"""A line with a relative wave on it, and a floor: :math:`\max(f, b(e) (1 + a(e) \cos 2\pi e/T))`."""

    kind: Literal["rippled"] = "rippled"
    base: Linear
    amplitude: Linear
    period: Annotated[float, Field(gt=0, le=1e5)]
    floor: Number

    def at(self, epoch: float, *, balanced: bool = True) -> float:  # noqa: ARG002
        """The value at an epoch."""
        wave = math.cos(2 * math.pi * epoch / self.period)
        return max(self.floor, self.base.at(epoch) * (1.0 + self.amplitude.at(epoch) * wave))

    def range(self) -> tuple[float, float]:
        """The least and the largest value that it can take."""
        swing = max(abs(level) for level in self.amplitude.range())
        ends = [level * (1.0 + side) for level in self.base.range() for side in (-swing, swing)]
        return max(self.floor, min(ends)), max(self.floor, *ends)


class Gated(_Kind):
    """One line while the two halves' gradients are balanced, another while they are not."""

    kind: Literal["gated"] = "gated"
    balanced: Linear
    unbalanced: Linear

    def at(self, epoch: float, *, balanced: bool = True) -> float:
        """The value at an epoch."""
        return (self.balanced if balanced else self.unbalanced).at(epoch)

    def range(self) -> tuple[float, float]:
        """The least and the largest value that it can take."""
        lows, highs = zip(self.balanced.range(), self.unbalanced.range(), strict=True)
        return min(lows), max(highs)


Schedule = Annotated[
    Constant | Steps | Linear | Geometric | OneCycle | Cosine | Rippled | Gated, Field(discriminator="kind")
]


def within(low: float, high: float) -> AfterValidator:
    """A check that a schedule never leaves an interval, for use in an annotation."""

    def check(schedule: Schedule) -> Schedule:
        lowest, highest = schedule.range()
        if lowest < low or highest > high:
            raise ValueError(
                f"the schedule must stay from {low:g} to {high:g}, and it goes from {lowest:g} to {highest:g}"
            )
        return schedule

    return AfterValidator(check)
