"""Counts kept in a file, to be added to those of other files later, always in one order."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from typing import TYPE_CHECKING

from fluxttice_core.audit.kinds import label
from fluxttice_core.errors import StorageError

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
    """Let a finished file take the place of another at once, flushed, so that readers see either."""
    temporary = path.with_name(f".{path.name}.new-{secrets.token_hex(8)}.tmp")
    try:
        with written.open("rb") as source, temporary.open("xb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        full = error.errno == 28
        raise StorageError(
            f"{path} could not be written: {error.strerror}; free space or choose another folder.",
            "disk_full" if full else "unwritable",
        ) from error
