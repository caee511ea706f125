"""Sizes and times of the core's installation: kept as they were measured, and shown as a table."""

from collections.abc import Mapping
from pathlib import Path

from docs.robustness import content_of, day_of, origin
from fluxttice_core.storage.atomic_write import write_json

MEASURED = Path(__file__).parent / "results" / "installation.json"
_TIMES = {
    "install": "installed in",
    "first_encode": "first encode, from the start of Python",
    "serve": "server up, from the start of Python",
}


def record_installation(measured: Mapping[str, Mapping[str, float]], path: Path = MEASURED) -> None:
    """Keep the megabytes and seconds of every installation, by its name."""
    write_json(path, {**origin(), "installations": {name: dict(of) for name, of in measured.items()}})


def installation_table(path: Path = MEASURED) -> str:
    """The installations as a Markdown table, the smallest first."""
    content = content_of(path)
    lines = [
        f"| measured on {day_of(content)} | MB | {' | '.join(_TIMES.values())} |",
        "|---|---:|" + "---:|" * len(_TIMES),
    ]
    for name, of in sorted(content["installations"].items(), key=lambda item: item[1]["megabytes"]):
        times = " | ".join(f"{of[key]:.2f} s" if key in of else "" for key in _TIMES)
        lines.append(f"| {name} | {of['megabytes']:.0f} | {times} |")
    return "\n".join(lines)
