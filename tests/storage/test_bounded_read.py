"""A stranger's file is read only if it is a file, and only as far as announced."""

import os
from pathlib import Path

import pytest

from fluxttice_core.errors import CheckpointError, ErrorCode
from fluxttice_core.storage.bounded_read import read_bounded
from tests.refusals import refused


def _read(path: Path, *, follow_symlinks: bool = True) -> bytes:
    return read_bounded(
        path, maximum=8, name="The thing", error=CheckpointError, follow_symlinks=follow_symlinks
    )


def test_reads_up_to_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345678")
    assert _read(path) == b"12345678"
    path.write_bytes(b"123456789")
    with refused(CheckpointError, "too_large", "9 bytes, more than the 8 accepted"):
        _read(path)


def test_pipes_devices_and_folders_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with refused(CheckpointError, "not_a_file", f"not a regular file: {path}"):
            _read(path)


def test_links_are_followed_only_where_allowed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1")
    (tmp_path / "link").symlink_to("file")
    assert _read(tmp_path / "link") == b"1"
    with refused(CheckpointError, "unreadable_file"):
        _read(tmp_path / "link", follow_symlinks=False)


@pytest.mark.parametrize(
    ("name", "code"),
    [("absent", "missing_file"), ("a\0b", "unreadable_file"), ("n" * 300, "unreadable_file")],
)
def test_impossible_paths_give_one_sentence(tmp_path: Path, name: str, code: ErrorCode) -> None:
    with refused(CheckpointError, code, name[:3] if name != "a\0b" else "cannot be opened"):
        _read(tmp_path / name)


def test_files_that_lie_about_their_size_are_bounded() -> None:
    # The kernel reports a size of 0 for this one, whatever it holds.
    with refused(CheckpointError, "changing_file", "changed its size"):
        _read(Path("/proc/self/status"))
