"""Certificates forged by whoever holds an own key: each lie is found, or named as the signer's word."""

import json
import shutil
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.drawings import compared
from fluxttice_core.certification.finding import Finding
from fluxttice_core.certification.keys import new_private_key, project_keys
from fluxttice_core.certification.remeasure import remeasure
from fluxttice_core.certification.retrain import compare_run
from fluxttice_core.certification.signature import sign_folder
from fluxttice_core.certification.verify import verify
from fluxttice_core.evaluation.control_scores import beside_controls
from fluxttice_core.evaluation.report import Report
from fluxttice_core.spaces.split import split
from fluxttice_core.storage.canonical_json import bytes_digest, canonical_json, json_digest
from fluxttice_core.storage.tensors import decode_tensors, encode_tensors
from tests.certification.test_verify import codes, edit, metric, reseal, write_card
from tests.certification.test_verify import measured_once as measured_once
from tests.conftest import SMALL

MALLORY = new_private_key()
Forgery = Callable[[Path], object]
Found = dict[str, str | None]


@pytest.fixture
def folder(small_certificate: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small_certificate, tmp_path / "certified")


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawings have a test of their own."""
    module = import_module("fluxttice_core.certification.remeasure")
    monkeypatch.setattr(module, "_pictures", lambda *_: Finding("pictures", "proved", ""))


def signed(folder: Path, key: ec.EllipticCurvePrivateKey = MALLORY) -> None:
    """Make sums and signature fit whatever the folder holds."""
    reseal(folder)
    sign_folder(folder, key, folder / "model.sig")


def verdicts(folder: Path) -> dict[str, str]:
    """What a reader is told of a folder by the key that came with it."""
    found = verify(folder, public_key=MALLORY.public_key(), known=project_keys())
    assert (found[0].verdict, found[0].known_as) == ("signed", None)
    assert "UNKNOWN" in found[0].detail
    return {finding.subject: finding.verdict for finding in found}


def found(folder: Path) -> Found:
    """The checks that fail, each with its code."""
    return codes(verify(folder))


def lied(folder: Path, forgery: Forgery, due: Found) -> None:
    """Tell a lie, and find it by its code; a card follows the report, and says what that says."""
    forgery(folder)
    signed(folder)
    assert {
        subject: code for subject, code in found(folder).items() if subject != "card" or "card" in due
    } == due


def failed(found: Mapping[str, str]) -> set[str]:
    return {subject for subject, verdict in found.items() if verdict == "fails"}


def in_report(change: Callable[[Any], object]) -> Forgery:
    """Change the report, and write the card that follows."""

    def forgery(folder: Path) -> None:
        edit(folder, "report.json", change)
        write_card(folder)

    return forgery


def environment(**rows: object) -> Forgery:
    return in_report(lambda report: report["environment"].update(rows))


def header(folder: Path, change: Callable[[Any], object]) -> None:
    """Change what the weights' header says, and name the file's new digest in the report."""
    path = folder / "model.safetensors"
    tensors, described = decode_tensors(path.read_bytes(), name="it")
    record = json.loads(described)
    change(record)
    path.write_bytes(encode_tensors(tensors, canonical_json(record).decode()))
    digest = bytes_digest(path.read_bytes())
    edit(folder, "report.json", lambda report: report["model"].update(file_sha256=digest))


def settings(change: Callable[[Any], object], of_header: Callable[[Any], object] = lambda _: None) -> Forgery:
    """Change the run's settings, and the digest of them in the header, and what else stands there."""

    def forgery(folder: Path) -> None:
        edit(folder, "settings.json", change)
        digest = json_digest(json.loads((folder / "settings.json").read_text()))
        header(folder, lambda record: (record.update(settings_digest=digest), of_header(record)))
        write_card(folder)

    return forgery


def drawing(old: str, new: str) -> Forgery:
    def forgery(folder: Path) -> None:
        path = folder / "figures" / "coverage.svg"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return forgery


def named(name: str) -> Forgery:
    return lambda folder: shutil.copy(folder / "figures" / "coverage.svg", folder / name)


def card(old: str, new: str) -> Forgery:
    def forgery(folder: Path) -> None:
        path = folder / "MODEL_CARD.md"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return forgery


