"""Sign a folder, and verify that it holds exactly the files that were signed.

The format is OpenSSF model-signing v1.0 with a local key, so that the `model_signing` program accepts what is
signed here and its signatures are accepted here. Nothing is asked of a network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.keys import fingerprint, hash_of
from fluxttice_core.certification.openssf_format import (
    Bundle,
    Statement,
    pre_authentication,
    read_bundle,
    read_statement,
    write_bundle,
    write_statement,
)
from fluxttice_core.errors import SignatureError
from fluxttice_core.storage.atomic_write import remove_abandoned, write_bytes
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.folder_digests import digest_beneath, list_files

MAXIMUM_SIGNATURE = 4 << 20
_GIT = (".git", ".gitattributes", ".github", ".gitignore")


@dataclass(frozen=True)
class SignedFolder:
    """A folder whose signature holds: `files` are vouched for by the key, `unsigned` by nobody."""

    name: str
    key_fingerprint: str
    files: dict[str, str]
    unsigned: tuple[str, ...]


def sign_folder(
    folder: Path, private_key: ec.EllipticCurvePrivateKey, signature_path: Path, *, name: str | None = None
) -> SignedFolder:
    """Sign every file beneath a folder by a key on P-256, P-384 or P-521, save the signature itself.

    The signature may lie inside the folder or elsewhere, and is replaced if it exists. `name` is the model's
    in it, by default the folder's own; verifiers do not compare it.

    Raises:
        SignatureError: If the folder is missing, empty, or holds a link or special file.
        StorageError: If the signature cannot be written.
    """
    digest = hash_of(private_key.public_key())
    if signature_path.parent.is_dir():
        remove_abandoned(signature_path)
    own = _relative(signature_path, folder)
    files = {path: digest_beneath(folder, path) for path in list_files(folder) if path != own}
    if not files:
        raise SignatureError(f"{folder} holds no file to sign; give the folder of a model.", "too_few")
    ignored = [] if own is None else [own]
    payload = write_statement(name or folder.resolve().name, files, ignored)
    signature = private_key.sign(pre_authentication(payload), ec.ECDSA(digest))
    key_fingerprint = fingerprint(private_key.public_key())
    bundle = Bundle(payload=payload, signature=signature, key_fingerprint=key_fingerprint)
    write_bytes(signature_path, write_bundle(bundle))
    return SignedFolder(name or folder.resolve().name, key_fingerprint, files, ())


def verify_folder(
    folder: Path,
    signature_path: Path,
    public_key: ec.EllipticCurvePublicKey,
    *,
    largest: int | None = None,
    beside: Callable[[str], bool] = lambda _: False,
) -> SignedFolder:
    """Verify that a key signed a folder, and that the folder holds those files, unchanged, and no others.

    Git's own files where the signer passed over them, and those that `beside` tells, may lie there unsigned,
    and are returned as `unsigned`. `largest` bounds the bytes of all files together.

    Raises:
        SignatureError: With the first thing that does not hold.
    """
    statement = read_statement(_authentic_payload(signature_path, public_key))
    own = _relative(signature_path, folder)
    present = [path for path in list_files(folder, largest=largest) if path != own]
    unsigned = tuple(
        path
        for path in present
        if path not in statement.files and (beside(path) or _left_to_git(path, statement))
    )
    _require_same_names(folder, set(present) - set(unsigned), set(statement.files))
    for path, expected in statement.files.items():
        if digest_beneath(folder, path) != expected:
            raise SignatureError(
                f"{folder / path} was changed after it was signed (SHA-256 differs).", "digest_mismatch"
            )
    return SignedFolder(statement.name, fingerprint(public_key), statement.files, unsigned)


def named_key(signature_path: Path) -> str:
    """The fingerprint of the key that a signature names, which is nothing but a hint at which one to try."""
    return _bundle(signature_path).key_fingerprint


def _bundle(signature_path: Path) -> Bundle:
    data = read_bounded(signature_path, maximum=MAXIMUM_SIGNATURE, name="The signature", error=SignatureError)
    return read_bundle(data)


def _authentic_payload(signature_path: Path, public_key: ec.EllipticCurvePublicKey) -> bytes:
    """The signed bytes, of which nothing is read before the signature over them has been verified."""
    digest = hash_of(public_key)
    bundle = _bundle(signature_path)
    if bundle.key_fingerprint != fingerprint(public_key):
        raise SignatureError(
            f"{signature_path} was made with the key {bundle.key_fingerprint[:16]}..., not with the given "
            f"{fingerprint(public_key)[:16]}...; give the signer's public key.",
            "wrong_key",
        )
    try:
        public_key.verify(bundle.signature, pre_authentication(bundle.payload), ec.ECDSA(digest))
    except InvalidSignature as error:
        raise SignatureError(
            f"{signature_path} is not a signature of the given key: it was edited, or made with another key.",
            "signature_invalid",
        ) from error
    return bundle.payload


def _require_same_names(folder: Path, present: set[str], signed: set[str]) -> None:
    for paths, fault in (
        (present - signed, "holds files that were not signed"),
        (signed - present, "lacks signed files"),
    ):
        if paths:
            shown = ", ".join(sorted(paths)[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
            raise SignatureError(
                f"{folder} {fault}: {shown}; get the folder again from its publisher.", "digest_mismatch"
            )


def _left_to_git(path: str, statement: Statement) -> bool:
    first = path.partition("/")[0]
    return first in _GIT and first in statement.ignored


def _relative(path: Path, folder: Path) -> str | None:
    """The path as seen from the folder; None if it lies elsewhere."""
    absolute, root = path.parent.resolve() / path.name, folder.resolve()
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else None
