"""A model of a target is certified with its rows and weights, and what follows from them is checked."""

import hashlib
import json
import math
import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fluxttice_core as fx
from fluxttice_core.certification import candidates
from fluxttice_core.certification.certify import certify
from fluxttice_core.certification.remeasure import remeasure
from fluxttice_core.certification.retrain import compare_run
from fluxttice_core.certification.selection import Candidate
from fluxttice_core.certification.verify import verify
from fluxttice_core.errors import CheckpointError
from fluxttice_core.evaluation.comparison import differences
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import read_report
from fluxttice_core.server.served_model import prepare
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.pretrained import load
from fluxttice_core.storage.target_tensors import largest_target, parse_target, target_bytes
from fluxttice_core.training.target_file import read_target
from tests.certification.test_verify import CHECKS, CLAIMS, failures
from tests.refusals import refused
from tests.targets import CODONS, SETTINGS, SOME

FOREIGN = re.compile(r"(?<![/`\w])(trits?|operations?|tables? of symbols|ternary)(?![/`\w])")


@pytest.fixture
def folder(target_certificate: Path, tmp_path: Path) -> Path:
    return shutil.copytree(target_certificate, tmp_path / "certified")


def test_it_holds_and_the_target_is_a_check_of_its_own(folder: Path) -> None:
    findings = verify(folder)
    subjects = [finding.subject for finding in findings]
    assert subjects == [*CHECKS[:5], "target", *CHECKS[5:], *CLAIMS]
    assert failures(findings) == set()
    assert {finding.code for finding in findings} == {None}
    (said,) = (finding for finding in findings if finding.subject == "target")
    assert said.verdict == "proved"
    assert f"30 of 64 elements, H(q) = {SOME.entropy:.6f} nats" in said.detail
    assert "thresholds are those computed from it" in said.detail
    assert "target.safetensors" in (folder / "SHA256SUMS").read_text()


def test_it_is_measured_and_trained_again_against_its_target(folder: Path, tmp_path: Path) -> None:
    again = (*remeasure(folder), *compare_run(folder, tmp_path / "again"))
    due = ("consistency", "numbers", "controls", "pictures", "training", "ranking")
    assert {finding.subject: finding.verdict for finding in again} == dict.fromkeys(due, "proved")


def test_a_run_of_another_target_is_not_the_one_that_made_it(
    folder: Path, target_run: Path, tmp_path: Path
) -> None:
    assert {one.verdict for one in compare_run(folder, target_run)} == {"claimed", "proved"}
    other = Target.of(CODONS, SOME.rows, SOME.q[::-1].tolist())
    fx.train(
        space=CODONS, data=other, overrides=("epochs=1", "transport.amortisation=null"), out=tmp_path / "r"
    )
    (found,) = compare_run(folder, tmp_path / "r")
    assert (found.subject, found.verdict, found.code) == ("training", "fails", "settings_mismatch")


def test_the_report_says_the_target_and_its_ceilings_follow(folder: Path) -> None:
    result = json.loads((folder / "report.json").read_text())
    assert (result["schema_version"], result["target"]["sha256"]) == (3, SOME.digest())
    assert result["target"]["elements"] == 30
    assert result["target"]["entropy_nats"] == pytest.approx(SOME.entropy, rel=1e-12)
    ceilings = {m["quantity"]: m["ceiling"] for m in result["metrics"]}
    assert ceilings["coverage/argmax/100"] == pytest.approx(sum(1 - (1 - q) ** 100 for q in SOME.q) / 30)
    assert ceilings["nll"] == pytest.approx(SOME.entropy)
    assert result["data"]["split"]["held_out"] == 3
    asked = [record["gate"]["quantity"] for record in result["gates"][::2]]
    assert asked[2:] == [
        "efficiency/argmax/2000",
        "generative_information",
        "argmax_mass_outside",
        "argmax_kl_to_target_within",
    ]
    controls = {control["name"]: control for control in result["controls"]}
    assert controls["half_support"]["description"].endswith("every second codon of the target only")
    assert any("a generator of half of the target" in said for said in result["warnings"])
    assert not any("half the space" in said for said in result["warnings"])
    outside = {
        name: max(
            s["value"] for run in control["runs"] for s in run if s["quantity"] == "argmax_mass_outside"
        )
        for name, control in controls.items()
    }
    assert outside["oracle"] == outside["half_support"] == 0.0
    assert min(outside["uniform_sampler"], outside["untrained"]) > 0.2


