"""The rows and weights that a model was trained on, in a file beside it."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fluxttice_core.errors import CheckpointError, OperationError
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.atomic_write import write_bytes
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.checkpoint_record import TARGET
from fluxttice_core.storage.tensors import MAXIMUM_HEADER, decode_tensors, encode_tensors

_ROUNDING = 1e-9
_BYTES_A_ROW = 16
_LARGEST = 1 << 28
"""16 million rows with their weights."""


def largest_target(space: ProductSpace) -> int:
    """Bytes that the file of a target of a space may have: as if all elements stood in it, at most 256 MiB.

    Example:
        >>> from fluxttice_core.spaces.space_name import space_of
        >>> largest_target(space_of("dna:8")) - largest_target(space_of("codons"))
        1047552
    """
    return min(_LARGEST, _BYTES_A_ROW * space.size) + MAXIMUM_HEADER


def target_bytes(target: Target) -> bytes:
    """A target as the content of its file; equal targets give equal bytes."""
    tensors = {"rows": target.rows}
    if target.weights is not None:
        tensors["weights"] = target.weights
    return encode_tensors(tensors, target.digest())


def write_target(folder: Path, target: Target) -> None:
    """Write a target into a folder."""
    write_bytes(folder / TARGET, target_bytes(target))


def read_written_target(folder: Path, space: ProductSpace, digest: str) -> Target:
    """The target of a folder, if it is the one that the model's own file or settings record."""
    path = folder / TARGET
    if not path.is_file():
        raise CheckpointError(
            f"the model in {folder} was trained on rows that {TARGET} beside it lists, and that file is not "
            "there: copy it from the run folder",
            "missing_file",
        )
    data = read_bounded(path, maximum=largest_target(space), name=f"The {TARGET}", error=CheckpointError)
    return parse_target(data, space, digest, name=str(path))


def parse_target(data: bytes, space: ProductSpace, digest: str, *, name: str) -> Target:
    """The target of a file's content, if it is the one of a digest, written as `target_bytes` does."""
    tensors, described = decode_tensors(data, name=name)
    fault = _fault(tensors)
    if fault is not None:
        raise CheckpointError(f"{name} is damaged: {fault}", "damaged_file")
    try:
        # Not divided by their sum once more, which would move last digits and with them the digest.
        found = Target(space, space.check_indices(tensors["rows"]), tensors.get("weights"))
    except OperationError as error:
        raise CheckpointError(f"{name} is damaged: {error}", "damaged_file") from error
    named = found.digest()
    if named != digest:
        raise CheckpointError(
            f"{name} lists other rows or weights than the model was trained on: restore it", "digest_mismatch"
        )
    if described != named:
        raise CheckpointError(
            f"{name} names another digest than that of its rows and weights: restore it", "digest_mismatch"
        )
    return found


def _fault(tensors: Mapping[str, np.ndarray]) -> str | None:
    """What is wrong with the tensors of a target; none if they are what `target_bytes` writes."""
    rows, weights = tensors.get("rows"), tensors.get("weights")
    if rows is None or rows.ndim != 1 or not len(rows) or not set(tensors) <= {"rows", "weights"}:
        return "it holds other tensors than rows and weights"
    if rows.dtype != np.int64 or not (np.diff(rows) > 0).all():
        return "its rows do not rise, or are no whole numbers of 64 bits"
    if weights is None:
        return None
    shaped = weights.shape == rows.shape and weights.dtype == np.float64
    # None above 1, since sums of what is much larger end in no number.
    if not (shaped and ((weights > 0) & (weights <= 1)).all() and abs(math.fsum(weights) - 1) < _ROUNDING):
        return "its weights are no probabilities"
    return "its weights are all alike, and such rows have none" if np.ptp(weights) == 0 else None
