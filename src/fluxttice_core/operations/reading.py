"""An operation as people write it: its name, a notation, or an expression."""

from collections.abc import Iterable

from fluxttice_core.operations.catalogue import UNARY_TERNARY, find_named, is_expression, read_named
from fluxttice_core.operations.formula import read_expression
from fluxttice_core.operations.operation import Operation

_CONSTANTS = {"-1": "always-minus", "0": "always-zero", "1": "always-plus", "+1": "always-plus"}


def read_operation(text: str, arity: int | None = 2) -> Operation:
    """Read a ternary operation from its name, any notation, or an expression.

    Notations are those of `parse`, heptavintimal, 0/1/2 and F/U/T; an expression is such as -min(a, -b).

    Example:
        >>> read_operation("min").index, read_operation("---/-00/-0+").name, read_operation("RDC").name
        (15633, 'min', 'carry')
        >>> [read_operation(text, None).space.arity for text in ("not", "min", "max(a, c)")]
        [1, 2, 3]

    Args:
        text: The operation.
        arity: The number of inputs, 1 to 3; None: one for a name or table of one input, three for a table of
            27 cells, as many as occur in an expression, but at least two, and else two.

    Raises:
        OperationError: If it is neither a known name nor an operation; the message offers close names.
    """
    if find_named(text, arity or 2) is None and is_expression(text):
        return read_expression(text, arity)
    return read_named(text, arity or _inputs_of(text))


def read_basis(texts: Iterable[str]) -> list[Operation]:
    """Read ternary operations of one or two inputs; three glyphs are a table of one input.

    -1, 0 and 1 are constants, as they are in expressions; the operations with the indices 0 and 1 are
    `constant-minus` and `0--------`.

    Example:
        >>> [(str(f), f.space.arity) for f in read_basis(["min", "not", "+0-", "223", "1"])]
        [('min', 2), ('negation', 1), ('negation', 1), ('webb', 2), ('always-plus', 1)]
    """
    meant = [_CONSTANTS.get(text.strip().replace("\N{MINUS SIGN}", "-"), text) for text in texts]
    return [read_operation(text, 1 if _inputs_of(text) == 1 else 2) for text in meant]


def _inputs_of(text: str) -> int:
    """The number of inputs that a name or table speaks of."""
    if find_named(text) is None and find_named(text, 1) is not None:
        return 1
    cells = "".join(text.split()).replace("/", "").replace("\N{MINUS SIGN}", "-")
    if len(cells) == UNARY_TERNARY.cells and not set(cells) - set(UNARY_TERNARY.glyphs):
        return 1
    return 3 if len(cells) == 27 and find_named(text) is None else 2
