"""A signature vouches for exactly the files that were signed."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.keys import fingerprint
from fluxttice_core.certification.openssf_format import read_bundle
from fluxttice_core.certification.signature import sign_folder, verify_folder
from fluxttice_core.errors import SignatureError
from tests.refusals import refused

Key = ec.EllipticCurvePrivateKey


@pytest.fixture
def signature(folder: Path, key: Key) -> Path:
    sign_folder(folder, key, folder / "model.sig")
    return folder / "model.sig"


def test_what_was_signed_verifies(folder: Path, signature: Path, key: Key) -> None:
    found = verify_folder(folder, signature, key.public_key())
    assert found.name == "model"
    assert found.key_fingerprint == fingerprint(key.public_key())
    assert list(found.files) == ["figures/a.svg", "figures-note.txt", "model.safetensors", "report.json"]
    assert found.files["report.json"] == hashlib.sha256((folder / "report.json").read_bytes()).hexdigest()
    assert found.unsigned == ()


def test_the_folder_may_be_renamed_and_the_signature_kept_elsewhere(
    folder: Path, tmp_path: Path, key: Key
) -> None:
    signature = tmp_path / "elsewhere" / "model.sig"
    sign_folder(folder, key, signature, name="a name")
    moved = folder.rename(tmp_path / "renamed")
    assert verify_folder(moved, signature, key.public_key()).name == "a name"


def test_signing_again_replaces_the_signature_and_not_what_is_signed(
    folder: Path, signature: Path, key: Key
) -> None:
    first = signature.read_bytes()
    left_over = folder / f".model.sig.new-{'0' * 16}.tmp"
    left_over.touch()
    sign_folder(folder, key, signature)
    assert not left_over.exists()
    assert read_bundle(signature.read_bytes()).payload == read_bundle(first).payload
    verify_folder(folder, signature, key.public_key())


def test_the_statement_is_the_format_s_own(signature: Path, folder: Path) -> None:
    payload = json.loads(read_bundle(signature.read_bytes()).payload)
    digests = [
        hashlib.sha256((folder / item["name"]).read_bytes()) for item in payload["predicate"]["resources"]
    ]
    root = hashlib.sha256(b"".join(digest.digest() for digest in digests)).hexdigest()
    assert payload["subject"] == [{"name": "model", "digest": {"sha256": root}}]
    assert payload["predicate"]["serialization"] == {
        "method": "files",
        "hash_type": "sha256",
        "allow_symlinks": False,
        "ignore_paths": ["model.sig"],
    }


def test_an_empty_folder_cannot_be_signed(tmp_path: Path, key: Key) -> None:
    with refused(SignatureError, "too_few", "holds no file to sign"):
        sign_folder(tmp_path, key, tmp_path / "model.sig")


def test_a_changed_added_or_removed_file_is_named(folder: Path, signature: Path, key: Key) -> None:
    path = folder / "report.json"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"0.92", b"0.93"))
    with refused(SignatureError, "digest_mismatch", "report.json was changed after it was signed"):
        verify_folder(folder, signature, key.public_key())
    path.unlink()
    with refused(SignatureError, "digest_mismatch", "lacks signed files: report.json"):
        verify_folder(folder, signature, key.public_key())
    path.write_bytes(content)
    for number in range(5):
        (folder / f"extra{number}").touch()
    with refused(SignatureError, "digest_mismatch", "not signed: extra0, extra1, extra2 and 2 more"):
        verify_folder(folder, signature, key.public_key())


def test_a_missing_signature_is_named(folder: Path, key: Key) -> None:
    with refused(SignatureError, "missing_file", "The signature"):
        verify_folder(folder, folder / "model.sig", key.public_key())
