"""Mutants of the measurements and the tests that kill them: `python -m benchmarks.mutants`.

mutmut makes the mutants and keeps the results, so that its `show` and `results` work afterwards.
Where it starts a session of pytest for each, one that has imported and collected everything is forked here,
which takes a tenth of the time.
"""

import gc
import hashlib
import json
import os
import resource
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from mutmut.__main__ import create_mutants
from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.file_utils import (
    change_cwd,
    copy_also_copy_files,
    copy_src_dir,
    setup_source_paths,
    walk_mutatable_files,
)
from mutmut.utils.format_utils import mangled_name_from_mutant_name

FOLDER = Path("mutants")
KILLED, SURVIVED, UNTESTED, TIMEOUT = 1, 0, 33, 36
"""What mutmut writes for each outcome."""

ROOMS = ("statistics", "metrics", "evaluation", "audit")
"""What is changed; the tests of the evaluation take by far the longest to be looked through."""

GOLDENS = "/test_goldens.py"
"""The tests that say the most in a second."""

QUICK = 0.05
"""Seconds of a test that goes before the goldens."""

BUDGET = 4.0
"""Seconds of tests that a mutant is given, the quickest of those that reach its function first."""

PATIENCE = 2
"""So many times its budget of processor time, and a mutant counts as one that never ends."""


Timed = tuple[float, pytest.Item]
Reach = dict[str, list[Timed]]
Work = tuple[tuple[SourceFileMutationData, str], Callable[[], int]]


class Trials:
    """Takes the place of pytest's loop: every item and every mutant in a fork of the collected session."""

    def __init__(self, wanted: Callable[[str, int | None], bool], options: Namespace) -> None:
        self.wanted = wanted
        self.children, self.budget = options.children, options.budget
        self.root = Path.cwd()
        self.failed = False
        self.first_failure = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note that a test failed, or could not be set up."""
        if report.failed and not self.failed:
            self.failed, self.first_failure = True, f"{report.nodeid}\n{report.longreprtext}"

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the mutants' examples, which are those of the function that they mutate."""
        items[:] = [item for item in items if "__mutmut_" not in item.nodeid]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Find out what each test reaches, then try every mutant."""
        with change_cwd(self.root):
            reached = self.reached(session.items)
            work = self.work(reached)
            self.warm(session.items)
            print(f"{len(session.items):,} tests, {len(work):,} mutants to try", file=sys.stderr, flush=True)
            started = time.perf_counter()
            for done, ((data, name), status) in enumerate(self.forks(work), start=1):
                code = os.waitstatus_to_exitcode(status)
                data.exit_code_by_key[name] = code if code in (SURVIVED, KILLED) else TIMEOUT
                data.save()
                if done % 200 == 0:
                    print(
                        f"{done:,} tried after {time.perf_counter() - started:.0f} s",
                        file=sys.stderr,
                        flush=True,
                    )
        return True

    def reached(self, items: list[pytest.Item]) -> Reach:
        """The tests that reach each function, with the seconds that each takes alone."""
        kept = FOLDER / "reached.json"
        found: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
        digests = {str(item.path): hashlib.sha256(item.path.read_bytes()).hexdigest() for item in items}
        missing = [i for i in items if found.get(i.nodeid, [""])[0] != digests[str(i.path)]]
        for item, status in self.forks((item, partial(self.watched, item)) for item in missing):
            if status:
                raise SystemExit(f"{item.nodeid} fails without any mutant")
            entry = self.entry_of(item)
            found[item.nodeid] = [digests[str(item.path)], *json.loads(entry.read_text())]
            entry.unlink()
        kept.write_text(json.dumps(found))
        tests: Reach = defaultdict(list)
        for item in items:
            _, seconds, functions = found[item.nodeid]
            for function in functions:
                tests[function].append((seconds, item))
        return tests

    def warm(self, items: list[pytest.Item]) -> None:
        """Do once what every fork would do first: late imports, and results that modules keep."""
        for item in items:
            if isinstance(item, pytest.Function) and item.nodeid.partition("::")[0].endswith(GOLDENS):
                item.module.measured()
                break
        gc.collect()
        gc.freeze()  # or else each fork's collector copies the whole of the memory that forks share

    def entry_of(self, item: pytest.Item) -> Path:
        """Where a fork leaves what a test reached."""
        return self.root / FOLDER / f"reached-{item.session.items.index(item)}.json"

    def watched(self, item: pytest.Item) -> int:
        """Run one test and write down what it reached."""
        set_mutant_under_test("stats")
        started = time.process_time()
        self.run([item])
        entry = [time.process_time() - started, sorted(state()._stats)]
        self.entry_of(item).write_text(json.dumps(entry))
        if self.failed:
            print(self.first_failure, file=sys.__stderr__)
        return int(self.failed)

    def work(self, reached: Reach) -> list[Work]:
        """Every mutant that is wanted, with what tries it, in an order whose beginnings are fair samples."""
        found = []
        for path in sorted(walk_mutatable_files()):
            data = SourceFileMutationData(path=path)
            data.load()
            for name, before in data.exit_code_by_key.items():
                if not self.wanted(name, before):
                    continue
                tests = self.chosen(reached.get(mangled_name_from_mutant_name(name), []), path.stem)
                if tests:
                    action = partial(self.tried, name, [item for _, item in tests])
                    found.append((digest(name), ((data, name), action)))
                else:
                    data.exit_code_by_key[name] = UNTESTED
                    data.save()
        return [work for _, work in sorted(found, key=itemgetter(0))]

    def chosen(self, tests: list[Timed], module: str) -> list[Timed]:
        """The module's own quick tests, the goldens, the others, until the seconds are spent."""
        own = f"/test_{module}.py", f"/{module}.py"

        def order(timed: Timed) -> tuple[int, bool, float, str]:
            file = timed[1].nodeid.partition("::")[0]
            rank = 0 if file.endswith(own) and timed[0] < QUICK else 1 if file.endswith(GOLDENS) else 2
            return rank, not file.endswith(own), timed[0], timed[1].nodeid

        spent = 0.0
        found: list[Timed] = []
        for seconds, item in sorted(tests, key=order):
            if not found or spent + seconds <= self.budget:
                spent += seconds
                found.append((seconds, item))
        return found

    def tried(self, name: str, tests: list[pytest.Item]) -> int:
        """Whether a test fails with the mutant in place."""
        patience = round(PATIENCE * self.budget)
        resource.setrlimit(resource.RLIMIT_CPU, (patience, patience + 1))
        set_mutant_under_test(name)
        for kept in vars(sys.modules[name.rpartition(".")[0]]).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()
        self.run(tests)
        return KILLED if self.failed else SURVIVED

    def run(self, items: list[pytest.Item]) -> None:
        """Run tests as pytest does, until one fails."""
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return

    def forks(self, work: Iterable[tuple[Any, Callable[[], int]]]) -> Iterator[tuple[Any, int]]:
        """Run each in a fork of its own, some at once; yields what each belongs to and its wait status."""
        running: dict[int, Any] = {}
        for what, action in work:
            while len(running) >= self.children:
                pid, status = os.wait()
                yield running.pop(pid), status
            pid = os.fork()
            if pid == 0:
                self.leave(action)
            running[pid] = what
        while running:
            pid, status = os.wait()
            yield running.pop(pid), status

    def leave(self, action: Callable[[], int]) -> None:
        """Do something whose output nobody reads, and end the process with its status."""
        os.chdir(self.root / FOLDER)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = KILLED
        try:
            status = action()
        finally:
            os._exit(status)


