"""Counting files on a Ray cluster: each is a task, made again where its process or machine dies."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxttice_core.audit.engine import memory_bytes
from fluxttice_core.errors import FluxtticeError, MeasurementError
from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from fluxttice_core.audit.units import Unit

_PATIENCE = 5
"""Seconds in which a cluster must answer."""


def count_on_cluster(unit: Unit, paths: list[Path]) -> Iterator[Any]:
    """Count files on the cluster of RAY_ADDRESS, else on one of this machine's cores; yield Arrow tables.

    Args:
        unit: How a file is counted.
        paths: The files, which every machine of the cluster must see under the same path.

    Raises:
        MissingExtra: If Ray is not installed.
        MeasurementError: If the cluster does not answer, or a file cannot be counted.
    """
    require_extra("cluster", "--engine ray")
    with _connected() as ray:
        nodes = [node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"]]
        # A task that asks for more than any machine has would wait for ever.
        wanted = min(memory_bytes(unit.memory), max(nodes, default=0) or memory_bytes(unit.memory))
        files = ray.data.from_items([{"path": str(path)} for path in paths], override_num_blocks=len(paths))
        counts = files.map_batches(
            _count, fn_kwargs={"unit": unit}, batch_size=None, batch_format="numpy", num_cpus=1, memory=wanted
        )
        with _explained(ray):
            yield from counts.iter_batches(batch_size=None, batch_format="pyarrow")


def _count(batch: dict[str, Any], unit: Unit) -> Iterator[Any]:
    for path in batch["path"]:
        yield from unit.counts(Path(path))


@contextlib.contextmanager
def _explained(ray: Any) -> Iterator[None]:
    """Raise what stopped a task as if it had been counted here."""
    try:
        yield
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, FluxtticeError):
            raise cause from error
        reason = str(error).strip().splitlines()[-1]
        raise MeasurementError(
            f"a task of the cluster failed with {reason:.200}: let each of its machines have this version of "
            "fluxttice-core, and memory for --memory on every core",
            "unreachable",
        ) from error


@contextlib.contextmanager
def _connected() -> Iterator[Any]:
    """Connect to a cluster, unless this process already is, and keep Ray from writing to the terminal."""
    address = os.environ.get("RAY_ADDRESS", "")
    _require_answer(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    import ray.data

    log, context = logging.getLogger("ray.data"), ray.data.DataContext.get_current()
    handlers, bars = log.handlers, context.enable_progress_bars
    log.handlers, context.enable_progress_bars = [logging.NullHandler()], False
    connects = not ray.is_initialized()
    try:
        if connects:
            try:
                ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.CRITICAL)
            except (OSError, RuntimeError, ValueError) as error:
                raise _unanswered(address) from error
        yield ray
    finally:
        log.handlers, context.enable_progress_bars = handlers, bars
        if connects:
            ray.shutdown()


def _require_answer(address: str) -> None:
    """Refuse an address at which nobody listens, for which Ray would try long."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
        except OSError as error:
            raise _unanswered(address) from error


def _unanswered(address: str) -> MeasurementError:
    at = f"at RAY_ADDRESS={address}" if address else "on this machine"
    return MeasurementError(
        f"no Ray cluster answers {at}: start it, correct the address, or use --engine local", "unreachable"
    )
