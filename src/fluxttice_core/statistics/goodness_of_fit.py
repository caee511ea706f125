"""Tests of all counts against a uniform or a stated law, whose p-values together keep the significance.

Each p-value is exact, or has been calibrated, or is too large rather than too small; each test gets a fixed
share of the significance (Bonferroni with weights), so that no dependence between them matters. A tenth or
more of it is left for what the approximations are wrong by.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from fluxttice_core.shapes import Bool, Float64, Int64
from fluxttice_core.statistics.matched_tails import Tails
from fluxttice_core.statistics.quadratic import FEW_DRAWS, LEAST, Cells, Quadratic, crossing, quadratic
from fluxttice_core.statistics.tally import LawTally, Tally
from fluxttice_core.statistics.uniform_null import distinct_tails, pair_chances

FULL = 5
"""Expected draws with which a kind can stand alone: Pearson's weights stop rising where it has fewer."""

_UNIFORM_SHARE, _STATED_SHARES = 0.35, (0.2, 0.15, 0.1)
"""Shares of the significance of squared deviations, by three weightings where a law is stated."""

_FIRST = 100
"""So many tails are computed before others are left out that cannot be less."""

_LAST_CHANCES = 1e12
"""Of more draws logarithms of factorials cancel to nothing, and no tail is left out."""

_SMOOTH_SHAPE, _SMOOTH_DRAWS = 10, 50
"""The lower tail is that of a gamma distribution from this shape on, under a uniform law also from so many
expected draws of every kind."""


@dataclass(frozen=True)
class FitTest:
    """One test of counts against a law; the shares of the significance of all tests add to less than 1.

    `too_even` where it asks if counts scatter less than independent draws do.
    """

    name: str
    p_value: float | int
    share: float | int
    too_even: bool = False

    @property
    def shared(self) -> float | int:
        """Its p-value as one among all tests."""
        return min(self.p_value / self.share, 1.0)


def fit_tests(tally: Tally | LawTally, size: int | None = None) -> list[FitTest]:
    """Test counts against the uniform law of so many kinds, or without them a tally against its own law.

    The first of them in order of `shared` decides: a law is refused where its `shared` is below the
    significance. Squared deviations see what is spread over many kinds; the most and the least frequent kind
    what is not; against a uniform law also the number of distinct kinds, as before; against a stated law
    also the counts of kinds pooled by octaves of probability.

    Example:
        >>> tests = fit_tests(Tally.of_counts(np.array([199, 1])), 2)
        >>> [test.name for test in tests if test.shared < 0.001]
        ['squared deviations', 'most frequent kind', 'least frequent kind']
    """
    cells = Cells.of(tally, size)
    if cells.size < 2 or cells.draws < 2:
        return []
    most, least = extreme_tails(cells)
    if size is None:
        statistics = stated_statistics(cells)
        uneven = [
            FitTest(name, one.tails().at_least, share)
            for (name, one), share in zip(statistics.items(), _STATED_SHARES, strict=True)
        ]
        even = _lower(next(iter(statistics.values())))
        rest = [FitTest("even counts", even, 0.1, too_even=True)]
    else:
        pairs, distinct = _pair_tails(tally, size, cells), distinct_tails(tally.distinct, size, tally.draws)
        uneven = [FitTest("squared deviations", pairs.at_least, _UNIFORM_SHARE)]
        rest = [
            FitTest("distinct kinds", distinct.at_most, 0.1),
            FitTest("few repeats", distinct.at_least, 0.1, too_even=True),
            FitTest("even counts", pairs.at_most, 0.05, too_even=True),
        ]
    return [
        *uneven,
        FitTest("most frequent kind", most, 0.2),
        FitTest("least frequent kind", least, 0.1),
        *rest,
    ]


def uniform_statistic(cells: Cells) -> Quadratic:
    """Return Pearson's chi-square and the collisions, which are one statistic under a uniform law."""
    return quadratic(cells, np.ones(len(cells.times)))


def stated_statistics(cells: Cells) -> dict[str, Quadratic]:
    """Return the squared deviations from a stated law, by three weightings."""
    pooled = cells.pooled()
    weighted = {
        "squared deviations": (cells, full_weight(cells)),
        "weighted collisions": (cells, np.maximum(cells.probability, LEAST) ** (-2 / 3)),
        "kinds pooled by probability": (pooled, full_weight(pooled)),
    }
    return {name: quadratic(*each).simulated(*each) for name, each in weighted.items()}


def full_weight(cells: Cells) -> Float64[np.ndarray, "rows"]:
    """Return Pearson's weights 1/q, which stop rising where too few draws are expected.

    Without a draw of the law's kinds, as when all are outside of it, they are alike.
    """
    return np.asarray(1 / np.maximum(cells.probability, FULL / max(cells.draws, 1)))


