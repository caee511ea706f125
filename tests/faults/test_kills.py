"""Killed at any moment: no checkpoint is lost, and nothing half-written bears a final name."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fluxttice_core.cli import export as command
from fluxttice_core.measurement.settings import MeasurementSettings
from fluxttice_core.provenance.atomic import is_temporary
from fluxttice_core.provenance.certificate import certify
from fluxttice_core.provenance.checkpoint import latest, list_checkpoints, read
from fluxttice_core.provenance.keys import new_private_key
from fluxttice_core.provenance.run import Run, run_settings
from fluxttice_core.provenance.signature import sign_folder
from fluxttice_core.provenance.trained import load
from fluxttice_core.provenance.verification import verify
from fluxttice_core.publishing.export import ExportFormat, default_path, export
from fluxttice_core.publishing.figures import draw_figures

Kill = Callable[..., bool]
Finish = Callable[..., float]
Count = Callable[..., None]
NUMBERS = pytest.mark.parametrize(
    "number", [2, pytest.param(70, marks=[pytest.mark.slow, pytest.mark.timeout(3000)])]
)
SMALL = (
    *("architecture.arity=1", "epochs=40", "batch_size=8", "checkpoint_every=1", "reach.draws=200"),
    "calibration.draws=1000",
)


def moments(seconds: float) -> Iterator[float]:
    """Random moments within so many seconds, without end, since those after the work is done do not count."""
    generator = np.random.default_rng()
    while True:
        yield float(generator.uniform(0, seconds))


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if is_temporary(path)]


@NUMBERS
def test_training_loses_no_checkpoint(
    tmp_path: Path, kill: Kill, finish: Finish, count: Count, number: int
) -> None:
    settings = run_settings("standard", SMALL, seed=3)
    duration = finish(Run.start(tmp_path / "whole", settings).train)
    expected = read(latest(tmp_path / "whole")).record.tensor_digest
    run = Run.start(tmp_path / "killed", settings)
    seen: set[str] = set()
    struck, delays = 0, moments(duration)
    while struck < number:
        if seen and read(latest(run.folder)).record.progress["finished"]:
            shutil.rmtree(run.folder)
            run, seen = Run.start(run.folder, settings), set()
        at_work = kill(next(delays), run.train)
        struck += at_work
        found = list_checkpoints(run.folder)
        sound = all(read(folder).record.epoch == int(folder.name[-4:]) for folder in found)
        kept = seen <= {folder.name for folder in found}
        seen = {folder.name for folder in found}
        if at_work:
            count("kill -9 of train", lost=not (sound and kept))
        assert sound
        assert kept
    finish(run.train)
    assert read(latest(run.folder)).record.tensor_digest == expected
    assert leftovers(run.folder) == []


@pytest.mark.slow  # a certificate takes seconds to write: too long for every run
@NUMBERS
def test_certifying_leaves_the_old_certificate_or_the_new(
    tmp_path: Path,
    small_run: Path,
    small_settings: MeasurementSettings,
    kill: Kill,
    finish: Finish,
    count: Count,
    number: int,
) -> None:
    key, out = new_private_key(), tmp_path / "certified"
    # The first one measures the controls, which are kept for those that follow.
    finish(certify, small_run, out, draw=draw_figures, settings=small_settings)
    duration = finish(certify, small_run, out, draw=draw_figures, settings=small_settings)
    sign_folder(out, key, out / "model.sig")
    struck, delays = 0, moments(duration)
    while struck < number:
        at_work = kill(next(delays), certify, small_run, out, draw=draw_figures, settings=small_settings)
        struck += at_work
        # Between two renames the old folder has stepped aside; the next writer puts it back.
        aside = [path for path in leftovers(tmp_path) if ".old-" in path.name]
        folder = out if out.exists() else aside[0]
        signed = (folder / "model.sig").exists()
        findings = verify(folder, public_key=key.public_key() if signed else None)
        sound = not any(finding.verdict == "fails" for finding in findings)
        if at_work:
            count("kill -9 of certify", lost=not sound)
        assert sound, findings
    finish(certify, small_run, out, draw=draw_figures, settings=small_settings)
    assert leftovers(tmp_path) == []


@NUMBERS
def test_exporting_writes_all_or_nothing(
    tmp_path: Path, small_checkpoint: Path, kill: Kill, finish: Finish, count: Count, number: int
) -> None:
    kinds: tuple[ExportFormat, ...] = ("npz", "parquet", "projector")
    trained, folder = load(small_checkpoint), tmp_path / "killed"
    expected = {kind: [p.read_bytes() for p in export(trained, kind, tmp_path / kind)] for kind in kinds}
    duration = finish(command.export, "parquet", small_checkpoint, tmp_path / "first.parquet")
    struck, delays = 0, moments(duration)
    while struck < number:
        kind = kinds[struck % len(kinds)]
        out = folder / default_path(kind)
        at_work = kill(next(delays), command.export, kind, small_checkpoint, out)
        struck += at_work
        files = sorted(out.rglob("*")) if out.is_dir() else [path for path in [out] if path.exists()]
        whole = not files or sorted(p.read_bytes() for p in files) == sorted(expected[kind])
        if at_work:
            count("kill -9 of export", lost=not whole)
        assert whole
        if out.is_dir():
            shutil.rmtree(out)
    for kind in kinds:
        export(trained, kind, folder / default_path(kind))
    assert leftovers(folder) == []
