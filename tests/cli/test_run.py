"""`fluxttice run` keeps its report in the run's folder, shows it beside the shipped one, and runs again."""

import shutil
from pathlib import Path

import pytest
from typer.testing import Result

from fluxttice_core.cli import run as command
from fluxttice_core.errors import SettingsError
from fluxttice_core.evaluation.coverage_report import certified_report
from fluxttice_core.evaluation.result_file import read_report
from fluxttice_core.training.run import Run, run_settings
from tests.cli.commands import ran
from tests.refusals import refused
from tests.small import RECIPE

pytestmark = pytest.mark.usefixtures("measured_before", "undrawn")


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, small_run: Path, empty_folder: Path) -> Path:
    """A run that is over, in the folder that the command takes; training is tested by itself."""
    monkeypatch.setattr(command, "_train", lambda *_: None)
    return Path(shutil.copytree(small_run, empty_folder / "runs" / "standard-0"))


def test_the_report_goes_into_the_run_and_stands_beside_the_shipped_one_again_and_again(
    trained: Path,
) -> None:
    before = set(trained.rglob("*"))
    first = ran("run")
    assert "written to runs/standard-0/coverage_vs_entropy.json" in first.stdout
    sums = (trained / "certified" / "SHA256SUMS").read_bytes()
    assert beside_shipped_in(first, trained) == beside_shipped_in(ran("run"), trained)
    assert (trained / "certified" / "SHA256SUMS").read_bytes() == sums
    made = {path.relative_to(trained).parts[0] for path in set(trained.rglob("*")) - before}
    assert made == {"certified", "coverage_vs_entropy.json"}
    assert list(Path().iterdir()) == [Path("runs")]
    assert list(Path("runs").iterdir()) == [Path("runs/standard-0")]


def beside_shipped_in(result: Result, run: Path) -> str:
    """The table at the end of the output, with the rate of both models in it, after what was announced."""
    text, stages = result.stdout, result.stderr
    assert stages.index("1 of 2: training") < stages.index("2 of 2: ranking") < stages.index("It took ")
    assert max(map(len, text.splitlines())) <= 100
    beside = text[text.index("Your run beside the shipped model") :]
    row = next(line.split() for line in beside.splitlines() if line.startswith("rate R"))
    reports = (read_report(run / "coverage_vs_entropy.json"), certified_report())
    rates = [f"{report.metric('rate', half).value:.3f}" for half in ("a", "b") for report in reports]
    assert row[-4:] == rates
    return beside


def test_a_rehearsal_leaves_no_report_of_the_run(trained: Path) -> None:
    ran("run", "--quick")
    assert not (trained / "coverage_vs_entropy.json").exists()


def test_a_run_begun_before_goes_on(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Run.start(empty_folder / "run", run_settings("standard", RECIPE))
    command._train(empty_folder / "run", seed=0)
    said = capsys.readouterr().err
    assert "epoch 1/2" in said
    assert "to go)" in said
    command._train(empty_folder / "run", seed=0)
    assert "was over already" in capsys.readouterr().err
    with refused(SettingsError, "settings_mismatch", "has seed = 0, and 5 is asked for: ask for 0"):
        command._train(empty_folder / "run", seed=5)


def test_a_run_of_another_recipe_is_not_gone_on_with(empty_folder: Path) -> None:
    Run.start(empty_folder / "run", run_settings("original", ("architecture.arity=1", "epochs=1")))
    with refused(SettingsError, "settings_mismatch", "has recipe.name = original, and standard is asked for"):
        command._train(empty_folder / "run", seed=0)
