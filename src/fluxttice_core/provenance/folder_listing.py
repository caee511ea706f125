"""The files of a folder with their SHA-256, links and special files refused."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path, PurePosixPath

from fluxttice_core.errors import SignatureError

__all__ = ["MAXIMUM_FILES", "digest_beneath", "list_files"]

MAXIMUM_FILES = 10_000
_MAXIMUM_DEPTH = 32


def list_files(folder: Path) -> list[str]:
    """Every regular file beneath a folder, by its relative path with slashes, sorted part by part.

    Args:
        folder: The folder; it may be reached through a link, nothing in it may be one.

    Raises:
        SignatureError: If there is no such folder, or it holds a link, a device, a pipe or over 10,000 files.
    """
    try:
        if not folder.is_dir():
            raise SignatureError(f"{folder} is not a folder; give the folder of a model.")
        found = _walk(folder, PurePosixPath(), 0)
    except OSError as error:
        raise SignatureError(f"{folder} cannot be listed: {error.strerror}.") from error
    return [path.as_posix() for path in sorted(found, key=lambda path: path.parts)]


def digest_beneath(folder: Path, name: str) -> str:
    """SHA-256 of a file beneath a folder, in hexadecimal; a link in its place is refused.

    Raises:
        SignatureError: If the file is missing, unreadable or no regular file.
    """
    path = folder / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SignatureError(f"{path} cannot be opened: {error.strerror}.") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SignatureError(
                f"{path} is not a regular file; a signed folder holds only files and folders."
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SignatureError(f"{path} cannot be read: {error.strerror}.") from error
    finally:
        os.close(descriptor)


def _walk(folder: Path, relative: PurePosixPath, depth: int) -> list[PurePosixPath]:
    if depth > _MAXIMUM_DEPTH:
        raise SignatureError(
            f"{folder} nests deeper than {_MAXIMUM_DEPTH} folders; expected a model's folder."
        )
    found: list[PurePosixPath] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            path = relative / entry.name
            if entry.is_symlink():
                raise SignatureError(
                    f"{entry.path} is a symbolic link; a signed folder holds only files and folders."
                )
            if entry.is_dir(follow_symlinks=False):
                found += _walk(folder / entry.name, path, depth + 1)
            elif entry.is_file(follow_symlinks=False):
                found.append(path)
            else:
                raise SignatureError(
                    f"{entry.path} is a device or pipe; a signed folder holds only files and folders."
                )
            if len(found) > MAXIMUM_FILES:
                raise SignatureError(
                    f"{folder} holds more than {MAXIMUM_FILES:,} files; expected a model's folder."
                )
    return found
