"""The page of mutants, from what was tried: `python -m benchmarks.mutation_page`."""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.file_utils import walk_mutatable_files

from benchmarks.mutants import KILLED, TIMEOUT, UNTESTED, digest, number_of
from fluxttice_core.measurement.intervals import clopper_pearson
from fluxttice_core.provenance.atomic import write_text

PAGE = Path("docs") / "mutation.md"
DEAD = (KILLED, TIMEOUT)

REASONS = (
    (
        r"^\+.*(device=None|\.to\(None\)|Generator\(None\)|\.device\b)",
        "only another device than the CPU tells",
    ),
    (r"^-.*strict=True", "both are of one length, which `strict` would only say once more"),
    (r"^-.*dtype=", "the type that is left out is the one that the values have already"),
    (r"^\+.*\[\+1\]|^\+.*\(\+1\)", "with two dimensions the last is also the one numbered 1"),
    (r"^-.*style=|^-.*\"(dim|bold)\"", "colour and weight of text on the terminal"),
    (r"^-.*(default=0|default=None)", "nothing comes without a value"),
    (r"^\+.*max\(2, ", "how much is done at a time, which the result does not depend on"),
)
"""Reasons for which a mutant is the same program, by what its difference shows."""

OPEN = "not told apart by the tests that it was given"


def tried(permille: int) -> Iterator[tuple[str, int, str]]:
    """Module, outcome and name of mutants in the order of their trials, up to the first that is open."""
    found = []
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        found += [(path.stem, outcome, name) for name, outcome in data.exit_code_by_key.items()]
    for module, outcome, name in sorted(found, key=lambda entry: digest(entry[2])):
        if number_of(name) < permille:
            if outcome is None:
                return
            yield module, outcome, name


def reason(difference: str) -> str:
    """Why a mutant survives."""
    return next((why for what, why in REASONS if re.search(what, difference, re.MULTILINE)), OPEN)


def difference(name: str) -> str:
    """The lines of a mutant that are not the program's."""
    lines = get_diff_for_mutant(name).splitlines()
    return "\n".join(line for line in lines if line[:1] in ("+", "-") and line[:3] not in ("+++", "---"))


def page(permille: int) -> str:
    """The page of the mutants whose number is below so many of a thousand."""
    found = list(tried(permille))
    at_import = [entry for entry in found if entry[1] == UNTESTED]
    counted = [entry for entry in found if entry[1] != UNTESTED]
    killed = sum(outcome in DEAD for _, outcome, _ in counted)
    share = clopper_pearson(killed, len(counted))
    span = f"{100 * share.lower:.1f} to {100 * share.upper:.1f}"
    text = (
        "`make mutants` changes the measurements in one place at a time, runs tests that reach it, and "
        "counts the changes that a test notices. mutmut makes the mutants; each is tried in a fork of one "
        "session of pytest, without the types' checks of every call, so that it has to die of what a test "
        f"asserts. This page is written from the results by `python -m benchmarks.mutation_page {permille}`.",
        f"Tried were {len(counted):,} mutants in the order of a hash of their names, which spreads them "
        f"over all; tests were added in view of survivors among them. "
        f"Killed were {killed:,}, {100 * share.estimate:.1f} % (95 % interval "
        f"{span} %). {len(at_import)} more are in functions that run once, at import, before mutants take "
        "their place.",
    )
    lines = ["# Mutants", ""]
    for paragraph in text:
        lines += [*wrap(paragraph, 110), ""]
    lines += [
        "| module | tried | killed |",
        "|---|---:|---:|",
    ]
    of_module = Counter(module for module, _, _ in counted)
    dead = Counter(module for module, outcome, _ in counted if outcome in DEAD)
    lines += [f"| {module} | {n} | {dead[module]} |" for module, n in sorted(of_module.items())]
    lines += ["", "## Survivors", ""]
    for _, outcome, name in counted:
        if outcome not in DEAD:
            shown = difference(name)
            lines += [f"`{name.split('measurement.')[1]}`: {reason(shown)}", "", "```diff", shown, "```", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    write_text(PAGE, page(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
