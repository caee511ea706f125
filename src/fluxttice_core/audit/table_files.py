"""Reading files as tables: what the engine opens itself here, text beside it."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from fluxttice_core.audit.tables import Table, other_columns, require_few

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
    if not source.paths:
        source = _spooled(engine, source)
    if source.kind in ("parquet", "arrow"):
        return _parquet(engine, source, like)
    from fluxttice_core.audit import text_tables as text

    if source.kind == "table":
        return text.separated(engine, source, wanted, like, pairs=pairs)
    return text.objects(engine, source, like) if source.kind == "json" else text.lines(engine, source)


def _spooled(engine: Engine, source: Source) -> Source:
    """Keep standard input in a file, since most formats are read more than once."""
    path = engine.new_path()
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return replace(source, paths=(path,))


def _parquet(engine: Engine, source: Source, like: Columns | None) -> Table:
    if source.kind == "arrow":
        from fluxttice_core.audit.arrow_files import as_parquet

        paths = engine.constant([str(path) for path in as_parquet(engine, source)])
    else:
        paths = engine.constant([engine.link(path) for path in source.paths])
    relation = f"read_parquet({paths}, hive_partitioning = false)"
    described = engine.run(f"DESCRIBE SELECT * FROM {relation}", source.said)
    names = tuple(row[0] for row in described)
    require_few(names, source.said)
    if like is None:
        return Table(source.said, relation, names, tuple(row[1] for row in described), True)
    if not set(like.names) <= set(names):
        raise other_columns(source.said)
    typed = zip(like.names, like.types, strict=True)
    cells = tuple(f"#{names.index(name) + 1}::{kind}" for name, kind in typed)
    return Table(source.said, relation, like.names, like.types, True, cells)
