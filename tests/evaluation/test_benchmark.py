"""Only trained models are measured: every other target is refused with one sentence."""

import shutil
import weakref
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import torch

from fluxttice_core.errors import CheckpointError, MeasurementError, SettingsError
from fluxttice_core.evaluation.benchmark import (
    benchmark,
    require_above_floor,
    scheme_of,
    title_of,
    untrained_halves,
)
from fluxttice_core.evaluation.caveats import GIVEN_ROWS
from fluxttice_core.evaluation.coverage_report import coverage_report
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import (
    Circumstances,
    read_report,
    read_result,
    result_of,
    write_result,
)
from fluxttice_core.evaluation.steps import Halves
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import VAE, DualVAE
from fluxttice_core.model.network_shape import Scheme
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.pretrained import load
from tests.refusals import refused
from tests.small import MEASUREMENT

benchmarking = import_module("fluxttice_core.evaluation.benchmark")


def test_a_trained_model_is_measured(small_checkpoint: Path) -> None:
    report = coverage_report(small_checkpoint, settings=MEASUREMENT)
    assert isinstance(report, Report)
    assert report.title == "small, epoch 400, seed 0"
    assert report.rho == 0.1
    for half in ("a", "b"):
        assert report.metric("generative_information", half).value > 0.5
        assert report.metric("table_accuracy/mean/train", half).value > 0.9
    assert report == coverage_report(load(small_checkpoint), settings=MEASUREMENT)


def test_draws_repeats_and_seed_are_taken(small_checkpoint: Path) -> None:
    report = coverage_report(small_checkpoint, draws=[30], repeats=3, seed=5, settings=MEASUREMENT)
    metric = report.metric("coverage/argmax/30", "a")
    assert (metric.figure.draws, metric.figure.repeats, metric.figure.seed) == (30, 3, 5)
    assert not report.has("coverage/argmax/50", "a")


def test_there_is_no_default_target_of_a_benchmark(tmp_path: Path) -> None:
    with refused(CheckpointError, "missing_option", "trained checkpoint"):
        benchmark(None, tmp_path / "out.json", command="fluxttice benchmark", settings=MEASUREMENT)


def test_what_is_no_trained_model_is_refused(small_checkpoint: Path, tmp_path: Path) -> None:
    network = DualVAE.initialised(Architecture(arity=1), torch.Generator().manual_seed(0))
    untrained = replace(load(small_checkpoint), trained=False)
    for target, words in ((network, "no record of any training"), (untrained, "never trained")):
        with refused(CheckpointError, "untrained", words):
            coverage_report(target, settings=MEASUREMENT)
    with refused(CheckpointError, "missing_checkpoint"):
        coverage_report(tmp_path / "nothing", settings=MEASUREMENT)


def test_random_weights_are_refused_whatever_their_record_says_and_nothing_is_written(
    untrained_checkpoint: Path, tmp_path: Path
) -> None:
    assert load(untrained_checkpoint).trained
    with refused(CheckpointError, "untrained", "nothing tells these weights from untrained ones"):
        benchmark(untrained_checkpoint, tmp_path / "out.json", command="x", settings=MEASUREMENT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["independent", "mirrored"])
@pytest.mark.parametrize("seed", [11, 12])
def test_random_weights_are_refused_however_drawn(scheme: Scheme, seed: int) -> None:
    architecture = Architecture()
    settings = MeasurementSettings(untrained_seeds=8)
    with refused(CheckpointError, "untrained"):
        require_above_floor(
            untrained_halves(architecture, seed, scheme), architecture, settings, "random.safetensors"
        )


def test_one_untrained_network_is_in_memory_at_a_time(
    small_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[VAE]] = []
    alive: list[int] = []

    def counted(*arguments: object) -> Halves:
        halves = untrained_halves(*arguments)  # type: ignore[arg-type]
        made.append(weakref.ref(halves["a"]))  # type: ignore[arg-type]
        alive.append(sum(reference() is not None for reference in made))
        return halves

    trained = load(small_checkpoint)
    monkeypatch.setattr(benchmarking, "untrained_halves", counted)
    require_above_floor(
        {"a": trained.vae_a, "b": trained.vae_b}, trained.model.architecture, MEASUREMENT, "x"
    )
    assert len(made) == 2 * MEASUREMENT.untrained_seeds
    assert set(alive) == {1}


