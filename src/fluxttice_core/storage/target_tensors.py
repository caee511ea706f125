"""The rows and weights that a model was trained on, in a file beside it."""

from __future__ import annotations

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
    rows, weights = tensors.get("rows"), tensors.get("weights")
    if rows is None or rows.ndim != 1 or not set(tensors) <= {"rows", "weights"}:
        raise CheckpointError(
            f"{path} is damaged: it holds other tensors than rows and weights", "damaged_file"
        )
    try:
        found = Target.of(space, np.asarray(rows), weights)
    except OperationError as error:
        raise CheckpointError(f"{path} is damaged: {error}", "damaged_file") from error
    if found.digest() != digest:
        raise CheckpointError(
            f"{path} lists other rows or weights than the model was trained on: restore it", "digest_mismatch"
        )
    return found
