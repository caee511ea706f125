"""Files and folders that appear under their final name whole or not at all, and then survive a power cut.

A writer works under a temporary name and holds an advisory lock on it. The lock dies with the process, so a
later writer can tell an abandoned temporary, which it removes, from one that another is still filling.
Without such locks, as on Windows, temporaries of dead writers stay where they are; readers pass over them.
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fluxttice_core.errors import StorageError
from fluxttice_core.storage.canonical_json import canonical_json

try:
    from fcntl import LOCK_EX, LOCK_NB, flock

    LOCKS = True
except ImportError:
    LOCKS = False
"""Whether a file or folder that is open can be locked, renamed and flushed, as on POSIX."""

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<role>new|old)-[0-9a-f]{16}\.tmp")
_CLOSED = -1
_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def write_bytes(path: Path, data: bytes, *, mode: int = 0o666, replace: bool = True) -> None:
    """Write a file under a temporary name and flush it before it takes its own; else the old one stays."""
    with _explained(path):
        _require_file(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path)
        temporary, lock = _locked(path, lambda name: os.open(name, _CREATE, mode))
        try:
            with os.fdopen(lock, "wb", closefd=False) as file:
                file.write(data)
            os.fsync(lock)
            lock = _closed_unless_locked(lock)
            if replace:
                temporary.replace(path)
            else:
                # Unlike renaming, this fails where another process was first.
                os.link(temporary, path)
                temporary.unlink()
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            _close(lock)
        _flush(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, line ends unchanged, like `write_bytes`."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write a value's canonical JSON and a line feed, like `write_bytes`."""
    write_bytes(path, canonical_json(value) + b"\n")


@contextlib.contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Build a folder under a temporary name; it takes its final name when the block ends without an error.

    A folder that is replaced steps aside under a temporary name for an instant; should the process die in
    that instant, `remove_abandoned` puts it back.
    """
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned(path)
        if path.exists() and not replace:
            raise StorageError(
                f"{path} already exists; choose another folder or remove it first.", "already_exists"
            )
        temporary, lock = _locked(path, _make_folder)
        try:
            yield temporary
            _flush_tree(temporary)
            _take_name(temporary, path)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        finally:
            _close(lock)
        _flush(path.parent)
        remove_abandoned(path)


def require_writable(path: Path, *, folder: bool = False) -> None:
    """Find out before a long computation whether its result can be written: make a folder, remove it."""
    with _explained(path):
        if not folder:
            _require_file(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        probe = _temporary_name(path, "new")
        probe.mkdir()
        probe.rmdir()


def is_temporary(path: Path) -> bool:
    """Whether a name is that of an unfinished file or folder, which readers pass over."""
    return _TEMPORARY.fullmatch(path.name) is not None


def remove_abandoned(path: Path) -> None:
    """Remove what dead writers left of a file or folder, and put back a folder that one had moved aside."""
    with _explained(path):
        for entry in sorted(path.parent.iterdir()):
            match = _TEMPORARY.fullmatch(entry.name)
            if match is None or match["name"] != path.name:
                continue
            if _is_locked(entry) and (LOCKS or match["role"] == "new" or path.exists()):
                continue
            if match["role"] == "old" and not path.exists():
                entry.rename(path)
            elif entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def _require_file(path: Path) -> None:
    """Refuse to put a file in the place of a folder, a device or a pipe."""
    if path.exists() and not path.is_file():
        raise StorageError(
            f"{path} exists and is no regular file; give the name of a file.", "already_exists"
        )


def _temporary_name(path: Path, role: str) -> Path:
    if path.name in ("", ".."):
        raise StorageError(
            f"{str(path)!r} names a folder that is there already; give a name of its own.", "already_exists"
        )
    return path.with_name(f".{path.name}.{role}-{secrets.token_hex(8)}.tmp")


def _make_folder(name: Path) -> int:
    name.mkdir()
    return os.open(name, _READ | os.O_DIRECTORY) if LOCKS else _CLOSED


def _closed_unless_locked(descriptor: int) -> int:
    """Close what cannot be renamed while it is open, where no lock has to be held meanwhile."""
    if LOCKS:
        return descriptor
    os.close(descriptor)
    return _CLOSED


def _close(descriptor: int) -> None:
    if descriptor != _CLOSED:
        os.close(descriptor)


def _locked(path: Path, make: Callable[[Path], int]) -> tuple[Path, int]:
    """A new temporary file or folder, and the descriptor that holds its lock."""
    while True:
        temporary = _temporary_name(path, "new")
        lock = make(temporary)
        if not LOCKS:
            return temporary, lock
        flock(lock, LOCK_EX)
        # Before it was locked, another writer may have taken it for abandoned and removed it: then try again.
        if temporary.exists():
            return temporary, lock
        os.close(lock)


def _is_locked(entry: Path) -> bool:
    """Whether a living writer holds a temporary, or nobody can tell."""
    if not LOCKS:
        return True
    try:
        descriptor = os.open(entry, _READ | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _take_name(temporary: Path, path: Path) -> None:
    if not path.exists():
        temporary.rename(path)
        return
    aside = _temporary_name(path, "old")
    # Locked while it has no final name, so that no other writer puts it back in between.
    lock = os.open(path, _READ) if LOCKS else _CLOSED
    try:
        if LOCKS:
            flock(lock, LOCK_EX)
        path.rename(aside)
        temporary.rename(path)
    except BaseException:
        if aside.exists():
            aside.rename(path)
        raise
    finally:
        _close(lock)


def _flush_tree(folder: Path) -> None:
    for entry in sorted(folder.rglob("*")):
        _flush(entry)
    _flush(folder)


def _flush(path: Path) -> None:
    if not LOCKS:
        return
    descriptor = os.open(path, _READ)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the system's refusal into one sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise StorageError(
            f"{path} could not be written: {reason}; free space or choose another folder.",
            "disk_full" if error.errno == errno.ENOSPC else "unwritable",
        ) from error
