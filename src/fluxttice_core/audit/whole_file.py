"""Writing a file whole or not at all: readers see all of it, or what was there before."""

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from fluxttice_core.errors import MeasurementError, StorageError


def require_apart(read: Iterable[Path], written: Iterable[Path]) -> None:
    """Refuse to write a file in the place of one that is read, or of another that is written."""
    taken = {_identity(path) for path in read}
    for path in written:
        _require_name(path)
        if (identity := _identity(path)) in taken:
            raise MeasurementError(
                f"'{path}' would be written in the place of a file that is read, or of another that is "
                "written: name a file of its own",
                "contradictory",
            )
        taken.add(identity)


def _require_name(path: Path) -> None:
    """Refuse the sign that stands for standard output elsewhere: a file of that name would surprise."""
    if str(path) == "-":
        raise MeasurementError(
            "'-' names no file, and nothing but the report is written to standard output: give a name",
            "not_a_file",
        )


def _identity(path: Path) -> object:
    """Return what is the same of two names of one file, whether it is there or not yet."""
    try:
        status = path.stat()
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def require_writable(path: Path) -> None:
    """Find out before a long computation whether a file can be written."""
    with _temporary(path) as temporary:
        temporary.open("xb").close()


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let what is written, once it is flushed, take the place of a file."""
    with _temporary(path) as temporary:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """Yield a name beside a file, of which nothing is left, and explain what the system refuses."""
    _require_name(path)
    try:
        # A device such as /dev/null would be a plain file from then on.
        if path.exists() and not path.is_file():
            raise StorageError(
                f"{path} exists and is no regular file; give the name of a file.", "already_exists"
            )
        temporary = path.with_name(f".{path.name}.new-{secrets.token_hex(8)}.tmp")
        try:
            yield temporary
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror}; free space or choose another folder.",
            "disk_full" if error.errno == errno.ENOSPC else "unwritable",
        ) from error
