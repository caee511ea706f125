"""The command trains, measures and prints; it goes on where it was, and refuses what it cannot do."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fluxttice_core.cli.main import app
from fluxttice_core.experiments.study import read_study
from fluxttice_core.experiments.sweep import Sweep
from tests.small import RECIPE

pytestmark = pytest.mark.usefixtures("empty_folder")


def arguments(*more: str) -> list[str]:
    return [
        "sweep",
        "--quick",
        *(word for setting in (*RECIPE, "epochs=1") for word in ("--set", setting)),
        *more,
    ]


def test_it_writes_prints_and_goes_on() -> None:
    first = CliRunner().invoke(app, arguments("--seeds", "2"))
    assert first.exit_code == 0, first.output
    path = Path("runs/sweep-standard.json")
    assert read_study(path, Sweep).seeds == [0, 1]
    assert "standard, 2 seeds" in first.stdout
    assert "seeds 0 to 1 together" in first.stderr
    again = CliRunner().invoke(app, arguments("--seeds", "3"))
    assert again.exit_code == 0, again.output
    assert read_study(path, Sweep).seeds == [0, 1, 2]
    assert "measuring seed 2" in again.stderr
    assert "measuring seed 1" not in again.stderr


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--recipe", "none"), "no recipe is called 'none'"),
        (("--set", "epochs=0"), "setting epochs"),
        (
            ("--seeds", "2", "--together", "4", "--set", "half_a.beta={kind: constant, value: .nan}"),
            "half_a.beta",
        ),
    ],
)
def test_what_it_cannot_do_is_said_in_one_sentence(more: tuple[str, ...], sentence: str) -> None:
    result = CliRunner().invoke(app, arguments(*more))
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(Path().iterdir()) == []
