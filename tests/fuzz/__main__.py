"""Fuzz every parser with atheris, as many at a time as there are cores: `python -m tests.fuzz`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.parsers import parsers

ROOT = Path(__file__).parents[2]
FAILURES = ROOT / "build" / "fuzz"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


def fuzz(name: str, runs: int, seed: int) -> tuple[str, bool]:
    """Fuzz one parser in a process of its own.

    Args:
        name: The parser.
        runs: Inputs.
        seed: Seed of libFuzzer.

    Returns:
        A line on what became of the inputs, and whether each was read, or refused as documented.
    """
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as scratch:
        folder = Path(scratch)
        command = [sys.executable, "-m", "tests.fuzz.guided", name, scratch, f"-runs={runs}", f"-seed={seed}"]
        with (folder / "log").open("wb") as log:
            code = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=False).returncode
        counts = folder / "counts"
        read, refused = map(int, counts.read_text().split()) if counts.exists() else (0, 0)
        failed = int(code != 0)
        line = f"fuzz: {name}: {read + refused:,} inputs, {read:,} read, {refused:,} refused, {failed} failed"
        if code == 0:
            return line, read + refused >= runs
        kept = FAILURES / name.replace(" ", "-")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("corpus"))
        return f"{line}; the input and the log are in {kept}", False


def main() -> int:
    """Fuzz the parsers that were asked for; 1 if an input did what is not documented."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=1_000_000, help="inputs for each parser")
    asked.add_argument("--seed", type=int, default=1, help="seed of libFuzzer")
    asked.add_argument("--jobs", type=int, default=os.cpu_count(), help="parsers at a time")
    asked.add_argument("names", nargs="*", help="parsers; none: all", metavar="PARSER")
    given = asked.parse_args()
    names = given.names or list(parsers())
    unknown = sorted(set(names) - set(parsers()))
    if unknown:
        asked.error(f"no parser is called {unknown[0]!r}: use some of {', '.join(parsers())}")
    if find_spec("atheris") is None:
        asked.error("atheris is not installed, which has wheels for Linux on x86-64 only: run `make fuzz`")
    with ThreadPoolExecutor(given.jobs) as pool:
        outcomes = list(pool.map(lambda name: report(*fuzz(name, given.runs, given.seed)), names))
    return 0 if all(outcomes) else 1


def report(line: str, sound: bool) -> bool:
    """Print what became of a parser's inputs as soon as it is known."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return sound


if __name__ == "__main__":
    sys.exit(main())
