"""Sweeps and ablations train, write and print; they go on where they were, and refuse what they cannot do."""

from pathlib import Path

import pytest

from fluxttice_core.experiments.ablation import Ablation
from fluxttice_core.experiments.study import read_study
from fluxttice_core.experiments.sweep import Sweep
from fluxttice_core.extras import EXTRAS
from tests.cli.commands import ran, refusal
from tests.small import RECIPE

pytestmark = pytest.mark.usefixtures("empty_folder")
SETTINGS = [word for setting in (*RECIPE, "epochs=1") for word in ("--set", setting)]
COMMANDS = {
    "sweep": ["sweep", "--quick", *SETTINGS],
    "ablate": ["ablate", "--quick", "--parts", "free_bits", *SETTINGS],
}


def test_a_sweep_goes_on_where_it_was() -> None:
    first = ran(*COMMANDS["sweep"], "--seeds", "2")
    path = Path("runs/sweep-standard.json")
    assert read_study(path, Sweep).seeds == [0, 1]
    assert "standard, 2 seeds" in first.stdout
    assert "seeds 0 to 1 together" in first.stderr
    again = ran(*COMMANDS["sweep"], "--seeds", "3")
    assert read_study(path, Sweep).seeds == [0, 1, 2]
    assert "measuring seed 2" in again.stderr
    assert "measuring seed 1" not in again.stderr


def test_an_ablation_goes_on_where_it_was() -> None:
    first = ran(*COMMANDS["ablate"], "--seeds", "2")
    path = Path("runs/ablation-standard.json")
    assert len(read_study(path, Ablation).runs) == 4
    assert "free bits" in first.stdout
    assert "over 2 seeds" in first.stdout
    assert first.stderr.splitlines()[0].split() == ["0%", "seed", "0:", "the", "recipe", "itself"]
    again = ran(*COMMANDS["ablate"], "--seeds", "3")
    assert len(read_study(path, Ablation).runs) == 6
    assert "seed 0" not in again.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_draws_are_obeyed_and_recorded(command: str) -> None:
    found = ran(*COMMANDS[command], "--seeds", "2", "--draws", "300", "--out", "x.json")
    study = read_study(Path("x.json"), Sweep if command == "sweep" else Ablation)
    assert study.settings.measurement.draws == (300,)
    assert study.runs[0].figures[0].quantity == "efficiency/argmax/300"
    assert "x 300 draws of coverage" in " ".join(found.stdout.split())
    sentence = refusal(*COMMANDS[command], "--seeds", "2", "--draws", "400", "--out", "x.json")
    assert "another recipe, measurement or torch" in sentence


@pytest.mark.parametrize("option", [("--draws", "0"), ("--engine", "abacus")])
def test_an_option_out_of_bounds_is_refused(option: tuple[str, str]) -> None:
    assert option[0] in ran(*COMMANDS["sweep"], *option, code=2).stderr


@pytest.mark.parametrize(("engine", "extra"), [("ray", "cluster"), ("slurm", "slurm")])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_engine_that_is_not_installed_is_named_with_its_extra(
    command: str, engine: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXTRAS, extra, ("no_such_one",))
    sentence = refusal(*COMMANDS[command], "--engine", engine)
    assert f"--engine {engine} needs no_such_one, which is not installed:" in sentence
    assert f"fluxttice-core[{extra}]" in sentence
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("command", "more", "sentence"),
    [
        ("ablate", ("--parts", "magic"), "no part is called 'magic'"),
        ("ablate", ("--recipe", "none"), "no recipe is called 'none'"),
        ("ablate", ("--set", "optimizer.rate.peak=.inf"), "setting optimizer.rate"),
        ("sweep", ("--recipe", "none"), "no recipe is called 'none'"),
        ("sweep", ("--set", "epochs=0"), "setting epochs"),
        ("sweep", ("--set", "architecture.base=2"), "choose a larger space, of ten or more"),
        ("ablate", ("--set", "architecture.base=2"), "choose a larger space, of ten or more"),
        ("sweep", ("--together", "4", "--set", "half_a.beta={kind: constant, value: .nan}"), "half_a.beta"),
    ],
)
def test_what_they_cannot_do_is_said_in_one_sentence(
    command: str, more: tuple[str, ...], sentence: str
) -> None:
    assert sentence in refusal(*COMMANDS[command], *more)
    assert list(Path().iterdir()) == []
