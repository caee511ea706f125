"""What a result says beside its figures: its title, and how its prior draws were made."""

from typing import Any

from fluxttice_core.metrics.settings import MeasurementSettings


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
