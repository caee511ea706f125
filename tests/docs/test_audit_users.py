"""The cases of the page run as they stand there, each in an empty folder, and print what it shows."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs.build import ROOT
from fluxttice_core.cli.main import app

PAGE = (ROOT / "docs" / "audit_users.md").read_text(encoding="utf-8")
CASES = dict(re.findall(r"^## (.*?):.*?\n(.*?)(?=^## |\Z)", PAGE, flags=re.DOTALL | re.MULTILINE))
WIDE = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Every command of a block with what the page shows of its output."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.rstrip()


def run(block: str, status: int) -> int:
    """Hold each command to what the page shows, and return the last one's exit status."""
    for command, shown in commands(block):
        if command == "echo $?":
            assert shown == str(status)
            continue
        line, _, tail = command.partition(" | tail -n ")
        result = CliRunner().invoke(app, shlex.split(line)[1:], env=WIDE)
        status = result.exit_code
        lines = result.output.rstrip().splitlines()
        assert "\n".join(lines[-int(tail or len(lines)) :]) == shown, command
    return status


def test_there_are_five_users() -> None:
    assert len(CASES) == 5
    assert all("```python" in case and "```console" in case for case in CASES.values())


@pytest.mark.parametrize("user", CASES)
def test_a_case_does_what_the_page_shows(
    user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status = 0
    for language, block in re.findall(r"```(\w+)\n(.*?)```", CASES[user], flags=re.DOTALL):
        if language == "python":
            exec(block, {})  # noqa: S102 - our own page
        else:
            status = run(block, status)
    printed = capsys.readouterr().out
    expected = {
        "Who verifies chips": "not uniform\n",
        "Who counts species or words": "<audit: not enough said",
    }
    assert printed.startswith(expected.get(user, ""))
    assert bool(printed) == (user in expected)
