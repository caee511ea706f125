"""What one change does to a figure: the mean difference over paired runs, with its interval."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

from fluxttice_core.metrics.settings import Direction
from fluxttice_core.statistics.intervals import Interval, paired_difference

Sign = Literal["helps", "hurts", "differs", "none"]


@dataclass(frozen=True)
class Effect:
    """The difference that a change makes to one figure.

    Attributes:
        interval: Interval of with - without, over pairs of runs.
        better: Which direction is better.
    """

    interval: Interval
    better: Direction

    @property
    def sign(self) -> Sign:
        """`helps` or `hurts` where the interval excludes 0; `differs` for a description; else `none`."""
        if self.interval.lower <= 0.0 <= self.interval.upper:
            return "none"
        if self.better == "neither":
            return "differs"
        return "helps" if (self.interval.estimate > 0.0) == (self.better == "higher") else "hurts"


def effect(
    with_it: Float64[np.ndarray, "n"], without: Float64[np.ndarray, "n"], *, better: Direction
) -> Effect:
    """The effect of a change on a figure.

    Args:
        with_it: The figure of each run that has the change.
        without: The figure of each run that has not, in the same order.
        better: Which direction is better.

    Raises:
        MeasurementError: If there are fewer than two pairs, or a value is not finite.

    Example:
        >>> effect(np.array([0.92, 0.94, 0.93]), np.array([0.90, 0.91, 0.91]), better="higher").sign
        'helps'
    """
    return Effect(paired_difference(with_it, without), better)


def verdict(signs: Iterable[Sign]) -> str:
    """What the effects on several figures come to, in words.

    Example:
        >>> verdict(["none", "helps", "differs"]), verdict(["helps", "hurts"]), verdict(["none", "none"])
        ('helps', 'helps and hurts', 'no difference seen')
    """
    found = set(signs)
    if {"helps", "hurts"} <= found:
        return "helps and hurts"
    for sign in ("helps", "hurts", "differs"):
        if sign in found:
            return sign
    return "no difference seen"
