"""The Gaussian frontier, against an independent record and against brute force."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.rate_distortion import (
    distance,
    frontier_curve,
    frontier_distortion,
    frontier_points,
    gaussian_frontier,
    trit_trade_off,
)
from tests.refusals import refused

RECORDED = [
    (5.04, 4.90),
    (6.16, 3.86),
    (7.56, 2.67),
    (8.54, 1.93),
    (9.34, 1.41),
    (10.06, 1.015),
    (10.75, 0.704),
    (11.46, 0.455),
    (12.26, 0.257),
    (13.31, 0.103),
]
"""Nine trits, from an earlier independent solution: rates to .005, distortions to half their last digit."""

LOG_K = 9 * math.log(3)


def rounding(rate: float, distortion: float) -> float:
    """Return how far rounding of rate and distortion may move a recorded point off the curve."""
    slope = (frontier_distortion(rate - 0.01) - frontier_distortion(rate + 0.01)) / 0.02
    return slope * 0.005 + (0.005 if distortion > 1.1 else 0.0005)


@pytest.mark.parametrize(("rate", "distortion"), RECORDED)
def test_recorded_points_lie_on_the_curve(rate: float, distortion: float) -> None:
    assert abs(distance(rate, distortion)) < rounding(rate, distortion) + 1e-3


@pytest.mark.parametrize("rate", [0.5, 2.0, 4.5, 7.0, 9.0, 12.0, 16.0, 19.0])
def test_interpolation_agrees_with_a_constrained_solution(rate: float) -> None:
    nearest = min(frontier_points(), key=lambda row: abs(9 * row[1] - rate))
    solution = minimize(
        lambda logs: math.log(trit_trade_off(*map(float, np.exp(logs)))[1]),
        np.log(nearest[3:]),
        constraints={
            "type": "eq",
            "fun": lambda logs: 9 * trit_trade_off(*map(float, np.exp(logs)))[0] - rate,
        },
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert frontier_distortion(rate) == pytest.approx(9 * math.exp(solution.fun), abs=1e-3, rel=1e-2)


def test_no_point_of_a_grid_lies_below_the_curve() -> None:
    for spread in np.linspace(0.3, 1.8, 9):
        for outer in np.geomspace(0.1, 0.95, 8):
            for middle in np.geomspace(0.08, 0.95, 8):
                rate, distortion = trit_trade_off(float(spread), float(outer), float(middle))
                assert distance(9 * rate, 9 * distortion) > -1e-3


def test_distortion_and_rate_agree_with_adaptive_quadrature() -> None:
    spread, widths = 0.9, (0.5, 0.3, 0.5)
    means = (-spread, 0.0, spread)

    def density(z: float, trit: int) -> float:
        return (
            math.exp(-0.5 * ((z - means[trit]) / widths[trit]) ** 2) / widths[trit] / math.sqrt(2 * math.pi)
        )

    def loss(z: float, trit: int) -> float:
        own = density(z, trit)
        return -own * math.log(own / sum(density(z, other) for other in range(3))) if own > 0 else 0.0

    def divergence(z: float, trit: int) -> float:
        prior = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        own = density(z, trit)
        return own * math.log(own / prior) if own > 0 else 0.0

    rate, distortion = trit_trade_off(spread, widths[0], widths[1])
    assert distortion == pytest.approx(sum(quad(loss, -5, 5, args=(t,))[0] for t in range(3)) / 3, abs=1e-8)
    assert rate == pytest.approx(sum(quad(divergence, -5, 5, args=(t,))[0] for t in range(3)) / 3, abs=1e-8)


def test_silent_code_costs_the_entropy() -> None:
    assert frontier_distortion(0.0) == pytest.approx(LOG_K, abs=1e-12)
    assert frontier_distortion(0.0, cells=1) == pytest.approx(math.log(3))
    rate, distortion = trit_trade_off(0.0, 1.0, 1.0)
    assert rate == pytest.approx(0, abs=1e-12)
    assert distortion == pytest.approx(math.log(3), abs=1e-12)


@given(st.floats(0, 30), st.floats(0.01, 5))
def test_curve_falls_is_convex_and_stays_above_the_shannon_line(rate: float, step: float) -> None:
    left, centre, right = frontier_curve(np.array([rate, rate + step, rate + 2 * step]))
    assert right < centre < left
    assert centre <= (left + right) / 2 + 1e-3 * step
    assert centre >= LOG_K - (rate + step) - 1e-4


def test_beyond_the_solved_range_it_keeps_falling() -> None:
    assert 0 < frontier_distortion(60.0) < frontier_distortion(20.0) < 1e-6


def test_beyond_the_last_solution_the_logarithm_goes_on_as_it_was() -> None:
    beta, rate, distortion, *_ = frontier_points()[-1]
    found = frontier_curve(np.array([rate + 0.5]), cells=1)[0]
    assert math.log(found) == pytest.approx(math.log(distortion) - 0.5 * beta / distortion, rel=1e-6)


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf])
def test_impossible_rates_are_refused(rate: float) -> None:
    with refused(MeasurementError, "out_of_range", "rates from 0 nats upwards"):
        frontier_distortion(rate)


def test_solving_from_nothing_is_quick() -> None:
    frontier_points.cache_clear()
    start = time.process_time()
    frontier_points()
    assert time.process_time() - start < 2


def test_rates_between_0_and_1_are_allowed_and_each_is_taken_for_itself() -> None:
    curve = frontier_curve(np.array([0.0, 0.5]))
    assert curve.tolist() == [frontier_distortion(0.0), frontier_distortion(0.5)]
    assert frontier_curve(np.array([1], dtype=np.float32)).dtype == np.float64


def test_sharp_posteriors_are_integrated_as_exactly_as_wide_ones() -> None:
    """At widths so far below the distances no symbol is mistaken, until they come near each other."""
    assert trit_trade_off(1.0, 0.01, 0.01)[1] == pytest.approx(0, abs=1e-9)
    apart, width = 0.05, 0.02
    wide = trit_trade_off(apart * 10, width * 10, width * 10)[1]
    assert trit_trade_off(apart, width, width)[1] == pytest.approx(wide, rel=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.5, 2.0, 7.0, 10.06, 12.0, 14.0, 16.0, 19.0])
def test_the_least_rate_undoes_the_least_distortion(rate: float) -> None:
    assert gaussian_frontier().least_rate(frontier_distortion(rate)) == pytest.approx(rate, abs=5e-4)
    assert gaussian_frontier().rate_above(rate + 1.5, frontier_distortion(rate)) == pytest.approx(
        1.5, abs=5e-4
    )


@pytest.mark.parametrize("price", [1.5, 20.0, 700.0])
def test_the_least_cost_is_that_of_a_solution_found_anew(price: float) -> None:
    def cost(logs: np.ndarray) -> float:
        rate, distortion = trit_trade_off(*map(float, np.exp(logs)))
        return 9 * (rate + price * distortion)

    nearest = min(frontier_points(), key=lambda row: abs(math.log(price * row[0])))
    found = minimize(cost, np.log(nearest[3:]), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    assert gaussian_frontier().least_cost(price) == pytest.approx(found.fun, abs=1e-3)


@given(st.floats(0, 40), st.floats(0, 12), st.floats(0.1, 1e4), st.integers(1, 9))
def test_the_gap_is_never_below_the_rate_above(rate: float, loss: float, price: float, cells: int) -> None:
    frontier = gaussian_frontier()
    above = frontier.rate_above(rate, loss, cells)
    gap = frontier.lagrangian_gap(rate, loss, price, cells)
    assert gap >= above - price * cells * frontier.points[0][2] - 1e-7 * (1 + price)


def test_narrower_posteriors_are_nearer_by_distortion_and_farther_by_rate() -> None:
    wide, narrow = (trit_trade_off(1.05, width, width / 1.5) for width in (0.18, 0.09))
    (rate, loss), (dear_rate, dear_loss) = ((9 * r, 9 * d) for r, d in (wide, narrow))
    frontier = gaussian_frontier()
    assert distance(dear_rate, dear_loss) < distance(rate, loss)
    assert frontier.rate_above(dear_rate, dear_loss) > frontier.rate_above(rate, loss) + 1
    assert frontier.lagrangian_gap(dear_rate, dear_loss) > frontier.lagrangian_gap(rate, loss) + 1


@pytest.mark.parametrize("cells", [1, 3])
def test_cells_have_their_shares_of_nine(cells: int) -> None:
    frontier, part = gaussian_frontier(), cells / 9
    for rate in (0.0, 4.5, 10.06, 15.3):
        due = part * frontier_distortion(rate)
        assert frontier_distortion(part * rate, cells) == pytest.approx(due, rel=1e-12)
    assert frontier.least_rate(0.9 * part, cells) == pytest.approx(part * frontier.least_rate(0.9))
    assert frontier.least_cost(cells=cells) == pytest.approx(part * frontier.least_cost())


def test_the_curve_goes_through_every_solution() -> None:
    for beta, rate, distortion, *_ in frontier_points():
        assert frontier_distortion(9 * rate) == pytest.approx(9 * distortion, rel=1e-9)
        fall = frontier_distortion(9 * rate + 1e-5) - frontier_distortion(max(9 * rate - 1e-5, 0))
        assert fall / 2e-5 == pytest.approx(-beta, rel=2e-3)
    *_, (last, rate, distortion, *_) = frontier_points()
    beyond = 9 * distortion * math.exp(-last / distortion * 0.5)
    assert frontier_distortion(9 * (rate + 0.5)) == pytest.approx(beyond)


def test_below_the_smallest_solution_its_rate_is_claimed_and_no_more() -> None:
    frontier = gaussian_frontier()
    _, rate, smallest = frontier.points[0]
    assert frontier.least_rate(0.0) == frontier.least_rate(9 * smallest) == pytest.approx(9 * rate)
    assert frontier.least_rate(9 * math.log(3)) == frontier.least_rate(100.0) == pytest.approx(0, abs=1e-9)
    for price, rate, distortion in frontier.points:
        assert frontier.least_rate(9 * distortion) == pytest.approx(9 * rate, abs=1e-9)
        assert frontier.least_cost(price) == pytest.approx(9 * (rate + price * distortion), rel=1e-6)


@pytest.mark.parametrize("distortion", [-1e-9, math.nan, math.inf])
def test_no_rate_is_least_at_a_distortion_that_cannot_be(distortion: float) -> None:
    with refused(MeasurementError, "out_of_range", "finite distortions from 0 nats upwards"):
        gaussian_frontier().least_rate(distortion)


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf])
def test_a_price_is_finite_and_above_0(price: float) -> None:
    with refused(MeasurementError, "out_of_range", "a price is finite and above 0"):
        gaussian_frontier().least_cost(price)


@pytest.mark.parametrize("cells", [0, -1])
def test_without_a_cell_there_is_no_frontier(cells: int) -> None:
    with refused(MeasurementError, "out_of_range", f"at least one cell, not {cells}"):
        gaussian_frontier().least_rate(0.1, cells)
    with refused(MeasurementError, "out_of_range", f"at least one cell, not {cells}"):
        gaussian_frontier().least_cost(cells=cells)
    with refused(MeasurementError, "out_of_range", f"at least one cell, not {cells}"):
        frontier_distortion(1.0, cells)


def test_figures_above_the_frontier_are_differences_from_it() -> None:
    frontier = gaussian_frontier()
    assert frontier.rate_above(12.0, 0.5) == 12.0 - frontier.least_rate(0.5, 9)
    assert frontier.rate_above(4.0, 0.5, 3) == 4.0 - frontier.least_rate(0.5, 3)
    assert frontier.lagrangian_gap(12.0, 0.5) == 12.0 + 20 * 0.5 - frontier.least_cost(20.0, 9)
    assert frontier.lagrangian_gap(4.0, 0.5, 5.0, 3) == 4.0 + 5 * 0.5 - frontier.least_cost(5.0, 3)
    assert distance(8.0, 2.5) == 2.5 - frontier_distortion(8.0, 9)
    assert distance(3.0, 2.5, 3) == 2.5 - frontier_distortion(3.0, 3)
