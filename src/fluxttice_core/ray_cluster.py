"""A connection to a Ray cluster, that of RAY_ADDRESS or else this machine's cores, without Ray's words."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

from fluxttice_core.errors import FluxtticeError, MeasurementError
from fluxttice_core.extras import require_extra

_PATIENCE = 5
"""Seconds in which a cluster must answer."""


@contextlib.contextmanager
def connected() -> Iterator[Any]:
    """Connect to a cluster, unless this process already is; yield Ray."""
    require_extra("cluster", "--engine ray")
    address = os.environ.get("RAY_ADDRESS", "")
    _require_answer(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    connects = not ray.is_initialized()
    if connects:
        try:
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.CRITICAL)
        except (OSError, RuntimeError, ValueError) as error:
            raise _unanswered(address) from error
    try:
        yield ray
    finally:
        if connects:
            ray.shutdown()


@contextlib.contextmanager
def explained(ray: Any, needs: str) -> Iterator[None]:
    """Raise what stopped a task as if it had been done here; `needs` is what its machine must have, too."""
    try:
        yield
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, FluxtticeError):
            raise cause from error
        reason = str(error).strip().splitlines()[-1]
        raise MeasurementError(
            f"a task of the cluster failed with {reason:.200}: let each of its machines have this version of "
            f"fluxttice-core, and {needs}",
            "unreachable",
        ) from error


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