def extreme_tails(cells: Cells) -> tuple[float | int, float | int]:
    r"""Return the p-values of the most and of the least frequent kind beside what each should be.

    Exact binomial tails of every kind, each divided by its share $(1/K + q_i)/2$: K times the tail under a
    uniform law, and less for a kind that a stated law makes common.
    """
    q, times, draws = cells.probability, cells.times, cells.draws
    share = (1 / cells.size + q) / 2
    above, below = times > draws * q, (times < draws * q) & (cells.kinds > 0)
    chance = np.zeros(len(q))
    if draws <= _LAST_CHANCES:
        logs = special.gammaln(draws + 1) - special.gammaln(times + 1) - special.gammaln(draws - times + 1)
        chance = np.exp(logs + special.xlogy(times, q) + special.xlog1py(draws - times, -q)) / share
    most = _least(above, chance, lambda i: special.betainc(times[i], draws - times[i] + 1, q[i]) / share[i])
    least = _least(below, chance, lambda i: special.betaincc(times[i] + 1, draws - times[i], q[i]) / share[i])
    return most, least


Rows = Int64[np.ndarray, "rows"]


def _least(
    among: Bool[np.ndarray, "rows"],
    chance: Float64[np.ndarray, "rows"],
    tail: Callable[[Rows], Float64[np.ndarray, "rows"]],
) -> float | int:
    """Return the least tail, 1 at most; none is below the chance of its count alone, which costs less."""
    rows = np.flatnonzero(among)
    rows = rows[np.argsort(chance[rows])]
    # SciPy has no tail of some vast counts close to what they should be, which are not the least.
    first = np.fmin.reduce(tail(rows[:_FIRST]), initial=1.0)
    rest = rows[_FIRST:][chance[rows[_FIRST:]] < first]
    return float(np.fmin.reduce(tail(rest), initial=first))


def _pair_tails(tally: Tally | LawTally, size: int, cells: Cells) -> Tails:
    """Return the tails of the number of equal pairs under a uniform law, exactly for few draws."""
    if tally.draws > FEW_DRAWS:
        found = uniform_statistic(cells)
        # Where draws are fewer than kinds, repeats say the same, exactly.
        return Tails(
            _lower(found, cells.draws / size) if tally.draws >= size else 1.0, found.tails().at_least
        )
    chances = pair_chances(size, tally.draws)
    pairs = int(cells.kinds @ (cells.times * (cells.times - 1))) // 2
    return Tails(float(chances[: pairs + 1].sum()), float(chances[pairs:].sum()))


def _lower(found: Quadratic, least_expected: float | int = 0.0) -> float | int:
    """Return the lower tail where it is known to be right, and 1 where a few lattice points decide."""
    smooth = found.shape >= _SMOOTH_SHAPE or least_expected >= _SMOOTH_DRAWS
    return found.tails().at_most if smooth else 1.0


def visible_distance(
    tally: Tally | LawTally,
    size: int | None = None,
    significance: float | int = 0.001,
    power: float | int = 0.95,
) -> float | int | None:
    r"""Return the total variation from which on the squared deviations refuse the law; None if not at 1/2.

    At a total variation $\delta$ no generator raises their expectation by less than one whose deviations are
    spread, $|p_i - q_i| = c/w_i$ with $c = 2\delta/\sum 1/w_i$ (Cauchy-Schwarz), such as one that makes half
    of equally likely kinds $1 + 2\delta$ times and the other half $1 - 2\delta$ times as often. For that one
    the expectation is $N(N-1)c^2\sum 1/w_i$ and the variance grows by $4N^3c^2$. It shows with the `power`
    asked for, at a significance of all tests together; of the tally only the law and how many draws there
    are matter.

    Example:
        >>> round(visible_distance(Tally.of_counts(np.full(100, 100)), 100), 3)
        0.048
    """
    cells = Cells.of(tally, size)
    if cells.size < 2 or cells.draws < 2:
        return None
    if size is None:
        found = zip(list(stated_statistics(cells).values())[:2], _STATED_SHARES, strict=False)
        reach = [_visible(one, share * significance, power) for one, share in found]
        return min((one for one in reach if one is not None), default=None)
    return _visible(uniform_statistic(cells), _UNIFORM_SHARE * significance, power)


def _visible(found: Quadratic, chance: float | int, power: float | int) -> float | int | None:
    if not found.variance:
        return None
    critical = found.critical(chance)

    def seen(distance: float | int) -> bool:
        c = 2 * distance / found.spread
        excess = 4 * distance**2 * found.variance + 4 * found.draws**3 * c**2
        tails = found.tails(critical, c**2 * found.spread, excess)
        # Tails that are too large rather than too small say what is reached at least by what is not.
        return (tails.at_least if found.alike else 1 - tails.at_most) >= power

    return crossing(seen, 0.0, 0.5, 40) if seen(0.5) else None
