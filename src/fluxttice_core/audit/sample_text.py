"""Reading samples from text: one a line, or the columns of a CSV table."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from fluxttice_core.errors import MeasurementError

_USUAL_NAMES = ("index", "indices", "operation", "operations", "sample", "samples")
_DELIMITERS = (",", ";", "\t")
_TABLE_WIDTHS = {base**arity for base in (2, 3, 4) for arity in (1, 2, 3, 4)} - {2}
"""So many columns may be the cells of one table."""

_NO_VALUE = ("nan", "inf", "infinity", "na", "<na>", "null", "none")
"""What programs write where a value is missing or none: no name of a column."""

_OF_SAMPLES = frozenset("0123456789+-.eE\N{MINUS SIGN}")
"""Letters of numbers and of operations written as glyphs."""

Texts = Shaped[np.ndarray, "..."]


@dataclass(frozen=True, eq=False)
class Read:
    """Samples as a file holds them.

    Args:
        values: Numbers or strings, the first axis being the draws.
        column: Name of the column or array that they come from, where the file has others; else None.
    """

    values: Texts
    column: str | None = None


def read_text(text: str, name: str) -> Texts:
    r"""Read one sample a line: an index, a string of glyphs, or the cells of a table.

    Cells stand apart by blanks or commas. Empty lines and lines that start with `#` say nothing.
    """
    rows: list[list[str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.replace(",", " ").split()
        if not cells or cells[0].startswith("#"):
            continue
        rows.append(cells)
        if len(cells) != len(rows[0]):
            raise MeasurementError(
                f"line {number:,} of '{name}' has {len(cells)} entries where others have {len(rows[0])}: "
                "write one sample a line",
                "wrong_shape",
            )
    return _stacked(rows)


def read_csv(text: str, name: str, column: str | None = None) -> Read:
    r"""Read a column of indices or strings, or columns that are the cells of a table.

    Without a name the column is the only one, or the only one called index, operation or sample.
    """
    rows = _rows(text, name)
    if rows and _is_heading(rows[0], name):
        names = [cell.strip() for cell in rows[0]]
        chosen = choose_columns(names, name, column)
        places = [names.index(one) for one in chosen]
        values = _stacked([[row[place] for place in places] for row in rows[1:]])
        return Read(values, only_one_of(chosen, names))
    if column is not None:
        raise MeasurementError(
            f"'{name}' has no line of column names: leave the column out", "unknown_column"
        )
    return Read(_stacked(rows))


def choose_columns(names: Sequence[str], file: str, column: str | None) -> list[str]:
    """Choose the column of a table that holds the samples, or all of them as the cells of a table."""
    if column is not None:
        if column not in names:
            raise MeasurementError(
                f"'{file}' has no column '{column}': it has {', '.join(names)}", "unknown_column"
            )
        return [column]
    usual = usual_name(names, file)
    if usual is not None:
        return [usual]
    if len(names) == 1 or len(names) in _TABLE_WIDTHS:
        return list(names)
    raise MeasurementError(
        f"'{file}' has the columns {', '.join(names)}: name the one with the samples", "ambiguous"
    )


def usual_name(names: Sequence[str], file: str) -> str | None:
    """Return the name that samples usually have, or None.

    Several are refused: beside the operations, `index` often counts the rows.
    """
    usual = [name for name in names if name.strip().lower() in _USUAL_NAMES]
    if len(usual) > 1:
        listed = " and ".join(name.strip() for name in usual)
        raise MeasurementError(
            f"'{file}' has {listed}, any of which may hold the samples: choose one with --column", "ambiguous"
        )
    return usual[0] if usual else None


def only_one_of(chosen: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the name of a single column that was chosen among others, which a report must tell."""
    return chosen[0] if len(chosen) == 1 < len(names) else None


def _rows(text: str, name: str) -> list[list[str]]:
    """Return the rows of a CSV table, all of one length."""
    first_line = re.sub(r'"[^"]*"', "", text.partition("\n")[0])  # what is quoted may hold any of them
    delimiter = next((mark for mark in _DELIMITERS if mark in first_line), ",")
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if row]
    except csv.Error as error:
        raise MeasurementError(f"'{name}' is no CSV file: {error}", "damaged_file") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise MeasurementError(
                f"row {number:,} of '{name}' has {len(row)} cells, the first {len(rows[0])}", "wrong_shape"
            )
    return rows


def _is_heading(row: Sequence[str], name: str) -> bool:
    """Return whether a row names columns: a cell is neither a number, nor glyphs, nor a missing value.

    Beside names a cell may be empty: so pandas writes its row numbers.
    """
    texts = [cell.strip() for cell in row]
    none = [text for text in texts if text.lower().lstrip("+-\N{MINUS SIGN}") in _NO_VALUE]
    words = [text for text in texts if text not in none and not set(text) <= _OF_SAMPLES]
    if none or ("" in texts and not words):
        held = f"'{none[0]}'" if none else "an empty cell"
        raise MeasurementError(
            f"the first row of '{name}' holds {held}, neither a sample nor the name of a column: "
            "remove the row, or name the columns",
            "ambiguous",
        )
    return bool(words)


def _stacked(rows: Sequence[Sequence[str]]) -> Texts:
    """Return rows as an array of strings, of one axis where each has one entry."""
    if rows and len(rows[0]) == 1:
        return np.array([row[0] for row in rows], dtype=np.str_)
    return np.array(rows, dtype=np.str_)
