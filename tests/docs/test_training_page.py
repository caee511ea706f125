"""docs/training.md: its examples run, and its commands are ones that the program knows."""

import doctest
import re
import shlex
from pathlib import Path

import pytest
import typer

from fluxttice_core.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
COMMANDS = re.findall(r"^fluxttice (.+?)(?:\s+#.*)?$", PAGE.read_text(), re.MULTILINE)


def test_the_examples_run() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted >= 6
    assert found.failed == 0


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_are_understood(line: str) -> None:
    name, *arguments = shlex.split(line)
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    assert command.make_context(name, arguments).params


def test_there_are_commands() -> None:
    assert {line.split()[0] for line in COMMANDS} == {"train", "sweep", "ablate", "benchmark"}
