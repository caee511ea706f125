"""How many kinds so many draws show: rarefaction to fewer draws and extrapolation to more.

Hill numbers of order 0, 1 and 2 and the mass of the kinds seen, by the number of draws or by that mass.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy import special

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.intervals import Interval, normal_quantile
from fluxttice_core.statistics.richness_intervals import FEW, poisson_lower, poisson_upper
from fluxttice_core.statistics.sample_figures import SampleFigures, SumOfKinds
from fluxttice_core.statistics.sampling_variance import SamplingVariance
from fluxttice_core.statistics.tally import Tally

_BEYOND = 2
"""Beyond so many times the sample limits are open."""

_CLOSE = 1e-6
_ROUNDING = 1e-9
"""Draws are found to this part of themselves."""

Figure = Callable[[int], Sequence[SumOfKinds]]


@dataclass(frozen=True)
class Reached:
    """What m draws are expected to show: the mass of kinds seen, and their Hill numbers of order 0, 1, 2.

    The draws have limits if a coverage was asked for.
    """

    draws: Interval
    coverage: Interval
    hill: tuple[Interval, Interval, Interval]


class Accumulation:
    r"""What m draws of a generator show, estimated from a sample of n.

    Up to n draws the expectations over subsamples are exact: $S(m) = \sum_i[1 - \binom{n-X_i}{m}/\binom nm]$
    and likewise the entropy and $\sum p^2$ of m draws. Beyond, $S(n+m) = S + F_0 (1 - A^m)$ and the mass
    seen is $1 - \frac{F_1}{n} A^{m+1}$, with Chao1's $F_0$ and $A = nF_0/(nF_0 + F_1)$; the entropy goes from
    the observed to the estimated one as $\frac{n H + m\hat H}{n + m}$. All this says less than there is where
    kinds are unequal, so that limits beyond n take in those of the alternating series of Good and Toulmin,
    smoothed by Efron and Thisted, and what up to ten kinds drawn once leave open.

    Source: Colwell et al. 2012; Chao & Jost 2012; Chao et al. 2014, Rarefaction and extrapolation with Hill
    numbers; Efron & Thisted 1976, Estimating the number of unseen species.

    Example:
        >>> import numpy as np
        >>> curve = Accumulation(Tally.of_counts(np.array([9, 2, 1, 1])))
        >>> [round(curve.at(draws).hill[0].estimate, 4) for draws in (1, 6, 13, 26)]
        [1.0, 2.6538, 4.0, 5.194]

    Raises:
        MeasurementError: If there is no draw, or the level is not in (0, 1).
    """

    def __init__(self, tally: Tally, level: float | int = 0.95) -> None:
        if tally.draws < 1:
            raise MeasurementError("a curve needs at least one draw", "too_few")
        self.tally, self.level = tally, level
        self._quantile = normal_quantile(level)
        self._figures, self._variance = SampleFigures(tally), SamplingVariance(tally)
        self._fewest, self._most = poisson_lower(tally.once, level), poisson_upper(tally.once, level)

    def at(self, draws: int) -> Reached:
        """Return what m draws show.

        Raises:
            MeasurementError: If there is no draw, or more than twice those of the sample.
        """
        last = _BEYOND * self.tally.draws
        if not 1 <= draws <= last:
            raise MeasurementError(
                f"a curve runs from 1 draw to twice the sample, {last:,}, not to {draws:,}", "out_of_range"
            )
        return Reached(self._given(float(draws)), self._coverage(draws), self._hill(draws))

    def at_coverage(self, coverage: float | int) -> Reached:
        """Return how many draws show so much of the mass, and the kinds among so many.

        Raises:
            MeasurementError: If the coverage is not between 0 and 1, or twice the sample will not reach it.
        """
        draws = self.draws_for_mass(coverage)
        if draws.estimate > _BEYOND * self.tally.draws:
            raise MeasurementError(
                f"twice the sample will hardly show {coverage:g} of the mass: draw more, or ask for less",
                "too_few",
            )
        return Reached(draws, self._given(coverage), self._hill(int(draws.estimate), draws))

    def draws_for_mass(self, coverage: float | int) -> Interval:
        """Return after how many draws the kinds seen hold so much of the mass.

        Limits are where those of the coverage reach it, and open beyond twice the sample.

        Example:
            >>> import numpy as np
            >>> needed = Accumulation(Tally.of_counts(np.repeat([9, 4, 2, 1], 10))).draws_for_mass(0.9)
            >>> round(needed.estimate)
            117

        Raises:
            MeasurementError: If the coverage is not between 0 and 1.
        """
        if not 0 < coverage < 1:
            raise MeasurementError(
                f"a coverage to reach lies between 0 and 1, such as 0.95, not at {coverage:g}", "out_of_range"
            )
        return self._draws_until(coverage, lambda m: 1 - self._figures.missing(m)[0].value, self._coverage)

    def draws_for_kinds(self, kinds: float | int) -> Interval:
        """Return after how many draws so many kinds are seen, with limits as `draws_for_mass` has them.

        Raises:
            MeasurementError: If there is not one kind at least.
        """
        if not 1 <= kinds < math.inf:
            raise MeasurementError(f"kinds to see are 1 or more, not {kinds}", "out_of_range")
        return self._draws_until(float(kinds), lambda m: self._figures.kinds(m)[0].value, self._richness)

    def _draws_until(
        self, wanted: float, value: Callable[[int], float], interval: Callable[[int], Interval]
    ) -> Interval:
        last = _BEYOND * self.tally.draws
        wanted *= 1 - _ROUNDING  # a single draw shows one kind, whatever rounding makes of it
        least = _first(lambda draws: interval(draws).upper >= wanted, last)
        most = _first(lambda draws: interval(draws).lower >= wanted, last)
        estimate = _first(lambda draws: value(draws) >= wanted, 10**12 * last)
        return Interval(estimate, min(least, last, estimate), max(most, estimate), self.level, "limits met")

    def _given(self, value: float | int) -> Interval:
        return Interval(value, value, value, self.level, "given")

    def _coverage(self, draws: int) -> Interval:
        n, once = self.tally.draws, self.tally.once
        missing, lower, upper = self._limits(self._figures.missing, draws)
        if once <= FEW:
            usual = max(missing, once / n)
            lower = min(lower, usual - (once - self._fewest) / n if draws <= n else self._fewest / draws)
            upper = max(upper, usual + (self._most - once) / n)
        return Interval(1 - missing, max(1 - upper, 0.0), min(1 - lower, 1.0), self.level, "plug-in")

    def _hill(self, draws: int, around: Interval | None = None) -> tuple[Interval, Interval, Interval]:
        """Return the effective numbers of m draws, or of a mass that takes about so many."""
        entropy, entropy_least, entropy_most = self._limits(self._figures.entropy, draws, around)
        squares, squares_least, squares_most = self._limits(self._figures.concentration, draws, around)
        if self.tally.once <= 1:  # a kind that is not seen may hold so much
            share = min(self._most / self.tally.draws, 0.5)
            entropy_most += float(special.entr(share) + special.entr(1 - share))
            squares_least *= (1 - share) ** 2
        most = self._most_draws(draws, around)
        entropy_most = min(max(entropy_most, entropy), math.log(most))
        if entropy > entropy_most:
            # More than so many draws can show, it says nothing; the number of order 2 is no larger.
            entropy, entropy_least = entropy_most, min(entropy_least, -math.log(squares_most))
        first = math.exp(entropy), math.exp(entropy_least), math.exp(entropy_most)
        second = 1 / squares, 1 / squares_most, 1 / max(squares_least, 1 / most)
        limits = [
            Interval(
                max(number, 1.0), max(lower, 1.0), max(min(upper, most), number, 1.0), self.level, "plug-in"
            )
            for number, lower, upper in (first, second)
        ]
        return self._richness(draws, around), limits[0], limits[1]

    def _richness(self, draws: int, around: Interval | None = None) -> Interval:
        once, part = self.tally.once, draws / self.tally.draws
        kinds, lower, upper = self._limits(self._figures.kinds, draws, around)
        kinds, most = max(kinds, 1.0), self._most_draws(draws, around)  # rounding alone makes it less than 1
        if once <= FEW:
            lower = min(lower, kinds - (once - self._fewest) * min(part, 1.0))
            upper = max(upper, kinds + (self._most - (once if part <= 1 else 0)) * part)
        if part > 1 and not around:  # more draws show no fewer kinds
            lower = max(lower, self._richness(self.tally.draws).lower)
        return Interval(kinds, max(lower, 1.0), max(min(upper, most), kinds), self.level, "plug-in")

    def _most_draws(self, draws: int, around: Interval | None) -> float | int:
        """Return the most draws that are meant, which no number of kinds exceeds."""
        return min(around.upper, float(_BEYOND * self.tally.draws)) if around else float(draws)

    def _limits(
        self, figure: Figure, draws: int, around: Interval | None = None
    ) -> tuple[float | int, float | int, float | int]:
        """Return a figure with its limits, at m draws or at a mass, for which m is uncertain itself."""
        ways = list(figure(draws))
        value = ways[0].value
        ends = [value]
        if around:
            later = draws + max(draws // 1000, 1)
            missing = self._figures.missing(draws)
            change = self._figures.missing(later)[0].value - missing[0].value
            slope = (figure(later)[0].value - value) / change if change else 0.0
            ways = [way.plus(SumOfKinds(0.0, left.summand), -slope) for way in ways for left in missing]
            ends += [figure(int(end))[0].value for end in (around.lower, self._most_draws(draws, around))]
        errors = [self._quantile * math.sqrt(self._variance.of(way.summand)) for way in ways]
        lower = min(way.value - error for way, error in zip(ways, errors, strict=True))
        upper = max(way.value + error for way, error in zip(ways, errors, strict=True))
        return value, min(lower, *ends), max(upper, *ends)


def _first(reached: Callable[[int], bool], last: int) -> float | int:
    """Return the first whole number of draws at which something is reached; infinite if it never is."""
    low, high = 0, 1
    while not reached(high):
        if high == last:
            return math.inf
        low, high = high, min(2 * high, last)
    while high - low > max(1, _CLOSE * high):
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return float(high)
