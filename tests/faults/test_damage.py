"""Damage to a certified folder: every flipped bit, cut and emptied file is noticed, wherever it strikes."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.signature import sign_folder
from fluxttice_core.certification.verify import verify
from fluxttice_core.errors import FluxtticeError
from fluxttice_core.storage.pretrained import load
from tests.faults.conftest import Count

Damage = Callable[[bytes, np.random.Generator], bytes]
NUMBERS = pytest.mark.parametrize(
    "number", [12, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(3000)])]
)


@pytest.fixture
def signed(small_certificate: Path, key: ec.EllipticCurvePrivateKey, tmp_path: Path) -> Path:
    folder = shutil.copytree(small_certificate, tmp_path / "certified")
    sign_folder(folder, key, folder / "model.sig")
    return folder


def flip(data: bytes, generator: np.random.Generator) -> bytes:
    position = int(generator.integers(8 * len(data)))
    flipped = bytearray(data)
    flipped[position // 8] ^= 1 << (position % 8)
    return bytes(flipped)


def cut(data: bytes, generator: np.random.Generator) -> bytes:
    return data[: int(generator.integers(len(data) - 1))]


def empty(data: bytes, generator: np.random.Generator) -> bytes:
    return b""


def damaged(folder: Path, number: int, damage: Damage) -> Iterator[Path]:
    """Damage one file after the other, each equally often, and mend it again."""
    generator = np.random.default_rng()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for position in range(number):
        path = files[position % len(files)]
        data = path.read_bytes()
        path.write_bytes(damage(data, generator))
        yield path
        path.write_bytes(data)


@NUMBERS
@pytest.mark.parametrize("damage", [flip, cut, empty])
def test_every_damage_is_noticed(
    signed: Path, key: ec.EllipticCurvePrivateKey, count: Count, damage: Damage, number: int
) -> None:
    missed = []
    share = number if damage is flip else max(number // 4, 3)
    for path in damaged(signed, share, damage):
        failed = {f.subject for f in verify(signed, public_key=key.public_key()) if f.verdict == "fails"}
        count(f"{damage.__name__} in a certified folder", lost="signature" not in failed)
        if "signature" not in failed:
            missed.append(path.name)
        # Whoever has no key still notices, save in the signature that they cannot check.
        assert "sums" in failed or path.name == "model.sig"
    assert missed == []
    assert not any(f.verdict == "fails" for f in verify(signed, public_key=key.public_key()))


@NUMBERS
def test_damaged_weights_are_refused_or_are_the_same_weights(signed: Path, count: Count, number: int) -> None:
    """Loading checks less than verifying does, but never gives other weights than were certified."""
    digest = load(signed).tensor_digest
    path, generator = signed / "model.safetensors", np.random.default_rng()
    data = path.read_bytes()
    for _ in range(number):
        path.write_bytes(flip(data, generator))
        try:
            same = load(signed).tensor_digest == digest
        except FluxtticeError:
            same = True
        count("flip in weights that are loaded", lost=not same)
        assert same
