"""The rows and weights that a model was trained on, in a file beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fluxttice_core.errors import CheckpointError, OperationError
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.atomic_write import write_bytes
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.tensors import decode_tensors, encode_tensors

if TYPE_CHECKING:
    from fluxttice_core.spaces.product_space import ProductSpace

TARGET = "target.safetensors"
_ROUNDING = 1e-9
_LARGEST = 1 << 28
"""16 million rows with their weights."""


def write_target(folder: Path, target: Target) -> None:
    """Write a target into a folder; equal targets give equal bytes."""
    tensors = {"rows": target.rows}
    if target.weights is not None:
        tensors["weights"] = target.weights
    write_bytes(folder / TARGET, encode_tensors(tensors, target.digest()))


def read_written_target(folder: Path, space: ProductSpace, digest: str) -> Target:
    """The target of a folder.

    Args:
        folder: Where it lies.
        space: The space of its rows.
        digest: The digest that the model's own file or settings record.

    Raises:
        CheckpointError: If it is missing, damaged, or another one.
    """
    path = folder / TARGET
    if not path.is_file():
        raise CheckpointError(
            f"the model in {folder} was trained on rows that {TARGET} beside it lists, and that file is not "
            "there: copy it from the run folder",
            "missing_file",
        )
    data = read_bounded(path, maximum=_LARGEST, name=f"The {TARGET}", error=CheckpointError)
    tensors, _ = decode_tensors(data, name=str(path))
    fault = _fault(tensors)
    if fault is not None:
        raise CheckpointError(f"{path} is damaged: {fault}", "damaged_file")
    try:
        # Not divided by their sum once more, which would move last digits and with them the digest.
        found = Target(space, space.check_indices(tensors["rows"]), tensors.get("weights"))
    except OperationError as error:
        raise CheckpointError(f"{path} is damaged: {error}", "damaged_file") from error
    if found.digest() != digest:
        raise CheckpointError(
            f"{path} lists other rows or weights than the model was trained on: restore it", "digest_mismatch"
        )
    return found


def _fault(tensors: Mapping[str, np.ndarray]) -> str | None:
    """What is wrong with the tensors of a target; none if they are what `write_target` writes."""
    rows, weights = tensors.get("rows"), tensors.get("weights")
    if rows is None or rows.ndim != 1 or not len(rows) or not set(tensors) <= {"rows", "weights"}:
        return "it holds other tensors than rows and weights"
    if not (np.diff(rows) > 0).all():
        return "its rows do not rise"
    if weights is None:
        return None
    sound = weights.shape == rows.shape and weights.dtype == np.float64 and (weights > 0).all()
    return None if sound and abs(math.fsum(weights) - 1) < _ROUNDING else "its weights are no probabilities"
