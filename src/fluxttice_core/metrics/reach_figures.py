"""Figures of the prior's reach: distinct operations at each budget, the decode rules side by side."""

import math
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import torch

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.choices import DecodeRule, Unit
from fluxttice_core.metrics.metric import Figure, Half
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.sampling import (
    CACHED_CHUNK,
    DECODE_CHUNK,
    IndexSampler,
    indices_by,
    prior_chunks,
    require_indices,
    uniform_draws,
)
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.streams import stream
from fluxttice_core.metrics.threads import map_chunks
from fluxttice_core.statistics.coverage import Coverage, equivalent_uniform_budget
from fluxttice_core.statistics.intervals import Interval, coverage_interval

Source = Decodable | IndexSampler
_Seen = dict[DecodeRule, torch.Tensor]


def reach_figures(source: Source, half: Half, settings: MeasurementSettings) -> Iterator[Figure]:
    """Coverage, efficiency and equivalent uniform budget at every budget and by every rule.

    The rules decode the same latents, so that they differ by nothing but the rule. A sampler without a
    decoder has no rule: its one count stands beside each.

    Args:
        source: The decoder, or the sampler.
        half: What to call it.
        settings: Budgets, repeats, rules and seed.

    Raises:
        OperationError: If the space is too large to enumerate.
        MeasurementError: If an index is outside the space.
    """
    source.space.require_enumerable()
    counted = _counted(source, half, settings)
    for rule in settings.rules:
        for budget in settings.draws:
            coverage = Coverage(source.space.size, budget, tuple(counted[rule, budget]))
            yield from _of_coverage(coverage, rule, half, settings.seed)


def _counted(
    source: Source, half: Half, settings: MeasurementSettings
) -> Mapping[tuple[DecodeRule, int], list[int]]:
    """Distinct operations of every repeat, by rule and budget; within a repeat the budgets are nested."""
    counted: dict[tuple[DecodeRule, int], list[int]] = {
        (rule, n): [] for rule in settings.rules for n in settings.draws
    }
    repeats = range(max(settings.repeats_of(n) for n in settings.draws))
    count = partial(_counted_once, source, half, settings)
    for found in map_chunks(count, repeats, device=torch.device(settings.device)):
        for place, distinct in found.items():
            counted[place].append(distinct)
    return counted


def _counted_once(
    source: Source, half: Half, settings: MeasurementSettings, repeat: int
) -> dict[tuple[DecodeRule, int], int]:
    """Distinct operations of one repeat, whose draws depend on no other's."""
    generator = stream(settings.seed, half, "coverage", str(repeat), device=settings.device)
    stops = [n for n in settings.draws if repeat < settings.repeats_of(n)]
    return {
        (rule, stop): int(seen[rule].count_nonzero())
        for stop, seen in _seen_at(source, stops, settings.rules, generator)
        for rule in settings.rules
    }


def _seen_at(
    source: Source, stops: list[int], rules: tuple[DecodeRule, ...], generator: torch.Generator
) -> Iterator[tuple[int, _Seen]]:
    """Extend one sample from budget to budget, marking what each rule has shown."""
    marks = {
        rule: torch.zeros(source.space.size, dtype=torch.bool, device=generator.device) for rule in rules
    }
    drawn = 0
    for stop in stops:
        for indices in _drawn_indices(source, stop - drawn, rules, generator):
            for rule, shown in indices.items():
                _mark(marks[rule], shown)
            drawn += len(next(iter(indices.values())))
        if drawn != stop:
            raise MeasurementError(
                f"{drawn:,} operations were drawn for a budget of {stop:,}: the two must agree"
            )
        yield stop, marks


def _drawn_indices(
    source: Source, n: int, rules: tuple[DecodeRule, ...], generator: torch.Generator
) -> Iterator[_Seen]:
    if not isinstance(source, Decodable):
        yield dict.fromkeys(rules, source.sample(n, generator))
        return
    decode = partial(_decoded, source, rules)
    yield from map_chunks(decode, _parts(source, n, rules, generator), device=generator.device)


def _parts(
    source: Decodable, n: int, rules: tuple[DecodeRule, ...], generator: torch.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
    """Prior draws with the numbers that decide their categorical symbols, cut small enough for every core."""
    for z in prior_chunks(source.latent_dim, n, generator, chunk=DECODE_CHUNK):
        # Drawn even where no rule needs it, so that the latents do not depend on the rules.
        seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
        own = torch.Generator(generator.device).manual_seed(seed)
        uniform = uniform_draws((len(z), source.space.cells), own) if "categorical" in rules else None
        step = CACHED_CHUNK if z.device.type == "cpu" else len(z)
        for start in range(0, len(z), step):
            yield z[start : start + step], None if uniform is None else uniform[start : start + step]


def _decoded(
    source: Decodable, rules: tuple[DecodeRule, ...], part: tuple[torch.Tensor, torch.Tensor | None]
) -> _Seen:
    z, uniform = part
    with torch.inference_mode():
        logits = source.decode_logits(z)
        return {rule: indices_by(rule, logits, uniform) for rule in rules}


def _mark(marks: torch.Tensor, indices: torch.Tensor) -> None:
    require_indices(indices, len(marks))
    marks[indices] = True


def _of_coverage(coverage: Coverage, rule: DecodeRule, half: Half, seed: int) -> Iterator[Figure]:
    repeats, best = len(coverage.distinct), coverage.ceiling
    share = coverage_interval(np.array(coverage.distinct), coverage.size)
    error = coverage.sd / coverage.size / math.sqrt(repeats) if repeats > 1 else math.inf

    def figure(quantity: str, unit: Unit, interval: Interval, ceiling: float, factor: float) -> Figure:
        return Figure(
            quantity=f"{quantity}/{rule}/{coverage.draws}",
            half=half,
            value=interval.estimate,
            unit=unit,
            better="higher",
            ceiling=ceiling,
            ceiling_sd=best.sd / coverage.size * factor,
            estimator="monte_carlo",
            interval=interval,
            error=error * factor,
            degrees=repeats - 1.0,
            draws=coverage.draws,
            repeats=repeats,
            seed=seed,
            rule=rule,
            samples=tuple(d / coverage.size for d in coverage.distinct) if quantity == "coverage" else (),
        )

    yield figure("coverage", "fraction", share, best.fraction, 1.0)
    yield figure("efficiency", "ratio", share.scaled(1 / best.fraction), 1.0, 1 / best.fraction)
    # The delta method: dN/dc = -1 / ((1 - c) ln(1 - 1/K)).
    slope = coverage.size / max(1 - share.estimate, 1 / coverage.size)
    budget = _equivalent_budget(share, coverage.size)
    yield figure("equivalent_uniform_budget", "draws", budget, float(coverage.draws), slope)


def _equivalent_budget(share: Interval, size: int) -> Interval:
    estimate, lower, upper = (
        equivalent_uniform_budget(c, size) for c in (share.estimate, share.lower, share.upper)
    )
    return Interval(estimate, lower, upper, share.level, share.method)
