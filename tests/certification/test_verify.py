"""Verification: a sound folder holds, a spoiled one is told where, and nothing unchecked is called valid."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification import remeasurement_cost as effort
from fluxttice_core.certification.finding import Finding
from fluxttice_core.certification.keys import fingerprint, hash_of, new_private_key
from fluxttice_core.certification.model_card import model_card
from fluxttice_core.certification.openssf_format import (
    Bundle,
    pre_authentication,
    write_bundle,
    write_statement,
)
from fluxttice_core.certification.remeasure import remeasure
from fluxttice_core.certification.signature import sign_folder
from fluxttice_core.certification.verify import verify
from fluxttice_core.evaluation.control_scores import beside_controls
from fluxttice_core.evaluation.gates import apply_gates
from fluxttice_core.evaluation.law_checks import check_laws
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import report_coverage
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.storage import checkpoint
from fluxttice_core.storage.canonical_json import bytes_digest, canonical_json, json_digest
from fluxttice_core.storage.folder_digests import digest_beneath, folder_digests, list_files, sums_text
from fluxttice_core.storage.pretrained import TrainedModel
from fluxttice_core.storage.tensors import decode_tensors, encode_tensors, tensor_digest

remeasurement = import_module("fluxttice_core.certification.remeasure")
reading = import_module("fluxttice_core.certification.certified_folder")

COVERAGE: dict[str, Any] = {"half": "a", "draws": 50_000, "ceiling": 1.0, "ceiling_sd": 0.0, "argmax": 1.0}
COVERAGE |= {"categorical": None, "expectation": None}
UNREADABLE = {"report", "weights", "selection", "card", "gates"}
CHECKS = ("signature", "sums", "report", "settings", "weights", "selection", "card", "gates", "drawings")
CLAIMS = ("numbers", "controls", "training", "ranking", "machine", "sentences", "pictures")


_MEASURED: dict[tuple[str, MeasurementSettings], Report] = {}


@pytest.fixture(autouse=True)
def measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same weights are measured once by the same settings, whatever is said of them."""
    measure = remeasurement.measured

    def measured(trained: TrainedModel, settings: MeasurementSettings, progress: object) -> Report:
        key = trained.tensor_digest, settings
        if key not in _MEASURED:
            _MEASURED[key] = measure(trained, settings, progress)
        return _MEASURED[key]

    monkeypatch.setattr(remeasurement, "measured", measured)


@pytest.fixture
def folder(small_certificate: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small_certificate, tmp_path / "certified")


def reseal(folder: Path) -> None:
    """Make the sums fit, as whoever changes a folder on purpose would."""
    (folder / "SHA256SUMS").write_text(sums_text(folder_digests(folder)))


def edit(folder: Path, name: str, change: Callable[[Any], object]) -> None:
    """Change the content of a file, and make the sums fit."""
    value = json.loads((folder / name).read_text())
    change(value)
    (folder / name).write_bytes(canonical_json(value) + b"\n")
    reseal(folder)


