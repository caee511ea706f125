"""Files as tables that the engine reads: a relation of SQL and its columns."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fluxttice_core.audit.arrow_files import as_parquet
from fluxttice_core.audit.columns import read_heading
from fluxttice_core.audit.streams import (
    DAMAGE,
    damage_of,
    fed,
    first_line,
    open_bytes,
    require_line_ends,
    sequences,
    whole_files,
)
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.sources import Source


_MOST_COLUMNS = 2**14

Feed = Callable[[bool], contextlib.AbstractContextManager[Any]]
"""What is sent while a relation is read; the argument says whether it is read to its end."""


@dataclass(frozen=True)
class Columns:
    """What files of one source have in common.

    Args:
        names: Names of the columns; numbers from 1 where they have none.
        types: The engine's types of the columns.
        named: Whether the files name their columns.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    named: bool


@dataclass(frozen=True)
class Table:
    """Rows that can be selected from.

    Args:
        said: The files in words.
        relation: What stands after FROM.
        names: Names of the columns; numbers from 1 where they have none.
        types: The engine's types of the columns.
        named: Whether the files name their columns.
        cells: Expressions that read the columns.
        feed: Makes what is sent to the relation while it is read, where the engine cannot open the files.
        weight: The expression of how many draws a group of rows is.
    """

    said: str
    relation: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    named: bool
    cells: tuple[str, ...] = ()
    feed: Feed = contextlib.nullcontext
    weight: str = "count(*)"

    @property
    def stored(self) -> bool:
        """Whether the rows lie in the engine, those that are alike in one."""
        return self.weight != "count(*)"

    def cell(self, place: int) -> str:
        """The expression that reads a column; names of strangers never stand in SQL."""
        return self.cells[place] if self.cells else f"#{place + 1}"

    def run(self, engine: Engine, sql: str, *, whole: bool = True) -> list[Any]:
        """Run a statement in which `{table}` stands for the relation, of which it may read but a part."""
        with self.feed(whole):
            return engine.run(sql.replace("{table}", self.relation), self.said)


def read_table(
    engine: Engine,
    source: Source,
    wanted: Sequence[str] = (),
    *,
    pairs: bool = False,
    like: Columns | None = None,
) -> Table:
    """Read how the files of a source are to be selected from.

    Args:
        engine: The engine.
        source: The files.
        wanted: Names of columns that were asked for, which tell whether a first row names columns.
        pairs: Whether rows are kinds and numbers.
        like: The columns of files beside these, which they must have; none: those of the first file.
    """
    if not source.paths:
        source = _spooled(engine, source)
    if source.kind == "table":
        return _separated(engine, source, wanted, like, pairs=pairs)
    readers = {"json": _json, "parquet": _parquet, "arrow": _parquet}
    return readers.get(source.kind, _lines)(engine, source, like)


def _require_few(names: Sequence[str], said: str) -> None:
    """Refuse more columns than spreadsheets have: each takes kilobytes of the engine's memory."""
    if len(names) > _MOST_COLUMNS:
        raise MeasurementError(
            f"{said} has {len(names):,} columns, and {_MOST_COLUMNS:,} at most are read: give fewer",
            "too_large",
        )


def _spooled(engine: Engine, source: Source) -> Source:
    """Keep standard input in a file, since most formats are read more than once."""
    path = engine.new_path()
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return replace(source, paths=(path,))


def _opened(engine: Engine, source: Source, *, skip: bool = False) -> tuple[str, Feed]:
    """Return the arguments that name what the engine opens, and what feeds it meanwhile.

    It is fed what is compressed, since it passes over checksums, and over the end of zst that breaks off.
    """
    rewritten = source.kind in ("fasta", "fastq")
    if not source.compression and not rewritten:
        for path in source.paths:
            require_line_ends(path)
        paths = engine.constant([engine.link(path) for path in source.paths])
        return f"{paths}, compression = 'uncompressed'", contextlib.nullcontext

    def feed(whole: bool) -> contextlib.AbstractContextManager[None]:
        pieces = sequences(source) if rewritten else whole_files(source, skip=skip)
        return fed(pipe, pieces, source.said, whole=whole)

    pipe = engine.new_path()
    return f"{engine.constant([str(pipe)])}, compression = 'uncompressed'", feed


def _text(opened: str, width: int, form: str) -> str:
    """Return the relation of a file of text whose cells are strings, whatever they look like."""
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(width))
    return f"read_csv({opened}, columns = {{{columns}}}, header = false, auto_detect = false, {form})"


_WHOLE_LINES = "delim = '', quote = '', escape = ''"


