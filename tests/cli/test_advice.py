"""Whoever does what a refusal advises is not refused again."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from fluxttice_core.cli import measuring
from fluxttice_core.errors import TrainingError
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.storage.checkpoint import checkpoint_folder
from fluxttice_core.training.recipe import load_recipe
from fluxttice_core.training.recipe_cost import population_excess
from fluxttice_core.training.run import Run, run_settings
from tests.cli.commands import ran, refusal
from tests.refusals import refused
from tests.small import RECIPE

OVERRIDES = (*RECIPE, "transport.amortisation=null")
QUICK = [word for setting in OVERRIDES for word in ("--set", setting)]
STUDY = [*QUICK, "--seeds", "2", "--quick"]
WIDE = [f"architecture.encoder_widths=[{', '.join(['2048'] * 3)}]", "architecture.latent_dim=256"]


@pytest.fixture
def run(empty_folder: Path) -> Path:
    """A finished run in the folder `a run`, beside which commands are tried."""
    Run.start(Path("a run"), run_settings("standard", OVERRIDES)).train()
    return Path("a run")


@pytest.mark.parametrize(
    ("refused_for", "advice", "then"),
    [
        (["--device", "cuda"], "compute on cpu", ["--device", "cpu"]),
        (["--device", "tpu"], "give cpu, cuda", ["--device", "cpu"]),
        (["--set", "architecture.base=2"], "choose a larger space", ["--set", "architecture.base=3"]),
        (
            ["--set", "architecture.base=2"],
            "choose a larger space",
            ["--set", "architecture.base=2", "--set", "architecture.arity=2"],
        ),
        (
            ["--set", "architecture.latent_dim=2"],
            "raise architecture.latent_dim to 3",
            ["--set", "architecture.latent_dim=3"],
        ),
        (
            ["--set", "architecture.latent_dim=2"],
            "or leave transport out",
            ["--set", "architecture.latent_dim=2", "--set", "transport=null"],
        ),
        (["--set", "colour=red"], "remove it", []),
        (["--set", "epochs"], "write key=value, such as epochs=10", ["--set", "epochs=10"]),
        (["--recipe", "nonesuch"], "use one of original, standard", ["--recipe", "standard"]),
        (["--out", "a run"], "choose another folder", ["--out", "another run"]),
        (["--resume", "a run", "--seed", "5"], "ask for 0 to go on", ["--resume", "a run", "--seed", "0"]),
        (["--resume", "a run", "--seed", "5"], "in another folder", ["--seed", "5", "--out", "other"]),
        (["--resume", "a run", "--out", "other"], "leave --out out", ["--resume", "a run"]),
    ],
)
def test_training(run: Path, refused_for: list[str], advice: str, then: list[str]) -> None:
    assert advice in refusal("train", *QUICK, *refused_for)
    ran("train", *QUICK, *then)


def test_a_run_that_is_there_already(run: Path) -> None:
    (command,) = re.findall("`fluxttice (.*)`", refusal("train", *QUICK, "--out", run))
    assert "was over already" in ran(*shlex.split(command)).stderr


def test_a_run_that_diverges_after_its_first_checkpoint(empty_folder: Path) -> None:
    wild = run_settings(
        "standard",
        (*OVERRIDES, "transport=null", "optimizer.weight_decay=1000", "epochs=50", "checkpoint_every=1"),
    )
    running = Run.start(Path("runs/standard-0"), wild)
    with refused(TrainingError, "loss_not_finite", "lower optimizer.weight_decay (1000)", "another folder"):
        running.train()
    calm = ("--set", "transport=null", "--set", "optimizer.weight_decay=0")
    ran("train", *QUICK, *calm, "--out", "runs/calm")


@pytest.mark.parametrize("damage", ["metrics", "state"])
def test_a_damaged_run(run: Path, damage: str) -> None:
    newest = checkpoint_folder(run, 2)
    if damage == "metrics":
        (run / "metrics.jsonl").write_text("no record\n")
        assert "remove it, and resume" in refused_resumption(run)
        (run / "metrics.jsonl").unlink()
    else:
        (newest / "state.safetensors").unlink()
        assert "remove the folder to resume from an earlier one" in refused_resumption(run)
        shutil.rmtree(newest)
    ran("train", "--resume", run)


def refused_resumption(run: Path) -> str:
    return ran("train", "--resume", run, code=2).stderr


@pytest.mark.parametrize(
    ("first", "command", "advice", "then"),
    [
        ("sweep", ["--set", "epochs=1"], "name another file with --out", ["--out", "other.json"]),
        ("ablate", [], "name another file with --out", ["--out", "other.json"]),
        (None, ["--out", "a run"], "expected a file", ["--out", "a file.json"]),
        (
            None,
            ["--set", "patience=3", "--together", "2", "--out", "steered.json"],
            "leave --together out",
            ["--set", "patience=3", "--out", "steered.json"],
        ),
    ],
)
def test_a_sweep(run: Path, first: str | None, command: list[str], advice: str, then: list[str]) -> None:
    if first is not None:
        parts = ["--parts", "free_bits"] if first == "ablate" else []
        ran(first, *STUDY, *parts, "--out", "there.json")
        command = [*command, "--out", "there.json"]
    assert advice in ran("sweep", *STUDY, *command, code=2).stderr
    ran("sweep", *STUDY, *then)


def test_a_sweep_shows_the_seeds_that_were_asked_for(empty_folder: Path) -> None:
    ran("sweep", *QUICK, "--quick", "--seeds", "3")
    assert "standard, 2 seeds" in ran("sweep", *STUDY).stdout


def test_seeds_that_together_ask_for_too_much() -> None:
    recipe = load_recipe("standard", [*WIDE, "architecture.arity=1", "batch_size=20", "epochs=1"])
    asked = str(population_excess(recipe, 1_000))
    fitting = int(re.findall("at most ([0-9]+) together", asked)[0])
    assert population_excess(recipe, fitting) is None
    assert population_excess(recipe, fitting + 1) is not None


@pytest.mark.usefixtures("undrawn")
def test_a_certificate_that_is_refused(
    small_run: Path,
    small_settings: MeasurementSettings,
    empty_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The gate on 50,000 draws is then not measured.
    too_few = small_settings.model_copy(update={"draws": (1_000,)})
    monkeypatch.setattr(measuring, "chosen_settings", lambda **_: too_few)
    bad = Path(shutil.copytree(small_run, empty_folder / "a bad run"))
    said = ran("certify", bad, code=1).stderr
    (command,) = re.findall("`fluxttice (.*)` writes it marked", said)
    assert "FAILED" in ran(*shlex.split(command)).stdout
    (check,) = re.findall("check it with: fluxttice (.*)", ran(*shlex.split(command)).stdout)
    assert shlex.split(check) == ["verify", str(bad / "certified")]