def number_of(name: str) -> int:
    """A number from 0 to 999 that has nothing to do with what a mutant is, to draw fair samples by."""
    return int(digest(name)[:8], 16) % 1000


def package(room: str) -> str:
    """The folder of a room's modules."""
    return f"src/fluxttice_core/{room}"


def digest(name: str) -> str:
    """What the order of mutants goes by."""
    return hashlib.sha256(name.encode()).hexdigest()


def main() -> None:
    """Make the mutants of the configured files, and try those that were not tried before."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="patterns of mutants, to try again whatever their result")
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=ROOMS, help="what to change")
    parser.add_argument("--survivors", action="store_true", help="try again what survived")
    parser.add_argument("--permille", type=int, default=1000, help="how many of a thousand mutants to try")
    parser.add_argument(
        "--after", type=int, default=0, help="leave out so many of a thousand, which tests were written for"
    )
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds of tests for each mutant")
    options = parser.parse_args()

    def wanted(name: str, before: int | None) -> bool:
        if not options.after <= number_of(name) < options.permille:
            return False
        if options.names and not any(fnmatch(name, pattern) for pattern in options.names):
            return False
        if options.survivors:
            return before in (None, SURVIVED, UNTESTED)
        return before is None or bool(options.names)

    set_mutant_under_test("mutant_generation")
    config().only_mutate = [f"{package(room)}/*.py" for room in options.rooms]
    tests = ["tests/evaluation" + GOLDENS] if "evaluation" not in options.rooms else []
    tests += [folder for room in options.rooms for folder in (f"tests/{room}", package(room))]
    FOLDER.mkdir(exist_ok=True)
    copy_src_dir()
    copy_also_copy_files()
    setup_source_paths()
    create_mutants(options.children)
    trials = Trials(wanted, options)
    set_mutant_under_test("")
    arguments = [*tests, *config().pytest_add_cli_args]
    with change_cwd(FOLDER):
        status = pytest.main(["--rootdir=.", "-q", *arguments], plugins=[trials])
    raise SystemExit(status)


if __name__ == "__main__":
    main()
