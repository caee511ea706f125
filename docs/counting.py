"""What counting draws takes, measured by `benchmarks.auditing`: kept, and shown as a table."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docs.robustness import content_of, day_of, origin
from fluxttice_core.storage.atomic_write import write_json

MEASURED = Path(__file__).parent / "results" / "counting.json"


def record_counting(found: Mapping[str, Any], path: Path = MEASURED) -> None:
    """Keep what counting a file took, in the place of what was kept of such a file before."""
    kept = content_of(path)["parts"] if path.exists() else {}
    name = f"{found['kind']} {found['draws']:>11}"
    write_json(path, {"parts": {**kept, name: {**origin(), **found}}})


def counting_table(path: Path = MEASURED) -> str:
    """CPU time and memory of every file, beside the plain group-by, as a Markdown table."""
    lines = [
        "| Parquet file of up to 10^9 kinds | CPU s | group-by | ratio | MB | group-by | ratio | measured |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    parts = content_of(path)["parts"]
    for of in (parts[name] for name in sorted(parts)):
        cells = [f"{of['draws']:,} {of['kind']}"]
        for key, digits in (("cpu", 2), ("megabytes", 0)):
            ours, plain = ((of[who] or {}).get(key, math.nan) for who in ("ours", "plain"))
            numbers = (f"{ours:,.{digits}f}", f"{plain:,.{digits}f}", f"{ours / plain:.2f}")
            cells += ["no room" if number == "nan" else number for number in numbers[:2]]
            cells.append("–" if numbers[2] == "nan" else numbers[2])
        lines.append(f"| {' | '.join([*cells, day_of(of)])} |")
    return "\n".join([*lines, "", "`--memory 1GB`, start-up included."])
