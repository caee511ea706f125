"""The Gaussian frontier: the least distortion at a given rate when each trit takes one Gaussian latent."""

import math
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from fluxttice_core.errors import MeasurementError

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

_SOLVING = threading.Lock()
"""Solved by one thread: scipy's optimiser sets the program's warning filters while it runs."""


def trit_trade_off(spread: float, outer: float, middle: float) -> tuple[float, float]:
    r"""Return rate and distortion of one trit whose three posteriors are Gaussian, in nats.

    With $q_t = \mathcal N(m_t, s_t^2)$, $m = (-a, 0, a)$ and $s = (s_o, s_m, s_o)$:
    $r = \frac13\sum_t \mathrm{KL}(q_t\,\|\,\mathcal N(0, 1))$ and
    $d = -\frac13\sum_t \int q_t \ln \frac{q_t}{\sum_u q_u}$, the loss of the Bayes decoder.

    Args:
        spread: Distance a of the outer means from 0.
        outer: Width $s_o$ of the two outer posteriors, above 0.
        middle: Width $s_m$ of the middle posterior, above 0.
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

    Args:
        rate: R in nats, at least 0.
        cells: Entries of a table, each with a latent of its own.

    Raises:
        MeasurementError: If the rate is negative or not finite, or there is no cell.
    """
    return float(frontier_curve(np.array([rate], dtype=np.float64), cells)[0])


def frontier_curve(rates: Float[np.ndarray, "n"], cells: int = 9) -> Float[np.ndarray, "n"]:
    """Return the frontier's distortion at each rate, in nats.

    Raises:
        MeasurementError: If a rate is negative or not finite, or there is no cell.
    """
    if cells < 1:
        raise MeasurementError(f"the frontier needs at least one cell, not {cells}", "out_of_range")
    if not np.all(np.isfinite(rates) & (rates >= 0)):
        raise MeasurementError(
            "the frontier is defined for rates from 0 nats upwards, and finite ones only", "out_of_range"
        )
    with _SOLVING:
        spline = _log_distortion()
    per_cell = np.asarray(rates, dtype=np.float64) / cells
    last = spline.x[-1]
    slope = float(spline(last, nu=1))
    logs = spline(np.minimum(per_cell, last)) + slope * np.maximum(per_cell - last, 0)
    return np.asarray(cells * np.exp(logs), dtype=np.float64)


def distance(rate: float, distortion: float, cells: int = 9) -> float:
    """Return how far a model's distortion lies above the frontier at the model's own rate, in nats.

    Negative values are possible: the frontier bounds codes of one Gaussian latent a trit, not every code.
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
