"""Tensors to and from safetensors bytes: equal tensors give equal bytes, alien bytes give one sentence.

What is read are NumPy arrays; what is written may be arrays or torch's tensors. Nothing here needs torch.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.canonical_json import canonical_json, parse_json

METADATA_KEY = "fluxttice"
MAXIMUM_HEADER = 1 << 20
_PREFIX = 8
DTYPES = frozenset({"float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"})
"""The types of tensors that a checkpoint may hold, by their names in NumPy."""


def as_arrays(tensors: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The same numbers as NumPy arrays: those of torch's tensors are shared where they lie in this memory."""
    _require_known(tensors)
    return {name: _array(tensor) for name, tensor in tensors.items()}


def tensor_digest(tensors: Mapping[str, Any]) -> str:
    """Canonical tensor SHA-256: it names the numbers, and not the format, metadata, device or strides.

    h = SHA-256(line_1 || bytes_1 || line_2 || bytes_2 || ...), tensors sorted by name, where line_i is the
    canonical JSON of `[name, dtype, shape]` and a line feed, and bytes_i the row-major little-endian values.
    Dtype and shape fix the length of bytes_i, so no two sets of tensors share one text.
    """
    digest = hashlib.sha256()
    for name, array in sorted(as_arrays(tensors).items()):
        digest.update(canonical_json([name, str(array.dtype), list(array.shape)]) + b"\n")
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def encode_tensors(tensors: Mapping[str, Any], metadata: str) -> bytes:
    """Encode tensors as a safetensors file with one text of metadata: of several, the order would vary."""
    arrays = {
        name: np.ascontiguousarray(array).reshape(array.shape) for name, array in as_arrays(tensors).items()
    }
    return bytes(safetensors.numpy.save(arrays, metadata={METADATA_KEY: metadata}))


def decode_tensors(data: bytes, *, name: str) -> tuple[dict[str, np.ndarray], str]:
    """Decode a safetensors file written by `encode_tensors`."""
    metadata = _read_metadata(data, name)
    if not isinstance(metadata, dict) or set(metadata) != {METADATA_KEY}:
        raise CheckpointError(
            f"{name} was not written by fluxttice: its metadata lack the one key {METADATA_KEY!r}.",
            "alien_file",
        )
    try:
        tensors = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{name} is no valid safetensors file; it is damaged ({error!r:.200}): restore it from a copy.",
            "damaged_file",
        ) from error
    _require_known(tensors)
    return {key: tensors[key] for key in sorted(tensors)}, metadata[METADATA_KEY]


def _read_metadata(data: bytes, name: str) -> Any:
    """The metadata of a header, checked for what safetensors lets pass: length, a key twice, other fields."""
    length = int.from_bytes(data[:_PREFIX], "little")
    if length > min(MAXIMUM_HEADER, len(data) - _PREFIX):
        raise CheckpointError(
            f"{name} announces a header of {length:,} bytes in a file of {len(data):,}; it must fit and "
            f"have at most {MAXIMUM_HEADER:,}: this is no safetensors file, or a damaged one.",
            "damaged_file",
        )
    text = data[_PREFIX : _PREFIX + length]
    header = parse_json(text, name=f"the header of {name}", error=CheckpointError)
    if not isinstance(header, dict):
        raise CheckpointError(
            f"the header of {name} is not a table of tensors; this is no safetensors file.", "damaged_file"
        )
    metadata = header.pop("__metadata__", None)
    for key, entry in header.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise CheckpointError(
                f"{name} describes tensor {key!r} by other fields than dtype, shape and data_offsets.",
                "damaged_file",
            )
    return metadata


def _array(tensor: Any) -> np.ndarray:
    array: np.ndarray = tensor if isinstance(tensor, np.ndarray) else tensor.detach().cpu().numpy()
    return array


def _require_known(tensors: Mapping[str, Any]) -> None:
    for name, tensor in tensors.items():
        if (dtype := str(tensor.dtype).removeprefix("torch.")) not in DTYPES:
            raise CheckpointError(
                f"Tensor {name!r} has dtype {dtype}; a checkpoint holds {', '.join(sorted(DTYPES))}.",
                "wrong_type",
            )