def model_of(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """A folder's tensors, and the record that describes them, less what is filled in."""
    found = checkpoint.read_model(folder / "model.safetensors")
    filled = {"tensor_digest", "torch_version", "format_version", "kind"}
    return found.model, found.record.model_dump(exclude=filled)


def failures(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.subject for finding in findings if finding.verdict == "fails"}


def codes(findings: tuple[Finding, ...]) -> dict[str, str | None]:
    """The checks that fail, each with its code."""
    return {finding.subject: finding.code for finding in findings if finding.verdict == "fails"}


def details(folder: Path) -> dict[str, str]:
    """What each check that fails says."""
    return {finding.subject: finding.detail for finding in verify(folder) if finding.verdict == "fails"}


def metric(report: Any, quantity: str, half: str = "a") -> Any:
    return next(m for m in report["metrics"] if (m["quantity"], m["half"]) == (quantity, half))


def test_a_sound_folder_holds_and_what_was_not_checked_is_said(folder: Path) -> None:
    findings = verify(folder)
    assert tuple(finding.subject for finding in findings) == (*CHECKS, *CLAIMS)
    shown = {finding.subject for finding in findings if finding.verdict == "proved"}
    assert shown == set(CHECKS) - {"signature"}
    claimed = {finding.subject for finding in findings if finding.verdict == "claimed"}
    assert claimed == set(CLAIMS) - {"pictures"}


def test_a_signature_is_checked_with_the_key_alone(folder: Path, key: ec.EllipticCurvePrivateKey) -> None:
    assert failures(verify(folder, public_key=key.public_key())) == {"signature"}
    sign_folder(folder, key, folder / "model.sig")
    assert verify(folder, public_key=key.public_key())[0].verdict == "signed"
    assert verify(folder)[0].verdict == "not looked at"
    assert failures(verify(folder, public_key=new_private_key().public_key())) == {"signature"}


def test_a_change_with_sums_corrected_breaks_the_signature(
    folder: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    sign_folder(folder, key, folder / "model.sig")
    (folder / "figures" / "coverage.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    assert failures(verify(folder, public_key=key.public_key())) == {"signature", "sums"}
    reseal(folder)
    assert failures(verify(folder, public_key=key.public_key())) == {"signature"}


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        ("figures/extra.svg", {"sums"}),
        ("figures/mass.svg", {"sums", "card", "drawings"}),
        ("notes.txt", {"sums"}),
        (".hidden", {"sums"}),
    ],
)
def test_a_file_that_was_added_is_noticed(folder: Path, name: str, subjects: set[str]) -> None:
    (folder / name).write_text("x")
    assert failures(verify(folder)) == subjects


@pytest.mark.parametrize(
    "name",
    [
        *("modeling.py", "README.txt", "checkpoint.json", "checkpoints/epoch_0002/model.safetensors"),
        *("figures/deep/extra.svg", "figures/program.py", "figures/a](x).svg", "figures/A.svg"),
    ],
)
def test_a_name_that_no_certificate_has_fails_even_if_it_is_listed(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("x")
    reseal(folder)
    (found,) = [finding for finding in verify(folder) if finding.subject == "sums"]
    assert found.verdict == "fails"
    assert "no part of a certificate" in found.detail
    assert name in found.detail


def test_names_from_the_folder_cannot_steer_a_terminal(folder: Path, key: ec.EllipticCurvePrivateKey) -> None:
    files = {name: digest_beneath(folder, name) for name in list_files(folder)}
    payload = write_statement("it", files, [".git", "model.sig"])
    signature = key.sign(pre_authentication(payload), ec.ECDSA(hash_of(key.public_key())))
    bundle = Bundle(payload=payload, signature=signature, key_fingerprint=fingerprint(key.public_key()))
    (folder / "model.sig").write_bytes(write_bundle(bundle))
    (folder / ".git").mkdir()
    (folder / ".git" / "\x1b[2Jholds").write_text("")
    found = verify(folder, public_key=key.public_key())[0]
    assert found.verdict == "signed"
    assert found.detail.endswith(".git/\\x1b[2Jholds")


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        ("model.safetensors", {"sums", "settings", "weights", "selection"}),
        ("report.json", {"sums", "report", "weights", "selection", "card", "gates"}),
        ("settings.json", {"sums", "settings", "selection", "card"}),
        ("selection.json", {"sums", "selection"}),
        ("MODEL_CARD.md", {"sums", "card"}),
        ("SHA256SUMS", {"sums"}),
    ],
)
def test_a_missing_or_empty_file_fails_what_depends_on_it(
    folder: Path, name: str, subjects: set[str]
) -> None:
    (folder / name).write_bytes(b"")
    assert failures(verify(folder)) == subjects
    (folder / name).unlink()
    assert failures(verify(folder)) == subjects


