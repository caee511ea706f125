"""The command trains, measures and prints; it goes on where it was, and refuses what it cannot do."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fluxttice_core.cli import sweep as command
from fluxttice_core.cli.main import OneSentence
from fluxttice_core.provenance.sweep import read_sweep

SMALL = (
    *("architecture.arity=1", "architecture.latent_dim=4", "architecture.encoder_widths=[8, 6]"),
    *("architecture.consolidating_width=8", "epochs=1", "batch_size=8", "transport.draws.value=16"),
    *("calibration.draws=1000", "reach.draws=100"),
)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> typer.Typer:
    monkeypatch.chdir(tmp_path)
    found = typer.Typer(cls=OneSentence)
    command.register(found)
    found.command("other")(lambda: None)
    return found


def arguments(*more: str) -> list[str]:
    return ["sweep", "--quick", *(word for setting in SMALL for word in ("--set", setting)), *more]


def test_it_writes_prints_and_goes_on(app: typer.Typer) -> None:
    first = CliRunner().invoke(app, arguments("--seeds", "2"))
    assert first.exit_code == 0, first.output
    path = Path("benchmarks/sweep-standard.json")
    assert read_sweep(path).seeds == [0, 1]
    assert "standard, 2 seeds" in first.stdout
    assert "seeds 0 to 1 together" in first.stderr
    again = CliRunner().invoke(app, arguments("--seeds", "3"))
    assert again.exit_code == 0, again.output
    assert read_sweep(path).seeds == [0, 1, 2]
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
def test_what_it_cannot_do_is_said_in_one_sentence(
    app: typer.Typer, more: tuple[str, ...], sentence: str
) -> None:
    result = CliRunner().invoke(app, arguments(*more))
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert list(Path().iterdir()) == []
