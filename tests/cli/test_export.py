"""`fluxttice export` writes what it says, and knows its formats."""

import os
import stat
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.cli.commands import ran, refusal

export = import_module("fluxttice_core.storage.export")


pytestmark = pytest.mark.usefixtures("empty_folder")


def test_it_writes_a_file_and_says_so(small_checkpoint: Path, tmp_path: Path) -> None:
    result = ran("export", "npz", "--checkpoint", small_checkpoint)
    assert result.output == "written operations.npz\n"
    assert (tmp_path / "operations.npz").is_file()
    assert "--force to write over it" in refusal("export", "npz", "--checkpoint", small_checkpoint)
    ran("export", "npz", "--checkpoint", small_checkpoint, "--force")


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    assert "parquet, npz, projector, onnx" in refusal("export", "pickle")


def test_an_opset_reaches_the_export(small_checkpoint: Path) -> None:
    given = ("--checkpoint", small_checkpoint)
    assert "opset 14 to 25, not in 13" in refusal("export", "onnx", *given, "--opset", "13")
    assert "export onnx" in refusal("export", "npz", *given, "--opset", "18")


@pytest.mark.parametrize("out", ["", "/", ".", "pipe"])
@pytest.mark.parametrize("kind", ["npz", "onnx"])
def test_a_place_where_nothing_can_be_written_is_told_before_anything_is_computed(
    small_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, kind: str, out: str
) -> None:
    os.mkfifo("pipe")
    for work in ("embedding_table", "_graphs"):
        monkeypatch.setattr(export, work, lambda *_: pytest.fail("it was computed"))
    refusal("export", kind, "--checkpoint", small_checkpoint, "--out", out)
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


@pytest.mark.slow
def test_onnx_is_quiet_on_the_command_line(small_checkpoint: Path, tmp_path: Path) -> None:
    arguments = ["export", "onnx", "--checkpoint", str(small_checkpoint), "--out", str(tmp_path / "onnx")]
    result = subprocess.run(
        [sys.executable, "-m", "fluxttice_core.cli", *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == len(list((tmp_path / "onnx").iterdir())) == 4
