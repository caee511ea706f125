"""The commands of docs/trust.md do what the page says, on a folder that is sound and on ones that are not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.keys import fingerprint, new_private_key, public_pem
from fluxttice_core.certification.signature import sign_folder
from fluxttice_core.storage.tensors import encode_tensors, tensor_digest

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
        f"{own}  -",
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
    assert "\n'extra'" in _by_hand(signed)
    (tmp_path / "key.pub").write_bytes(public_pem(new_private_key().public_key()))
    output = _by_hand(signed)
    assert "Verified OK" not in output
    assert "Verification failure" in output


def test_the_commands_run_nothing_that_lies_in_the_folder(signed: Path, tmp_path: Path) -> None:
    for module in ("json", "base64", "pathlib", "sys", "hashlib"):
        (signed / f"{module}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\n")
    output = _by_hand(signed)
    assert "Verified OK" in output
    assert "\n'json.py'" in output
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("name", ["\x1b[8m/modeling.py", "evil\r\x1b[K", "empty/"])
def test_the_commands_show_what_was_added_however_it_is_called(signed: Path, name: str) -> None:
    path = signed / name
    (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
    if not name.endswith("/"):
        path.touch()
    assert f"\n{name.rstrip('/')!a}\n" in _by_hand(signed)
    assert "\x1b" not in _by_hand(signed)


def test_the_commands_show_links(signed: Path, tmp_path: Path) -> None:
    (signed / "figures").rename(tmp_path / "elsewhere")
    (signed / "figures").symlink_to(tmp_path / "elsewhere")
    assert "\n'figures'\n" in _by_hand(signed)


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()])
def test_the_commands_take_every_key_that_the_program_takes(
    signed: Path, tmp_path: Path, curve: ec.EllipticCurve
) -> None:
    key = ec.generate_private_key(curve)
    (tmp_path / "key.pub").write_bytes(public_pem(key.public_key()))
    assert "Verified OK" not in _by_hand(signed)
    sign_folder(signed, key, signed / "model.sig")
    assert "Verified OK" in _by_hand(signed)


def test_the_tensor_digest_by_hand_is_the_package_s(signed: Path) -> None:
    command = [sys.executable, "-I", "-c", _block("python")]
    result = subprocess.run(command, cwd=signed, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == tensor_digest(TENSORS)
