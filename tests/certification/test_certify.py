"""Certificates: complete, the same bytes whenever they are made, and refused to what fails."""

import json
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.candidates import deposit_of, measure_candidates
from fluxttice_core.certification.certify import Certificate, certify
from fluxttice_core.certification.signature import verify_folder
from fluxttice_core.certification.verify import verify
from fluxttice_core.errors import CertificationError, CheckpointError, ErrorCode, StorageError
from fluxttice_core.evaluation import result_file
from fluxttice_core.evaluation.benchmark import measured
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import read_report, read_result
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.storage.canonical_json import json_digest
from fluxttice_core.storage.checkpoint import checkpoint_folder, list_checkpoints, read, write
from fluxttice_core.storage.model_file import read_stored
from fluxttice_core.storage.pretrained import load
from tests.conftest import coverage_drawing
from tests.refusals import refused

certificate = import_module("fluxttice_core.certification.certify")

Certify = Callable[..., Certificate]
FILES = {
    *("MODEL_CARD.md", "SHA256SUMS", "figures/coverage.svg", "model.safetensors", "report.json"),
    *("selection.json", "settings.json"),
}


def drawn(report: Report) -> dict[str, bytes]:
    return {"coverage.svg": coverage_drawing(report)}


@pytest.fixture
def certified(small_settings: MeasurementSettings) -> Certify:
    def run(source: Path, out: Path, **options: Any) -> Certificate:
        return certify(source, out, draw=drawn, settings=small_settings, **options)

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def run_with(folder: Path, change: Callable[[dict[str, Any]], None], source: Path) -> Path:
    """A run of one checkpoint, the second of another run, changed."""
    shutil.copytree(source, folder)
    found = read(checkpoint_folder(folder, 2))
    shutil.rmtree(folder / "checkpoints")
    filled = {"tensor_digest", "torch_version", "format_version", "kind"}
    record = {"tensors": found.model, **found.record.model_dump(exclude=filled)}
    change(record)
    write(checkpoint_folder(folder, record["epoch"]), record.pop("tensors"), None, record)
    return folder


def blur(record: dict[str, Any]) -> None:
    """Make codes say little, without changing what the most likely table is."""
    for name, tensor in record["tensors"].items():
        if name.startswith(("decoder_A.decoder.2", "decoder_B.fc_out")):
            tensor *= 0.3


def test_the_folder_is_complete_and_loads(small_run: Path, small_certificate: Path) -> None:
    assert set(contents(small_certificate)) == FILES
    chosen, model = read(checkpoint_folder(small_run, 2)), load(small_certificate)
    assert model.tensor_digest == chosen.record.tensor_digest
    assert model.settings == json.loads((small_run / "settings.json").read_text())
    result = read_result(small_certificate / "report.json")
    assert result["model"]["tensor_sha256"] == model.tensor_digest
    assert result["model"]["file_sha256"] == model.file_digest == chosen.files["model.safetensors"].sha256
    assert result["created"] is None
    assert result["cost"] is None


def test_made_again_elsewhere_it_is_the_same_bytes(
    small_run: Path,
    small_certificate: Path,
    certified: Certify,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: ec.EllipticCurvePrivateKey,
) -> None:
    # The commit may move while the tests run; it is part of what makes a certificate.
    tool = json.loads((small_certificate / "report.json").read_text())["tool"]
    monkeypatch.setattr(result_file, "tool_record", lambda: tool)
    monkeypatch.setattr(result_file, "timestamp", lambda: "1970-01-01T00:00:00Z")
    copied = shutil.copytree(small_run, tmp_path / "another name")
    seen: list[Any] = []
    assert certified(copied, tmp_path / "again", private_key=key, on_ranking=seen.extend).accepted
    assert [ranked.candidate.epoch for ranked in seen] == [2, 3, 1]
    made = contents(tmp_path / "again")
    del made["model.sig"]
    assert made == contents(small_certificate)
    assert verify_folder(tmp_path / "again", tmp_path / "again" / "model.sig", key.public_key()).files
    assert torch.get_num_threads() == 1


