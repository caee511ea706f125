"""Every way in which draws can fall on equally likely kinds, with its probability: small cases, exactly."""

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from fluxttice_core.statistics.tally import Tally


def partitions(total: int, parts: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Every falling sequence of at most so many positive integers that add to a total."""
    if total == 0:
        yield ()
    elif parts:
        for first in range(min(total, largest or total), 0, -1):
            for rest in partitions(total - first, parts - 1, first):
                yield (first, *rest)


def outcomes(size: int, draws: int) -> Iterator[tuple[Tally, float]]:
    """Every tally of so many uniform draws, with its probability."""
    for partition in partitions(draws, size):
        same = Counter(partition)
        alike = math.prod(
            math.factorial(count) ** kinds * math.factorial(kinds) for count, kinds in same.items()
        )
        ways = math.factorial(draws) * math.perm(size, len(partition)) // alike
        yield Tally.of_counts(np.array(partition)), ways / size**draws
