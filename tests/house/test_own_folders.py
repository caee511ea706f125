"""Tests that write outside their own folders end in red, with the file's name; others are green."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PLUGINS = ("garbage", "own_folders", "type_checks", "watch", "intact")
BESIDE = """
import os, resource, subprocess, sys, tempfile
from pathlib import Path

HERE = Path(__file__).parent

def limit():
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))

def start(**how):
    command = [sys.executable, "-c", "import imported"]
    subprocess.run(command, cwd=HERE, preexec_fn=limit, check=True, **how)
"""
HARMLESS = """
def test_writes_into_every_place_that_is_its_own(tmp_path):
    Path("relative").touch()
    (Path.home() / ".settings").touch()
    (tmp_path / "result").touch()
    tempfile.mkstemp()
    start()
"""
HARMFUL = """
def test_makes_a_file():
    (HERE / "left").touch()

def test_makes_a_hidden_folder():
    (HERE / ".hypothesis").mkdir()
    (HERE / ".hypothesis" / "known").touch()

def test_changes_a_file():
    (HERE / "changed.py").write_text("")

def test_takes_a_file_away():
    (HERE / "taken.py").unlink()

def test_starts_a_command_that_leaves_half_a_cache():
    start(env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"})
"""


def run_of(tests: str, repository: Path, folder: Path) -> tuple[int, str]:
    """Run tests in a repository that is watched as this one is; the exit code and what was said."""
    (folder / "tests").mkdir(parents=True)
    for name in ("conftest.py", *(f"tests/{name}.py" for name in PLUGINS)):
        shutil.copy(repository / name, folder / name)
    (folder / "test_it.py").write_text(BESIDE + tests)
    for name in ("imported", "changed", "taken"):
        (folder / f"{name}.py").write_text("def f(x):\n    return x\n" * 20)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}", "test_it.py"],
        cwd=folder,
        env=environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stdout + finished.stderr


def test_tests_that_keep_to_their_own_folders_are_green(repository: Path, tmp_path: Path) -> None:
    code, text = run_of(HARMLESS, repository, tmp_path)
    assert code == 0, text
    assert "1 passed" in text


def test_what_others_write_is_found_though_they_pass(repository: Path, tmp_path: Path) -> None:
    code, text = run_of(HARMFUL, repository, tmp_path)
    assert "5 passed" in text
    assert code == 1
    section = text.partition("FILES CHANGED OUTSIDE")[2]
    assert [line.removeprefix(f"{tmp_path}/") for line in section.splitlines() if str(tmp_path) in line] == [
        ".hypothesis/known was made",
        f"__pycache__/imported.{sys.implementation.cache_tag}.pyc is a damaged cache of byte code",
        "changed.py was changed",
        "left was made",
        "taken.py was taken away",
    ]


def test_this_run_has_folders_of_its_own() -> None:
    assert sys.dont_write_bytecode
    assert os.environ["PYTHONDONTWRITEBYTECODE"] == "1"
    own = Path(tempfile.gettempdir()).parent
    for variable in (
        *("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "HYPOTHESIS_STORAGE_DIRECTORY"),
    ):
        assert Path(os.environ[variable]).parent == own
    assert own.name.startswith("fx-")
    assert "FORCE_COLOR" not in os.environ
