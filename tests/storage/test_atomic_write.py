"""Files and folders appear whole or not at all, whatever happens to their writer."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fluxttice_core.errors import RecordError, StorageError
from fluxttice_core.storage import atomic_write as atomic
from tests.refusals import refused

WRITER = """
import itertools, pathlib, sys
from fluxttice_core.storage.atomic_write import new_folder
for i in itertools.count():
    with new_folder(pathlib.Path(sys.argv[1]), replace=True) as folder:
        for name in "abc":
            (folder / name).write_text(str(i) * 2000)
    print(i, flush=True)
"""


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_nothing_else_left(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    atomic.write_bytes(path, b"old")
    atomic.write_bytes(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _names(path.parent) == ["file"]


def test_text_and_json_are_written_as_they_are(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "t", "é\r\n")
    atomic.write_json(tmp_path / "j", {"b": 1, "a": 0.5})
    assert (tmp_path / "t").read_bytes() == b"\xc3\xa9\r\n"
    assert (tmp_path / "j").read_bytes() == b'{"a":0.5,"b":1}\n'
    with refused(RecordError, "not_finite"):
        atomic.write_json(tmp_path / "j", {"a": float("nan")})
    assert (tmp_path / "j").read_bytes() == b'{"a":0.5,"b":1}\n'


def test_a_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    atomic.write_bytes(path, b"old")

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with refused(StorageError, "disk_full", "No space left on device"):
        atomic.write_bytes(path, b"new")
    with refused(StorageError, "disk_full"), atomic.new_folder(tmp_path / "folder") as folder:
        (folder / "file").write_bytes(b"x")
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["file"]


def test_a_write_that_the_system_cuts_short_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic.write_bytes(path, b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with refused(StorageError, "unwritable", "File too large"):
            atomic.write_bytes(path, bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["file"]


def test_places_that_cannot_be_written_give_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with refused(StorageError, "unwritable", "could not be written", "free space or choose another folder"):
        atomic.write_bytes(tmp_path / "file" / "beneath", b"")
    with refused(StorageError, "unwritable"), atomic.new_folder(Path("/proc/nowhere")):
        pass


def test_a_folder_appears_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    with atomic.new_folder(path) as folder:
        (folder / "file").touch()
        assert not path.exists()
        assert atomic.is_temporary(folder)
    assert _names(tmp_path) == ["folder"]
    assert _names(path) == ["file"]


def test_a_folder_whose_block_fails_never_appears(tmp_path: Path) -> None:
    def fill() -> None:
        with atomic.new_folder(tmp_path / "folder") as folder:
            (folder / "file").touch()
            raise KeyError

    with pytest.raises(KeyError):
        fill()
    assert _names(tmp_path) == []


def test_an_existing_folder_is_replaced_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    with atomic.new_folder(path) as folder:
        (folder / "one").touch()
    with refused(StorageError, "already_exists", "already exists"), atomic.new_folder(path):
        pass
    with atomic.new_folder(path, replace=True) as folder:
        (folder / "two").touch()
    assert _names(path) == ["two"]
    assert _names(tmp_path) == ["folder"]


def test_a_replacement_that_fails_halfway_puts_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder"
    with atomic.new_folder(path) as folder:
        (folder / "one").touch()
    rename = Path.rename

    def fail_once(self: Path, target: Path) -> Path:
        if target == path and ".new-" in self.name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_once)
    with refused(StorageError, "unwritable", "Input/output"), atomic.new_folder(path, replace=True):
        pass
    assert _names(path) == ["one"]
    assert _names(tmp_path) == ["folder"]


def test_what_dead_writers_left_is_removed_and_what_live_ones_hold_is_not(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    dead = [tmp_path / f".folder.new-{digit * 16}.tmp" for digit in "01"]
    dead[0].mkdir()
    (dead[0] / "half").touch()
    dead[1].touch()
    foreign = tmp_path / f".folder2.new-{'0' * 16}.tmp"
    foreign.mkdir()
    with atomic.new_folder(path) as live:
        assert not any(entry.exists() for entry in dead)
        atomic.remove_abandoned(path)
        assert live.is_dir()
    assert foreign.is_dir()


def test_a_folder_caught_between_two_names_is_put_back(tmp_path: Path) -> None:
    aside = tmp_path / f".folder.old-{'0' * 16}.tmp"
    aside.mkdir()
    (aside / "kept").touch()
    (tmp_path / f".folder.new-{'0' * 16}.tmp").mkdir()
    atomic.remove_abandoned(tmp_path / "folder")
    assert _names(tmp_path) == ["folder"]
    assert _names(tmp_path / "folder") == ["kept"]


def test_a_writer_killed_at_any_moment_leaves_a_whole_folder(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    generator = np.random.default_rng()
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(generator.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
        atomic.remove_abandoned(path)
        assert _names(tmp_path) == ["folder"]
        contents = {(path / name).read_text() for name in "abc"}
        assert len(contents) == 1


def test_it_is_known_beforehand_whether_something_can_be_written(tmp_path: Path) -> None:
    atomic.require_writable(tmp_path / "new" / "deep" / "it.json")
    assert list((tmp_path / "new" / "deep").iterdir()) == []
    (tmp_path / "file").write_text("")
    with refused(StorageError, "unwritable"):
        atomic.require_writable(tmp_path / "file" / "it.json")


def test_a_file_that_may_not_be_replaced_is_made_by_one_of_many(tmp_path: Path) -> None:
    path = tmp_path / "key"

    def attempt(number: int) -> bool:
        try:
            atomic.write_bytes(path, b"%d" % number, replace=False)
        except StorageError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(attempt, range(8)))
    assert made.count(True) == 1
    with refused(StorageError, "unwritable", "File exists"):
        atomic.write_bytes(path, b"later", replace=False)
    assert path.read_bytes() == b"%d" % made.index(True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to a pipe"])
def test_only_files_are_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "it"
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(tmp_path / "pipe")
        path = tmp_path / "pipe"
        if kind == "link to a pipe":
            path = tmp_path / "link"
            path.symlink_to("pipe")
    for attempt in (atomic.require_writable, lambda path: atomic.write_bytes(path, b"x")):
        with refused(StorageError, "already_exists", "exists and is no regular file"):
            attempt(path)
    assert not path.is_file()


@pytest.mark.parametrize("name", ["", ".", "/", ".."])
def test_a_name_that_only_a_folder_can_have_is_refused(name: str) -> None:
    for folder in (False, True):
        with refused(StorageError, "already_exists"):
            atomic.require_writable(Path(name), folder=folder)


def test_without_locks_a_folder_moved_aside_is_put_back_and_nothing_else_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "LOCKS", False)
    aside, unfinished = (tmp_path / f".run.{role}-0123456789abcdef.tmp" for role in ("old", "new"))
    for folder in (aside, unfinished):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    atomic.remove_abandoned(tmp_path / "run")
    assert (tmp_path / "run" / "file").read_text() == aside.name
    assert _names(tmp_path) == [unfinished.name, "run"]
    aside.mkdir()
    atomic.remove_abandoned(tmp_path / "run")
    assert _names(tmp_path) == sorted([unfinished.name, aside.name, "run"])
    atomic.write_bytes(tmp_path / "written", b"whole")
    assert (tmp_path / "written").read_bytes() == b"whole"
