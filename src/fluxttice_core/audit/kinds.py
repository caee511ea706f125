"""What a kind is: a string, a whole number, or an operation written as index, glyphs or cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fluxttice_core.audit.tables import FLOATS, WHOLE
from fluxttice_core.errors import MeasurementError, OperationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.tables import Table
    from fluxttice_core.spaces.operation_space import OperationSpace

TEN = 10
"""Kinds that are shown of those drawn most and least often."""

_EXACT_FLOATS = 2**53
_MINUS_SIGN = "\N{MINUS SIGN}"
_TERNARY_CELLS = {3**arity: arity for arity in (1, 2, 3)}


def kind_expression(table: Table, place: int) -> str:
    """Return the expression of a column's kinds: strings and whole numbers as they are.

    Decimals are written without zeros at their ends: 2.00 is 2, as which others store it.
    """
    kind, cell = table.types[place], table.cell(place)
    if kind.startswith(("STRUCT", "MAP", "UNION")):
        raise MeasurementError(
            f"{table.said} holds {kind:.80} where samples were expected: name another column", "wrong_type"
        )
    if kind in WHOLE or kind == "VARCHAR":
        return cell
    if kind in FLOATS:
        return f"{cell}::DOUBLE"
    if kind.startswith("DECIMAL") and not kind.endswith(",0)"):
        return f"rtrim(rtrim({cell}::VARCHAR, '0'), '.')"
    return f"{cell}::TINYINT" if kind == "BOOLEAN" else f"{cell}::VARCHAR"


def kept_type(engine: Engine, name: str, cell: str = "kind") -> str | None:
    """Return the type in which a table of counts keeps its kinds, None if it has none."""
    rows = engine.run(f"SELECT typeof({cell}) FROM {name} LIMIT 1")
    return rows[0][0] if rows else None


def truth_values(table: Table, place: int) -> tuple[str, ...]:
    """Say how the kinds of a column are read if they are truth values."""
    return (f"the truth values of {table.said} were read as 1 and 0",) * (table.types[place] == "BOOLEAN")


def cells_expression(table: Table, places: Sequence[int]) -> str:
    """Return the expression of the list of cells that lie in several columns, or in one of lists."""
    if len(places) > 1:
        cells = [
            f"{table.cell(place)}::{'TINYINT::' if table.types[place] == 'BOOLEAN' else ''}VARCHAR"
            for place in places
        ]
        return f"[{', '.join(cells)}]"
    cell, kind = table.cell(places[0]), table.types[places[0]]
    while kind.count("[") > 1:
        cell, kind = f"flatten({cell})", kind[: kind.rindex("[")]
    return f"{cell}::VARCHAR[]"


def ternary(cells: int) -> OperationSpace:
    """Return the ternary space whose tables have so many cells."""
    if cells not in _TERNARY_CELLS:
        raise MeasurementError(
            f"{cells} numbers a sample are no table of a ternary operation, which has 3, 9 or 27: "
            "give the base and the number of inputs, or one index or string a sample",
            "wrong_shape",
        )
    from fluxttice_core.spaces.operation_space import OperationSpace

    return OperationSpace(3, _TERNARY_CELLS[cells])


def index_of_cells(engine: Engine, cells: str, space: OperationSpace) -> str:
    """Return the expression of the index of a table, which is NULL where the cells are none."""
    symbols = engine.constant([float(symbol) for symbol in space.symbols])
    digits = (
        f"list_transform({cells}, lambda cell: "
        f"coalesce(list_position({symbols}, TRY_CAST(replace(cell, '{_MINUS_SIGN}', '-') AS DOUBLE)), 0) - 1)"
    )
    return _index_of_digits(engine, digits, space)


def _index_of_glyphs(engine: Engine, space: OperationSpace) -> str:
    letters = f"string_split(replace(kind, '{_MINUS_SIGN}', '-'), '')"
    digits = f"list_transform({letters}, lambda letter: strpos('{space.glyphs}', letter) - 1)"
    return _index_of_digits(engine, digits, space)


def _index_of_digits(engine: Engine, digits: str, space: OperationSpace) -> str:
    weights = engine.constant([space.base**place for place in range(space.cells)])
    products = f"list_transform(list_zip({digits}, {weights}), lambda pair: pair[1]::HUGEINT * pair[2])"
    return (
        f"CASE WHEN len({digits}) = {space.cells} AND list_min({digits}) >= 0 "
        f"THEN list_sum({products})::BIGINT END"
    )


def settle(
    engine: Engine,
    name: str,
    said: str,
    space: OperationSpace | None,
    size: int | None = None,
    *,
    guess: bool = True,
) -> OperationSpace | None:
    """Turn the kinds of a table of counts into what they stand for, and return the space of operations.

    Floats must be whole. Where a space is given they are its operations; strings of 3, 9 or 27 glyphs are
    those of ternary ones, unless the size of the space contradicts it.
    """
    kind = kept_type(engine, name)
    if kind == "DOUBLE":
        _settle_floats(engine, name)
        kind = "BIGINT"
    if kind == "VARCHAR":
        return _settle_strings(engine, name, said, space, size, guess=guess)
    if space is not None:
        require_indices(engine, name, space)
    return space


def require_indices(engine: Engine, name: str, space: OperationSpace) -> None:
    """Refuse numbers that are no index of a space."""
    outside = engine.run(
        f"SELECT kind FROM {name} WHERE kind < 0 OR kind >= {space.size} ORDER BY kind LIMIT 1"
    )
    if outside:
        raise MeasurementError(
            f"a sample is {outside[0][0]}, outside the indices 0 to {space.size - 1:,}", "out_of_range"
        )


def _settle_floats(engine: Engine, name: str) -> None:
    missing, wrong = engine.row(
        f"SELECT coalesce(sum(n) FILTER (isnan(kind)), 0), "
        f"count(*) FILTER (abs(kind) >= {_EXACT_FLOATS} OR kind != floor(kind)) FROM {name}"
    )
    if missing:
        raise MeasurementError(
            f"{missing:,} samples are NaN, a missing value: every draw must be a sample", "missing_value"
        )
    if wrong:
        raise MeasurementError(
            "samples must be whole numbers below 2^53 where they are stored as floats", "wrong_type"
        )
    rewrite(engine, name, "kind::BIGINT")


def _settle_strings(
    engine: Engine, name: str, said: str, space: OperationSpace | None, size: int | None, *, guess: bool
) -> OperationSpace | None:
    if space is None:
        seen = seeming(engine, name) if guess else None
        if seen is None or size not in (None, seen.size):
            return None
        rewrite(engine, name, _index_of_glyphs(engine, seen))
        return seen
    if _lengths(engine, name) == (space.cells, space.cells) and _glyphs(engine, name, space)[0]:
        rewrite(engine, name, _index_of_glyphs(engine, space))
    else:
        _settle_indices_or_cells(engine, name, said, space)
    return space


def seeming(engine: Engine, name: str) -> OperationSpace | None:
    """Return the ternary space whose operations all strings of a table seem to be: glyphs with a sign."""
    shortest, longest = _lengths(engine, name)
    if shortest != longest or longest not in _TERNARY_CELLS:
        return None
    space = ternary(longest)
    return space if all(_glyphs(engine, name, space)) else None


def _lengths(engine: Engine, name: str) -> tuple[int | None, int | None]:
    shortest, longest = engine.row(f"SELECT min(length(kind)), max(length(kind)) FROM {name}")
    return shortest, longest


def _glyphs(engine: Engine, name: str, space: OperationSpace) -> tuple[bool, bool]:
    """Return whether all strings are of a space's glyphs, and whether one of these is a sign."""
    glyphs = space.glyphs + _MINUS_SIGN
    written, signed = engine.row(
        f"SELECT bool_and(regexp_full_match(kind, '[{glyphs}]+')), "
        f"bool_or(regexp_matches(kind, '[-+{_MINUS_SIGN}]')) FROM {name}"
    )
    return written, signed