def test_one_untrained_half_is_enough_to_refuse(small_checkpoint: Path) -> None:
    trained = load(small_checkpoint)
    architecture = trained.model.architecture
    halves = {"a": trained.vae_a, "b": untrained_halves(architecture, 50)["b"]}
    with refused(CheckpointError, "untrained", "half B"):
        require_above_floor(halves, architecture, MEASUREMENT, "x")  # type: ignore[arg-type]


def test_weights_of_another_shape_are_refused(small_checkpoint: Path, tmp_path: Path) -> None:
    damaged = Path(shutil.copytree(small_checkpoint, tmp_path / "checkpoint"))
    text = (damaged / "checkpoint.json").read_text()
    (damaged / "checkpoint.json").write_text(text.replace('"latent_dim":3', '"latent_dim":4'))
    with refused(CheckpointError, "digest_mismatch"):
        coverage_report(damaged, settings=MEASUREMENT)


def test_an_absent_device_is_refused(small_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    settings = MEASUREMENT.model_copy(update={"device": "cuda"})
    with refused(SettingsError, "missing_device", "cuda is not there"):
        coverage_report(small_checkpoint, settings=settings)


def test_the_result_file_holds_the_report(small_checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "results" / "out.json"
    report = benchmark(small_checkpoint, out, command="fluxttice benchmark --quick", settings=MEASUREMENT)
    assert read_report(out) == report
    result = read_result(out)
    assert result["command"] == "fluxttice benchmark --quick"
    assert result["model"]["tensor_sha256"] == load(small_checkpoint).tensor_digest
    assert result["cost"]["wall_seconds"] > 0


def test_the_floor_starts_from_the_recipe_s_own_initialisation(small_checkpoint: Path) -> None:
    trained = load(small_checkpoint)
    assert scheme_of(trained) == "independent"
    assert scheme_of(replace(trained, settings={"recipe": {"initialisation": "mirrored"}})) == "mirrored"
    assert scheme_of(replace(trained, settings={"recipe": "unknown"})) == "independent"
    assert scheme_of(replace(trained, settings={"recipe": {"initialisation": 3}})) == "independent"


def test_a_title_says_what_is_known(small_checkpoint: Path) -> None:
    unknown = replace(load(small_checkpoint), recipe_name=None, seed=None, source="/somewhere/model.pt")
    assert title_of(unknown) == "model.pt, epoch 400"


def test_the_controls_are_measured_once(
    small_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = coverage_report(small_checkpoint, settings=MEASUREMENT)

    def again(*_: object) -> None:
        raise RuntimeError("measured again")

    monkeypatch.setattr(benchmarking, "measured_controls", again)
    assert coverage_report(small_checkpoint, settings=MEASUREMENT).controls == first.controls
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(RuntimeError, match="measured again"):
        coverage_report(small_checkpoint, settings=MEASUREMENT)


def test_a_trained_model_is_measured_beside_a_target(small_checkpoint: Path, tmp_path: Path) -> None:
    space = load(small_checkpoint).space
    target = Target.of(space, range(0, space.size, 2))
    report = coverage_report(small_checkpoint, settings=MEASUREMENT, target=target)
    usual = coverage_report(small_checkpoint, settings=MEASUREMENT)
    for half in report.halves:
        assert report.metric("mass_outside", half).value == pytest.approx(1 / 2, abs=0.1)
        assert report.metric("kl_to_target", half).value == float("inf")
        assert report.metric("nll", half).ceiling == pytest.approx(target.entropy)
        assert report.metric("entropy", half).value == usual.metric("entropy", half).value
        assert not report.has("kl_from_uniform", half)
        assert not usual.has("mass_outside", half)
    trained, out = load(small_checkpoint), tmp_path / "result.json"
    write_result(out, result_of(report, trained, Circumstances("here", 1.0, 1)))
    told = {gate.gate.quantity: gate for gate in read_report(out).gates}
    assert told["generative_information"].value is None  # elements outside of the rows count in it
    assert told["argmax_mass_outside"].value is not None
    assert not told["argmax_mass_outside"].passed
    assert GIVEN_ROWS not in usual.limitations
    assert report.controls != usual.controls
    everything = coverage_report(small_checkpoint, settings=MEASUREMENT, target=Target.everything(space))
    assert everything == usual


def test_a_target_of_another_space_is_refused(small_checkpoint: Path) -> None:
    other = Target.of(OperationSpace(base=2), [0, 1])
    with refused(MeasurementError, "space_mismatch", "give a target of the same space"):
        coverage_report(small_checkpoint, settings=MEASUREMENT, target=other)
