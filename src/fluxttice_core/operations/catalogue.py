"""Operations by name: look one up, or find the names of a table."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.catalogue_entries import BINARY, UNARY
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.written_forms import plain_form
from fluxttice_core.spaces.notation import parse_one
from fluxttice_core.spaces.operation_space import OperationSpace

_LOOKS_LIKE_AN_EXPRESSION = re.compile(r"\(|(?<!\w-)\b[abc]\s*$")

UNARY_TERNARY = OperationSpace(base=3, arity=1)
"""The one-input ternary operations."""


@dataclass(frozen=True)
class NamedOperation:
    """An operation that has a name in the literature."""

    name: str
    aliases: tuple[str, ...]
    formula: str
    source: str
    operation: Operation


@cache
def named_operations(arity: int = 2) -> tuple[NamedOperation, ...]:
    """List the named ternary operations of one or two inputs; those of three have no names here.

    Example:
        >>> [named.name for named in named_operations()][:3]
        ['min', 'max', 'nand']

    Raises:
        OperationError: If the number of inputs is not 1, 2 or 3.
    """
    if arity not in (1, 2, 3):
        raise OperationError(f"ternary operations have 1 to 3 inputs here, not {arity}", "unsupported")
    space, entries = OperationSpace(arity=arity), {1: UNARY, 2: BINARY, 3: ()}[arity]
    inputs = space.inputs().T
    return tuple(
        NamedOperation(name, aliases, formula, source, Operation.read(space, rule(*inputs), name))
        for name, aliases, formula, source, rule in entries
    )


def find_named(name: str, arity: int = 2) -> NamedOperation | None:
    """Return the operation with this name or alias, or None; case, blanks and underscores do not matter.

    Example:
        >>> found = find_named("Kleene AND")
        >>> found.name, found.operation.index
        ('min', 15633)

    Raises:
        OperationError: If the number of inputs is not 1, 2 or 3.
    """
    return _by_name(arity).get(_normalise(name))


def names_of(index: int, arity: int = 2) -> tuple[str, ...]:
    """Return the names of an operation, aliases left out; most operations have none.

    Example:
        >>> names_of(16401)
        ('carry', 'consensus')

    Raises:
        OperationError: If the number of inputs is not 1, 2 or 3.
    """
    return tuple(named.name for named in named_operations(arity) if named.operation.index == index)


def read_named(text: str, arity: int = 2) -> Operation:
    """Read a ternary operation from its name or any notation that `read_operation` takes.

    Example:
        >>> read_named("min").index, read_named("---/-00/-0+").name, read_named("RDC").name
        (15633, 'min', 'carry')
    """
    found = find_named(text, arity)
    if found is not None:
        return found.operation
    space = OperationSpace(arity=arity)
    text = plain_form(text, space.cells)
    if any(letter.isalpha() for letter in text):
        if arity == 2 and find_named(text, 1) is not None:
            raise OperationError(f"{text!r} has one input: write {text}(a) or {text}(b)", "unknown_operation")
        close = get_close_matches(_normalise(text), _by_name(arity), n=3)
        # Without a prefix, heptavintimal names and truth values are in capitals.
        close += [text.upper()] if plain_form(text.upper(), space.cells) != text.upper() else []
        known = "see the catalogue for the names" if arity < 3 else "those of three inputs have no names"
        hint = f"did you mean {' or '.join(close)}?" if close else known
        raise OperationError(f"no operation is named {text!r}: {hint}", "unknown_operation")
    index = parse_one(space, text)
    return Operation(space, index, next(iter(names_of(index, arity)), ""))


def is_expression(text: str) -> bool:
    """Tell whether a text is meant as an expression over the inputs a, b and c, not as a name or a table.

    Example:
        >>> is_expression("-min(a, b)"), is_expression("not b"), is_expression("projection-b")
        (True, True, False)
    """
    return _LOOKS_LIKE_AN_EXPRESSION.search(text) is not None


@cache
def _by_name(arity: int) -> dict[str, NamedOperation]:
    return {name: named for named in named_operations(arity) for name in (named.name, *named.aliases)}


def _normalise(name: str) -> str:
    return "-".join(name.casefold().replace("_", " ").replace("ö", "oe").replace("ł", "l").split())
