"""Files as tables that the engine reads: a relation of SQL and its columns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fluxttice_core.audit.engine import Engine

_MOST_COLUMNS = 2**14
WHOLE = frozenset(
    {
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
    }
)
FLOATS = frozenset({"FLOAT", "DOUBLE"})
_NOTHING = '"NULL"'
"""The type of a column without a value."""

Feed = Callable[[bool], contextlib.AbstractContextManager[Any]]
"""Makes what is sent to a relation that the engine cannot open; told whether that is read to its end."""


@dataclass(frozen=True)
class Columns:
    """What files of one source have in common."""

    names: tuple[str, ...]  # numbers from 1 where the files name no columns
    types: tuple[str, ...]  # the engine's
    named: bool


@dataclass(frozen=True)
class Table:
    """Rows that can be selected from."""

    said: str  # the files in words
    relation: str  # what stands after FROM
    names: tuple[str, ...]  # numbers from 1 where the files name no columns
    types: tuple[str, ...]  # the engine's
    named: bool
    cells: tuple[str, ...] = ()  # expressions that read the columns
    feed: Feed = contextlib.nullcontext
    weight: str = "count(*)"  # how many draws a group of rows is
    partial: frozenset[str] = frozenset()  # names that some files lack, or store otherwise: cannot be read
    column: str | None = None  # the array that was chosen among others
    comments: bool = False  # whether a row that begins with # is none
    letters: bool = False  # whether kinds are sequences, in which the case of letters may mean nothing
    notes: tuple[str, ...] = ()  # how a first row was read
    headed: bool = False  # whether it was guessed of a first row that it names the columns

    @property
    def stored(self) -> bool:
        """Whether the rows lie in the engine, those that are alike in one."""
        return self.weight != "count(*)"

    def cell(self, place: int) -> str:
        """The expression that reads a column; names of strangers never stand in SQL."""
        if self.names[place] in self.partial:
            raise other_columns(self.said)
        return self.cells[place] if self.cells else f"#{place + 1}"

    def run(self, engine: Engine, sql: str, *, whole: bool = True) -> list[Any]:
        """Run a statement in which `{table}` stands for the relation, of which it may read but a part."""
        with self.feed(whole):
            return engine.run(sql.replace("{table}", self.relation), self.said)


def require_few(names: Sequence[Any], said: str) -> None:
    """Refuse more columns than spreadsheets have: each takes kilobytes of the engine's memory."""
    if len(names) > _MOST_COLUMNS:
        raise MeasurementError(
            f"{said} has {len(names):,} columns, and {_MOST_COLUMNS:,} at most are read: give fewer",
            "too_large",
        )


def other_columns(said: str) -> MeasurementError:
    """Return the refusal of files of several kinds."""
    return MeasurementError(
        f"{said} has other columns than the files beside it, or stores them as other types: give files of "
        "one kind",
        "contradictory",
    )


def alike(types: Iterable[str]) -> bool:
    """Return whether columns of these types hold values that compare: of one type, or numbers.

    A cast between any others makes kinds of its own, such as 0 of the string '00'.

    Example:
        >>> alike(["TINYINT", "UBIGINT", "DOUBLE"]), alike(["VARCHAR[]", "BIGINT[]"])
        (True, False)
    """
    parts = [kind.partition("[") for kind in types if kind != _NOTHING]
    bases, depths = {base for base, *_ in parts}, {depth for *_, depth in parts}
    return len(depths) < 2 and (len(bases) < 2 or bases <= WHOLE | FLOATS)
