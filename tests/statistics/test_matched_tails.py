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
