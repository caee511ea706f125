"""What a `model.safetensors` says of itself, and the digests of what it holds, without building a tensor."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from fluxttice_core.errors import CheckpointError, RecordError
from fluxttice_core.model.network_shape import NetworkShape
from fluxttice_core.storage.canonical_json import bytes_digest, parse_json
from fluxttice_core.storage.checkpoint_record import CheckpointRecord
from fluxttice_core.storage.tensor_header import TensorLayout, read_layout, stored_digest

__all__ = ["METADATA_KEY", "StoredModel", "read_stored"]

METADATA_KEY = "fluxttice"


@dataclass(frozen=True)
class StoredModel:
    """A model file's own record beside what its bytes are.

    Args:
        record: What the header says.
        tensor_digest: Canonical tensor SHA-256 of the bytes.
        file_digest: SHA-256 of the whole file.
        parameters: Numbers in its tensors, save those that stand alone, which are buffers.
        misfit: Why no network takes these tensors; none if the network that the header describes does.
    """

    record: CheckpointRecord
    tensor_digest: str
    file_digest: str
    parameters: int
    misfit: str | None


def read_stored(data: bytes, *, name: str) -> StoredModel:
    """Read the record of a model file held in memory, and digest its tensors.

    Args:
        data: The whole file.
        name: What the file is, for the error's sentence.

    Raises:
        CheckpointError: If the file is no such model.
    """
    layout = read_layout(data, name=name)
    if set(layout.metadata) != {METADATA_KEY}:
        raise CheckpointError(f"{name} holds other metadata than the one key {METADATA_KEY!r}.")
    try:
        described = layout.metadata[METADATA_KEY]
        record = CheckpointRecord.model_validate(parse_json(described.encode(), name=name))
    except (KeyError, RecordError, ValidationError) as error:
        raise CheckpointError(f"{name} does not describe itself as a model of fluxttice does.") from error
    parameters = sum(math.prod(tensor.shape) for tensor in layout.tensors if tensor.shape)
    misfit = next(_misfits(data, layout, record), None)
    return StoredModel(record, stored_digest(data, layout), bytes_digest(data), parameters, misfit)


def _misfits(data: bytes, layout: TensorLayout, record: CheckpointRecord) -> Iterator[str]:
    try:
        due = NetworkShape.model_validate(record.architecture).tensor_shapes
    except ValidationError:
        yield "its header describes no network"
        return
    found = {tensor.name: tensor for tensor in layout.tensors}
    for name in sorted(due.keys() ^ found.keys()):
        yield f"the tensor {name!r} is {'missing' if name in due else 'one too many'}"
    for name in sorted(due.keys() & found.keys()):
        tensor = found[name]
        if (tensor.dtype, tensor.shape) != ("float32", due[name]):
            yield f"the tensor {name!r} is {tensor.dtype} {tensor.shape}, and should be float32 {due[name]}"
        elif not all(map(math.isfinite, _floats(data[tensor.start : tensor.stop]))):
            yield f"the tensor {name!r} holds a number that is not finite"


def _floats(little_endian: bytes) -> array[float]:
    numbers = array("f", little_endian)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
