"""What the audit's tests let pass and refuse, measured by `benchmarks.audit_power`, as tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.robustness import content_of

RESULT = Path(__file__).parent / "results" / "audit.json"
LEVELS = ("0.001", "0.05")


def rows_of(part: str) -> list[dict[str, Any]]:
    """What one part of the measurement found."""
    rows: list[dict[str, Any]] = content_of(RESULT)["parts"][part]["rows"]
    return rows


def alarms_table() -> str:
    """How often draws of the law itself are refused: in one look, and in any of the looks of a monitor."""
    head = [f"| fair draws of | draws | runs | refused at {' | at '.join(LEVELS)} |", "|---|" + "---:|" * 4]
    once = [({**row, "law": f"{row['kinds']:,} kinds alike"}, "") for row in rows_of("alarms")]
    stated = [(row, "") for row in rows_of("law_alarms")]
    watched = [(row, f", looked at {row['looks']} times") for row in rows_of("monitored")]
    lines = [
        f"| {row['law']}{looks} | {row['draws']:,} | {row['runs']:,} | "
        + " | ".join(f"{row[level]:.4f}" for level in LEVELS)
        + " |"
        for row, looks in (*once, *stated, *watched)
    ]
    return "\n".join([*head, *lines])


def power_table() -> str:
    """How many draws show a defect."""
    lines = ["| defect | draws | best test alone | its draws | ratio |", "|---|---:|---|---:|---:|"]
    lines += [
        f"| {row['defect']} | {row['draws']:,} | {row['best']} | {row['alone']:,} | "
        f"{row['draws'] / row['alone']:.2f} |"
        for row in rows_of("power")
    ]
    return "\n".join(lines)


def visible_table() -> str:
    """How often generators are refused that are as far from uniform as a pass says would have shown."""
    rows = rows_of("visible")
    names = list(dict.fromkeys(row["generator"] for row in rows))
    lines = [f"| kinds | draws | distance | {' | '.join(names)} |", "|---:|---:|---:|" + "---:|" * len(names)]
    for row in _first_of_each(rows):
        found = {one["generator"]: one["refused"] for one in rows if _case(one) == _case(row)}
        cells = " | ".join(f"{found[name]:.3f}" for name in names)
        lines.append(f"| {row['kinds']:,} | {row['draws']:,} | {row['distance']:.3f} | {cells} |")
    return "\n".join(lines)


def intervals_table() -> str:
    """How often 95 % intervals of the effect hold, over generators: the least and the greatest share."""
    rows, figures = rows_of("intervals"), ("unevenness", "total variation")
    lines = ["| kinds | draws | sum of p^2/q | total variation |", "|---:|---:|---:|---:|"]
    for row in _first_of_each(rows):
        alike = [one for one in rows if _case(one) == _case(row)]
        held = [sorted(one[figure] for one in alike) for figure in figures]
        cells = " | ".join(f"{shares[0]:.3f} to {shares[-1]:.3f}" for shares in held)
        lines.append(f"| {row['kinds']:,} | {row['draws']:,} | {cells} |")
    return "\n".join(lines)


def law_intervals_table() -> str:
    """How often they hold beside stated laws: of draws of the law, and of a generator near it."""
    rows, figures = rows_of("law_intervals"), ("unevenness", "total variation")
    lines = [
        "| law | draws | sum of p^2/q | near the law | total variation | near the law |",
        "|---|---:" + "|---:" * 4 + "|",
    ]
    for of_law, near in zip(rows[::2], rows[1::2], strict=True):
        shares = [row[figure] for figure in figures for row in (of_law, near)]
        cells = " | ".join("not told" if share is None else f"{share:.3f}" for share in shares)
        lines.append(f"| {of_law['law']} | {of_law['draws']:,} | {cells} |")
    return "\n".join(lines)


def _case(row: Mapping[str, Any]) -> tuple[int, int]:
    return row["kinds"], row["draws"]


def _first_of_each(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({_case(row): row for row in reversed(rows)}.values())[::-1]
