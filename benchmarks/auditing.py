"""Counting draws in files, beside the plain group-by of the engine that does it: start-up, CPU and memory.

Each runs in a process of its own, one after the other in turn; CPU seconds are those of that process.
`python -m benchmarks.auditing` keeps what it finds, with ten times the draws, for the page about the audit;
`python -m benchmarks.auditing 1000000` that of files with so many draws.
"""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.comparison import Row
from docs.counting import record_counting

SIZES = (10**6, 10**7)
KEPT = {10**6: 7, 10**7: 3, 10**8: 3}
"""Repeats of each number of draws that is kept."""
MEMORY = "1GB"
REPEATS = 3
_MAKE = {
    "integers": "(random() * 1e9)::BIGINT",
    "strings": "printf('CC%x-%d', (random() * 1e9)::BIGINT, (random() * 10)::INT)",
}
_END = """
import resource
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, int(peak) / 1024)
"""
_PLAIN = """
import duckdb, sys, tempfile
spill = tempfile.mkdtemp()
with duckdb.connect(config={"memory_limit": sys.argv[2], "temp_directory": spill}) as engine:
    engine.execute("SET enable_progress_bar = false")
    engine.execute(
        "SELECT n, count(*) FROM (SELECT kind, count(*) AS n FROM read_parquet(?) GROUP BY 1) GROUP BY 1",
        [sys.argv[1]],
    ).fetchall()
"""
_OURS = """
import sys
from fluxttice_core.audit.counted import count_samples
count_samples([sys.argv[1]], memory=sys.argv[2])
"""


def rows() -> list[Row]:
    """CPU time and peak memory of counting, beside the plain group-by."""
    return [row for kind in _MAKE for draws in SIZES for row in _shown(counted(kind, draws, REPEATS))]


def counted(kind: str, draws: int, repeats: int) -> dict[str, Any]:
    """CPU seconds and peak MB of both ways to count one file, each the median of its repeats."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind}.parquet"
        with duckdb.connect() as engine:
            engine.execute("SET enable_progress_bar = false")
            engine.execute("SELECT setseed(0.5)")
            engine.execute(f"COPY (SELECT {_MAKE[kind]} AS kind FROM range({draws})) TO '{path}'")  # noqa: S608
        runs = [(_run(_OURS, path), _run(_PLAIN, path)) for _ in range(repeats)]
    ours, plain = map(_medians, zip(*runs, strict=True))
    return {"kind": kind, "draws": draws, "repeats": repeats, "ours": ours, "plain": plain}


def _medians(runs: Sequence[tuple[float, float] | None]) -> dict[str, float] | None:
    """The median run; none of runs that found no room in the memory."""
    ended = [run for run in runs if run is not None]
    if len(ended) < len(runs):
        return None
    return {name: statistics.median(run[at] for run in ended) for at, name in enumerate(("cpu", "megabytes"))}


def _shown(found: Mapping[str, Any]) -> list[Row]:
    ours, plain = found["ours"], found["plain"]
    if ours is None or plain is None:
        raise RuntimeError(f"{MEMORY} were too few to count {found['draws']:,} {found['kind']}")
    ratio, of_memory = (ours[key] / plain[key] for key in ("cpu", "megabytes"))
    said = f"counting {found['draws']:,} {found['kind']} of {10**9:,} kinds"
    rival = "the engine's plain group-by"
    return [
        (said, f"{ours['cpu']:.2f} CPU s", f"{ratio:.2f} times {rival} ({plain['cpu']:.2f} s)"),
        ("its memory", f"{ours['megabytes']:.0f} MB", f"{of_memory:.2f} times ({plain['megabytes']:.0f} MB)"),
    ]


def _run(code: str, path: Path) -> tuple[float, float] | None:
    """Return CPU seconds and peak memory in MB of a process; none if it found no room in its memory."""
    command = [sys.executable, "-c", code + _END, str(path), MEMORY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        if "OutOfMemoryException" in done.stderr or "too_large" in done.stderr:
            return None
        raise RuntimeError(f"counting {path.name} failed: {done.stderr[-500:]}")
    cpu, memory = map(float, done.stdout.split())
    return cpu, memory


if __name__ == "__main__":
    for kind in _MAKE:
        for draws in map(int, sys.argv[1:] or KEPT):
            record_counting(counted(kind, draws, KEPT[draws]))
