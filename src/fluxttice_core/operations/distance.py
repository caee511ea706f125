"""How far apart two operations are: in how many cells they differ, as they stand or up to a symmetry."""

from itertools import combinations, product
from typing import SupportsIndex

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.cellwise import TERNARY, cellwise
from fluxttice_core.operations.symmetry import orbit
from fluxttice_core.shapes import Int64, Integer
from fluxttice_core.spaces.operation_space import OperationSpace


def hamming(
    left: Integer[np.ndarray, "*batch"], right: Integer[np.ndarray, "*batch"], space: OperationSpace = TERNARY
) -> Int64[np.ndarray, "*batch"]:
    """Count the cells in which two operations differ, for each pair of indices.

    Example:
        >>> hamming(np.array([15633]), np.array([19569])).tolist()
        [6]

    Raises:
        OperationError: If an index is out of range.
    """
    differs = space.tables(left) != space.tables(right)
    return np.asarray(differs.sum(axis=-1), dtype=np.int64)


def hamming_to_all(index: SupportsIndex, space: OperationSpace = TERNARY) -> Int64[np.ndarray, "n"]:
    """Count the cells in which each operation of a space differs from one of them."""
    differs = cellwise(space) != cellwise(space, np.array([index]))
    return np.asarray(differs.sum(axis=0), dtype=np.int64)


def neighbours(
    index: SupportsIndex, distance: int = 1, space: OperationSpace = TERNARY
) -> Int64[np.ndarray, "count"]:
    """Return the operations that differ from one in exactly `distance` cells, in ascending order.

    There are C(cells, d) (base - 1)^d of them.

    Example:
        >>> neighbours(15633).size
        18

    Raises:
        OperationError: If the index or the distance is out of range.
    """
    if not 0 <= distance <= space.cells:
        raise OperationError(
            f"a distance between tables is a whole number from 0 to {space.cells}, not {distance}",
            "out_of_range",
        )
    table = space.tables(index).astype(np.int64) - space.symbols[0]
    shifts = [
        sum(
            ((table[c] + s) % space.base - table[c]) * space.base**c
            for c, s in zip(cells, steps, strict=True)
        )
        for cells in combinations(range(space.cells), distance)
        for steps in product(range(1, space.base), repeat=distance)
    ]
    return np.sort(np.array(shifts, dtype=np.int64) + int(index))


def class_distance(
    name: str, left: SupportsIndex, right: SupportsIndex, space: OperationSpace = TERNARY
) -> int:
    """Return the least number of differing cells between the classes of two operations.

    d([f], [g]) = min over h in [g] of d(f, h); it does not depend on the choice of f, because every symmetry
    keeps the number of differing cells.

    Example:
        >>> class_distance("sign-npn", 15633, 19569), class_distance("swap", 15633, 19569)
        (0, 6)

    Raises:
        OperationError: If the symmetry is unknown, or an index is out of range.
    """
    differs = space.tables(orbit(name, right, space)) != space.tables(left)
    return int(differs.sum(axis=1).min())