def test_the_card_is_in_words_of_codons_and_says_what_was_told(folder: Path) -> None:
    card = (folder / "MODEL_CARD.md").read_text()
    assert FOREIGN.search(card) is None
    assert "over 30 of 64 codons" in card
    assert "Both halves read the same thresholds" in card
    assert "name: 30 of 64 codons" in card
    for row in (
        "| elements of the target | 30 |",
        f"| H(q) of the target, nats | {SOME.entropy:.6f} |",
        "| different probabilities | 4 |",
        f"| target, SHA-256 | `{SOME.digest()}` |",
        "| thresholds of the decoders | computed from all rows |",
    ):
        assert row in card
    # What is said of other models is not said of this one.
    for said in ("p(x) is **computed**", "computed from all rows", "say nothing of unseen ones"):
        assert said in card
    for untrue in (
        "over all",
        "All 64",
        "no other data were used.\nThey were split once by a seeded permutation; ",
    ):
        assert untrue not in card
    assert "nearest to 1" in json.loads((folder / "selection.json").read_text())["rule"]


def test_it_loads_with_its_target_wherever_it_lies(folder: Path, tmp_path: Path) -> None:
    for place in (folder, shutil.copytree(folder, tmp_path / "checkpoints" / "mine")):
        model = load(place)
        assert model.target is not None
        assert model.target.digest() == SOME.digest()
        assert set(model.sample(200).tolist()) <= set(SOME.rows.tolist())
    load(folder).save_pretrained(tmp_path / "saved")
    again = load(tmp_path / "saved")
    assert again.target is not None
    assert (again.tensor_digest, again.target.digest()) == (load(folder).tensor_digest, SOME.digest())


def test_a_saved_model_is_certified_as_its_run_was(folder: Path, tmp_path: Path) -> None:
    load(folder).save_pretrained(tmp_path / "saved")
    certificate = certify(tmp_path / "saved", tmp_path / "again", draw=lambda _: {}, settings=SETTINGS)
    assert certificate.accepted
    assert (tmp_path / "again" / "target.safetensors").read_bytes() == (
        folder / "target.safetensors"
    ).read_bytes()
    assert failures(verify(tmp_path / "again")) == set()


def test_its_report_is_served_and_compared(folder: Path) -> None:
    served = prepare(load(folder), folder / "report.json")
    assert served.report == (folder / "report.json").read_bytes()
    report = read_report(folder / "report.json")
    assert differences(report, report)
    assert Report.from_json(report.to_json()) == report


def test_a_checkpoint_that_leaks_is_not_preferred(
    target_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before calibration p(x) is more even than q, so that its information is larger, which is no gain."""
    module = import_module("fluxttice_core.certification.certify")
    measure = candidates.measure_candidates

    def leaking(*given: Any, **settings: Any) -> Any:
        for found in measure(*given, **settings):
            leaks = (1.2, 1.3) if found.epoch < 3 else found.information
            yield Candidate(found.epoch, found.tensor_digest, found.table_accuracy, leaks)

    monkeypatch.setattr(module, "measure_candidates", leaking)
    certificate = certify(target_run, tmp_path / "out", draw=lambda _: {}, settings=SETTINGS)
    assert [ranked.candidate.epoch for ranked in certificate.ranking] == [3, 1, 2]
    assert failures(verify(tmp_path / "out")) == set()


def test_the_digest_of_many_weights_is_that_of_their_whole_text() -> None:
    """It is taken piece by piece, and what runs have recorded stays the same."""
    rows = np.arange(70_000)
    target = Target.of(fx.spaces.space_of("dna:9"), rows, 1.0 + rows % 7)
    text = f"target 1\n{target.space.digest()}\n{len(rows)}\n".encode() + rows.astype("<i8").tobytes()
    text += "\n".join(f"{q:.11e}" for q in target.q.tolist()).encode()
    assert target.digest() == hashlib.sha256(text).hexdigest()


def test_a_whole_space_with_weights_is_bounded_by_its_space(tmp_path: Path) -> None:
    every = Target.of(CODONS, range(64), range(1, 65))
    data = target_bytes(every)
    assert len(data) < largest_target(CODONS)
    assert parse_target(data, CODONS, every.digest(), name="it").entropy == pytest.approx(every.entropy)
    (tmp_path / "it").write_bytes(b"\0" * (largest_target(CODONS) + 1))
    with refused(CheckpointError, "too_large"):
        read_bounded(tmp_path / "it", maximum=largest_target(CODONS), name="it", error=CheckpointError)


def test_words_of_a_file_are_the_target_that_is_certified(folder: Path, tmp_path: Path) -> None:
    strings = CODONS.strings(SOME.rows)
    rows = "".join(f"{word},{n}\n" for word, n in zip(strings, (1 + n % 4 for n in range(30)), strict=True))
    (tmp_path / "codons.csv").write_text("codon,reads\n" + rows)
    read = read_target(CODONS, tmp_path / "codons.csv", weights="reads")
    model = load(folder)
    assert model.target is not None
    assert read.digest() == model.target.digest()
    assert math.isclose(read.entropy, model.target.entropy)
