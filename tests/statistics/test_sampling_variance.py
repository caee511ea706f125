"""How much sums over kinds scatter: the shares that are reckoned with, and Poisson's moments by SciPy."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from fluxttice_core.statistics.sampling_variance import SamplingVariance, Unseen, _rates
from fluxttice_core.statistics.tally import Tally

Summand = Callable[[np.ndarray], np.ndarray]


def tally(*counts: int) -> Tally:
    return Tally.of_counts(np.array(counts))


def by_poisson(rates: np.ndarray, summand: Summand) -> float:
    """Variance of the sum over independent Poisson counts, less what the number of draws explains."""
    variance = covariance = 0.0
    for rate in rates:
        times = np.arange(0.0, 400.0)
        chances = stats.poisson(rate).pmf(times)
        values = summand(times)
        mean = float(chances @ values)
        variance += float(chances @ (values - mean) ** 2)
        covariance += float(chances @ ((values - mean) * (times - rate)))
    return variance - covariance**2 / float(rates.sum())


@pytest.mark.parametrize("summand", [np.sqrt, np.square, np.sign], ids=["sqrt", "square", "sign"])
@pytest.mark.parametrize("counts", [(98, 95, 95, 60), (9, 5, 5, 3, 2), (40, 3, 3, 3)])
def test_without_singletons_counts_are_poisson_about_what_was_drawn(
    counts: tuple[int, ...], summand: Summand
) -> None:
    found = SamplingVariance(tally(*counts)).of(summand)
    assert found == pytest.approx(by_poisson(np.array(counts, dtype=np.float64), summand), rel=1e-6)


def test_kinds_that_came_often_are_taken_to_scatter_in_proportion() -> None:
    """From 101 on a sum is as good as linear between one deviation below and above."""
    counts = np.array([400.0, 900.0])
    steps = np.sqrt(counts)
    slopes = (np.sqrt(counts + steps) - np.sqrt(counts - steps)) / (2 * steps)
    due = float((slopes**2 * counts).sum()) - float((slopes * counts).sum()) ** 2 / 1_300
    assert SamplingVariance(tally(400, 900)).of(np.sqrt) == pytest.approx(due)
    mixed = SamplingVariance(tally(400, 900, 7, 7)).of(np.sqrt)
    alone = by_poisson(np.array([7.0, 7.0]), np.sqrt)
    assert mixed > due
    assert mixed < due + alone + 0.5
    for counts_ in ((100,) * 20, (101,) * 20, (95,) * 20 + (300,) * 3):
        assert SamplingVariance(tally(*counts_)).of(lambda times: times) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("counts", "adds_up"),
    [
        ((9, *(2,) * 30, *(1,) * 10), True),
        ((7, 7, 2, 2, 2, 1), True),
        ((5, 2), True),
        ((9, 5, 2, 2, 1, 1, 1), False),
        ((30, 1, 1, 1, 1), False),
    ],
    ids=str,
)
def test_shares_are_less_than_what_was_drawn_and_the_rest_is_that_of_kinds_not_seen(
    counts: tuple[int, ...], adds_up: bool
) -> None:
    """All of them add to the mass seen, unless a share would have to be negative for it."""
    own, n = tally(*counts), sum(counts)
    unseen = Unseen(n, counts.count(1), counts.count(2))
    rates, kinds = _rates(own)
    seen = len(own.times)
    doubt = (1 - own.times / n) ** n
    factor = min(n * unseen.mass / float((own.times * own.kinds) @ doubt), 1)
    assert (factor < 1) is adds_up
    assert kinds[-seen:].tolist() == own.kinds.tolist()
    assert rates[-seen:].tolist() == pytest.approx((own.times * (1 - factor * doubt)).tolist())
    if adds_up:
        assert float(rates[-seen:] @ kinds[-seen:]) == pytest.approx(n * (1 - unseen.mass))
    if unseen.kinds < 1:
        assert len(rates) == seen
    else:
        assert (len(rates), kinds[0]) == (seen + 1, math.ceil(unseen.kinds))
        assert rates[0] * kinds[0] == pytest.approx(n * unseen.mass)


def test_what_is_not_seen_by_its_formulas() -> None:
    for n, once, twice in ((20, 6, 3), (20, 6, 0), (9, 1, 0), (9, 1, 4)):
        found = Unseen(n, once, twice)
        pairs = once**2 / twice if twice else once * (once - 1)
        assert found.kinds == pytest.approx((n - 1) / n * pairs / 2)
        stay = n * found.kinds / (n * found.kinds + once)
        assert found.stay == pytest.approx(stay)
        assert found.mass == pytest.approx(once / n * stay)
        assert found.shown(5) == pytest.approx(found.kinds * (1 - stay**5))
    nothing = Unseen(9, 0, 3)
    assert (nothing.kinds, nothing.stay, nothing.mass, nothing.shown(5)) == (0, 0, 0, 0)
    assert Unseen(9, 0.5, 0).kinds == 0
    assert Unseen(9, 2, 0.5).kinds == pytest.approx(8 / 9 * 4 / 0.5 / 2)
    assert Unseen(9, 2, 0.4).kinds == pytest.approx(8 / 9 * 2 / 2)
