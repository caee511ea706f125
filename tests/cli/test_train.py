"""A start leaves a run or nothing; a resumed one keeps its settings, and says if it was begun elsewhere."""

import re
import shlex
from pathlib import Path

import pytest

from fluxttice_core.storage import arithmetic
from fluxttice_core.storage.arithmetic import arithmetic_record
from fluxttice_core.storage.pretrained import load
from fluxttice_core.training.run import Run, run_settings
from tests.cli.commands import ran, refusal
from tests.small import RECIPE

SMALL = tuple(part for setting in RECIPE for part in ("--set", setting))


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A run of two epochs that was stopped after the first."""
    run = Run.start(tmp_path / "run", run_settings("standard", RECIPE))

    def stop(_record: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.train(stop)
    return run.folder


@pytest.mark.parametrize(
    ("options", "differs"),
    [
        (("--threads", "2"), "threads = 1, and 2"),
        (("--seed", "7"), "seed = 0, and 7"),
        (("--device", "cuda"), "device = cpu, and cuda"),
        (("--set", "epochs=3"), "recipe.epochs = 2, and 3"),
        (("--set", "half_a.beta={kind: constant, value: 1}"), "recipe.half_a.beta.end = 0.05, and none"),
        (("--recipe", "original"), "recipe.alignment.amplitude = none, and 0.15"),
    ],
)
def test_what_contradicts_the_recorded_run_is_refused(
    stopped: Path, options: tuple[str, ...], differs: str
) -> None:
    before = sorted(stopped.rglob("*"))
    assert f"has {differs} is asked for: ask for " in refusal("train", "--resume", stopped, *options)
    assert sorted(stopped.rglob("*")) == before


def test_what_agrees_with_the_recorded_run_is_taken(stopped: Path) -> None:
    same = ("--recipe", "standard", "--seed", 0, "--device", "cpu", "--threads", 1, "--out", stopped)
    assert "Trained to epoch 2" in ran("train", "--resume", stopped, *same, *SMALL).stderr


def test_a_resumed_run_stays_where_it_is(stopped: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert f"not in {other}: leave --out out" in refusal("train", "--resume", stopped, "--out", other)
    assert not other.exists()


@pytest.mark.parametrize("moved", [True, False], ids=["elsewhere", "here"])
def test_a_run_resumed_elsewhere_says_so(stopped: Path, monkeypatch: pytest.MonkeyPatch, moved: bool) -> None:
    other = {**arithmetic_record(), "capability": "NEON"}
    if moved:
        monkeypatch.setattr(arithmetic, "arithmetic_record", lambda _device: other)
    result = ran("train", "--resume", stopped)
    assert ("capability is NEON after epoch 1" in result.stderr) is moved
    assert "Trained to epoch 2" in result.stderr


def test_seed_and_threads_are_kept_with_the_run(empty_folder: Path) -> None:
    ran("train", "--seed", "4", "--threads", "2", *SMALL)
    kept = Run.open(Path("runs/standard-ternary-1-4")).settings
    assert (kept.seed, kept.threads, kept.device) == (4, 2, "cpu")


def test_a_space_is_trained_by_its_name_and_one_that_contradicts_is_refused(empty_folder: Path) -> None:
    few = ("--set", "epochs=1", "--set", "reach.draws=100", "--set", "calibration.draws=1000")
    ran("train", "--space", "01^2xACGT^1", *few, "--out", "words")
    model = load(Path("words"))
    assert (model.space.name, model.space.string(model.sample(1)[0])[:2].strip("01")) == ("01^2xACGT^1", "")
    assert "name another one by architecture.space" in refusal(
        "train", "--space", "dna:2", "--set", "architecture.space=rna:2"
    )
    assert "no space is called" in refusal("train", "--space", "dna:two")
    assert [path.name for path in empty_folder.iterdir()] == ["words"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--device", "cuda"), "the device cuda is not there: torch finds no CUDA device here"),
        (("--device", "cuda:7"), "the device cuda:7 is not there"),
        (("--device", "mps"), "mps cannot compute in double precision"),
        (("--device", "tpu"), "'tpu' names no device: give cpu"),
        (("--device", "cpu:3"), "'cpu:3' names no device: give cpu"),
        (("--device", ""), "'' names no device: give cpu"),
        (("--set", "architecture.base=2"), "too few to keep some for validation"),
        (("--set", "optimizer.rate.peak=2"), "optimizer.rate"),
    ],
)
@pytest.mark.parametrize("out", [("--out", "deep/in a/run"), ()])
def test_a_start_that_fails_leaves_no_folder(
    empty_folder: Path, options: tuple[str, ...], words: str, out: tuple[str, ...]
) -> None:
    assert words in refusal("train", *SMALL, *options, *out)
    assert list(empty_folder.iterdir()) == []


def test_a_folder_that_was_there_is_left_as_it_was(empty_folder: Path) -> None:
    (empty_folder / "mine").mkdir()
    (empty_folder / "mine" / "notes.txt").write_text("mine")
    refusal("train", *SMALL, "--device", "cuda", "--out", "mine")
    ran("train", *DIVERGING, "--out", "mine", code=2)
    assert [path.name for path in (empty_folder / "mine").iterdir()] == ["notes.txt"]


DIVERGING = (
    *SMALL,
    "--set",
    "transport=null",
    "--set",
    "optimizer.weight_decay=1000",
    "--set",
    "optimizer.rate.peak=1",
)


def test_a_run_that_diverges_before_its_first_checkpoint_leaves_no_folder_and_its_advice_works(
    empty_folder: Path,
) -> None:
    said = ran("train", *DIVERGING, code=2).stderr
    assert "lower optimizer.rate.peak (1), or lower optimizer.weight_decay (1000), or set" in said
    assert list(Path("runs").iterdir() if Path("runs").exists() else ()) == []
    lowered = ("--set", "optimizer.rate.peak=0.01", "--set", "optimizer.weight_decay=0")
    assert "Trained to epoch 2" in ran("train", *SMALL, *lowered).stderr


def test_printed_commands_can_be_pasted_whatever_the_folder_is_called(empty_folder: Path) -> None:
    folder = "run's [bold] 'folder' " + "x" * 150
    said = ran("train", *SMALL, "--out", folder).stderr
    commands = [line.partition(": ")[2] for line in said.splitlines() if ": fluxttice " in line]
    assert [shlex.split(command) for command in commands] == [
        ["fluxttice", "benchmark", "--checkpoint", folder]
    ]
    (again,) = re.findall("`(.*)`", refusal("train", *SMALL, "--out", folder))
    assert "was over already" in ran(*shlex.split(again)[1:]).stderr
