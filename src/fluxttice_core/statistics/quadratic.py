"""Squared deviations of counts from a law: Pearson's chi-square where they are large, collisions where not.

Both are one statistic, free of the part that is linear in the counts, and its moments are exact, so that one
approximation of its tails serves from a handful of pairs to a chi-square distribution.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.matched_tails import Tails, matched_tails
from fluxttice_core.statistics.simulated_null import SimulatedNull
from fluxttice_core.statistics.tally import LawTally, Tally

_ROUNDING = 1e-9
"""So much of a unit may be owed to rounding alone."""

LEAST = 1e-40
"""Weights stop rising where a kind is rarer: their cubes would leave what a double can hold."""

_LOST = 1e-13
"""A variance of so small a share of its terms is what rounding left of them."""

_UPPER_SHAPE, _LOWER_SHAPE = 0.3, 3
"""From these shapes on, three moments tell the tails of squared deviations from a law that is not uniform."""

FEW_DRAWS = 30
"""Up to so many draws no moments tell the tails: under a uniform law they are exact, else bounded."""

_SOME_DRAWS, _KNOWN_TAIL = 100, 3e-5
"""Up to so many draws of kinds alike moments tell no upper tail below this one."""

_SIMULATED_TAIL = 0.05
"""An upper tail that moments make no smaller decides nothing, and need not be simulated."""


@dataclass(frozen=True)
class Cells:
    """Counts beside a law, whose kinds may be more than an integer of the machine can count."""

    probability: Float64[np.ndarray, "rows"]
    times: Float64[np.ndarray, "rows"]
    kinds: Float64[np.ndarray, "rows"]

    @classmethod
    def of(cls, tally: Tally | LawTally, size: int | None = None) -> "Cells":
        """Lay a tally beside its own law, or one without beside the uniform law of so many kinds."""
        if isinstance(tally, LawTally):
            return cls(tally.probability, tally.times.astype(np.float64), tally.kinds.astype(np.float64))
        size = size or tally.distinct
        times, kinds = np.append(tally.times, 0), np.append(tally.kinds, float(size - tally.distinct))
        return cls(np.full(len(times), 1 / size), times.astype(np.float64), kinds.astype(np.float64))

    @property
    def draws(self) -> float | int:
        """Number of draws, N."""
        return float(self.times @ self.kinds)

    @property
    def size(self) -> float | int:
        """Number of kinds, K."""
        return float(self.kinds.sum())

    def pooled(self) -> "Cells":
        """Pool the kinds of each octave of probability into one kind."""
        octaves, row = np.unique(np.floor(np.log2(self.probability)), return_inverse=True)
        mass, times = (np.bincount(row, weights=self.kinds * each) for each in (self.probability, self.times))
        return Cells(mass, times, np.ones(len(octaves)))


@dataclass(frozen=True)
class Quadratic:
    """A weighted sum of squared deviations, with its null moments; its mean is N(N-1) times the distance.

    Args:
        variance: 0 where rounding leaves nothing of it, because one kind is nearly all the law.
        unit: What one more pair of equal draws adds, at least.
        spread: Sum of 1/w over all kinds, S: TV <= sqrt(S * distance)/2 for every law.
        mean_weight: Sum of w q^2, at which the variance of U grows with the distance.
        alike: Whether all kinds are equally likely and weighted alike: values are whole units from
            N(N-1) times `mean_weight` below 0 on.
        null: Simulated values under the law, where moments do not tell the upper tail.
    """

    value: float | int
    variance: float | int
    third: float | int
    unit: float | int
    draws: float | int
    spread: float | int
    mean_weight: float | int
    alike: bool
    null: SimulatedNull | None = None

    @property
    def distance(self) -> float | int:
        """The unbiased estimate of the sum of w (p - q)^2."""
        return self.value / (self.draws * (self.draws - 1)) if self.draws > 1 else 0.0

    @property
    def shape(self) -> float | int:
        """Four over the squared skewness under the law: that of a gamma distribution as skew."""
        if not self.variance:
            return 0.0
        return 4 * self.variance * (self.variance / self.third) ** 2 if self.third else math.inf

    def tails(
        self, value: float | int | None = None, distance: float | int = 0.0, excess: float | int = 0.0
    ) -> Tails:
        r"""Return the tails of a value, under the law or at a distance at which the variance has an excess.

        Where rare events of large weight make up the moments, what is there without them is near none of the
        distributions that have these moments: then, and of few draws, no tail is less than Cantelli's
        $\sigma^2/(\sigma^2+d^2)$ at a distance d from the mean, which holds for every distribution. Upper
        tails under the law are simulated where there is a `null`. Where one kind is so common that rounding
        leaves nothing of the variance, nothing is known: both tails are 1.
        """
        if not self.variance:
            return Tails(1.0, 1.0)
        value = self.value if value is None else value
        mean = self.draws * (self.draws - 1) * distance
        variance = self.variance + excess
        third = self.third + 6 * self.draws * self.mean_weight * excess
        tails = matched_tails(
            value / self.unit, mean / self.unit, variance / self.unit**2, third / self.unit**3
        )
        bound = variance / (variance + (value - mean) ** 2)
        most, least = (bound, 1.0) if value < mean else (1.0, bound)
        if self.alike:
            unknown = min(_KNOWN_TAIL, least) if self.draws <= _SOME_DRAWS else 0.0
            return replace(tails, at_least=max(tails.at_least, unknown))
        if not third:
            return tails
        shape, few = 4 * variance * (variance / third) ** 2, self.draws <= FEW_DRAWS
        at_most = max(tails.at_most, most) if shape < _LOWER_SHAPE else tails.at_most
        if self.null is not None and distance == excess == 0 and tails.at_least < _SIMULATED_TAIL:
            return Tails(at_most, min(self.null.at_least(value), least))
        known = not few and shape >= _UPPER_SHAPE
        return Tails(at_most, tails.at_least if known else max(tails.at_least, least))

    def simulated(self, cells: Cells, weight: Float64[np.ndarray, "rows"]) -> "Quadratic":
        """Return it with a simulation beside it, where moments do not tell the upper tail."""
        return replace(self, null=SimulatedNull.of(cells.probability, weight, cells.kinds, self.draws))

    def critical(self, chance: float | int) -> float | int:
        """Return the least value whose upper tail under the law is at most a chance.

        Of those that it may take: between them are tails that say nothing of how often one is reached.
        """
        low, high = 0.0, math.sqrt(self.variance) + self.unit
        while self.tails(high).at_least > chance:
            low, high = high, 2 * high
        found = crossing(lambda value: not self.tails(value).at_least > chance, low, high, 50)
        if not self.alike:
            return found
        least = -self.draws * (self.draws - 1) * self.mean_weight
        return least + math.ceil((found - least) / self.unit - _ROUNDING) * self.unit


def crossing(
    holds: Callable[[float | int], bool], low: float | int, high: float | int, halvings: int
) -> float | int:
    """Return where a condition begins to hold between a value and another at which it does."""
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def quadratic(cells: Cells, weight: Float64[np.ndarray, "rows"]) -> Quadratic:
    r"""Return the degenerate part of the squared deviations, weighted above 0, with its exact moments.

    $U = \sum_{s \ne t} \tilde h(X_s, X_t) = \sum_i w_i[d_i^2 - (1 - 2q_i)d_i - Nq_i(1-q_i)]$ with
    $d_i = n_i - Nq_i$, $\tilde h(x,y) = w_x 1_{x=y} - g_x - g_y + \theta$, $g = wq$, $\theta = \sum wq^2$.
    Its expectation is $N(N-1)\sum w_i(p_i - q_i)^2$ under any law p; under q its variance is
    $2N(N-1)\,\mathrm E\tilde h^2$ and its third moment
    $4N(N-1)\,\mathrm E\tilde h^3 + 8N(N-1)(N-2)\,\mathrm E\tilde h_{12}\tilde h_{23}\tilde h_{31}$.
    Weights 1/q give Pearson's chi-square, $q^{-2/3}$ the statistic of Valiant & Valiant, and under a uniform
    law any weights the number of pairs of equal draws.

    Source: Hoeffding 1948, A class of statistics with asymptotically normal distribution; Valiant & Valiant
    2017, An automatic inequality prover and instance optimal identity testing.
    """
    q, kinds, draws = cells.probability, cells.kinds, cells.draws
    off = cells.times - draws * q
    value = float(kinds @ (weight * (off**2 - (1 - 2 * q) * off - draws * q * (1 - q))))
    g = weight * q
    # Kinds are multiplied first: squares of the least probabilities are too small for a double.
    mass, weighed = kinds * q, kinds * g
    theta = float(mass @ g)
    second, third = (float(mass @ g**power) for power in (2, 3))
    rest = theta - 2 * g
    squared = float(weighed @ g) - 2 * second + theta**2
    cubed = float(mass @ (q * ((weight + rest) ** 3 - rest**3)))
    # Off the diagonal the kernel is -(x + y) of independent x = g - theta/2.
    cubed -= 2 * (third - 1.5 * theta * second + 0.625 * theta**3) + 3 * theta * (second - 0.75 * theta**2)
    circle = float(weighed @ g**2) - 3 * third + 3 * second * theta - theta**3
    pairs = draws * (draws - 1) if squared > _LOST * float(weighed @ g) else 0.0
    return Quadratic(
        value=value,
        variance=2 * pairs * squared,
        third=4 * pairs * cubed + 8 * pairs * max(draws - 2, 0) * circle,
        unit=2 * float(weight.min()),
        draws=draws,
        spread=float(kinds @ (1 / weight)),
        mean_weight=theta,
        alike=bool(np.ptp(q) == 0 and np.ptp(weight) == 0),
    )