def test_a_missing_figure_is_missed_by_the_card_that_shows_it(folder: Path) -> None:
    (folder / "figures" / "coverage.svg").write_bytes(b"")
    assert failures(verify(folder)) == {"sums", "drawings"}
    (folder / "figures" / "coverage.svg").unlink()
    assert failures(verify(folder)) == {"sums", "card"}


def _in(*path: str, value: Any) -> Callable[[Any], None]:
    """A change of one value in a report."""

    def change(report: Any) -> None:
        for name in path[:-1]:
            report = report[name]
        report[path[-1]] = value

    return change


def _cheat_settings_and_digest(report: Any) -> None:
    report["settings"]["seed"] = 9
    report["settings_sha256"] = json_digest(report["settings"])


def _cheat_interval_too(report: Any) -> None:
    found = metric(report, "generative_information")
    found["value"] = 0.99
    found["interval"] |= {"estimate": 0.99, "lower": 0.98, "upper": 1.0}


def _cheat_gates(report: Any) -> None:
    for gate in report["gates"]:
        gate["gate"]["threshold"], gate["passed"] = 0.0, True
    metric(report, "generative_information")["value"] = 0.2
    metric(report, "generative_information")["interval"] |= {"lower": 0.1, "upper": 0.3}


@pytest.mark.parametrize(
    ("cheat", "subjects"),
    [
        (_in("settings", "seed", value=9), UNREADABLE),
        (_cheat_settings_and_digest, {"report", "selection", "card"}),
        (lambda r: metric(r, "generative_information").update(value=0.99), {"report", "card", "gates"}),
        (_cheat_interval_too, {"card", "gates"}),
        (_cheat_gates, {"report", "card", "gates"}),
        (lambda r: metric(r, "nll").pop("floor"), UNREADABLE),
        (lambda r: metric(r, "nll").pop("ceiling"), UNREADABLE),
        (_in("controls", value=[]), UNREADABLE),
        (_in("model", "tensor_sha256", value="ab" * 32), {"weights", "card"}),
        (_in("model", "epoch", value=7), {"weights", "card"}),
    ],
)
def test_an_edited_report_is_noticed_even_with_sums_corrected(
    folder: Path, cheat: Callable[[Any], object], subjects: set[str]
) -> None:
    edit(folder, "report.json", cheat)
    assert failures(verify(folder)) == subjects


@pytest.mark.parametrize(
    ("path", "value", "subject", "message"),
    [
        (("title",), "certified by somebody, epoch 2, seed 0", "weights", "the title"),
        (("model", "parameters"), 10, "weights", "number of parameters"),
        (("model", "rho"), 0.9, "weights", "the rho"),
        (("rho",), 0.9, "report", "coupled/rho=0.9"),
        (("model", "architecture", "latent_dim"), 4, "weights", "the architecture"),
        (("model", "source"), "perfect", "weights", "the file"),
        (("sampler", "dimensions", "a"), 1, "weights", "the dimensions"),
        (("space", "base"), 2, "weights", "the space"),
        (("data", "entropy_nats"), 3.0, "weights", "the data"),
        (("data", "split", "train"), 3, "weights", "the split"),
        (("data", "split", "seed"), 7, "weights", "the split"),
        (("data", "split", "sha256"), "ab" * 32, "weights", "the split"),
        (("data", "split"), None, "report", "lacks"),
        (("sampler", "repeats"), [99], "report", "the sampler"),
        (("sampler", "prior"), "a better prior", "report", "the sampler"),
        (("coverage",), [COVERAGE], "report", "the table of coverage"),
        (("limitations",), ["It reaches 99.99 % of the space."], "report", "states the number 99.99"),
        (("warnings",), ["Told from all, with 0.9999 of G."], "report", "states the number 0.9999"),
        (("warnings",), [], "report", "it has 0 warnings"),
        (("metric_set",), 99, "report", "metric set 99 is newer than this program"),
        (("command",), "fluxttice prove", "report", "the command"),
        (("created",), "2026-01-01T00:00:00Z", "report", "the time and cost"),
        (("environment", "note"), "measured by an independent laboratory", "report", "other words"),
        (("tool", "version"), "9, audited", "report", "other words"),
        (("model", "epoch"), 2.0, "weights", "the epoch in report.json"),
        (("tool", "commit"), "0" * 40 + "\n", "report", "no complete result"),
        (("created",), "2026-01-01T00:00:00Z\n", "report", "no complete result"),
    ],
)
def test_what_the_header_and_the_settings_decide_is_compared(
    folder: Path, path: tuple[str, ...], value: Any, subject: str, message: str
) -> None:
    edit(folder, "report.json", _in(*path, value=value))
    write_card(folder)
    assert message in details(folder)[subject]


