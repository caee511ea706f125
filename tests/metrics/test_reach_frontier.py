"""The frontier for a demanded reach: an independent solution of it, its bounds, and what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.rate_distortion import gaussian_frontier
from fluxttice_core.metrics.reach_frontier import code_of_symbol, left_open, reach_frontier, trit_loss
from tests.refusals import refused

RECORDED = [(12.38, 0.339), (12.94, 0.192), (13.68, 0.084), (14.32, 0.038), (14.65, 0.024), (15.20, 0.011)]
"""Nine trits that leave .45 nats open, from an earlier independent solution: rounded to their last digits."""

SLOPE = 47.808611
"""Leaves .05 nats of a trit open."""


@pytest.mark.parametrize(("rate", "loss"), RECORDED)
def test_recorded_points_lie_on_the_curve(rate: float, loss: float) -> None:
    frontier = reach_frontier()
    rounding = (frontier.least_rate(loss - 0.0005) - frontier.least_rate(loss + 0.0005)) / 2 + 0.005
    assert frontier.least_rate(loss) == pytest.approx(rate, abs=rounding)


@pytest.mark.parametrize(("demanded", "cost"), [(0.45, 15.08), (0.20, 15.49)])
def test_the_recorded_least_costs_are_found(demanded: float, cost: float) -> None:
    assert reach_frontier(demanded / 9).least_cost() == pytest.approx(cost, abs=0.005)


@pytest.mark.parametrize("price", [0.5, 7.0, 20.0, 90.0])
def test_the_least_cost_is_that_of_three_free_posteriors(price: float) -> None:
    """All means and widths at once, the middle mean too, from a start that is not symmetric."""

    def cost(code: np.ndarray) -> float:
        found = [
            code_of_symbol(SLOPE, symbol, float(code[symbol + 1]), math.exp(code[symbol + 4]))
            for symbol in (-1, 0, 1)
        ]
        return sum(rate + price * loss for rate, loss in found) * 3

    found = minimize(cost, [-0.8, 0.1, 1.3, -1.0, -1.5, -1.2], method="BFGS", options={"gtol": 1e-5})
    assert found.x[1] == pytest.approx(0, abs=1e-4)
    assert found.x[0] == pytest.approx(-found.x[2], abs=1e-4)
    assert reach_frontier().least_cost(price) == pytest.approx(found.fun, abs=2e-3)


def test_no_code_of_a_grid_lies_below_the_curve() -> None:
    for mean in np.linspace(0.3, 1.9, 7):
        for outer in np.geomspace(0.05, 1.0, 6):
            for middle in np.geomspace(0.05, 1.0, 6):
                sides = code_of_symbol(SLOPE, 1, float(mean), float(outer))
                centre = code_of_symbol(SLOPE, 0, 0.0, float(middle))
                rate, loss = (3 * (2 * side + one) for side, one in zip(sides, centre, strict=True))
                assert reach_frontier().rate_above(rate, loss) > -1e-3


def test_rate_and_distortion_agree_with_adaptive_quadrature() -> None:
    mean, width, slope = 0.9, 0.4, 12.0

    def loss(z: float) -> float:
        return float(norm.pdf(z, mean, width) * trit_loss(slope, 1, np.array([z]))[0])

    def divergence(z: float) -> float:
        return float(norm.pdf(z, mean, width) * (norm.logpdf(z, mean, width) - norm.logpdf(z)))

    rate, distortion = code_of_symbol(slope, 1, mean, width)
    assert rate == pytest.approx(quad(divergence, -3, 5)[0], abs=1e-8)
    assert distortion == pytest.approx(quad(loss, -3, 5, points=[0.4307])[0], abs=1e-7)


def test_the_decoder_s_cells_hold_a_third_of_the_prior_each() -> None:
    losses = [trit_loss(SLOPE, symbol, norm.ppf((np.arange(3000) + 0.5) / 3000)) for symbol in (-1, 0, 1)]
    assert np.bincount(np.argmin(losses, axis=0)).tolist() == [1000, 1000, 1000]
    assert np.exp(-np.array(losses)).mean(1) == pytest.approx(1 / 3, abs=5e-4)
    flat = [trit_loss(5.0, symbol, norm.ppf((np.arange(3000) + 0.5) / 3000)) for symbol in (-1, 0, 1)]
    assert np.exp(-np.array(flat)).mean(1) == pytest.approx(1 / 3, abs=0.02)


def test_a_step_leaves_nothing_open_and_a_flat_decoder_everything() -> None:
    assert left_open(2000.0) < 0.002
    assert left_open(0.0) == pytest.approx(math.log(3))
    assert 9 * left_open(SLOPE) == pytest.approx(0.45, abs=1e-6)


@given(st.floats(1e-4, 200))
def test_it_lies_above_the_frontier_of_codes_with_the_decoder_of_their_own(loss: float) -> None:
    assert reach_frontier().least_rate(loss) >= gaussian_frontier().least_rate(loss) - 1e-3


@given(st.floats(1e-5, 200), st.floats(1e-3, 10))
def test_the_rate_falls_with_distortion_and_is_convex(loss: float, step: float) -> None:
    left, centre, right = (reach_frontier().least_rate(loss + k * step) for k in range(3))
    assert left >= centre - 1e-9
    assert centre >= right - 1e-9
    assert centre <= (left + right) / 2 + 1e-3


def test_reach_costs_more_on_both_sides_of_what_a_code_would_choose() -> None:
    """Of these decoders the best for a code leaves .07 nats of a trit open, and costs hardly more."""
    best = reach_frontier(0.07).least_cost()
    assert gaussian_frontier().least_cost() < best < gaussian_frontier().least_cost() + 0.01
    assert best < reach_frontier(0.05).least_cost() < reach_frontier(0.2 / 9).least_cost()
    assert best < reach_frontier(0.1).least_cost() < reach_frontier(0.4).least_cost()


def test_the_prior_itself_costs_nothing() -> None:
    assert reach_frontier().least_rate(9 * reach_frontier().points[-1][2]) == pytest.approx(0, abs=1e-9)
    assert reach_frontier().least_rate(1000.0) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("demanded", [0.0, 0.45, math.nan])
def test_what_no_such_decoder_leaves_open_is_refused(demanded: float) -> None:
    with refused(MeasurementError, "out_of_range", "divide H(x|z) by the cells"):
        reach_frontier(demanded)
