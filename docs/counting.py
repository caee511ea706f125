"""What counting draws takes, measured by `benchmarks.auditing`: kept, and shown as a table."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.robustness import content_of, day_of, origin
from fluxttice_core.storage.atomic_write import write_json

MEASURED = Path(__file__).parent / "results" / "counting.json"


def record_counting(found: Sequence[Mapping[str, Any]], path: Path = MEASURED) -> None:
    """Keep what every file took."""
    write_json(path, {**origin(), "files": [dict(each) for each in found]})


def counting_table(path: Path = MEASURED) -> str:
    """CPU time and memory of every file, beside the plain group-by, as a Markdown table."""
    content = content_of(path)
    lines = [
        "| a Parquet file of 10^9 possible kinds | CPU s | plain group-by | ratio | MB | plain | ratio |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for of in content["files"]:
        cells = [f"{of['draws']:,} {of['kind']}"]
        for key, digits in (("cpu", 2), ("megabytes", 0)):
            ours, plain = ((of[who] or {}).get(key, math.nan) for who in ("ours", "plain"))
            numbers = (f"{ours:,.{digits}f}", f"{plain:,.{digits}f}", f"{ours / plain:.2f}")
            cells += ["no room" if number == "nan" else number for number in numbers[:2]]
            cells.append("–" if numbers[2] == "nan" else numbers[2])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"Measured on {day_of(content)}, `--memory 1GB`, start-up included."])
