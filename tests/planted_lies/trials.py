"""Runs tests against copies of the package: `python trials.py REPOSITORY OPTIONS`, with trials on its input.

The trials are JSON, the options pytest's. Every trial is a child of one process that has already imported
what is slow to import. Prints for each trial the exit status of pytest, the number of tests that passed and
failed, and where the package came from.
"""

import gc
import importlib
import json
import os
import sys
import traceback
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

SLOW_TO_IMPORT = (
    "torch",
    "scipy.special",
    "scipy.stats",
    "pydantic",
    "hypothesis",
    "jaxtyping",
    "beartype",
    "jsonschema",
    "rich.console",
    "typer",
    "cryptography",
)
AT_ONCE = 2
OPTIONS = (
    *("-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:tests.watch"),
    *("-o", "addopts=--import-mode=importlib"),
)
"""Without type checks of every call, which cost most of the time, and without rewriting of assertions, which
would complain about plugins that are imported already."""


class Watcher:
    """Counts outcomes, errors of fixtures and of collection among the failures."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.failed += report.failed
        self.passed += report.passed and report.when == "call"


def run(trial: dict[str, Any], answer: Path) -> None:
    """Run one trial's tests against its copy and write what came of it."""
    import pytest

    sys.path.insert(0, trial["source"])
    watcher = Watcher()
    stop = ["--maxfail=1"] if trial["planted"] else []
    status = pytest.main([*OPTIONS, *sys.argv[2:], *stop, *trial["tests"]], [watcher])
    package = importlib.import_module("fluxttice_core")
    found = {
        "status": int(status),
        "passed": watcher.passed,
        "failed": watcher.failed,
        "package": str(Path(str(package.__file__)).parent.parent),
    }
    answer.write_text(json.dumps(found))


def start(trial: dict[str, Any], answer: Path) -> None:
    """Fork a child that runs one trial, its output in a file beside the answer."""
    if os.fork():
        return
    with answer.with_suffix(".log").open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            run(trial, answer)
        finally:
            if sys.exc_info()[0] is not None:
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)


def main() -> None:
    """Run all trials, a few at once."""
    os.chdir(sys.argv[1])
    trials = json.load(sys.stdin)
    for name in SLOW_TO_IMPORT:
        importlib.import_module(name)
    for plugin in entry_points(group="pytest11"):
        plugin.load()
    gc.freeze()  # else each child goes through all of this again, several times
    running = 0
    for trial in trials:
        if running == AT_ONCE:
            os.wait()
            running -= 1
        start(trial, Path(trial["answer"]))
        running += 1
    for _ in range(running):
        os.wait()


if __name__ == "__main__":
    main()