def test_the_last_digit_of_a_logarithm_is_the_c_library_s(folder: Path) -> None:
    def change(report: Any) -> None:
        before = report["data"]["entropy_nats"]
        report["data"]["entropy_nats"] = math.nextafter(before, 10)
        assert report["data"]["entropy_nats"] != before

    edit(folder, "report.json", change)
    assert "weights" not in failures(verify(folder))


@pytest.mark.parametrize("quantity", ["nll", "coupled/rho=0.1/rate", "table_accuracy/draw/train"])
def test_a_report_without_one_of_its_figures_is_not_complete(folder: Path, quantity: str) -> None:
    metrics = json.loads((folder / "report.json").read_text())["metrics"]
    edit(folder, "report.json", _in("metrics", value=[m for m in metrics if m["quantity"] != quantity]))
    write_card(folder)
    found = details(folder)
    assert set(found) == {"report"}
    assert f"lacks {quantity} of half" in found["report"]


def test_a_figure_that_is_there_twice_or_that_nobody_asked_for_is_noticed(folder: Path) -> None:
    edit(folder, "report.json", lambda report: report["metrics"].append(dict(metric(report, "nll"))))
    assert "holds nll of half a 2 times" in details(folder)["report"]
    edit(folder, "report.json", lambda report: report["metrics"][-1].update(quantity="praise"))
    assert "holds praise of half a 1 times" in details(folder)["report"]


def test_a_value_that_its_interval_is_not_around_is_noticed(folder: Path) -> None:
    edit(folder, "report.json", lambda r: metric(r, "nll")["interval"].update(estimate=1.0))
    assert "another value than its interval is around" in details(folder)["report"]


def test_integers_beyond_doubles_are_refused_in_a_sentence(folder: Path) -> None:
    text = (folder / "report.json").read_text()
    value = str(metric(json.loads(text), "nll")["value"])
    (folder / "report.json").write_text(text.replace(value, "1" + "0" * 400))
    reseal(folder)
    assert "more than 308 digits" in details(folder)["report"]


def import_it(folder: Path, *, split: bool = False, recipe: bool = False) -> None:
    """Call the folder's model imported from another program."""
    known = {"file": "old.pt", "sha256": "ab" * 32, "epoch": 2, "best_validation_loss": 0.5, "rho": 0.1}
    others = {"lambdas": [0.0] * 3, "phase": 1, "unknown": ["settings", "seed", "split"]}
    settings = {"imported": known | others}
    tensors, record = model_of(folder)
    record |= {"settings_digest": json_digest(settings), "seed": None, "steps": None}
    record |= ({} if split else {"split": None}) | ({} if recipe else {"recipe": None})
    model = checkpoint.encode_model(tensors, record)
    (folder / "model.safetensors").write_bytes(model)
    (folder / "settings.json").write_bytes(canonical_json(settings) + b"\n")
    (folder / "selection.json").unlink()

    def point(report: Any) -> None:
        name = "small" if recipe else "model.safetensors"
        report["title"] = f"{name}, epoch 2"
        report["model"] |= {"seed": None, "file_sha256": bytes_digest(model)}
        report["model"]["recipe"] = "small" if recipe else None

    edit(folder, "report.json", point)
    write_card(folder)


def test_an_imported_model_cannot_claim_results_on_held_out_rows(folder: Path) -> None:
    import_it(folder)
    found = details(folder)
    assert set(found) == {"weights"}
    assert "the split" in found["weights"]


