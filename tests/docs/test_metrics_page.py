"""The page of metrics holds what its commands and formulas give."""

import math
import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fluxttice_core.cli import audit, benchmark
from fluxttice_core.cli.main import OneSentence
from fluxttice_core.measurement.coverage import ceiling, efficiency

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = re.findall(r"`fluxttice ([^`]+)` \((\d)\)", TEXT)
ANSWERS = re.findall(r"`([^`]+)` = ([\d.]+)", TEXT)
KNOWN = {
    "ceiling(19683, 50000).fraction": ceiling(19683, 50000).fraction,
    "efficiency(7840, 19683, 10000)": efficiency(7840, 19683, 10000),
    "math.log(19683)": math.log(19683),
    "0.5 * 2**2": 0.5 * 2**2,
    "math.log(50)": math.log(50),
}


def test_there_are_five_lies_and_five_known_answers() -> None:
    assert len(COMMANDS) == 5
    assert {formula for formula, _ in ANSWERS} == set(KNOWN)


@pytest.mark.parametrize(("command", "status"), COMMANDS)
def test_each_lie_is_found_out_by_its_command(command: str, status: str) -> None:
    app = typer.Typer(cls=OneSentence)
    audit.register(app)
    benchmark.register(app)
    result = CliRunner().invoke(app, shlex.split(command))
    assert ("impossible" if status == "1" else "trained checkpoint") in result.output
    assert result.exit_code == int(status), repr(result.exception) + result.output


@pytest.mark.parametrize(("formula", "value"), ANSWERS)
def test_each_known_answer_is_right(formula: str, value: str) -> None:
    assert f"{KNOWN[formula]:.5f}" == value


@pytest.mark.parametrize("picture", re.findall(r"\]\((figures/[^)]+)\)", TEXT))
def test_each_picture_is_there(picture: str) -> None:
    assert (PAGE.parent / picture).is_file()
