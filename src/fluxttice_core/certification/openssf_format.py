"""The OpenSSF model-signing v1.0 format: an in-toto statement about a folder, enveloped and bundled.

Source: https://github.com/sigstore/model-transparency; https://github.com/secure-systems-lab/dsse (v1.0.0);
https://docs.sigstore.dev/about/bundle (0.3).
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fluxttice_core.errors import SignatureError
from fluxttice_core.storage.canonical_json import canonical_json, parse_json
from fluxttice_core.storage.checkpoint_record import Record, Sha256

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"

_IDENTITY = "--identity WHO --identity_provider WHERE`, both as its publisher says"
_AUTHORITY = "--certificate_chain CA.pem`, the certificate of the authority that its publisher names"

_Model = TypeVar("_Model", bound=BaseModel)


class _KeyHint(Record):
    hint: Sha256


class _Material(Record):
    public_key: _KeyHint = Field(alias="publicKey")
    log_entries: list[Any] = Field(alias="tlogEntries", default_factory=list, max_length=0)


class _Signature(Record):
    sig: str
    keyid: Literal[""] = ""


class _Envelope(Record):
    payload: str
    payload_type: Literal["application/vnd.in-toto+json"] = Field(alias="payloadType")
    signatures: list[_Signature] = Field(min_length=1, max_length=1)


class _BundleFile(Record):
    media_type: Literal["application/vnd.dev.sigstore.bundle.v0.3+json"] = Field(alias="mediaType")
    material: _Material = Field(alias="verificationMaterial")
    envelope: _Envelope = Field(alias="dsseEnvelope")


class _Digest(Record):
    sha256: Sha256


class _Subject(Record):
    name: str
    digest: _Digest


class _Resource(Record):
    name: str
    algorithm: Literal["sha256"]
    digest: Sha256


class _Serialization(Record):
    method: Literal["files"]
    hash_type: Literal["sha256"]
    allow_symlinks: Literal[False]
    ignore_paths: list[str] = Field(default_factory=list)


class _Predicate(Record):
    # The format asks verifiers to pass over fields that later versions may add here.
    model_config = ConfigDict(extra="ignore")

    serialization: _Serialization
    resources: list[_Resource] = Field(min_length=1)


class _StatementFile(Record):
    type: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: list[_Subject] = Field(min_length=1, max_length=1)
    predicate_type: Literal["https://model_signing/signature/v1.0"] = Field(alias="predicateType")
    predicate: _Predicate


class Bundle(Record):
    """What a signature file holds: the signed bytes, the signature over them, and the key's fingerprint."""

    payload: bytes
    signature: bytes
    key_fingerprint: str


class Statement(Record):
    """What was signed: a model's name, the SHA-256 of each of its files, and the paths left out."""

    name: str
    files: dict[str, str]
    ignored: list[str]


def pre_authentication(payload: bytes) -> bytes:
    """The bytes that a DSSE signature is over.

    PAE(type, payload) = "DSSEv1" SP len(type) SP type SP len(payload) SP payload, lengths in decimal.

    Example:
        >>> pre_authentication(b"{}")
        b'DSSEv1 28 application/vnd.in-toto+json 2 {}'
    """
    return f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload


def write_statement(name: str, files: Mapping[str, str], ignored: list[str]) -> bytes:
    """The in-toto statement about a folder's files, as canonical JSON.

    The subject's digest is SHA-256(d_1 || d_2 || ...) over the files' 32-byte digests in the order listed.
    The name informs and is not compared; `ignored` are the paths that the signature does not cover.
    """
    serialization: dict[str, Any] = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
    if ignored:
        serialization["ignore_paths"] = ignored
    resources = [{"name": path, "algorithm": "sha256", "digest": digest} for path, digest in files.items()]
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": _root(files.values())}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"serialization": serialization, "resources": resources},
        }
    )


def read_statement(payload: bytes) -> Statement:
    """Read an in-toto statement about a folder."""
    name = "The signed statement"
    content = _of_kind(_StatementFile, parse_json(payload, name=name, error=SignatureError), name)
    resources = content.predicate.resources
    for resource in resources:
        _require_inside(resource.name)
    files = {resource.name: resource.digest for resource in resources}
    if len(files) != len(resources):
        raise SignatureError(
            "The signed statement names a file twice; expected each once.", "signature_invalid"
        )
    if _root(files.values()) != content.subject[0].digest.sha256:
        raise SignatureError(
            "The signed statement contradicts itself: its files do not hash to its subject.",
            "signature_invalid",
        )
    ignored = content.predicate.serialization.ignore_paths
    return Statement(name=content.subject[0].name, files=files, ignored=ignored)


def write_bundle(bundle: Bundle) -> bytes:
    """The signature file: a Sigstore bundle 0.3 as canonical JSON and a line feed."""
    envelope = {
        "payload": base64.b64encode(bundle.payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": base64.b64encode(bundle.signature).decode(), "keyid": ""}],
    }
    material = {"publicKey": {"hint": bundle.key_fingerprint}, "tlogEntries": []}
    return (
        canonical_json({"mediaType": MEDIA_TYPE, "verificationMaterial": material, "dsseEnvelope": envelope})
        + b"\n"
    )


def read_bundle(data: bytes) -> Bundle:
    """Read a signature file."""
    parsed = parse_json(data, name="The signature file", error=SignatureError)
    _require_method_of_keys(parsed)
    content = _of_kind(_BundleFile, parsed, "The signature file")
    return Bundle(
        payload=_decoded(content.envelope.payload),
        signature=_decoded(content.envelope.signatures[0].sig),
        key_fingerprint=content.material.public_key.hint,
    )


def _require_method_of_keys(bundle: Any) -> None:
    """Refuse what the official program signs with certificates, and name the command that verifies it."""
    material = bundle.get("verificationMaterial") if isinstance(bundle, dict) else None
    if not isinstance(material, dict) or not {"certificate", "x509CertificateChain"} & material.keys():
        return
    # Of the two methods with a certificate, one notes the signature in a public log.
    logged = "certificate" in material or bool(material.get("tlogEntries"))
    method, given = ("sigstore", _IDENTITY) if logged else ("certificate", _AUTHORITY)
    raise SignatureError(
        f"The signature was made by the method “{method}” of model_signing, and only its method “key” is "
        f"verified here: run `model_signing verify {method} DIR --signature DIR/model.sig {given}.",
        "unsupported",
    )


def _root(digests: Any) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in digests)).hexdigest()


def _require_inside(name: str) -> None:
    """Require a plain relative path, so that no statement makes a verifier read outside the folder."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or any(
        ord(letter) < 32 or letter == "\\" for letter in name
    ):
        raise SignatureError(
            f"The signed statement names {name[:100]!r}, which is no plain path inside the folder.",
            "unsafe_file",
        )


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureError(
            "The signature file holds text that is not base64; it is damaged.", "damaged_file"
        ) from error
    # base64 leaves bits unused at its end: without this, some changed files would still be accepted.
    if base64.b64encode(data).decode() != text:
        raise SignatureError(
            "The signature file holds base64 that was changed after it was written.", "damaged_file"
        )
    return data


def _of_kind(kind: type[_Model], content: Any, name: str) -> _Model:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "top"
        raise SignatureError(
            f"{name} is not of the OpenSSF model-signing v1.0 kind: {where}: {first['msg']}.", "alien_file"
        ) from error
