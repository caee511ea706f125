"""Reading files as tables: what the engine opens itself here, text beside it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from fluxttice_core.audit.tables import Table, alike, other_columns, require_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.sources import Source
    from fluxttice_core.audit.tables import Columns


def read_table(
    engine: Engine,
    source: Source,
    wanted: Sequence[str] = (),
    *,
    pairs: bool = False,
    like: Columns | None = None,
) -> Table:
    """Read how the files of a source are to be selected from, for the names see `read_heading`.

    They must have the columns of files beside these, which they are to be `like`, else those of the first.
    """
    if source.kind in ("parquet", "arrow"):
        return _parquet(engine, source, like)
    from fluxttice_core.audit import text_tables as text

    if source.kind in ("table", "tabs"):
        return text.separated(engine, source, wanted, like, pairs=pairs)
    return text.objects(engine, source, like) if source.kind == "json" else text.lines(engine, source)


def spooled(engine: Engine, source: Source) -> Source:
    """Keep standard input in a file, since most formats are read more than once; refusals name it so."""
    path = engine.new_path().with_name(source.said)
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return replace(source, paths=(path,))


def _parquet(engine: Engine, source: Source, like: Columns | None) -> Table:
    if source.kind == "arrow":
        from fluxttice_core.audit.arrow_files import as_parquet

        paths = [str(path) for path in as_parquet(engine, source)]
    else:
        paths = [engine.link(path) for path in source.paths]
    shards = _by_schema(engine, paths, source.said)
    names = tuple(name for name, _ in shards[0][0]) if like is None else like.names
    held = [{name.lower(): kind for name, kind in columns} for columns, _ in shards]
    held += (
        [] if like is None else [{name.lower(): kind for name, kind in zip(names, like.types, strict=True)}]
    )
    read = [name for name in names if alike(columns.get(name.lower(), "") for columns in held)]
    if not read:
        raise other_columns(source.said)
    relation = " UNION ALL ".join(
        f"SELECT {_cells(columns, read)} FROM {_stored(engine, files)}" for columns, files in shards
    )
    described = engine.run(f"DESCRIBE {relation}", source.said)
    known = {
        name: (f"#{place}", row[1]) for place, (name, row) in enumerate(zip(read, described, strict=True), 1)
    }
    cells, types = zip(*(known.get(name, ("", "")) for name in names), strict=True)
    partial = frozenset(names).difference(read)
    return Table(source.said, f"({relation})", names, types, True, cells, partial=partial)


def _by_schema(engine: Engine, paths: list[str], said: str) -> list[tuple[list[tuple[str, str]], list[str]]]:
    """Return the names and types of columns, and the files that have them, for all that occur, in order."""
    groups = [paths]
    if len(paths) > 1:
        places = {path: place for place, path in enumerate(paths)}
        columns = "SELECT file_name, list_sort(list((name, duckdb_type))) AS columns"
        schemas = f"{columns} FROM parquet_schema({engine.constant(paths)}) GROUP BY 1"
        rows = engine.run(f"SELECT list(file_name) FROM ({schemas}) GROUP BY columns", said)
        groups = sorted(
            (sorted(held, key=places.__getitem__) for (held,) in rows), key=lambda held: places[held[0]]
        )
    shards = []
    for held in groups:
        described = engine.run(f"DESCRIBE SELECT * FROM {_stored(engine, held[:1])}", said)
        require_few(described, said)
        shards.append(([(name, kind) for name, kind, *_ in described], held))
    return shards


def _stored(engine: Engine, paths: list[str]) -> str:
    return f"read_parquet({engine.constant(paths)}, hive_partitioning = false)"


def _cells(columns: Sequence[tuple[str, str]], read: Sequence[str]) -> str:
    """Return the expressions of columns by their names.

    A float of 32 bits is widened: beside whole numbers the engine would round those to its like. One that
    may have been rounded itself is refused.
    """
    places = {name.lower(): (place, kind) for place, (name, kind) in enumerate(columns, 1)}
    chosen = (places[name.lower()] for name in read)
    return ", ".join(_widened(f"#{place}") if kind == "FLOAT" else f"#{place}" for place, kind in chosen)


def _widened(cell: str) -> str:
    rounded = f"isfinite({cell}) AND abs({cell}) >= {2**24}"
    return f"CASE WHEN {rounded} THEN error('inexact')::DOUBLE ELSE {cell}::DOUBLE END"
