"""Counting the files of a source one by one on a Ray cluster, and adding up what all of them hold."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxttice_core.audit.arrays import read_arrays
from fluxttice_core.audit.draws import (
    Layout,
    Reading,
    as_table,
    lay_out,
    no_sample,
    settle_kinds,
    stored_table,
    tabulate,
)
from fluxttice_core.audit.engine import engine, memory_bytes
from fluxttice_core.audit.kinds import rewrite
from fluxttice_core.audit.sources import Source, require_plain_file
from fluxttice_core.audit.tables import Columns
from fluxttice_core.ray_cluster import connected, explained

if TYPE_CHECKING:
    from fluxttice_core.audit.draws import Grouped
    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.tables import Table


@dataclass(frozen=True)
class Unit:
    """A unit of work, still without its file; nothing in it is settled by that file alone."""

    source: Source
    reading: Reading
    columns: Columns
    layout: Layout
    memory: str

    def counts(self, path: Path) -> Iterator[Any]:
        """Count a file, and yield Arrow tables of `kind`, as the file writes it, and `n`.

        They come in one order, since a process that dies is replaced by one that sends only what is missing.
        """
        import pyarrow

        require_plain_file(path)
        with engine([path], self.memory, threads=1) as running:
            source = replace(self.source, paths=(path,))
            table = as_table(running, source, self.reading, self.columns)
            name = tabulate(running, table, self.layout)
            rows = running.connection.sql(f"SELECT kind, n FROM {name} ORDER BY kind")
            for batch in pyarrow.RecordBatchReader.from_stream(rows):
                yield pyarrow.Table.from_batches([batch])


def group_apart(running: Engine, source: Source, reading: Reading, memory: str) -> Grouped:
    """Count how often each kind was drawn, file by file in so much memory each, to the result of one go."""
    table = _head(running, source, reading)
    layout = lay_out(running, table, reading)
    columns = Columns(table.names, table.types, table.named)
    unit = Unit(replace(source, paths=()), reading, columns, layout, memory)
    name, empty = running.new_name(), True
    for piece in count_on_cluster(unit, [path.absolute() for path in source.paths]):
        running.append(name, piece, "kind, n FROM piece", source.said)
        empty = False
    if empty:
        raise no_sample(source.said)
    rewrite(running, name, "kind")
    return settle_kinds(running, name, table, layout, reading)


def _head(running: Engine, source: Source, reading: Reading) -> Table:
    """Return what all files have in common: that of the first, and of the first that holds a draw."""
    if source.kind in ("npy", "npz"):
        pieces, column = read_arrays(source, reading.column, running.memory)
        held = (piece for piece in pieces if piece.size)
        return replace(stored_table(running, islice(held, 1), source.said), column=column)
    files = [replace(source, paths=(path,)) for path in source.paths]
    full = next((file for file in files if _holds_a_draw(running, file, reading)), files[0])
    both = dict.fromkeys((source.paths[0], *full.paths))
    return replace(as_table(running, replace(source, paths=tuple(both)), reading), said=source.said)


def _holds_a_draw(running: Engine, file: Source, reading: Reading) -> bool:
    return bool(as_table(running, file, reading).run(running, "SELECT 1 FROM {table} LIMIT 1", whole=False))


def count_on_cluster(unit: Unit, paths: list[Path]) -> Iterator[Any]:
    """Count files, which every machine of the cluster must see under the same path, into Arrow tables."""
    with connected() as ray, _silent_data():
        nodes = [node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"]]
        # A task that asks for more than any machine has would wait for ever.
        wanted = min(memory_bytes(unit.memory), max(nodes, default=0) or memory_bytes(unit.memory))
        files = ray.data.from_items([{"path": str(path)} for path in paths], override_num_blocks=len(paths))
        counts = files.map_batches(
            _count, fn_kwargs={"unit": unit}, batch_size=None, batch_format="numpy", num_cpus=1, memory=wanted
        )
        with explained(ray, "memory for --memory on every core"):
            yield from counts.iter_batches(batch_size=None, batch_format="pyarrow")


def _count(batch: dict[str, Any], unit: Unit) -> Iterator[Any]:
    for path in batch["path"]:
        yield from unit.counts(Path(path))


@contextlib.contextmanager
def _silent_data() -> Iterator[None]:
    import ray.data

    log, context = logging.getLogger("ray.data"), ray.data.DataContext.get_current()
    handlers, bars = log.handlers, context.enable_progress_bars
    log.handlers, context.enable_progress_bars = [logging.NullHandler()], False
    try:
        yield
    finally:
        log.handlers, context.enable_progress_bars = handlers, bars
