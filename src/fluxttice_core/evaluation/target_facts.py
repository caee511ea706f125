"""What a report says of the target that a model was held against: enough to work its ceilings out again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.spaces.target import Target

if TYPE_CHECKING:
    from fluxttice_core.spaces.product_space import ProductSpace

_MOST_LEVELS = 100_000
_ROUNDING = 1e-9


@dataclass(frozen=True)
class TargetFacts:
    """A target without the names of its elements, on which no ceiling depends.

    Levels are each probability that elements of the support have, rising, and how many have it.
    """

    space: ProductSpace
    sha256: str
    levels: tuple[tuple[float, int], ...]

    @classmethod
    def of(cls, target: Target | None) -> TargetFacts | None:
        """The facts of a target, whose probabilities are not too many to be listed; none of none."""
        if target is None:
            return None
        values, counts = target.levels
        if len(values) > _MOST_LEVELS:
            raise MeasurementError(
                f"the target has {len(values):,} different probabilities, and a report lists at most "
                f"{_MOST_LEVELS:,}: round its weights",
                "too_large",
            )
        return cls(target.space, target.digest(), tuple(zip(values.tolist(), counts.tolist(), strict=True)))

    @cached_property
    def law(self) -> Target:
        """A target of as many elements with these probabilities, whichever elements they are."""
        levels = tuple(np.array(column) for column in zip(*self.levels, strict=True))
        q = np.repeat(*levels)
        found = Target(self.space, np.arange(len(q)), None if len(self.levels) == 1 else q)
        # Known already: sorting millions of them again is what a forged report would ask for.
        found.__dict__["levels"] = levels
        return found

    @property
    def elements(self) -> int:
        """How many elements the target has."""
        return sum(count for _, count in self.levels)

    def as_plain(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return {
            "sha256": self.sha256,
            "elements": self.elements,
            "entropy_nats": self.law.entropy,
            "levels": [list(level) for level in self.levels],
        }

    @classmethod
    def from_plain(cls, values: Mapping[str, Any] | None, space: ProductSpace) -> TargetFacts | None:
        """The facts that `as_plain` wrote, unless they contradict each other or the space; none of none."""
        if values is None:
            return None
        levels = tuple((float(value), int(count)) for value, count in values["levels"])
        found, elements = cls(space, values["sha256"], levels), sum(count for _, count in levels)
        total = math.fsum(value * count for value, count in levels)
        entropy = -math.fsum(count * value * math.log(value) for value, count in levels)
        sound = (
            2 <= elements == values["elements"] <= space.size
            and abs(total - 1) < _ROUNDING
            and abs(entropy - values["entropy_nats"]) < _ROUNDING * (1 + entropy)
        )
        if not sound:
            raise MeasurementError(
                "the target's probabilities do not sum to 1 over its elements, or not to its entropy: "
                "measure the model again",
                "contradictory_report",
            )
        return found
