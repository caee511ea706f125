"""The page of mutants, from what was tried: `python -m benchmarks.mutation_page`."""

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from textwrap import wrap

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.file_utils import walk_mutatable_files

from benchmarks.mutants import KILLED, TIMEOUT, UNTESTED
from fluxttice_core.statistics.intervals import clopper_pearson
from fluxttice_core.storage.atomic_write import write_text

PAGE = Path("docs") / "mutation.md"
LIST = Path("docs") / "results" / "surviving-mutants.csv"
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
    """A mutant that no test noticed, and why not, where somebody has found out."""

    trial: Trial
    change: str
    because: str


def reasons() -> list[Reason]:
    """The reasons that were written down, the more particular first."""
    return [Reason(**entry) for entry in tomllib.loads(REASONS.read_text(encoding="utf-8"))["reason"]]


def trials() -> Iterator[Trial]:
    """All mutants."""
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        for name, outcome in data.exit_code_by_key.items():
            yield Trial(name, path.parent.name, outcome)


def explained(found: Iterable[Trial]) -> list[Survivor]:
    """The survivors, with the reasons of those that have one."""
    written = reasons()
    survivors = []
    for trial in found:
        if trial.outcome in (*DEAD, UNTESTED):
            continue
        change = trial.change
        because = (reason.because for reason in written if reason.holds(trial.where, change))
        survivors.append(Survivor(trial, change, next(because, "")))
    return survivors


def row(room: str, found: Iterable[Trial]) -> str:
    """A row of the table: how many were tried and killed, with the interval for all from those drawn."""
    trials = list(found)
    killed = sum(trial.outcome in DEAD for trial in trials)
    share = clopper_pearson(killed, len(trials))
    estimate, lower, upper = (f"{100 * part:.1f} %" for part in (share.estimate, share.lower, share.upper))
    return f"| {room} | {len(trials):,} | {killed:,} | {estimate} [{lower}, {upper}] |"


def page(everything: list[Trial], survivors: list[Survivor]) -> str:
    """The page: how many were tried and killed, by room, and why the others were not."""
    tried = [trial for trial in everything if trial.outcome is not None]
    counted = [trial for trial in tried if trial.outcome != UNTESTED]
    unexplained = sum(not survivor.because for survivor in survivors)
    reached = [trial for trial in everything if trial.outcome != UNTESTED]
    drawn = "all were" if len(counted) == len(reached) else f"{len(counted):,}, drawn by lot, were"
    text = (
        "`make mutants` changes the measurements in one place at a time, runs tests that reach it, and "
        "counts the changes that a test notices. mutmut makes the mutants; each is tried in a fork of one "
        "session of pytest, without the types' checks of every call, so that it has to die of what a "
        "test asserts, within four seconds of tests. They are tried in an order that has nothing to do with "
        "what they are, so that the first ones are a fair sample of all. `python -m "
        "benchmarks.mutation_page` writes this page from the results.",
        f"Of {len(everything):,} mutants, {len(everything) - len(reached):,} are in functions that no test "
        "of these rooms calls, or that run once, at import, before mutants take their place. Of the other "
        f"{len(reached):,}, {drawn} tried. {len(survivors):,} of them survived; "
        "[surviving-mutants.csv](results/surviving-mutants.csv) holds each with its change and, where one "
        f"was found, the reason. {unexplained:,} have none.",
    )
    lines = ["# Mutants", ""]
    for paragraph in text:
        lines += [*wrap(paragraph, 110, break_on_hyphens=False), ""]
    lines += ["| room | tried | killed | share, with 95 % |", "|---|---:|---:|---:|"]
    lines += [
        row(room, (trial for trial in counted if trial.room == room))
        for room in sorted({trial.room for trial in counted})
    ]
    lines += [row("all", counted), "", "## Why they survive", "", "| reason | mutants |", "|---|---:|"]
    counts = Counter(survivor.because for survivor in survivors if survivor.because)
    lines += [f"| {because} | {n:,} |" for because, n in counts.most_common()]
    return "\n".join([*lines, ""])


def listed(survivors: list[Survivor]) -> str:
    """The survivors as a table: where, the lines before and after, why."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["mutant", "program", "changed to", "reason"])
    for survivor in survivors:
        lines = survivor.change.splitlines()
        before, after = (
            " ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in ("-", "+")
        )
        number = survivor.trial.name.rpartition("_")[2]
        writer.writerow([f"{survivor.trial.where} {number}", before, after, survivor.because])
    return text.getvalue()


def main() -> None:
    """Write the page and the list."""
    found = list(trials())
    survivors = explained(trial for trial in found if trial.outcome is not None)
    write_text(LIST, listed(survivors))
    write_text(PAGE, page(found, survivors))


if __name__ == "__main__":
    main()
