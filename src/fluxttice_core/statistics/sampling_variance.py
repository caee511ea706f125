"""How much a sum over kinds scatters between samples, estimated from one: the bootstrap without drawing.

Kinds are Poisson about their estimated shares, and a fixed number of draws is conditioned on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.tally import Tally

Values = Float64[np.ndarray, "values"]

_MANY = 100.0
"""Kinds expected more often than this scatter so little that a sum over them is as good as linear."""


class SamplingVariance:
    r"""Variance of $\sum_i \varphi(X_i)$ over samples of n draws, $X_i$ being how often kind i was drawn.

    $\sum_i \mathrm{Var}\,\varphi(Y_i) - \frac1n\left(\sum_i \mathrm{Cov}(\varphi(Y_i), Y_i)\right)^2$ with
    Poisson $Y_i$. The share of a kind that was drawn x times is $\frac xn(1 - \kappa(1-x/n)^n)$, so that all
    of them add to the mass seen; the rest is shared equally among the kinds that Chao1 says are unseen.

    Source: Chao, Wang & Jost 2013, Entropy and the species accumulation curve, appendix S2 (on the shares).
    """

    def __init__(self, tally: Tally) -> None:
        rates, kinds = _rates(tally)
        few = rates <= _MANY
        self._kinds, self._many_kinds, self._many = kinds[few], kinds[~few], rates[~few]
        self._times = np.arange(_MANY + 12 * _MANY**0.5, dtype=np.float64)
        self._chances = np.exp(
            special.xlogy(self._times, rates[few, None]) - rates[few, None] - special.gammaln(self._times + 1)
        )
        self._expected = float(rates @ kinds)

    def of(self, summand: Callable[[Values], Values]) -> float | int:
        """Return the variance of the sum of a function of how often each kind was drawn."""
        values, times = summand(self._times), self._times
        mean, moment = self._chances @ values, self._chances @ times
        variance = float(self._kinds @ (self._chances @ values**2 - mean**2))
        covariance = float(self._kinds @ (self._chances @ (values * times) - mean * moment))
        if len(self._many):
            above, below = (np.rint(self._many + sign * np.sqrt(self._many)) for sign in (1, -1))
            slope = (summand(above) - summand(below)) / (above - below)
            variance += float(self._many_kinds @ (slope**2 * self._many))
            covariance += float(self._many_kinds @ (slope * self._many))
        return max(variance - covariance**2 / self._expected, 0.0)


@dataclass(frozen=True)
class Unseen:
    r"""What a sample of n draws says of the kinds that it does not hold, by those drawn once and twice.

    $F_0 = \frac{n-1}{n}\frac{F_1^2}{2F_2}$, or $\frac{n-1}{n}\frac{F_1(F_1-1)}{2}$ where none was twice;
    $A = nF_0/(nF_0 + F_1)$.

    Source: Chao 1984; Chao & Jost 2012, Coverage-based rarefaction and extrapolation.
    """

    draws: int
    once: float | int
    twice: float | int

    @property
    def kinds(self) -> float | int:
        """How many kinds are not seen, at least: F0."""
        pairs = self.once**2 / self.twice if self.twice >= 0.5 else self.once * (self.once - 1)
        return (self.draws - 1) / self.draws * max(pairs, 0.0) / 2

    @property
    def stay(self) -> float | int:
        """The part of the unseen that one more draw leaves unseen: A."""
        hidden = self.draws * self.kinds
        return hidden / (hidden + self.once) if self.once else 0.0

    @property
    def mass(self) -> float | int:
        """The mass not seen."""
        return self.once / self.draws * self.stay

    def shown(self, more: float | int) -> float | int:
        """Return the new kinds that so many more draws show."""
        return float(self.kinds * (1 - self.stay**more))


def _rates(tally: Tally) -> tuple[Values, Values]:
    """Return how often kinds are expected in as many draws, those not seen first, and how many kinds."""
    draws = tally.draws
    times, kinds = tally.times.astype(np.float64), tally.kinds.astype(np.float64)
    unseen = Unseen(draws, tally.once, tally.twice)
    hidden, mass = unseen.kinds, unseen.mass
    doubt = np.exp(draws * np.log1p(-np.minimum(times / draws, 1 - 1e-15)))
    rates = times * (1 - min(mass * draws / max(float(times * kinds @ doubt), 1e-300), 1.0) * doubt)
    if hidden < 1:
        return rates, kinds
    whole = np.ceil(hidden)
    return np.append(mass * draws / whole, rates), np.append(whole, kinds)
