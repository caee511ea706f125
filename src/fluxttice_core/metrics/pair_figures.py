"""Figures of two halves together: what both reach, where they agree, and the coupled pair as one code."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from fluxttice_core.metrics.choices import Direction
from fluxttice_core.metrics.codes import information_figures, parts_of, rate_figures
from fluxttice_core.metrics.coupled_pair import CoupledPair, couple
from fluxttice_core.metrics.estimated import estimated, share_interval
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.pair import SetComparison, agreement, compare_samplers
from fluxttice_core.metrics.posterior import distortion, encode_rows
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.reach_figures import Source
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean, reconstruction_from_posterior
from fluxttice_core.metrics.sampling import DecoderSampler, IndexSampler
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.streams import stream
from fluxttice_core.spaces.split import Split
from fluxttice_core.statistics.coverage import ceiling
from fluxttice_core.statistics.estimate import Estimate

_REPEATS_AT_LEAST = 2


def set_figures(first: Source, second: Source, settings: MeasurementSettings) -> Iterator[Figure]:
    """Union and overlap of what the halves reach with the headline budget each, by argmax.

    Args:
        first: Half A.
        second: Half B.
        settings: Budget, repeats and seed.
    """
    of_a, of_b, budget = _sampler(first), _sampler(second), settings.headline
    generator = stream(settings.seed, "pair", "sets", device=settings.device)
    repeats = max(_REPEATS_AT_LEAST, settings.long_repeats)
    found = [compare_samplers(of_a, of_b, budget, generator=generator) for _ in range(repeats)]
    size, alone = first.space.size, ceiling(first.space.size, budget).fraction
    shared = alone / (2 - alone)
    rows: tuple[tuple[str, Direction, float, Callable[[SetComparison], float]], ...] = (
        ("coverage_of_a", "higher", alone, lambda sets: sets.first / size),
        ("coverage_of_b", "higher", alone, lambda sets: sets.second / size),
        ("union", "higher", alone * (2 - alone), lambda sets: sets.union / size),
        ("jaccard_similarity", "neither", shared, lambda sets: sets.jaccard_similarity),
        ("jaccard_distance", "neither", 1 - shared, lambda sets: sets.jaccard_distance),
    )
    for name, better, best, value in rows:
        values = [value(sets) for sets in found]
        yield _repeated(f"{name}/argmax/{budget}", values, settings, better=better, best=best, draws=budget)


def agreement_figures(first: Decodable, second: Decodable, settings: MeasurementSettings) -> Iterator[Figure]:
    """How often both decoders read the same latent as the same table, and the same cell.

    Args:
        first: Half A.
        second: Half B, with a latent of the same dimensions.
        settings: Latents, repeats and seed.
    """
    generator = stream(settings.seed, "pair", "agreement", device=settings.device)
    repeats, draws = max(_REPEATS_AT_LEAST, settings.long_repeats), settings.headline
    found = [agreement(first, second, draws, generator=generator) for _ in range(repeats)]
    for name, values in (
        ("tables", [one.table_agreement for one in found]),
        ("trits", [one.trit_agreement for one in found]),
    ):
        yield _repeated(
            f"agreement/{name}/{draws}", values, settings, better="neither", best=1.0, draws=draws
        )


def coupled_figures(
    first: Autoencoder, second: Autoencoder, settings: MeasurementSettings, split: Split | None, rho: float
) -> Iterator[Figure]:
    """The pair coupled as in training, as one code: what comes back, what it costs, and each half's loss.

    Both halves decode, each its share of the joint latent, and the product of their distributions is taken:
    nothing is shown the answer.

    Args:
        first: Half A.
        second: Half B, with a latent of the same dimensions.
        settings: Repeats and seed.
        split: The split that the model was trained on; none: not known.
        rho: Cross-injection.
    """
    pair = couple(first, second, rho=rho)
    prefix = f"coupled/rho={rho:g}"
    posteriors = encode_rows(pair, device=torch.device(settings.device))
    yield from _coupled_accuracy(pair, settings, split, prefix)
    for found in (
        *rate_figures(pair, posteriors, "pair", settings),
        *information_figures(posteriors, "pair", settings, pair.space),
    ):
        if isinstance(found, Figure) and not found.quantity.startswith("latent_entropy"):
            yield replace(found, quantity=f"{prefix}/{found.quantity}")
    for name, half in (("a", pair.first), ("b", pair.second)):
        generator = stream(settings.seed, "pair", "distortion", name, device=settings.device)
        draws = settings.posterior_repeats
        loss = distortion(half, posteriors, draws=draws, generator=generator)
        yield estimated(
            f"{prefix}/distortion_of_{name}",
            "pair",
            loss,
            better="lower",
            ceiling=0.0,
            draws=draws,
            seed=settings.seed,
        )


def _coupled_accuracy(
    pair: CoupledPair, settings: MeasurementSettings, split: Split | None, prefix: str
) -> Iterator[Figure]:
    part, rows = list(parts_of(pair.space, split).items())[-1]
    placed = rows.to(settings.device)
    yield Figure(
        quantity=f"{prefix}/table_accuracy/mean/{part}",
        half="pair",
        value=reconstruction_from_mean(pair, placed).table_accuracy,
        unit="fraction",
        better="higher",
        ceiling=1.0,
        rule="argmax",
    )
    generator = stream(settings.seed, "pair", "reconstruction", device=settings.device)
    values = [
        reconstruction_from_posterior(pair, placed, generator=generator).table_accuracy
        for _ in range(settings.posterior_repeats)
    ]
    yield _repeated(
        f"{prefix}/table_accuracy/draw/{part}", values, settings, better="higher", best=1.0, draws=len(values)
    )


def _repeated(
    quantity: str,
    values: Sequence[float],
    settings: MeasurementSettings,
    *,
    better: Direction,
    best: float,
    draws: int,
) -> Figure:
    samples = np.array(values)
    error = float(samples.std(ddof=1)) / math.sqrt(len(samples))
    return replace(
        estimated(
            quantity,
            "pair",
            Estimate(float(samples.mean()), error, len(samples) - 1.0),
            better=better,
            ceiling=best,
            draws=draws,
            seed=settings.seed,
            unit="fraction",
        ),
        interval=share_interval(samples),
        repeats=len(samples),
        rule="argmax",
        samples=tuple(values),
    )


def _sampler(source: Source) -> IndexSampler:
    return DecoderSampler(source, "argmax") if isinstance(source, Decodable) else source