def test_a_model_that_fails_a_gate_is_refused_with_gate_and_figure(
    small_run: Path, certified: Certify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, out = run_with(tmp_path / "run", blur, small_run), tmp_path / "certified"
    allowed = certified(run, out, allow_uncertified=True)
    assert not allowed.accepted
    assert "\n# FAILED: small" in (out / "MODEL_CARD.md").read_text()
    assert {finding.subject for finding in verify(out) if finding.verdict == "fails"} == {"gates"}
    shutil.rmtree(out)
    monkeypatch.setattr(certificate, "measured", lambda *_, **__: allowed.report)
    with refused(CertificationError, "gate_failed", "generative_information is 0.", "asks >= 0.5") as refusal:
        certified(run, out)
    assert refusal.value.exit_code == 1
    assert not out.exists()


def test_a_run_without_an_exact_checkpoint_is_refused(
    small_run: Path, certified: Certify, tmp_path: Path
) -> None:
    run = shutil.copytree(small_run, tmp_path / "run")
    for epoch in (2, 3):
        shutil.rmtree(checkpoint_folder(run, epoch))
    with refused(CertificationError, "gate_failed", "nearest, epoch 1, is not admitted: half A loses"):
        certified(run, tmp_path / "out")
    with refused(CheckpointError, "untrained"):
        certified(run, tmp_path / "out", allow_uncertified=True)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_other_things_is_not_replaced(
    small_run: Path, certified: Certify, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with refused(StorageError, "already_exists", "thesis.tex"):
        certified(small_run, tmp_path)
    (tmp_path / "file").write_text("")
    with refused(StorageError, "not_a_folder", "no folder"):
        certified(small_run, tmp_path / "file")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with refused(StorageError, "not_a_folder"):
        certified(small_run, tmp_path / "link")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda out: (out / "figures" / "mine.png").write_text("a year of work"), "figures/mine.png"),
        (lambda out: (out / "figures" / "mine").symlink_to(out), "symbolic link"),
        (lambda out: (out / "SHA256SUMS").unlink(), "holds MODEL_CARD.md"),
        (lambda out: (out / "SHA256SUMS").write_text(f"{64 * '0'}  model.safetensors\n"), "MODEL_CARD"),
        (lambda out: (out / "notes.txt").write_text("a year of work"), "notes.txt"),
    ],
)
def test_what_no_list_of_sums_names_is_not_replaced(
    small_certificate: Path, certified: Certify, tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    out = shutil.copytree(small_certificate, tmp_path / "out")
    spoil(out)
    before = sorted(out.rglob("*"))
    with refused(StorageError, "already_exists", message):
        certified(small_certificate, out)
    assert sorted(out.rglob("*")) == before


def test_a_list_of_sums_does_not_make_a_certificate(
    small_certificate: Path, certified: Certify, tmp_path: Path
) -> None:
    (tmp_path / "disk.iso").write_text("")
    (tmp_path / "SHA256SUMS").write_text(f"{64 * '0'}  disk.iso\n")
    with refused(StorageError, "already_exists", "disk.iso"):
        certified(small_certificate, tmp_path)


def test_a_certificate_is_replaced_as_a_whole(
    small_certificate: Path, certified: Certify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = read_report(small_certificate / "report.json")
    monkeypatch.setattr(certificate, "measured", lambda *_, **__: report)
    out = shutil.copytree(small_certificate, tmp_path / "out")
    with (out / "SHA256SUMS").open("a") as sums:
        sums.write(f"{64 * '0'}  figures/old.svg\n")
    (out / "figures" / "old.svg").write_text("<svg/>")
    (out / "model.sig").write_text("{}")
    certified(small_certificate, out)
    assert set(contents(out)) == FILES
    ranking = json.loads((out / "selection.json").read_text())["ranking"]
    assert [entry["epoch"] for entry in ranking] == [2]


@pytest.mark.parametrize(
    ("spoil", "code", "message"),
    [
        (lambda run: (run / "settings.json").unlink(), "missing_record", "lacks the settings"),
        (lambda run: (run / "settings.json").write_text("{}"), "settings_mismatch", "other settings"),
    ],
)
def test_settings_that_are_missing_or_others_are_refused(
    small_run: Path, tmp_path: Path, spoil: Callable[[Path], None], code: ErrorCode, message: str
) -> None:
    run = shutil.copytree(small_run, tmp_path / "run")
    spoil(run)
    with refused(CertificationError, code, message):
        deposit_of(checkpoint_folder(run, 2))


def test_a_model_without_a_split_cannot_be_ranked(small_run: Path, tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", lambda record: record.update(split=None), small_run)
    models = [deposit_of(path).trained for path in list_checkpoints(run)]
    with refused(CertificationError, "missing_record", "does not record its split"):
        list(measure_candidates(models, draws=1024, seed=0))


def test_the_same_draws_rank_every_candidate(small_run: Path) -> None:
    models = [deposit_of(path).trained for path in list_checkpoints(small_run)]
    alone = list(measure_candidates(models[1:2], draws=1024, seed=0))
    labels: list[str] = []
    among = list(
        measure_candidates(models, draws=1024, seed=0, progress=lambda label, _: labels.append(label))
    )
    assert among[1] == alone[0]
    assert labels == ["ranking epoch 1", "ranking epoch 2", "ranking epoch 3"]
    assert among[1] != next(iter(measure_candidates(models[1:2], draws=1024, seed=1)))


def test_an_imported_model_says_what_is_unknown(original: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "old.pt"
    torch.save(original, path)
    deposit = deposit_of(path)
    assert deposit.imported
    imported = deposit.settings["imported"]
    assert imported["file"] == "old.pt"
    assert imported["unknown"] == ["settings", "seed", "split"]
    stored = read_stored(deposit.model, name="it")
    assert stored.record.split is None
    assert (stored.record.recipe, stored.record.seed, stored.record.steps) == (None, None, None)
    assert stored.record.settings_digest == json_digest(deposit.settings)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "model.safetensors").write_bytes(deposit.model)
    again = load(tmp_path / "folder")
    assert again.tensor_digest == deposit.trained.tensor_digest == load(path).tensor_digest
    assert again.split is None


def test_an_import_s_name_is_one_that_a_card_can_show(original: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "old`, which is perfect.pt"
    torch.save(original, path)
    with refused(CertificationError, "damaged_file", "cannot be imported under its name"):
        deposit_of(path)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_original_checkpoint_that_meets_the_gates_is_certified_as_imported(
    original: dict[str, Any], certified: Certify, tmp_path: Path
) -> None:
    from fluxttice_core.storage.pretrained import certified as shipped

    original["model"] = dict(shipped().model.state_dict())
    torch.save(original, tmp_path / "good.pt")
    imported = certified(tmp_path / "good.pt", tmp_path / "out")
    assert imported.accepted
    assert imported.ranking == ()
    assert {result.gate.quantity for result in imported.report.gates} == {
        *("trit_accuracy/mean/all", "table_accuracy/mean/all", "coverage/argmax/50000"),
        *("efficiency/argmax/50000", "generative_information"),
    }
    assert "**imported**" in (tmp_path / "out" / "MODEL_CARD.md").read_text()
    assert not (tmp_path / "out" / "selection.json").exists()
    assert not [finding for finding in verify(tmp_path / "out") if finding.verdict == "fails"]


def test_what_is_put_there_while_it_is_measured_is_kept(
    certified: Certify, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"

    def slow(*arguments: Any, **options: Any) -> Report:
        out.mkdir()
        (out / "notes.txt").write_text("my thesis")
        return measured(*arguments, **options)

    monkeypatch.setattr(certificate, "measured", slow)
    with refused(StorageError, "already_exists", "holds notes.txt"):
        certified(small_run, out)
    assert contents(tmp_path) == {"out/notes.txt": b"my thesis"}
