"""Figures of the code: what comes back from it, what it costs, and how far it is from the frontier."""

import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from fluxttice_core.metrics.aggregate_posterior import code_information
from fluxttice_core.metrics.estimated import estimated, share_interval
from fluxttice_core.metrics.metric import Figure, Half
from fluxttice_core.metrics.posterior import (
    Posteriors,
    Rate,
    distortion,
    histogram_entropy,
    rate,
)
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.rate_distortion import BASE, frontier_distortion
from fluxttice_core.metrics.reconstruction import (
    Reconstruction,
    reconstruction_from_mean,
    reconstruction_from_posterior,
)
from fluxttice_core.metrics.scales import histogram_entropy_of_prior
from fluxttice_core.metrics.series import Series, rounded
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.streams import stream
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import Split
from fluxttice_core.statistics.estimate import Estimate

_NORMAL_ENTROPY = 0.5 * math.log(2 * math.pi * math.e)
_HISTOGRAM_EDGES = np.linspace(-4.0, 4.0, 81)
_ACCURACIES: tuple[tuple[str, Callable[[Reconstruction], float]], ...] = (
    ("table_accuracy", lambda r: r.table_accuracy),
    ("trit_accuracy", lambda r: r.trit_accuracy),
)


def parts_of(space: OperationSpace, split: Split | None) -> dict[str, Tensor]:
    """The rows of each part of a split; without one, only the whole space, of which nothing was held out."""
    if split is None:
        return {"all": torch.arange(space.size)}
    parts = {"train": split.train, "validation": split.validation, "held_out": split.held_out}
    return {name: torch.from_numpy(rows) for name, rows in parts.items()}


def reconstruction_figures(
    model: Autoencoder, half: Half, settings: MeasurementSettings, split: Split | None
) -> Iterator[Figure]:
    """Exact tables and cells, decoded from the posterior mean and from draws, on each part of the split.

    From the mean every row of the part is decoded, so that those figures are exact.

    Args:
        model: The autoencoder.
        half: What to call it.
        settings: Repeats and seed.
        split: The split that the model was trained on; none: unknown, so that nothing counts as held out.
    """
    for part, rows in parts_of(model.space, split).items():
        yield from figures_of_part(model, half, settings, part, rows)


def figures_of_part(
    model: Autoencoder, half: Half, settings: MeasurementSettings, part: str, rows: Tensor
) -> Iterator[Figure]:
    """Exact tables and cells, from the posterior mean and from draws, on one part of the split.

    Args:
        model: The autoencoder.
        half: What to call it.
        settings: Repeats and seed.
        part: Name of the part.
        rows: Its operations.
    """
    placed = rows.to(settings.device)
    from_mean = reconstruction_from_mean(model, placed)
    generator = stream(settings.seed, half, "reconstruction", part, device=settings.device)
    from_draws = [
        reconstruction_from_posterior(model, placed, generator=generator)
        for _ in range(settings.posterior_repeats)
    ]
    for name, accuracy in _ACCURACIES:
        yield _accuracy(f"{name}/mean/{part}", half, accuracy(from_mean))
        values = np.array([accuracy(drawn) for drawn in from_draws])
        yield _drawn_accuracy(f"{name}/draw/{part}", half, values, settings.seed)


def _accuracy(quantity: str, half: Half, value: float) -> Figure:
    return Figure(
        quantity=quantity,
        half=half,
        value=value,
        unit="fraction",
        better="higher",
        ceiling=1.0,
        rule="argmax",
    )


def _drawn_accuracy(quantity: str, half: Half, values: Float64[np.ndarray, "n"], seed: int) -> Figure:
    interval = share_interval(values)
    return Figure(
        quantity=quantity,
        half=half,
        value=interval.estimate,
        unit="fraction",
        better="higher",
        ceiling=1.0,
        estimator="monte_carlo",
        interval=interval,
        error=float(values.std(ddof=1)) / math.sqrt(len(values)),
        degrees=len(values) - 1.0,
        draws=len(values),
        repeats=len(values),
        seed=seed,
        rule="argmax",
        samples=tuple(values.tolist()),
    )


