"""What the fault tests share: a process that can be killed quickly, a small disk, and a count of faults."""

import contextlib
import ctypes
import errno
import math
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from docs.robustness import record_faults
from fluxttice_core.cli.main import app

_DROP_FROM_BOUNDING_SET, _OVERRIDE_PERMISSIONS = 24, 1
"""PR_CAPBSET_DROP and CAP_DAC_OVERRIDE of Linux."""

FAULTS: Counter[tuple[str, str]] = Counter()
"""How often each fault was injected, and what became of it."""

Kill = Callable[..., bool]
Finish = Callable[..., float]
Command = Callable[..., tuple[int, str]]
Together = Callable[[list[list[str]]], list[tuple[int, str]]]
Count = Callable[..., None]


def is_one_sentence(text: str) -> bool:
    """Whether a command ended with its sentence, and without a traceback."""
    return "Traceback" not in text and text.splitlines()[-1].startswith("fluxttice: ")


def stop_after(epoch: int) -> Callable[[object], None]:
    """Interrupts a training after an epoch."""

    def watch(record: object) -> None:
        if getattr(record, "epoch", None) == epoch:
            raise KeyboardInterrupt

    return watch


@pytest.fixture
def count() -> Count:
    """Note what became of a fault, for the summary at the end."""

    def note(fault: str, *, lost: bool = False) -> None:
        FAULTS[fault, "lost" if lost else "injected"] += 1

    return note


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-faults", action="store_true", help="keep the counts in docs/results/faults.json"
    )


def attacks(stats: dict[str, list[Any]]) -> dict[str, tuple[int, int]]:
    """The attacks that were made, by what was attacked: how many, and how many of them got through."""
    found: dict[str, tuple[int, int]] = {}
    for outcome in ("passed", "failed", "error"):
        for test in stats.get(outcome, []):
            path = Path(test.nodeid.partition("::")[0])
            if path.parent.name == "attacks":
                name = f"attack by {path.stem.removeprefix('test_')}"
                made, through = found.get(name, (0, 0))
                found[name] = (made + 1, through + (outcome != "passed"))
    return found


def injected(faults: Counter[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """How often each fault was injected, and how often something was lost or missed."""
    return {
        fault: (faults[fault, "injected"] + faults[fault, "lost"], faults[fault, "lost"])
        for fault in sorted({fault for fault, _ in faults})
    }


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    counted = {**injected(FAULTS), **attacks(terminalreporter.stats)}
    for fault, (times, lost) in counted.items():
        terminalreporter.write_line(f"faults: {fault}: {times} injected, {lost} lost or missed")
    # Not an option where this folder is collected with others, since pytest has read its options by then.
    if config.getoption("--record-faults", default=False):
        record_faults(counted)


@pytest.fixture(scope="session")
def server() -> ForkServerContext:
    """Processes that start with everything loaded, so that a kill strikes the work and not the imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            *("fluxttice_core.certification.certify", "fluxttice_core.certification.verify"),
            *("fluxttice_core.storage.export", "fluxttice_core.evaluation.plots", "fluxttice_core.cli.main"),
            "pytest",
        ]
    )
    first = context.Process(target=os.getpid)
    first.start()
    first.join()
    return context


@pytest.fixture
def finish(server: ForkServerContext) -> Finish:
    """Run a function in another process to its end; the seconds that it took."""

    def run(function: Callable[..., Any], *args: Any, **keywords: Any) -> float:
        started = time.perf_counter()
        process = server.Process(target=function, args=args, kwargs=keywords)
        process.start()
        process.join()
        assert process.exitcode == 0
        return time.perf_counter() - started

    return run


@pytest.fixture
def kill(server: ForkServerContext) -> Kill:
    """Run a function in another process and kill it after a delay; whether it was still at work."""

    def strike(delay: float, function: Callable[..., Any], *args: Any, **keywords: Any) -> bool:
        process = server.Process(target=function, args=args, kwargs=keywords)
        process.start()
        process.join(delay)
        process.kill()
        process.join()
        return process.exitcode == -signal.SIGKILL

    return strike


def run_command(arguments: list[str], said: Path) -> None:
    """Run `fluxttice` in this process to its end, what it says kept in a file."""
    with said.open("w") as file, contextlib.redirect_stderr(file), contextlib.redirect_stdout(file):
        app(arguments)


@pytest.fixture
def together(server: ForkServerContext, tmp_path: Path) -> Together:
    """Run several commands at the same time; the exit code of each, and what it said."""

    def run(commands: list[list[str]]) -> list[tuple[int, str]]:
        said = [tmp_path / f"said-{number}" for number in range(len(commands))]
        pairs = zip(commands, said, strict=True)
        processes = [server.Process(target=run_command, args=pair) for pair in pairs]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        texts = [path.read_text() for path in said]
        return [(process.exitcode or 0, text) for process, text in zip(processes, texts, strict=True)]

    return run


class SmallDisk:
    """A disk that can be filled: a tmpfs if one may be mounted, else a folder whose files will not flush."""

    def __init__(self, folder: Path, *, mount: bool, size: int = 32 << 20) -> None:
        self.folder = folder
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        self.mounted = mount and subprocess.run(command, capture_output=True, check=False).returncode == 0
        self._most = math.inf

    def fill(self, room: int) -> None:
        """Leave so many bytes free."""
        self.empty()
        self._most = self._used() + room
        if self.mounted:
            free = shutil.disk_usage(self.folder).free
            (self.folder / "filler").write_bytes(bytes(max(0, free - room)))

    def empty(self) -> None:
        """Take away what fills the disk."""
        (self.folder / "filler").unlink(missing_ok=True)
        self._most = math.inf

    def flush(self, _descriptor: int) -> None:
        """Stands in for `os.fsync` where nothing can be mounted."""
        if self._used() > self._most:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _used(self) -> int:
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture(params=["tmpfs if it may be mounted", "files that will not flush"])
def disk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallDisk]:
    found = SmallDisk(tmp_path / "disk", mount="tmpfs" in request.param)
    if not found.mounted:
        monkeypatch.setattr(os, "fsync", found.flush)
    yield found
    if found.mounted:
        subprocess.run(["umount", str(found.folder)], check=True)


@pytest.fixture
def command() -> Command:
    """Run `fluxttice` as a user does, who is no root and whose files may be limited in size."""

    def run(*arguments: str | Path, limit: int | None = None) -> tuple[int, str]:
        def prepare() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            if os.geteuid() == 0:
                # Without this capability, root is held to permissions as any owner is.
                ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _OVERRIDE_PERMISSIONS, 0, 0, 0)

        finished = subprocess.run(
            [sys.executable, "-m", "fluxttice_core.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=prepare,
        )
        return finished.returncode, finished.stderr

    return run