def _replace_all(values: Any, other: Any) -> None:
    values.clear()
    values.update(other)


FOUND: dict[str, tuple[Forgery, str]] = {
    "a row of the card overwritten": (environment(program="audited 9.9"), "report"),
    "a commit overwritten": (environment(commit="0" * 40), "report"),
    "a row added": (environment(**{"Certified-by": "TUV"}), "report"),
    "a row that no machine has": (environment(audits="2"), "report"),
    "a sentence as a number": (environment(cores="2-laboratories"), "report"),
    "a sentence as a version": (environment(python="audited"), "report"),
    "a sentence as a machine": (environment(system="certified by TUV"), "report"),
    "a version that is none": (in_report(lambda r: r["tool"].update(version="audited")), "report"),
    "settings that are none": (settings(lambda s: _replace_all(s, {"certified_by": "TUV"})), "settings"),
    "a setting added": (settings(lambda s: s.update(certified_by="TUV")), "settings"),
    "a setting of the recipe added": (settings(lambda s: s["recipe"].update(audited=1)), "settings"),
    "another seed": (settings(lambda s: s.update(seed=7)), "settings"),
    "a seed as text": (settings(lambda s: s.update(seed="0")), "settings"),
    "another recipe": (settings(lambda s: s["recipe"].update(name="better")), "settings"),
    "another architecture": (
        settings(lambda s: s["recipe"]["architecture"].update(consolidating_width=47)),
        "settings",
    ),
    "another torch": (settings(lambda s: s.update(torch_version="9.9")), "settings"),
    "a device that is none": (settings(lambda s: s.update(device="quantum")), "settings"),
    "another split": (settings(lambda s: s["recipe"].update(split_seed=43)), "settings"),
    "fewer epochs": (settings(lambda s: s["recipe"].update(epochs=1)), "settings"),
    "a setting out of bounds": (settings(lambda s: s["recipe"].update(batch_size=-1)), "settings"),
    "a script": (drawing("</svg>", "<script>alert(1)</script></svg>"), "drawings"),
    "a handler": (drawing("<path ", '<path onload="alert(1)" '), "drawings"),
    "an image elsewhere": (drawing("</svg>", '<image href="https://example.org/x"/></svg>'), "drawings"),
    "a link elsewhere": (drawing('xlink:href="#', 'xlink:href="https://example.org/#'), "drawings"),
    "a page inside": (drawing("</svg>", "<foreignObject/></svg>"), "drawings"),
    "a style elsewhere": (drawing("*{", "@import 'https://example.org/x';*{"), "drawings"),
    "a fill elsewhere": (drawing("fill: #ffffff", "fill: url(https://example.org/#x)"), "drawings"),
    "an escaped fill": (drawing("fill: #ffffff", "fill: u\\72l(https&#58;//example.org)"), "drawings"),
    "a sheet elsewhere": (drawing("<!DOCTYPE", '<?xml-stylesheet href="x.css"?><!DOCTYPE'), "drawings"),
    "entities": (drawing('svg11.dtd">', 'svg11.dtd" [<!ENTITY a "aaaa">]>'), "drawings"),
    "a claim in words": (drawing("</svg>", '<text x="1">G = 1</text></svg>'), "drawings"),
    "no drawing": (lambda folder: (folder / "figures" / "coverage.svg").write_text("<html/>"), "drawings"),
    "a drawing more": (named("figures/proof.svg"), "sums"),
    "a drawing beside": (named("coverage.svg"), "sums"),
    "a cell of the card": (card("| cores | ", "| cores | 9"), "card"),
    "a row of the card": (card("| cores | ", "| audits | 9 |\n| cores | "), "card"),
}
"""Forgeries that plain `verify` finds, and by which check."""


@pytest.mark.parametrize("name", FOUND)
def test_what_files_contradict_is_found(folder: Path, name: str) -> None:
    forgery, subject = FOUND[name]
    forgery(folder)
    signed(folder)
    found = verdicts(folder)
    assert subject in failed(found)
    assert failed(found) <= {subject, "card"}


