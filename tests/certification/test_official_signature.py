"""The official `model_signing` program accepts our signatures, and we accept its."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.keys import load_public_key, public_pem
from fluxttice_core.certification.signature import sign_folder, verify_folder
from fluxttice_core.errors import SignatureError
from tests.refusals import refused


def _official(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "model_signing", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _key_files(folder: Path, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    """The official program (1.1.1) cannot use a key with a password, so that this one has none."""
    private, public = folder / "key.pem", folder / "key.pub"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    public.write_bytes(public_pem(key.public_key()))
    return private, public


@pytest.mark.parametrize("inside", [True, False])
def test_it_accepts_ours(folder: Path, tmp_path: Path, key: ec.EllipticCurvePrivateKey, inside: bool) -> None:
    _, public = _key_files(tmp_path, key)
    signature = (folder if inside else tmp_path) / "model.sig"
    sign_folder(folder, key, signature)
    result = _official("verify", "key", folder, "--signature", signature, "--public_key", public)
    assert (result.returncode, result.stdout.strip(), result.stderr) == (0, "Verification succeeded", "")


def test_it_refuses_ours_on_other_files(
    folder: Path, tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    _, public = _key_files(tmp_path, key)
    sign_folder(folder, key, folder / "model.sig")
    (folder / "report.json").write_text("{}")
    result = _official("verify", "key", folder, "--signature", folder / "model.sig", "--public_key", public)
    assert result.returncode == 1
    assert "Hash mismatch for 'report.json'" in result.stderr


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_we_accept_its(folder: Path, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    private, public = _key_files(tmp_path, ec.generate_private_key(curve))
    (folder / ".gitattributes").write_text("*.safetensors filter=lfs\n")
    result = _official("sign", "key", folder, "--private_key", private, "--signature", folder / "model.sig")
    assert result.returncode == 0, result.stderr
    found = verify_folder(folder, folder / "model.sig", load_public_key(public))
    assert len(found.files) == 4
    assert found.unsigned == (".gitattributes",)
    (folder / "figures" / "a.svg").write_text("<svg></svg>")
    with refused(SignatureError, "digest_mismatch", "a.svg"):
        verify_folder(folder, folder / "model.sig", load_public_key(public))
