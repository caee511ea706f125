"""Which column of a file holds the kinds, and which how often each was drawn."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from fluxttice_core.errors import MeasurementError

KINDS = (
    *("index", "indices", "operation", "operations", "sample", "samples", "kind", "kinds"),
    *("smiles", "sequence", "sequences", "word", "words", "token", "tokens", "species"),
)
COUNTS = ("count", "counts", "n", "abundance", "abundances", "frequency", "frequencies", "freq", "reads")
WEIGHTS = ("weight", "weights", "probability", "probabilities", "p", *COUNTS)

_CHOOSE, _KEEP = "choose one with --column", "keep of these only the one with the kinds"
"""What to do about several columns that may hold the kinds, of the draws and of a file beside them."""

_CALL = "call the one with the kinds 'kind'"
"""What to do where no column of a file beside the draws is called as kinds are."""

_DELIMITERS = (",", ";", "\t")
_TABLE_WIDTHS = {base**arity for base in (2, 3, 4) for arity in (1, 2, 3, 4)} - {2}
"""So many columns may be the cells of one table."""

NO_VALUE = ("nan", "inf", "infinity", "na", "<na>", "null", "none")
"""What programs write where a value is missing or none: no name of a column."""

_UNNUMBERED = re.compile("[^0-9]*")
"""The name of a column that is none of many alike."""

_SAMPLE = re.compile("[+.\N{MINUS SIGN}-]*|(?=.*[0-9])[0-9eE+.\N{MINUS SIGN}-]*")
"""A number, or an operation written as glyphs: letters of the former alone are a word."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?|[0-9]*\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Heading:
    """What the first line of a table says."""

    names: tuple[str, ...]  # numbers from 1 where the first row is a draw
    delimiter: str
    named: bool
    notes: tuple[str, ...] = field(default=(), compare=False)


def read_heading(
    line: bytes, said: str, *, tabs: bool = False, wanted: Sequence[str] = (), pairs: bool = False
) -> Heading:
    """Read the first line of a table: names of columns, or a row already.

    Of `wanted` columns `1` asks for the first of a table without names; a row of `pairs`, a kind and a
    number, holds no names where it has a number, unless it names the kinds, as in `species,2019`.
    """
    try:
        text = line.decode("utf-8-sig")
        outside = "".join(text.split('"')[::2])  # what is quoted may hold any delimiter
        marks = ("\t",) if tabs else _DELIMITERS
        delimiter = next((mark for mark in marks if mark in outside), marks[0])
        row = next(csv.reader([text.rstrip("\r\n")], delimiter=delimiter, strict=True), [])
    except UnicodeDecodeError as error:
        raise MeasurementError(f"{said} is not text in UTF-8", "alien_file") from error
    except csv.Error as error:
        reason = str(error)
        if "\r" in outside.rstrip("\r\n"):
            reason = "it ends its lines with carriage returns alone; save it with line feeds"
        raise MeasurementError(f"{said} is no CSV file: {reason}", "damaged_file") from error
    names = tuple(cell.strip() for cell in row)
    numbers = tuple(str(place + 1) for place in range(len(row)))
    usual = any(cell.lower() in KINDS for cell in names)
    row_of_pairs = pairs and any(map(_NUMBER.fullmatch, names)) and not usual
    place = bool(wanted) and set(wanted) <= set(numbers)
    if wanted and set(wanted) <= set(names):
        if not place or not (row_of_pairs or _may_be_draws(names, wanted[0], said)):
            return Heading(names, delimiter, named=True)
        return Heading(numbers, delimiter, False, _read_as_place(names, wanted[0], said))
    if place or row_of_pairs or not _is_heading(names, said):
        return Heading(numbers, delimiter, named=False)
    return Heading(names, delimiter, named=True)