def _lines(engine: Engine, source: Source, like: Columns | None) -> Table:  # noqa: ARG001 - has one column
    opened, feed = _opened(engine, source)
    cell = r"regexp_extract(c0, '^\S+')" if source.kind == "first fields" else "c0"
    relation = _text(opened, 1, _WHOLE_LINES)
    return Table(source.said, relation, ("1",), ("VARCHAR",), False, (cell,), feed)


def _separated(
    engine: Engine, source: Source, wanted: Sequence[str], like: Columns | None, *, pairs: bool
) -> Table:
    """Read a table of text."""
    tabs = any(".tsv" in path.suffixes for path in source.paths)
    try:
        lines = [first_line(file, source) for file in open_bytes(source)]
    except DAMAGE as error:
        raise damage_of(error, source.said) from error
    headings = [
        read_heading(line, source.said, tabs=tabs, wanted=wanted, pairs=pairs)
        for line in lines
        if line.strip()
    ]
    if not headings:
        raise MeasurementError(f"{source.said} is empty: give at least one draw", "too_few")
    heading = headings[0]
    alien = like is not None and (heading.names, heading.named) != (like.names, like.named)
    if len(set(headings)) > 1 or len(headings) < len(lines) or alien:
        raise _other_columns(source)
    _require_few(heading.names, source.said)
    opened, feed = _opened(engine, source, skip=heading.named)
    skip = int(heading.named and feed is contextlib.nullcontext)
    form = f"delim = '{heading.delimiter}', quote = '\"', escape = '\"', skip = {skip}"
    relation = _text(opened, len(heading.names), form)
    types = ("VARCHAR",) * len(heading.names)
    return Table(source.said, relation, heading.names, types, heading.named, feed=feed)


def _other_columns(source: Source) -> MeasurementError:
    return MeasurementError(
        f"{source.said} has other columns than the files beside it: give files of one kind", "contradictory"
    )


def _json(engine: Engine, source: Source, like: Columns | None) -> Table:
    """Read one value a line, or one object a line: the names of the first are the columns."""
    opened, feed = _opened(engine, source)
    relation = f"read_json_objects({opened}, format = 'newline_delimited')"
    value = "CASE WHEN json_type(json) = 'OBJECT' THEN error('an object beside values') ELSE json ->> '$' END"
    table = Table(source.said, relation, ("1",), ("VARCHAR",), False, (value,), feed)
    names = _names_of_objects(source) if like is None else like.names if like.named else ()
    if not names:
        return table
    _require_few(names, source.said)
    pointers = ["/" + name.replace("~", "~0").replace("/", "~1") for name in names]
    cells = tuple(f"json ->> {engine.constant(pointer)}" for pointer in pointers)
    return replace(table, names=names, types=("VARCHAR",) * len(names), named=True, cells=cells)


def _names_of_objects(source: Source) -> tuple[str, ...]:
    """Read the names of the first object; the engine would give any line of any file as the first."""
    try:
        first = next(filter(bytes.strip, _lines_of(source)), b"null")
    except DAMAGE as error:
        raise damage_of(error, source.said) from error
    try:
        value = json.loads(first, object_pairs_hook=lambda pairs: tuple(name for name, _ in pairs))
    except (ValueError, RecursionError) as error:
        raise MeasurementError(f"{source.said} is no JSON, one value a line", "damaged_file") from error
    names = value if isinstance(value, tuple) else ()
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise MeasurementError(
            f"{source.said} has two values of {twice!r} in its first line: give every name once", "ambiguous"
        )
    return names


def _lines_of(source: Source) -> Iterator[bytes]:
    for file in open_bytes(source):
        while line := first_line(file, source):
            yield line


def _parquet(engine: Engine, source: Source, like: Columns | None) -> Table:
    files = as_parquet(engine, source) if source.kind == "arrow" else map(engine.link, source.paths)
    paths = engine.constant([str(path) for path in files])
    relation = f"read_parquet({paths}, hive_partitioning = false)"
    described = engine.run(f"DESCRIBE SELECT * FROM {relation}", source.said)
    names = tuple(row[0] for row in described)
    _require_few(names, source.said)
    if like is None:
        return Table(source.said, relation, names, tuple(row[1] for row in described), True)
    if not set(like.names) <= set(names):
        raise _other_columns(source)
    typed = zip(like.names, like.types, strict=True)
    cells = tuple(f"#{names.index(name) + 1}::{kind}" for name, kind in typed)
    return Table(source.said, relation, like.names, like.types, True, cells)
