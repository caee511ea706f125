"""The command refuses what is not trained with exit code 2 and one sentence, and writes what it measured."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fluxttice_core.cli.main import app
from fluxttice_core.evaluation.result_file import read_result
from tests.small import MEASUREMENT

pytestmark = pytest.mark.usefixtures("empty_folder")


@pytest.fixture(autouse=True)
def tiny_when_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fluxttice_core.cli.measuring.QUICK", MEASUREMENT)


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["benchmark", *arguments])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize("options", [(), ("--quick",)], ids=["in full", "quickly"])
def test_without_a_checkpoint_nothing_is_measured(options: tuple[str, ...]) -> None:
    assert "trained checkpoint" in refused(*options)
    assert list(Path().iterdir()) == []


def test_a_checkpoint_and_the_certified_model_are_one_too_many(tmp_path: Path) -> None:
    assert "either" in refused("--checkpoint", str(tmp_path), "--certified")


def test_a_missing_path_is_refused() -> None:
    assert "no checkpoint at nowhere" in refused("--checkpoint", "nowhere")


def test_random_weights_are_refused(untrained_checkpoint: Path) -> None:
    assert "not trained" in refused("--checkpoint", str(untrained_checkpoint), "--quick")


def test_a_wrong_setting_is_refused(small_checkpoint: Path) -> None:
    assert "draws" in refused("--checkpoint", str(small_checkpoint), "--draws", "0")
    assert "device" in refused("--checkpoint", str(small_checkpoint), "--device", "abacus")


def test_a_trained_model_is_measured_printed_and_written(small_checkpoint: Path) -> None:
    arguments = ["benchmark", "--checkpoint", str(small_checkpoint), "--quick"]
    result = CliRunner().invoke(
        app, [*arguments, "--out", "out.json", "--markdown", "card.md", "--seed", "0"]
    )
    assert result.exit_code == 0, result.output
    assert "argmax efficiency, N = 200" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    written = read_result(Path("out.json"))
    assert written["settings"]["seed"] == 0
    assert written["command"].startswith("fluxttice")
    assert "argmax efficiency, N = 200" in Path("card.md").read_text()


def test_a_quick_look_writes_nothing_unless_told(small_checkpoint: Path) -> None:
    result = CliRunner().invoke(app, ["benchmark", "--checkpoint", str(small_checkpoint), "--quick"])
    assert result.exit_code == 0, result.output
    assert list(Path().iterdir()) == []


def test_help_names_every_option() -> None:
    text = CliRunner().invoke(app, ["benchmark", "--help"], env={"COLUMNS": "200"}).stdout
    for option in (
        "--checkpoint",
        "--certified",
        "--out",
        "--draws",
        "--repeats",
        "--seed",
        "--quick",
        "--device",
    ):
        assert option in text
