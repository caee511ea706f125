"""Vectors that belong to a report, for drawing rather than for judging."""

from collections.abc import Iterable
from dataclasses import dataclass

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.metric import Half

TOTAL_MASS = "total_mass"
"""The curve of one point that says what all p(x) sum to."""


@dataclass(frozen=True)
class Series:
    """A curve of a half.

    Args:
        name: What it shows.
        half: Of which half.
        x: Where.
        y: The values there.

    Raises:
        MeasurementError: If there is no point, or one axis has more of them than the other.
    """

    name: str
    half: Half
    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.x or len(self.x) != len(self.y):
            raise MeasurementError(
                f"the curve {self.name} has {len(self.x)} places and {len(self.y)} values: "
                "give as many of both"
            )


def rounded(values: Iterable[float]) -> tuple[float, ...]:
    """Values to six significant digits: as many as a drawing needs.

    Example:
        >>> rounded([0.123456789, 2.0])
        (0.123457, 2.0)
    """
    return tuple(float(f"{value:.6g}") for value in values)
