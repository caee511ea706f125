"""`fluxttice verify` says what holds, what fails and what was not checked, and exits with 1 on failure."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.certification.keys import fingerprint, new_private_key, public_pem
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


def columns(output: str) -> dict[str, list[str]]:
    """The subjects under each heading."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in output.splitlines():
        if line and line[0].isupper():
            heading = line.partition(":")[0]
            found[heading] = []
        elif line.startswith("  ") and line[2] != " ":
            found[heading].append(line[2:].split()[0])
    return found


def test_a_sound_folder_passes_and_every_item_stands_in_one_column(folder: Path) -> None:
    result = ran("verify", folder)
    assert columns(result.output) == {
        "PROVED BY YOUR MACHINE": [
            *("sums", "report", "settings", "weights", "selection", "card", "gates", "drawings"),
        ],
        "SOMEBODY'S WORD": ["numbers", "controls", "training", "ranking", "machine", "sentences"],
        "NOT LOOKED AT": ["signature", "pictures"],
    }
    assert result.output.splitlines()[-1] == (
        "nothing that was looked at fails; 8 things are not proved, among them how the model scores; "
        "no key that is known here signed it"
    )
    assert "valid" not in result.output.replace("invalid", "")
    assert max(map(len, result.output.splitlines()[:-1])) < 80


def test_the_last_line_says_whether_the_key_is_known(folder: Path, tmp_path: Path) -> None:
    key = new_private_key()
    sign_folder(folder, key, folder / "model.sig")
    (tmp_path / "own.pub").write_bytes(public_pem(key.public_key()))
    stranger = ran("verify", folder, "--public-key", tmp_path / "own.pub").output.splitlines()[-1]
    assert stranger.endswith("among them how the model scores; no key that is known here signed it")
    assert ran("verify").output.splitlines()[-1].endswith("among them how the model scores")


def test_an_unsigned_folder_fails_where_a_signature_is_asked_for(folder: Path, tmp_path: Path) -> None:
    result = ran("verify", folder, "--require-signature", code=1)
    assert columns(result.output)["DOES NOT HOLD"] == ["signature"]
    key = new_private_key()
    sign_folder(folder, key, folder / "model.sig")
    assert "it names the key" in ran("verify", folder, "--require-signature", code=1).output
    trusted = tmp_path / "trusted"
    trusted.write_bytes(b"# Alice, of the laboratory\n" + public_pem(key.public_key()))
    result = ran("verify", folder, "--require-signature", "--trusted-keys", trusted)
    assert "(known as Alice, of the laboratory)" in " ".join(result.output.split())
    assert "signature" in columns(result.output)["SIGNED"]


def test_json_holds_what_is_shown(folder: Path, tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    sign_folder(folder, key, folder / "model.sig")
    found = json.loads(ran("verify", folder, "--public-key", tmp_path / "key.pub", "--json").output)
    verdicts = {one["subject"]: one["verdict"] for one in found["findings"]}
    assert found["fails"] == []
    assert (verdicts["card"], verdicts["numbers"], verdicts["pictures"]) == (
        "proved",
        "claimed",
        "not looked at",
    )
    (signature, *_) = found["findings"]
    assert (signature["verdict"], signature["known_as"]) == ("signed", None)
    assert signature["signer"] == fingerprint(key.public_key())
    (folder / "report.json").unlink()
    assert "card" in json.loads(ran("verify", folder, "--json", code=1).output)["fails"]


def test_the_signature_counts_when_a_key_is_given(
    folder: Path, tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    arguments = ["verify", str(folder), "--public-key", str(tmp_path / "key.pub")]
    ran(*arguments, code=1)
    sign_folder(folder, key, folder / "model.sig")
    result = ran(*arguments)
    assert columns(result.output)["SIGNED"] == ["signature"]
    assert "UNKNOWN here" in result.output
    (folder / "MODEL_CARD.md").write_text("# Perfect\n")
    result = ran(*arguments, code=1)
    assert result.output.splitlines()[-1].startswith("does not hold: signature, sums, card")


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
    assert "PROVED" not in result.output


def test_a_single_file_of_a_certificate_is_reported_on(folder: Path) -> None:
    (folder.parent / "alone").mkdir()
    (folder / "report.json").rename(folder.parent / "alone" / "report.json")
    result = ran("verify", folder.parent / "alone", code=1)
    assert "sums" in columns(result.output)["DOES NOT HOLD"]


def test_measuring_again_is_done_when_asked_for(folder: Path) -> None:
    result = ran("verify", folder, "--remeasure")
    found = columns(result.output)
    assert {"consistency", "numbers", "controls", "pictures"} <= set(found["PROVED BY YOUR MACHINE"])
    assert found["SOMEBODY'S WORD"] == ["training", "ranking", "machine", "sentences"]


def test_a_key_that_is_none_is_bad_input(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text("no key")
    assert "no public key" in refusal("verify", folder, "--public-key", tmp_path / "key.pub")


def test_the_shipped_model_holds_with_the_project_s_key() -> None:
    result = ran("verify")
    assert columns(result.output)["SIGNED"] == ["signature"]
    assert "known as fluxttice, the project" in result.output


def test_nothing_heavy_is_loaded(folder: Path) -> None:
    arguments = [sys.executable, "-c", LAZY, str(folder)]
    finished = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stdout.splitlines()[-1] == "loaded: []"
