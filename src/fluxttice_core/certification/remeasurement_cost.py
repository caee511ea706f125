"""How much work it is to measure headline figures again, and how much of it is done for a stranger."""

from __future__ import annotations

import torch

from fluxttice_core.errors import CertificationError
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE

AT_MOST = 10
"""Times the work that the default settings are on a network of the default shape."""


def remeasurement_work(settings: MeasurementSettings, *, operations: int, parameters: int) -> int:
    """Latents decoded to measure the headline figures again, times the parameters that each passes at most.

    Example:
        >>> least = remeasurement_work(MeasurementSettings(), operations=27, parameters=100)
        >>> remeasurement_work(MeasurementSettings(), operations=27, parameters=200) == 2 * least
        True
    """
    repeats = max(settings.repeats_of(n) for n in settings.draws if n <= settings.headline)
    decoded = settings.mass_draws + repeats * settings.headline
    return (decoded + (2 * settings.posterior_repeats + 2) * operations) * parameters


def require_repeatable(settings: MeasurementSettings, *, operations: int, parameters: int) -> None:
    """Refuse settings, or a network, that would make measuring again much more work than it is by default."""
    usual = Architecture()
    with torch.device("meta"):
        network = DualVAE(usual)
    count = sum(parameter.numel() for parameter in network.parameters())
    due = remeasurement_work(MeasurementSettings(), operations=usual.space.size, parameters=count)
    times = remeasurement_work(settings, operations=operations, parameters=parameters) / due
    if times > AT_MOST:
        raise CertificationError(
            f"measuring the headline figures again would be {times:,.0f} times the usual work, and {AT_MOST} "
            "times at most is done: measure with fewer draws and repeats, or certify a smaller network",
            "too_costly",
        )
