"""`SHA256SUMS`: the digest of every file in a folder, as `sha256sum --check` reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from fluxttice_core.errors import SignatureError
from fluxttice_core.storage.folder_listing import digest_beneath, list_files

__all__ = ["SUMS", "UNLISTED", "folder_digests", "sums_text"]

SUMS, SIGNATURE = "SHA256SUMS", "model.sig"
UNLISTED = (SUMS, SIGNATURE)
"""The list itself, and the signature, which is made over the list too."""


def folder_digests(
    folder: Path, *, without: Iterable[str] = UNLISTED, largest: int | None = None
) -> dict[str, str]:
    """SHA-256 of every file beneath a folder, by its relative path with slashes.

    Args:
        folder: The folder.
        without: Paths that are left out.
        largest: Bytes that all files together may have; none: as many as they like.

    Raises:
        SignatureError: If the folder is missing or too large, or holds a link, a device or a file that cannot
            be read.
    """
    left_out, names = set(without), list_files(folder, largest=largest)
    return {name: digest_beneath(folder, name) for name in names if name not in left_out}


def sums_text(digests: Mapping[str, str]) -> str:
    """The one text that stands for these digests: a line for each file, sorted by path.

    Raises:
        SignatureError: If a path holds a line feed or a backslash, which `sha256sum` would escape.

    Example:
        >>> sums_text({"b": "cd" * 32, "a": "ab" * 32}).splitlines()[0][-7:]
        'abab  a'
    """
    for name in digests:
        if "\n" in name or "\\" in name or "\r" in name:
            raise SignatureError(f"{name!r} holds a character that no list of sums can: rename that file.")
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