def controls(change: Callable[[Any, Any], object]) -> Forgery:
    """Change the scores of controls, and make floors, verdicts and the card follow."""

    def forgery(folder: Path) -> None:
        result = json.loads((folder / "report.json").read_text())
        for control in result["controls"]:
            for run in control["runs"]:
                for score in run:
                    change(control["name"], score)
        report = Report.from_plain(result)
        beside = beside_controls([found.figure for found in report.metrics], report.controls)
        again = type(report)(**{**vars(report), "metrics": beside})
        result |= {name: again.as_dict()[name] for name in ("metrics", "warnings")}
        (folder / "report.json").write_bytes(canonical_json(result) + b"\n")
        write_card(folder)

    return forgery


def _as_bad_as_can_be(name: str, score: Any) -> None:
    if name != "oracle" and score["quantity"] in ("generative_information", "coverage/argmax/50000"):
        score.update(value=0.01, low=0.01, high=0.01)


def _worse(wanted: str, quantity: str) -> Callable[[Any, Any], object]:
    def change(name: str, score: Any) -> None:
        if (name, score["quantity"]) == (wanted, quantity):
            score.update({end: score[end] - 0.1 for end in ("value", "low", "high")})

    return change


def _without_a_run(report: Any) -> None:
    for control in report["controls"]:
        if control["name"] == "untrained":
            control["runs"].append(control["runs"][-1])


def exact(quantity: str, value: float) -> Forgery:
    return in_report(lambda report: metric(report, quantity).update(value=value))


def curve(name: str) -> Forgery:
    def flatten(report: Any) -> None:
        for series in report["series"]:
            if series["name"] == name:
                series["y"] = [float(np.mean(series["y"]))] * len(series["y"])

    return in_report(flatten)


REMEASURED: dict[str, tuple[Forgery, str]] = {
    "every bad control at .01": (controls(_as_bad_as_can_be), "controls"),
    "an untrained floor": (controls(_worse("untrained", "generative_information")), "controls"),
    "half of the space": (controls(_worse("half_support", "generative_information")), "controls"),
    "a constant decoder": (controls(_worse("constant_decoder", "nll")), "controls"),
    "an untrained network more": (in_report(_without_a_run), "controls"),
    "another rate": (exact("rate_per_dimension", 9.0), "numbers"),
    "more active units": (exact("active_units", 2.0), "numbers"),
    "an even distribution": (curve("sorted_mass/argmax"), "numbers"),
    "tidy latents": (curve("latent_density/0"), "numbers"),
}
"""Forgeries that measuring again finds."""


@pytest.mark.parametrize("name", REMEASURED)
def test_what_can_be_measured_is_the_signer_s_word_until_it_is(folder: Path, name: str) -> None:
    forgery, subject = REMEASURED[name]
    forgery(folder)
    signed(folder)
    found = verdicts(folder)
    assert failed(found) <= {"report"}
    assert found[subject] == "claimed"
    again = {finding.subject: finding.verdict for finding in remeasure(folder)}
    assert failed(again) in ({subject}, {"consistency"})


DRAWN: dict[str, tuple[Forgery, str]] = {
    "nothing": (lambda _: None, "proved"),
    "moved": (drawing('transform="translate(', 'transform="translate(9'), "fails"),
    "another thing": (drawing("</svg>", '<path d="M 0 0 L 9 9"/></svg>'), "claimed"),
    "hidden": (drawing("*{", "path{display: none} *{"), "claimed"),
    "other words": (drawing('xlink:href="#DejaVuSans-', 'xlink:href="#x-'), "claimed"),
}
"""What is done to a drawing, and what drawing it again says; the first is no forgery."""


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawing_is_compared_or_named(folder: Path, name: str) -> None:
    due = {"coverage.svg": (folder / "figures" / "coverage.svg").read_bytes()}
    DRAWN[name][0](folder)
    signed(folder)
    found = verdicts(folder)
    assert (failed(found), found["pictures"]) == (set(), "not looked at")
    stated = {"coverage.svg": (folder / "figures" / "coverage.svg").read_bytes()}
    assert compared(stated, due).verdict == DRAWN[name][1]
    assert compared(stated, {}).verdict == "claimed"


