"""How much work it is to measure a certificate again, and how much of it is done for a stranger."""

from collections.abc import Mapping

import numpy as np
import torch

from fluxttice_core.errors import CertificationError
from fluxttice_core.evaluation.sampled_report import DRAWS
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.network_shape import THRESHOLDS
from fluxttice_core.spaces.product_space import ProductSpace

_OF_POSTERIOR = 100
"""Multiplications by which the density of one posterior at one code is computed, at most."""

AT_MOST = 10
"""Times the work that the default settings are on a network of the default shape."""


def remeasurement_work(settings: MeasurementSettings, *, operations: int, parameters: int) -> int:
    """Latents decoded to measure a model again, times the parameters that each passes at most.

    Example:
        >>> least = remeasurement_work(MeasurementSettings(), operations=27, parameters=100)
        >>> remeasurement_work(MeasurementSettings(), operations=27, parameters=200) > least
        True
    """
    decoded = settings.mass_draws + max(settings.repeats_of(n) * n for n in settings.draws)
    decoded += (2 * settings.posterior_repeats + 2) * operations
    return decoded * parameters + settings.aggregate_draws * operations * _OF_POSTERIOR


def passed_parameters(tensors: Mapping[str, np.ndarray]) -> int:
    """Parameters that a latent passes at most: of a table of thresholds it reads a row an entry, and no more.

    Example:
        >>> from fluxttice_core.storage.pretrained import certified
        >>> passed_parameters(certified().tensors) == certified().parameters
        True
    """
    return sum(tensor.size for name, tensor in tensors.items() if tensor.ndim and name != THRESHOLDS)


def require_repeatable(settings: MeasurementSettings, *, operations: int, parameters: int) -> None:
    """Refuse settings, or a network, that would make measuring again much more work than it is by default."""
    usual = Architecture()
    with torch.device("meta"):
        network = DualVAE(usual)
    count = sum(parameter.numel() for parameter in network.parameters())
    due = _works(MeasurementSettings(), operations=usual.space.size, parameters=count)
    for what, work in _works(settings, operations=operations, parameters=parameters).items():
        times = work / due[what]
        if times > AT_MOST:
            raise CertificationError(
                f"measuring the {what} again would be {times:,.0f} times the usual work, and {AT_MOST} times "
                "at most is done: measure with fewer draws and repeats, or certify a smaller network",
                "too_costly",
            )


def require_repeatable_draws(draws: int, space: ProductSpace, *, parameters: int) -> None:
    """The same of a report from samples, beside the default network of the space and the usual draws."""
    with torch.device("meta"):
        network = DualVAE(Architecture(space=space.name))
    times = draws * parameters / (DRAWS * sum(parameter.numel() for parameter in network.parameters()))
    if times > AT_MOST:
        raise CertificationError(
            f"measuring again would be {times:,.0f} times the usual work, and {AT_MOST} times at most is "
            "done: measure with fewer draws, or certify a smaller network",
            "too_costly",
        )


def _works(settings: MeasurementSettings, *, operations: int, parameters: int) -> dict[str, int]:
    numbers, controls = (
        remeasurement_work(chosen, operations=operations, parameters=parameters)
        for chosen in (settings, settings.for_controls())
    )
    return {"numbers": numbers, "controls": settings.untrained_seeds * controls}
