"""The machine's limit: multiply-adds a second of large float32 matrix products."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch

from benchmarks.stopwatch import Clock, Timing, Work, in_turn

Shape = tuple[int, int, int]
"""Rows, inner dimension, columns."""

SHAPES: tuple[Shape, ...] = ((512, 512, 512), (1_024, 1_024, 1_024), (2_048, 1_024, 512))
"""Large enough for a product to be bound by arithmetic alone."""


@dataclass(frozen=True)
class Limit:
    """The best rate of any shape and number of threads.

    Args:
        rate: Multiply-adds a second.
        doubt: Why it cannot be relied on; none: it can.
    """

    rate: float
    doubt: str | None = None


def beside_limit(
    work: Work, threads: int, *shapes: Shape, clock: Clock | None = None
) -> tuple[Timing, Limit]:
    """Time some work in turn with products of `SHAPES` and its own, by each number of threads to its own."""
    probes = {
        (shape, count): Work(_product(shape, count), count)
        for shape in (*SHAPES, *shapes)
        for count in range(1, threads + 1)
    }
    timings = in_turn(
        {"work": work, **{_name(probe): product for probe, product in probes.items()}}, clock=clock
    )
    return timings["work"], limit_of({probe: timings[_name(probe)] for probe in probes})


def limit_of(probes: Mapping[tuple[Shape, int], Timing]) -> Limit:
    """The best rate among products of several shapes and numbers of threads."""
    rates = {probe: _products(probe[0]) / timing.best for probe, timing in probes.items()}
    best = max(rates, key=lambda probe: rates[probe])
    most = max(count for _, count in probes)
    if not probes[best].confirmed:
        return Limit(rates[best], "no two repeats of the product rate agree")
    # Where other programs hold a processor, all products with every thread show it, and the rate is too low.
    if not any(timing.whole for (_, count), timing in probes.items() if count == most):
        return Limit(rates[best], "other programs took processor time")
    return Limit(rates[best])


def _name(probe: tuple[Shape, int]) -> str:
    return f"{probe}"


def _products(shape: Shape) -> int:
    rows, inner, columns = shape
    return rows * inner * columns


def _product(shape: Shape, threads: int) -> Callable[[], None]:
    """A product in place, with a number of threads of its own."""
    rows, inner, columns = shape
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(rows, inner, generator=generator)
    right = torch.randn(inner, columns, generator=generator)
    multiply = partial(torch.mm, left, right, out=torch.empty(rows, columns))

    def product() -> None:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        multiply()
        torch.set_num_threads(before)

    return product