@pytest.mark.parametrize("kept", ["split", "recipe"])
def test_a_model_is_imported_exactly_if_its_header_records_no_run(folder: Path, kept: str) -> None:
    import_it(folder, **{kept: True})
    assert "the header of the weights says otherwise" in details(folder)["settings"]


def test_an_imported_model_was_chosen_by_nothing(folder: Path) -> None:
    record = (folder / "selection.json").read_text()
    import_it(folder)
    (folder / "selection.json").write_text(record)
    assert "nothing was" in details(folder)["selection"]


SPOILT: dict[str, dict[str, Any]] = {
    "place": {"place": 77},
    "reason": {"reason": "exact; 0.999 more G than any other"},
    "nan": {"generative_information": {"a": "nan", "b": "nan"}},
    "true": {"held_out_tables": {"a": True, "b": 1.0}},
    "more than all": {"held_out_tables": {"a": 2.0, "b": 1.0}},
    "part of an epoch": {"epoch": 2.9},
    "a note": {"note": "best"},
}
"""Entries of the ranking, and below whole records, that the rule does not make."""


@pytest.mark.parametrize(
    "change",
    [
        *(pytest.param(lambda r, c=c: r["ranking"][0].update(c), id=name) for name, c in SPOILT.items()),
        *(_in("rule", value="G is at least 0.999"), _in("draws", value=1), _in("seed", value=99)),
        *(_in("ranking", value=[]), _in("note", value="best")),
    ],
)
def test_the_record_of_the_choice_is_the_one_that_the_rule_makes(
    folder: Path, change: Callable[[Any], object]
) -> None:
    edit(folder, "selection.json", change)
    found = details(folder)
    assert set(found) == {"selection"}
    assert found["selection"].startswith("selection.json is not ")


def test_the_chosen_checkpoint_s_accuracy_is_the_report_s(folder: Path) -> None:
    edit(folder, "report.json", lambda r: metric(r, "table_accuracy/mean/held_out").update(value=0.5))
    assert "another table_accuracy/mean/held_out" in details(folder)["selection"]


def test_an_edited_ranking_is_noticed(folder: Path) -> None:
    promoted = {"generative_information": {"a": 0.9, "b": 0.9}}
    edit(folder, "selection.json", lambda record: record["ranking"][1].update(promoted))
    found = details(folder)
    assert set(found) == {"selection"}
    assert "its ranking differs" in found["selection"]
    edit(folder, "selection.json", lambda record: record.update(ranking=[{"epoch": "x"}]))
    assert "selection" in failures(verify(folder))


def test_settings_of_another_run_are_noticed(folder: Path) -> None:
    edit(folder, "settings.json", lambda settings: settings.update(seed=1))
    assert failures(verify(folder)) == {"settings"}


