"""The faults that tests injected and the inputs that parsers were tried on: kept, and shown as tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.canonical_json import parse_json
from fluxttice_core.storage.environment import environment_record, timestamp, tool_record

INJECTED = Path(__file__).parent / "results" / "faults.json"
FUZZED = Path(__file__).parent / "results" / "fuzz.json"


def record_faults(faults: Mapping[str, tuple[int, int]], path: Path = INJECTED) -> None:
    """Keep how often each fault was injected, and how often something was lost or missed."""
    counts = {name: {"injected": injected, "lost": lost} for name, (injected, lost) in faults.items()}
    write_json(path, {**origin(), "faults": counts})


def record_fuzzing(
    parser: str, *, read: int, refused: int, failed: int, seed: int, path: Path = FUZZED
) -> None:
    """Add what became of a parser's inputs to what earlier seeds gave, if none of them failed.

    A seed that is tried again takes the place of its own counts, and what was counted until a failure goes.
    """
    kept = content_of(path)["parsers"] if path.exists() else {}
    sound = [
        run for run in kept.get(parser, {"runs": []})["runs"] if run["seed"] != seed and not run["failed"]
    ]
    runs = [*sound, {**origin(), "read": read, "refused": refused, "failed": failed, "seed": seed}]
    totals = {key: sum(run[key] for run in runs) for key in ("read", "refused", "failed")}
    write_json(path, {"parsers": {**kept, parser: {**totals, "runs": runs}}})


def fault_table(path: Path = INJECTED) -> str:
    """The faults that were injected, as a Markdown table."""
    content = content_of(path)
    faults = content["faults"]
    lines = [f"| injected on {day_of(content)} | times | lost or missed |", "|---|---:|---:|"]
    lines += [
        f"| {name} | {faults[name]['injected']:,} | {faults[name]['lost']:,} |" for name in sorted(faults)
    ]
    injected, lost = (sum(fault[key] for fault in faults.values()) for key in ("injected", "lost"))
    return "\n".join([*lines, f"| all | {injected:,} | {lost:,} |"])


def fuzzing_table(path: Path = FUZZED) -> str:
    """The inputs that every parser was tried on, as a Markdown table."""
    parsers = content_of(path)["parsers"]
    lines = ["| parser | inputs | read | refused | failed | tried |", "|---|---:|---:|---:|---:|---|"]
    for name in sorted(parsers):
        of = parsers[name]
        days = sorted(day_of(run) for run in of["runs"])
        tried = " to ".join(dict.fromkeys((days[0], days[-1])))
        inputs = of["read"] + of["refused"] + of["failed"]
        counts = " | ".join(f"{number:,}" for number in (inputs, of["read"], of["refused"], of["failed"]))
        lines.append(f"| {name} | {counts} | {tried} |")
    return "\n".join(lines)


def content_of(path: Path) -> dict[str, Any]:
    """What a file of results holds."""
    content: dict[str, Any] = parse_json(path.read_bytes(), name=path.name)
    return content


def origin() -> dict[str, Any]:
    """When and with what something was measured."""
    return {"time": timestamp(), "tool": tool_record(), "environment": environment_record()}


def day_of(record: Mapping[str, Any]) -> str:
    """The day on which it was."""
    return str(record["time"]).partition("T")[0]
