"""Figures out of estimates that carry a standard error."""

import math

import numpy as np
from jaxtyping import Float64

from fluxttice_core.metrics.choices import Direction, Unit
from fluxttice_core.metrics.metric import Figure, Half
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval, mean_interval

LEVEL = 0.95


def estimated(
    quantity: str,
    half: Half,
    estimate: Estimate,
    *,
    better: Direction,
    ceiling: float,
    draws: int,
    seed: int,
    unit: Unit = "nats",
    interval: Interval | None = None,
) -> Figure:
    """A sampled figure with the interval of its standard error.

    Args:
        quantity: What is measured.
        half: Of which half.
        estimate: Value and standard error.
        better: Which direction is better.
        ceiling: What a perfect generator scores.
        draws: Draws behind the estimate.
        seed: Their seed.
        unit: Unit of the value.
        interval: Its interval, where that is not the one of the standard error.

    Example:
        >>> d = estimated("D", "a", Estimate(5.25, 0.1), better="lower", ceiling=0.0, draws=8, seed=0)
        >>> str(d.interval)
        '5.25 [5.054, 5.446]'
    """
    return Figure(
        quantity=quantity,
        half=half,
        value=estimate.value,
        unit=unit,
        better=better,
        ceiling=ceiling,
        estimator="monte_carlo",
        interval=_interval(estimate) if interval is None else interval,
        error=estimate.error,
        degrees=estimate.degrees,
        draws=draws,
        seed=seed,
    )


def _interval(estimate: Estimate) -> Interval:
    if math.isinf(estimate.value):
        return Interval(estimate.value, estimate.value, estimate.value, LEVEL, "infinite")
    return estimate.interval(LEVEL)


def share_interval(values: Float64[np.ndarray, "n"]) -> Interval:
    """Student's interval of a mean share over repeats, cut to [0, 1].

    Example:
        >>> str(share_interval(np.array([0.99, 1.0])))
        '0.995 [0.931469, 1]'
    """
    mean = mean_interval(values, LEVEL)
    return Interval(mean.estimate, max(mean.lower, 0.0), min(mean.upper, 1.0), mean.level, mean.method)
