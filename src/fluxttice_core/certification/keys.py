"""Signing keys on elliptic curves, as PEM files that only their owner can read; and those known by a name."""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.errors import SignatureError, StorageError
from fluxttice_core.storage.atomic_write import require_writable, write_bytes
from fluxttice_core.storage.bounded_read import read_bounded

MAXIMUM_KEY = 1 << 14
_MAXIMUM_LIST = 1 << 20
_ENTRY = re.compile(r"([^\n]*)\n(-----BEGIN PUBLIC KEY-----\n[^-]*-----END PUBLIC KEY-----)")
_LONGEST_NAME = 60
MINIMUM_PASSWORD, MAXIMUM_PASSWORD = 12, 1023
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "secp256r1": hashes.SHA256,
    "secp384r1": hashes.SHA384,
    "secp521r1": hashes.SHA512,
}


def new_private_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key, from the system's random numbers."""
    return ec.generate_private_key(ec.SECP256R1())


def write_key_pair(private: Path, public: Path, key: ec.EllipticCurvePrivateKey, password: str) -> None:
    """Write a private key as PKCS #8 PEM, encrypted, mode 0600, and its public half as PEM, mode 0644.

    The password has at least twelve characters, and at most 1,023 bytes of UTF-8.

    Raises:
        SignatureError: If the password is too short, too long, or no text.
        StorageError: If a file exists, since a key in use cannot be made again, or cannot be written; then
            neither half is left.
    """
    secret = _encoded(password)
    for path in (private, public):
        if os.path.lexists(path):
            raise StorageError(
                f"{path} already exists and may be a key in use; choose another file.", "already_exists"
            )
    if private.absolute() == public.absolute():
        raise StorageError(
            f"{private} cannot hold both halves of the key; choose two files.", "contradictory"
        )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(secret),
    )
    require_writable(public)
    write_bytes(private, pem, mode=0o600, replace=False)
    try:
        write_bytes(public, public_pem(key.public_key()), replace=False)
    except BaseException:
        # Half a pair is of no use, and a file in its place would refuse the next attempt.
        private.unlink(missing_ok=True)
        raise


def _encoded(password: str) -> bytes:
    if len(password) < MINIMUM_PASSWORD:
        raise SignatureError(
            f"The password has {len(password)} characters; give at least {MINIMUM_PASSWORD}.", "weak_secret"
        )
    try:
        secret = password.encode()
    except UnicodeEncodeError:
        raise SignatureError(
            "The password is no text in UTF-8; give one of printable characters.", "malformed"
        ) from None
    if len(secret) > MAXIMUM_PASSWORD:
        raise SignatureError(
            f"The password has {len(secret):,} bytes; give at most {MAXIMUM_PASSWORD:,}, as OpenSSL takes.",
            "too_large",
        )
    return secret


def load_private_key(path: Path, password: str | None) -> ec.EllipticCurvePrivateKey:
    """Read a private key on P-256, P-384 or P-521 from a PEM file that only its owner can read.

    `password` is none, or empty, where the key has none.

    Raises:
        SignatureError: If the file is missing, readable by others, no such key, or the password is wrong.
    """
    pem = read_bounded(path, maximum=MAXIMUM_KEY, name="The private key", error=SignatureError)
    # Windows keeps who may read a file elsewhere, where nothing looks.
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SignatureError(
            f"{path} can be read by other users; run `chmod 600` on it first.", "exposed_key"
        )
    try:
        key = serialization.load_pem_private_key(pem, password.encode() if password else None)
    except TypeError as error:
        need = "has no password, but one was given" if password else "needs a password"
        raise SignatureError(f"The private key {path} {need}.", "wrong_password") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureError(
            f"{path} cannot be read: no private key in PEM, or the wrong password.", "wrong_password"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SignatureError(
            f"{path} holds no elliptic-curve key; expected one on P-256, P-384 or P-521.", "unsuitable_key"
        )
    hash_of(key.public_key())
    return key


def load_public_key(path: Path) -> ec.EllipticCurvePublicKey:
    """Read a public key on P-256, P-384 or P-521 from a PEM file.

    Raises:
        SignatureError: If the file is missing or holds no such key.
    """
    pem = read_bounded(path, maximum=MAXIMUM_KEY, name="The public key", error=SignatureError)
    return public_key_of(pem, source=path)


def public_key_of(pem: bytes, *, source: Path) -> ec.EllipticCurvePublicKey:
    """The public key in a PEM text, whose source is named in a refusal."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureError(
            f"{source} cannot be read: it holds no public key in PEM.", "damaged_file"
        ) from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SignatureError(
            f"{source} holds no elliptic-curve key; expected one on P-256, P-384 or P-521.", "unsuitable_key"
        )
    hash_of(key)
    return key


def public_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public key as SubjectPublicKeyInfo PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """SHA-256 of the public key's PEM text: what `sha256sum` prints for its file."""
    return hashlib.sha256(public_pem(key)).hexdigest()


def hash_of(key: ec.EllipticCurvePublicKey) -> hashes.HashAlgorithm:
    """The hash that goes with the key's curve: SHA-256, SHA-384 or SHA-512."""
    if key.curve.name not in _HASHES:
        raise SignatureError(
            f"The key lies on {key.curve.name}; expected one on P-256, P-384 or P-521.", "unsuitable_key"
        )
    return _HASHES[key.curve.name]()


@dataclass(frozen=True)
class KnownKey:
    """A public key and the name by which it is known."""

    name: str
    key: ec.EllipticCurvePublicKey

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its PEM text."""
        return fingerprint(self.key)


def project_keys() -> tuple[KnownKey, ...]:
    """The project's own key, as it was installed with the program or lies in its checkout."""
    package = Path(str(resources.files("fluxttice_core")))
    places = package / "certified.pub", package.parents[1] / "keys" / "fluxttice.pub"
    return tuple(
        KnownKey("fluxttice, the project", load_public_key(path)) for path in places if path.is_file()
    )[:1]


def read_trusted_keys(path: Path) -> tuple[KnownKey, ...]:
    """Public keys in PEM from a text file, each below a line with its name.

    Raises:
        SignatureError: If the file is missing, or holds no key, one without a name, or one that is damaged.
    """
    data = read_bounded(path, maximum=_MAXIMUM_LIST, name="The list of trusted keys", error=SignatureError)
    text = "\n" + data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    entries = _ENTRY.findall(text)
    if not entries or len(entries) != text.count("-----BEGIN"):
        raise SignatureError(
            f"{path} is no list of trusted keys: write each public key in PEM below a line with its name",
            "damaged_file",
        )
    found = []
    for line, pem in entries:
        name = line.strip("# ")
        if not (name and name.isprintable() and len(name) <= _LONGEST_NAME):
            raise SignatureError(
                f"a key in {path} has no name: write one of at most {_LONGEST_NAME} letters above it",
                "malformed",
            )
        found.append(KnownKey(name, public_key_of(f"{pem}\n".encode(), source=path)))
    return tuple(found)
