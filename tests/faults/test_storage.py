"""Full disks and read-only folders: one sentence, exit code 2, and what was there before stays as it was."""

import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from fluxttice_core.certification.certify import certify
from fluxttice_core.errors import StorageError
from fluxttice_core.evaluation.result_file import read_report
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.storage import onnx_export as onnx_model
from fluxttice_core.storage.atomic_write import is_temporary
from fluxttice_core.storage.checkpoint import list_checkpoints, read
from fluxttice_core.storage.export import FORMATS, ExportFormat, export
from fluxttice_core.storage.pretrained import load
from fluxttice_core.training.run import Run, run_settings
from tests.faults.conftest import Command, Count, SmallDisk, is_one_sentence
from tests.refusals import refused

certificate = import_module("fluxttice_core.certification.certify")


SMALL = (
    *("architecture.arity=1", "epochs=3", "checkpoint_every=1", "reach.draws=100", "calibration.draws=1000"),
    "transport.amortisation.epochs=5",
)


def rooms(number: int, largest: int) -> list[int]:
    """What is left on the disk, in bytes: nothing, and up to the largest in even ratios."""
    return [0, *(4096 * round(size) for size in np.geomspace(1, largest / 4096, number - 1))]


@pytest.mark.parametrize("number", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_training_on_a_full_disk_keeps_what_it_had(disk: SmallDisk, count: Count, number: int) -> None:
    settings = run_settings("standard", SMALL)
    failed = 0
    for room in rooms(number, 3 << 20):
        folder = disk.folder / f"run-{room}"
        run = Run.start(folder, settings)
        disk.fill(room)
        try:
            run.train()
        except StorageError:
            failed += 1
        kept = [read(checkpoint).record.epoch for checkpoint in list_checkpoints(folder)]
        unfinished = [path for path in folder.rglob("*") if is_temporary(path)]
        count("full disk under train", lost=kept != list(range(1, len(kept) + 1)) or bool(unfinished))
        assert kept == list(range(1, len(kept) + 1))
        assert unfinished == []
        disk.empty()
        assert Run.open(folder).train().progress.finished
        shutil.rmtree(folder)
    assert failed


@pytest.mark.parametrize("number", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_certifying_on_a_full_disk_leaves_the_old_certificate(
    disk: SmallDisk,
    small_run: Path,
    small_certificate: Path,
    small_settings: MeasurementSettings,
    monkeypatch: pytest.MonkeyPatch,
    count: Count,
    number: int,
) -> None:
    report = read_report(small_certificate / "report.json")
    monkeypatch.setattr(certificate, "measured", lambda *_, **__: report)
    out = shutil.copytree(small_certificate, disk.folder / "certified")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    needed = sum(map(len, before.values()))
    for room in rooms(number, needed):
        disk.fill(room)
        with refused(StorageError, "disk_full"):
            certify(small_run, out, draw=lambda _: {"coverage.svg": bytes(needed)}, settings=small_settings)
        disk.empty()
        after = {path: path.read_bytes() for path in disk.folder.rglob("*") if path.is_file()}
        count("full disk under certify", lost=before != after)
        assert after == before


GRAPHS = {f"{part}_{half}.onnx": bytes(10_000) for part in ("encoder", "decoder") for half in "ab"}
"""Stand-ins for the files of an ONNX export, which takes seconds to make; a full disk reads none of them."""


@pytest.mark.parametrize("kind", FORMATS)
def test_exporting_to_a_full_disk_leaves_nothing(
    disk: SmallDisk, small_checkpoint: Path, count: Count, monkeypatch: pytest.MonkeyPatch, kind: ExportFormat
) -> None:
    monkeypatch.setattr(onnx_model, "onnx_files", lambda *_: GRAPHS)
    disk.fill(0)
    with refused(StorageError, "disk_full"):
        export(load(small_checkpoint), kind, disk.folder / "exported" / "out")
    disk.empty()
    left = [path for path in disk.folder.rglob("*") if path.is_file()]
    count("full disk under export", lost=left != [])
    assert left == []
    # The control: with room, the same export is written.
    written = export(load(small_checkpoint), kind, disk.folder / "exported" / "out")
    assert all(path.stat().st_size for path in written)


def test_commands_end_with_one_sentence_when_a_file_cannot_grow(
    command: Command, small_checkpoint: Path, tmp_path: Path, count: Count
) -> None:
    overrides = [part for setting in SMALL for part in ("--set", setting)]
    for arguments, limit in (
        (("train", "--out", tmp_path / "run", *overrides), 40),
        (("export", "npz", "--checkpoint", small_checkpoint, "--out", tmp_path / "x.npz"), 100),
    ):
        code, text = command(*arguments, limit=limit)
        count("file that cannot grow", lost=code != 2 or not is_one_sentence(text))
        assert code == 2, text
        assert is_one_sentence(text)
    assert not (tmp_path / "x.npz").exists()


def sealed_commands(number: int, sealed: Path) -> list[tuple[str | Path, ...]]:
    return [
        ("train", "--out", sealed / "other", "--set", "architecture.arity=1"),
        ("train", "--resume", sealed / "run"),
        ("certify", sealed / "run", "--out", sealed / "certified"),
        ("certify", sealed / "run"),
        ("export", "npz", "--checkpoint", sealed / "run", "--out", sealed / "x.npz"),
        ("export", "projector", "--checkpoint", sealed / "run", "--out", sealed / "projector"),
        ("benchmark", "--quick", "--checkpoint", sealed / "run", "--out", sealed / "report.json"),
        ("key", "new", sealed / "key.pem"),
    ][:number]


@pytest.mark.parametrize("number", [2, pytest.param(8, marks=[pytest.mark.slow, pytest.mark.timeout(3000)])])
def test_commands_end_with_one_sentence_in_a_read_only_folder(
    command: Command,
    small_run: Path,
    tmp_path: Path,
    count: Count,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    monkeypatch.setenv("FLUXTTICE_KEY_PASSWORD", "a long enough password")
    sealed = tmp_path / "sealed"
    shutil.copytree(small_run, sealed / "run")
    for path in [sealed, *(path for path in sealed.rglob("*") if path.is_dir())]:
        path.chmod(0o555)
    try:
        for arguments in sealed_commands(number, sealed):
            code, text = command(*arguments)
            count("read-only folder", lost=code != 2 or not is_one_sentence(text))
            assert code == 2, text
            assert is_one_sentence(text), text
    finally:
        for path in [sealed, *(path for path in sealed.rglob("*") if path.is_dir())]:
            path.chmod(0o755)
    assert sorted(path.name for path in sealed.iterdir()) == ["run"]
