"""What m draws show, estimated from n as sums over kinds, whose variance is known: the figures of a curve."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from fluxttice_core.statistics.hill_numbers import unseen_entropy
from fluxttice_core.statistics.hypergeometric import Values, entropy_terms, missed
from fluxttice_core.statistics.sampling_variance import Unseen
from fluxttice_core.statistics.tally import Tally

_STEP = 1e-3
"""Of a slope in the number of kinds drawn once or twice."""

_TERMS = 9
"""Kinds drawn more often say nothing of new ones."""


@dataclass(frozen=True)
class SumOfKinds:
    """A figure that is a sum over kinds, or as good as one: its value, and what a kind drawn x times adds."""

    value: float | int
    summand: Callable[[Values], Values]

    def plus(self, other: "SumOfKinds", factor: float | int = 1.0) -> "SumOfKinds":
        """Return the sum of this and a multiple of another."""
        value = self.value + factor * other.value
        return SumOfKinds(value, lambda times: self.summand(times) + factor * other.summand(times))


class SampleFigures:
    """Expected figures of m draws; beyond the sample each in one way or two, the usual one first."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._times = tally.times.astype(np.float64)

    def _total(self, summand: Callable[[Values], Values]) -> SumOfKinds:
        return SumOfKinds(float(self.tally.kinds @ summand(self._times)), summand)

    def _of_rare(self, figure: Callable[[float | int, float | int], float | int]) -> SumOfKinds:
        """Return a function of F1 and F2, and by its slopes what a kind adds to it."""
        once, twice, step = float(self.tally.once), float(self.tally.twice), _STEP
        value = figure(once, twice)
        if not once:
            return SumOfKinds(value, np.zeros_like)
        first = (figure(once + step, twice) - figure(once - step, twice)) / (2 * step)
        if twice:
            second = (figure(once, twice + step) - figure(once, twice - step)) / (2 * step)
        else:  # estimators have another form there
            second = figure(once, 1.0) - value
        return SumOfKinds(value, lambda times: first * (times == 1) + second * (times == 2))

    def missing(self, draws: int) -> Sequence[SumOfKinds]:
        """Return the mass of the kinds not seen."""
        n = self.tally.draws
        if draws < n:
            return (self._total(lambda times: times * missed(times, draws, n) / (n - draws)),)
        usual = self._of_rare(lambda once, twice: once / n * Unseen(n, once, twice).stay ** (draws - n + 1))
        return usual, self._total(lambda times: times / n * _alternating(times, draws / n - 1))

    def kinds(self, draws: int) -> Sequence[SumOfKinds]:
        """Return how many kinds are seen."""
        n = self.tally.draws
        seen = self._total(lambda times: 1 - missed(times, min(draws, n), n))
        if draws <= n:
            return (seen,)
        more = draws / n - 1
        new = self._of_rare(lambda once, twice: Unseen(n, once, twice).shown(draws - n))
        return seen.plus(new), seen.plus(self._total(lambda times: more * _alternating(times, more)))

    def entropy(self, draws: int) -> Sequence[SumOfKinds]:
        """Return the entropy of the shares of the kinds, in nats."""
        n = self.tally.draws
        if draws <= n:
            return (self._total(lambda times: entropy_terms(times, draws, n)),)
        observed = self._total(lambda times: -special.xlogy(times / n, times / n))
        digamma = self._total(
            lambda times: times / n * (special.digamma(n) - special.digamma(np.maximum(times, 1)))
        )
        estimated = digamma.plus(self._of_rare(lambda once, twice: unseen_entropy(once, twice, n)))
        return (SumOfKinds(0.0, np.zeros_like).plus(observed, n / draws).plus(estimated, 1 - n / draws),)

    def concentration(self, draws: int) -> Sequence[SumOfKinds]:
        """Return the sum of their squared shares."""
        n = self.tally.draws
        pairs = self._total(lambda times: times * (times - 1) / max(n * (n - 1), 1))
        return (SumOfKinds(1 / draws, np.zeros_like).plus(pairs, 1 - 1 / draws),)


def _alternating(times: Values, more: float | int) -> Values:
    """Return $(-t)^{x-1}$ times the chance that a binomial count of 9 at 1/(1 + t) is x or more."""
    few = np.where((times >= 1) & (times <= _TERMS), times, 1.0)
    tail = special.betainc(few, _TERMS + 1 - few, 1 / (1 + more))
    return np.where(few == times, (-more) ** (few - 1) * tail, 0.0)
