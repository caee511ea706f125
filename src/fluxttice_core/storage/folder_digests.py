"""The files of a folder with their SHA-256 as `sha256sum` writes them, links and special files refused."""

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from fluxttice_core.errors import SignatureError
from fluxttice_core.storage.bounded_read import open_to_read

MAXIMUM_FILES = 10_000
_MAXIMUM_DEPTH = 32


def list_files(folder: Path, *, largest: int | None = None) -> list[str]:
    """Every regular file beneath a folder, by its relative path with slashes, sorted part by part.

    The folder may be reached through a link; nothing in it may be one. `largest` bounds all bytes together.
    """
    entries = _entries(folder)
    found = sorted(path for path, status in entries.items() if stat.S_ISREG(status.st_mode))
    size = sum(entries[path].st_size for path in found)
    if largest is not None and size > largest:
        raise SignatureError(
            f"{folder} holds {size:,} bytes, more than the {largest:,} of any model here; get it again from "
            "its publisher.",
            "too_large",
        )
    return [path.as_posix() for path in found]


def empty_folders(folder: Path) -> list[str]:
    """Every folder beneath a folder that holds nothing, so that no list of files speaks of it."""
    entries = _entries(folder)
    empty = {path for path, status in entries.items() if stat.S_ISDIR(status.st_mode)}
    return [path.as_posix() for path in sorted(empty - {path.parent for path in entries})]


def digest_beneath(folder: Path, name: str) -> str:
    """SHA-256 of a file beneath a folder, in hexadecimal; a link in its place is refused."""
    path = folder / name
    try:
        descriptor = open_to_read(path, follow_symlinks=False)
    except OSError as error:
        raise SignatureError(f"{path} cannot be opened: {error.strerror}.", "unreadable_file") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SignatureError(
                f"{path} is not a regular file; a signed folder holds only files and folders.", "not_a_file"
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SignatureError(f"{path} cannot be read: {error.strerror}.", "unreadable_file") from error
    finally:
        os.close(descriptor)


def _entries(folder: Path) -> dict[PurePosixPath, os.stat_result]:
    """Every file and folder beneath a folder."""
    found: dict[PurePosixPath, os.stat_result] = {}
    try:
        if not folder.is_dir():
            raise SignatureError(f"{folder} is not a folder; give the folder of a model.", "not_a_folder")
        _walk(folder, PurePosixPath(), found)
    except OSError as error:
        raise SignatureError(f"{folder} cannot be listed: {error.strerror}.", "unreadable_file") from error
    return found


def _walk(folder: Path, relative: PurePosixPath, found: dict[PurePosixPath, os.stat_result]) -> None:
    if len(relative.parts) > _MAXIMUM_DEPTH:
        raise SignatureError(
            f"{folder} nests deeper than {_MAXIMUM_DEPTH} folders; expected a model's folder.", "too_large"
        )
    with os.scandir(folder) as entries:
        for entry in entries:
            path, status = relative / entry.name, entry.stat(follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                raise SignatureError(
                    f"{entry.path} is a symbolic link; a signed folder holds only files and folders.",
                    "not_a_file",
                )
            if not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
                raise SignatureError(
                    f"{entry.path} is a device or pipe; a signed folder holds only files and folders.",
                    "not_a_file",
                )
            found[path] = status
            if len(found) > MAXIMUM_FILES:
                raise SignatureError(
                    f"{folder} holds more than {MAXIMUM_FILES:,} entries; expected a model's folder.",
                    "too_large",
                )
            if stat.S_ISDIR(status.st_mode):
                _walk(folder / entry.name, path, found)


SUMS, SIGNATURE = "SHA256SUMS", "model.sig"
UNLISTED = (SUMS, SIGNATURE)
"""The list itself, and the signature, which is made over the list too."""


def folder_digests(folder: Path, *, largest: int | None = None) -> dict[str, str]:
    """SHA-256 of every file beneath a folder that its list names, by its relative path with slashes."""
    names = list_files(folder, largest=largest)
    return {name: digest_beneath(folder, name) for name in names if name not in UNLISTED}


def sums_text(digests: Mapping[str, str]) -> str:
    """The one text that stands for these digests: a line for each file, sorted by path."""
    for name in digests:
        if "\n" in name or "\\" in name or "\r" in name:
            raise SignatureError(
                f"{name!r} holds a character that no list of sums can: rename that file.", "unsafe_file"
            )
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
