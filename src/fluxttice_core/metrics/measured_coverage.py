"""Counting how many different operations a generator gives in N draws."""

from collections.abc import Sequence

import torch
from jaxtyping import Int64
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.sampling import IndexSampler, distinct_indices, require_indices
from fluxttice_core.spaces.operation_space import ENUMERATION_LIMIT
from fluxttice_core.statistics.coverage import Coverage


def measured_coverage(
    sampler: IndexSampler, draws: Sequence[int], *, repeats: int, generator: torch.Generator
) -> tuple[Coverage, ...]:
    """Count the distinct operations in repeated samples of a generator.

    Within a repetition the budgets are nested: the first N draws of one sample serve for each N, so that
    figures at different budgets are correlated; repetitions are independent.

    Args:
        sampler: The generator of operations.
        draws: Budgets N, each at least 1.
        repeats: Independent repetitions, at least 1.
        generator: Source of the randomness.

    Returns:
        One result for each budget, in the order given.

    Raises:
        MeasurementError: If a budget or the number of repetitions is less than 1.

    Example:
        >>> from fluxttice_core.evaluation.controls import UniformSampler
        >>> from fluxttice_core.spaces.operation_space import OperationSpace
        >>> g = torch.Generator().manual_seed(0)
        >>> (c,) = measured_coverage(UniformSampler(OperationSpace()), [50_000], repeats=3, generator=g)
        >>> len(c.distinct), abs(c.efficiency - 1) < 0.01
        (3, True)
    """
    if repeats < 1 or not draws or min(draws) < 1:
        raise MeasurementError("coverage needs at least one repetition and budgets of at least one draw")
    size = sampler.space.size
    stops = sorted(set(draws))
    by_repeat = [_distinct_at(sampler, stops, generator) for _ in range(repeats)]
    return tuple(Coverage(size, n, tuple(found[n] for found in by_repeat)) for n in draws)


def _distinct_at(sampler: IndexSampler, stops: list[int], generator: torch.Generator) -> dict[int, int]:
    """Extend one sample from budget to budget, keeping only what was seen."""
    size = sampler.space.size
    seen = torch.zeros(0, dtype=torch.int64, device=generator.device)
    found, drawn = {}, 0
    for stop in stops:
        seen = _with(seen, sampler.sample(stop - drawn, generator), size)
        found[stop], drawn = len(seen), stop
    return found


def _with(seen: Int64[Tensor, "m"], sample: Int64[Tensor, "n"], size: int) -> Int64[Tensor, "l"]:
    require_indices(sample, size)
    if size > ENUMERATION_LIMIT:
        return distinct_indices(torch.cat((seen, sample)))
    marks = torch.zeros(size, dtype=torch.bool, device=sample.device)
    marks[seen] = True
    marks[sample] = True
    return marks.nonzero().squeeze(-1)