ROW = "| generative information G `generative_information` |"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ROW, "| G of 0.9999 `generative_information` |"),
        (ROW, "| generative information G `nll` |"),
        ("argmax coverage, N = 50,000 `", "argmax coverage, N = 10 million, 10,000 `"),
        (" | 1.0000 | 1.0000 | met |", " | 1.0000 | 1.0000 | met twice |"),
        ("|  | A | B | perfect", "|  | B | A | perfect"),
        ("|---|---:|---:|---:|---:|\n| gen", "|---|---:|---:|---:|---:|---:|\n|---| 99 |\n| gen"),
        ("](figures/", "](https://example.org/"),
        ("\n## Limits", "\nSee www.example.org/figures.\n\n## Limits"),
        ("\n## Limits", "\nIt reaches \u2468 of ten.\n\n## Limits"),
        (ROW, f"word\n{ROW} 0.9999 | 0.9999 | 1.0000 | 0.19 |\n\n{ROW}"),
        (ROW, f"coverage\u2028| 99.99 |\n{ROW}"),
        (ROW, f"{ROW} best ever"),
        ("\n## Controls", "\n| G = 0.9999 | N = 50,000: 100.00 % |\n|---|---|\n\n## Controls"),
        ("\n## Controls", "\n<table><tr><td>G</td><td>0.9999</td></tr></table>\n\n## Controls"),
        ("\n## Controls", "\n- argmax coverage: 99.99 %\n\n## Controls"),
        ("A model is certified only", "Coverage is 99.99 %. A model is certified only"),
        ("name: argmax efficiency, N = 50,000, half A", "name: efficiency of 0.9999, half A"),
        ("        half: b\n", "        half: a\n"),
        ("license: apache-2.0", "license: mit\nbenchmark_score: 0.99999"),
        ("license: apache-2.0", "license: apache-2.0\nlicense: apache-2.0"),
        ("---\nlicense", "license"),
        ("license: apache-2.0", f"license: 0x{'9' * 4_000}"),
        ("\n", "\r\n"),
        (" ±", "<!-- -->±"),
    ],
)
def test_a_card_that_says_anything_else_is_noticed(folder: Path, old: str, new: str) -> None:
    text = (folder / "MODEL_CARD.md").read_text()
    assert old in text
    (folder / "MODEL_CARD.md").write_bytes(text.replace(old, new).encode())
    reseal(folder)
    found = details(folder)
    assert set(found) == {"card"}
    assert found["card"].startswith("MODEL_CARD.md")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.6, 0.7, 0.8])
def test_a_card_that_is_cut_short_is_noticed(folder: Path, share: float) -> None:
    text = (folder / "MODEL_CARD.md").read_text()
    (folder / "MODEL_CARD.md").write_text(text[: round(share * len(text))])
    assert "card" in details(folder)


def swap_weights(folder: Path) -> None:
    """Put other weights in, with every digest corrected that can be."""
    trained, record = model_of(folder)
    generator = torch.Generator().manual_seed(0)
    tensors = {
        name: t + 0.2 * torch.randn(t.shape, generator=generator).numpy() if "decoder" in name else t
        for name, t in trained.items()
    }
    (folder / "model.safetensors").write_bytes(checkpoint.encode_model(tensors, record))
    written = checkpoint.read_model(folder / "model.safetensors").record
    file_digest = folder_digests(folder)["model.safetensors"]

    digests = {"tensor_sha256": written.tensor_digest, "file_sha256": file_digest}
    before = json.loads((folder / "report.json").read_text())["model"]["tensor_sha256"]
    edit(folder, "report.json", lambda report: report["model"].update(digests))
    for name in ("selection.json", "MODEL_CARD.md"):
        text = (folder / name).read_text().replace(before, written.tensor_digest)
        (folder / name).write_text(text)
    reseal(folder)


def test_measuring_again_finds_what_only_the_weights_can_tell(folder: Path) -> None:
    assert [finding.verdict for finding in remeasure(folder)] == ["proved"] * 4
    swap_weights(folder)
    assert failures(verify(folder)) == set()
    assert "numbers" in failures(remeasure(folder))


def test_weights_whose_tables_rounding_decides_do_not_pass_by_that(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remeasurement, "undecided", lambda *_: (0.5, 0.5))
    found = remeasure(folder)
    assert failures(found) == {"numbers"}
    assert "rounding alone decides 50.00% of its tables" in found[1].detail


def test_the_weights_that_are_measured_again_are_the_verified_ones(folder: Path) -> None:
    tensors, record = model_of(folder)
    swap_weights(folder)
    checkpoint.write(folder / "checkpoints" / "epoch_0002", tensors, None, record)
    reseal(folder)
    assert failures(verify(folder)) == {"sums"}
    assert "numbers" in failures(remeasure(folder))


def test_weights_that_the_report_does_not_name_are_not_measured(folder: Path) -> None:
    edit(folder, "report.json", lambda report: report["model"].update(tensor_sha256="ab" * 32))
    (found,) = remeasure(folder)
    assert (found.subject, found.verdict) == ("consistency", "fails")
    assert "other weights" in found.detail


