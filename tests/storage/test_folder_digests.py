"""A listing holds every file, in one order, and refuses what is no file."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from fluxttice_core.errors import SignatureError
from fluxttice_core.storage.folder_digests import digest_beneath, folder_digests, list_files, sums_text
from tests.refusals import refused


def test_files_come_part_by_part(folder: Path) -> None:
    assert list_files(folder) == ["figures/a.svg", "figures-note.txt", "model.safetensors", "report.json"]


def test_the_folder_itself_may_be_reached_through_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert list_files(tmp_path / "link") == list_files(folder)


@pytest.mark.parametrize("target", ["report.json", "../outside", "figures", "nowhere", "/etc/passwd"])
def test_links_inside_are_refused(folder: Path, target: str) -> None:
    (folder / "figures" / "link").symlink_to(target)
    with refused(SignatureError, "not_a_file", "is a symbolic link"):
        list_files(folder)


def test_special_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe")
    with refused(SignatureError, "not_a_file", "is a device or pipe"):
        list_files(folder)
    with refused(SignatureError, "not_a_file", "not a regular file"):
        digest_beneath(folder, "pipe")
    (folder / "pipe").unlink()
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with refused(SignatureError, "not_a_file"):
            list_files(folder)


def test_numbers_and_depth_are_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fluxttice_core.storage.folder_digests.MAXIMUM_FILES", 3)
    with refused(SignatureError, "too_large", "more than 3 entries"):
        list_files(folder)
    monkeypatch.undo()
    deep = folder.joinpath(*"d" * 40)
    deep.mkdir(parents=True)
    with refused(SignatureError, "too_large", "nests deeper"):
        list_files(folder)


def test_a_missing_folder_or_file_is_named(folder: Path) -> None:
    with refused(SignatureError, "not_a_folder", "is not a folder"):
        list_files(folder / "report.json")
    with refused(SignatureError, "unreadable_file", "absent cannot be opened"):
        digest_beneath(folder, "absent")
    with refused(SignatureError, "not_a_file"):
        digest_beneath(folder, "figures")


def test_sha256sum_accepts_the_list_and_notices_a_change(folder: Path) -> None:
    text = sums_text(folder_digests(folder))
    (folder / "SHA256SUMS").write_text(text)
    command = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
    (folder / "report.json").write_text("{}")
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 1


def test_the_list_and_the_signature_are_not_in_the_list(folder: Path) -> None:
    before = folder_digests(folder)
    (folder / "SHA256SUMS").write_text("")
    (folder / "model.sig").write_text("")
    assert folder_digests(folder) == before
    assert sorted(before) == ["figures-note.txt", "figures/a.svg", "model.safetensors", "report.json"]


def test_a_name_that_the_list_cannot_hold_is_refused() -> None:
    for name in ("a\nb", "a\\b", "a\rb"):
        with pytest.raises(SignatureError, match="rename"):
            sums_text({name: "00" * 32})
