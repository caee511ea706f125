"""What the server bore, measured by `benchmarks.load`: kept, and shown as a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

from docs.robustness import content_of, day_of, origin
from fluxttice_core.storage.atomic_write import write_json

MEASURED = Path(__file__).parent / "results" / "load.json"
CONNECTIONS = (1, 32, 256)


def record_load(
    rows: Sequence[Mapping[str, Any]], memory: Mapping[str, float], path: Path = MEASURED
) -> None:
    """Keep every load, and the memory before and after many requests."""
    kept = {**origin(), "rows": [dict(row) for row in rows], "memory": dict(memory)}
    write_json(path, {**kept, "heavy": content_of(path)["heavy"]})


def record_heavy(rows: Sequence[Mapping[str, Any]], path: Path = MEASURED) -> None:
    """Keep the loads of the largest bodies, beside the others."""
    write_json(path, {**content_of(path), "heavy": {**origin(), "rows": [dict(row) for row in rows]}})


def load_table(path: Path = MEASURED) -> str:
    """The loads as a Markdown table, a line for each kind of request, and what else was seen."""
    content = content_of(path)
    several = " / ".join(map(str, CONNECTIONS))
    lines = [
        f"| connections: {several} | requests/s | operations/s | 99th percentile, ms | of `/healthz`, ms |",
        "|---|---:|---:|---:|---:|",
    ]
    kinds = {(row["kind"], row["inputs"]): None for row in content["rows"]}
    for kind, number in kinds:
        rows = [row for row in content["rows"] if (row["kind"], row["inputs"]) == (kind, number)]
        cells = (
            [f"{row['rate']:,.0f}" for row in rows],
            [f"{row['rate'] * number:,.0f}" for row in rows],
            [f"{row['last']:.1f}" for row in rows],
            [f"{row['healthz']:.1f}" for row in rows],
        )
        lines.append(f"| {number:,} as {kind} | {' | '.join(' / '.join(cell) for cell in cells)} |")
    return "\n".join([*lines, "", _seen(content), "", *_heavy(content["heavy"])])


def _heavy(content: Mapping[str, Any]) -> list[str]:
    rows = content["rows"]
    others, asked = max(row["others"] for row in rows), min(row["asked"] for row in rows)
    sentence = (
        f"Bodies of 2 MiB, the largest, over {max(CONNECTIONS)} connections, measured on {day_of(content)}, "
        f"while other programs took up to {others:.0%} of the processors and `/healthz` was asked at least "
        f"{asked:,} times:"
    )
    lines = [
        f"| {row['kind']} | {row['rate']:,.0f} | {row['healthz']:.0f} | {row['slowest']:.0f} |"
        for row in rows
    ]
    heads = "| 2 MiB of | requests/s | 99th percentile of `/healthz`, ms | its slowest answer, ms |"
    return [fill(sentence, width=118), "", heads, "|---|---:|---:|---:|", *lines]


def _seen(content: Mapping[str, Any]) -> str:
    rows, memory = content["rows"], content["memory"]
    others, worst = (max(row[key] for row in rows) for key in ("others", "healthz"))
    failed, asked = sum(row["failed"] for row in rows), min(row["asked"] for row in rows)
    sentences = (
        f"Measured on {day_of(content)}, while other programs took up to {others:.0%} of the processors;",
        f"{failed:,.0f} requests failed. `/healthz` was asked over a new connection each time, at least",
        f"{asked:,} times beside each load: its worst 99th percentile was {worst:.0f} ms.",
        f"{memory['requests']:,.0f} requests of all kinds in turn took the server's memory from",
        f"{memory['before']:.0f} to {memory['after']:.0f} MB.",
    )
    return fill(" ".join(sentences), width=118)
