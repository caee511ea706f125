"""What a `model.safetensors` says of itself, and the digests of what it holds, without building a tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydantic import ValidationError

from fluxttice_core.errors import CheckpointError, RecordError
from fluxttice_core.provenance.canonical import bytes_digest, parse_json
from fluxttice_core.provenance.record import CheckpointRecord
from fluxttice_core.provenance.tensor_layout import read_layout, stored_digest

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
    """

    record: CheckpointRecord
    tensor_digest: str
    file_digest: str
    parameters: int


def read_stored(data: bytes, *, name: str) -> StoredModel:
    """Read the record of a model file held in memory, and digest its tensors.

    Args:
        data: The whole file.
        name: What the file is, for the error's sentence.

    Raises:
        CheckpointError: If the file is no such model.
    """
    layout = read_layout(data, name=name)
    try:
        described = layout.metadata[METADATA_KEY]
        record = CheckpointRecord.model_validate(parse_json(described.encode(), name=name))
    except (KeyError, RecordError, ValidationError) as error:
        raise CheckpointError(f"{name} does not describe itself as a model of fluxttice does.") from error
    parameters = sum(math.prod(tensor.shape) for tensor in layout.tensors if tensor.shape)
    return StoredModel(record, stored_digest(data, layout), bytes_digest(data), parameters)
