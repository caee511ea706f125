"""The headline figures of one half: few enough to be measured again and again, on many runs."""

from collections.abc import Iterator

import torch

from fluxttice_core.metrics.codes import figures_of_part, parts_of, rate_figures
from fluxttice_core.metrics.coverage import coverage_figures
from fluxttice_core.metrics.distribution import argmax_divergence, generative_information
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.metric import Figure, FigureMaker
from fluxttice_core.metrics.posterior import encode_rows
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.settings import Half, MeasurementSettings
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.spaces.split import Split

HELD_OUT = "table_accuracy/mean/held_out"
_OF_CODES = ("rate", "distortion", "frontier_distance", "rate_above_frontier", "lagrangian_gap")
_OF_TABLES = (HELD_OUT, "table_accuracy/draw/held_out")


def headline_figures(
    model: Autoencoder, half: Half, settings: MeasurementSettings, split: Split
) -> Iterator[Figure]:
    """Efficiency, KL(p_argmax), G, R, D, where they stand to the frontier, and held-out tables.

    The efficiency is that of the headline budget by argmax; the frontier is known of ternary operations only.
    Draws that a full report makes too are the same draws, but for those of the coverage.
    """
    alone = settings.model_copy(update={"draws": (settings.headline,), "rules": ("argmax",)})
    wanted = (f"efficiency/argmax/{settings.headline}", *_OF_CODES, *_OF_TABLES)
    make, seed = FigureMaker(half, model.space.size, settings), settings.seed
    yield from (figure for figure in coverage_figures(model, half, alone) if figure.quantity in wanted)
    generator = measurement_stream(seed, half, "mass", device=settings.device)
    mass = estimate_mass(model, settings.mass_draws, generator=generator)
    yield make("argmax_divergence", argmax_divergence(mass).corrected)
    yield make("generative_information", generative_information(mass))
    posteriors = encode_rows(model, device=torch.device(settings.device))
    for found in rate_figures(model, posteriors, half, settings):
        if isinstance(found, Figure) and found.quantity in wanted:
            yield found
    rows = parts_of(model.space, split)["held_out"]
    yield from (
        figure
        for figure in figures_of_part(model, half, settings, "held_out", rows)
        if figure.quantity in wanted
    )
