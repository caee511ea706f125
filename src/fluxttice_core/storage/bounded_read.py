"""Read a file from a stranger: regular files only, never more bytes than announced, refusals explained."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from fluxttice_core.errors import FluxtticeError

# Without O_NONBLOCK, opening a named pipe that nobody writes to would wait for ever; without O_BINARY,
# Windows would change line ends.
_READ = os.O_RDONLY
for _flag in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY"):
    _READ |= getattr(os, _flag, 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def open_to_read(path: Path, *, follow_symlinks: bool = True) -> int:
    """A descriptor to read what lies at a path, be it a file or not.

    Where the system has no O_NOFOLLOW, a link is looked for before opening, so that one which is put there in
    between is not noticed.
    """
    if follow_symlinks:
        return os.open(path, _READ)
    if not _NO_FOLLOW and path.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return os.open(path, _READ | _NO_FOLLOW)


def read_bounded(
    path: Path, *, maximum: int, name: str, error: type[FluxtticeError], follow_symlinks: bool = True
) -> bytes:
    """Read a regular file of at most `maximum` bytes; `error` and `name` are for the refusal."""
    try:
        descriptor = open_to_read(path, follow_symlinks=follow_symlinks)
    except FileNotFoundError as cause:
        raise error(f"{name} does not exist: {path}; give a path that does.", "missing_file") from cause
    except (OSError, ValueError) as cause:
        raise error(f"{name} cannot be opened: {path} ({_reason(cause)}).", "unreadable_file") from cause
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise error(f"{name} is not a regular file: {path}; expected a file.", "not_a_file")
        if status.st_size > maximum:
            raise error(
                f"{name} has {status.st_size:,} bytes, more than the {maximum:,} accepted: {path}.",
                "too_large",
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # Room is made for what is asked, so no more is asked than is there, and one byte to see it grow.
            data = file.read(status.st_size + 1)
    except OSError as cause:
        raise error(f"{name} cannot be read: {path} ({_reason(cause)}).", "unreadable_file") from cause
    finally:
        os.close(descriptor)
    if len(data) != status.st_size:
        raise error(
            f"{name} changed its size while it was read: {path}; wait until it is written.", "changing_file"
        )
    return data


@contextlib.contextmanager
def reachable(path: Path, *, error: type[FluxtticeError]) -> Iterator[None]:
    """Turn the system's refusal to look at a path into one sentence."""
    try:
        yield
    except OSError as cause:
        raise error(
            f"{path} cannot be reached ({_reason(cause)}); give a path that you may read.", "unreadable_file"
        ) from cause


def _reason(cause: Exception) -> str:
    return getattr(cause, "strerror", None) or str(cause)
