"""Killed at any moment: no checkpoint is lost, and nothing half-written bears a final name."""

import shutil
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from fluxttice_core.certification.certify import certify
from fluxttice_core.certification.keys import new_private_key
from fluxttice_core.certification.signature import sign_folder
from fluxttice_core.certification.verify import verify
from fluxttice_core.cli import export as command
from fluxttice_core.evaluation.plots import draw_plots
from fluxttice_core.evaluation.result_file import read_report
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.storage import onnx_export as onnx_model
from fluxttice_core.storage.atomic_write import is_temporary
from fluxttice_core.storage.checkpoint import checkpoint_folder, latest, list_checkpoints, read
from fluxttice_core.storage.export import ExportFormat, default_path, export
from fluxttice_core.storage.pretrained import load
from fluxttice_core.training.run import Run, run_settings
from tests.faults.conftest import Count, Finish, Kill

certificate = import_module("fluxttice_core.certification.certify")

NUMBERS = pytest.mark.parametrize(
    "number", [2, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(3000)])]
)
SMALL = (
    *("architecture.arity=1", "epochs=40", "batch_size=8", "checkpoint_every=1", "reach.draws=200"),
    *("calibration.draws=1000", "transport.amortisation.epochs=5"),
)
FIGURE = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
GRAPHS = {
    f"{part}_{half}.onnx": f"{part} {half}".encode() for part in ("encoder", "decoder") for half in "ab"
}
"""Stand-ins for the files of an ONNX export, which takes seconds to compute and an instant to write."""


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


def write_slowly(path: Path, data: bytes) -> int:
    """As `Path.write_bytes`, with time to strike before, within and after."""
    with path.open("wb") as file:
        for part in (data[: len(data) // 2], data[len(data) // 2 :]):
            time.sleep(0.02)
            file.write(part)
            file.flush()
    return len(data)


def certify_measured(source: Path, out: Path, report: Path, settings: MeasurementSettings) -> None:
    """Certify with a report that was measured before, in a process of its own, written slowly."""
    measured = read_report(report)
    pytest.MonkeyPatch().setattr(certificate, "measured", lambda *_, **__: measured)
    pytest.MonkeyPatch().setattr(Path, "write_bytes", write_slowly)
    certify(source, out, draw=lambda _: {"coverage.svg": FIGURE}, settings=settings)


def strike_certifying(
    out: Path, number: int, duration: float, work: Callable[[float], bool], count: Count
) -> None:
    """Kill what certifies until it was at work so often; what lies there is whole each time."""
    key = new_private_key()
    sign_folder(out, key, out / "model.sig")
    struck, delays = 0, moments(duration)
    while struck < number:
        at_work = work(next(delays))
        struck += at_work
        # Between two renames the old folder has stepped aside; the next writer puts it back.
        aside = [path for path in leftovers(out.parent) if ".old-" in path.name]
        folder = out if out.exists() else aside[0]
        signed = (folder / "model.sig").exists()
        findings = verify(folder, public_key=key.public_key() if signed else None)
        sound = not any(finding.verdict == "fails" for finding in findings)
        if at_work:
            count("kill -9 of certify", lost=not sound)
        assert sound, findings


@pytest.mark.parametrize("number", [3, pytest.param(40, marks=[pytest.mark.slow, pytest.mark.timeout(3000)])])
def test_writing_a_certificate_leaves_the_old_one_or_the_new(
    tmp_path: Path,
    small_run: Path,
    small_certificate: Path,
    small_settings: MeasurementSettings,
    kill: Kill,
    finish: Finish,
    count: Count,
    number: int,
) -> None:
    run = shutil.copytree(small_run, tmp_path / "run")
    shutil.rmtree(checkpoint_folder(run, 1))
    shutil.rmtree(checkpoint_folder(run, 3))
    out = shutil.copytree(small_certificate, tmp_path / "out" / "certified")
    work = (certify_measured, run, out, small_certificate / "report.json", small_settings)
    duration = finish(*work)
    strike_certifying(out, number, duration, lambda delay: kill(delay, *work), count)
    finish(*work)
    assert (out / "figures" / "coverage.svg").read_bytes() == FIGURE
    assert leftovers(out.parent) == []


@pytest.mark.slow  # to measure a certificate takes seconds: too long for every run
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
    out = tmp_path / "certified"
    options = {"draw": draw_plots, "settings": small_settings}
    # The first one measures the controls, which are kept for those that follow.
    finish(certify, small_run, out, **options)
    duration = finish(certify, small_run, out, **options)
    strike_certifying(
        out, number, duration, lambda delay: kill(delay, certify, small_run, out, **options), count
    )
    finish(certify, small_run, out, **options)
    assert leftovers(tmp_path) == []


@NUMBERS
def test_exporting_writes_all_or_nothing(
    tmp_path: Path, small_checkpoint: Path, kill: Kill, finish: Finish, count: Count, number: int
) -> None:
    kinds: tuple[ExportFormat, ...] = ("npz", "parquet", "projector")
    trained, folder = load(small_checkpoint), tmp_path / "killed"
    expected = {kind: [p.read_bytes() for p in export(trained, kind, tmp_path / kind)] for kind in kinds}
    duration = finish(command.export, "parquet", tmp_path / "first.parquet", small_checkpoint)
    struck, delays = 0, moments(duration)
    while struck < number:
        kind = kinds[struck % len(kinds)]
        out = folder / default_path(kind, trained.space)
        at_work = kill(next(delays), command.export, kind, out, small_checkpoint)
        struck += at_work
        files = sorted(out.rglob("*")) if out.is_dir() else [path for path in [out] if path.exists()]
        whole = not files or sorted(p.read_bytes() for p in files) == sorted(expected[kind])
        if at_work:
            count("kill -9 of export", lost=not whole)
        assert whole
        if out.is_dir():
            shutil.rmtree(out)
    for kind in kinds:
        export(trained, kind, folder / default_path(kind, trained.space))
    assert leftovers(folder) == []


def export_graphs(checkpoint: Path, out: Path) -> None:
    """Export as ONNX with those graphs, in a process of its own, written slowly."""
    pytest.MonkeyPatch().setattr(onnx_model, "onnx_files", lambda *_: GRAPHS)
    pytest.MonkeyPatch().setattr(Path, "write_bytes", write_slowly)
    export(load(checkpoint), "onnx", out)


@pytest.mark.parametrize("number", [3, pytest.param(40, marks=[pytest.mark.slow, pytest.mark.timeout(3000)])])
def test_exporting_as_onnx_writes_all_or_nothing(
    tmp_path: Path, small_checkpoint: Path, kill: Kill, finish: Finish, count: Count, number: int
) -> None:
    out = tmp_path / "exported" / "onnx"
    duration = finish(export_graphs, small_checkpoint, tmp_path / "first")
    struck, delays = 0, moments(duration)
    while struck < number:
        at_work = kill(next(delays), export_graphs, small_checkpoint, out)
        struck += at_work
        whole = not out.exists() or {path.name: path.read_bytes() for path in out.iterdir()} == GRAPHS
        if at_work:
            count("kill -9 of export", lost=not whole)
        assert whole
        if out.exists():
            shutil.rmtree(out)
    finish(export_graphs, small_checkpoint, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == GRAPHS
    assert leftovers(out.parent) == []
