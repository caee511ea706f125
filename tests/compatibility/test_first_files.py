"""What fluxttice 0.1 wrote is read, verified and gone on with; what a later one writes is named as such.

The files were made by 0.1 itself, as a user makes them, and are never made anew: `train`, `certify --quick`,
`benchmark --quick`, `sweep --quick`, `ablate --quick` and `audit --save-counts`, on 27 and on 12 elements.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

import fluxttice_core as fx
from fluxttice_core.certification.finding import CLAIMED
from fluxttice_core.certification.keys import load_public_key
from fluxttice_core.certification.verify import verify
from fluxttice_core.errors import CheckpointError, FluxtticeError, MeasurementError, SettingsError
from fluxttice_core.evaluation.result_file import read_report
from fluxttice_core.experiments.ablation import Ablation
from fluxttice_core.experiments.study import read_study
from fluxttice_core.experiments.sweep import Sweep
from fluxttice_core.experiments.tables import ablation_markdown
from fluxttice_core.storage.checkpoint import latest, read
from fluxttice_core.training.run import Run
from tests.refusals import refused

FILES = Path(__file__).with_name("0.1")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The run as it was when it had been killed after 120 of its 160 epochs."""
    folder = shutil.copytree(FILES / "run", tmp_path / "run")
    shutil.rmtree(folder / "checkpoints" / "epoch_0160")
    return folder


def test_a_certificate_verifies_by_its_signer_s_key() -> None:
    findings = verify(FILES / "certificate", public_key=load_public_key(FILES / "signer.pub"))
    assert findings[0].verdict == "signed"
    assert {finding.subject for finding in findings[1:] if finding.verdict != "proved"} == {
        finding.subject for finding in CLAIMED
    }


def test_a_certified_model_and_its_run_load_and_say_the_same() -> None:
    certified, trained = (fx.load(FILES / name) for name in ("certificate", "run"))
    assert certified.tensor_digest == trained.tensor_digest
    everything = range(certified.space.size)
    decoded = certified.decode(certified.encode(list(everything)))
    assert (decoded == certified.space.all_tables()).all()


def test_a_run_that_was_killed_goes_on_where_torch_is_the_same(run: Path) -> None:
    opened = Run.open(run)
    same = opened.settings.torch_version == torch.__version__
    with nullcontext() if same else refused(SettingsError, "wrong_version", opened.settings.torch_version):
        opened.train(on_change=lambda _: None)
        assert len(opened.records()) == opened.settings.recipe.epochs == 160
        assert read(latest(run)).record.epoch == 160


def test_a_run_on_weighted_words_is_read_with_its_target() -> None:
    opened = Run.open(FILES / "words")
    target = opened.target()
    assert target is not None
    assert (opened.settings.recipe.architecture.space.name, len(target.rows)) == ("dna:2", 12)
    assert fx.load(FILES / "words").space.name == "dna:2"


def test_a_result_file_is_read_with_every_figure() -> None:
    report = read_report(FILES / "result.json")
    assert report.metric_set == 3
    assert "generative information G" in str(report)
    assert report.target is not None


def test_a_sweep_and_an_ablation_are_read_and_shown() -> None:
    sweep = read_study(FILES / "sweep.json", Sweep)
    assert [run.seed for run in sweep.runs] == [0, 1]
    assert "amortisation" in ablation_markdown(read_study(FILES / "ablation.json", Ablation))


def test_counts_of_an_audit_are_read() -> None:
    found = fx.audit_samples(FILES / "counts.parquet", counts=True)
    assert (found.report.draws, found.report.distinct) == (7, 4)


def _later(name: str, place: Path, change: Callable[[Any], None]) -> Path:
    content = json.loads((FILES / name).read_text())
    change(content)
    place.write_text(json.dumps(content))
    return place


LATER: dict[str, tuple[Callable[[Any], None], Callable[[Path], object], type[FluxtticeError]]] = {
    "result.json": (lambda one: one.update(schema_version=4), read_report, MeasurementError),
    "certificate/report.json": (lambda one: one.update(metric_set=99), read_report, MeasurementError),
    "sweep.json": (
        lambda one: one.update(schema_version=3),
        lambda path: read_study(path, Sweep),
        MeasurementError,
    ),
    "run/checkpoints/epoch_0160/checkpoint.json": (
        lambda one: one["record"].update(format_version=2),
        lambda path: read(path.parent),
        CheckpointError,
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_a_file_of_a_later_program_is_named_as_such(name: str, tmp_path: Path) -> None:
    change, reader, error = LATER[name]
    with refused(error, "wrong_version", "install the newest one"):
        reader(_later(name, tmp_path / Path(name).name, change))


@pytest.mark.parametrize("version", [0, True, "3", None])
def test_a_version_that_never_was_is_damage(version: object, tmp_path: Path) -> None:
    path = _later("result.json", tmp_path / "result.json", lambda one: one.update(schema_version=version))
    with refused(MeasurementError, "incomplete_report", "schema_version"):
        read_report(path)
