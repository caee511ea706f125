"""A listing holds every file, in one order, and refuses what is no file."""

import os
import socket
from pathlib import Path

import pytest

from fluxttice_core.errors import SignatureError
from fluxttice_core.storage import folder_listing
from fluxttice_core.storage.folder_listing import digest_beneath, list_files


def test_files_come_part_by_part(folder: Path) -> None:
    assert list_files(folder) == ["figures/a.svg", "figures-note.txt", "model.safetensors", "report.json"]


def test_the_folder_itself_may_be_reached_through_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert list_files(tmp_path / "link") == list_files(folder)


@pytest.mark.parametrize("target", ["report.json", "../outside", "figures", "nowhere", "/etc/passwd"])
def test_links_inside_are_refused(folder: Path, target: str) -> None:
    (folder / "figures" / "link").symlink_to(target)
    with pytest.raises(SignatureError, match="is a symbolic link"):
        list_files(folder)


def test_special_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(SignatureError, match="is a device or pipe"):
        list_files(folder)
    with pytest.raises(SignatureError, match="not a regular file"):
        digest_beneath(folder, "pipe")
    (folder / "pipe").unlink()
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(SignatureError, match="is a device or pipe"):
            list_files(folder)


def test_numbers_and_depth_are_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_listing, "MAXIMUM_FILES", 3)
    with pytest.raises(SignatureError, match="more than 3 entries"):
        list_files(folder)
    monkeypatch.undo()
    deep = folder.joinpath(*"d" * 40)
    deep.mkdir(parents=True)
    with pytest.raises(SignatureError, match="nests deeper"):
        list_files(folder)


def test_a_missing_folder_or_file_is_named(folder: Path) -> None:
    with pytest.raises(SignatureError, match="is not a folder"):
        list_files(folder / "report.json")
    with pytest.raises(SignatureError, match="absent cannot be opened"):
        digest_beneath(folder, "absent")
    with pytest.raises(SignatureError, match="not a regular file"):
        digest_beneath(folder, "figures")
