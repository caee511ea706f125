"""`fluxttice verify` says what holds, what fails and what was not checked, and exits with 1 on failure."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.keys import new_private_key, public_pem
from fluxttice_core.certification.signature import sign_folder
from tests.cli.commands import ran, refusal

LAZY = """
import sys
from fluxttice_core.cli.__main__ import main
sys.argv = ["fluxttice", "verify", sys.argv[1]]
try:
    main()
finally:
    print("loaded:", [name for name in ("torch", "scipy", "matplotlib") if name in sys.modules])
"""


@pytest.fixture
def folder(small_certificate: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small_certificate, tmp_path / "certified")


@pytest.fixture
def key(tmp_path: Path) -> ec.EllipticCurvePrivateKey:
    key = new_private_key()
    (tmp_path / "key.pub").write_bytes(public_pem(key.public_key()))
    return key


def test_a_sound_folder_passes_and_the_unchecked_is_never_called_valid(folder: Path) -> None:
    result = ran("verify", folder)
    assert result.output.splitlines()[-1] == (
        "what was checked holds; not checked: signature, figures, figures again"
    )
    assert "valid" not in result.output.replace("invalid", "")


def test_the_signature_counts_when_a_key_is_given(
    folder: Path, tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    arguments = ["verify", str(folder), "--public-key", str(tmp_path / "key.pub")]
    ran(*arguments, code=1)
    sign_folder(folder, key, folder / "model.sig")
    result = ran(*arguments)
    assert "holds       signature" in result.output
    (folder / "MODEL_CARD.md").write_text("# Perfect\n")
    result = ran(*arguments, code=1)
    assert result.output.splitlines()[-1].startswith("does not hold: signature, sums, card; not checked:")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "does not exist"),
        ("file", "is a file"),
        ("empty", "holds none of a certificate's files"),
        ("other", "holds none of a certificate's files"),
    ],
)
def test_what_is_no_certificate_is_bad_input_said_in_one_sentence(
    tmp_path: Path, kind: str, sentence: str
) -> None:
    path = tmp_path / kind
    if kind == "file":
        path.write_text("x")
    elif kind != "missing":
        path.mkdir()
    if kind == "other":
        (path / "notes.txt").write_text("x")
    result = ran("verify", path, code=2)
    assert sentence in " ".join(result.output.split())
    assert "holds       " not in result.output


def test_a_single_file_of_a_certificate_is_reported_on(folder: Path) -> None:
    (folder.parent / "alone").mkdir()
    (folder / "report.json").rename(folder.parent / "alone" / "report.json")
    result = ran("verify", folder.parent / "alone", code=1)
    assert "fails       sums" in result.output


def test_measuring_again_is_done_when_asked_for(folder: Path) -> None:
    result = ran("verify", folder, "--remeasure")
    assert "half B        measured again" in result.output
    assert result.output.splitlines()[-1].endswith("not checked: signature, figures, other figures")


def test_a_key_that_is_none_is_bad_input(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text("no key")
    assert "no public key" in refusal("verify", folder, "--public-key", tmp_path / "key.pub")


def test_the_shipped_model_holds_with_the_project_s_key() -> None:
    result = ran("verify")
    assert "holds       signature" in result.output


def test_nothing_heavy_is_loaded(folder: Path) -> None:
    arguments = [sys.executable, "-c", LAZY, str(folder)]
    finished = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stdout.splitlines()[-1] == "loaded: []"