def forge(folder: Path, change: Callable[[Figure], Figure]) -> None:
    """Change figures, and make all follow that does: laws, floors, gates, coverage, card and sums."""
    result = json.loads((folder / "report.json").read_text())
    report = Report.from_plain(result)
    figures = [change(found.figure) for found in report.metrics]
    forged = replace(
        report,
        metrics=beside_controls(figures, report.controls),
        gates=apply_gates(figures),
        laws=check_laws(report.space, figures, report.series),
    )
    result |= {**forged.as_dict(), "coverage": report_coverage(forged)}
    (folder / "report.json").write_bytes(canonical_json(result) + b"\n")
    write_card(folder)


def write_card(folder: Path) -> None:
    """Write the card of the folder's report, and make the sums fit."""
    result, settings = (json.loads((folder / name).read_text()) for name in ("report.json", "settings.json"))
    figures = sorted(figure.name for figure in (folder / "figures").iterdir())
    (folder / "MODEL_CARD.md").write_text(model_card(result, settings, figures))
    reseal(folder)


def test_figures_that_were_forged_unchanged_hold(folder: Path) -> None:
    """The control of the next ones."""
    forge(folder, lambda figure: figure)
    assert failures(verify(folder)) == set()
    assert failures(remeasure(folder)) == set()


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0.99, 0.05, "generative_information is "),
        (0.99, 0.2, "generative_information is "),
        (None, 0.2, "the interval of generative_information is "),
    ],
)
def test_a_better_figure_does_not_pass_by_a_wider_interval(
    folder: Path, value: float | None, error: float, message: str
) -> None:
    def improve(figure: Figure) -> Figure:
        """At another value, with another error and the interval that follows from it."""
        if (figure.quantity, figure.half) != ("generative_information", "b"):
            return figure
        again = figure.value if value is None else value
        interval = Estimate(again, error, figure.dof).interval()
        return replace(figure, value=again, error=error, interval=interval)

    forge(folder, improve)
    assert failures(verify(folder)) == set()
    (found,) = [finding for finding in remeasure(folder) if finding.verdict == "fails"]
    assert found.subject == "numbers"
    assert message in found.detail


@pytest.mark.parametrize(
    ("quantity", "field", "value"),
    [
        ("generative_information", "ceiling", 0.9),
        ("rate", "ceiling", 7.0),
        ("rate", "unit", "fraction"),
        ("nll", "direction", "higher"),
        ("entropy", "seed", 9),
        ("distortion", "draws", 99),
        ("conditional_entropy", "estimator", "exact"),
        ("table_accuracy/mean/held_out", "rule", "categorical"),
        ("table_accuracy/mean/held_out", "rule", None),
        ("kl_from_uniform", "name", "<b>certified</b>"),
        ("marginal_kl", "ceiling_sd", 0.1),
        ("efficiency/argmax/50000", "ceiling_sd", 0.3),
    ],
)
def test_what_stands_beside_a_figure_is_checked_without_measuring(
    folder: Path, quantity: str, field: str, value: object
) -> None:
    edit(folder, "report.json", lambda report: metric(report, quantity).update({field: value}))
    what = {"draws": "", "rule": "decode rule"}.get(field, "")
    assert f"the {what}" in details(folder)["report"]
    assert failures(remeasure(folder)) == {"consistency"}


def test_the_method_of_an_interval_is_its_own(folder: Path) -> None:
    edit(folder, "report.json", lambda report: metric(report, "nll")["interval"].update(method="by hand"))
    (found,) = remeasure(folder)
    assert "the interval of nll does not follow" in found.detail


def test_a_file_that_claims_terabytes_is_not_read(folder: Path, key: ec.EllipticCurvePrivateKey) -> None:
    sign_folder(folder, key, folder / "model.sig")
    for name in ("model.safetensors", "figures/more.svg"):
        with (folder / name).open("ab") as file:
            file.truncate(1 << 42)
        assert "more than the 536,870,912" in details(folder)["sums"]
        (signature, *_) = verify(folder, public_key=key.public_key())
        assert "more than the 536,870,912" in signature.detail
        with (folder / name).open("ab") as file:
            file.truncate(10)


