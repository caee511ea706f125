"""Counts kept in a file, to be added to those of other files later, always in one order."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from fluxttice_core.audit.kinds import label
from fluxttice_core.audit.whole_file import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from fluxttice_core.audit.draws import Grouped
    from fluxttice_core.audit.engine import Engine


def save_counts(engine: Engine, grouped: Grouped, path: Path) -> None:
    """Write a Parquet file of `kind` and `count`, in the order of the kinds, whole or not at all."""
    written = engine.new_path()
    kind = label(engine, grouped.space)
    engine.run(
        f"COPY (SELECT {kind} AS kind, n AS count FROM {grouped.name} ORDER BY kind) "
        f"TO {engine.quoted(written)} (FORMAT parquet, COMPRESSION zstd)"
    )
    put(written, path)


def put(written: Path, path: Path) -> None:
    """Let a copy of a finished file take the place of another at once."""
    with written.open("rb") as source:
        write_whole(path, lambda file: shutil.copyfileobj(source, file))
