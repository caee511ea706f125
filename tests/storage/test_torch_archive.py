"""An archive by torch.save is read as torch reads it, but for what torch does not notice."""

import io
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.torch_archive import read_archive
from tests.attacks.test_pickles import archived


@pytest.fixture
def saved(tmp_path: Path, original: dict[str, Any]) -> bytes:
    torch.save(original, tmp_path / "latest.pt")
    return (tmp_path / "latest.pt").read_bytes()


def test_values_and_tensors_are_those_that_torch_reads(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    plain = {"pair": (0.9, 1e-8), "none": None, "yes": True, "big": 10**40, "many": [*range(1500), False]}
    state = OrderedDict(w=whole.double(), tail=whole[1:], one=torch.tensor(7))
    content = {"plain": plain, "state": state, "again": (whole, whole, (), [[]])}
    state._metadata = OrderedDict(version=1)  # type: ignore[attr-defined]
    torch.save(content, tmp_path / "it.pt")
    found = read_archive((tmp_path / "it.pt").read_bytes(), name="it")
    assert found["plain"] == plain
    assert found["again"][2:] == ((), [[]])
    for key, tensor in state.items():
        np.testing.assert_array_equal(found["state"][key], tensor.detach().numpy(), strict=True)
    assert all(np.array_equal(one, whole) for one in found["again"][:2])


@pytest.mark.parametrize("view", [lambda w: w.T, lambda w: w[:, 1:], lambda w: w[0].expand(2, 4)])
def test_a_tensor_whose_numbers_lie_apart_is_refused(
    tmp_path: Path, view: Callable[[Tensor], Tensor]
) -> None:
    torch.save(view(torch.arange(12.0).reshape(3, 4)), tmp_path / "it.pt")
    with pytest.raises(CheckpointError, match="a tensor of another shape than its numbers"):
        read_archive((tmp_path / "it.pt").read_bytes(), name="it")


def test_numbers_of_either_byte_order_are_read() -> None:
    tensor = (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
        b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00))\x89ccollections\nOrderedDict\n)RtR."
    )
    for order, code in (("little", "<f4"), ("big", ">f4")):
        data = archived(
            tensor, {"latest/data/0": np.array(0.3, code).tobytes(), "latest/byteorder": order.encode()}
        )
        assert float(read_archive(data, name="it")) == np.float32(0.3)


def test_of_two_archives_in_one_file_one_is_read_and_the_other_never(saved: bytes) -> None:
    hostile = archived(b"\x80\x02cos\nsystem\n(Vtrue\ntR.")
    assert set(read_archive(hostile + saved, name="it")) == set(read_archive(saved, name="it"))
    with pytest.raises(CheckpointError, match="'os system'"):
        read_archive(saved + hostile, name="it")


def test_a_member_whose_checksum_differs_is_refused(saved: bytes, original: dict[str, Any]) -> None:
    weights = original["model"]["encoder_A.encoder.0.weight"].numpy().tobytes()
    position = saved.index(weights) + 100
    flipped = saved[:position] + bytes([saved[position] ^ 1]) + saved[position + 1 :]
    torch.load(io.BytesIO(flipped), weights_only=True)  # torch alone does not notice
    with pytest.raises(CheckpointError, match="damaged archive"):
        read_archive(flipped, name="it")


@pytest.mark.parametrize("offset", [2**40, 2**63 + 5])
def test_a_member_that_begins_beyond_the_file_is_refused(offset: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("latest/data.pkl", b"\x80\x02}q\x00.")
        archive.infolist()[0].header_offset = offset
    with pytest.raises(CheckpointError, match="damaged archive"):
        read_archive(buffer.getvalue(), name="it")