def rate_figures(
    model: Autoencoder, posteriors: Posteriors, half: Half, settings: MeasurementSettings
) -> Iterator[Figure | Series]:
    """Rate, distortion, their sum, the distance to the Gaussian frontier, and the active units.

    Args:
        model: The decoder that the codes are for.
        posteriors: Posteriors of all K operations.
        half: What to call it.
        settings: Repeats and seed.
    """
    cost = rate(posteriors)
    generator = stream(settings.seed, half, "distortion", device=settings.device)
    loss = distortion(model, posteriors, draws=settings.posterior_repeats, generator=generator)
    yield from _rate_alone(cost, half, model.space)
    dimensions = tuple(float(j) for j in range(len(cost.per_dimension)))
    yield Series("rate_per_dimension", half, dimensions, cost.per_dimension)
    terms = [
        ("distortion", loss.value, 0.0),
        ("rate_plus_distortion", cost.total + loss.value, model.space.log_size),
    ]
    if model.space.base == BASE:
        best = frontier_distortion(cost.total, model.space.cells)
        terms.append(("frontier_distance", loss.value - best, 0.0))
    for quantity, value, ceiling in terms:
        yield estimated(
            quantity,
            half,
            Estimate(value, loss.error),
            better="lower",
            ceiling=ceiling,
            draws=settings.posterior_repeats,
            seed=settings.seed,
        )


def _rate_alone(cost: Rate, half: Half, space: OperationSpace) -> Iterator[Figure]:
    dimensions = len(cost.per_dimension)
    yield Figure(
        quantity="rate", half=half, value=cost.total, unit="nats", better="neither", ceiling=space.log_size
    )
    yield Figure(
        quantity="rate_per_dimension",
        half=half,
        value=cost.total / dimensions,
        unit="nats",
        better="neither",
        ceiling=space.log_size / dimensions,
    )
    yield Figure(
        quantity="active_units",
        half=half,
        value=float(cost.active_units),
        unit="dimensions",
        better="neither",
        ceiling=float(dimensions),
    )


def information_figures(
    posteriors: Posteriors, half: Half, settings: MeasurementSettings, space: OperationSpace
) -> Iterator[Figure | Series]:
    """What codes say of their operations, how they fill the prior, and the entropies of encoded latents.

    Args:
        posteriors: Posteriors of all K operations.
        half: What to call it.
        settings: Codes at which the aggregate posterior is evaluated, and the seed.
        space: The operations.
    """
    dimensions = posteriors.mu.shape[1]
    generator = stream(settings.seed, half, "information", device=settings.device)
    found = code_information(posteriors, latents=settings.aggregate_draws, generator=generator)
    figure = partial(estimated, draws=settings.aggregate_draws, seed=settings.seed)
    yield figure("code_information", half, found.mutual_information, better="higher", ceiling=space.log_size)
    yield figure("marginal_kl", half, found.marginal_kl, better="lower", ceiling=0.0)
    yield figure(
        "latent_entropy/differential",
        half,
        found.differential_entropy,
        better="neither",
        ceiling=dimensions * _NORMAL_ENTROPY,
    )
    yield from _histogram_entropy(posteriors, half, settings)


def _histogram_entropy(
    posteriors: Posteriors, half: Half, settings: MeasurementSettings
) -> Iterator[Figure | Series]:
    """The histogram entropy of older reports, on encoded operations, and the densities of their latents."""
    generator = stream(settings.seed, half, "latents", device=settings.device)
    samples = [posteriors.draw(generator).float() for _ in range(settings.posterior_repeats)]
    values = np.array([histogram_entropy(z) for z in samples])
    deviation = float(values.std(ddof=1)) / math.sqrt(len(values))
    yield estimated(
        "latent_entropy/histogram",
        half,
        Estimate(float(values.mean()), deviation, len(values) - 1.0),
        better="neither",
        ceiling=histogram_entropy_of_prior(),
        draws=settings.posterior_repeats,
        seed=settings.seed,
    )
    centres = (_HISTOGRAM_EDGES[:-1] + _HISTOGRAM_EDGES[1:]) / 2
    for dimension, column in enumerate(samples[0].cpu().numpy().T):
        density, _ = np.histogram(column, _HISTOGRAM_EDGES, density=True)
        yield Series(f"latent_density/{dimension}", half, rounded(centres), rounded(density))
