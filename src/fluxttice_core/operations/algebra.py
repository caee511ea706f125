"""Properties by name: one verdict for each operation of a space, all at once and kept."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.cellwise import TERNARY, grid
from fluxttice_core.operations.dependence import (
    INFORMATION_ORDER,
    affine,
    chain,
    commutes_with,
    essential_arguments,
    homogeneous,
    preserves_order,
    value_counts,
)
from fluxttice_core.operations.identities import (
    Outputs,
    associative,
    commutative,
    everywhere,
    idempotent,
    identities,
    iterates_to,
    latin_square,
    left_identities,
    odd_one_out,
    permuting_rows,
    zeros,
)
from fluxttice_core.operations.structure import rigid, simple, without_subalgebra
from fluxttice_core.operations.vocabulary import FURTHER_PROPERTIES, PROPERTIES
from fluxttice_core.shapes import Bool, Integer
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.operation_space import OperationSpace

_TESTS: dict[str, Callable[[Outputs], Any]] = {
    "commutative": commutative,
    "idempotent": idempotent,
    "associative": associative,
    "band": lambda f: associative(f) & idempotent(f),
    "semilattice": lambda f: associative(f) & idempotent(f) & commutative(f),
    "left-identity": lambda f: left_identities(f).any(axis=0),
    "right-identity": lambda f: left_identities(f.swapaxes(0, 1)).any(axis=0),
    "identity": lambda f: identities(f).any(axis=0),
    "zero": lambda f: zeros(f).any(axis=0),
    "monoid": lambda f: associative(f) & identities(f).any(axis=0),
    "permuting-rows": permuting_rows,
    "latin-square": latin_square,
    "loop": lambda f: latin_square(f) & identities(f).any(axis=0),
    "group": lambda f: latin_square(f) & associative(f),
    "monotone": lambda f: preserves_order(f, chain(*range(f.shape[0]))),
    "monotone-around-minus": lambda f: preserves_order(f, chain(1, 0, 2)),
    "monotone-around-plus": lambda f: preserves_order(f, chain(0, 2, 1)),
    "kleene-regular": lambda f: preserves_order(f, INFORMATION_ORDER),
    "t-norm": lambda f: _TESTS["monotone"](f) & associative(f) & commutative(f) & identities(f)[-1],
    "t-conorm": lambda f: _TESTS["monotone"](f) & associative(f) & commutative(f) & identities(f)[0],
    "self-dual": lambda f: commutes_with(f, tuple(reversed(range(f.shape[0])))),
    "cyclic": lambda f: commutes_with(f, (*range(1, f.shape[0]), 0)),
    "homogeneous": homogeneous,
    "even": lambda f: everywhere(f == np.flip(f, axis=tuple(range(f.ndim - 1)))),
    "affine": affine,
    "boolean-preserving": lambda f: everywhere(f[(slice(None, None, 2),) * (f.ndim - 1)] != 1),
    "zero-preserving": lambda f: f[(1,) * (f.ndim - 1)] == 1,
    "surjective": lambda f: (value_counts(f) > 0).all(axis=0),
    "balanced": lambda f: (value_counts(f) == value_counts(f).mean(axis=0)).all(axis=0),
    "two-valued": lambda f: (value_counts(f) > 0).sum(axis=0) == 2,
    "constant": lambda f: ~essential_arguments(f).any(axis=0),
    "one-input": lambda f: essential_arguments(f).sum(axis=0) == 1,
    "both-inputs": lambda f: essential_arguments(f).all(axis=0),
    "without-subalgebra": without_subalgebra,
    "simple": simple,
    "rigid": rigid,
    "sheffer": lambda f: without_subalgebra(f) & simple(f) & rigid(f),
    "involution": lambda f: iterates_to(
        f, np.broadcast_to(np.arange(len(f), dtype=np.uint8)[:, None], f.shape)
    ),
    "retraction": lambda f: iterates_to(f, f),
    "all-inputs": lambda f: essential_arguments(f).all(axis=0),
    "majority": lambda f: odd_one_out(f)[0].all(axis=0),
    "minority": lambda f: odd_one_out(f)[1].all(axis=0),
    "maltsev": lambda f: odd_one_out(f)[1][[0, 2]].all(axis=0),
}
"""What `vocabulary` says of each property in words.

Source (sheffer): Rousseau, Completeness in finite algebras with a single operation, Proc. AMS 18 (1967).
"""


def property_names(space: OperationSpace = TERNARY) -> tuple[str, ...]:
    """List the properties that are defined in a space of operations of one to three inputs.

    Example:
        >>> property_names()[:3]
        ('commutative', 'idempotent', 'associative')
        >>> property_names(OperationSpace(arity=1))[-2:]
        ('involution', 'retraction')

    Raises:
        OperationError: If the operations have more inputs.
    """
    if space.arity > 3:
        raise OperationError(
            f"properties are defined for operations of 1 to 3 inputs, not for {space.describe()}",
            "unsupported",
        )
    defined = (term for term in (*PROPERTIES, *FURTHER_PROPERTIES) if space.arity in term.inputs)
    return tuple(term.name for term in defined if space.base == 3 or not term.ternary)


def holds(
    name: str, space: OperationSpace = TERNARY, indices: Integer[np.ndarray, "n"] | None = None
) -> Bool[np.ndarray, "n"]:
    """Tell which operations have a property.

    Example:
        >>> int(holds("sheffer").sum())
        3774
        >>> holds("commutative", indices=np.array([15633, 15897])).tolist()
        [True, False]

    Args:
        name: A property of `fluxttice_core.operations.vocabulary.PROPERTIES`.
        space: The space of the operations.
        indices: Which operations; all by default, in an array that is shared and read-only.

    Raises:
        OperationError: If the property is unknown or undefined in the space, or an index is out of range.
    """
    if name not in property_names(space):
        known = ", ".join(property_names(space))
        raise OperationError(
            f"there is no property {name!r} of {space.describe()}: choose among {known}", "unknown_name"
        )
    if indices is None:
        return _all_verdicts(name, space)
    return np.asarray(_TESTS[name](grid(space, indices)))


def properties_of(index: int, space: OperationSpace = TERNARY) -> dict[str, bool]:
    """Tell which properties one operation has.

    Example:
        >>> [name for name, holds in properties_of(15633).items() if holds][:3]
        ['commutative', 'idempotent', 'associative']

    Raises:
        OperationError: If the index is out of range.
    """
    space.check_indices(np.array([index]))
    if space.size > ENUMERATION_LIMIT:
        return {name: bool(holds(name, space, np.array([index]))[0]) for name in property_names(space)}
    return {name: bool(holds(name, space)[index]) for name in property_names(space)}


@lru_cache(maxsize=256)
def _all_verdicts(name: str, space: OperationSpace) -> Bool[np.ndarray, "n"]:
    verdicts = np.asarray(_TESTS[name](grid(space)))
    verdicts.setflags(write=False)
    return verdicts
