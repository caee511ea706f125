"""Tensors to and from safetensors bytes: equal tensors give equal bytes, alien bytes give one sentence.

What is read are NumPy arrays; what is written may be arrays or torch's tensors. Nothing here needs torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.canonical_json import parts_digest
from fluxttice_core.storage.tensor_header import DTYPES, read_layout

__all__ = ["as_arrays", "decode_tensors", "encode_tensors", "tensor_digest"]

METADATA_KEY = "fluxttice"
_ACCEPTED = {name for name, _ in DTYPES.values()}


def as_arrays(tensors: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The same numbers as NumPy arrays: those of torch's tensors are shared where they lie in this memory.

    Args:
        tensors: Arrays, or torch's tensors on any device.

    Raises:
        CheckpointError: If a tensor has a dtype that a checkpoint cannot hold.

    Example:
        >>> as_arrays({"bias": np.zeros(2)})["bias"].shape
        (2,)
    """
    return {name: _array(name, tensor) for name, tensor in tensors.items()}


def tensor_digest(tensors: Mapping[str, Any]) -> str:
    """Canonical tensor SHA-256: over sorted names, dtypes, shapes and little-endian bytes.

    It names the numbers and nothing else: not the file's format, metadata, device or strides.

    Args:
        tensors: Arrays or torch's tensors by name.

    Raises:
        CheckpointError: If a tensor has a dtype that a checkpoint cannot hold.

    Example:
        >>> tensor_digest({"bias": np.array([1, 2], dtype=np.uint8)})[:16]
        '21fac514b75c5b7e'
    """
    return parts_digest(
        (name, str(array.dtype), array.shape, _little_endian(array))
        for name, array in as_arrays(tensors).items()
    )


def encode_tensors(tensors: Mapping[str, Any], metadata: str) -> bytes:
    """Encode tensors as a safetensors file with one text of metadata.

    One text, since the format writes several in an order that changes from call to call.

    Args:
        tensors: Arrays or torch's tensors by name; they may share memory or live on another device.
        metadata: The text, kept under the key `fluxttice`.

    Raises:
        CheckpointError: If a tensor has a dtype that a checkpoint cannot hold.
    """
    arrays = {
        name: np.ascontiguousarray(array).reshape(array.shape) for name, array in as_arrays(tensors).items()
    }
    return bytes(safetensors.numpy.save(arrays, metadata={METADATA_KEY: metadata}))


def decode_tensors(data: bytes, *, name: str) -> tuple[dict[str, np.ndarray], str]:
    """Decode a safetensors file written by `encode_tensors`.

    Args:
        data: The whole file.
        name: What the file is, for the error's sentence.

    Returns:
        The tensors by name, sorted, and the text of metadata.

    Raises:
        CheckpointError: If the bytes are damaged or alien.
    """
    layout = read_layout(data, name=name)
    if set(layout.metadata) != {METADATA_KEY}:
        raise CheckpointError(
            f"{name} was not written by fluxttice: its metadata lack the one key {METADATA_KEY!r}."
        )
    try:
        tensors = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{name} is not a valid safetensors file ({error}).") from error
    return {key: tensors[key] for key in sorted(tensors)}, layout.metadata[METADATA_KEY]


def _array(name: str, tensor: Any) -> np.ndarray:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in _ACCEPTED:
        raise CheckpointError(
            f"Tensor {name!r} has dtype {dtype}; a checkpoint holds {', '.join(sorted(_ACCEPTED))}."
        )
    array: np.ndarray = tensor if isinstance(tensor, np.ndarray) else tensor.detach().cpu().numpy()
    return array


def _little_endian(array: np.ndarray) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
