"""Fuzz every parser with atheris, as many at a time as there are cores: `python -m tests.fuzz`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from docs.robustness import record_fuzzing
from tests.fuzz.parsers import parsers

ROOT = Path(__file__).parents[2]
FAILURES = ROOT / "build" / "fuzz"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


@dataclass(frozen=True)
class Outcome:
    """What became of a parser's inputs."""

    parser: str
    read: int
    refused: int
    failed: int
    kept: Path | None

    def __str__(self) -> str:
        inputs = self.read + self.refused + self.failed
        line = f"fuzz: {self.parser}: {inputs:,} inputs, {self.read:,} read, {self.refused:,} refused"
        where = f"; the input and the log are in {self.kept}" if self.kept else ""
        return f"{line}, {self.failed} failed{where}"

    def is_sound(self, runs: int) -> bool:
        """Whether so many inputs were tried, and each was read, or refused as documented."""
        return self.failed == 0 and self.read + self.refused >= runs


def fuzz(name: str, runs: int, seed: int) -> Outcome:
    """Fuzz one parser in a process of its own, until an input fails or all were tried."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as scratch:
        folder = Path(scratch)
        command = [sys.executable, "-m", "tests.fuzz.guided", name, scratch, f"-runs={runs}", f"-seed={seed}"]
        with (folder / "log").open("wb") as log:
            code = subprocess.run(
                command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "TMPDIR": scratch}, check=False
            ).returncode
        counts = folder / "counts"
        read, refused = map(int, counts.read_text().split()) if counts.exists() else (0, 0)
        if code == 0:
            return Outcome(name, read, refused, 0, None)
        kept = FAILURES / name.replace(" ", "-")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("corpus"))
        return Outcome(name, read, refused, 1, kept)


def main() -> int:
    """Fuzz the parsers that were asked for; 1 if an input did what is not documented."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=1_000_000, help="inputs for each parser")
    asked.add_argument("--seed", type=int, default=1, help="seed of libFuzzer")
    asked.add_argument("--jobs", type=int, default=os.cpu_count(), help="parsers at a time")
    asked.add_argument("--record", action="store_true", help="keep the counts in docs/results/fuzz.json")
    asked.add_argument("names", nargs="*", help="parsers; none: all", metavar="PARSER")
    given = asked.parse_args()
    names = given.names or list(parsers())
    unknown = sorted(set(names) - set(parsers()))
    if unknown:
        asked.error(f"no parser is called {unknown[0]!r}: use some of {', '.join(parsers())}")
    if find_spec("atheris") is None:
        asked.error("atheris is not installed, which has wheels for Linux on x86-64 only: run `make fuzz`")
    sound = True
    with ThreadPoolExecutor(given.jobs) as pool:
        for ended in as_completed([pool.submit(fuzz, name, given.runs, given.seed) for name in names]):
            outcome = ended.result()
            report(outcome, seed=given.seed, record=given.record)
            sound = sound and outcome.is_sound(given.runs)
    return 0 if sound else 1


def report(outcome: Outcome, *, seed: int, record: bool) -> None:
    """Print what became of a parser's inputs as soon as it is known, and keep it if that was asked for."""
    sys.stdout.write(f"{outcome}\n")
    sys.stdout.flush()
    if record:
        record_fuzzing(
            outcome.parser, read=outcome.read, refused=outcome.refused, failed=outcome.failed, seed=seed
        )


if __name__ == "__main__":
    sys.exit(main())
