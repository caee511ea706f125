"""The commands of docs/trust.md do what the page says, on a folder that is sound and on ones that are not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.provenance.keys import fingerprint, new_private_key, public_pem
from fluxttice_core.provenance.signature import sign_folder
from fluxttice_core.provenance.tensor_file import encode_tensors, tensor_digest

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
TENSORS = {"b": torch.arange(3.0), "a.w": torch.ones(2, 2), "n": torch.tensor(4)}


def _block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def signed(folder: Path, tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    (folder / "model.safetensors").write_bytes(encode_tensors(TENSORS, "text"))
    sign_folder(folder, key, folder / "model.sig")
    (tmp_path / "key.pub").write_bytes(public_pem(key.public_key()))
    return folder


def _by_hand(folder: Path) -> str:
    environment = {**os.environ, "KEY": "../key.pub"}
    command = ["bash", "-c", _block("sh")]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr


def test_the_commands_pass_a_sound_folder(signed: Path, key: ec.EllipticCurvePrivateKey) -> None:
    own = fingerprint(key.public_key())
    assert _by_hand(signed).splitlines() == [
        f"{own}  ../key.pub",
        own,
        "Verified OK",
        "figures/a.svg: OK",
        "figures-note.txt: OK",
        "model.safetensors: OK",
        "report.json: OK",
    ]


def test_the_commands_notice_each_fault(signed: Path, tmp_path: Path) -> None:
    (signed / "report.json").write_text("{}")
    assert "report.json: FAILED" in _by_hand(signed)
    (signed / "extra").touch()
    assert "\nextra" in _by_hand(signed)
    (tmp_path / "key.pub").write_bytes(public_pem(new_private_key().public_key()))
    output = _by_hand(signed)
    assert "Verified OK" not in output
    assert "Verification failure" in output


def test_the_tensor_digest_by_hand_is_the_package_s(signed: Path) -> None:
    command = [sys.executable, "-c", _block("python")]
    result = subprocess.run(command, cwd=signed, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == tensor_digest(TENSORS)
