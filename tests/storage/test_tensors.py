"""Tensors survive the file format bit for bit, and their digest is that of their numbers alone."""

import hashlib
import struct

import numpy as np
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.tensors import DTYPES, decode_tensors, encode_tensors, tensor_digest
from tests.refusals import refused
from tests.texts import CHARACTERS

NAMES = st.text(CHARACTERS, max_size=8).filter(lambda name: name != "__metadata__")


@st.composite
def tensor_sets(draw: st.DrawFn) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    found = {}
    for name in names:
        shape = draw(st.lists(st.integers(0, 3), max_size=3))
        dtype = getattr(torch, draw(st.sampled_from(sorted(DTYPES))))
        found[name] = torch.randint(0, 2, shape, generator=generator).to(dtype)
    return found


@given(tensor_sets(), st.text(CHARACTERS, max_size=20))
def test_reads_back_bit_for_bit(tensors: dict[str, Tensor], metadata: str) -> None:
    data = encode_tensors(tensors, metadata)
    found, text = decode_tensors(data, name="it")
    assert text == metadata
    assert list(found) == sorted(tensors)
    assert all(np.array_equal(found[key], tensors[key].numpy()) for key in tensors)
    assert all(found[key].dtype == tensors[key].numpy().dtype for key in tensors)


@given(tensor_sets())
def test_the_digest_is_the_same_in_memory_and_in_the_file(tensors: dict[str, Tensor]) -> None:
    data = encode_tensors(tensors, "any")
    assert tensor_digest(decode_tensors(data, name="it")[0]) == tensor_digest(tensors)


def test_the_digest_follows_its_definition() -> None:
    tensors = {"w": torch.tensor([[1.0, -2.5]]), "n": torch.tensor(7)}
    text = (
        b'["n","int64",[]]\n'
        + struct.pack("<q", 7)
        + b'["w","float32",[1,2]]\n'
        + struct.pack("<2f", 1.0, -2.5)
    )
    assert tensor_digest(tensors) == hashlib.sha256(text).hexdigest()


def test_names_shapes_and_dtypes_are_part_of_the_digest() -> None:
    zeros = torch.zeros(4, dtype=torch.uint8)
    variants = [
        *({"w": zeros}, {"v": zeros}, {"w": zeros.to(torch.int8)}, {"w": zeros.reshape(2, 2)}),
        *({"w": zeros.reshape(1, 4)}, {"w": zeros[:2], "x": zeros[2:]}, {"w": zeros + 1}),
    ]
    assert len({tensor_digest(tensors) for tensors in variants}) == len(variants)
    assert tensor_digest({"x": zeros[2:], "w": zeros[:2]}) == tensor_digest(variants[5])


def test_the_digest_does_not_depend_on_strides_and_tells_zeros_apart() -> None:
    base = torch.arange(6.0).reshape(2, 3)
    assert tensor_digest({"t": base.T}) == tensor_digest({"t": base.T.contiguous()})
    assert tensor_digest({"t": torch.zeros(1)}) != tensor_digest({"t": -torch.zeros(1)})


def test_dtypes_without_a_place_in_a_checkpoint_are_refused() -> None:
    for call in (tensor_digest, lambda tensors: encode_tensors(tensors, "")):
        with refused(CheckpointError, "wrong_type", "'c' has dtype complex64"):
            call({"c": torch.zeros(1, dtype=torch.complex64)})


def test_files_of_other_programs_are_refused() -> None:
    for metadata in (None, {"format": "pt"}, {"fluxttice": "", "more": ""}):
        with refused(CheckpointError, "alien_file", "not written by fluxttice"):
            decode_tensors(safetensors.torch.save({"t": torch.zeros(1)}, metadata=metadata), name="it")