def _may_be_draws(cells: Sequence[str], column: str, said: str) -> bool:
    """Return whether a row that holds the place of a column as a cell may be draws, and no names.

    One of words is refused, unless a name is a usual one, or names nothing first, as pandas heads its rows.
    """
    if not cells[0] or any(cell.lower() in (*KINDS, *WEIGHTS) for cell in cells):
        return False
    words = [cell for cell in cells if cell.lower() not in NO_VALUE and not _SAMPLE.fullmatch(cell)]
    if words and cells[int(column) - 1] != column:
        raise MeasurementError(
            f"the first row of {said} holds '{column}' in column {cells.index(column) + 1}, so that it may "
            f"be the name of that or the place of another: write names above the columns, '{column}' none of "
            "them, and choose one of these",
            "ambiguous",
        )
    return True


def _read_as_place(cells: Sequence[str], column: str, said: str) -> tuple[str, ...]:
    """Say that a number is a place, where a cell of the first row, elsewhere, might be a name."""
    if cells[int(column) - 1] == column:
        return ()
    return (
        f"'{column}' was read as the place of a column, and the first row of {said} as a row, not as names: "
        "if it names the columns, write words in it",
    )


def _is_heading(cells: Sequence[str], said: str) -> bool:
    """Return whether a row names columns: a cell is neither a number, nor glyphs, nor a missing value.

    Beside names a cell may be empty: so pandas writes its row numbers.
    """
    none = [cell for cell in cells if cell.lower().lstrip("+-\N{MINUS SIGN}") in NO_VALUE]
    words = [cell for cell in cells if cell not in none and not _SAMPLE.fullmatch(cell)]
    usual = [cell for cell in cells if cell.lower() in (*KINDS, *WEIGHTS)]
    if not usual and (none or ("" in cells and not words)):
        held = f"'{none[0]}'" if none else "an empty cell"
        raise MeasurementError(
            f"the first row of {said} holds {held}, neither a sample nor the name of a column: "
            "remove the row, or name the columns",
            "ambiguous",
        )
    return bool(words)


def choose_kinds(
    names: Sequence[str], said: str, column: str | None, *, named: bool = True, beside: bool = False
) -> list[int]:
    """Choose the column that holds the samples, or all of them as the cells of a table of an operation.

    Of files `beside` the draws no option names a column, and one of counts may stand beside their kinds.
    """
    if column is not None:
        return [_place(names, column, said)]
    usual = _usual_kinds(names, said, named=named, beside=beside)
    if usual is not None:
        return [usual]
    of_table = len(names) in _TABLE_WIDTHS
    if len(names) == 1 or (of_table and not (named and any(map(_UNNUMBERED.fullmatch, names)))):
        return list(range(len(names)))
    way_out = _CALL if beside else "name the one with the samples by --column"
    if of_table:
        way_out += f", or number those of the cells of tables, c1 to c{len(names)}"
    raise MeasurementError(f"{said} has the columns {_listed(names)}: {way_out}", "ambiguous")


def _usual_kinds(names: Sequence[str], said: str, *, named: bool, beside: bool) -> int | None:
    """Return the place of the column that is called as kinds are, or None, and refuse tables of counts."""
    usual = _usual(names, KINDS, said, _KEEP if beside else _CHOOSE)
    counted = [name for name in names if named and name.strip().lower() in COUNTS]
    if counted and (len(names) == 1 or not beside):
        way_out = _CALL if beside else "give the file as --counts, or name the column of draws with --column"
        raise MeasurementError(
            f"{said} has a column '{counted[0]}', as tables of counts have: {way_out}", "ambiguous"
        )
    return usual


def choose_array(names: Sequence[str], said: str, column: str | None, *, beside: bool = False) -> str:
    """Choose the array of an archive that holds the samples."""
    if column is not None:
        return names[_place(names, column, said)]
    place = _usual_kinds(names, said, named=True, beside=beside)
    if place is None and len(names) > 1:
        way_out = _CALL if beside else "name the one with the samples by --column"
        raise MeasurementError(f"{said} has the arrays {_listed(names)}: {way_out}", "ambiguous")
    return names[place or 0]


