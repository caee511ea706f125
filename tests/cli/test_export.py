"""`fluxttice export` writes what it says, and knows its formats."""

import os
import re
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
    assert "parquet, npz, projector, onnx, explorer" in refusal("export", "pickle")


def test_the_place_may_be_given_either_way_but_once(small_checkpoint: Path, tmp_path: Path) -> None:
    ran("export", "npz", "here.npz", "--checkpoint", small_checkpoint)
    assert (tmp_path / "here.npz").is_file()
    said = refusal("export", "npz", "a.npz", "--out", "b.npz", "--checkpoint", small_checkpoint)
    assert "a.npz and --out b.npz both say where: give one of them" in said


@pytest.fixture
def quick_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page without its contents, which tests/server/explorer looks at."""
    monkeypatch.setattr("fluxttice_core.server.explorer.standalone.standalone_page", lambda *_: b"page")


@pytest.mark.usefixtures("quick_page")
def test_the_explorer_is_one_file_that_is_written_over_by_force_alone(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "site" / "index.html"
    assert ran("export", "explorer", "docs/site").output == "written docs/site/index.html\n"
    page.write_text("mine")
    (page.parent / "other.html").write_text("other")
    said = refusal("export", "explorer", "docs/site")
    assert "docs/site/index.html is there already: give another place, or --force" in said
    assert page.read_text() == "mine"
    ran("export", "explorer", "--out", "docs/site", "--force")
    assert page.read_text() == "page"
    assert {one.name for one in page.parent.iterdir()} == {"index.html", "other.html"}
    assert "other.html/index.html could not be written" in refusal(
        "export", "explorer", "docs/site/other.html"
    )


def test_the_explorer_shows_one_space_alone(small_checkpoint: Path, tmp_path: Path) -> None:
    said = refusal("export", "explorer", "site", "--checkpoint", small_checkpoint)
    assert "two-input ternary operations" in said
    assert not (tmp_path / "site").exists()


@pytest.mark.usefixtures("quick_page")
def test_the_explorer_needs_what_serving_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("fluxttice_core.extras.util.find_spec", lambda _: None)
    said = refusal("export", "explorer", "site")
    assert "exporting the explorer needs starlette, matplotlib, which are not installed" in said
    assert "'fluxttice-core[serve]'" in said
    assert not (tmp_path / "site").exists()


def test_an_opset_reaches_the_export(small_checkpoint: Path) -> None:
    given = ("--checkpoint", small_checkpoint)
    said = refusal("export", "onnx", *given, "--opset", "13")
    assert re.search(r"opset 14 to 2\d, not in 13", said)
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
