"""What the measuring commands share."""

from pathlib import Path

import pytest

from fluxttice_core.cli.measuring import chosen_settings, chosen_target, repeatable_command
from fluxttice_core.errors import CheckpointError, SettingsError
from fluxttice_core.metrics.settings import QUICK, MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused


def test_the_command_names_no_place_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inside, outside = str(tmp_path / "runs" / "mine"), str(tmp_path.parent / "elsewhere" / "model.pt")
    command = repeatable_command(["benchmark", "--checkpoint", inside, outside, "runs/mine", "--seed", "3"])
    assert command == "fluxttice benchmark --checkpoint runs/mine model.pt runs/mine --seed 3"
    joined = repeatable_command(["benchmark", f"--checkpoint={outside}", f"--out={inside}", "--set=beta=1"])
    assert joined == "fluxttice benchmark --checkpoint=model.pt --out=runs/mine --set=beta=1"
    for engine in (["--engine", "ray"], ["--engine=slurm"], []):
        command = repeatable_command(["sweep", *engine, "--seeds", "3"])
        assert command == "fluxttice sweep --seeds 3"
    monkeypatch.setattr("sys.argv", ["/usr/bin/fluxttice", "compare", "a b"])
    assert repeatable_command() == "fluxttice compare 'a b'"


def test_options_replace_the_settings_they_name() -> None:
    home = OperationSpace()
    plain = {"draws": None, "repeats": None, "seed": None, "device": "cpu"}
    assert chosen_settings(home, quick=False, **plain) == MeasurementSettings()  # type: ignore[arg-type]
    assert chosen_settings(home, quick=True, **plain) == QUICK  # type: ignore[arg-type]
    chosen = chosen_settings(home, quick=True, draws=[7, 5], repeats=3, seed=4, device="cuda:1")
    assert (chosen.draws, chosen.repeats, chosen.seed, chosen.device) == ((5, 7), 3, 4, "cuda:1")
    with refused(SettingsError, "out_of_range", "seed"):
        chosen_settings(home, quick=False, draws=None, repeats=None, seed=-1, device="cpu")


def test_a_target_is_named_once() -> None:
    with refused(CheckpointError, "missing_option", "either"):
        chosen_target(None, certified=False)
    with refused(CheckpointError, "missing_option"):
        chosen_target(Path("x"), certified=True)