def _settle_indices_or_cells(engine: Engine, name: str, said: str, space: OperationSpace) -> None:
    """Read strings as indices of a space, or as the cells of its tables apart by blanks or commas."""
    if engine.row(f"SELECT bool_and(regexp_full_match(kind, '\\d{{1,19}}')) FROM {name}")[0]:
        rewrite(engine, name, "kind::HUGEINT")
        require_indices(engine, name, space)
        return
    cells = r"regexp_split_to_array(trim(kind), '[\s,]+')"
    wrong = engine.run(
        f"SELECT kind FROM {name} WHERE {index_of_cells(engine, cells, space)} IS NULL "
        r"ORDER BY regexp_full_match(kind, '\d+'), kind LIMIT 1"
    )
    if wrong:
        raise MeasurementError(
            f"'{wrong[0][0]:.40}' in {said} is neither an index of {space.describe()} nor one of them "
            f"written as {space.cells} cells",
            "malformed",
        )
    rewrite(engine, name, index_of_cells(engine, cells, space))


def rewrite(engine: Engine, name: str, kind: str) -> None:
    """Write kinds anew, those together that became the same."""
    number = kept_type(engine, name, "n")
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {name} AS "
        f"SELECT {kind} AS kind, sum(n)::{number} AS n FROM {name} GROUP BY 1"
    )


def label(engine: Engine, space: OperationSpace | None, kind: str = "kind") -> str:
    """Return the expression of how a kind is written: operations as glyphs."""
    if space is None:
        return kind
    weights = engine.constant([space.base**place for place in range(space.cells)])
    glyph = f"'{space.glyphs}'[(({kind} // weight) % {space.base} + 1)::BIGINT]"
    return f"array_to_string(list_transform({weights}, lambda weight: {glyph}), '')"


def refuse_cells(
    cells: Sequence[str | None] | None,
    ends: tuple[float | int, float | int],
    space: OperationSpace,
    said: str,
) -> None:
    """Say why the cells of a table are none of a space; `ends` are the least and the largest of all cells."""
    if cells is None or None in cells or any(cell.lower() == "nan" for cell in cells if cell):
        raise MeasurementError(
            f"{said} has tables with empty cells: every draw must be a sample", "missing_value"
        )
    import numpy as np

    try:
        numbers = np.array([float(cell or "") for cell in cells])
        if not np.all((numbers == np.floor(numbers)) & (np.abs(numbers) < _EXACT_FLOATS)):
            raise ValueError("not whole")  # noqa: TRY301 - as a cell that is no number
        space.indices(numbers.astype(np.int64))
    except OperationError as error:
        raise MeasurementError(f"{error}{_way_out(*ends, space)}", error.code) from error
    except ValueError:
        raise MeasurementError(f"{said} has tables whose cells are not whole numbers", "wrong_type") from None


def _way_out(least: float | int, most: float | int, space: OperationSpace) -> str:
    """Return what to do with tables whose entries count from 0 where the space has signed symbols."""
    if space.symbols[0] == 0 or least != 0 or most != space.base - 1:
        return ""
    listed = ", ".join(map(str, range(space.base)))
    return f": subtract {-space.symbols[0]} from tables that are coded {listed}"
