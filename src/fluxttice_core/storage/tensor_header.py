"""The header of a safetensors file, checked before anything is built from it.

A safetensors file is a length (8 bytes, little-endian), a JSON header of that length, and the tensors' bytes.
The checks need neither torch nor tensors: a header's claims are compared with the bytes that are there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fluxttice_core.errors import CheckpointError, RecordError
from fluxttice_core.storage.canonical_json import parse_json, parts_digest

__all__ = ["DTYPES", "StoredTensor", "TensorLayout", "read_layout", "stored_digest"]

MAXIMUM_HEADER = 1 << 20
MAXIMUM_DIMENSIONS = 8
_PREFIX = 8

DTYPES = {
    "F64": ("float64", 8),
    "F32": ("float32", 4),
    "F16": ("float16", 2),
    "I64": ("int64", 8),
    "I32": ("int32", 4),
    "I16": ("int16", 2),
    "I8": ("int8", 1),
    "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}
"""Each dtype of the format that is accepted: its name in NumPy and its bytes an element."""


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies in the file: its bytes are `data[start:stop]`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class TensorLayout:
    """What a header announces, once it is known to agree with the file's size."""

    tensors: tuple[StoredTensor, ...]
    metadata: dict[str, str]


def read_layout(data: bytes, *, name: str) -> TensorLayout:
    """Read and check the header of a safetensors file held in memory.

    Args:
        data: The whole file.
        name: What the file is, for the error's sentence.

    Raises:
        CheckpointError: If the header is too long, is not JSON, names an unknown dtype, announces a shape
            that its bytes do not hold, or leaves bytes unused or used twice.
    """
    header, begin = _read_header(data, name)
    metadata = _read_metadata(header.pop("__metadata__", {}), name)
    tensors = [_read_entry(key, entry, begin, name) for key, entry in header.items()]
    tensors.sort(key=lambda tensor: (tensor.start, tensor.stop))
    edges = [begin, *(edge for tensor in tensors for edge in (tensor.start, tensor.stop)), len(data)]
    gaps = list(pairwise(edges))[::2]
    if any(left != right for left, right in gaps):
        raise CheckpointError(
            f"{name} holds tensors that overlap, leave a gap or end outside the file; it is damaged."
        )
    return TensorLayout(tuple(tensors), metadata)


def stored_digest(data: bytes, layout: TensorLayout) -> str:
    """Canonical tensor SHA-256 of a file's tensors, without building them.

    Args:
        data: The whole file.
        layout: Its checked header.
    """
    view = memoryview(data)
    return parts_digest((t.name, t.dtype, t.shape, view[t.start : t.stop]) for t in layout.tensors)


def _read_header(data: bytes, name: str) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(data[:_PREFIX], "little")
    if len(data) < _PREFIX or length > min(MAXIMUM_HEADER, len(data) - _PREFIX):
        raise CheckpointError(
            f"{name} announces a header of {length:,} bytes in a file of {len(data):,}; it must fit and "
            f"have at most {MAXIMUM_HEADER:,}: this is no safetensors file, or a damaged one."
        )
    begin = _PREFIX + length
    try:
        header = parse_json(data[_PREFIX:begin], name=f"the header of {name}")
    except RecordError as error:
        raise CheckpointError(str(error)) from error
    if not isinstance(header, dict):
        raise CheckpointError(f"the header of {name} is not a table of tensors; this is no safetensors file.")
    return header, begin


def _read_metadata(metadata: Any, name: str) -> dict[str, str]:
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise CheckpointError(f"the header of {name} has metadata that are not texts; it is damaged.")
    return metadata


def _read_entry(key: str, entry: Any, begin: int, name: str) -> StoredTensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise CheckpointError(
            f"{name} describes tensor {key!r} by other fields than dtype, shape and data_offsets."
        )
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in DTYPES:
        raise CheckpointError(f"{name} gives tensor {key!r} the unknown dtype {str(entry['dtype'])[:20]!r}.")
    shape, offsets = entry["shape"], entry["data_offsets"]
    if (
        not _are_sizes(shape)
        or len(shape) > MAXIMUM_DIMENSIONS
        or not _are_sizes(offsets)
        or len(offsets) != 2
    ):
        raise CheckpointError(
            f"{name} gives tensor {key!r} a shape or offsets that are not sizes; it is damaged."
        )
    dtype, width = DTYPES[entry["dtype"]]
    if offsets[1] - offsets[0] != math.prod(shape) * width:
        raise CheckpointError(
            f"{name} gives tensor {key!r} a shape that its bytes do not hold; it is damaged."
        )
    return StoredTensor(key, dtype, tuple(shape), begin + offsets[0], begin + offsets[1])


def _are_sizes(values: Any) -> bool:
    """Whether these are whole numbers from 0 to 2**48, which no product of eight can make slow."""
    return isinstance(values, list) and all(type(value) is int and 0 <= value <= 1 << 48 for value in values)
