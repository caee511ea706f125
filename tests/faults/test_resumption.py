"""Runs begun twice at once, and runs resumed as something else: refused, and the run is as it was."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fluxttice_core.storage.checkpoint import latest, list_checkpoints, read
from fluxttice_core.training.run import Run, run_settings
from tests.faults.conftest import Count, Together, is_one_sentence, stop_after
from tests.small import RUN

OVERRIDES = [part for setting in RUN for part in ("--set", setting)]


@pytest.mark.parametrize("number", [1, pytest.param(40, marks=pytest.mark.slow)])
def test_of_two_trainings_started_at_once_one_goes_on(
    tmp_path: Path, together: Together, count: Count, number: int
) -> None:
    for trial in range(number):
        folder = tmp_path / f"run-{trial}"
        commands = [["train", "--out", str(folder), "--seed", str(seed), *OVERRIDES] for seed in (0, 1)]
        outcomes = together(commands)
        codes = [code for code, _ in outcomes]
        winner = codes.index(0)
        run = Run.open(folder)
        finished = run.train().progress.finished
        sound = (
            run.settings.seed == winner and finished and [r["epoch"] for r in run.records()] == [*range(1, 7)]
        )
        refused = codes[1 - winner] == 2 and is_one_sentence(outcomes[1 - winner][1])
        count("two trainings started in one folder", lost=not (sound and refused))
        assert sound
        assert refused, outcomes


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "torch": lambda settings: settings.update(torch_version="1.0"),
    "recipe": lambda settings: settings["recipe"].update(batch_size=7),
    "split": lambda settings: settings["recipe"].update(split_seed=9),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_run_resumed_as_another_is_refused_and_kept(
    tmp_path: Path, together: Together, count: Count, what: str
) -> None:
    whole = Run.start(tmp_path / "whole", run_settings("standard", RUN))
    whole.train()
    run = Run.start(tmp_path / "run", run_settings("standard", RUN))
    with pytest.raises(KeyboardInterrupt):
        run.train(stop_after(3))
    path = run.folder / "settings.json"
    original = path.read_bytes()
    settings = json.loads(original)
    CHANGES[what](settings)
    path.write_text(json.dumps(settings))
    before = contents(run.folder)
    ((code, text),) = together([["train", "--resume", str(run.folder)]])
    kept = contents(run.folder) == before and len(list_checkpoints(run.folder)) == 3
    count(f"resumed under another {what}", lost=not (code == 2 and kept and is_one_sentence(text)))
    assert code == 2, text
    assert is_one_sentence(text), text
    assert kept
    path.write_bytes(original)
    Run.open(run.folder).train()
    ends = [read(latest(folder)).record.tensor_digest for folder in (whole.folder, run.folder)]
    assert ends[0] == ends[1]


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
