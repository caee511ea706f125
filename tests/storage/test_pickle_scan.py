"""What torch is given is what was scanned, however the file around it is built."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.pickle_scan import repack


@pytest.fixture
def saved(tmp_path: Path, original: dict[str, Any]) -> bytes:
    torch.save(original, tmp_path / "latest.pt")
    return (tmp_path / "latest.pt").read_bytes()


def _archive(program: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("latest/data.pkl", program)
    return buffer.getvalue()


def test_every_member_survives(saved: bytes, original: dict[str, Any]) -> None:
    fresh = repack(saved, name="it")
    with zipfile.ZipFile(io.BytesIO(saved)) as before, zipfile.ZipFile(io.BytesIO(fresh)) as after:
        assert before.namelist() == after.namelist()
        assert all(before.read(name) == after.read(name) for name in before.namelist())
    loaded = torch.load(io.BytesIO(fresh), weights_only=True)
    assert all(torch.equal(loaded["model"][key], value) for key, value in original["model"].items())


def test_of_two_archives_in_one_file_the_scanned_one_is_kept(saved: bytes) -> None:
    hostile = _archive(b"\x80\x02cos\nsystem\n(Vtrue\ntR.")
    assert b"cos\nsystem" not in repack(hostile + saved, name="it")
    with pytest.raises(CheckpointError, match="'os system'"):
        repack(saved + hostile, name="it")


def test_a_member_whose_checksum_differs_is_refused(saved: bytes, original: dict[str, Any]) -> None:
    weights = original["model"]["encoder_A.encoder.0.weight"].numpy().tobytes()
    position = saved.index(weights) + 100
    flipped = saved[:position] + bytes([saved[position] ^ 1]) + saved[position + 1 :]
    torch.load(io.BytesIO(flipped), weights_only=True)  # torch alone does not notice
    with pytest.raises(CheckpointError, match="damaged archive"):
        repack(flipped, name="it")


@pytest.mark.parametrize("offset", [2**40, 2**63 + 5])
def test_a_member_that_begins_beyond_the_file_is_refused(offset: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("latest/data.pkl", b"\x80\x02}q\x00.")
        archive.infolist()[0].header_offset = offset
    with pytest.raises(CheckpointError, match="damaged archive"):
        repack(buffer.getvalue(), name="it")
