"""Disks fail: every flipped bit and every truncation is noticed, in weights, state, record and signature."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.signature import sign_folder, verify_folder
from fluxttice_core.errors import CheckpointError, FluxtticeError, SignatureError
from fluxttice_core.storage import checkpoint
from tests.faults.conftest import Count
from tests.refusals import refused
from tests.storage.test_checkpoint import RECORD

Note = Callable[[bool], None]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    generator = torch.Generator().manual_seed(0)
    tensors = {"w": torch.randn(16, 16, generator=generator), "b": torch.randn(16, generator=generator)}
    state = {"moment": torch.randn(16, 16, generator=generator), "step": torch.tensor(3)}
    checkpoint.write(tmp_path / "epoch_0001", tensors, state, RECORD)
    return tmp_path / "epoch_0001"


def _undetected(
    folder: Path, check: Callable[[], object], bits: dict[Path, list[int]], note: Note
) -> list[str]:
    """The flips after which `check` still passes; whether it did is noted of each."""
    missed = []
    for path, positions in bits.items():
        data = path.read_bytes()
        for position in positions:
            flipped = bytearray(data)
            flipped[position // 8] ^= 1 << (position % 8)
            path.write_bytes(flipped)
            passes = _passes(check)
            note(passes)
            if passes:
                missed.append(f"{path.relative_to(folder)} bit {position}")
        path.write_bytes(data)
    return missed


def _passes(check: Callable[[], object]) -> bool:
    try:
        check()
    except FluxtticeError:
        return False
    return True


def _bits(folder: Path, number: int | None) -> dict[Path, list[int]]:
    """So many bits of every file at random; without a number all."""
    generator = np.random.default_rng()
    sizes = {path: 8 * path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}
    if number is None:
        return {path: list(range(size)) for path, size in sizes.items()}
    return {path: generator.integers(0, size, number).tolist() for path, size in sizes.items()}


EVERY = pytest.param(None, marks=[pytest.mark.slow, pytest.mark.timeout(600)])


@pytest.fixture
def in_checkpoint(count: Count) -> Note:
    return lambda missed: count("flip in a checkpoint", lost=missed)


@pytest.fixture
def in_signed_folder(count: Count) -> Note:
    return lambda missed: count("flip in a signed folder", lost=missed)


@pytest.mark.parametrize("number", [150, EVERY])
def test_a_flipped_bit_in_a_checkpoint_is_noticed(
    saved: Path, in_checkpoint: Note, number: int | None
) -> None:
    assert _undetected(saved, lambda: checkpoint.read(saved), _bits(saved, number), in_checkpoint) == []
    checkpoint.read(saved)


@pytest.mark.parametrize("number", [100, EVERY])
def test_a_flipped_bit_in_a_signed_folder_is_noticed(
    folder: Path, key: ec.EllipticCurvePrivateKey, in_signed_folder: Note, number: int | None
) -> None:
    signature, public = folder / "model.sig", key.public_key()
    sign_folder(folder, key, signature)
    bits = _bits(folder, number)
    if number is None:
        bits = {signature: bits[signature]}
    missed = _undetected(folder, lambda: verify_folder(folder, signature, public), bits, in_signed_folder)
    assert missed == []
    verify_folder(folder, signature, public)


@pytest.mark.parametrize("name", ["model.safetensors", "state.safetensors", "checkpoint.json"])
def test_a_truncated_checkpoint_is_noticed(saved: Path, name: str) -> None:
    data = (saved / name).read_bytes()
    for length in {
        0,
        1,
        7,
        8,
        9,
        len(data) - 1,
        *np.random.default_rng().integers(0, len(data), 30).tolist(),
    }:
        (saved / name).write_bytes(data[:length])
        with pytest.raises(CheckpointError):
            checkpoint.read(saved)
    (saved / name).write_bytes(data + b"\0")
    with refused(CheckpointError, "damaged_file"):
        checkpoint.read(saved)


def test_a_truncated_signed_folder_is_noticed(folder: Path, key: ec.EllipticCurvePrivateKey) -> None:
    sign_folder(folder, key, folder / "model.sig")
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        data = path.read_bytes()
        for length in {0, len(data) - 1, *np.random.default_rng().integers(0, len(data), 10).tolist()}:
            path.write_bytes(data[:length])
            # The signature file ends in a line feed that holds nothing.
            if data[:length].rstrip(b"\n") != data.rstrip(b"\n") or path.name != "model.sig":
                with pytest.raises(SignatureError):
                    verify_folder(folder, folder / "model.sig", key.public_key())
        path.write_bytes(data)


def test_files_swapped_between_checkpoints_are_noticed(saved: Path, tmp_path: Path) -> None:
    found = checkpoint.read(saved)
    assert found.state is not None
    record = {**found.record.model_dump(), "seed": 1}
    checkpoint.write(tmp_path / "other", found.model, found.state, record)
    for name in ("model.safetensors", "state.safetensors", "checkpoint.json"):
        original = (saved / name).read_bytes()
        shutil.copy(tmp_path / "other" / name, saved / name)
        with refused(CheckpointError, "digest_mismatch"):
            checkpoint.read(saved)
        (saved / name).write_bytes(original)


def test_a_flip_that_the_check_does_not_look_at_is_reported(saved: Path) -> None:
    """The control: with a check that reads nothing, every flip counts as missed."""
    noted: list[bool] = []
    assert len(_undetected(saved, lambda: None, _bits(saved, 5), noted.append)) == 15
    assert noted == [True] * 15
