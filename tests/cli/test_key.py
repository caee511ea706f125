"""`fluxttice key` makes a pair that signs, and shows what its owner would read out."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fluxttice_core.certification.keys import (
    fingerprint,
    load_private_key,
    load_public_key,
    new_private_key,
    write_key_pair,
)
from tests.cli.commands import ran, refusal

PASSWORD = "correct horse"  # noqa: S105 - a password for a key that lives as long as a test
SET = {"FLUXTTICE_KEY_PASSWORD": PASSWORD}


def test_new_asks_twice_for_a_password_and_writes_a_pair(tmp_path: Path) -> None:
    private = tmp_path / "project.pem"
    result = ran("key", "new", private, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert PASSWORD not in result.output
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    key = load_private_key(private, PASSWORD)
    public = load_public_key(tmp_path / "project.pub")
    assert fingerprint(public) == fingerprint(key.public_key())
    assert fingerprint(public) in result.output


def test_new_takes_the_password_from_the_environment(tmp_path: Path) -> None:
    arguments = ["key", "new", str(tmp_path / "k"), "--public", str(tmp_path / "p")]
    ran(*arguments, env=SET)
    assert load_public_key(tmp_path / "p").curve.name == "secp256r1"


def test_new_refuses_short_passwords_and_existing_files(tmp_path: Path) -> None:
    private = tmp_path / "k"
    assert "has 5 characters" in refusal("key", "new", private, env={"FLUXTTICE_KEY_PASSWORD": "short"})
    assert not private.exists()
    private.write_text("in use")
    assert "exists" in refusal("key", "new", private, env=SET)
    assert private.read_text() == "in use"


def test_two_different_passwords_are_asked_again(tmp_path: Path) -> None:
    answers = f"{PASSWORD}\nanother password\n{PASSWORD}\n{PASSWORD}\n"
    ran("key", "new", tmp_path / "k", input=answers)
    load_private_key(tmp_path / "k", PASSWORD)


def test_show_prints_curve_fingerprint_and_key(tmp_path: Path) -> None:
    ran("key", "new", tmp_path / "k", env=SET)
    result = ran("key", "show", tmp_path / "k.pub")
    assert "secp256r1" in result.output
    assert fingerprint(load_public_key(tmp_path / "k.pub")) in result.output
    assert (tmp_path / "k.pub").read_text().strip() in result.output
    assert "public key" in refusal("key", "show", tmp_path / "k")


def test_help_does_not_load_what_it_does_not_need() -> None:
    heavy = "{'torch', 'cryptography', 'numpy'}"
    code = f"import sys, fluxttice_core.cli.key; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_an_empty_password_is_refused_and_not_asked_for_again(tmp_path: Path) -> None:
    assert "has 0 characters" in refusal("key", "new", tmp_path / "k", "--password", "", env=SET)


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_new_refuses_what_is_no_name_of_a_file(name: str) -> None:
    assert "is the name of a folder" in refusal("key", "new", name, env=SET)


@pytest.mark.parametrize("command", ["key new", "certify"])
def test_without_a_terminal_the_password_is_not_asked_for(
    small_run: Path, tmp_path: Path, command: str
) -> None:
    private = tmp_path / "key.pem"
    if command == "certify":
        write_key_pair(private, tmp_path / "key.pub", new_private_key(), PASSWORD)
        arguments = ["certify", str(small_run), "--key", str(private), "--out", str(tmp_path / "out")]
    else:
        arguments = ["key", "new", str(private)]
    result = subprocess.run(
        [sys.executable, "-m", "fluxttice_core.cli", *arguments],
        input=f"{PASSWORD}\n{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        env={**os.environ, "FLUXTTICE_KEY_PASSWORD": ""},
    )
    assert result.returncode == 2
    assert result.stderr.startswith("fluxttice: the password cannot be asked for without a terminal: ")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
