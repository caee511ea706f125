"""Symmetries of operations: classes under relabelling and exchange of inputs, and a member for each."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import permutations, product
from typing import NamedTuple, SupportsIndex

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.cellwise import TERNARY, cellwise
from fluxttice_core.operations.vocabulary import SYMMETRIES
from fluxttice_core.shapes import Int64, Integer, UInt8
from fluxttice_core.spaces.operation_space import OperationSpace

Permutation = tuple[int, ...]

_BLOCK_ENTRIES = 2**18


class Transformation(NamedTuple):
    """The map of f to g with g(x_1, ..., x_m) = t(f(s_1(x_o(1)), ..., s_m(x_o(m)))).

    `order` is o, `inputs` are the relabellings s of the inputs and `output` is t.
    """

    order: Permutation
    inputs: tuple[Permutation, ...]
    output: Permutation


def transformations(name: str, space: OperationSpace = TERNARY) -> tuple[Transformation, ...]:
    """List the transformations of a symmetry, a group.

    Example:
        >>> len(transformations("npn")), len(transformations("sign-npn"))
        (432, 16)

    Args:
        name: A symmetry of `fluxttice_core.operations.vocabulary.SYMMETRIES`.
        space: The space of the operations.

    Raises:
        OperationError: If the symmetry is unknown.
    """
    known = [term.name for term in SYMMETRIES]
    if name not in known:
        raise OperationError(
            f"there is no symmetry {name!r}: choose among {', '.join(known)}", "unknown_name"
        )
    same = tuple(range(space.base))
    every, signs = list(permutations(same)), [same, same[::-1]]
    kept, orders = [tuple(range(space.arity))], list(permutations(range(space.arity)))
    if name in ("isomorphism", "anti-isomorphism"):
        return tuple(_conjugations(every, orders if name == "anti-isomorphism" else kept))
    choices: dict[str, tuple[list[Permutation], list[Permutation], list[Permutation]]] = {
        "swap": (orders, [same], [same]),
        "sign-np": (orders, signs, [same]),
        "sign-npn": (orders, signs, signs),
        "input-relabelling": (kept, every, [same]),
        "isotopy": (kept, every, every),
        "npn": (orders, every, every),
    }
    order, inputs, output = choices[name]
    combined = product(order, product(inputs, repeat=space.arity), output)
    return tuple(Transformation(o, s, t) for o, s, t in combined)


def _conjugations(relabellings: Iterable[Permutation], orders: list[Permutation]) -> Iterator[Transformation]:
    for relabel, order in product(relabellings, orders):
        inverse = tuple(int(x) for x in np.argsort(relabel))
        yield Transformation(order, (inverse,) * len(order), relabel)


def generators(name: str, space: OperationSpace = TERNARY) -> list[tuple[Permutation, Permutation]]:
    """Return few transformations of which all of a symmetry are made, and so the classes.

    Each is the cell that every cell is read from, and the relabelled outputs.

    Example:
        >>> generators("swap")
        [((0, 3, 6, 1, 4, 7, 2, 5, 8), (0, 1, 2))]
    """
    chosen: list[tuple[Permutation, Permutation]] = []
    reached = {(tuple(range(space.cells)), tuple(range(space.base)))}
    for cells, output in zip(*(array.tolist() for array in _actions(name, space)), strict=True):
        if (move := (tuple(cells), tuple(output))) in reached:
            continue
        chosen.append(move)
        new = set(reached)
        while new:
            new = {_composed(one, other) for one in new for other in chosen} - reached
            reached |= new
    return chosen


def _composed(
    first: tuple[Permutation, Permutation], second: tuple[Permutation, Permutation]
) -> tuple[Permutation, Permutation]:
    """What two transformations make of a table, one after the other."""
    return tuple(first[0][cell] for cell in second[0]), tuple(second[1][value] for value in first[1])


def images(
    name: str, indices: Integer[np.ndarray, "n"], space: OperationSpace = TERNARY
) -> Int64[np.ndarray, "g n"]:
    """Return what each transformation of a symmetry makes of each operation."""
    return np.concatenate(list(_image_blocks(name, cellwise(space, indices), space)))


def orbit(name: str, index: SupportsIndex, space: OperationSpace = TERNARY) -> Int64[np.ndarray, "size"]:
    """Return all operations of the class of one operation, in ascending order.

    Example:
        >>> orbit("sign-npn", 15633).tolist()
        [113, 345, 3753, 4049, 15633, 15929, 19337, 19569]

    Raises:
        OperationError: If the symmetry is unknown, or the index is out of range.
    """
    return np.unique(images(name, np.array([index]), space))


def representatives(name: str, space: OperationSpace = TERNARY) -> Int64[np.ndarray, "n"]:
    """Return for every operation the least index of its class, in an array that is shared and read-only.

    Example:
        >>> len(np.unique(representatives("npn")))
        84

    Raises:
        OperationError: If the symmetry is unknown, or the space is too large to enumerate.
    """
    space.require_enumerable()
    return _representatives(name, space)


def class_count(name: str, space: OperationSpace = TERNARY) -> int:
    """Count the classes of a symmetry.

    Example:
        >>> [class_count("npn", OperationSpace(2, inputs)) for inputs in (1, 2, 3)]
        [2, 4, 14]

    Raises:
        OperationError: If the symmetry is unknown, or the space is too large to enumerate.
    """
    return int(np.unique(representatives(name, space)).size)


@lru_cache(maxsize=32)
def _representatives(name: str, space: OperationSpace) -> Int64[np.ndarray, "n"]:
    least = np.arange(space.size)
    for block in _image_blocks(name, cellwise(space), space):
        np.minimum(least, block.min(axis=0), out=least)
    least.setflags(write=False)
    return least


def _image_blocks(
    name: str, outputs: UInt8[np.ndarray, "cells n"], space: OperationSpace
) -> Iterator[Int64[np.ndarray, "block n"]]:
    """Yield `images`, a few transformations at a time so that memory stays bounded."""
    sources, relabellings = _actions(name, space)
    block = max(1, _BLOCK_ENTRIES // max(1, outputs.size))
    for start in range(0, len(sources), block):
        index = np.zeros((len(sources[start : start + block]), outputs.shape[1]), dtype=np.int64)
        rows = np.arange(start, start + len(index))[:, None]
        for cell, source in enumerate(sources[start : start + block].T):
            index += (relabellings * space.base**cell)[rows, outputs[source]]
        yield index


@lru_cache(maxsize=64)
def _actions(
    name: str, space: OperationSpace
) -> tuple[Int64[np.ndarray, "g cells"], Int64[np.ndarray, "g base"]]:
    """Return, for each transformation, the cell that each cell is read from, and the relabelled outputs."""
    every = transformations(name, space)
    sources = np.array([_source_cells(transformation, space) for transformation in every])
    return sources, np.array([transformation.output for transformation in every])


def _source_cells(transformation: Transformation, space: OperationSpace) -> list[int]:
    cells = []
    for inputs in product(range(space.base), repeat=space.arity):
        cell = 0
        for position, relabel in zip(transformation.order, transformation.inputs, strict=True):
            cell = cell * space.base + relabel[inputs[position]]
        cells.append(cell)
    return cells