def _other_split(folder: Path) -> None:
    """Call rows held out that most of the training saw, everywhere."""
    parts = split(SMALL.space, 43)
    named = {"seed": 43, "digest": parts.digest}
    settings(lambda s: s["recipe"].update(split_seed=43), lambda record: record.update(split=named))(folder)
    edit(folder, "report.json", lambda r: r["data"]["split"].update(seed=43, sha256=parts.digest))
    write_card(folder)


def _other_seed(folder: Path) -> None:
    settings(lambda s: s.update(seed=7), lambda record: record.update(seed=7))(folder)
    edit(
        folder, "report.json", lambda r: (r["model"].update(seed=7), r.update(title="small, epoch 2, seed 7"))
    )
    write_card(folder)


def _gentler_training(folder: Path) -> None:
    settings(lambda s: s["recipe"].update(batch_size=3))(folder)


def _left_out(record: Any) -> None:
    record["ranking"] = record["ranking"][:1]


def _worse_rivals(record: Any) -> None:
    for entry in record["ranking"][1:]:
        entry["generative_information"] = {"a": 0.0, "b": 0.0}
        entry["held_out_tables"] = {"a": 0.0, "b": 0.0}
        entry["reason"] = "not admitted"
    record["ranking"][1:] = sorted(record["ranking"][1:], key=lambda entry: entry["epoch"])
    for place, entry in enumerate(record["ranking"], start=1):
        entry["place"] = place


def ranking(change: Callable[[Any], object]) -> Forgery:
    return lambda folder: edit(folder, "selection.json", change)


CLAIMED: dict[str, tuple[Forgery, str]] = {
    "another split, everywhere": (_other_split, "training"),
    "another seed, everywhere": (_other_seed, "training"),
    "another batch size, everywhere": (_gentler_training, "training"),
    "a rival left out": (ranking(_left_out), "ranking"),
    "rivals made worse": (ranking(_worse_rivals), "ranking"),
    "another computer": (environment(processor="Cray-1", cores=64), "machine"),
    "another commit": (in_report(lambda r: r["tool"].update(commit="ab" * 20)), "machine"),
    "praise in the card": (card("For research", "Certified by somebody else. For research"), "sentences"),
    "praise as a row": (card("| cores |", "| independent audits |"), "sentences"),
    "no limits": (in_report(lambda r: r.update(limitations=["There are none."])), "sentences"),
}
"""Forgeries that no file contradicts."""


@pytest.mark.parametrize("name", CLAIMED)
def test_what_no_file_contradicts_is_named_as_the_signer_s_word(folder: Path, name: str) -> None:
    forgery, subject = CLAIMED[name]
    forgery(folder)
    signed(folder)
    found = verdicts(folder)
    assert failed(found) == set()
    assert found[subject] == "claimed"


@pytest.mark.parametrize("name", ["another split, everywhere", "another seed, everywhere"])
def test_the_run_that_was_kept_shows_another_split_or_seed(folder: Path, small_run: Path, name: str) -> None:
    assert [finding.verdict for finding in compare_run(folder, small_run)] == ["claimed", "proved"]
    CLAIMED[name][0](folder)
    (found,) = compare_run(folder, small_run)
    assert (found.subject, found.verdict) == ("training", "fails")


@pytest.mark.parametrize("name", ["a rival left out", "rivals made worse"])
def test_the_run_that_was_kept_shows_another_ranking(folder: Path, small_run: Path, name: str) -> None:
    CLAIMED[name][0](folder)
    found = {finding.subject: finding.verdict for finding in compare_run(folder, small_run)}
    assert found == {"training": "claimed", "ranking": "fails"}


def test_weights_of_another_run_are_not_those_that_a_run_holds(
    folder: Path, small_run: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(small_run, tmp_path / "run")
    shutil.rmtree(run / "checkpoints" / "epoch_0002")
    (found,) = compare_run(folder, run)
    assert (found.subject, found.verdict) == ("training", "fails")


def test_a_key_of_one_s_own_does_not_pass_for_the_project_s(folder: Path) -> None:
    signed(folder)
    bundle = json.loads((folder / "model.sig").read_text())
    (project,) = project_keys()
    bundle["verificationMaterial"]["publicKey"]["hint"] = project.fingerprint
    (folder / "model.sig").write_text(json.dumps(bundle))
    assert verify(folder, known=project_keys())[0].verdict == "fails"
