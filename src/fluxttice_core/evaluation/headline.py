"""The headline figures of one half: few enough to be measured again and again, on many runs."""

from collections.abc import Iterator

import torch

from fluxttice_core.metrics.codes import parts_of, rate_figures
from fluxttice_core.metrics.distribution import argmax_divergence, generative_information
from fluxttice_core.metrics.estimated import estimated
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.metric import Figure, Half
from fluxttice_core.metrics.posterior import encode_rows
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.reach_figures import reach_figures
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.streams import stream
from fluxttice_core.spaces.split import Split

HELD_OUT = "table_accuracy/mean/held_out"


def headline_figures(
    model: Autoencoder, half: Half, settings: MeasurementSettings, split: Split
) -> Iterator[Figure]:
    """Efficiency, KL(p_argmax), G, R, D above the frontier, and held-out tables from the mean.

    The efficiency is that of the headline budget by argmax; the distance to the frontier is known of ternary
    operations only. Draws that a full report makes too are the same draws, but for those of the coverage.

    Args:
        model: The autoencoder.
        half: What to call it.
        settings: Budgets, repeats and seed.
        split: The split that the model was trained on.

    Raises:
        OperationError: If the space is too large to enumerate.
        MeasurementError: If the network returns numbers that are not finite.
    """
    yield from _reach(model, half, settings)
    yield from _mass(model, half, settings)
    posteriors = encode_rows(model, device=torch.device(settings.device))
    for found in rate_figures(model, posteriors, half, settings):
        if isinstance(found, Figure) and found.quantity in ("rate", "frontier_distance"):
            yield found
    rows = parts_of(model.space, split)["held_out"].to(settings.device)
    accuracy = reconstruction_from_mean(model, rows).table_accuracy
    yield Figure(
        quantity=HELD_OUT,
        half=half,
        value=accuracy,
        unit="fraction",
        better="higher",
        ceiling=1.0,
        rule="argmax",
    )


def _reach(model: Autoencoder, half: Half, settings: MeasurementSettings) -> Iterator[Figure]:
    alone = settings.model_copy(update={"draws": (settings.headline,), "rules": ("argmax",)})
    wanted = f"efficiency/argmax/{settings.headline}"
    yield from (figure for figure in reach_figures(model, half, alone) if figure.quantity == wanted)


def _mass(model: Autoencoder, half: Half, settings: MeasurementSettings) -> Iterator[Figure]:
    draws, seed = settings.mass_draws, settings.seed
    mass = estimate_mass(model, draws, generator=stream(seed, half, "mass", device=settings.device))
    yield estimated(
        "argmax_divergence",
        half,
        argmax_divergence(mass).corrected,
        better="lower",
        ceiling=0.0,
        draws=draws,
        seed=seed,
    )
    yield estimated(
        "generative_information",
        half,
        generative_information(mass),
        unit="ratio",
        better="higher",
        ceiling=1.0,
        draws=draws,
        seed=seed,
    )
