"""A clock that is set back: the last checkpoint is the one of the last epoch, not of the latest time."""

import os
import shutil
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from fluxttice_core.certification.certify import certify
from fluxttice_core.evaluation import result_file
from fluxttice_core.evaluation.result_file import read_report
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.storage.checkpoint import latest, list_checkpoints, read
from fluxttice_core.training.run import Run, run_settings
from tests.faults.conftest import Count, stop_after
from tests.small import RUN

certificate = import_module("fluxttice_core.certification.certify")

FUTURE = 4_102_444_800.0
"""The first second of the year 2100."""


def backwards() -> Iterator[float]:
    now = FUTURE
    while True:
        now -= 3600.0
        yield now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock finds it an hour earlier."""
    moments = backwards()
    monkeypatch.setattr(time, "time", lambda: next(moments))


def test_a_run_goes_on_from_its_last_epoch(tmp_path: Path, clock: None, count: Count) -> None:
    settings = run_settings("standard", RUN)
    Run.start(tmp_path / "whole", settings).train()
    expected = read(latest(tmp_path / "whole")).record.tensor_digest
    run = Run.start(tmp_path / "run", settings)
    with pytest.raises(KeyboardInterrupt):
        run.train(stop_after(4))
    for age, folder in enumerate(list_checkpoints(run.folder)):
        for path in [*folder.iterdir(), folder]:
            os.utime(path, (FUTURE - age * 86_400,) * 2)
    assert latest(run.folder).name == "epoch_0004"
    run.train()
    same = read(latest(run.folder)).record.tensor_digest == expected
    count("clock set back under train", lost=not same)
    assert same


def test_a_certificate_knows_no_time(
    small_run: Path,
    small_certificate: Path,
    small_settings: MeasurementSettings,
    monkeypatch: pytest.MonkeyPatch,
    clock: None,
    tmp_path: Path,
    count: Count,
) -> None:
    report = read_report(small_certificate / "report.json")
    monkeypatch.setattr(certificate, "measured", lambda *_, **__: report)
    # The commit may move while the tests run.
    monkeypatch.setattr(result_file, "tool_record", lambda: {**TOOL})
    made = []
    for name in ("first", "second"):
        run = shutil.copytree(small_run, tmp_path / name)
        folder = certify(run, tmp_path / f"{name}-out", draw=lambda _: {}, settings=small_settings).folder
        made.append({path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    count("clock set back under certify", lost=made[0] != made[1])
    assert made[0] == made[1]


TOOL = {"name": "fluxttice", "version": "0.0.0", "commit": None, "modified": None}
