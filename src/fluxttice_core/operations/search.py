"""Operations with given properties, the nearest to a given one first."""

from collections.abc import Mapping

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.algebra import holds
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.distance import hamming_to_all
from fluxttice_core.operations.symmetry import representatives
from fluxttice_core.shapes import Bool, Int64
from fluxttice_core.spaces.notation import joined_glyphs
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.searching import ANY
from fluxttice_core.spaces.searching import matching as elements_matching


def one_of_each_class(
    indices: Int64[np.ndarray, "n"], symmetry: str, space: OperationSpace = TERNARY
) -> Int64[np.ndarray, "m"]:
    """Keep the first operation of each class of a symmetry, in the order given.

    Example:
        >>> one_of_each_class(np.array([19569, 15633, 223]), "sign-npn").tolist()
        [19569, 223]

    Raises:
        OperationError: If the symmetry is unknown, an index out of range, or the space too large.
    """
    least = representatives(symmetry, space)[space.check_indices(indices)]
    _, first = np.unique(least, return_index=True)
    return indices[np.sort(first)]


def find_operations(
    properties: Mapping[str, bool],
    *,
    near: int | None = None,
    within: int | None = None,
    matching: str | None = None,
    space: OperationSpace = TERNARY,
) -> Int64[np.ndarray, "n"]:
    """Return all operations that have some properties and lack others.

    They come by the number of cells in which they differ from `near`, and those equally far by index.

    Example:
        >>> find_operations({"sheffer": True, "commutative": True}).size
        90
        >>> find_operations({"latin-square": True, "commutative": False}, near=11089).tolist()[0]
        11089
        >>> find_operations({}, matching="---/-??/-?+").size
        27

    Args:
        properties: For each property, whether the operations have it or lack it.
        near: The operation from which distances are counted.
        within: The greatest distance from `near`.
        matching: The table that they have, as glyphs with ? for any value; blanks and / do not count.
        space: The space of the operations.

    Raises:
        OperationError: If a property is unknown, the pattern is no table, an index out of range, a distance
            negative or given without an operation to count from, or the space too large to enumerate.
    """
    space.require_enumerable()
    chosen = np.ones(space.size, dtype=bool)
    for name, wanted in properties.items():
        chosen &= holds(name, space) == wanted
    if matching is not None:
        chosen &= _matches(matching, space)
    if near is None:
        if within is not None:
            raise OperationError(
                "a distance needs an operation to count from: say which is near", "missing_option"
            )
        return np.flatnonzero(chosen)
    distances = hamming_to_all(near, space)
    if within is not None:
        if within < 0:
            raise OperationError(
                f"a distance between tables cannot be negative, as {within} is", "out_of_range"
            )
        chosen &= distances <= within
    found = np.flatnonzero(chosen)
    return found[np.argsort(distances[found], kind="stable")]


def _matches(pattern: str, space: OperationSpace) -> Bool[np.ndarray, "K"]:
    cells = joined_glyphs(space, pattern)
    if len(cells) != space.cells or set(cells) - {*space.glyphs, ANY}:
        raise OperationError(
            f"{pattern!r} is no pattern: expected {space.cells} of the characters {space.glyphs}?",
            "malformed",
        )
    fits = np.zeros(space.size, dtype=bool)
    fits[elements_matching(space, cells)] = True
    return fits
