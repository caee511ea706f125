"""The page of mutants, from what was tried: `python -m benchmarks.mutation_page`."""

import csv
import io
import re
import tomllib
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from textwrap import wrap

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.file_utils import walk_mutatable_files

from benchmarks.mutants import KILLED, TIMEOUT, UNTESTED, number_of
from fluxttice_core.statistics.intervals import clopper_pearson
from fluxttice_core.storage.atomic_write import write_text

PAGE = Path("docs") / "mutation.md"
LIST = Path("docs") / "results" / "surviving-mutants.csv"
COUNTS = Path("docs") / "results" / "mutants.csv"
REASONS = Path(__file__).with_name("survivors.toml")
DEAD = (KILLED, TIMEOUT)


@dataclass(frozen=True)
class Trial:
    """What became of one mutant."""

    name: str
    room: str
    outcome: int | None

    @property
    def where(self) -> str:
        """Module and function, without the number and what mutmut puts before names."""
        path = self.name.partition("__mutmut_")[0]
        _, module, function = path.removeprefix("fluxttice_core.").split(".", 2)
        owner, separator, method = function.removeprefix("xǁ").partition("ǁ")
        return f"{module}.{owner}.{method}" if separator else f"{module}.{function.removeprefix('x_')}"

    @property
    def change(self) -> str:
        """The lines of the mutant that are not the program's, and those that they stand for."""
        lines = get_diff_for_mutant(self.name).splitlines()
        return "\n".join(line for line in lines if line[:1] in ("+", "-") and line[:3] not in ("+++", "---"))


@dataclass(frozen=True)
class Reason:
    """Why mutants survive: those of functions that a pattern names, whose change an expression finds."""

    where: str
    change: str
    because: str

    def holds(self, where: str, change: str) -> bool:
        """Whether it is this mutant's."""
        return fnmatchcase(where, self.where) and re.search(self.change, change, re.MULTILINE) is not None


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed, and why none can, where that was found out.

    `mutant` says where it is and its number, `program` the line, `changed` what became of it.
    """

    room: str
    mutant: str
    program: str
    changed: str
    reason: str

    @classmethod
    def of(cls, trial: Trial, written: list[Reason]) -> "Survivor":
        """The row of a mutant that survived."""
        change = trial.change
        lines = change.splitlines()
        before, after = (
            " ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in ("-", "+")
        )
        because = (reason.because for reason in written if reason.holds(trial.where, change))
        number = trial.name.rpartition("_")[2]
        return cls(trial.room, f"{trial.where} {number}", before, after, next(because, ""))


@dataclass(frozen=True)
class Count:
    """How many mutants of a room were tried and killed, and how many were out of the reach of tests."""

    room: str
    on: str
    tried: int
    killed: int
    unreached: int | str


def reasons() -> list[Reason]:
    """The reasons that were written down, the more particular first."""
    return [Reason(**entry) for entry in tomllib.loads(REASONS.read_text(encoding="utf-8"))["reason"]]


def trials(after: int = 0) -> Iterator[Trial]:
    """All mutants that were tried, or that no test reaches, but for so many of a thousand."""
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        for name, outcome in data.exit_code_by_key.items():
            if outcome is not None and number_of(name) >= after:
                yield Trial(name, path.parent.name, outcome)


def counted(found: list[Trial]) -> Iterator[Count]:
    """The counts of every room that was tried here."""
    for room in sorted({trial.room for trial in found}):
        outcomes = [trial.outcome for trial in found if trial.room == room]
        killed, unreached = sum(outcome in DEAD for outcome in outcomes), outcomes.count(UNTESTED)
        yield Count(room, date.today().isoformat(), len(outcomes) - unreached, killed, unreached)


def survivors(found: Iterable[Trial]) -> list[Survivor]:
    """The mutants that no test noticed, with the reasons of those that have one."""
    written = reasons()
    return [Survivor.of(trial, written) for trial in found if trial.outcome not in (*DEAD, UNTESTED)]


def kept(path: Path, rooms: set[str]) -> list[dict[str, str]]:
    """The rows of an earlier table that are of none of these rooms, which were not tried again."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as table:
        return [row for row in csv.DictReader(table) if row["room"] not in rooms]


