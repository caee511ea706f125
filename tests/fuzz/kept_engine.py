"""One engine for all inputs of a reader of samples, since opening one takes longer than reading a file.

Arrow files are converted by forks of one process that has imported what converts, for the same reason.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from fluxttice_core.audit import arrow_files, counted, rows
from fluxttice_core.audit.engine import MEMORY, Engine, engine
from tests.fuzz import bare_readers

_FORKS = """
import json, os, resource, sys
import pyarrow.parquet, pyarrow.ipc
from fluxttice_core.audit.arrow_files import convert
bound, bounds = resource.setrlimit, []
resource.setrlimit = lambda *limit: bounds or bounds.append(bound(*limit))
while line := sys.stdin.readline():
    if child := os.fork():
        if os.waitpid(child, 0)[1]:
            print("refused", flush=True)
        continue
    for left in reversed(range(100)):
        try:
            convert(*json.loads(line))
            print("read", flush=True)
        except Exception:
            print("refused", flush=True)
        if not left or not (line := sys.stdin.readline()):
            os._exit(0)
"""
"""A process whose forks convert what they are told of, each a hundred files if no damage ends it before.

The bound of memory is that of a fork's first file.
"""


@contextlib.contextmanager
def kept_converter() -> Iterator[None]:
    """Let Arrow files in the block be converted by forks of one process, which begins with the first."""
    running: list[subprocess.Popen[str]] = []

    def in_a_fork(path: str, target: str, memory: str) -> bool:
        if not running:
            command, pipe = [sys.executable, "-c", _FORKS], subprocess.PIPE
            running.append(
                subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
            )
        asked, told = running[0].stdin, running[0].stdout
        if asked is None or told is None:
            raise AssertionError("a process without pipes")
        print(json.dumps([path, target, memory]), file=asked, flush=True)
        return told.readline() == "read\n"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrow_files, "convert_apart", in_a_fork)
        try:
            yield
        finally:
            for process in running:
                process.communicate()


class _Kept(Engine):
    """An engine to which paths are told in the statement itself, where another sets a variable before."""

    def constant(self, value: Any) -> str:
        if isinstance(value, list) and all(str(one).startswith(str(self.folder)) for one in value):
            return f"[{', '.join(map(self.quoted, value))}]"
        return super().constant(value)


@contextlib.contextmanager
def kept_engine(readable: Sequence[Path]) -> Iterator[None]:
    """Let all counting in the block be done by one engine that may read these files, emptied after each.

    Every sixteenth input that made no table it is asked as well whether it still answers.
    """
    used = count()
    with engine(readable, threads=1) as running, kept_converter(), pytest.MonkeyPatch.context() as patch:

        @contextlib.contextmanager
        def kept(asked: Sequence[Path], memory: str = MEMORY) -> Iterator[Engine]:
            if not set(asked) <= set(readable):
                raise AssertionError(f"{asked} are not all among {readable}")
            one = _Kept(running.connection, running.folder, running.memory)
            try:
                yield one
            finally:
                if one.tables or next(used) % 16 == 0:
                    one.forget_tables()  # raises, as it should, where the engine broke down over an input
                for link in one.new_path().parent.iterdir():
                    link.unlink()

        for user in (counted, rows, bare_readers):
            patch.setattr(user, "engine", kept)
        yield
