"""Certificates of spaces that cannot be written out: measured by samples, checked by what was counted."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

import fluxttice_core as fx
from fluxttice_core.certification.certify import certify
from fluxttice_core.certification.remeasure import remeasure
from fluxttice_core.certification.retrain import compare_run
from fluxttice_core.certification.verify import verify
from fluxttice_core.cli.main import app
from fluxttice_core.errors import CertificationError, OperationError, SettingsError
from fluxttice_core.evaluation.sampled_json import read_sampled
from fluxttice_core.evaluation.sampled_report import CHECKS, SampledReport
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.storage.embedding_table import embedding_table
from fluxttice_core.storage.pretrained import load
from tests.beyond import BITS, EPOCHS, NAME, SETTINGS, quantile_network, write_run
from tests.certification.test_verify import codes
from tests.refusals import refused

FEW = MeasurementSettings(draws=(10_000,))


@pytest.fixture
def folder(sampled_certificate: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sampled_certificate, tmp_path / "certified")


def test_it_holds_and_is_measured_again(folder: Path) -> None:
    found = verify(folder)
    assert codes(found) == {}
    subjects = {one.subject: one.verdict for one in found}
    assert subjects["report"] == subjects["gates"] == subjects["selection"] == "proved"
    assert subjects["choice"] == "claimed", "that nothing else was tried is not in the files"
    assert (subjects["numbers"], "ranking" in subjects, "pictures" in subjects) == ("claimed", False, False)
    again = {one.subject: one.verdict for one in remeasure(folder)}
    assert again == dict.fromkeys(("consistency", "numbers", "controls"), "proved")


def test_the_folder_holds_what_it_must_and_its_bytes_are_those_of_the_run(
    folder: Path, sampled_run: Path, tmp_path: Path
) -> None:
    names = {"model.safetensors", "settings.json", "report.json", "MODEL_CARD.md", "SHA256SUMS"}
    assert {path.name for path in folder.iterdir() if path.is_file()} == names
    certify(sampled_run, tmp_path / "again", draw=lambda _: {}, settings=SETTINGS)
    assert all((tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes() for name in names)


def test_the_card_says_what_samples_cannot_see_in_the_words_of_the_space(folder: Path) -> None:
    card = (folder / "MODEL_CARD.md").read_text()
    assert re.search(r"\b(trits?|operations?|tables?)\b(?![`/])", card.replace("_tables", "")) is None
    assert "a parity of three would pass" in card
    assert "`even`" in card
    assert f"{2**BITS:,} words" in card
    assert "samples rank none" in card
    assert load(folder).card == card


def test_a_certified_model_encodes_decodes_and_draws(folder: Path) -> None:
    model = fx.load(folder)
    word = "01" * (BITS // 2) + "1"
    assert model.space.strings(model.space.indices(model.decode(model.encode(word)))) == [word]
    assert len(set(model.sample(100).tolist())) == 100


def test_every_gate_is_a_figure_that_follows_from_counts(folder: Path) -> None:
    plain = json.loads((folder / "report.json").read_text())["report"]
    report = read_sampled(plain, name="it")
    assert report.accepted
    assert {result.gate.quantity for result in report.gates} == {gate.quantity for gate in CHECKS.values()}
    prior = report.halves[0].prior
    assert sum(often * many for often, many in prior.times) == prior.draws == 100_000
    assert prior.distinct == sum(many for _, many in prior.times)


def test_so_few_draws_leave_gates_untold_and_certify_says_so(sampled_run: Path, tmp_path: Path) -> None:
    with refused(CertificationError, "gate_failed", "positions/p_value is not told by this measurement"):
        certify(sampled_run, tmp_path / "out", draw=lambda _: {}, settings=FEW)
    marked = certify(sampled_run, tmp_path / "out", draw=lambda _: {}, settings=FEW, allow_uncertified=True)
    assert isinstance(marked.report, SampledReport)
    told = {result.gate.quantity for result in marked.report.gates if result.value is not None}
    assert told == {CHECKS[name].quantity for name in ("mean", "draw", "told")}
    assert codes(verify(tmp_path / "out")) == {"gates": "gate_failed"}
    card = (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert "# FAILED" in card
    assert "untold" in card
    assert any("do not tell of" in said for said in marked.report.limitations)


def test_a_model_that_never_makes_half_of_all_is_refused(tmp_path: Path) -> None:
    network = quantile_network()
    with torch.no_grad():
        for half in (network.vae_a, network.vae_b):
            half.decoder.last_layer.bias[1] = 100.0  # the first bit is always 1
    write_run(tmp_path / "run", network)
    with refused(CertificationError, "gate_failed", "whole_from_mean/held_out/lower is 0.49"):
        certify(tmp_path / "run", tmp_path / "out", draw=lambda _: {}, settings=SETTINGS)
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_not_finished_is_told_how_to_go_on(tmp_path: Path) -> None:
    write_run(tmp_path / "run", quantile_network(), epoch=EPOCHS - 1)
    with refused(CertificationError, "missing_checkpoint", "go on by `fluxttice train --resume"):
        certify(tmp_path / "run", tmp_path / "out", draw=lambda _: {}, settings=SETTINGS)


def test_a_model_whose_split_is_not_recorded_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    write_run(tmp_path / "run", quantile_network(), split_known=False)
    with refused(CertificationError, "missing_record", "does not record its split"):
        certify(
            *(tmp_path / "run", tmp_path / "out"),
            draw=lambda _: {},
            settings=SETTINGS,
            allow_uncertified=True,
        )


@pytest.mark.parametrize("more", [{"repeats": 7}, {"draws": (10_000, 20_000)}, {"mass_draws": 2_048}])
def test_settings_that_samples_have_not_are_refused(
    sampled_run: Path, tmp_path: Path, more: dict[str, object]
) -> None:
    with refused(SettingsError, "unsupported", "takes one budget of draws"):
        settings = SETTINGS.model_copy(update=more)
        certify(sampled_run, tmp_path / "out", draw=lambda _: {}, settings=settings)


def test_training_again_is_compared_without_a_ranking(folder: Path, sampled_run: Path) -> None:
    found = compare_run(folder, sampled_run)
    assert [(one.subject, one.verdict) for one in found] == [("training", "claimed")]


def test_the_commands_certify_verify_and_compare_and_others_say_what_to_do(
    sampled_run: Path, folder: Path, tmp_path: Path
) -> None:
    runner = CliRunner()
    done = runner.invoke(app, ["certify", str(sampled_run), "--out", str(tmp_path / "quick"), "--quick"])
    assert done.exit_code == 0, done.output
    assert runner.invoke(app, ["verify", str(tmp_path / "quick")]).exit_code == 0
    compared = runner.invoke(
        app, ["compare", str(folder), str(sampled_run), "--quick"], env={"COLUMNS": "200"}
    )
    assert compared.exit_code == 0, compared.output
    assert [row.split()[-2] for row in compared.output.splitlines() if "distortion D" in row] == [
        "+0.0000"
    ] * 2
    with refused(OperationError, "not_enumerable", "export the networks as onnx"):
        embedding_table(load(folder))


def test_a_report_that_was_written_is_read_back(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    arguments = ["benchmark", "--checkpoint", str(folder), "--draws", "100000", "--out", str(out)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    result = json.loads(out.read_text())
    stated = json.loads((folder / "report.json").read_text())
    assert read_sampled(result["report"], name="it").as_dict() == result["report"]
    assert result["report"] == stated["report"]
    assert (result["schema"], result["report"]["space"]) == ("fluxttice/report_from_samples", NAME)
