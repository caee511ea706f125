"""Every code of an error is one that something raises and that the page of codes explains."""

import ast
import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import fluxttice_core
from fluxttice_core import errors
from fluxttice_core.errors import ErrorCode, MissingExtra

ROOT = Path(__file__).parents[1]
CODES = list(get_args(ErrorCode))
KINDS = {
    "error",
    "super().__init__",
    *(name for name, kind in vars(errors).items() if isinstance(kind, type)),
}


def _raised() -> Iterator[object]:
    """The codes behind the sentences of errors, and the words of a choice between two."""
    for path in Path(fluxttice_core.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and len(call.args) == 2 and ast.unparse(call.func) in KINDS:
                yield from (node.value for node in ast.walk(call.args[1]) if isinstance(node, ast.Constant))


def test_every_code_is_raised() -> None:
    assert set(CODES) - set(_raised()) == set()


def test_every_code_is_explained_once() -> None:
    page = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == sorted(CODES)


def test_copies_and_other_processes_are_given_the_code() -> None:
    error = MissingExtra("it needs onnx", "missing_extra")
    other = copy.copy(error)
    assert (str(other), other.code) == ("it needs onnx", "missing_extra")
