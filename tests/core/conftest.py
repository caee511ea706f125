"""Fresh interpreters that lack what the core does not need; these tests themselves run without torch, too."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Lacking = Callable[..., "subprocess.CompletedProcess[str]"]

_WITHOUT = """
import os, sys
for name in {modules!r}:
    sys.modules[name] = None
for name in {flags!r}:
    delattr(os, name)
"""
TRAINING = ("torch", "matplotlib", "pyarrow")
POSIX = ("fcntl", "resource", "pwd", "grp", "uvloop")
POSIX_FLAGS = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY")


@pytest.fixture
def lacking(tmp_path: Path) -> Lacking:
    """Run a program, by its text, in an interpreter that lacks modules and flags of the system."""

    def run(
        program: str, *arguments: str, modules: tuple[str, ...] = TRAINING, flags: tuple[str, ...] = ()
    ) -> "subprocess.CompletedProcess[str]":
        text = _WITHOUT.format(modules=modules, flags=flags) + program
        return subprocess.run(
            [sys.executable, "-c", text, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "200"},
        )

    return run


@pytest.fixture
def command(lacking: Lacking) -> Lacking:
    """Run `fluxttice` in such an interpreter."""

    def run(*arguments: str, **without: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
        return lacking("from fluxttice_core.cli.__main__ import main\nmain()", *arguments, **without)

    return run
