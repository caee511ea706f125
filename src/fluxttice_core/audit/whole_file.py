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
    """Refuse to write a file in the place of one that is read, of another that is written, or of no file."""
    taken = {_identity(path) for path in read}
    for path in written:
        followed(path)
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


def followed(path: Path) -> Path:
    """Return the file that a name means, links followed, which need not be there yet; else it is refused.

    Otherwise a file would take the place of a link, and what that leads to would be as before; and a device
    such as /dev/null would be a plain file from then on.
    """
    _require_name(path)
    with _explained(path):
        real = Path(os.path.realpath(path))
        folder = " but a folder" if real.is_dir() else ""
        if real.is_symlink() or (path.exists() and not path.is_file()) or _is_descriptor(path):
            raise StorageError(
                f"{path} exists and is no regular file{folder}; give the name of a file.", "already_exists"
            )
    return real


def _is_descriptor(path: Path) -> bool:
    """Return whether links lead to what a process has open, as /dev/stdout does, whatever that is."""
    while path.is_symlink():
        folder = Path(os.path.realpath(path.parent))
        if folder.is_relative_to("/proc"):
            return True
        path = folder / path.readlink()
    return False


def _identity(path: Path) -> object:
    """Return what is the same of two names of one file, whether it is there or not yet."""
    try:
        status = path.stat()
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def require_writable(path: Path) -> None:
    """Find out before a long computation whether a file can be written."""
    with _temporary(path) as (temporary, _):
        temporary.open("xb").close()


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let what is written, once it is flushed, take the place of the file that a name or a link means."""
    with _temporary(path) as (temporary, real):
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(real)


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a name beside a file, of which nothing is left, and the file that links lead to."""
    real = followed(path)
    temporary = real.with_name(f".{real.name}.new-{secrets.token_hex(8)}.tmp")
    with _explained(path):
        try:
            yield temporary, real
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Explain what the system refuses."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{path} could not be written: {error.strerror}; free space or choose another folder.",
            "disk_full" if error.errno == errno.ENOSPC else "unwritable",
        ) from error