def choose_counts(
    names: Sequence[str], said: str, column: str | None, usual: Sequence[str] = COUNTS
) -> tuple[int | None, int]:
    """Choose the column of kinds, if there is one, and that of how often each was drawn, or its weight."""
    lowered = [name.strip().lower() for name in names]
    number = next((_usual(names, [name], said, "name them apart") for name in usual if name in lowered), None)
    beside = usual is WEIGHTS  # a law
    if len(names) == 1 and lowered[0] in KINDS and not beside:
        raise MeasurementError(
            f"{said} has one column, '{names[0]}', as files of draws have: give the file as --samples, or "
            "call the column 'count'",
            "ambiguous",
        )
    if number is None and (len(names) == 1 or (len(names) == 2 and tuple(names) == ("1", "2"))):
        number = len(names) - 1
    if number is None:
        raise MeasurementError(
            f"{said} has the columns {_listed(names)}, none of them called {', '.join(usual[:3])} or the "
            f"like: name that of the numbers so{'' if beside else ', or give a file of draws as --samples'}",
            "ambiguous",
        )
    others = [place for place in range(len(names)) if place != number]
    if column is not None:
        if (place := _place(names, column, said)) == number:
            raise MeasurementError(
                f"the column '{column}' of {said} holds numbers of draws: name the one with the kinds by "
                "--column, or leave it out of a file of counts alone",
                "contradictory",
            )
        return place, number
    if not others:
        return None, number
    kinds = _usual([names[place] for place in others], KINDS, said, _KEEP if beside else _CHOOSE)
    if kinds is not None or len(others) == 1:
        return others[kinds or 0], number
    way_out = _CALL if beside else "name the one with the kinds by --column"
    raise MeasurementError(f"{said} has the columns {_listed(names)}: {way_out}", "ambiguous")


def choose_units(
    names: Sequence[str], said: str, column: str | None, *, named: bool
) -> tuple[int | None, list[int]]:
    """Choose the column of kinds of a matrix of incidences, if there is one, and those of sampling units."""
    lowered = [name.strip().lower() for name in names]
    if named and (counted := [name for name in names if name.strip().lower() in COUNTS]):
        raise MeasurementError(
            f"{said} has a column '{counted[0]}', as tables of counts have: give the file as --counts, or "
            "call the column otherwise if it is a sampling unit",
            "ambiguous",
        )
    kind = _usual(names, KINDS, said) if column is None else _place(names, column, said)
    if kind is None and named and lowered.count("") == 1:  # where pandas writes what names its rows
        kind = lowered.index("")
    units = [
        place
        for place, name in enumerate(lowered)
        if place != kind and name not in KINDS and not (named and not name)
    ]
    if len(units) < 2:
        raise MeasurementError(
            f"{said} has {len(units)} sampling units: give a row for each kind and a column for each unit, "
            "or counts as --counts",
            "wrong_shape",
        )
    return kind, units


def _place(names: Sequence[str], column: str, said: str) -> int:
    if column not in names:
        raise MeasurementError(
            f"{said} has no column '{column}': it has {_listed(names) or 'nothing'}", "unknown_column"
        )
    if names.count(column) > 1:
        raise MeasurementError(
            f"{said} has {names.count(column)} columns '{column}': name them apart", "ambiguous"
        )
    return names.index(column)


def _usual(names: Sequence[str], usual: Sequence[str], said: str, way_out: str = _CHOOSE) -> int | None:
    """Return the place of the name that such columns usually have, or None.

    Several are refused: beside the operations, `index` often counts the rows.
    """
    found = [place for place, name in enumerate(names) if name.strip().lower() in usual]
    if len(found) > 1:
        listed = " and ".join(names[place].strip() for place in found)
        raise MeasurementError(f"{said} has {listed}, any of which may be meant: {way_out}", "ambiguous")
    return found[0] if found else None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (" ..." if len(names) > 20 else "")
