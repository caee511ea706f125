"""Start pytest in some surroundings, several copies at once, and say what was red."""

import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.portable.surroundings import Surroundings, pytest_in
from tests.portable.workplace import Workplace

PLANTED = Path(__file__).parent / "planted"
LONGEST = 1200
"""Seconds after which a run is given up."""


@dataclass(frozen=True)
class Outcome:
    """What became of the tests of one process.

    Args:
        passed: How many were green.
        red: Names of those that failed or were skipped, or what kept them all from running.
        seconds: How long it took.
        log: What was printed.
    """

    passed: int
    red: tuple[str, ...]
    seconds: float
    log: str


@dataclass(frozen=True)
class Started:
    """A process that runs tests, and the files that it writes."""

    process: subprocess.Popen[bytes]
    report: Path
    log: Path

    def stop(self) -> None:
        """End it with whatever it has started, unless it has ended."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def together(starts: Sequence[tuple[Surroundings, Sequence[str]]], workplace: Workplace) -> list[Outcome]:
    """Run pytest with some arguments in each of some surroundings, all at the same time."""
    begun = time.monotonic()
    running: list[Started] = []
    try:
        running += [_started(*start, workplace) for start in starts]
        return [_ended(started, begun) for started in running]
    finally:
        for started in running:
            started.stop()


def _started(surroundings: Surroundings, arguments: Sequence[str], workplace: Workplace) -> Started:
    report = workplace.new_report()
    log = report.with_suffix(".log")
    # Into a file, so that a run can be watched.
    with log.open("wb") as printed:
        process = subprocess.Popen(
            [*pytest_in(surroundings), f"--junitxml={report}", *arguments],
            cwd=surroundings.folder,
            env={**surroundings.variables, **_found_in(surroundings.folder, workplace)},
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Started(process, report, log)


def _found_in(folder: Path, workplace: Workplace) -> dict[str, str]:
    """Make a copy find the package in itself, and not where it is installed."""
    return {} if folder == workplace.root else {"PYTHONPATH": str(folder / "src")}


def _ended(started: Started, begun: float) -> Outcome:
    process, report = started.process, started.report
    try:
        process.wait(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        started.stop()
    log = started.log.read_text(encoding="utf-8", errors="replace")
    cases = list(ET.parse(report).iter("testcase")) if report.stat().st_size else []  # noqa: S314 - of pytest
    red = [_name(case) for case in cases if {child.tag for child in case} & {"failure", "error", "skipped"}]
    if not red and process.returncode != 0:
        red = [f"pytest ended with {process.returncode}"]
    return Outcome(len(cases) - len(red), tuple(red), time.monotonic() - begun, log)


def _name(case: ET.Element) -> str:
    return f"{case.get('classname', '').replace('.', '/')}::{case.get('name')}"


def planted_red(surroundings: Sequence[Surroundings], workplace: Workplace, kinds: Sequence[str]) -> set[str]:
    """The dependences whose planted tests are red in some surroundings at once."""
    own = {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PLANTED_DIGESTS": str(workplace.folder("digests")),
        "PLANTED_MEETING": str(workplace.new_folder("meeting")),
        "PLANTED_COPIES": str(len(surroundings)),
        "TMPDIR": str(workplace.new_folder("tmp")),
    }
    files = [str(PLANTED / f"{kind}.py") for kind in kinds]
    plugins = ("-p", "no:cacheprovider", "-p", "random_order.plugin")
    arguments = ["-c", str(PLANTED / "pytest.ini"), "--noconftest", "-q", *plugins, *files]
    found = together([(one.having(**own), arguments) for one in surroundings], workplace)
    names = [re.search("::test_([a-z]+)", name) for outcome in found for name in outcome.red]
    if any(outcome.passed <= 0 for outcome in found) or None in names:
        raise SystemExit(f"the planted tests could not run:\n{''.join(outcome.log for outcome in found)}")
    return {name[1] for name in names if name is not None}
