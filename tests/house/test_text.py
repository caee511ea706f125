"""What no tracked text may contain: notes to self, paths of one machine."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.conftest import Plant

# Written in pieces, so that this file does not contain what it looks for.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.\-:/}])/(work|root|home|tmp|Users|mnt|scratch)(/|\b)")
FOLDERS = ("src", "tests", "docs", "examples", "benchmarks", "paper", ".ci")
BINARY = {
    *(".safetensors", ".pt", ".npz", ".npy", ".png", ".pdf", ".onnx", ".parquet", ".woff2", ".ico", ".pub")
}


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Relative name and text of every file in the repository's own folders and at its root."""
    paths = [path for path in root.iterdir() if path.is_file()]
    for folder in FOLDERS:
        paths += (root / folder).rglob("*")
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in BINARY:
            yield str(path.relative_to(root)), path.read_text(encoding="utf-8")


def unfinished(root: Path) -> list[str]:
    return [f"{name}: {found.group()}" for name, text in texts(root) for found in UNFINISHED.finditer(text)]


def machine_paths(root: Path) -> list[str]:
    return [
        f"{name}: {found.group()}"
        for name, text in texts(root)
        if not name.startswith("tests/") and "third_party" not in name
        for found in MACHINE_PATH.finditer(text)
    ]


def test_nothing_is_left_unfinished(repository: Path) -> None:
    assert unfinished(repository) == []


def test_no_file_names_a_path_of_one_machine(repository: Path) -> None:
    assert machine_paths(repository) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [("src/p/m.py", "# TO" + "DO: later"), ("docs/a.md", "FIX" + "ME"), ("NOTES.md", "see X" + "XX here")],
)
def test_an_unfinished_note_is_found(plant: Plant, name: str, text: str) -> None:
    assert unfinished(plant({name: text}))


@pytest.mark.parametrize(
    "text", ['open("/tmp/x")', "see /work/shared", "/home/me/run", "PATH=/root/.local", "cache in /tmp."]
)
def test_a_machine_path_is_found(plant: Plant, text: str) -> None:
    assert machine_paths(plant({"src/p/m.py": text}))


@pytest.mark.parametrize(
    "text", ["src/work/x", "https://example.org/home/", "a/tmp", "runs/mine", "/usr/bin/env"]
)
def test_another_path_is_let_through(plant: Plant, text: str) -> None:
    assert machine_paths(plant({"src/p/m.py": text})) == []


def test_tests_may_name_any_path(plant: Plant) -> None:
    assert machine_paths(plant({"tests/test_a.py": "see /home/me"})) == []
