"""Files of counts: of kinds, of counts themselves, or a matrix of incidences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fluxttice_core.audit.columns import WEIGHTS, choose_counts, choose_units
from fluxttice_core.audit.draws import Grouped, Reading, as_table, settled
from fluxttice_core.audit.kinds import kind_expression, truth_values
from fluxttice_core.audit.tables import WHOLE
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Sized

    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.sources import Source
    from fluxttice_core.audit.tables import Table
    from fluxttice_core.statistics.tally import Tally

_EXACT = 2**53
"""Below it a float is the number that was written."""

_FREQUENCIES = re.compile(r"\d{1,19}:\d{1,19}(,\d{1,19}:\d{1,19})*")


def is_frequencies(text: str) -> bool:
    """Return whether a text tells how many kinds were drawn how often, such as `1:21492,2:8`."""
    return _FREQUENCIES.fullmatch("".join(text.split())) is not None


def tally_of_frequencies(text: str) -> Tally:
    """Read how many kinds were drawn how often."""
    import numpy as np

    from fluxttice_core.statistics.tally import MOST_DRAWS, Tally, too_many_draws

    pairs = [pair.split(":") for pair in "".join(text.split()).split(",")]
    kinds = {int(times): int(number) for times, number in pairs if int(times) and int(number)}
    if len({int(times) for times, _ in pairs}) < len(pairs):
        raise MeasurementError(
            f"'{text:.40}' names a number of draws twice: add its kinds up", "contradictory"
        )
    if sum(times * number for times, number in kinds.items()) > MOST_DRAWS:
        raise too_many_draws(f"'{text:.40}'")
    return Tally(
        np.array(sorted(kinds), np.int64), np.array([kinds[times] for times in sorted(kinds)], np.int64)
    )


def group_counts(engine: Engine, source: Source, reading: Reading) -> Grouped | Tally:
    """Add up how often each kind was drawn, or tally counts that name no kinds."""
    table = as_table(engine, source, reading)
    kind, number = choose_counts(table.names, table.said, None if table.stored else reading.column)
    if kind is None:
        return _tally_of_vector(engine, table, number, source)
    name = group_pairs(engine, table, kind, number, count_expression(table, number), "BIGINT")
    engine.run(f"DELETE FROM {name} WHERE n = 0")
    notes = truth_values(table, kind)
    if table.named:
        notes += (f"counts are those of the column '{table.names[number]}'",)
    elif not table.stored:
        notes += (f"the first row of {table.said} was read as a kind and its count",)
    return settled(engine, Grouped(name, table.names[kind], notes=notes), table, reading)


def group_pairs(engine: Engine, table: Table, kind: int, place: int, number: str, kept: str) -> str:
    """Add up the numbers of each kind, and return the name of a table of `kind`, `n` and its `rows`.

    The expression of a `number` is NULL where its cell, at a `place`, holds none; `kept` is the sums' type.
    """
    name = engine.new_name()
    rows, added = ("n", "n * rows::HUGEINT") if table.stored else ("1", "n")
    table.run(
        engine,
        f"CREATE TEMP TABLE {name} AS SELECT kind, sum({added})::{kept} AS n, sum(rows)::BIGINT AS rows, "
        f"min(coalesce(written::VARCHAR, 'an empty cell')) FILTER (n IS NULL) AS wrong FROM "
        f"(SELECT {rows} AS rows, {kind_expression(table, kind)} AS kind, {number} AS n, "
        f"{table.cell(place)} AS written FROM {{table}}) GROUP BY kind",
    )
    wrong = engine.row(f"SELECT min(wrong) FROM {name}")[0]
    if wrong is not None:
        of_law = kept != "BIGINT"
        raise _no_number(wrong, table, place, "correct it" if of_law else _OF_DRAWS)
    engine.run(f"ALTER TABLE {name} DROP wrong")
    return name


_OF_DRAWS = "give a file of draws as --samples"
"""What to do where numbers in a column without a name are none, and so may be kinds."""


def _no_number(written: str, table: Table, place: int, way_out: str) -> MeasurementError:
    name = table.names[place]
    way_out = "correct it" if name.strip().lower() in WEIGHTS else way_out
    return MeasurementError(
        f"{table.said} has '{written:.40}' in its column '{name}', where numbers from 0 were expected, whole "
        f"ones if they are counts: {way_out}",
        "malformed",
    )


def _tally_of_vector(engine: Engine, table: Table, place: int, source: Source) -> Tally:
    name = engine.new_name()
    table.run(
        engine,
        f"CREATE TEMP TABLE {name} AS SELECT {count_expression(table, place)} AS times, "
        f"{table.weight} AS kinds, min(coalesce({table.cell(place)}::VARCHAR, 'an empty cell')) AS written "
        f"FROM {{table}} GROUP BY 1",
    )
    wrong = engine.row(f"SELECT min(written) FROM {name} WHERE times IS NULL")[0]
    if wrong is not None:
        of_table = source.kind == "lines" and re.search("[,;\t]", wrong)
        raise _no_number(wrong, table, place, "name its format by --format csv" if of_table else _OF_DRAWS)
    return tally_of(engine, f"SELECT times, kinds FROM {name} WHERE times > 0 ORDER BY times")


def tally_of(engine: Engine, sql: str) -> Tally:
    """Return the tally that a query yields as `times` and `kinds`."""
    import numpy as np

    from fluxttice_core.statistics.tally import Tally

    found = engine.arrays(sql)
    require_draws(found["times"])
    return Tally(found["times"].astype(np.int64), found["kinds"].astype(np.int64))


def require_draws(times: Sized) -> None:
    """Refuse counts of nothing."""
    if not len(times):
        raise MeasurementError("there is no draw at all: give at least one", "too_few")


def require_room(distinct: int, size: int | None) -> None:
    """Refuse more kinds than a space has, if its size is known."""
    if size is not None and distinct > size:
        raise MeasurementError(
            f"{distinct:,} different kinds were drawn, and a space of {size:,} has no more than that: give "
            "its size, or leave out what is not of it",
            "contradictory",
        )


def count_expression(table: Table, place: int) -> str:
    """Return the expression of a count, which is NULL where the cell is no whole number from 0."""
    cell = table.cell(place)
    if table.types[place] in WHOLE:
        return f"CASE WHEN {cell} >= 0 THEN TRY_CAST({cell} AS BIGINT) END"
    number = number_expression(table, place)
    whole = f"{number} >= 0 AND {number} < {_EXACT} AND {number} = floor({number}) THEN {number}::BIGINT END"
    if table.types[place] != "VARCHAR":
        return f"CASE WHEN {whole}"
    digits = f"trim({cell})"
    return f"CASE WHEN regexp_full_match({digits}, '\\d+') THEN TRY_CAST({digits} AS BIGINT) WHEN {whole}"


def number_expression(table: Table, place: int) -> str:
    """Return the expression of a number, which is NULL where the cell is none.

    A string is trimmed first, since the reader of CSV takes a bare cast upon itself and then fails.
    """
    cell = table.cell(place)
    text = f"trim({cell})" if table.types[place] == "VARCHAR" else cell
    return f"TRY_CAST({text} AS DOUBLE)"


def tally_of_incidences(engine: Engine, source: Source, reading: Reading) -> tuple[Tally, int]:
    """Read a matrix of kinds by sampling units, and return in how many units each kind was, and the units."""
    if reading.skip or reading.canonical:
        raise MeasurementError(
            "--incidences reads each row of a matrix as it is: leave out --skip and --canonical",
            "contradictory",
        )
    table = as_table(engine, source, reading)
    place, units = choose_units(
        table.names, table.said, None if table.stored else reading.column, named=table.named
    )
    numbers = [number_expression(table, unit) for unit in units]
    seen = " + ".join(f"({number} > 0)::BIGINT" for number in numbers)
    wrong = " OR ".join(f"coalesce(NOT ({number} >= 0 AND isfinite({number})), true)" for number in numbers)
    kind = "NULL" if place is None else kind_expression(table, place)
    name = engine.new_name()
    table.run(
        engine,
        f"CREATE TEMP TABLE {name} AS SELECT {kind} AS kind, {seen} AS times, {table.weight} AS kinds, "
        f"bool_or({wrong}) AS wrong FROM {{table}} GROUP BY 1, 2",
    )
    if engine.row(f"SELECT bool_or(wrong) FROM {name}")[0]:
        raise MeasurementError(
            f"{table.said} has cells that are no numbers from 0: a matrix of incidences has 1 where a "
            "kind was in a unit, else 0, beside one column called 'kind' or named by --column",
            "malformed",
        )
    if place is not None:
        _require_one_row(engine, name, table.said)
    rows = f"SELECT times, sum(kinds)::BIGINT AS kinds FROM {name} WHERE times > 0 GROUP BY 1 ORDER BY 1"
    return tally_of(engine, rows), len(units)


def _require_one_row(engine: Engine, name: str, said: str) -> None:
    kind = "coalesce(kind::VARCHAR, '')"
    twice = engine.run(
        f"SELECT {kind} FROM {name} GROUP BY 1 HAVING sum(kinds) > 1 OR {kind} = '' ORDER BY 1 LIMIT 1"
    )
    if twice:
        raise MeasurementError(
            f"{said} names the kind '{twice[0][0]:.40}' more than once, or none: give each kind one row",
            "contradictory",
        )
