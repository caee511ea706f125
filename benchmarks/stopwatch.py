"""Timing: the best of a few repeats, after one that warms up."""

import time
from collections.abc import Callable

import torch


def seconds(action: Callable[[], object], *, repeats: int = 5) -> float:
    """Least wall time of an action over some repeats."""
    action()
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - started)
    return best


def product_rate(rows: int, inner: int, columns: int) -> float:
    """Multiply-adds a second of one float32 matrix product at a shape: the machine's own limit there."""
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(rows, inner, generator=generator)
    right = torch.randn(inner, columns, generator=generator)
    out = torch.empty(rows, columns)
    return rows * inner * columns / seconds(lambda: torch.mm(left, right, out=out), repeats=20)
