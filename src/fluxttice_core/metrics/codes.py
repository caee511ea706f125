"""Figures of the code: what comes back from it, what it costs, and how far it is from the frontier."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.metrics.aggregate_posterior import chosen_places, code_information
from fluxttice_core.metrics.metric import Figure, FigureMaker, Series, rounded
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.posterior import (
    MOST_ROWS,
    AnyPosteriors,
    Posteriors,
    distortion,
    histogram_entropy,
    rate,
)
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.rate_distortion import PRICE, Frontier, frontier_distortion, gaussian_frontier
from fluxttice_core.metrics.reach_frontier import reach_frontier
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean, reconstruction_from_posterior
from fluxttice_core.metrics.settings import Half, MeasurementSettings
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.split import Split
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.estimate import Estimate

_HISTOGRAM_EDGES = np.linspace(-4.0, 4.0, 81)


def parts_of(space: ProductSpace, split: Split | None, target: Target | None = None) -> dict[str, Tensor]:
    """The rows of each part of a split that has any; without one, all that is aimed at: nothing held out."""
    if split is None:
        return {"all": torch.arange(space.size) if target is None else torch.from_numpy(target.rows)}
    parts = {"train": split.train, "validation": split.validation, "held_out": split.held_out}
    return {name: torch.from_numpy(rows) for name, rows in parts.items() if len(rows)}


def reconstruction_figures(
    model: Autoencoder,
    half: Half,
    settings: MeasurementSettings,
    split: Split | None,
    target: Target | None = None,
) -> Iterator[Figure]:
    """Exact tables and cells, from every row's posterior mean and from draws, on each part of the split."""
    for part, rows in parts_of(model.space, split, target).items():
        yield from figures_of_part(model, half, settings, part, rows)


def figures_of_part(
    model: Autoencoder, half: Half, settings: MeasurementSettings, part: str, rows: Tensor
) -> Iterator[Figure]:
    """Exact tables and cells, from the posterior mean and from draws, on one part of the split."""
    placed = rows.to(settings.device)
    from_mean = reconstruction_from_mean(model, placed)
    generator = measurement_stream(settings.seed, half, "reconstruction", part, device=settings.device)
    from_draws = [
        reconstruction_from_posterior(model, placed, generator=generator)
        for _ in range(settings.posterior_repeats)
    ]
    make = FigureMaker(half, model.space.size, settings)
    for name in ("table_accuracy", "trit_accuracy"):
        yield make(f"{name}/mean/{part}", getattr(from_mean, name))
        yield make.shares(f"{name}/draw/{part}", [getattr(drawn, name) for drawn in from_draws])


def rate_figures(
    model: Autoencoder,
    posteriors: AnyPosteriors,
    half: Half,
    settings: MeasurementSettings,
    target: Target | None = None,
) -> Iterator[Figure | Series]:
    """Rate, distortion, their sum, the active units, and for all ternary operations alike the frontiers."""
    target = uneven(target, model.space)
    cost = rate(posteriors)
    generator = measurement_stream(settings.seed, half, "distortion", device=settings.device)
    loss = distortion(model, posteriors, draws=settings.posterior_repeats, generator=generator)
    dimensions = len(cost.per_dimension)
    make = FigureMaker(half, model.space.size, settings, dimensions, target=target)
    yield make("rate", cost.total)
    yield make("rate_per_dimension", cost.total / dimensions)
    yield make("active_units", float(cost.active_units))
    yield Series("rate_per_dimension", half, tuple(map(float, range(dimensions))), cost.per_dimension)
    yield make("distortion", loss)
    yield make("rate_plus_distortion", Estimate(cost.total + loss.value, loss.error))
    if model.space.is_ternary and target is None:
        cells, free = model.space.cells, gaussian_frontier()
        above = loss.value - frontier_distortion(cost.total, cells)
        gap = free.lagrangian_gap(cost.total, loss.value, cells=cells)
        yield make("frontier_distance", Estimate(above, loss.error))
        yield make("rate_above_frontier", _rate_above(free, cost.total, loss, cells))
        yield make("rate_above_reach_frontier", _rate_above(reach_frontier(), cost.total, loss, cells))
        yield make("lagrangian_gap", Estimate(gap, PRICE * loss.error))


def _rate_above(frontier: Frontier, rate: float, loss: Estimate, cells: int) -> Estimate:
    """The rate above a frontier, with half of what it moves between the ends of the distortion's error."""
    below, above = (frontier.least_rate(max(loss.value + e, 0.0), cells) for e in (-loss.error, loss.error))
    return Estimate(frontier.rate_above(rate, loss.value, cells), (below - above) / 2)


def information_figures(
    posteriors: AnyPosteriors,
    half: Half,
    settings: MeasurementSettings,
    space: ProductSpace,
    target: Target | None = None,
) -> Iterator[Figure | Series]:
    """What codes say of their operations, how they fill the prior, and the entropies of encoded latents."""
    generator = measurement_stream(settings.seed, half, "information", device=settings.device)
    found = code_information(posteriors, latents=settings.aggregate_draws, generator=generator)
    some = posteriors
    if not isinstance(some, Posteriors):  # as many of them as are held at once, by their probabilities
        some = some.part(chosen_places(some, MOST_ROWS, generator))
    make = FigureMaker(half, space.size, settings, some.mu.shape[1], target=uneven(target, space))
    yield make("code_information", found.mutual_information)
    yield make("marginal_kl", found.marginal_kl)
    yield make("latent_entropy/differential", found.differential_entropy)
    yield from _histogram_entropy(some, make)


def _histogram_entropy(posteriors: Posteriors, make: FigureMaker) -> Iterator[Figure | Series]:
    """The histogram entropy of older reports, on encoded operations, and the densities of their latents."""
    settings, half = make.settings, make.half
    generator = measurement_stream(settings.seed, half, "latents", device=settings.device)
    samples = [posteriors.draw(generator).float() for _ in range(settings.posterior_repeats)]
    values = np.array([histogram_entropy(z, posteriors.weights) for z in samples])
    deviation = float(values.std(ddof=1)) / math.sqrt(len(values))
    estimate = Estimate(float(values.mean()), deviation, len(values) - 1.0)
    yield make("latent_entropy/histogram", estimate)
    centres = (_HISTOGRAM_EDGES[:-1] + _HISTOGRAM_EDGES[1:]) / 2
    weights = None if posteriors.weights is None else posteriors.weights.cpu().numpy()
    for dimension, column in enumerate(samples[0].cpu().numpy().T):
        density, _ = np.histogram(column, _HISTOGRAM_EDGES, density=True, weights=weights)
        yield Series(f"latent_density/{dimension}", half, rounded(centres), rounded(density))
