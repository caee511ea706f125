"""What commands take for files that unpack into gigabytes: kept as it was measured, and shown as a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.robustness import content_of, day_of, origin
from fluxttice_core.storage.atomic_write import write_json

MEASURED = Path(__file__).parent / "results" / "bombs.json"
BEYOND = {"audit": 256, "verify": 4 * 268, "export": 4 * 268, "train": 268}
"""Megabytes that a command may take beyond a plain file: `--memory`, or four times the largest weights."""

_ENDS = {0: "read", 1: "does not hold", 2: "refused"}


def record_bombs(
    plain: Sequence[Mapping[str, Any]], bombs: Sequence[Mapping[str, Any]], path: Path = MEASURED
) -> None:
    """Keep what was measured, the plain files apart."""
    write_json(path, {**origin(), "plain": [dict(of) for of in plain], "bombs": [dict(of) for of in bombs]})


def bomb_table(path: Path = MEASURED) -> str:
    """The bombs as a Markdown table, each beside what its command takes for a plain file."""
    content = content_of(path)
    plain = {of["command"]: of["peak"] for of in content["plain"]}
    lines = [
        f"| measured on {day_of(content)} | holds | on disk | command | peak | plain | ends |",
        "|---|---|---:|---|---:|---:|---|",
    ]
    lines += [
        f"| `{of['file']}` | {of['holds']} | {of['kilobytes']:,.0f} kB | `{of['command']}` | "
        f"{of['peak']:.0f} MB | {plain[of['command']]:.0f} MB | {_ENDS[of['exit_code']]} |"
        for of in content["bombs"]
    ]
    return "\n".join(lines)
