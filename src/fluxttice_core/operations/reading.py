"""An operation as people write it: its name, a notation, or an expression."""

from collections.abc import Iterable

from fluxttice_core.operations.catalogue import UNARY_TERNARY, find_named, is_expression, read_named
from fluxttice_core.operations.formula import read_expression
from fluxttice_core.operations.operation import Operation


def read_operation(text: str, arity: int = 2) -> Operation:
    """Read a ternary operation from its name, any notation, or an expression.

    Notations are those of `parse`, heptavintimal, 0/1/2 and F/U/T; an expression is such as -min(a, -b).

    Example:
        >>> read_operation("min").index, read_operation("---/-00/-0+").name, read_operation("RDC").name
        (15633, 'min', 'carry')

    Raises:
        OperationError: If it is neither a known name nor an operation; the message offers close names.
    """
    if find_named(text, arity) is None and is_expression(text):
        return read_expression(text, arity)
    return read_named(text, arity)


def read_basis(texts: Iterable[str]) -> list[Operation]:
    """Read ternary operations of one or two inputs; three glyphs are a table of one input.

    Example:
        >>> [(str(f), f.space.arity) for f in read_basis(["min", "not", "+0-", "223"])]
        [('min', 2), ('negation', 1), ('negation', 1), ('webb', 2)]
    """
    return [read_operation(text, arity=1 if _has_one_input(text) else 2) for text in texts]


def _has_one_input(text: str) -> bool:
    if find_named(text) is None and find_named(text, 1) is not None:
        return True
    glyphs = "".join(text.split())
    return len(glyphs) == UNARY_TERNARY.cells and not set(glyphs) - set(
        UNARY_TERNARY.glyphs + "\N{MINUS SIGN}"
    )
