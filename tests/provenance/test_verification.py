"""Verification: a sound folder holds, a spoiled one is told where, and nothing unchecked is called valid."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.provenance import checkpoint
from fluxttice_core.provenance.canonical import canonical_json, json_digest
from fluxttice_core.provenance.folder_listing import digest_beneath, list_files
from fluxttice_core.provenance.keys import fingerprint, hash_of, new_private_key
from fluxttice_core.provenance.remeasurement import remeasure
from fluxttice_core.provenance.signature import sign_folder
from fluxttice_core.provenance.statement import (
    Bundle,
    pre_authentication,
    write_bundle,
    write_statement,
)
from fluxttice_core.provenance.sums import folder_digests, sums_text
from fluxttice_core.provenance.verification import Finding, verify

CHECKS = ("signature", "sums", "report", "settings", "weights", "selection", "card", "gates", "figures")


@pytest.fixture
def folder(small_certificate: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small_certificate, tmp_path / "certified")


def reseal(folder: Path) -> None:
    """Make the sums fit, as whoever changes a folder on purpose would."""
    (folder / "SHA256SUMS").write_text(sums_text(folder_digests(folder)))


def edit(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    value = json.loads((folder / name).read_text())
    change(value)
    (folder / name).write_bytes(canonical_json(value) + b"\n")


def failures(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.subject for finding in findings if finding.verdict == "fails"}


def metric(report: Any, quantity: str, half: str = "a") -> Any:
    return next(m for m in report["metrics"] if (m["quantity"], m["half"]) == (quantity, half))


def test_a_sound_folder_holds_and_what_was_not_checked_is_said(folder: Path) -> None:
    findings = verify(folder)
    assert tuple(finding.subject for finding in findings) == CHECKS
    assert failures(findings) == set()
    unchecked = {finding.subject for finding in findings if finding.verdict == "not checked"}
    assert unchecked == {"signature", "figures"}


def test_a_signature_is_checked_with_the_key_alone(folder: Path, key: ec.EllipticCurvePrivateKey) -> None:
    assert failures(verify(folder, public_key=key.public_key())) == {"signature"}
    sign_folder(folder, key, folder / "model.sig")
    assert verify(folder, public_key=key.public_key())[0].verdict == "holds"
    assert verify(folder)[0].verdict == "not checked"
    assert failures(verify(folder, public_key=new_private_key().public_key())) == {"signature"}


def test_a_change_with_sums_corrected_breaks_the_signature(
    folder: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    sign_folder(folder, key, folder / "model.sig")
    (folder / "figures" / "coverage.svg").write_text("<svg><!-- better --></svg>")
    assert failures(verify(folder, public_key=key.public_key())) == {"signature", "sums"}
    reseal(folder)
    assert failures(verify(folder, public_key=key.public_key())) == {"signature"}


@pytest.mark.parametrize("name", ["figures/extra.svg", "notes.txt", ".hidden"])
def test_a_file_that_was_added_is_noticed(folder: Path, name: str) -> None:
    (folder / name).write_text("x")
    assert failures(verify(folder)) == {"sums"}


@pytest.mark.parametrize(
    "name",
    [
        *("modeling.py", "README.md", "checkpoint.json", "checkpoints/epoch_0002/model.safetensors"),
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
    assert found.verdict == "holds"
    assert found.detail.endswith(".git/\\x1b[2Jholds")


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        ("model.safetensors", {"sums", "settings", "weights", "selection"}),
        ("report.json", {"sums", "report", "weights", "card", "gates"}),
        ("settings.json", {"sums", "settings", "selection"}),
        ("selection.json", {"sums", "selection"}),
        ("MODEL_CARD.md", {"sums", "card"}),
        ("SHA256SUMS", {"sums"}),
        ("figures/coverage.svg", {"sums"}),
    ],
)
def test_a_missing_or_empty_file_fails_what_depends_on_it(
    folder: Path, name: str, subjects: set[str]
) -> None:
    (folder / name).write_bytes(b"")
    assert failures(verify(folder)) == subjects
    (folder / name).unlink()
    assert failures(verify(folder)) == subjects


def _cheat_settings(report: Any) -> None:
    report["settings"]["seed"] = 9


def _cheat_settings_and_digest(report: Any) -> None:
    report["settings"]["seed"] = 9
    report["settings_sha256"] = json_digest(report["settings"])


def _cheat_value(report: Any) -> None:
    metric(report, "generative_information")["value"] = 0.99


def _cheat_interval_too(report: Any) -> None:
    found = metric(report, "generative_information")
    found["value"] = 0.99
    found["interval"] |= {"estimate": 0.99, "lower": 0.98, "upper": 1.0}


def _cheat_gates(report: Any) -> None:
    for gate in report["gates"]:
        gate["gate"]["threshold"], gate["passed"] = 0.0, True
    metric(report, "generative_information")["value"] = 0.2
    metric(report, "generative_information")["interval"] |= {"lower": 0.1, "upper": 0.3}


def _drop_floor(report: Any) -> None:
    del metric(report, "nll")["floor"]


def _drop_ceiling(report: Any) -> None:
    del metric(report, "nll")["ceiling"]


def _drop_controls(report: Any) -> None:
    report["controls"] = []


def _other_weights(report: Any) -> None:
    report["model"]["tensor_sha256"] = "ab" * 32


def _other_epoch(report: Any) -> None:
    report["model"]["epoch"] = 7


@pytest.mark.parametrize(
    ("cheat", "subjects"),
    [
        (_cheat_settings, {"report", "weights", "card", "gates"}),
        (_cheat_settings_and_digest, {"card"}),
        (_cheat_value, {"report", "card", "gates"}),
        (_cheat_interval_too, {"card", "gates"}),
        (_cheat_gates, {"card", "gates"}),
        (_drop_floor, {"report", "weights", "card", "gates"}),
        (_drop_ceiling, {"report", "weights", "card", "gates"}),
        (_drop_controls, {"report", "weights", "card", "gates"}),
        (_other_weights, {"weights", "card"}),
        (_other_epoch, {"weights", "card"}),
    ],
)
def test_an_edited_report_is_noticed_even_with_sums_corrected(
    folder: Path, cheat: Callable[[Any], None], subjects: set[str]
) -> None:
    edit(folder, "report.json", cheat)
    reseal(folder)
    assert failures(verify(folder)) == subjects


def test_an_edited_ranking_is_noticed(folder: Path) -> None:
    def promote(record: Any) -> None:
        record["ranking"][1]["generative_information"] = {"a": 0.9, "b": 0.9}

    edit(folder, "selection.json", promote)
    reseal(folder)
    (found,) = [finding for finding in verify(folder) if finding.verdict == "fails"]
    assert found.subject == "selection"
    assert "ranks epoch 3 first" in found.detail
    edit(folder, "selection.json", lambda record: record.update(ranking=[{"epoch": "x"}]))
    assert "selection" in failures(verify(folder))


def test_settings_of_another_run_are_noticed(folder: Path) -> None:
    edit(folder, "settings.json", lambda settings: settings.update(seed=1))
    reseal(folder)
    assert failures(verify(folder)) == {"settings"}


def swap_weights(folder: Path) -> None:
    """Put other weights in, with every digest corrected that can be."""
    found = checkpoint.read_model(folder / "model.safetensors")
    record = found.record.model_dump()
    for own in ("tensor_digest", "torch_version", "format_version", "kind"):
        del record[own]
    generator = torch.Generator().manual_seed(0)
    tensors = {
        name: t + 0.2 * torch.randn(t.shape, generator=generator) if "decoder" in name else t
        for name, t in found.model.items()
    }
    written = checkpoint.write_model(folder / "model.safetensors", tensors, record)
    file_digest = folder_digests(folder)["model.safetensors"]

    def point(report: Any) -> None:
        report["model"] |= {"tensor_sha256": written.tensor_digest, "file_sha256": file_digest}

    before = json.loads((folder / "report.json").read_text())["model"]["tensor_sha256"]
    edit(folder, "report.json", point)
    for name in ("selection.json", "MODEL_CARD.md"):
        text = (folder / name).read_text().replace(before, written.tensor_digest)
        (folder / name).write_text(text)
    reseal(folder)


def test_measuring_again_finds_what_only_the_weights_can_tell(folder: Path) -> None:
    assert [finding.verdict for finding in remeasure(folder)] == ["holds"] * 3
    swap_weights(folder)
    assert failures(verify(folder)) == set()
    assert failures(remeasure(folder)) & {"half A", "half B"}


def test_the_weights_that_are_measured_again_are_the_verified_ones(folder: Path) -> None:
    good = checkpoint.read_model(folder / "model.safetensors")
    record = good.record.model_dump()
    for own in ("tensor_digest", "torch_version", "format_version", "kind"):
        del record[own]
    swap_weights(folder)
    checkpoint.write(folder / "checkpoints" / "epoch_0002", good.model, None, record)
    reseal(folder)
    assert failures(verify(folder)) == {"sums"}
    assert failures(remeasure(folder)) & {"half A", "half B"}


def test_weights_that_the_report_does_not_name_are_not_measured(folder: Path) -> None:
    edit(folder, "report.json", lambda report: report["model"].update(tensor_sha256="ab" * 32))
    (found,) = remeasure(folder)
    assert (found.subject, found.verdict) == ("consistency", "fails")
    assert "other weights" in found.detail


def test_measuring_again_finds_a_figure_that_was_improved_everywhere(folder: Path) -> None:
    def improve(report: Any) -> None:
        metric(report, "distortion", "b")["value"] += 0.5
        metric(report, "distortion", "b")["interval"] = {
            **metric(report, "distortion", "b")["interval"],
            "estimate": 0.503,
            "lower": 0.5,
            "upper": 0.51,
        }

    edit(folder, "report.json", improve)
    (found,) = [finding for finding in remeasure(folder) if finding.verdict == "fails"]
    assert found.subject == "half B"
    assert "distortion is" in found.detail


def test_measuring_again_finds_a_report_that_contradicts_itself(folder: Path) -> None:
    edit(folder, "report.json", lambda report: metric(report, "nll")["floor"].update(low=0.0))
    assert failures(remeasure(folder)) == {"consistency"}


def test_a_folder_that_is_not_there_fails_everything(tmp_path: Path) -> None:
    findings = verify(tmp_path / "missing")
    assert failures(findings) == set(CHECKS) - {"signature", "figures"}


def test_a_link_in_place_of_a_file_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "report.json").rename(tmp_path / "report.json")
    (folder / "report.json").symlink_to(tmp_path / "report.json")
    assert {"sums", "report", "gates"} <= failures(verify(folder))
