"""The command trains, writes and prints; it goes on where it was, and refuses what it cannot do."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fluxttice_core.cli.main import app
from fluxttice_core.experiments.ablation import Ablation
from fluxttice_core.experiments.study import read_study
from tests.small import RECIPE

pytestmark = pytest.mark.usefixtures("empty_folder")


def arguments(*more: str) -> list[str]:
    settings = [word for setting in (*RECIPE, "epochs=1") for word in ("--set", setting)]
    return ["ablate", "--quick", "--parts", "free_bits", *settings, *more]


def test_it_writes_prints_and_goes_on() -> None:
    first = CliRunner().invoke(app, arguments("--seeds", "2"))
    assert first.exit_code == 0, first.output
    path = Path("runs/ablation-standard.json")
    assert len(read_study(path, Ablation).runs) == 4
    assert "free bits" in first.stdout
    assert "over 2 seeds" in first.stdout
    assert first.stderr.splitlines()[0].split() == ["0%", "seed", "0:", "the", "recipe", "itself"]
    again = CliRunner().invoke(app, arguments("--seeds", "3"))
    assert again.exit_code == 0, again.output
    assert len(read_study(path, Ablation).runs) == 6
    assert "seed 0" not in again.stderr


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--parts", "magic"), "no part is called 'magic'"),
        (("--recipe", "none"), "no recipe is called 'none'"),
        (("--set", "optimizer.rate.peak=.inf"), "setting optimizer.rate"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_sentence(more: tuple[str, ...], sentence: str) -> None:
    result = CliRunner().invoke(app, arguments(*more))
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(Path().iterdir()) == []
