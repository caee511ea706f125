"""The examples run as they stand, and are as short as they are said to be."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def lines_of_code(path: Path) -> int:
    return sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines())


def test_these_are_all() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"plain_module.py", "sampler.py"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain_module.py", ("argmax coverage, N = 1,000", "perfect", "untrained")),
        ("sampler.py", ("distinct, efficiency 0.", "not uniform")),
    ],
)
def test_an_example_measures_in_under_20_lines(
    name: str, shown: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert lines_of_code(EXAMPLES / name) < 20
    runpy.run_path(str(EXAMPLES / name))
    text = capsys.readouterr().out
    for words in shown:
        assert words in text
