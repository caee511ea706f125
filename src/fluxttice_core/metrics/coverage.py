"""How many different operations a generator gives: at each budget, the decode rules side by side."""

import math
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.decoding import indices_by, uniform_draws
from fluxttice_core.metrics.metric import Figure, FigureMaker, equivalent_budget
from fluxttice_core.metrics.perfect import ceiling_of, uneven
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.sampling import (
    CACHED_CHUNK,
    DECODE_CHUNK,
    IndexSampler,
    prior_chunks,
    require_indices,
)
from fluxttice_core.metrics.settings import DecodeRule, Half, MeasurementSettings
from fluxttice_core.metrics.threads import map_chunks
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.shapes import Float64
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.coverage import Coverage
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval, coverage_interval

Source = Decodable | IndexSampler
_MOST_DRAWS = 2**53
_Seen = dict[DecodeRule, Tensor]


def coverage_figures(
    source: Source, half: Half, settings: MeasurementSettings, target: Target | None = None
) -> Iterator[Figure]:
    """Coverage, efficiency and equivalent budget at every budget, by every rule, of the space or a target.

    The rules decode the same latents, so that they differ by nothing but the rule. A sampler without a
    decoder has no rule: its one count stands beside each.
    """
    source.space.require_enumerable()
    target = uneven(target, source.space)
    counted = _counted(source, half, settings, target)
    make = FigureMaker(half, source.space.size, settings, target=target)
    size = source.space.size if target is None else len(target.rows)
    for rule in settings.rules:
        for budget in settings.draws:
            coverage = Coverage(size, budget, tuple(counted[rule, budget]))
            yield from _of_coverage(coverage, rule, make)


def _counted(
    source: Source, half: Half, settings: MeasurementSettings, target: Target | None
) -> Mapping[tuple[DecodeRule, int], list[int]]:
    """Distinct operations of every repeat, by rule and budget; within a repeat the budgets are nested."""
    counted: dict[tuple[DecodeRule, int], list[int]] = {
        (rule, n): [] for rule in settings.rules for n in settings.draws
    }
    repeats = range(max(settings.repeats_of(n) for n in settings.draws))
    count = partial(_counted_once, source, half, settings, target)
    for found in map_chunks(count, repeats, device=torch.device(settings.device)):
        for place, distinct in found.items():
            counted[place].append(distinct)
    return counted


def _counted_once(
    source: Source, half: Half, settings: MeasurementSettings, target: Target | None, repeat: int
) -> dict[tuple[DecodeRule, int], int]:
    """Distinct operations of one repeat, whose draws depend on no other's."""
    generator = measurement_stream(settings.seed, half, "coverage", str(repeat), device=settings.device)
    stops = [n for n in settings.draws if repeat < settings.repeats_of(n)]
    rows = slice(None) if target is None else torch.from_numpy(target.rows).to(generator.device)
    return {
        (rule, stop): int(seen[rule][rows].count_nonzero())
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
                require_indices(shown, source.space.size)
                marks[rule][shown] = True
            drawn += len(next(iter(indices.values())))
        if drawn != stop:
            raise MeasurementError(
                f"{drawn:,} operations were drawn for a budget of {stop:,}: the two must agree",
                "contradictory",
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
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Prior draws with the numbers that decide their categorical symbols, cut small enough for every core."""
    for z in prior_chunks(source.latent_dim, n, generator, chunk=DECODE_CHUNK):
        # Drawn even where no rule needs it, so that the latents do not depend on the rules.
        seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
        own = torch.Generator(generator.device).manual_seed(seed)
        uniform = uniform_draws((len(z), source.space.cells), own) if "categorical" in rules else None
        step = CACHED_CHUNK if z.device.type == "cpu" else len(z)
        for start in range(0, len(z), step):
            yield z[start : start + step], None if uniform is None else uniform[start : start + step]


def _decoded(source: Decodable, rules: tuple[DecodeRule, ...], part: tuple[Tensor, Tensor | None]) -> _Seen:
    z, uniform = part
    with torch.inference_mode():
        logits = source.decode_logits(z)
        return {rule: indices_by(rule, logits, uniform, source.space) for rule in rules}


def _of_coverage(coverage: Coverage, rule: DecodeRule, make: FigureMaker) -> Iterator[Figure]:
    repeats, target = len(coverage.distinct), make.target
    best = coverage.ceiling if target is None else ceiling_of(target, coverage.draws)
    share = coverage_interval(np.array(coverage.distinct), coverage.size)
    error = coverage.sd / coverage.size / math.sqrt(repeats) if repeats > 1 else math.inf
    place = f"{rule}/{coverage.draws}"

    def estimate(interval: Interval, factor: float) -> Estimate:
        return Estimate(interval.estimate, error * factor, repeats - 1.0)

    yield make(
        f"coverage/{place}",
        estimate(share, 1.0),
        interval=share,
        repeats=repeats,
        samples=[d / coverage.size for d in coverage.distinct],
    )
    even = share.scaled(1 / best.fraction)
    yield make(f"efficiency/{place}", estimate(even, 1 / best.fraction), interval=even, repeats=repeats)
    budget = equivalent_budget(share, coverage.size, target)
    if target is None or target.is_uniform:
        # The delta method: dN/dc = -1 / ((1 - c) ln(1 - 1/K)).
        slope = coverage.size / max(1 - share.estimate, 1 / coverage.size)
    else:
        slope = _draws_a_share(target.q, min(budget.estimate, float(_MOST_DRAWS)))
    yield make(
        f"equivalent_{'uniform' if target is None else 'target'}_budget/{place}",
        estimate(budget, slope),
        interval=budget,
        ceiling_sd=best.sd / coverage.size * slope,
        repeats=repeats,
    )


def _draws_a_share(q: Float64[np.ndarray, "n"], draws: float | int) -> float | int:
    """How many more draws from a target show a share more of its support: dN/dc, at N draws."""
    log_missed = np.log1p(-q)
    return 1 / max(-float((log_missed * np.exp(draws * log_missed)).mean()), 1 / _MOST_DRAWS)
