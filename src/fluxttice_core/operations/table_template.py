"""A text with places for a ternary table, filled here and by the explorer's page in the browser."""

import re
from html import escape
from itertools import product
from typing import NamedTuple

from fluxttice_core.errors import printable
from fluxttice_core.operations.catalogue import NamedOperation, named_operations
from fluxttice_core.operations.composition import VARIABLES
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.written_forms import heptavintimal

_PLACE = re.compile(r"^(?P<head>.*)@about@$|@(?P<kind>=?)(?P<cell>\d+)@|@(?P<word>[a-z]+)@", re.MULTILINE)


class Template(NamedTuple):
    r"""A text for all operations of some number of inputs.

    `@5@` is the place of the output in cell 5, one of `trits`, and `@=5@` that of its glyph; `@name@`,
    `@index@` and `@title@` are those of its name for programs, its index and its description as XML; a line
    that ends with `@about@` is repeated for every line of the description.
    """

    text: str
    trits: tuple[str, str, str] = ("-", "0", "+")

    def filled(self, operation: Operation) -> str:
        r"""Fill the places.

        Example:
            >>> from fluxttice_core.spaces.operation_space import OperationSpace
            >>> print(Template("% @about@\nf(0) = @1@").filled(Operation(OperationSpace(arity=1), 5)))
            % negation: f(a) = -a (Kleene, On notation for ordinal numbers, J. Symbolic Logic 3 (1938))
            % index 5, in base 27 5, table +0-
            f(0) = 0
        """
        about, positions = description(operation), operation.table + 1
        words = {
            "name": identifier(operation),
            "index": str(operation.index),
            "title": escape("; ".join(about)),
        }

        def fill(place: re.Match[str]) -> str:
            if place["word"]:
                return words[place["word"]]
            if place["cell"]:
                return ("-0+" if place["kind"] else self.trits)[positions[int(place["cell"])]]
            return "\n".join(place["head"] + line for line in about)

        return _PLACE.sub(fill, self.text)


def labelled_cells(inputs: int) -> list[tuple[str, range]]:
    """Return for each choice of all inputs but the last their glyphs, and the cells of that row.

    Example:
        >>> labelled_cells(2)[1]
        ('0', range(3, 6))
    """
    labels = product("-0+", repeat=inputs - 1)
    return [("".join(label), range(3 * row, 3 * row + 3)) for row, label in enumerate(labels)]


def identifier(operation: Operation) -> str:
    """Return a name for programs: its first name in the catalogue, or else its inputs and index.

    Example:
        >>> from fluxttice_core.spaces.operation_space import OperationSpace
        >>> identifier(Operation(OperationSpace(), 15633)), identifier(Operation(OperationSpace(), 1))
        ('ternary_min', 'ternary_2_1')
    """
    names = [one.name.replace("-", "_") for one in _names(operation)]
    return f"ternary_{next(iter(names), f'{operation.space.arity}_{operation.index}')}"


def description(operation: Operation) -> list[str]:
    """Return lines that say what it is: names and formulas, index and table; no line holds a line end."""
    called = f"f({', '.join(VARIABLES[: operation.space.arity])})"
    lines = [f"{one.name}: {called} = {one.formula} ({one.source})" for one in _names(operation)]
    if not lines and operation.name:
        lines = [printable(f"{called} = {' '.join(operation.name.split())}")]
    rows = [operation.string[at : at + 3] for at in range(0, operation.space.cells, 3)]
    base_27 = heptavintimal(operation.index, operation.space.cells)
    return [*lines, f"index {operation.index}, in base 27 {base_27}, table {'/'.join(rows)}"]


def _names(operation: Operation) -> list[NamedOperation]:
    return [one for one in named_operations(operation.space.arity) if one.operation.index == operation.index]
