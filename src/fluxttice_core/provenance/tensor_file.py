"""Tensors to and from safetensors bytes: equal tensors give equal bytes, alien bytes give one sentence."""

from __future__ import annotations

from collections.abc import Mapping

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from fluxttice_core.errors import CheckpointError
from fluxttice_core.provenance.canonical import parts_digest
from fluxttice_core.provenance.tensor_layout import DTYPES, read_layout

__all__ = ["decode_tensors", "encode_tensors", "tensor_digest"]

METADATA_KEY = "fluxttice"
_ACCEPTED = {name for name, _ in DTYPES.values()}
_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def tensor_digest(tensors: Mapping[str, Tensor]) -> str:
    """Canonical tensor SHA-256: over sorted names, dtypes, shapes and little-endian bytes.

    It names the numbers and nothing else: not the file's format, metadata, device or strides.

    Args:
        tensors: Any tensors by name.

    Raises:
        CheckpointError: If a tensor has a dtype that a checkpoint cannot hold.

    Example:
        >>> tensor_digest({"bias": torch.tensor([1, 2], dtype=torch.uint8)})[:16]
        '21fac514b75c5b7e'
    """
    return parts_digest(
        (name, _dtype_name(name, tensor), tuple(tensor.shape), _little_endian(tensor))
        for name, tensor in tensors.items()
    )


def encode_tensors(tensors: Mapping[str, Tensor], metadata: str) -> bytes:
    """Encode tensors as a safetensors file with one text of metadata.

    One text, since the format writes several in an order that changes from call to call.

    Args:
        tensors: Any tensors by name; they may share memory or live on another device.
        metadata: The text, kept under the key `fluxttice`.

    Raises:
        CheckpointError: If a tensor has a dtype that a checkpoint cannot hold.
    """
    for name, tensor in tensors.items():
        _dtype_name(name, tensor)
    copies = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    return bytes(safetensors.torch.save(copies, metadata={METADATA_KEY: metadata}))


def decode_tensors(data: bytes, *, name: str) -> tuple[dict[str, Tensor], str]:
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
        tensors = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{name} is not a valid safetensors file ({error}).") from error
    return {key: tensors[key] for key in sorted(tensors)}, layout.metadata[METADATA_KEY]


def _dtype_name(name: str, tensor: Tensor) -> str:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in _ACCEPTED:
        raise CheckpointError(
            f"Tensor {name!r} has dtype {dtype}; a checkpoint holds {', '.join(sorted(_ACCEPTED))}."
        )
    return dtype


def _little_endian(tensor: Tensor) -> bytes:
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    bits = flat.view(_BITS[flat.element_size()]).numpy()
    return bits.astype(bits.dtype.newbyteorder("<"), copy=False).tobytes()
