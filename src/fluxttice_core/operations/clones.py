"""Functional completeness: maximal clones, operations that generate all others, and sets that do so."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.cellwise import TERNARY, cellwise
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.relations import (
    Relation,
    affine_relation,
    central_relation,
    chain_relation,
    partition_relation,
    permutation_graph,
    preserves,
    repeating_relation,
    unary_relation,
)
from fluxttice_core.shapes import Bool, Integer, UInt8
from fluxttice_core.spaces.operation_space import OperationSpace


@dataclass(frozen=True)
class MaximalClone:
    """All operations, of any arity, that preserve one relation; no clone lies between it and all of them."""

    name: str
    relation: Relation


@dataclass(frozen=True)
class Completeness:
    """Whether a set of operations generates all, with the maximal clones that hold the whole set if not."""

    complete: bool
    contained_in: tuple[str, ...]


@lru_cache(maxsize=4)
def maximal_clones(base: int) -> tuple[MaximalClone, ...]:
    """List the maximal clones on two values (5) or three (18).

    A set of operations is functionally complete exactly if it lies in none of them.

    Example:
        >>> len(maximal_clones(2)), len(maximal_clones(3))
        (5, 18)

    Raises:
        OperationError: If the base is neither 2 nor 3.

    Source: Post (1921) for two values; Jablonskij, Trudy Mat. Inst. Steklov 51 (1958) for three; Rosenberg
    (1970) in general.
    """
    if base == 2:
        return _boolean_clones()
    if base == 3:
        return _ternary_clones()
    raise OperationError(f"the maximal clones are listed for 2 and 3 values, not for {base}", "unsupported")


def _boolean_clones() -> tuple[MaximalClone, ...]:
    return (
        MaximalClone("preserves {0}", unary_relation([0])),
        MaximalClone("preserves {1}", unary_relation([1])),
        MaximalClone("monotone", chain_relation((0, 1))),
        MaximalClone("self-dual", permutation_graph((1, 0))),
        MaximalClone("affine", affine_relation(2)),
    )


def _ternary_clones() -> tuple[MaximalClone, ...]:
    signs = ("-1", "0", "+1")
    chains = [(0, 1, 2), (1, 0, 2), (0, 2, 1)]
    pairs = [(0, 1), (0, 2), (1, 2)]
    apart = [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
    named = [(f"monotone for {' < '.join(signs[x] for x in c)}", chain_relation(c)) for c in chains]
    named += [("commutes with the cycle -1, 0, +1", permutation_graph((1, 2, 0)))]
    named += [("affine modulo 3", affine_relation(3))]
    named += [
        (f"respects {signs[x]} ~ {signs[y]}", partition_relation(blocks))
        for (x, y), blocks in zip(pairs, apart, strict=True)
    ]
    named += [(f"preserves {{{signs[x]}}}", unary_relation([x])) for x in range(3)]
    named += [(f"preserves {{{signs[x]}, {signs[y]}}}", unary_relation([x, y])) for x, y in pairs]
    named += [(f"central with centre {signs[x]}", central_relation(3, x)) for x in range(3)]
    named += [("not surjective, or of one essential input (Slupecki)", repeating_relation(3))]
    return tuple(MaximalClone(name, relation) for name, relation in named)


def clone_memberships(
    space: OperationSpace = TERNARY, indices: Integer[np.ndarray, "n"] | None = None
) -> Bool[np.ndarray, "clones n"]:
    """Tell for each maximal clone, in the order of `maximal_clones`, which operations it holds.

    Example:
        >>> clone_memberships().sum(axis=1).tolist()[:5]
        [175, 175, 175, 27, 27]

    Raises:
        OperationError: If the maximal clones of the base are not listed, or an index is out of range.
    """
    if indices is None:
        return _all_memberships(space)
    return _memberships(space, cellwise(space, indices))


@lru_cache(maxsize=8)
def _all_memberships(space: OperationSpace) -> Bool[np.ndarray, "clones n"]:
    memberships = _memberships(space, cellwise(space))
    memberships.setflags(write=False)
    return memberships


def _memberships(
    space: OperationSpace, outputs: UInt8[np.ndarray, "cells n"]
) -> Bool[np.ndarray, "clones n"]:
    clones = maximal_clones(space.base)
    return np.stack([preserves(clone.relation, outputs, space.base, space.arity) for clone in clones])


def completeness(operations: Sequence[Operation]) -> Completeness:
    """Tell whether a set of operations generates every operation on its values.

    Example:
        >>> minimum, negation = Operation(TERNARY, 15633), Operation(OperationSpace(3, 1), 5)
        >>> completeness([minimum, negation]).complete
        False
        >>> completeness([Operation(TERNARY, 223)]).complete
        True

    Raises:
        OperationError: If no operation is given, they differ in base, or the base is not 2 or 3.
    """
    if not operations:
        raise OperationError(
            "functional completeness is asked of at least one operation: give some", "too_few"
        )
    bases = sorted({operation.space.base for operation in operations})
    if len(bases) > 1:
        raise OperationError(
            f"operations on {bases[0]} and on {bases[1]} values cannot be combined", "space_mismatch"
        )
    members = [clone_memberships(op.space, np.array([op.index]))[:, 0] for op in operations]
    containing = np.all(members, axis=0)
    names = tuple(
        clone.name for clone, holds in zip(maximal_clones(bases[0]), containing, strict=True) if holds
    )
    return Completeness(complete=not names, contained_in=names)
