"""The official `model_signing` program accepts our signatures, and we accept its."""

import base64
import importlib
import json
import re
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
from fluxttice_core.certification.verify import verify
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


NOW = datetime.now(UTC)
_USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def _certified(of: ec.EllipticCurvePrivateKey, name: str, by: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A certificate of an authority, if it is by itself, or of a signer."""
    issuer, subject = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("An authority", name)
    )
    authority = of is by
    use = "key_cert_sign" if authority else "digital_signature"
    made = (
        x509.CertificateBuilder(issuer, subject, of.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{one: one == use for one in _USES}), critical=True)
    )
    if not authority:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
    return made.sign(by, hashes.SHA256())


@pytest.fixture
def signer(folder: Path, tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The certificate with which the official program signed the folder; its authority's is `ca.pem`."""
    authority = ec.generate_private_key(ec.SECP256R1())
    private, _ = _key_files(tmp_path, key)
    signer = _certified(key, "A signer", authority)
    for name, certificate in (
        ("ca.pem", _certified(authority, "An authority", authority)),
        ("own.pem", signer),
    ):
        (tmp_path / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    given = ("--signing_certificate", tmp_path / "own.pem", "--certificate_chain", tmp_path / "ca.pem")
    signed = ("--private_key", private, *given, "--signature", folder / "model.sig")
    result = _official("sign", "certificate", folder, *signed)
    assert result.returncode == 0, result.stderr
    return signer


def _said_of_it(folder: Path) -> str:
    """What `verify` says of the signature: it was not looked at, unless it is required or a key is named."""
    (said, *_) = verify(folder)
    (required, *_) = verify(folder, require_signature=True)
    (named, *_) = verify(folder, public_key=ec.generate_private_key(ec.SECP256R1()).public_key())
    assert (said.verdict, required.verdict, named.verdict) == ("not looked at", "fails", "fails")
    assert said.detail == required.detail == named.detail
    return said.detail


def test_a_signature_by_certificate_is_verified_by_the_command_that_is_named(
    folder: Path, tmp_path: Path, signer: x509.Certificate
) -> None:
    said = _said_of_it(folder)
    assert "by the method “certificate” of model_signing" in said
    found = re.search("`model_signing (.*?)`", said)
    assert found is not None
    places = {"DIR": str(folder), "DIR/model.sig": str(folder / "model.sig"), "CA.pem": f"{tmp_path}/ca.pem"}
    command = [places.get(word, word) for word in found[1].split()]
    assert _official(*command).returncode == 0
    (folder / "report.json").write_text("{}")
    assert _official(*command).returncode == 1


def test_a_signature_in_the_public_log_is_called_what_it_is(folder: Path, signer: x509.Certificate) -> None:
    """Such a one cannot be made offline: this has its form, as the official program reads it."""
    bundle = json.loads((folder / "model.sig").read_text())
    raw, some = signer.public_bytes(serialization.Encoding.DER), base64.b64encode(bytes(32)).decode()
    proof = {"logIndex": "1", "rootHash": some, "treeSize": "2", "hashes": [some]}
    entry = {
        "logIndex": "1",
        "logId": {"keyId": some},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "integratedTime": "1796000000",
        "inclusionPromise": {"signedEntryTimestamp": some},
        "inclusionProof": {**proof, "checkpoint": {"envelope": "rekor"}},
        "canonicalizedBody": some,
    }
    bundle["verificationMaterial"] = {
        "certificate": {"rawBytes": base64.b64encode(raw).decode()},
        "tlogEntries": [entry],
    }
    sigstore = importlib.import_module("sigstore_models.bundle.v1")
    sigstore.Bundle.from_json(json.dumps(bundle))
    (folder / "model.sig").write_text(json.dumps(bundle, indent=1))
    assert "`model_signing verify sigstore DIR --signature DIR/model.sig --identity WHO" in _said_of_it(
        folder
    )


@pytest.mark.parametrize("material", [None, [], "certificate", {"certificat": {}}])
def test_what_only_looks_like_one_is_no_signature(folder: Path, material: object) -> None:
    text = {"verificationMaterial": material, "note": ["certificate", "x509CertificateChain"]}
    (folder / "model.sig").write_text(json.dumps(text))
    (said, *_) = verify(folder)
    assert (said.verdict, "OpenSSF" in said.detail) == ("fails", True)
