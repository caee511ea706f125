"""`SHA256SUMS` is what coreutils writes and reads."""

import subprocess
from pathlib import Path

import pytest

from fluxttice_core.errors import SignatureError
from fluxttice_core.storage.sums import folder_digests, sums_text


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


def test_a_link_is_refused(folder: Path) -> None:
    (folder / "link").symlink_to("report.json")
    with pytest.raises(SignatureError, match="symbolic link"):
        folder_digests(folder)
