"""The Gaussian frontier: the least distortion at a given rate when each trit takes one Gaussian latent.

How far a distortion lies above it can be bought by rate: with more rate, distortion and frontier go to 0
together. The rate above the frontier at the code's own distortion, and the gap of R + price D, cannot be.
"""

import math
import threading
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Float

if TYPE_CHECKING:
    from scipy.interpolate import CubicHermiteSpline

BASE = 3
"""The solver places three clusters: it speaks of ternary cells only."""

_QUADRATURE = np.linspace(0.0, 1.0, 601)
"""Half a line suffices: the clusters lie symmetrically about 0."""

_TAIL = 8.0
"""Standard deviations beyond the outer clusters under the quadrature: the rest weighs less than 1e-14."""

_MULTIPLIERS = np.concatenate(
    [np.geomspace(1e-6, 0.3, 20), np.linspace(0.36, 0.8, 8), 1 - np.geomspace(0.15, 1e-4, 14)]
)
"""Multipliers beta of the Lagrangian d + beta r; nine cells have rates from 19.6 down to 1 nat there."""

PRICE = 20.0
"""Nats of rate that one nat of distortion is worth, where a single number judges both."""

SOLVING = threading.Lock()
"""Solved by one thread: scipy's optimiser sets the program's warning filters while it runs."""


def trit_trade_off(spread: float, outer: float, middle: float) -> tuple[float, float]:
    r"""Return rate and distortion of one trit whose three posteriors are Gaussian, in nats.

    With $q_t = \mathcal N(m_t, s_t^2)$, $m = (-a, 0, a)$ and $s = (s_o, s_m, s_o)$:
    $r = \frac13\sum_t \mathrm{KL}(q_t\,\|\,\mathcal N(0, 1))$ and
    $d = -\frac13\sum_t \int q_t \ln \frac{q_t}{\sum_u q_u}$, the loss of the Bayes decoder.
    """
    widths = np.array([[outer], [middle], [outer]])
    means = np.array([[-spread], [0.0], [spread]])
    z = _QUADRATURE * (spread + _TAIL * max(outer, middle))
    log_density = -0.5 * ((z - means) / widths) ** 2 - np.log(widths)
    largest = log_density.max(axis=0)
    log_total = largest + np.log(np.exp(log_density - largest).sum(axis=0))
    loss = (np.exp(log_density) * (log_total - log_density)).sum(axis=0) / math.sqrt(2 * math.pi)
    distortion = 2 * (loss.sum() - loss[0] / 2) * z[1] / BASE
    rate = np.mean(0.5 * (widths**2 + means**2 - 1) - np.log(widths))
    return float(rate), float(distortion)


def frontier_distortion(rate: float, cells: int = 9) -> float:
    r"""Return the frontier's distortion at one rate, in nats.

    $D^*(R) = \mathrm{cells}\cdot d^*(R/\mathrm{cells})$, where $d^*(r)$ is the least distortion of one trit
    at rate r. Since $d^*$ is convex, no cell gains from a larger share of the rate than another.

    Example:
        >>> round(frontier_distortion(10.06), 2)
        1.01
        >>> round(frontier_distortion(0.0), 4)
        9.8875

    Raises:
        MeasurementError: If the rate is negative or not finite, or there is no cell.
    """
    return float(frontier_curve(np.array([rate], dtype=np.float64), cells)[0])


def frontier_curve(rates: Float[np.ndarray, "n"], cells: int = 9) -> Float[np.ndarray, "n"]:
    """Return the frontier's distortion at each rate, in nats.

    Raises:
        MeasurementError: If a rate is negative or not finite, or there is no cell.
    """
    _require_cells(cells)
    if not np.all(np.isfinite(rates) & (rates >= 0)):
        raise MeasurementError(
            "the frontier is defined for rates from 0 nats upwards, and finite ones only", "out_of_range"
        )
    with SOLVING:
        spline = _log_distortion()
    per_cell = np.asarray(rates, dtype=np.float64) / cells
    last = spline.x[-1]
    slope = float(spline(last, nu=1))
    logs = spline(np.minimum(per_cell, last)) + slope * np.maximum(per_cell - last, 0)
    return np.asarray(cells * np.exp(logs), dtype=np.float64)


