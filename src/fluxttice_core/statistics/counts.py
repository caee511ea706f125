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
