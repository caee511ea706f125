"""A resumed run keeps its settings, and says where it was begun on another machine."""

from pathlib import Path

import pytest

from fluxttice_core.storage import arithmetic
from fluxttice_core.storage.arithmetic import arithmetic_record
from fluxttice_core.storage.pretrained import load
from fluxttice_core.training.run import Run, run_settings
from tests.cli.commands import ran, refusal
from tests.small import RECIPE


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
    ("options", "named"),
    [
        (("--threads", "1"), "--threads"),
        (("--seed", "0"), "--seed"),
        (("--device", "cpu"), "--device"),
        (("--recipe", "standard", "--set", "epochs=3"), "--recipe and --set"),
        (("--space", "dna:2"), "--space"),
    ],
)
def test_a_resumed_run_takes_no_other_settings(stopped: Path, options: tuple[str, ...], named: str) -> None:
    assert f"keeps its settings: leave out {named}, or start a new run" in refusal(
        "train", "--resume", stopped, *options
    )


@pytest.mark.parametrize("moved", [True, False], ids=["elsewhere", "here"])
def test_a_run_resumed_elsewhere_says_so(stopped: Path, monkeypatch: pytest.MonkeyPatch, moved: bool) -> None:
    other = {**arithmetic_record(), "capability": "NEON"}
    if moved:
        monkeypatch.setattr(arithmetic, "arithmetic_record", lambda _device: other)
    result = ran("train", "--resume", stopped)
    assert ("capability is NEON after epoch 1" in result.stderr) is moved
    assert "Trained to epoch 2" in result.stderr


def test_seed_and_threads_are_kept_with_the_run(empty_folder: Path) -> None:
    settings = [part for text in RECIPE for part in ("--set", text)]
    ran("train", "--seed", "4", "--threads", "2", *settings)
    kept = Run.open(Path("runs/standard-4")).settings
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
