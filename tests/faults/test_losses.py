"""Losses that stop being finite: the run ends with one sentence, and keeps every checkpoint from before."""

import math
from pathlib import Path

import numpy as np
import pytest

from fluxttice_core.errors import TrainingError
from fluxttice_core.storage.checkpoint import latest, list_checkpoints, read
from fluxttice_core.training.run import Run, run_settings
from fluxttice_core.training.trainer import Trainer
from tests.faults.conftest import Count
from tests.refusals import refused
from tests.small import RUN


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_checkpoints_before_it_are_kept_and_the_run_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Count, value: float
) -> None:
    settings = run_settings("standard", RUN)
    Run.start(tmp_path / "whole", settings).train()
    expected = read(latest(tmp_path / "whole")).record.tensor_digest
    bad = int(np.random.default_rng().integers(2, 7))
    sound = Trainer._validation_loss

    def spoiled(trainer: Trainer, *conditions: object) -> float:
        last = trainer.progress.epoch + 1 == bad
        return value if last else sound(trainer, *conditions)  # type: ignore[arg-type]

    run = Run.start(tmp_path / "run", settings)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_validation_loss", spoiled)
        with refused(TrainingError, "loss_not_finite", f"in epoch {bad}") as refusal:
            run.train()
    assert refusal.value.exit_code == 2
    kept = [read(folder) for folder in list_checkpoints(run.folder)]
    finite = all(bool(np.isfinite(t).all()) for found in kept for t in found.model.values())
    count("loss that is not finite", lost=len(kept) != bad - 1 or not finite)
    assert [found.record.epoch for found in kept] == list(range(1, bad))
    assert finite
    assert [record["epoch"] for record in run.records()] == list(range(1, bad))
    Run.open(run.folder).train()
    assert read(latest(run.folder)).record.tensor_digest == expected
