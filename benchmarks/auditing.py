"""Counting draws in files, beside the plain group-by of the engine that does it: start-up, CPU and memory.

Each runs in a process of its own, one after the other in turn; CPU seconds are those of that process.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.comparison import Row

SIZES = (10**6, 10**7)
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
    with tempfile.TemporaryDirectory() as folder:
        return [row for kind in _MAKE for draws in SIZES for row in _beside(Path(folder), kind, draws)]


def _beside(folder: Path, kind: str, draws: int) -> list[Row]:
    import duckdb

    path = folder / f"{kind}.parquet"
    with duckdb.connect() as engine:
        engine.execute("SET enable_progress_bar = false")
        engine.execute("SELECT setseed(0.5)")
        engine.execute(f"COPY (SELECT {_MAKE[kind]} AS kind FROM range({draws})) TO '{path}'")  # noqa: S608
    runs = [(_run(_OURS, path), _run(_PLAIN, path)) for _ in range(REPEATS)]
    (cpu, memory), (plain_cpu, plain_memory) = (
        [statistics.median(run[who][what] for run in runs) for what in (0, 1)] for who in (0, 1)
    )
    said = f"counting {draws:,} {kind} of {10**9:,} kinds"
    rival = "the engine's plain group-by"
    return [
        (said, f"{cpu:.2f} CPU s", f"{cpu / plain_cpu:.2f} times {rival} ({plain_cpu:.2f} s)"),
        ("its memory", f"{memory:.0f} MB", f"{memory / plain_memory:.2f} times ({plain_memory:.0f} MB)"),
    ]


def _run(code: str, path: Path) -> tuple[float, float]:
    """Return CPU seconds and peak memory in MB of a process."""
    command = [sys.executable, "-c", code + _END, str(path), MEMORY]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    cpu, memory = map(float, done.stdout.split())
    return cpu, memory
