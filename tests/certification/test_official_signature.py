"""The official `model_signing` program accepts our signatures, and we accept its."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

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


def _certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate of one's own for signing, in PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign"),
        False,
    )
    rest = dict.fromkeys(("crl_sign", "encipher_only", "decipher_only"), False)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.KeyUsage(digital_signature=True, **usage, **rest), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
    )
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_a_signature_by_certificate_is_called_what_it_is(
    folder: Path, tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    private, public = _key_files(tmp_path, key)
    (tmp_path / "signer.pem").write_bytes(_certificate(key))
    own = tmp_path / "signer.pem"
    given = ("--private_key", private, "--signing_certificate", own, "--certificate_chain", own)
    result = _official("sign", "certificate", folder, *given, "--signature", folder / "model.sig")
    assert result.returncode == 0, result.stderr
    with refused(SignatureError, "unsupported", "made with a certificate", "model_signing verify"):
        verify_folder(folder, folder / "model.sig", load_public_key(public))
