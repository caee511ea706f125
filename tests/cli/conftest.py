"""What the commands' tests share: one command alone, and an empty folder to run it in."""

from importlib import import_module
from pathlib import Path

import pytest
import typer

from fluxttice_core.cli.main import OneSentence


@pytest.fixture
def app(request: pytest.FixtureRequest) -> typer.Typer:
    """The command whose name the test's file bears, alone, as the program runs it."""
    name = request.path.stem.removeprefix("test_")
    found = typer.Typer(cls=OneSentence)
    import_module(f"fluxttice_core.cli.{name}").register(found)
    found.command("other")(lambda: None)
    return found


@pytest.fixture
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
