r"""What samples of a space that cannot be written out show, worked out from the least that was counted.

That is how many elements came how often, one chi-square a position and pair, and how many rows came back; so
whoever checks a report works out the rest anew, without torch and without the samples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.position_pairs import (
    PAIR_ERROR,
    PositionTests,
    pair_verdict,
    position_verdict,
)
from fluxttice_core.statistics.richness import chao1_limits

_TAIL, _POWER = 0.025, 0.95
_METHOD = "Poisson limits of collisions, stretched by triples"

Times = Sequence[tuple[int, int]]
"""How often elements were drawn, rising, and how many elements so often."""


@dataclass(frozen=True)
class CodeSample:
    """Codes of random rows: shares that come back whole, from mean and draw; rate, distortion, in nats."""

    from_mean: Interval
    from_draw: Interval
    rate: Interval
    distortion: Interval

    def information(self, entropy: float) -> tuple[float, float]:
        r"""Bounds of what codes say, :math:`H - D \le I_q \le \min(R, H)`, by the limits of R and D."""
        return max(entropy - self.distortion.upper, 0.0), min(self.rate.upper, entropy)


@dataclass(frozen=True)
class PriorSample:
    """Draws of a generator beside what uniform draws show.

    Args:
        collisions: Pairs of equal draws, C.
        expected: Those of uniform draws, N (N - 1) / 2K.
        effective: Effective number of elements, 1 / sum p^2, by N (N - 1) / 2C; infinite without a collision.
        richness: Chao's lower bound of the number of elements that are made at all.
    """

    draws: int
    distinct: int
    positions: PositionTests
    pairs: PositionTests
    collisions: int
    expected: float
    collision_p: float
    effective: Interval
    richness: Interval
    times: tuple[tuple[int, int], ...]

    @property
    def even(self) -> bool:
        """Whether there are as many collisions as uniform draws have."""
        return self.collision_p >= PAIR_ERROR

    @property
    def resolved(self) -> float:
        """Equally likely elements, fewer than which are refused with 95 %: more may look like all."""
        refused = float(stats.poisson.isf(PAIR_ERROR / 2, self.expected)) + 1
        return self.draws * (self.draws - 1) / 2 / float(special.gammaincinv(refused, _POWER))


def prior_figures(
    space: ProductSpace, times: Times, of_positions: Sequence[float], of_pairs: Sequence[float]
) -> PriorSample:
    """Everything that is said of draws, from what was counted and the chi-squares of positions."""
    draws = sum(often * many for often, many in times)
    distinct = sum(many for _, many in times)
    collisions = sum(often * (often - 1) // 2 * many for often, many in times)
    drawn_pairs = draws * (draws - 1) / 2
    expected = drawn_pairs / space.size
    few = float(special.gammaincc(collisions + 1, expected))
    many = float(special.gammainc(collisions, expected)) if collisions else 1.0
    seldom = dict(times)
    least, most = collision_limits(times, _TAIL)
    effective = drawn_pairs / collisions if collisions else math.inf
    limits = drawn_pairs / most, drawn_pairs / least if least > 0 else math.inf
    return PriorSample(
        draws=draws,
        distinct=distinct,
        positions=position_verdict(of_positions, space.bases, draws),
        pairs=pair_verdict(of_pairs, space.bases, draws),
        collisions=collisions,
        expected=expected,
        collision_p=min(2 * min(few, many), 1.0),
        effective=Interval(effective, *limits, 0.95, _METHOD),
        richness=chao1_limits(draws, distinct, seldom.get(1, 0), seldom.get(2, 0)),
        times=tuple(times),
    )


def collision_limits(times: Times, tail: float) -> tuple[float, float]:
    r"""Limits of the mean number of collisions C, which vary with how uneven the law is, a tail beyond each.

    .. math:: \mathrm{Var}\,C \approx C + N^3 \big(\sum p^3 - (\sum p^2)^2\big)

    Poisson's limits are stretched on the log scale by the root of Var C / C. One triple more than was seen
    is reckoned with, and without a collision one element that was drawn once at most.
    """
    n, many = np.array(times, dtype=np.float64).T
    draws, collisions = float((many * n).sum()), float((many * n * (n - 1)).sum()) / 2
    if not collisions:
        return 0.0, float(special.gammaincinv(2, 1 - tail)) ** 2 / 2
    pairs = draws * (draws - 1) / 2
    triples = float((many * n * (n - 1) * (n - 2)).sum()) + 6
    excess = max(triples - draws * (draws - 1) * (draws - 2) * (collisions / pairs) ** 2, 0.0)
    stretch = math.sqrt(1 + excess / collisions)
    least, most = (
        collisions * (float(special.gammaincinv(shape, at)) / collisions) ** stretch
        for shape, at in ((collisions, tail), (collisions + 1, 1 - tail))
    )
    return least, most
