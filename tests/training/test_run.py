"""Run folders: killed at any moment and resumed, a run ends with the weights it would have had."""

import json
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fluxttice_core.errors import CheckpointError, ErrorCode, FluxtticeError, SettingsError, StorageError
from fluxttice_core.storage.checkpoint import latest, list_checkpoints, read
from fluxttice_core.storage.pretrained import load
from fluxttice_core.training.run import Run, RunSettings, run_settings
from tests.refusals import refused

SMALL = (
    *("architecture.arity=1", "epochs=12"),
    *("batch_size=4", "checkpoint_every=1", "reach.draws=200", "calibration.draws=1000"),
)


def small_settings(*more: str, recipe: str = "standard", seed: int = 3) -> RunSettings:
    short = ("transport.amortisation.epochs=5",) if recipe == "standard" else ()
    return run_settings(recipe, (*SMALL, *short, *more), seed=seed)


def final_digest(folder: Path) -> str:
    checkpoint = read(latest(folder))
    assert checkpoint.record.progress["finished"] is True
    return checkpoint.record.tensor_digest


def train_in_process(folder: Path, delay: float) -> None:
    """Resume a run in another process and kill it after a delay."""
    command = [sys.executable, "-m", "fluxttice_core.cli", "train", "--resume", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()


def killed_and_resumed(folder: Path, settings: RunSettings, delays: list[float]) -> str:
    Run.start(folder, settings)
    for delay in delays:
        train_in_process(folder, delay)
    Run.open(folder).train()
    return final_digest(folder)


@pytest.mark.parametrize("recipe", ["standard", "original"])
def test_a_run_stopped_after_any_epoch_ends_with_the_same_weights(tmp_path: Path, recipe: str) -> None:
    settings = small_settings(recipe=recipe)
    Run.start(tmp_path / "whole", settings).train()
    expected = final_digest(tmp_path / "whole")
    for stop in (1, 5, 10):
        run = Run.start(tmp_path / f"stopped-{stop}", settings)
        with pytest.raises(KeyboardInterrupt):
            run.train(interrupt_after(stop))
        Run.open(run.folder).train()
        assert final_digest(run.folder) == expected
        assert [record["epoch"] for record in run.records()] == list(range(1, 13))


def interrupt_after(epoch: int) -> Callable[[object], None]:
    def watch(record: object) -> None:
        if getattr(record, "epoch", None) == epoch:
            raise KeyboardInterrupt

    return watch


@pytest.mark.slow
def test_standard_killed_at_twenty_random_moments_ends_with_the_same_weights(tmp_path: Path) -> None:
    settings = run_settings("standard", ("checkpoint_every=1",), seed=0)
    started = time.perf_counter()
    Run.start(tmp_path / "whole", settings).train()
    whole = time.perf_counter() - started
    moments = random.Random(1)
    for number in range(20):
        delays = [moments.uniform(1.0, 2.0 + whole)]
        assert killed_and_resumed(tmp_path / str(number), settings, delays) == final_digest(
            tmp_path / "whole"
        )


def test_checkpoints_are_kept_and_only_the_newest_can_be_resumed_from(tmp_path: Path) -> None:
    run = Run.start(tmp_path / "run", small_settings("checkpoint_every=5"))
    run.train()
    folders = list_checkpoints(run.folder)
    assert [folder.name for folder in folders] == ["epoch_0005", "epoch_0010", "epoch_0012"]
    assert [read(folder).state is None for folder in folders] == [True, False, False]


def test_the_run_records_its_split(tmp_path: Path) -> None:
    run = Run.start(tmp_path / "run", small_settings())
    run.train()
    recorded = json.loads((run.folder / "split.json").read_text())
    rows = [*recorded["train"], *recorded["validation"], *recorded["held_out"]]
    assert sorted(rows) == list(range(27))
    parts = load(run.folder).split
    assert parts is not None
    assert parts.digest == recorded["digest"]


def test_a_metrics_line_that_a_kill_cut_off_is_dropped_on_resuming(tmp_path: Path) -> None:
    run = Run.start(tmp_path / "run", small_settings())
    with pytest.raises(KeyboardInterrupt):
        run.train(interrupt_after(4))
    with (run.folder / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 5, "loss": 1.')
    Run.open(run.folder).train()
    assert [record["epoch"] for record in run.records()] == list(range(1, 13))


@pytest.mark.parametrize(
    "line",
    [b"5", b"{}", b'{"epoch":"x"}', b'{"epoch":true}', b'{"epoch":1.0}', b"[" * 100_000, b"", b"\xff", b"[]"],
)
def test_a_metrics_line_that_is_no_record_is_refused(tmp_path: Path, line: bytes) -> None:
    run = Run.start(tmp_path / "run", small_settings())
    metrics = run.folder / "metrics.jsonl"
    metrics.write_bytes(b'{"epoch": 1}\n')
    assert run.records() == [{"epoch": 1}]
    metrics.write_bytes(b'{"epoch": 1}\n' + line + b"\n")
    with refused(CheckpointError, "damaged_file", "is damaged: remove it, and resume the run"):
        run.train()
    metrics.unlink()
    assert run.records() == []


def test_a_finished_run_is_left_as_it_is(tmp_path: Path) -> None:
    run = Run.start(tmp_path / "run", small_settings())
    run.train()
    before = final_digest(run.folder)
    Run.open(run.folder).train(interrupt_after(12))
    assert final_digest(run.folder) == before


def test_a_second_training_in_one_folder_is_refused(tmp_path: Path) -> None:
    run = Run.start(tmp_path / "run", small_settings())
    refusals: list[object] = []

    def train_again(record: object) -> None:
        with refused(StorageError, "in_use", "another process is training"):
            Run.open(run.folder).train()
        refusals.append(record)

    run.train(train_again)
    assert len(refusals) == 12


def spoil_settings(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    settings = json.loads((folder / "settings.json").read_text())
    change(settings)
    (folder / "settings.json").write_text(json.dumps(settings))


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        (lambda s: s.update(torch_version="1.0"), "wrong_version", "began with torch 1.0"),
        (lambda s: s.update(seed=9), "settings_mismatch", "belong to other settings"),
        (lambda s: s["recipe"].update(split_seed=9), "settings_mismatch", "belong to other settings"),
        (lambda s: s.update(colour="red"), "damaged_file", "colour"),
        (lambda s: s["recipe"].pop("epochs"), "damaged_file", "recipe.epochs"),
    ],
)
def test_a_run_resumed_under_other_conditions_is_refused(
    tmp_path: Path, change: Callable[[dict[str, object]], None], code: ErrorCode, named: str
) -> None:
    run = Run.start(tmp_path / "run", small_settings())
    with pytest.raises(KeyboardInterrupt):
        run.train(interrupt_after(3))
    spoil_settings(run.folder, change)
    with refused(FluxtticeError, code, named):
        Run.open(run.folder).train()


def test_an_existing_run_is_not_overwritten(tmp_path: Path) -> None:
    Run.start(tmp_path / "run", small_settings())
    with refused(StorageError, "already_exists", "already holds a run"):
        Run.start(tmp_path / "run", small_settings())


def test_a_folder_without_a_run_cannot_be_resumed(tmp_path: Path) -> None:
    with refused(CheckpointError, "missing_checkpoint", "holds no run"):
        Run.open(tmp_path)


def test_a_missing_device_is_named() -> None:
    assert not torch.cuda.is_available()
    with refused(SettingsError, "out_of_range", "gpu", "names no device: give cpu"):
        run_settings("standard", device="gpu")


def test_a_run_that_is_sent_to_another_process_shares_no_weights_with_it(tmp_path: Path) -> None:
    run = Run.start(tmp_path / "run", small_settings())
    sent = pickle.loads(pickle.dumps(run))  # noqa: S301 - of our own
    assert sent._fresh is None
    assert sent.train().model_tensors().keys() == run.train().model_tensors().keys()
