"""Signatures replayed, edited or made by others, and folders with more or less than was signed."""

import base64
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from fluxttice_core.certification.keys import fingerprint, new_private_key
from fluxttice_core.certification.openssf_format import Bundle, pre_authentication, read_bundle, write_bundle
from fluxttice_core.certification.signature import sign_folder, verify_folder
from fluxttice_core.errors import SignatureError
from tests.attacks.conftest import Lid
from tests.refusals import refused

Key = ec.EllipticCurvePrivateKey
KEY = new_private_key()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    (path / "figures").mkdir(parents=True)
    (path / "model.safetensors").write_bytes(bytes(100))
    (path / "figures" / "a.svg").write_text("<svg/>")
    sign_folder(path, KEY, path / "model.sig")
    return path


def _refused(folder: Path, sentence: str, key: Key = KEY) -> None:
    with pytest.raises(SignatureError, match=sentence) as caught:
        verify_folder(folder, folder / "model.sig", key.public_key())
    assert len(str(caught.value)) < 400 + 2 * len(str(folder))


def _edit(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "model.sig"
    bundle = json.loads(path.read_bytes())
    change(bundle)
    path.write_text(json.dumps(bundle))


def _edit_statement(folder: Path, change: Callable[[dict[str, Any]], Any], key: Key | None = None) -> None:
    """Edit what is signed, and sign it again if the attacker holds a key."""
    path = folder / "model.sig"
    bundle = read_bundle(path.read_bytes())
    statement = json.loads(bundle.payload)
    change(statement)
    payload = json.dumps(statement).encode()
    signature = bundle.signature
    if key is not None:
        signature = key.sign(pre_authentication(payload), ec.ECDSA(hashes.SHA256()))
    hint = fingerprint(key.public_key()) if key is not None else bundle.key_fingerprint
    path.write_bytes(write_bundle(Bundle(payload=payload, signature=signature, key_fingerprint=hint)))


def test_the_untouched_folder_verifies(folder: Path) -> None:
    verify_folder(folder, folder / "model.sig", KEY.public_key())
    _edit_statement(folder, lambda _: None, KEY)
    verify_folder(folder, folder / "model.sig", KEY.public_key())


def test_a_signature_of_other_files_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "model.safetensors").write_bytes(b"other weights")
    _refused(other, r"model\.safetensors was changed")
    sign_folder(other, new_private_key(), other / "model.sig")
    _refused(other, "was made with the key")


def test_a_wrong_key_is_refused_even_under_the_right_fingerprint(folder: Path) -> None:
    _refused(folder, "was made with the key .* give the signer's public key", new_private_key())
    mallory = new_private_key()
    _edit_statement(folder, lambda _: None, mallory)
    _edit(folder, lambda b: b["verificationMaterial"]["publicKey"].update(hint=fingerprint(KEY.public_key())))
    _refused(folder, "not a signature of the given key")


