"""Counting files on a Ray cluster: each is a task, made again where its process or machine dies."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxttice_core.audit.engine import memory_bytes
from fluxttice_core.ray_cluster import connected, explained

if TYPE_CHECKING:
    from fluxttice_core.audit.units import Unit


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
    """Keep Ray's data from writing to the terminal."""
    import ray.data

    log, context = logging.getLogger("ray.data"), ray.data.DataContext.get_current()
    handlers, bars = log.handlers, context.enable_progress_bars
    log.handlers, context.enable_progress_bars = [logging.NullHandler()], False
    try:
        yield
    finally:
        log.handlers, context.enable_progress_bars = handlers, bars