@dataclass(frozen=True)
class Frontier:
    r"""The least rate of a trit at each distortion, between solutions for the least of r + price d.

    At a solution the curve's slope is its price, $r'(d) = -\mathrm{price}$. Below the smallest distortion
    solved for, the rate there is claimed and no more.

    Args:
        points: Rows (price, rate, distortion), the distortion rising up to that of a code which says nothing.
    """

    points: tuple[tuple[float, float, float], ...]

    def least_rate(self, distortion: float, cells: int = 9) -> float:
        r"""Return the least rate at a distortion, $R^*(D) = \mathrm{cells}\cdot r^*(D/\mathrm{cells})$.

        Example:
            >>> round(gaussian_frontier().least_rate(1.015), 2)
            10.06

        Raises:
            MeasurementError: If the distortion is negative or not finite, or there is no cell.
        """
        _require_cells(cells)
        if not (math.isfinite(distortion) and distortion >= 0):
            raise MeasurementError(
                f"the frontier is defined for finite distortions from 0 nats upwards, not {distortion}",
                "out_of_range",
            )
        smallest, largest = self.points[0][2], self.points[-1][2]
        return cells * float(self._curve(math.log(min(max(distortion / cells, smallest), largest))))

    def least_cost(self, price: float = PRICE, cells: int = 9) -> float:
        """Return the least value of R + price D, in nats.

        Example:
            >>> round(gaussian_frontier().least_cost(), 2)
            14.99

        Raises:
            MeasurementError: If the price is not finite and above 0, or there is no cell.
        """
        from scipy.optimize import minimize_scalar

        _require_cells(cells)
        if not (math.isfinite(price) and price > 0):
            raise MeasurementError(f"a price is finite and above 0, not {price}", "out_of_range")
        ends = (math.log(self.points[0][2]), math.log(self.points[-1][2]))
        with SOLVING:
            found = minimize_scalar(
                lambda log: float(self._curve(log)) + price * math.exp(log),
                bounds=ends,
                method="bounded",
                options={"xatol": 1e-9},
            )
        return cells * float(found.fun)

    def rate_above(self, rate: float, distortion: float, cells: int = 9) -> float:
        """Return the rate that a code spends above the least at its own distortion, $R - R^*(D)$, in nats.

        Example:
            >>> round(gaussian_frontier().rate_above(14.936, 0.0743), 2)
            1.3

        Raises:
            MeasurementError: If the distortion is negative or not finite, or there is no cell.
        """
        return rate - self.least_rate(distortion, cells)

    def lagrangian_gap(self, rate: float, distortion: float, price: float = PRICE, cells: int = 9) -> float:
        r"""Return $R + \mathrm{price}\,D$ less its least value; never below `rate_above`, in nats.

        Example:
            >>> frontier = gaussian_frontier()
            >>> round(frontier.lagrangian_gap(frontier.least_cost(), 0.0), 6)
            0.0

        Raises:
            MeasurementError: If the price is not finite and above 0, or there is no cell.
        """
        return rate + price * distortion - self.least_cost(price, cells)

    @cached_property
    def _curve(self) -> "CubicHermiteSpline":
        """The rate over ln d: there the slope, -price d, is finite even where the code says nothing."""
        from scipy.interpolate import CubicHermiteSpline

        price, rate, distortion = np.array(self.points).T
        return CubicHermiteSpline(np.log(distortion), rate, -price * distortion)


@lru_cache(maxsize=1)
def gaussian_frontier() -> Frontier:
    """Return the frontier of codes of one Gaussian latent a trit, each read by its own best decoder.

    Example:
        >>> round(gaussian_frontier().least_cost(1.0) / math.log(3), 6)     # nothing is worth its rate
        9.0
    """
    with SOLVING:
        solved = [(1 / beta, rate, distortion) for beta, rate, distortion, *_ in frontier_points()]
    return Frontier((*reversed(solved), (1.0, 0.0, math.log(BASE))))


def distance(rate: float, distortion: float, cells: int = 9) -> float:
    """Return how far a model's distortion lies above the frontier at the model's own rate, in nats.

    Below 0 it is possible: the frontier bounds codes of one Gaussian latent a trit, not every code.
    """
    return distortion - frontier_distortion(rate, cells)


@lru_cache(maxsize=1)
def frontier_points() -> tuple[tuple[float, float, float, float, float, float], ...]:
    """Solve for the frontier of one trit: rows (beta, rate, distortion, spread, outer, middle), rate rising.

    Each row minimises d + beta r over the three parameters, starting from its neighbour's solution; the
    envelope theorem makes beta the curve's slope, d'(r) = -beta.
    """
    from scipy.optimize import minimize  # slow to import, and few need the frontier

    start = np.log([1.2, 0.04, 0.02])
    rows = []
    for beta in _MULTIPLIERS:

        def lagrangian(logs: np.ndarray, beta: float = float(beta)) -> float:
            rate, distortion = trit_trade_off(*(float(value) for value in np.exp(logs)))
            return distortion / beta + rate

        start = minimize(lagrangian, start, method="BFGS", options={"gtol": 1e-6}).x
        spread, outer, middle = (float(value) for value in np.exp(start))
        rows.append((float(beta), *trit_trade_off(spread, outer, middle), spread, outer, middle))
    return tuple(reversed(rows))


@lru_cache(maxsize=1)
def _log_distortion() -> "CubicHermiteSpline":
    """Interpolate ln d over r by values and slopes; at r = 0 the code says nothing: d = ln 3, slope -1."""
    from scipy.interpolate import CubicHermiteSpline

    points = np.array(frontier_points())
    beta, rate, distortion = points[:, 0], points[:, 1], points[:, 2]
    nodes = np.concatenate([[0.0], rate])
    values = np.concatenate([[math.log(BASE)], distortion])
    slopes = np.concatenate([[-1.0], -beta])
    return CubicHermiteSpline(nodes, np.log(values), slopes / values)


def _require_cells(cells: int) -> None:
    if cells < 1:
        raise MeasurementError(f"the frontier needs at least one cell, not {cells}", "out_of_range")
