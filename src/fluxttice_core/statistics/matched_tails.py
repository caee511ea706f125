"""Tails of a count of which three moments are known: shifted binomial, Poisson or negative binomial."""

import math
from dataclasses import dataclass

from scipy import special

_POISSON_WITHIN = 1e-9
"""Closer to it, the variance and the third moment are those of a Poisson distribution to all digits."""

_SMOOTH_VARIANCE, _NORMAL_SKEWNESS = 1e7, 1e-3
"""Beyond so large a variance a gamma distribution, or up to so little skew a normal one, is as close, and
closer than what SciPy makes of the integrals of others."""

_FARTHEST = 100.0
"""No double holds the chance of so many standard deviations."""


@dataclass(frozen=True)
class Tails:
    """Probabilities of at most and of at least a count, the count itself included in both."""

    at_most: float | int
    at_least: float | int


def matched_tails(count: float | int, mean: float | int, variance: float | int, third: float | int) -> Tails:
    r"""Return the tails of the shifted count that has a mean, a variance and a third central moment.

    With $\rho = \mu_3/\sigma^2$ it is binomial of chance $(1-\rho)/2$ where $\rho < 1$, as sums of rare
    indicators are, Poisson where $\rho = 1$, and negative binomial of chance $2/(1+\rho)$ where $\rho > 1$:
    between Poisson and gamma, as the number of equal pairs of draws is. Trials and shift need not be whole.
    Of large variance it is a shifted gamma of shape $4/\gamma^2$, $\gamma$ being the skewness, or where that
    is small normal at $z - \frac\gamma6(z^2 - 1)$.

    Source: Cornish & Fisher 1938, Moments and cumulants in the specification of distributions (on the last).
    """
    if variance <= 0:
        return Tails(float(count >= mean - 0.5), float(count <= mean + 0.5))
    if variance > _SMOOTH_VARIANCE:
        return _smooth_tails(count - mean, math.sqrt(variance), third / variance**1.5)
    ratio = third / variance
    if abs(ratio - 1) < _POISSON_WITHIN:
        beyond = count - mean + variance
        most = special.gammaincc(beyond + 1, variance) if beyond > -1 else 0.0
        return Tails(float(most), float(special.gammainc(beyond, variance)) if beyond > 0 else 1.0)
    if ratio > 1:
        chance = 2 / (1 + ratio)
        failures = variance * chance**2 / (1 - chance)
        beyond = count - mean + failures * (1 - chance) / chance
        most = special.betainc(failures, beyond + 1, chance) if beyond > -1 else 0.0
        return Tails(float(most), float(special.betaincc(failures, beyond, chance)) if beyond > 0 else 1.0)
    chance = (1 - ratio) / 2
    trials = variance / (chance * (1 - chance))
    beyond = count - mean + trials * chance
    most = special.betaincc(beyond + 1, trials - beyond, chance) if -1 < beyond < trials else beyond >= trials
    least = special.betainc(beyond, trials - beyond + 1, chance) if 0 < beyond < trials + 1 else beyond <= 0
    return Tails(float(most), float(least))


def _smooth_tails(off: float | int, deviation: float | int, skewness: float | int) -> Tails:
    """Return the tails of a count off its mean, by a normal or a gamma distribution of the same skewness."""
    lower, upper = (min(max((off + half) / deviation, -_FARTHEST), _FARTHEST) for half in (-0.5, 0.5))
    if abs(skewness) < _NORMAL_SKEWNESS:
        lower, upper = (place - skewness / 6 * (place**2 - 1) for place in (lower, upper))
        return Tails(float(special.ndtr(upper)), float(special.ndtr(-lower)))
    if skewness < 0:
        mirrored = _smooth_tails(-off, deviation, -skewness)
        return Tails(mirrored.at_least, mirrored.at_most)
    shape = 4 / skewness**2
    lower, upper = (max(shape + place * math.sqrt(shape), 0.0) for place in (lower, upper))
    return Tails(float(special.gammainc(shape, upper)), float(special.gammaincc(shape, lower)))
