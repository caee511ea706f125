"""Tensor files that lie about themselves: refused from their header, before memory is taken."""

import contextlib
import json
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.checkpoint import read_model
from fluxttice_core.storage.tensors import decode_tensors
from tests.attacks.conftest import Lid
from tests.refusals import refused
from tests.texts import CHARACTERS


def _file(header: Any, body: bytes = bytes(16), *, length: int | None = None) -> bytes:
    if isinstance(header, dict):
        header = {"__metadata__": {"fluxttice": "text"}, **header}
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def _tensor(start: Any = 0, stop: Any = 16, shape: Any = (4,), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


DAMAGED = "is no valid safetensors file"
ATTACKS: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "announces a header"),
    "seven bytes": (bytes(7), "announces a header"),
    "header beyond the file": (_file({}, length=1 << 20), "announces a header"),
    "header of 2**63 bytes": (
        _file({}, length=1 << 63),
        "announces a header of 9,223,372,036,854,775,808 bytes",
    ),
    "header of 2**64-1 bytes": (_file({}, length=(1 << 64) - 1), "announces a header"),
    "header of 2 MiB": (_file(b" " * (2 << 20)), "at most 1,048,576"),
    "header of brackets": (_file(b"[" * (1 << 20)), "more than 500,000 lists and objects"),
    "header of deep brackets": (_file(b"[" * (1 << 18)), "nests deeper|not valid JSON"),
    "header no table": (_file([]), "not a table of tensors"),
    "header no JSON": (_file(b"{'a': 1}"), "not valid JSON"),
    "key twice": (_file(b'{"a":1,"a":1}'), "twice"),
    "a billion elements": (_file({"w": _tensor(shape=[10**9])}), DAMAGED),
    "a billion elements announced": (_file({"w": _tensor(0, 4 * 10**9, [10**9])}), DAMAGED),
    "elements past 64 bits": (_file({"w": _tensor(0, 16, [2**40] * 8)}), DAMAGED),
    "size past 2**48": (_file({"w": _tensor(0, 16, [2**60])}), DAMAGED),
    "size of 4,000 digits": (_file({"w": _tensor(0, 16, [int("9" * 4000)])}), "more than 308 digits"),
    "size of 300 digits": (_file({"w": _tensor(0, 16, [int("9" * 300)])}), DAMAGED),
    "a thousand dimensions": (_file({"w": _tensor(0, 4, [1] * 1000)}, bytes(4)), DAMAGED),
    "zero times huge": (_file({"w": _tensor(0, 0, [0, 2**47])}, b""), "not valid JSON"),
    "zero times past 64 bits": (_file({"w": _tensor(0, 0, [0, 2**63])}, b""), DAMAGED),
    "overlap": (_file({"v": _tensor(0, 12, [3]), "w": _tensor(4, 16, [3])}), DAMAGED),
    "same bytes twice": (_file({"v": _tensor(), "w": _tensor()}), DAMAGED),
    "gap": (_file({"v": _tensor(0, 4, [1]), "w": _tensor(8, 16, [2])}), DAMAGED),
    "starts late": (_file({"w": _tensor(4, 16, [3])}), DAMAGED),
    "bytes at the end": (_file({"w": _tensor(0, 12, [3])}), DAMAGED),
    "no tensor but bytes": (_file({}), DAMAGED),
    "negative start": (_file({"w": _tensor(-4, 12)}), DAMAGED),
    "negative stop": (_file({"w": _tensor(0, -16)}), DAMAGED),
    "negative shape": (_file({"w": _tensor(0, 16, [-2, -2])}), DAMAGED),
    "reversed": (_file({"w": _tensor(16, 0)}), DAMAGED),
    "true as size": (_file({"w": _tensor(0, 4, [True])}, bytes(4)), DAMAGED),
    "fraction as size": (_file({"w": _tensor(0, 4, [1.0])}, bytes(4)), DAMAGED),
    "unknown dtype": (_file({"w": _tensor(dtype="C64")}), DAMAGED),
    "dtype a list": (_file({"w": _tensor(dtype=["F32"])}), DAMAGED),
    "more fields": (_file({"w": {**_tensor(), "code": "x"}}), "by other fields"),
    "fewer fields": (_file({"w": {"dtype": "F32"}}), "by other fields"),
    "metadata no texts": (_file({"__metadata__": {"fluxttice": 1}, "w": _tensor()}), DAMAGED),
    "metadata a list": (_file({"__metadata__": [], "w": _tensor()}), "lack the one key"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_refused_with_one_sentence_and_little_memory(name: str, tmp_path: Path, memory_lid: Lid) -> None:
    data, sentence = ATTACKS[name]
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    started = time.process_time()
    with memory_lid(), pytest.raises(CheckpointError, match=sentence) as caught:
        read_model(path)
    assert time.process_time() - started < 1
    assert len(str(caught.value)) < 400 + len(str(path))


def test_a_file_of_a_terabyte_is_not_read(tmp_path: Path, memory_lid: Lid) -> None:
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with memory_lid(), refused(CheckpointError, "too_large", "268,435,456"):
        read_model(path)


def test_the_plain_file_among_these_passes() -> None:
    """The control: the same construction without a lie is read."""
    metadata = {"__metadata__": {"fluxttice": "text"}}
    data = _file({**metadata, "v": _tensor(0, 8, [2]), "w": _tensor(8, 16, [1, 2])})
    tensors, text = decode_tensors(data, name="it")
    assert text == "text"
    assert {key: tuple(value.shape) for key, value in tensors.items()} == {"v": (2,), "w": (1, 2)}


SIZES = st.integers(-1, 24) | st.sampled_from([2**31, 2**47, 2**63, 2**64]) | st.none()
ENTRY = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "BOOL", "I64", "F4", ""]),
        "shape": st.lists(SIZES, max_size=3),
        "data_offsets": st.lists(SIZES, min_size=1, max_size=3),
    }
)


@given(st.dictionaries(st.text(CHARACTERS, max_size=3), ENTRY, max_size=3), st.binary(max_size=24))
def test_headers_at_random_are_read_or_refused(header: dict[str, Any], body: bytes) -> None:
    with contextlib.suppress(CheckpointError):
        decode_tensors(_file({"__metadata__": {"fluxttice": ""}, **header}, body), name="it")


@given(st.binary(max_size=64))
def test_bytes_at_random_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, _file(data, b"")):
        with contextlib.suppress(CheckpointError):
            decode_tensors(candidate, name="it")