def share(killed: int, trials: int) -> str:
    """A share of those drawn, with the interval for all."""
    if not trials:
        return "none"
    found = clopper_pearson(killed, trials)
    estimate, lower, upper = (f"{100 * part:.1f} %" for part in (found.estimate, found.lower, found.upper))
    return f"{estimate} [{lower}, {upper}]"


def row(count: Count, lived: list[Survivor]) -> str:
    """A row of the table: how many were tried and killed, of all and of those that are another program."""
    alike = sum(bool(survivor.reason) for survivor in lived if survivor.room == count.room)
    of_all, of_others = share(count.killed, count.tried), share(count.killed, count.tried - alike)
    numbers = f"{count.unreached} | {count.tried:,} | {count.killed:,}"
    return f"| {count.room} | {count.on} | {numbers} | {of_all} | {of_others} |"


def page(counts: list[Count], lived: list[Survivor]) -> str:
    """The page: how many were tried and killed, by room, and why the others were not."""
    told = sum(not survivor.reason for survivor in lived)
    text = (
        "`make mutants` changes the measurements in one place at a time, runs tests that reach it, and "
        "counts the changes that a test notices. mutmut makes the mutants; each is tried in a fork of one "
        "session of pytest, without the types' checks of every call, so that it has to die of what a "
        "test asserts, within four seconds of tests. They are tried in an order that has nothing to do with "
        "what they are, so that any stretch of it is a fair sample of all: one that no test was written for "
        "after it was looked at, which `--after` asks for. `python -m benchmarks.mutation_page` writes this "
        "page from the results; a room that was not tried again keeps its row, with the day on which it was.",
        "Mutants out of reach are in functions that no test of these rooms calls, or that run once, at "
        f"import, before mutants take their place; they are not tried. Of the others, {len(lived):,} "
        "survived; [surviving-mutants.csv](results/surviving-mutants.csv) holds each with its change. "
        f"{len(lived) - told:,} of them do what the program does, or differ in nothing that a test could ask "
        f"for, for the reasons below, and are left out in the last column; {told:,} could be told apart, and "
        "no test did. What was written after they were looked at may.",
    )
    lines = ["# Mutants", ""]
    for paragraph in text:
        lines += [*wrap(paragraph, 110, break_on_hyphens=False), ""]
    lines += [
        "| room | on | out of reach | tried | killed | share, with 95 % | of those that can be told apart |"
    ]
    lines += ["|---|---|---:|---:|---:|---:|---:|"]
    lines += [row(count, lived) for count in counts]
    lines += ["", "## Why no test tells them apart", "", "| reason | mutants |", "|---|---:|"]
    numbers = Counter(survivor.reason for survivor in lived if survivor.reason)
    lines += [f"| {because} | {n:,} |" for because, n in numbers.most_common()]
    return "\n".join([*lines, ""])


def listed(rows: Iterable[Survivor | Count], of: type[Survivor | Count]) -> str:
    """A table, a row each."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(of)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(one) for one in rows)
    return text.getvalue()


def main() -> None:
    """Write the page and its tables."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "--after", type=int, default=0, help="leave out so many of a thousand, which tests were written for"
    )
    found = list(trials(parser.parse_args().after))
    rooms = {trial.room for trial in found}
    lived = [*(Survivor(**row) for row in kept(LIST, rooms)), *survivors(found)]
    lived.sort(key=lambda survivor: (survivor.room, survivor.mutant))
    earlier = (
        Count(row["room"], row["on"], int(row["tried"]), int(row["killed"]), row["unreached"])
        for row in kept(COUNTS, rooms)
    )
    counts = [*earlier, *counted(found)]
    counts.sort(key=lambda count: count.room)
    write_text(LIST, listed(lived, Survivor))
    write_text(COUNTS, listed(counts, Count))
    write_text(PAGE, page(counts, lived))


if __name__ == "__main__":
    main()
