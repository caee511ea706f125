"""Operations that preserve a relation, the common form of every maximal clone."""

from collections.abc import Iterable
from itertools import product

import numpy as np

from fluxttice_core.shapes import Bool, Int64, UInt8

Relation = tuple[tuple[int, ...], ...]
"""Tuples of positions, all of one length."""

_BLOCK_BYTES = 2**23


def unary_relation(members: Iterable[int]) -> Relation:
    """Return the relation that holds for the given positions."""
    return tuple((member,) for member in members)


def permutation_graph(image: tuple[int, ...]) -> Relation:
    """Return the pairs (x, s(x)) of a permutation s."""
    return tuple(enumerate(image))


def partition_relation(blocks: tuple[int, ...]) -> Relation:
    """Return the pairs of positions in the same block."""
    return tuple((x, y) for x, y in product(range(len(blocks)), repeat=2) if blocks[x] == blocks[y])


def chain_relation(ranked: tuple[int, ...]) -> Relation:
    """Return the pairs (x, y) with x listed no later than y."""
    return tuple((x, y) for i, x in enumerate(ranked) for y in ranked[i:])


def central_relation(base: int, centre: int) -> Relation:
    """Return the pairs (x, y) that are equal or of which one is the centre."""
    return tuple((x, y) for x, y in product(range(base), repeat=2) if x == y or centre in (x, y))


def repeating_relation(base: int) -> Relation:
    """Return the tuples of `base` positions in which some position repeats (Slupecki's relation)."""
    return tuple(x for x in product(range(base), repeat=base) if len(set(x)) < base)


def affine_relation(base: int) -> Relation:
    """Return the quadruples with x + y = z + w modulo a prime base."""
    quadruples = product(range(base), repeat=4)
    return tuple((x, y, z, w) for x, y, z, w in quadruples if (x + y - z - w) % base == 0)


def preserves(
    relation: Relation, outputs: UInt8[np.ndarray, "cells n"], base: int, arity: int
) -> Bool[np.ndarray, "n"]:
    """Tell which operations map tuples of a relation, taken componentwise, to a tuple of the relation.

    f preserves R if r_1, ..., r_m in R implies (f(r_11, ..., r_m1), ..., f(r_1k, ..., r_mk)) in R, where m is
    the arity of f and k that of R.
    """
    cells = _argument_cells(relation, base, arity)
    weights = base ** np.arange(cells.shape[1])
    member = np.zeros(base ** cells.shape[1], dtype=bool)
    member[np.array(relation) @ weights] = True
    verdict = np.ones(outputs.shape[1], dtype=bool)
    block = max(1, _BLOCK_BYTES // max(1, outputs.shape[1]))
    for start in range(0, len(cells), block):
        codes = np.zeros((min(block, len(cells) - start), outputs.shape[1]), dtype=np.uint8)
        for column, weight in zip(cells[start : start + block].T, weights, strict=True):
            codes += outputs[column] * np.uint8(weight)
        verdict &= member[codes].all(axis=0)
    return verdict


def _argument_cells(relation: Relation, base: int, arity: int) -> Int64[np.ndarray, "choices k"]:
    """Return, for every choice of `arity` tuples, the cell that each component reads."""
    tuples = np.array(relation, dtype=np.int64)
    cells = tuples
    for _ in range(arity - 1):
        cells = (cells[:, None] * base + tuples[None]).reshape(-1, tuples.shape[1])
    return cells
