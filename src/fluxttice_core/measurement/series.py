"""Vectors that belong to a report, for drawing rather than for judging."""

from dataclasses import dataclass

from fluxttice_core.measurement.metric import Half


@dataclass(frozen=True)
class Series:
    """A curve of a half.

    Args:
        name: What it shows.
        half: Of which half.
        x: Where.
        y: The values there.
    """

    name: str
    half: Half
    x: tuple[float, ...]
    y: tuple[float, ...]
