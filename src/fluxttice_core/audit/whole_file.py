"""Writing a file whole or not at all: readers see all of it, or what was there before."""

import contextlib
import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from fluxttice_core.errors import StorageError


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let what is written, once it is flushed, take the place of a file."""
    temporary = path.with_name(f".{path.name}.new-{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise StorageError(
            f"{path} could not be written: {error.strerror}; free space or choose another folder.",
            "disk_full" if error.errno == errno.ENOSPC else "unwritable",
        ) from error
