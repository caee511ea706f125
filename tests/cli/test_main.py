"""Whatever the system refuses, a command ends with one sentence and exit code 2."""

import ctypes
import errno
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fluxttice_core.cli.main import OneSentence
from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage.pretrained import load
from tests.cli.commands import ran
from tests.refusals import refused

_VERSION, _OVERRIDE = 0x20080522, 0b110
"""Version 3 of Linux's capability sets; CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


@pytest.fixture
def held_to_permissions() -> Iterator[None]:
    """Root without the capabilities that let it pass over permissions; others have none."""
    libc, header, sets = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    effective = sets[0]
    sets[0] = effective & ~_OVERRIDE
    assert libc.capset(header, sets) == 0
    yield
    sets[0] = effective
    assert libc.capset(header, sets) == 0


@pytest.fixture
def sealed(small_run: Path, small_certificate: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may enter, and a run whose checkpoints nobody may list."""
    shutil.copytree(small_certificate, tmp_path / "sealed")
    shutil.copytree(small_run, tmp_path / "run")
    closed = (tmp_path / "sealed", tmp_path / "run" / "checkpoints")
    for folder in closed:
        folder.chmod(0)
    yield tmp_path
    for folder in closed:
        folder.chmod(0o755)


def ends_with_one_sentence(arguments: list[str | Path], about: str) -> None:
    result = ran(*arguments, code=2)
    *before, sentence = result.stderr.splitlines()
    assert sentence.startswith("fluxttice: ")
    assert about in sentence
    assert [line for line in before if not line.startswith("Training ")] == []


COMMANDS: dict[str, list[str]] = {
    "benchmark a file": ["benchmark", "--checkpoint", "sealed/model.safetensors"],
    "benchmark a folder": ["benchmark", "--checkpoint", "sealed"],
    "benchmark a run": ["benchmark", "--checkpoint", "run"],
    "verify": ["verify", "sealed/sub"],
    "certify": ["certify", "run"],
    "certify elsewhere": ["certify", "sealed/sub"],
    "export": ["export", "npz", "--checkpoint", "sealed/model.safetensors"],
    "train": ["train", "--recipe", "sealed/x.yaml"],
    "resume": ["train", "--resume", "run"],
    "resume elsewhere": ["train", "--resume", "sealed/sub"],
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("held_to_permissions")
def test_what_nobody_may_read_is_named(name: str, sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sealed)
    ends_with_one_sentence([*COMMANDS[name]], "(Permission denied)")


@pytest.mark.parametrize("name", ["sealed", "sealed/model.safetensors", "run"])
@pytest.mark.usefixtures("held_to_permissions")
def test_what_nobody_may_read_is_not_loaded(name: str, sealed: Path) -> None:
    with refused(CheckpointError, "unreadable_file", "cannot be", "(Permission denied)"):
        load(sealed / name)


@pytest.mark.usefixtures("held_to_permissions")
def test_a_certificate_is_not_written_where_nobody_may(small_run: Path, sealed: Path) -> None:
    ends_with_one_sentence(["certify", small_run, "--out", sealed / "sealed" / "out"], "Permission denied")


@pytest.mark.usefixtures("held_to_permissions")
def test_the_folder_is_sealed(sealed: Path) -> None:
    """The control: root does not pass over permissions, and the same command reads the folder once opened."""
    with pytest.raises(PermissionError):
        list((sealed / "sealed").iterdir())
    (sealed / "sealed").chmod(0o755)
    assert ran("verify", str(sealed / "sealed"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify"],
        ["certify"],
        ["benchmark", "--checkpoint"],
        ["export", "npz", "--checkpoint"],
        ["train", "--resume"],
        ["train", "--recipe"],
        ["train", "--out"],
    ],
)
def test_a_name_that_no_file_can_have_is_refused(arguments: list[str], empty_folder: Path) -> None:
    ends_with_one_sentence([*arguments, f"{300 * 'x'}.yaml"], "File name too long")
    assert list(empty_folder.iterdir()) == []


def failing(error: BaseException) -> typer.Typer:
    found = typer.Typer(cls=OneSentence)

    @found.command()
    def fail() -> None:
        raise error

    found.command("other")(lambda: None)
    return found


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EIO, "Input/output error"), "reading or writing failed (Input/output error)"),
        (OSError("odd"), "reading or writing failed (odd)"),
        (FileNotFoundError(errno.ENOENT, "Gone", "a\x1b[2Jb"), "a\\x1b[2Jb cannot be used (Gone)"),
    ],
)
def test_any_refusal_of_the_system_is_one_sentence(error: OSError, sentence: str) -> None:
    result = CliRunner().invoke(failing(error), ["fail"])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"fluxttice: {sentence}: ")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), typer.Abort()])
def test_an_interrupted_command_says_so(interruption: BaseException) -> None:
    result = CliRunner().invoke(failing(interruption), ["fail"])
    assert (result.exit_code, result.stderr) == (130, "fluxttice: stopped\n")


INTERRUPTED_WHILE_LOADING = """
import sys

class Interruption:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interruption())
from fluxttice_core.cli.__main__ import main
main()
"""


def test_an_interrupt_while_the_program_is_loaded_is_no_traceback() -> None:
    command = [sys.executable, "-c", INTERRUPTED_WHILE_LOADING]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (130, "fluxttice: stopped\n")


def test_output_that_nobody_reads_is_no_bad_input() -> None:
    result = CliRunner().invoke(failing(BrokenPipeError(errno.EPIPE, "Broken pipe")), ["fail"])
    assert (result.exit_code, result.stderr) == (1, "")


def test_a_mistake_in_the_program_is_not_hidden() -> None:
    assert isinstance(CliRunner().invoke(failing(KeyError("x")), ["fail"]).exception, KeyError)


@pytest.mark.parametrize("command", ["", "search", "serve", "key", "key new"])
def test_a_flag_has_no_type(command: str) -> None:
    shown = ran(*command.split(), "--help").stdout
    assert "<bool>" not in shown
    assert "--help" in shown
    assert "<int range>" in shown or command != "search"
