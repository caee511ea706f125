"""Tails of a count of which three moments are known: shifted binomial, Poisson or negative binomial."""

from dataclasses import dataclass

from scipy import special

_POISSON_WITHIN = 1e-9
"""Closer to it, the variance and the third moment are those of a Poisson distribution to all digits."""


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
    """
    if variance <= 0:
        return Tails(float(count >= mean - 0.5), float(count <= mean + 0.5))
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