@pytest.mark.parametrize("curve", [ec.SECP256K1(), ec.BrainpoolP256R1()])
def test_curves_outside_the_format_are_refused(folder: Path, curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    _refused(folder, "expected one on P-256, P-384 or P-521", key)
    with refused(SignatureError, "unsuitable_key"):
        sign_folder(folder, key, folder / "model.sig")


Change = Callable[[dict[str, Any]], Any]


def _resource(**fields: str) -> Change:
    return lambda statement: statement["predicate"]["resources"][0].update(fields)


def _serialization(**fields: object) -> Change:
    return lambda statement: statement["predicate"]["serialization"].update(fields)


STATEMENTS: dict[str, tuple[Change, str]] = {
    "traversal": (_resource(name="../model/figures/a.svg"), "no plain path"),
    "inner traversal": (_resource(name="figures/../figures/a.svg"), "no plain"),
    "absolute": (_resource(name="/etc/passwd"), "no plain path"),
    "dot": (_resource(name="./figures/a.svg"), "no plain path"),
    "double slash": (_resource(name="figures//a.svg"), "no plain path"),
    "backslash": (_resource(name="figures\\a.svg"), "no plain path"),
    "nul": (_resource(name="a\0b"), "no plain path"),
    "empty name": (_resource(name=""), "no plain path"),
    "long name": (_resource(name="../" * 999), "no plain path"),
    "named twice": (lambda s: s["predicate"]["resources"].append(s["predicate"]["resources"][0]), "twice"),
    "root digest": (lambda s: s["subject"][0]["digest"].update(sha256="0" * 64), "contradicts itself"),
    "two subjects": (lambda s: s["subject"].append(s["subject"][0]), "subject"),
    "no subject": (lambda s: s.update(subject=[]), "subject"),
    "no files": (lambda s: s["predicate"].update(resources=[]), "resources"),
    "md5": (_resource(algorithm="md5"), "algorithm"),
    "blake3": (_serialization(hash_type="blake3"), "hash_type"),
    "shards": (_serialization(method="shards"), "method"),
    "symlinks": (_serialization(allow_symlinks=True), "allow_symlinks"),
    "upper case": (_resource(digest="AB" * 32), "digest"),
    "short digest": (_resource(digest=""), "digest"),
    "older predicate": (
        lambda s: s.update(predicateType="https://model_signing/Digests/v0.1"),
        "predicateType",
    ),
    "other statement": (lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"), "_type"),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_bad_statements_are_refused_even_when_signed(name: str, folder: Path) -> None:
    change, sentence = STATEMENTS[name]
    _edit_statement(folder, change, KEY)
    _refused(folder, sentence)


@pytest.mark.parametrize("name", STATEMENTS)
def test_edited_payloads_are_refused_before_they_are_read(name: str, folder: Path) -> None:
    _edit_statement(folder, STATEMENTS[name][0])
    _refused(folder, "not a signature of the given key")


def _envelope(**fields: Any) -> Change:
    return lambda bundle: bundle["dsseEnvelope"].update(fields)


def _loosened(text: str) -> str:
    """The same bytes in base64, with one of the unused bits at its end set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    core = text.rstrip("=")
    return core[:-1] + alphabet[alphabet.index(core[-1]) + 1] + text[len(core) :]


BUNDLES: dict[str, tuple[Change, str]] = {
    "media type": (
        lambda b: b.update(mediaType="application/vnd.dev.sigstore.bundle.v0.2+json"),
        "mediaType",
    ),
    "payload type": (_envelope(payloadType="text/plain"), "payloadType"),
    "no signature": (_envelope(signatures=[]), "signatures"),
    "two signatures": (lambda b: b["dsseEnvelope"]["signatures"].append({"sig": ""}), "signatures"),
    "empty signature": (_envelope(signatures=[{"sig": ""}]), "not a signature of the given key"),
    "junk signature": (_envelope(signatures=[{"sig": "AAAA"}]), "not a signature of the given key"),
    "not base64": (_envelope(payload="%%%"), "not base64"),
    "base64 with a space": (lambda b: _envelope(payload=b["dsseEnvelope"]["payload"] + " ")(b), "not base64"),
    "no payload": (_envelope(payload=None), "payload"),
    "other payload": (_envelope(payload=base64.b64encode(b"{}").decode()), "not a signature"),
    "unknown field": (lambda b: b.update(extra=1), "extra"),
    "log entries": (lambda b: b["verificationMaterial"].update(tlogEntries=[{}]), "tlogEntries"),
    "certificate": (lambda b: b["verificationMaterial"].update(certificate={}), "“sigstore”"),
    "no hint": (lambda b: b["verificationMaterial"].update(publicKey={}), "hint"),
    "other hint": (
        lambda b: b["verificationMaterial"]["publicKey"].update(hint="0" * 64),
        "made with the key 0000",
    ),
    "key id": (lambda b: b["dsseEnvelope"]["signatures"][0].update(keyid="x"), "keyid"),
}


@pytest.mark.parametrize("name", BUNDLES)
def test_bad_bundles_are_refused(name: str, folder: Path) -> None:
    change, sentence = BUNDLES[name]
    _edit(folder, change)
    _refused(folder, sentence)


@pytest.mark.parametrize("padding", [1, 2])
def test_base64_with_other_unused_bits_is_refused(folder: Path, padding: int) -> None:
    # The name's length is chosen so that the payload's base64 ends in that much padding.
    for name in ("a", "ab", "abc"):
        sign_folder(folder, KEY, folder / "model.sig", name=name)
        if json.loads((folder / "model.sig").read_bytes())["dsseEnvelope"]["payload"].count("=") == padding:
            break
    _edit(folder, lambda b: b["dsseEnvelope"].update(payload=_loosened(b["dsseEnvelope"]["payload"])))
    _refused(folder, "base64 that was changed")


def test_parts_of_a_signature_out_of_range_are_refused(folder: Path) -> None:
    bundle = read_bundle((folder / "model.sig").read_bytes())
    r, s = decode_dss_signature(bundle.signature)
    for pair in ((0, s), (r, 0), (r + (1 << 256), s), (1, 1)):
        forged = Bundle(
            payload=bundle.payload,
            signature=encode_dss_signature(*pair),
            key_fingerprint=bundle.key_fingerprint,
        )
        (folder / "model.sig").write_bytes(write_bundle(forged))
        _refused(folder, "not a signature of the given key")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"null", b"\x80\x02N.", b"[" * 100_000, b'{"a":1,"a":1}']
)
def test_signature_files_of_other_kinds_are_refused(folder: Path, data: bytes) -> None:
    (folder / "model.sig").write_bytes(data)
    _refused(folder, "signature file")


def test_a_huge_signature_file_is_not_read(folder: Path, memory_lid: Lid) -> None:
    with (folder / "model.sig").open("wb") as file:
        file.truncate(1 << 40)
    with memory_lid():
        _refused(folder, "more than the 4,194,304 accepted")


@pytest.mark.parametrize(
    "name", ["extra.py", ".hidden", "figures/b.svg", ".git/config", ".gitattributes", "MODEL.SIG"]
)
def test_files_that_were_not_signed_are_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    _refused(folder, "holds files that were not signed")


def test_a_signer_cannot_have_files_ignored(folder: Path) -> None:
    """Paths left out are honoured for git's own files alone; else a signature could cover nothing."""
    (folder / "code.py").write_text("x")
    ignore = ["model.sig", "code.py", ".", "figures", "*"]
    _edit_statement(folder, lambda s: s["predicate"]["serialization"].update(ignore_paths=ignore), KEY)
    _refused(folder, r"not signed: code\.py")


def test_a_second_signature_file_is_not_hidden_by_the_first(folder: Path) -> None:
    shutil.copy(folder / "model.sig", folder / "figures" / "model.sig")
    _refused(folder, r"not signed: figures/model\.sig")


def test_links_in_a_signed_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (tmp_path / "outside").write_bytes(content)
    (folder / "model.safetensors").unlink()
    for target in (tmp_path / "outside", "../outside", "figures/a.svg", "missing"):
        (folder / "model.safetensors").symlink_to(target)
        _refused(folder, "is a symbolic link")
        (folder / "model.safetensors").unlink()
    shutil.move(folder / "figures", tmp_path / "figures")
    (folder / "model.safetensors").write_bytes(content)
    (folder / "figures").symlink_to(tmp_path / "figures")
    _refused(folder, "is a symbolic link")


def test_a_pipe_in_a_signed_folder_does_not_hang(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    os.mkfifo(folder / "model.safetensors")
    _refused(folder, "is a device or pipe")
