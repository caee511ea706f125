"""How many distinct operations uniform draws show, as a distribution: the null of every coverage claim.

No generator does better: among all generators of K operations, the uniform one makes the number of distinct
operations in N independent draws stochastically largest (Wong & Yue 1973, A majorization theorem for the
number of distinct outcomes in N independent trials). A count in its upper tail is improbable for them all.
"""

import math
from functools import lru_cache

import numpy as np

from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.matched_tails import Tails, matched_tails
from fluxttice_core.statistics.uniform_moments import require_draws, uniform_moments

_EXACT_DRAWS = 4_000
"""Up to so many draws the distribution is computed outright."""


def distinct_tails(distinct: int, size: int, draws: int) -> Tails:
    r"""Return how probable a count of distinct operations, or one beyond it, is of a uniform generator.

    Up to 4,000 draws the chances follow $P_{n+1}(d) = \frac dK P_n(d) + \frac{K-d+1}{K} P_n(d-1)$. Beyond,
    the rarer of operations missed and draws repeated is taken as a shifted binomial of real size with the
    exact mean, variance and third moment: the count missed is a sum of independent indicators, hence Poisson
    where it is rare and normal where it is not. For the 19,683 ternary operations tails above 1e-6 are right
    to 1 %.

    Source: Vatutin & Mikhailov 1982, Limit theorems for the number of empty cells (on the indicators).

    Example:
        >>> tails = distinct_tails(18_131, 19_683, 50_000)
        >>> round(tails.at_most, 2), round(tails.at_least, 2)
        (0.5, 0.51)
        >>> distinct_tails(10_001, 19_683, 10_000)
        Tails(at_most=1.0, at_least=0.0)

    Raises:
        MeasurementError: If the size K or the draws N are less than 1.
    """
    require_draws(size, draws)
    most = min(size, draws)
    if not 1 <= distinct <= most:
        return Tails(1.0, 0.0) if distinct > most else Tails(0.0, 1.0)
    if draws <= _EXACT_DRAWS:
        return _exact_tails(distinct, size, draws)
    moments = uniform_moments(size, draws)
    rarer_missed = moments.missed <= moments.repeated
    count = size - distinct if rarer_missed else draws - distinct
    mean = moments.missed if rarer_missed else moments.repeated
    fewer = matched_tails(count, mean, moments.variance, moments.third)
    return Tails(at_most=fewer.at_least, at_least=fewer.at_most)


def _exact_tails(distinct: int, size: int, draws: int) -> Tails:
    """Return the tails by the recursion over draws."""
    chances = _exact_chances(size, draws)
    return Tails(float(min(chances[: distinct + 1].sum(), 1)), float(min(chances[distinct:].sum(), 1)))


@lru_cache(maxsize=8)
def _exact_chances(size: int, draws: int) -> Float64[np.ndarray, "counts"]:
    """Return the probability of each count of distinct operations, from 0 on."""
    seen = np.arange(min(size, draws) + 1, dtype=np.float64)
    stay, grow = seen / float(size), (size - seen[:-1]) / float(size)
    chances = np.zeros_like(seen)
    chances[0] = 1.0
    for _ in range(draws):
        grown = chances[:-1] * grow
        chances *= stay
        chances[1:] += grown
    return chances


@lru_cache(maxsize=8)
def pair_chances(size: int, draws: int) -> Float64[np.ndarray, "pairs"]:
    r"""Return the probability of each number of equal pairs among few uniform draws of K kinds, exactly.

    The ways $G_n(y)$ in which n draws make as many pairs as the power of y says are n! times the coefficient
    of $x^n$ in $\left(\sum_k y^{k(k-1)/2}x^k/k!\right)^K$, so that
    $nG_n = \sum_{k=1}^n (k(K+1) - n)\binom nk y^{k(k-1)/2}G_{n-k}$.
    """
    ways = [np.array([1], dtype=object)]
    for n in range(1, draws + 1):
        total = np.zeros(math.comb(n, 2) + 1, dtype=object)
        for k in range(1, n + 1):
            before = ways[n - k]
            total[math.comb(k, 2) :][: len(before)] += (k * (size + 1) - n) * math.comb(n, k) * before
        ways.append(total // n)
    return np.array([number / size**draws for number in ways[draws]])
