"""Tails by three moments: right for the distributions of the family, wherever they are shifted."""

import pytest
from scipy import stats

from fluxttice_core.statistics.matched_tails import Tails, matched_tails

FAMILIES = {
    "binomial": stats.binom(30, 0.2),
    "Poisson": stats.poisson(4.5),
    "negative binomial": stats.nbinom(7, 0.3),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shift", [0, 2.25, -40])
def test_a_distribution_of_the_family_is_met_exactly(family: str, shift: float) -> None:
    own = FAMILIES[family]
    mean, variance, skewness = (float(moment) for moment in own.stats("mvs"))
    for count in range(40):
        tails = matched_tails(count + shift, mean + shift, variance, skewness * variance**1.5)
        assert tails.at_most == pytest.approx(own.cdf(count), rel=1e-6, abs=1e-300)
        assert tails.at_least == pytest.approx(own.sf(count - 1), rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("third", [1.0, 2.0, 6.0])
def test_what_lies_outside_of_the_lattice_has_no_probability(third: float) -> None:
    assert matched_tails(-100.0, 0.0, 2.0, third) == Tails(0.0, 1.0)
    far = matched_tails(1e6, 0.0, 2.0, third)
    assert (far.at_most, far.at_least) == pytest.approx((1.0, 0.0), abs=1e-12)


def test_a_gamma_distribution_is_the_limit_of_large_third_moments() -> None:
    """Chi-square with 5 degrees of freedom in steps of a thousandth."""
    tails = matched_tails(15_000.0, 5_000.0, 10.0 * 1e6, 40.0 * 1e9)
    assert tails.at_least == pytest.approx(stats.chi2(5).sf(15), rel=1e-3)


def test_a_count_without_variance_is_its_expectation() -> None:
    """Half a step off it still is, in whichever direction."""
    for count, at_most, at_least in ((2.4, 0, 1), (2.5, 1, 1), (3.0, 1, 1), (3.5, 1, 1), (3.6, 1, 0)):
        assert matched_tails(count, 3.0, 0.0, 0.0) == Tails(at_most, at_least)


@pytest.mark.parametrize("family", FAMILIES)
def test_between_two_counts_the_tails_lie_between_theirs(family: str) -> None:
    own = FAMILIES[family]
    mean, variance, skewness = (float(moment) for moment in own.stats("mvs"))

    def tails(count: float) -> Tails:
        return matched_tails(count, mean, variance, skewness * variance**1.5)

    assert tails(-1.01) == tails(-5.0) == Tails(0.0, 1.0)
    assert 0 < tails(-0.5).at_most < own.cdf(0)
    assert tails(-0.5).at_least == tails(-0.01).at_least == 1
    for count in (0, 1, 4):
        for part in (0.2, 0.5, 0.8):
            found = tails(count + part)
            assert own.cdf(count) < found.at_most < own.cdf(count + 1)
            assert own.sf(count) < found.at_least < own.sf(count - 1)


LARGE = {
    "Poisson": stats.poisson(2e9),
    "binomial": stats.binom(10**10, 0.3),
    "negative binomial": stats.nbinom(4e7, 0.5),
    "gamma": stats.gamma(50.0, scale=1e9),
}


@pytest.mark.parametrize("family", LARGE)
def test_of_a_large_variance_tails_are_right_to_four_deviations(family: str) -> None:
    """Beyond, SciPy's own Poisson tails are wrong."""
    own = LARGE[family]
    mean, variance, skewness = (float(moment) for moment in own.stats("mvs"))
    for place in (-4, -3, -1, 0, 1, 3, 4):
        count = round(mean + place * variance**0.5)
        found = matched_tails(count, mean, variance, skewness * variance**1.5)
        assert found.at_most == pytest.approx(own.cdf(count), rel=0.01)
        assert found.at_least == pytest.approx(own.sf(count - 1), rel=0.01)


@pytest.mark.parametrize(("mean", "tail"), [(2e8, 2.870910633e-07), (2e9, 2.867944740e-07)])
def test_a_poisson_tail_is_that_of_its_chances_one_by_one(mean: float, tail: float) -> None:
    """Added up in thirty digits; SciPy's incomplete gamma function is off by half, and by five times."""
    count = round(mean + 5 * mean**0.5)
    assert matched_tails(count, mean, mean, mean).at_least == pytest.approx(tail, rel=1e-5)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("skewness", [-0.01, 1e-12, 1e-6, 0.9e-3, 1.1e-3, 0.01, 0.3, 2.0, 5.0])
def test_of_no_variance_a_tail_is_no_number_or_turns_back(skewness: float) -> None:
    for power in range(-2 if skewness > 0 else 8, 40):
        variance = 10.0**power
        places = [-1e9, -100.0, -8.0, -3.0, -0.1, 0.0, 0.1, 3.0, 8.0, 100.0, 1e9]
        found = [
            matched_tails(place * variance**0.5, 0.0, variance, skewness * variance**1.5) for place in places
        ]
        assert all(0 <= tail <= 1 for tails in found for tail in (tails.at_most, tails.at_least))
        assert [tails.at_most for tails in found] == sorted(tails.at_most for tails in found)
        assert [tails.at_least for tails in found] == sorted(
            (tails.at_least for tails in found), reverse=True
        )
