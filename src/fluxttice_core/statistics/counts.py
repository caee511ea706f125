"""Count vectors: how often each kind was drawn, the raw material of every richness estimator."""

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Int64, Integer


def counts_of(labels: Integer[np.ndarray, "n"]) -> Int64[np.ndarray, "kinds"]:
    """Count how often each kind occurs among drawn labels, kinds in rising order.

    Example:
        >>> counts_of(np.array([7, 3, 7, 7, 9]))
        array([1, 3, 1])
    """
    return np.unique(labels, return_counts=True)[1].astype(np.int64)


def seen(counts: Integer[np.ndarray, "kinds"]) -> Int64[np.ndarray, "seen"]:
    """Return the counts of the kinds that were drawn at all."""
    if np.any(counts < 0):
        raise MeasurementError(
            f"a kind cannot be drawn {counts.min()} times: counts must be at least 0", "out_of_range"
        )
    return counts[counts > 0].astype(np.int64)


def nonempty(counts: Integer[np.ndarray, "kinds"]) -> Int64[np.ndarray, "seen"]:
    """Return the counts of the kinds that were drawn at all, of which there must be one."""
    drawn = seen(counts)
    if len(drawn) == 0:
        raise MeasurementError(
            "an empty sample says nothing about its generator: draw at least once", "too_few"
        )
    return drawn


def seldom(counts: Integer[np.ndarray, "kinds"]) -> tuple[int, int, int, int]:
    """Return draws and kinds of a sample, and how many of these were drawn once and twice."""
    drawn = nonempty(counts)
    return int(drawn.sum()), len(drawn), drawn_exactly(drawn, 1), drawn_exactly(drawn, 2)


def drawn_exactly(counts: Integer[np.ndarray, "kinds"], times: int) -> int:
    """Return how many kinds were drawn exactly so often: F1 are the singletons, F2 the doubletons."""
    return int(np.count_nonzero(counts == times))
