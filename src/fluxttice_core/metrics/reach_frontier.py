"""The frontier for the reach that is demanded: codes for a decoder that leaves a given entropy open.

The Gaussian frontier lets every code have the decoder that is best for it, also one that reads the prior
unevenly. Here the decoder is given: its cells hold equal prior mass, and H(x|z) is what is asked of it.
"""

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.rate_distortion import BASE, SOLVING, Frontier
from fluxttice_core.shapes import Float

LEFT_OPEN = 0.05
"""Entropy left open a trit, in nats, that is demanded; .45 for nine trits is G = .954."""

_TERTILE = NormalDist().inv_cdf(2 / 3)
_PRICES = np.geomspace(1e-3, 1e6, 46)
_SLOPES = (5.0, 2000.0)
"""From 5 on, the probabilities too are even within .02; a steeper decoder than 2000 is a step."""

_NOISE = np.linspace(-8.0, 8.0, 801)
_WEIGHT = np.exp(-0.5 * _NOISE**2) / np.exp(-0.5 * _NOISE**2).sum()
_PRIOR = np.linspace(-8.0, 8.0, 16001)
_PRIOR_WEIGHT = np.exp(-0.5 * _PRIOR**2) / np.exp(-0.5 * _PRIOR**2).sum()


def trit_loss(slope: float, symbol: int, z: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    r"""Return $-\ln p(t \mid z)$ in nats of the decoder of a slope k, of a symbol t: -1, 0 or 1.

    Its logits are $\ell = (-k(z + c),\ 0,\ k(z - c))$ with c = .4307: the prior's tertiles part its cells.
    """
    logits = np.stack([-slope * (z + _TERTILE), np.zeros_like(z), slope * (z - _TERTILE)])
    return np.asarray(np.logaddexp.reduce(logits, axis=0) - logits[symbol + 1], dtype=np.float64)


def left_open(slope: float) -> float:
    r"""Return the entropy $H(t \mid z)$ that the decoder leaves open of a trit under the prior, in nats."""
    losses = np.stack([trit_loss(slope, symbol, _PRIOR) for symbol in (-1, 0, 1)])
    return float((np.exp(-losses) * losses).sum(0) @ _PRIOR_WEIGHT)


def code_of_symbol(slope: float, symbol: int, mean: float, width: float) -> tuple[float, float]:
    r"""Return rate and distortion of one symbol t whose posterior is $\mathcal N(m, s^2)$, in nats.

    $r_t = \frac12(m^2 + s^2 - 1) - \ln s$ and $d_t = -\int \mathcal N(z; m, s^2) \ln p(t \mid z)\,dz$; both
    are convex in (m, s), so that $r_t + \mathrm{price}\,d_t$ has one minimum.
    """
    rate = 0.5 * (mean**2 + width**2 - 1) - math.log(width)
    return rate, float(trit_loss(slope, symbol, mean + width * _NOISE) @ _WEIGHT)


@lru_cache(maxsize=8)
def reach_frontier(demanded: float = LEFT_OPEN) -> Frontier:
    """Return the frontier of Gaussian codes for the decoder that leaves so much open of each trit, in nats.

    The least of R + 20 D is 15.08 nats at .45 left open in nine trits, and 15.49 at .20.

    Example:
        >>> round(reach_frontier().least_cost(), 2), round(reach_frontier(0.2 / 9).least_cost(), 2)
        (15.08, 15.49)
        >>> [round(reach_frontier().least_rate(d), 1) for d in (0.339, 0.084, 0.011)]
        [12.4, 13.7, 15.2]

    Raises:
        MeasurementError: If no decoder of this kind leaves so much open: it is from .002 to .4.
    """
    from scipy.optimize import brentq

    steepest, flattest = left_open(_SLOPES[1]), left_open(_SLOPES[0])
    if not steepest <= demanded <= flattest:
        raise MeasurementError(
            f"a decoder leaves from {steepest:.4f} to {flattest:.2f} nats of a trit open, not {demanded}: "
            "divide H(x|z) by the cells",
            "out_of_range",
        )
    with SOLVING:
        slope = float(brentq(lambda value: left_open(value) - demanded, *_SLOPES))
        outer, middle = _symbol_points(slope, 1), _symbol_points(slope, 0)
    trits = (2 * outer + middle) / BASE
    rows = [(float(p), float(r), float(d)) for p, (r, d) in zip((0.0, *_PRICES), trits, strict=True)]
    return Frontier(tuple(reversed(rows)))


def _symbol_points(slope: float, symbol: int) -> Float[np.ndarray, "n 2"]:
    """Rate and distortion of a symbol at each price, after those of the prior itself, whose rate is 0."""
    from scipy.optimize import minimize

    best = np.zeros(2)
    rows = [code_of_symbol(slope, symbol, 0.0, 1.0)]
    for price in _PRICES:

        def lagrangian(code: np.ndarray, price: float = float(price)) -> float:
            rate, distortion = code_of_symbol(slope, symbol, float(code[0]), math.exp(code[1]))
            return rate + price * distortion

        best = minimize(lagrangian, best, method="BFGS", options={"gtol": 1e-6}).x
        rows.append(code_of_symbol(slope, symbol, float(best[0]), math.exp(best[1])))
    return np.array(rows)
