"""Run the tests as other machines would: `python -m tests.portable`.

First it is shown that they matter: a test that is planted to depend on one of them alone turns red in it.
Then the package's own tests have to stay green in all of them.
"""

import argparse
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.portable.runs import Outcome, planted_red, together
from tests.portable.surroundings import CHANGES, WORDS, changed, plain
from tests.portable.workplace import Workplace, is_root

ROOT = Path(__file__).parents[2]
LOGS = ROOT / "build" / "portable"
OF_THE_PROCESSOR = ("aten", "numpy", "mkl", "libm")
"""What an old processor would not show, since it has nothing that could be taken away."""

KINDS = ("arithmetic", "surroundings")
"""Files of planted tests; each is tried in the surroundings that its tests are of."""

NEEDED = "this needs chromium on PATH, and the folder .git"
ELSEWHERE = ("git", "path", "user", "home", "locale", "timezone", "columns", "order")
SLOW = (
    *("statistics/test_richness_intervals", "audit/test_curve_claims"),
    *("evaluation/test_gates", "evaluation/test_reference", "evaluation/test_comparison"),
    "metrics/test_total_variation",
)
"""Tests of measurements that compute exactly, or what others compute too, for long."""

AGAIN = "tests/certification/test_verify.py::test_measuring_again_finds_what_only_the_weights_can_tell"
ARITHMETIC = (
    *("tests/statistics", "tests/metrics", "tests/evaluation", "tests/audit"),
    *(f"--ignore=tests/{name}.py" for name in SLOW),
    *(f"tests/docs/test_{name}.py" for name in ("build", "figures_richness", "figures_standing")),
    *("tests/certified/test_certificate.py", "tests/certified/test_generalisation.py"),
    *("tests/model", AGAIN),
)
"""What computes with floating point, draws, compares with goldens, or verifies."""

STORAGE = ("environment", "atomic_write", "folder_digests")
CERTIFICATION = (
    *("certify", "keys", "signature", "official_signature", "model_card", "trust_page", "selection"),
)
ANYWHERE = (
    *("tests/docs/test_build.py", "tests/docs/test_readme.py", "tests/docs/test_training_page.py"),
    *("tests/house", "tests/certified/test_certificate.py"),
    *(f"tests/evaluation/test_{name}.py" for name in ("goldens", "plot_record", "control_cache")),
    *("tests/cli", "--ignore=tests/cli/test_run.py", "--ignore=tests/cli/test_compare.py"),
    *(f"tests/storage/test_{name}.py" for name in STORAGE),
    *(f"tests/certification/test_{name}.py" for name in CERTIFICATION),
)
"""What reads and writes files, asks the system, prints, or starts programs."""

BROWSER_TESTS = "tests/server/explorer/browser/test_parity.py"


@dataclass(frozen=True)
class Run:
    """Some of the package's tests in some surroundings.

    Args:
        names: What is changed.
        tests: What of the tests is run.
        expected: What must be printed if all tests must be red; nothing if they must be green.
    """

    names: tuple[str, ...]
    tests: tuple[str, ...]
    expected: str = ""

    def complaint(self, outcome: Outcome) -> str:
        """What is wrong with the outcome; nothing if it is as it must be."""
        if not self.expected:
            return f"red: {', '.join(outcome.red)}" if outcome.red else ""
        if outcome.passed or not outcome.red or self.expected not in outcome.log:
            return f"not every test was red for {self.expected!r}"
        return ""


RUNS: dict[str, tuple[Run, ...]] = {
    "processor": (Run(OF_THE_PROCESSOR, ARITHMETIC), Run(("threads",), ARITHMETIC)),
    "elsewhere": (Run(ELSEWHERE, (*ANYWHERE, BROWSER_TESTS)), Run((*ELSEWHERE, "chromium"), ANYWHERE)),
    "browser": (Run(("chromium",), (BROWSER_TESTS,), expected="there is no browser"),),
}
"""What runs at the same time, by what to call it."""


def shown(workplace: Workplace) -> Iterator[tuple[str, str]]:
    """Every dependence with what is to be said of its planted tests."""
    for _ in range(2):
        if red := planted_red([plain(workplace)], workplace, KINDS):
            raise SystemExit(f"planted tests are red in plain surroundings: {sorted(red)}; {NEEDED}")

    def red_in(name: str) -> set[str]:
        copies = 2 if name == "copies" else 1
        kind = KINDS[name not in (*OF_THE_PROCESSOR, "threads")]
        return planted_red([changed(workplace, name)] * copies, workplace, [kind])

    with ThreadPoolExecutor(2) as pool:
        for name, red in zip(CHANGES, pool.map(red_in, CHANGES), strict=True):
            yield name, judged(name, red)


def judged(name: str, red: set[str]) -> str:
    """What is to be said of a dependence whose surroundings turned these planted tests red."""
    if red == {name}:
        return ""
    if not red and name in OF_THE_PROCESSOR:
        return "CANNOT BE SHOWN: this processor computes the same with it"
    if not red and name == "user" and not is_root():
        return "CANNOT BE SHOWN: everything runs as an ordinary user"
    return f"WRONG: turned {sorted(red)} red instead of its own planted test alone"


def main() -> int:
    """Print a line for every dependence and every run; 1 if something was not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.portable", description=__doc__)
    parser.add_argument("runs", nargs="*", metavar="RUN", help=f"of {', '.join(RUNS)}; all by itself")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="of the random order")
    parser.add_argument("--no-planted", action="store_true", help="do not show that surroundings matter")
    options = parser.parse_args()
    chosen = options.runs or list(RUNS)
    if unknown := set(chosen) - RUNS.keys():
        parser.error(f"there is no run {', '.join(sorted(unknown))}: choose of {', '.join(RUNS)}")
    # So that whoever is told to end takes along what it has started, and its folders.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    begun, wrong = time.monotonic(), 0
    say(f"random order of seed {options.seed}; repeat it with --seed {options.seed}")
    with Workplace(ROOT, options.seed) as workplace:
        for name, words in () if options.no_planted else shown(workplace):
            wrong += words.startswith("WRONG")
            say(f"{WORDS[name]}: {words or 'turned its planted test red'}")
        for name in chosen:
            wrong += _run(name, workplace)
    say(f"{'RED' if wrong else 'green'} after {time.monotonic() - begun:.0f} s; logs are in {LOGS}")
    return 1 if wrong else 0


def say(line: str) -> None:
    sys.stdout.write(f"portable: {line}\n")
    sys.stdout.flush()


def _run(name: str, workplace: Workplace) -> int:
    """Run what belongs together, and count what was wrong."""
    runs = RUNS[name]
    starts = [(changed(workplace, *run.names, copy=n), run.tests) for n, run in enumerate(runs)]
    wrong = 0
    LOGS.mkdir(parents=True, exist_ok=True)
    for number, (run, outcome) in enumerate(zip(runs, together(starts, workplace), strict=True)):
        (LOGS / f"{name}-{number}.log").write_text(outcome.log, encoding="utf-8")
        words = run.complaint(outcome)
        wrong += bool(words)
        took = f"{outcome.passed} passed in {outcome.seconds:.0f} s"
        say(f"{name} {number} ({', '.join(run.names)}): {took}; {words or 'as it must be'}")
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
