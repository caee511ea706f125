"""The tutorial and the guides do what they say: every block of Python and every command runs as it stands."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs.build import ROOT
from fluxttice_core.cli.main import app

PAGES = [ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]
BLOCK = re.compile(r"```(python|console)\n(.*?)```", re.DOTALL)
ENDS_WITH = {"fluxttice audit --samples draws.csv --space-size 16 --require-uniform": 1}
"""Commands that are shown to find something."""
SMALL = {
    "your_words": {
        "dna:8": "dna:3",
        "length = random.Random(7), 8": "length = random.Random(7), 3",
        "5_000": "40",
    }
}
"""Pages whose commands take minutes on what they are about, and what makes them short: seconds."""


def followed(text: str) -> list[str]:
    """Run every block of a page in the present folder; the commands that were run."""
    done = []
    for language, block in BLOCK.findall(text):
        if language == "python":
            exec(block, {})  # noqa: S102 - our own page
            continue
        for command in re.findall(r"^\$ (.*)$", block, flags=re.MULTILINE):
            result = CliRunner().invoke(app, shlex.split(command)[1:])
            assert result.exit_code == ENDS_WITH.get(command, 0), f"{command}: {result.output}"
            done.append(command)
    return done


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_can_be_followed(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    for long, short in SMALL.get(page.stem, {}).items():
        assert long in text
        text = text.replace(long, short)
    commands = followed(text)
    assert commands or "```python" in text or "```sh" in text


def test_a_command_that_does_not_work_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match="--unheard"):
        followed("```console\n$ fluxttice audit --unheard\n```")
