"""Run every benchmark, or those named, and print their tables: `make bench`, BENCH="serving auditing"."""

import os
import sys
import time

import torch
from rich.console import Console
from rich.table import Table

from benchmarks import auditing, counting, encoding, mass, serving, training

BENCHMARKS = {
    "counting": ("Counting distinct operations", counting.rows),
    "mass": ("The mass of every operation", mass.rows),
    "training": ("Training", training.rows),
    "encoding": ("Encoding", encoding.rows),
    "auditing": ("Auditing", auditing.rows),
    "serving": ("Serving", serving.rows),
}

WIDTH = 130
"""Columns of a table that no terminal shows."""


def main(names: list[str]) -> int:
    """Print the tables."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}: choose among {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    console, started = Console(width=None if sys.stdout.isatty() else WIDTH), time.perf_counter()
    console.print(_machine())
    for name in names or BENCHMARKS:
        title, rows = BENCHMARKS[name]
        table = Table("measured", "best", "beside its limit or rival", title=title, title_justify="left")
        for row in rows():
            table.add_row(*row)
        console.print(table)
    console.print(f"{time.perf_counter() - started:.0f} s in all")
    return 0


def _machine() -> str:
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    threads = f"{torch.get_num_threads()} threads on {cores} cores, torch {torch.__version__}"
    busy = f"; other programs run (load {load:.1f}), so expect rows too busy to tell" if load > 0.5 else ""
    return f"{threads}{busy}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
