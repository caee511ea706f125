"""What a `model.safetensors` says of itself, and the digests of what it holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import ValidationError

from fluxttice_core.errors import CheckpointError, RecordError
from fluxttice_core.model.network_shape import NetworkShape
from fluxttice_core.storage.canonical_json import bytes_digest, parse_json
from fluxttice_core.storage.checkpoint_record import CheckpointRecord
from fluxttice_core.storage.tensors import decode_tensors, tensor_digest


@dataclass(frozen=True)
class StoredModel:
    """A model file's own record, which its header is, beside what its bytes are.

    Tensors of one number are buffers and no `parameters`; `misfit` says why no network takes the tensors.
    """

    record: CheckpointRecord
    tensor_digest: str
    file_digest: str
    parameters: int
    misfit: str | None


def read_stored(data: bytes, *, name: str) -> StoredModel:
    """Read the record of a model file held in memory, and digest its tensors."""
    tensors, described = decode_tensors(data, name=name)
    try:
        record = CheckpointRecord.model_validate(parse_json(described.encode(), name=name))
    except (KeyError, RecordError, ValidationError) as error:
        raise CheckpointError(
            f"{name} does not describe itself as a model of fluxttice does.", "alien_file"
        ) from error
    parameters = sum(tensor.size for tensor in tensors.values() if tensor.shape)
    try:
        misfit = next(misfits(NetworkShape.model_validate(record.architecture), tensors), None)
    except ValidationError:
        misfit = "its header describes no network"
    return StoredModel(record, tensor_digest(tensors), bytes_digest(data), parameters, misfit)


def misfits(shape: NetworkShape, found: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Why tensors are not those of a network, a phrase for each of them."""
    due = shape.tensor_shapes
    for name in sorted(due.keys() ^ found.keys()):
        yield f"the tensor {name!r} is {'missing' if name in due else 'one too many'}"
    for name in sorted(due.keys() & found.keys()):
        tensor = found[name]
        if (str(tensor.dtype), tensor.shape) != ("float32", due[name]):
            yield f"the tensor {name!r} is {tensor.dtype} {tensor.shape}, and should be float32 {due[name]}"
        elif not np.isfinite(tensor).all():
            yield f"the tensor {name!r} holds a number that is not finite"
