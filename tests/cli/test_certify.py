"""`fluxttice certify` shows its ranking, signs when given a key, and refuses with one sentence and code 1."""

import shutil
from importlib import import_module
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.keys import fingerprint, new_private_key, write_key_pair
from fluxttice_core.certification.signature import verify_folder
from fluxttice_core.storage.checkpoint import checkpoint_folder, read, write
from tests.cli.commands import ran

certificate = import_module("fluxttice_core.certification.certify")
pytestmark = pytest.mark.usefixtures("measured_before")

PASSWORD = "correct horse"  # noqa: S105 - a password for a key that lives as long as a test


@pytest.fixture
def key(tmp_path: Path) -> ec.EllipticCurvePrivateKey:
    key = new_private_key()
    write_key_pair(tmp_path / "key.pem", tmp_path / "key.pub", key, PASSWORD)
    return key


def test_it_ranks_certifies_and_signs(
    small_run: Path,
    tmp_path: Path,
    key: ec.EllipticCurvePrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLUXTTICE_KEY_PASSWORD", PASSWORD)
    out = tmp_path / "out"
    options = ["--out", str(out), "--key", str(tmp_path / "key.pem")]
    result = ran("certify", small_run, *options)
    assert "not admitted: half A loses held-out tables" in result.output
    assert f"certified in {out}" in result.output
    assert f"signed by {fingerprint(key.public_key())}" in result.output
    assert set(verify_folder(out, out / "model.sig", key.public_key()).files) >= {
        *("figures/coverage.svg", "figures/latents.svg", "figures/mass.svg", "figures/rate_distortion.svg"),
        *("MODEL_CARD.md", "SHA256SUMS"),
    }


def test_without_out_it_lies_in_the_run_and_a_second_time_replaces_it(
    small_run: Path, tmp_path: Path, undrawn: None
) -> None:
    run = shutil.copytree(small_run, tmp_path / "run")
    for _ in range(2):
        result = ran("certify", run)
        assert "not signed" in result.output
    assert (run / "certified" / "MODEL_CARD.md").is_file()


@pytest.mark.parametrize(("progress", "told"), [({"finished": False}, True), ({"finished": True}, False)])
def test_a_run_that_was_stopped_is_certified_and_that_is_said(
    small_run: Path, tmp_path: Path, undrawn: None, progress: dict[str, bool], told: bool
) -> None:
    run = shutil.copytree(small_run, tmp_path / "run")
    last = checkpoint_folder(run, 3)
    found = read(last)
    filled = {"tensor_digest", "torch_version", "format_version", "kind"}
    record = found.record.model_dump(exclude=filled) | {"progress": progress}
    write(last, found.model, None, record, replace=True)
    result = ran("certify", run)
    assert ("but to epoch 3: go on by `fluxttice train --resume" in result.output.replace("\n", " ")) is told


def test_a_wrong_password_is_told_before_anything_is_measured(
    small_run: Path,
    tmp_path: Path,
    key: ec.EllipticCurvePrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(certificate, "list_checkpoints", lambda _: pytest.fail("it measured"))
    options = ["--out", str(tmp_path / "out"), "--key", str(tmp_path / "key.pem")]
    result = ran("certify", small_run, *options, code=2, input="wrong password\n")
    assert "wrong password" in result.output.splitlines()[-1]
    assert "Traceback" not in result.output


def test_a_refusal_is_one_sentence_and_exit_code_1(small_run: Path, tmp_path: Path, undrawn: None) -> None:
    run = shutil.copytree(small_run, tmp_path / "run")
    for epoch in (2, 3):
        shutil.rmtree(checkpoint_folder(run, epoch))
    result = ran("certify", run, code=1)
    assert result.output.splitlines()[-1].startswith("fluxttice: ")
    assert "no checkpoint to certify" in result.output
    assert "--allow-uncertified" in result.output
    assert not (run / "certified").exists()
    result = ran("certify", run, "--allow-uncertified")


def test_a_run_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    result = ran("certify", tmp_path / "nothing", code=2)
    assert "no checkpoint at" in result.output
