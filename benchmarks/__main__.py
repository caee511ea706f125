"""Run every benchmark and print its table."""

import os

import torch
from rich.console import Console
from rich.table import Table

from benchmarks import counting, mass, training

BENCHMARKS = {
    "Counting distinct operations": counting.rows,
    "The mass of every operation": mass.rows,
    "Training": training.rows,
}


def main() -> None:
    """Print the tables."""
    console = Console()
    load = os.getloadavg()[0]
    console.print(f"{torch.get_num_threads()} threads, load {load:.1f}, torch {torch.__version__}")
    for title, rows in BENCHMARKS.items():
        table = Table("measured", "time", "ratio", title=title, title_justify="left")
        for row in rows():
            table.add_row(*row)
        console.print(table)


if __name__ == "__main__":
    main()
