"""Grouping draws by kind, and settling what their kinds are and which draws are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import TYPE_CHECKING, Literal

from fluxttice_core.audit.columns import COUNTS, KINDS, NO_VALUE, WEIGHTS, choose_kinds
from fluxttice_core.audit.kinds import (
    cells_expression,
    index_of_cells,
    kept_type,
    kind_expression,
    refuse_cells,
    seeming,
    settle,
    ternary,
    truth_values,
)
from fluxttice_core.audit.table_files import read_table, spooled
from fluxttice_core.audit.tables import Table, alike, other_columns
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from fluxttice_core.audit.arrays import Pair, Values
    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.sources import Source
    from fluxttice_core.audit.tables import Columns
    from fluxttice_core.spaces.operation_space import OperationSpace


@dataclass(frozen=True)
class Reading:
    """How files are read.

    Args:
        column: Name of the column or array that holds the kinds, where there are several; the place of one,
            from 1, in tables whose first row is a draw.
        space: The space, if the kinds are operations of another than the ternary ones.
        size: Kinds in the space, if it is known.
        skip: What stands in the place of a draw that is none; with it empty ones are left out, too.
        file_format: A suffix such as `csv`, where the files' own does not say what they hold.
        holds: What a row of the files is: a draw, a kind and its count or weight, or a kind and the units of
            it.
        canonical: Whether kinds are SMILES, those of one molecule being one kind.
        guess: Whether strings that look like ternary operations are taken for them.

    Raises:
        MeasurementError: If the space is of another size.
    """

    column: str | None = None
    space: OperationSpace | None = None
    size: int | None = None
    skip: tuple[str, ...] = ()
    file_format: str | None = None
    holds: Literal["draws", "counts", "weights", "incidences"] = "draws"
    canonical: bool = False
    guess: bool = True

    def __post_init__(self) -> None:
        if self.space is not None:
            _require_size(self.space, self.size)


@dataclass(frozen=True)
class Grouped:
    """A table of the engine with a row for each kind: `kind` and how often it was drawn, `n`."""

    name: str
    column: str | None = None  # where its file has others
    space: OperationSpace | None = None  # whose operations the kinds are, as indices
    left_out: dict[str, int] = field(default_factory=dict)  # why draws were left out, and how many
    notes: tuple[str, ...] = ()  # what was taken for granted


def group_draws(engine: Engine, source: Source, reading: Reading) -> Grouped:
    """Count how often each kind was drawn."""
    return group_table(engine, as_table(engine, source, reading), reading)


def as_table(engine: Engine, source: Source, reading: Reading, like: Columns | None = None) -> Table:
    """Return files as a table of the engine."""
    if not source.paths:
        source = spooled(engine, source)
    pairs = reading.holds in ("counts", "weights")
    if source.kind not in ("npy", "npz"):
        wanted = () if reading.column is None else (reading.column,)
        table = read_table(engine, source, wanted, pairs=pairs, like=like)
        _require_place(table, reading.column)
        return table
    from fluxttice_core.audit.arrays import read_arrays, read_pairs

    if pairs and source.kind == "npz":
        usual = COUNTS if reading.holds == "counts" else WEIGHTS
        both, names = read_pairs(source, reading.column, engine.memory, usual)
        table = stored_table(engine, both, source.said, like)
        return replace(table, names=names, named=True) if len(names) > 1 else table
    pieces, column = read_arrays(source, reading.column, engine.memory, beside=not reading.guess)
    return replace(stored_table(engine, pieces, source.said, like), column=column)


def _require_place(table: Table, column: str | None) -> None:
    """Refuse the name of a column where they have none, but places."""
    if column is None or table.named or column in table.names:
        return
    way_out = "its only column has no name: leave the column out"
    if len(table.names) > 1:
        way_out = f"its columns have no names: give a place as --column, from 1 to {len(table.names)}"
    raise MeasurementError(f"{table.said} has no column '{column}', since {way_out}", "unknown_column")


def stored_table(
    engine: Engine, pieces: Iterable[Values | Pair], said: str, like: Columns | None = None
) -> Table:
    """Return rows of arrays as a table that the engine holds, to be `like` those beside it."""
    from fluxttice_core.audit.arrays import empty_table, store

    name = store(engine, pieces, said)
    if name is None and like is not None:
        name = empty_table(engine, like.types)
    if name is None:
        raise no_sample(said)
    types = tuple(row[1] for row in engine.run(f"DESCRIBE {name}"))[:-1]
    if like is not None and not (
        len(types) == len(like.types) and all(map(alike, zip(types, like.types, strict=True)))
    ):
        raise other_columns(said)
    names = tuple(str(place + 1) for place in range(len(types)))
    cells = tuple(f"c{place}" for place in range(len(types)))
    return Table(said, name, names, types, named=False, cells=cells, weight="sum(n)::BIGINT")


def no_sample(said: str) -> MeasurementError:
    """Return the refusal of what holds no draw."""
    return MeasurementError(f"{said} holds no sample: give at least one draw", "too_few")


@dataclass(frozen=True)
class Layout:
    """Where in files the kinds stand: in one column, or in those of the cells of tables of a space."""

    places: tuple[int, ...]
    column: str | None  # where its file has others
    space: OperationSpace | None


def lay_out(engine: Engine, table: Table, reading: Reading) -> Layout:
    """Settle where the kinds stand."""
    places, column = list(range(len(table.names))), table.column
    if not table.stored:
        places = choose_kinds(
            table.names, table.said, reading.column, named=table.named, beside=not reading.guess
        )
        column = table.names[places[0]] if len(places) == 1 < len(table.names) else None
    nested = len(places) > 1 or table.types[places[0]].endswith("]")
    if nested and reading.guess and (reading.skip or reading.canonical):
        raise MeasurementError(
            f"{table.said} holds tables of cells, which are no strings: leave out --skip and --canonical",
            "contradictory",
        )
    space = _space_of_cells(engine, table, places, reading) if nested else None
    return Layout(tuple(places), column, space)


def group_table(engine: Engine, table: Table, reading: Reading) -> Grouped:
    """Group the rows of a table by kind: by one column, or by the cells of tables of operations."""
    layout = lay_out(engine, table, reading)
    return settle_kinds(engine, tabulate(engine, table, layout), table, layout, reading)


def tabulate(engine: Engine, table: Table, layout: Layout) -> str:
    """Return the name of a table of `kind`, as it is written or the index of its cells, and `n`."""
    name = engine.new_name()
    if layout.space is not None:
        _group_cells(engine, name, table, layout.places, layout.space)
        return name
    kind = kind_expression(table, layout.places[0])
    table.run(
        engine,
        f"CREATE TEMP TABLE {name} AS SELECT {kind} AS kind, {table.weight} AS n FROM {{table}} GROUP BY 1",
    )
    return name


def settle_kinds(engine: Engine, name: str, table: Table, layout: Layout, reading: Reading) -> Grouped:
    """Settle what the kinds that were read from a table are, and which of the draws are none."""
    grouped = Grouped(name, layout.column, layout.space)
    if (space := layout.space) is not None:
        note = f"tables of {space.cells} cells were read as {space.describe()}"
        return replace(grouped, notes=() if reading.space else (note,))
    notes = table.notes + _headed(table) + truth_values(table, layout.places[0])
    notes += _repeated(engine, name, table, table.names[layout.places[0]], reading)
    grouped = settled(engine, replace(grouped, notes=notes), table, reading)
    if not engine.row(f"SELECT count(*) FROM {name}")[0]:
        if _headed(table):
            raise MeasurementError(
                f"{table.said} holds no sample but '{table.names[0]}', which was read as the name of its "
                "column: write 'kind' above it if it is one, or give at least one draw",
                "too_few",
            )
        raise no_sample(table.said)
    return grouped


def _headed(table: Table) -> tuple[str, ...]:
    """Say which first row was taken for the name of the only column, unless the name is a usual one."""
    if not table.headed or len(table.names) > 1 or table.names[0].strip().lower() in (*KINDS, *COUNTS):
        return ()
    return (f"the first row of {table.said}, '{table.names[0]}', was read as the name of its column",)


def _repeated(engine: Engine, name: str, table: Table, column: str, reading: Reading) -> tuple[str, ...]:
    """Say that a kind is the name of its column, as where files with headings were joined."""
    if not table.named or column in reading.skip or reading.canonical or kept_type(engine, name) != "VARCHAR":
        return ()
    found = engine.run(f"SELECT n FROM {name} WHERE kind = {engine.constant(column)}")
    said = f", drawn {found[0][0]:,} times," if found and reading.guess else f" in {table.said}"
    return tuple(
        f"'{column}'{said} is a kind and the name of its column; --skip {quote(column)} leaves it out, if it "
        "is a heading that was repeated"
        for _ in found
    )


def _space_of_cells(engine: Engine, table: Table, places: Sequence[int], reading: Reading) -> OperationSpace:
    first = table.run(engine, f"SELECT {cells_expression(table, places)} FROM {{table}} LIMIT 1", whole=False)
    if not first:
        raise no_sample(table.said)
    space = reading.space or ternary(len(first[0][0] or ()))
    _require_size(space, reading.size)
    return space


def _require_size(space: OperationSpace, size: int | None) -> None:
    """Refuse the size of another space."""
    if size is not None and size != space.size:
        raise MeasurementError(
            f"{space.describe()} are {space.size:,}, not {size:,}: leave the size out", "contradictory"
        )


def _group_cells(
    engine: Engine, name: str, table: Table, places: Sequence[int], space: OperationSpace
) -> None:
    cells = cells_expression(table, places)
    index = index_of_cells(engine, "cells", space)
    table.run(
        engine,
        f"CREATE TEMP TABLE {name} AS SELECT {index} AS kind, {table.weight} AS n, "
        f"any_value(cells) AS cells FROM (SELECT {cells} AS cells, * FROM {{table}}) GROUP BY 1",
    )
    wrong = engine.run(f"SELECT cells FROM {name} WHERE kind IS NULL")
    if wrong:
        numbers = f"list_transform({cells}, lambda cell: TRY_CAST(cell AS DOUBLE))"
        ends = table.run(engine, f"SELECT min(list_min({numbers})), max(list_max({numbers})) FROM {{table}}")
        refuse_cells(wrong[0][0], ends[0], space, table.said)
    engine.run(f"ALTER TABLE {name} DROP cells")


def settled(engine: Engine, grouped: Grouped, table: Table, reading: Reading) -> Grouped:
    """Leave out what is no draw, and let every kind be what it stands for."""
    left_out = _leave_out(engine, grouped.name, table, reading)
    if reading.canonical:
        from fluxttice_core.audit.molecules import canonicalise

        if invalid := canonicalise(engine, grouped.name):
            left_out["no valid SMILES"] = int(invalid)
    beside = None if reading.guess else table.said
    notes = (*grouped.notes, *_doubtful(engine, grouped.name, beside))
    if beside is None:
        notes += _never_met(left_out, reading.skip)
    if table.letters:
        notes += _cases(engine, grouped.name, beside)
    space = settle(engine, grouped.name, table.said, reading.space, reading.size, guess=reading.guess)
    if space is not None and reading.space is None:
        notes += (f"strings of {space.cells} glyphs were read as {space.describe()}",)
    if space is None and reading.size is not None and reading.guess:
        notes += _no_operations(engine, grouped.name, reading.size)
    return replace(grouped, space=space, left_out=left_out, notes=notes)


def _no_operations(engine: Engine, name: str, size: int) -> tuple[str, ...]:
    """Say which strings would be operations, were it not for the size of their space."""
    if kept_type(engine, name) != "VARCHAR":
        return ()
    if (seen := seeming(engine, name)) is None:
        return ()
    return (
        f"strings of {seen.cells} glyphs were not read as {seen.describe()}, which are {seen.size:,}, not "
        f"{size:,}",
    )


def _leave_out(engine: Engine, name: str, table: Table, reading: Reading) -> dict[str, int]:
    """Remove rows that are no draws, and return how many draws each reason removed."""
    kind = kept_type(engine, name)
    reasons = {"empty": "kind IS NULL OR kind = ''" if kind == "VARCHAR" else "kind IS NULL"}
    if table.comments:
        reasons["comments with #"] = "starts_with(kind, '#')"
    for skipped in filter(None, reading.skip):
        named = engine.constant(skipped)  # -1 stands for the float -1.0, too
        same = f"kind = TRY_CAST({named} AS DOUBLE)" if kind == "DOUBLE" else f"kind::VARCHAR = {named}"
        reasons[f"'{skipped}'"] = same
    left_out = {}
    for reason, condition in reasons.items():
        number = engine.row(f"SELECT coalesce(sum(n), 0)::BIGINT FROM {name} WHERE {condition}")[0]
        if number:
            left_out[reason] = number
            engine.run(f"DELETE FROM {name} WHERE {condition}")
    if "empty" in left_out and not reading.skip and not table.comments:
        raise _missing(f"{table.said} has {left_out['empty']:,} empty draws", nan=_not_numbers(engine, name))
    if missing := _not_numbers(engine, name):
        raise _missing(f"{table.said} has {missing:,} samples that are NaN, a missing value", nan=missing)
    return left_out


def _not_numbers(engine: Engine, name: str) -> int:
    """Return how many draws are NaN, which only floats may be."""
    if kept_type(engine, name) != "DOUBLE":
        return 0
    return int(engine.row(f"SELECT coalesce(sum(n), 0)::BIGINT FROM {name} WHERE isnan(kind)")[0])


def _missing(found: str, *, nan: int) -> MeasurementError:
    """Refuse draws that are none, with what leaves out all of them at once."""
    none = "nan" if nan else "None"
    return MeasurementError(
        f"{found}: every draw must be a sample; --skip {none} leaves them out, beside every {none}",
        "missing_value",
    )


def _never_met(left_out: dict[str, int], skip: Sequence[str]) -> tuple[str, ...]:
    """Say what was to be left out and is not there, unless it is a missing value, of which one is glad."""
    unknown = [text for text in dict.fromkeys(filter(None, skip)) if f"'{text}'" not in left_out]
    return tuple(
        f"no draw is '{text}', which --skip was to leave out"
        for text in unknown
        if text.lower() not in NO_VALUE
    )


def _cases(engine: Engine, name: str, beside: str | None) -> tuple[str, ...]:
    """Say that sequences, of a file `beside` the draws, too, differ in case alone."""
    if not engine.run(f"SELECT 1 FROM {name} WHERE regexp_matches(kind, '[a-z]') LIMIT 1"):
        return ()
    written = f"SELECT 1 FROM {name} GROUP BY upper(kind) HAVING count(*) > 1"
    number = engine.row(f"SELECT count(*) FROM ({written})")[0]
    where = "" if beside is None else f" in {beside}"
    return (
        f"sequences{where} that differ in case alone are different kinds ({number:,} of them are written in "
        "several cases); write all in one, if case means nothing",
    ) * bool(number)


def _doubtful(engine: Engine, name: str, beside: str | None) -> tuple[str, ...]:
    """Say which strings, of a file `beside` the draws, too, may be no draw or differ by blanks alone."""
    if kept_type(engine, name) != "VARCHAR":
        return ()
    listed, longest = engine.constant(list(NO_VALUE)), max(map(len, NO_VALUE))
    none = f"strlen(kind) <= {longest} AND list_contains({listed}, lower(kind))"
    # Trimming costs three times what it takes to find the few that may end in a blank, of ASCII or another.
    perhaps = "kind BETWEEN ' ' AND '!' OR ends_with(kind, ' ') OR strlen(kind) != length(kind)"
    if not engine.run(f"SELECT 1 FROM {name} WHERE ({none}) OR {perhaps} LIMIT 1"):
        return ()
    notes = [
        (f"'{kind}', drawn {n:,} times," if beside is None else f"'{kind}' in {beside}")
        + f" is a kind; --skip {quote(kind)} leaves it out"
        for kind, n in engine.run(f"SELECT kind, n FROM {name} WHERE {none} ORDER BY kind")
    ]
    if engine.run(f"SELECT 1 FROM {name} WHERE ({perhaps}) AND kind != trim(kind) LIMIT 1"):
        where = "" if beside is None else f" in {beside}"
        notes.append(f"kinds{where} with blanks at their ends differ from those without")
    return tuple(notes)
