"""What a result says beside its figures: its title, how it drew, and coverage with the rules side by side."""

from collections.abc import Iterable, Mapping
from typing import Any

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.settings import DECODE_RULES, MeasurementSettings


def title_of_run(name: str, epoch: int, seed: int | None) -> str:
    """What a report of a model is headed with.

    Args:
        name: The recipe, or the file where none is recorded.
        epoch: Epochs trained.
        seed: The run's seed, if recorded.

    Example:
        >>> title_of_run("standard", 7, 0)
        'standard, epoch 7, seed 0'
    """
    return f"{name}, epoch {epoch}" + ("" if seed is None else f", seed {seed}")


def sampler_of(settings: MeasurementSettings) -> dict[str, Any]:
    """How prior draws were made, as a result file has it, but for the dimensions of the codes.

    Args:
        settings: The settings that decide it.
    """
    return {
        "prior": "standard normal",
        "rules": list(settings.rules),
        "draws": list(settings.draws),
        "repeats": [settings.repeats_of(n) for n in settings.draws],
        "seed": settings.seed,
        "dtype": "float32",
        "device": settings.device,
    }


def coverage_rows(
    metrics: Iterable[Mapping[str, Any]], halves: Iterable[str], settings: MeasurementSettings
) -> list[dict[str, Any]]:
    """Sampled coverage at every budget, the decode rules side by side, as a result file has it.

    Args:
        metrics: Records with quantity, half, value and ceiling.
        halves: The halves.
        settings: Budgets and rules.

    Raises:
        MeasurementError: If a coverage that the settings ask for is missing.
    """
    known = {(metric["quantity"], metric["half"]): metric for metric in metrics}
    rows = []
    for half in halves:
        for n in settings.draws:
            found = {rule: known.get((f"coverage/{rule}/{n}", half)) for rule in settings.rules}
            argmax = found["argmax"]
            if argmax is None or None in found.values():
                raise MeasurementError(
                    f"coverage of half {half} at {n:,} draws is missing: measure it again",
                    "incomplete_report",
                )
            values: dict[str, Any] = dict.fromkeys(DECODE_RULES)
            values |= {rule: record["value"] for rule, record in found.items() if record is not None}
            ends = {name: argmax[name] for name in ("ceiling", "ceiling_sd")}
            rows.append({"half": half, "draws": n, **ends, **values})
    return rows
