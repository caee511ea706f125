"""Tables laid out for algebra over many operations at once: outputs as positions, one row for each cell."""

from functools import lru_cache

import numpy as np

from fluxttice_core.shapes import Integer, UInt8
from fluxttice_core.spaces.operation_space import OperationSpace

TERNARY = OperationSpace()
"""The two-input ternary operations."""


def cellwise(
    space: OperationSpace, indices: Integer[np.ndarray, "n"] | None = None
) -> UInt8[np.ndarray, "{space.cells} n"]:
    """Return the output positions (0 = the smallest symbol) of operations, one row for each cell.

    Those of the whole space, which are given without indices, are shared and read-only.

    Example:
        >>> cellwise(TERNARY, np.array([0, 15633]))[:, 1].tolist()
        [0, 0, 0, 0, 1, 1, 0, 1, 2]
    """
    if indices is None:
        return _all_cellwise(space)
    return _layout(space, space.tables(indices))


def grid(
    space: OperationSpace, indices: Integer[np.ndarray, "n"] | None = None
) -> UInt8[np.ndarray, "*cube n"]:
    """Return `cellwise` with one axis for each input."""
    return cellwise(space, indices).reshape(*space.shape, -1)


@lru_cache(maxsize=8)
def _all_cellwise(space: OperationSpace) -> UInt8[np.ndarray, "cells n"]:
    layout = _layout(space, space.all_tables())
    layout.setflags(write=False)
    return layout


def _layout(space: OperationSpace, tables: Integer[np.ndarray, "n cells"]) -> UInt8[np.ndarray, "cells n"]:
    return np.ascontiguousarray((tables - space.symbols[0]).T.astype(np.uint8))
