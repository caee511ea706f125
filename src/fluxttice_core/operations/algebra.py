"""Properties by name: one verdict for each operation of a space, all at once and kept."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Integer

from fluxttice_core.errors import OperationError
from fluxttice_core.operations import dependence, identities, orders, structure
from fluxttice_core.operations.cellwise import TERNARY, grid
from fluxttice_core.operations.identities import Outputs, Verdicts
from fluxttice_core.operations.vocabulary import PROPERTIES
from fluxttice_core.spaces.operation_space import ENUMERATION_LIMIT, OperationSpace

_TESTS: dict[str, Callable[[Outputs], Verdicts]] = {
    "commutative": identities.commutative,
    "idempotent": identities.idempotent,
    "associative": identities.associative,
    "band": identities.band,
    "semilattice": identities.semilattice,
    "left-identity": identities.has_left_identity,
    "right-identity": identities.has_right_identity,
    "identity": identities.has_identity,
    "zero": identities.has_zero,
    "monoid": identities.monoid,
    "permuting-rows": identities.permuting_rows,
    "latin-square": identities.latin_square,
    "loop": identities.loop,
    "group": identities.group,
    "monotone": orders.monotone,
    "monotone-around-minus": orders.monotone_around_minus,
    "monotone-around-plus": orders.monotone_around_plus,
    "kleene-regular": orders.kleene_regular,
    "t-norm": orders.t_norm,
    "t-conorm": orders.t_conorm,
    "self-dual": dependence.self_dual,
    "cyclic": dependence.cyclic,
    "homogeneous": dependence.homogeneous,
    "even": dependence.even,
    "affine": dependence.affine,
    "boolean-preserving": dependence.boolean_preserving,
    "zero-preserving": dependence.zero_preserving,
    "surjective": dependence.surjective,
    "balanced": dependence.balanced,
    "two-valued": dependence.two_valued,
    "constant": dependence.constant,
    "one-input": dependence.depends_on_one,
    "both-inputs": dependence.depends_on_both,
    "without-subalgebra": structure.without_subalgebra,
    "simple": structure.simple,
    "rigid": structure.rigid,
    "sheffer": structure.sheffer,
}


def property_names(space: OperationSpace = TERNARY) -> tuple[str, ...]:
    """List the properties that are defined in a space of two-input operations.

    Example:
        >>> property_names()[:3]
        ('commutative', 'idempotent', 'associative')

    Raises:
        OperationError: If the operations do not have two inputs.
    """
    if space.arity != 2:
        raise OperationError(
            f"properties are defined for operations of 2 inputs, not for {space.describe()}", "unsupported"
        )
    return tuple(term.name for term in PROPERTIES if space.base == 3 or not term.ternary)


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
    return _TESTS[name](grid(space, indices))


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
    verdicts = _TESTS[name](grid(space))
    verdicts.setflags(write=False)
    return verdicts
