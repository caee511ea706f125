"""The command refuses what is not trained with exit code 2 and one sentence, and writes what it measured."""

from pathlib import Path

import pytest

from fluxttice_core.evaluation.result_file import read_result
from tests.cli.commands import ran, refusal

pytestmark = pytest.mark.usefixtures("empty_folder", "tiny_when_quick")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        *[
            ("", "trained checkpoint"),
            pytest.param("--quick", "trained checkpoint", id="quickly"),
            ("--checkpoint . --certified", "either"),
        ],
        ("--checkpoint nowhere", "no checkpoint at nowhere"),
    ],
)
def test_without_a_checkpoint_nothing_is_measured(options: str, says: str) -> None:
    assert says in refusal("benchmark", *options.split())
    assert list(Path().iterdir()) == []


def test_random_weights_are_refused(untrained_checkpoint: Path) -> None:
    assert "tells these weights from untrained ones" in refusal(
        "benchmark", "--checkpoint", str(untrained_checkpoint), "--quick"
    )


def test_a_wrong_setting_is_refused(small_checkpoint: Path) -> None:
    assert "draws" in refusal("benchmark", "--checkpoint", small_checkpoint, "--draws", "0")
    assert "device" in refusal("benchmark", "--checkpoint", small_checkpoint, "--device", "abacus")


def test_a_trained_model_is_measured_printed_and_written(small_checkpoint: Path) -> None:
    arguments = ["benchmark", "--checkpoint", str(small_checkpoint), "--quick", "--seed", "0"]
    ran(*arguments)
    assert list(Path().iterdir()) == []
    result = ran(*arguments, "--out", "out.json", "--markdown", "card.md")
    assert "argmax efficiency, N = 200" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100
    written = read_result(Path("out.json"))
    assert written["settings"]["seed"] == 0
    assert written["command"].startswith("fluxttice")
    assert "argmax efficiency, N = 200" in Path("card.md").read_text()


def test_help_names_every_option() -> None:
    text = ran("benchmark", "--help", env={"COLUMNS": "200"}).stdout
    options = ("checkpoint", "certified", "out", "draws", "repeats", "seed", "quick", "device")
    assert all(f"--{option}" in text for option in options)
