"""Figures of the generator's own distribution p(x), estimated for every operation at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from fluxttice_core.metrics.choices import Direction, Unit
from fluxttice_core.metrics.distribution import (
    GenerativeFigures,
    coverage_from_mass,
    generative_figures,
    memorisation,
)
from fluxttice_core.metrics.estimated import estimated
from fluxttice_core.metrics.mass import MassEstimate, estimate_mass
from fluxttice_core.metrics.metric import Figure, Half
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.series import TOTAL_MASS, Series, rounded
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.streams import stream
from fluxttice_core.metrics.total_variation import Bracket
from fluxttice_core.spaces.split import Split
from fluxttice_core.statistics.coverage import expected_coverage, expected_distinct
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval

_QUANTILES = 201
_CURVE_POINTS = 25


@dataclass(frozen=True)
class _Row:
    """One figure: name, unit, direction, its perfect value, the estimate, perhaps an interval of its own."""

    quantity: str
    unit: Unit
    better: Direction
    ceiling: float
    estimate: Estimate
    interval: Interval | None = None


def mass_figures(
    model: Decodable, half: Half, settings: MeasurementSettings, split: Split | None
) -> Iterator[Figure | Series]:
    """Likelihood, divergences, effective numbers, generative information, memorisation, expected coverage.

    Args:
        model: The decoder.
        half: What to call it.
        settings: Draws, budgets and seed.
        split: The split that the model was trained on; none: memorisation is not known.

    Raises:
        OperationError: If the space is too large to enumerate.
        MeasurementError: If the decoder returns numbers that are not finite.
    """
    generator = stream(settings.seed, half, "mass", device=settings.device)
    mass = estimate_mass(model, settings.mass_draws, generator=generator)
    yield from figures_of_mass(mass, half, settings, split)


def figures_of_mass(
    mass: MassEstimate, half: Half, settings: MeasurementSettings, split: Split | None
) -> Iterator[Figure | Series]:
    """The figures of `mass_figures`, of a mass that is estimated already.

    Args:
        mass: The mass of every operation.
        half: What to call its generator.
        settings: Draws, budgets and seed.
        split: The split that the model was trained on; none: memorisation is not known.
    """
    figure = partial(estimated, draws=settings.mass_draws, seed=settings.seed)
    for row in _rows(mass, generative_figures(mass), settings, split):
        yield figure(
            row.quantity,
            half,
            row.estimate,
            unit=row.unit,
            better=row.better,
            ceiling=row.ceiling,
            interval=row.interval,
        )
    yield Series(TOTAL_MASS, half, (0.0,), (float(mass.p.sum()),))
    yield from _series(mass, half, max(settings.draws))


def _rows(
    mass: MassEstimate, found: GenerativeFigures, settings: MeasurementSettings, split: Split | None
) -> Iterator[_Row]:
    size, log_size = mass.space.size, mass.space.log_size
    yield _Row("generative_information", "ratio", "higher", 1.0, found.generative_information)
    yield _Row("nll", "nats", "lower", log_size, found.nll)
    yield _Row("kl_from_uniform", "nats", "lower", 0.0, found.kl_from_uniform)
    yield _Row("kl_to_uniform", "nats", "lower", 0.0, found.kl_to_uniform)
    yield _Row("entropy", "nats", "higher", log_size, found.entropy)
    yield _Row("conditional_entropy", "nats", "lower", 0.0, found.conditional_entropy)
    yield _Row("effective_number_1", "operations", "higher", float(size), found.effective_number_1)
    yield _Row("effective_number_2", "operations", "higher", float(size), found.effective_number_2)
    yield _bracketed("total_variation", found.total_variation)
    yield _Row("argmax_divergence", "nats", "lower", 0.0, found.argmax_divergence.corrected)
    yield _bracketed("argmax_total_variation", found.argmax_total_variation)
    if split is not None:
        ratio = memorisation(mass, train=split.train, held_out=split.held_out)
        yield _Row("memorisation", "ratio", "neither", 1.0, ratio)
    for n, share in zip(settings.draws, coverage_from_mass(mass, settings.draws), strict=True):
        quantity = f"expected_coverage/categorical/N={n}"
        yield _Row(quantity, "fraction", "higher", expected_distinct(size, n) / size, share)


def _bracketed(quantity: str, found: Bracket) -> _Row:
    return _Row(quantity, "fraction", "lower", 0.0, found.estimate, found.interval)


def _series(mass: MassEstimate, half: Half, largest: int) -> Iterator[Series]:
    """The sorted mass in units of 1/K, and expected coverage against the budget."""
    levels = np.linspace(0.0, 1.0, _QUANTILES)
    for name, p in (("sorted_mass/categorical", mass.p), ("sorted_mass/argmax", mass.p_argmax)):
        quantiles = np.quantile(p * mass.space.size, levels)
        yield Series(name, half, rounded(levels), rounded(quantiles))
    budgets = np.unique(np.geomspace(1, max(largest, 2), _CURVE_POINTS).round().astype(np.int64)).tolist()
    # Single precision may round the sum of p to more than 1; the curve would then rise above all that can be.
    curve = expected_coverage(mass.p / max(1.0, mass.p.sum()), budgets)
    yield Series(
        "expected_coverage/categorical", half, tuple(float(n) for n in budgets), tuple(curve.tolist())
    )