def test_an_empty_folder_is_noticed(folder: Path) -> None:
    (folder / "checkpoints").mkdir()
    assert "checkpoints is an empty folder" in details(folder)["sums"]


def test_a_damaged_report_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "report.json").write_text("[" + "{}," * 20_000 + "{}]")
    read: list[int] = []

    def fault(value: Any) -> str:
        read.append(len(value))
        return "it is a list"

    monkeypatch.setattr(reading, "schema_fault", fault)
    assert {"report", "weights", "selection", "card", "gates"} <= failures(verify(folder))
    assert read == [20_001]


def test_a_report_of_too_many_parts_is_refused(folder: Path) -> None:
    (folder / "report.json").write_text("[" + "{}," * 600_000 + "{}]")
    assert "more than 500,000 lists and objects" in details(folder)["report"]


def with_tensors(folder: Path, change: Callable[[dict[str, np.ndarray]], object]) -> str:
    """What `weights` says when other tensors are stored under a header and a report that fit them."""
    path = folder / "model.safetensors"
    tensors, metadata = decode_tensors(path.read_bytes(), name="it")
    change(tensors)
    record = json.loads(metadata) | {"tensor_digest": tensor_digest(tensors)}
    path.write_bytes(encode_tensors(tensors, canonical_json(record).decode()))
    digests = {"tensor_sha256": tensor_digest(tensors), "file_sha256": bytes_digest(path.read_bytes())}
    edit(folder, "report.json", lambda report: report["model"].update(digests))
    return details(folder).get("weights", "")


def test_weights_that_no_network_takes_fail(folder: Path) -> None:
    name = "decoder_B.fc_out.bias"
    assert with_tensors(folder, dict) == ""
    assert "not finite" in with_tensors(folder, lambda t: t.update({name: t[name] * np.nan}))
    assert "float32" in with_tensors(folder, lambda t: t.update({name: t[name].astype(np.float64)}))
    assert "one too many" in with_tensors(folder, lambda t: t.update(more=np.zeros(2, np.float32)))
    assert "is missing" in with_tensors(folder, lambda t: (t.pop("more"), t.pop(name)))


def test_a_report_that_asks_for_repeats_that_it_does_not_have_is_not_measured_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(report: Any) -> None:
        report["settings"] |= {"repeats": 1_000}
        report["settings_sha256"] = json_digest(report["settings"])
        report["sampler"]["repeats"] = [1_000]

    edit(folder, "report.json", ask)
    monkeypatch.setattr(remeasurement, "measured", lambda *_: pytest.fail("it was measured"))
    (found,) = remeasure(folder)
    assert (found.subject, found.verdict) == ("consistency", "fails")
    assert "and its settings ask for 1000" in found.detail


def test_a_report_that_asks_for_too_much_work_is_not_measured_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "AT_MOST", 1e-9)
    monkeypatch.setattr(remeasurement, "measured", lambda *_: pytest.fail("it was measured"))
    found = remeasure(folder)
    assert [finding.verdict for finding in found] == ["proved", "fails"]
    assert "times the usual work" in found[1].detail


def test_measuring_again_finds_a_report_that_contradicts_itself(folder: Path) -> None:
    edit(folder, "report.json", lambda report: metric(report, "nll")["floor"].update(low=0.0))
    assert failures(remeasure(folder)) == {"consistency"}


def test_a_folder_that_is_not_there_fails_everything(tmp_path: Path) -> None:
    findings = verify(tmp_path / "missing")
    assert failures(findings) == set(CHECKS) - {"signature"}


def test_a_link_in_place_of_a_file_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "report.json").rename(tmp_path / "report.json")
    (folder / "report.json").symlink_to(tmp_path / "report.json")
    assert {"sums", "report", "gates"} <= failures(verify(folder))
