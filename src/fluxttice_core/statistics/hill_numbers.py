"""Hill numbers: the effective number of kinds in a sample, and estimates of the generator's own.

scikit-bio has the observed numbers (`hill`) and order 2 estimated (`inv_simpson(finite=True)`);
order 1 estimated is what iNEXT calls the asymptotic Shannon diversity.
"""

import math

import numpy as np
from scipy import integrate, special

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Integer
from fluxttice_core.statistics.richness import chao1
from fluxttice_core.statistics.tally import Tally, nonempty

_LAST = 60
"""Beyond it an exponential adds no digit to an integral."""

_DIGITS = 1e-10


def hill_number(counts: Integer[np.ndarray, "kinds"] | Tally, order: float | int) -> float | int:
    r"""Return the observed effective number of kinds of order q, biased low in small samples.

    ${}^qD = \left(\sum_i p_i^q\right)^{1/(1-q)}$ with $p_i = n_i/n$, and $e^{-\sum p_i\ln p_i}$ at q = 1:
    order 0 counts the kinds, 1 and 2 weigh them by their mass.

    Source: Hill 1973, Diversity and evenness.

    Example:
        >>> [round(hill_number(np.array([9, 2, 1, 1]), order), 4) for order in (0, 1, 2)]
        [4.0, 2.5527, 1.9425]

    Raises:
        MeasurementError: If the sample is empty or holds a negative count, or the order is negative.
    """
    if not (order >= 0 and math.isfinite(order)):
        raise MeasurementError(
            f"the order of a Hill number must be at least 0 and finite, not {order}", "out_of_range"
        )
    tally = nonempty(counts)
    shares = tally.times / tally.draws
    if order == 1:
        return math.exp(-float(tally.kinds @ (shares * np.log(shares))))
    return float((tally.kinds @ shares**order) ** (1 / (1 - order)))


def estimated_hill_number(counts: Integer[np.ndarray, "kinds"] | Tally, order: int) -> float | int:
    r"""Return the estimate of the generator's own Hill number of order 0, 1 or 2.

    Order 0 is Chao1, bias-corrected. Order 1 is $e^{\hat H}$ with
    $\hat H = \sum_i \frac{n_i}{n}\,[\psi(n) - \psi(n_i)] + \frac{F_1}{n}(1-A)^{1-n}
    \left[-\ln A - \sum_{r=1}^{n-1}\frac{(1-A)^r}{r}\right]$, $A = \frac{2F_2}{(n-1)F_1 + 2F_2}$;
    where $F_2 = 0$, $F_1 - 1$ and 1 take the places of $F_1$ and $F_2$ in A.
    Order 2 is $\frac{n(n-1)}{\sum_i n_i(n_i-1)}$.

    Source: Chao, Wang & Jost 2013, Entropy and the species accumulation curve; Chao & Jost 2015.

    Example:
        >>> [round(estimated_hill_number(np.array([9, 2, 1, 1]), order), 4) for order in (0, 1, 2)]
        [4.5, 3.1766, 2.1081]

    Raises:
        MeasurementError: If the order is another, the sample is empty, or no kind was drawn twice (order 2).
    """
    tally = nonempty(counts)
    draws, times = tally.draws, tally.times
    if order == 0:
        return chao1(tally)
    if order == 1:
        entropies = times / draws * (special.digamma(draws) - special.digamma(times))
        return math.exp(float(tally.kinds @ entropies) + unseen_entropy(tally.once, tally.twice, draws))
    if order != 2:
        raise MeasurementError(
            f"Hill numbers are estimated for the orders 0, 1 and 2, not {order}", "unsupported"
        )
    # Whole numbers of Python do not wrap where counts are squared.
    pairs: int = sum(
        n * (n - 1) * kinds for n, kinds in zip(times.tolist(), tally.kinds.tolist(), strict=True)
    )
    if pairs == 0:
        raise MeasurementError(
            "the Hill number of order 2 cannot be estimated where no kind was drawn twice", "undefined"
        )
    return draws * (draws - 1) / pairs


def unseen_entropy(once: float | int, twice: float | int, draws: int) -> float | int:
    """Return the part of the estimated entropy in nats that is owed to kinds not seen."""
    if once == 0 or draws == 1:
        return 0.0
    once_more, twice_more = (once, twice) if twice else (once - 1, 1)
    rest = (draws - 1) * once_more + 2 * twice_more
    # A slope in one singleton asks for less than one of it, of which there is no more to see.
    return once / draws * _series_tail(2 * twice_more / rest, draws) if rest > 0 else 0.0


def _series_tail(repeat: float | int, start: int) -> float | int:
    r"""Return $x^{1-n}\sum_{r \ge n} x^r/r = x\int_0^\infty \frac{e^{-s}}{n(1 - x e^{-s/n})}\,ds$, x = 1 - A.

    With $s = nA(e^v - 1)$ the integrand is level until s is about 1, and falls from there: close to 0 it has
    a peak else, the higher the less A is.
    """
    scale = start * repeat

    def integrand(v: float | int) -> float | int:
        s = scale * math.expm1(v)
        away = repeat * math.exp(-s / start) - math.expm1(-s / start)
        return math.exp(v - s) * repeat / away

    level, end = (math.log1p(s / scale) for s in (1, _LAST))
    parts = [
        integrate.quad(integrand, *ends, epsabs=0, epsrel=_DIGITS)[0] for ends in ((0, level), (level, end))
    ]
    return (1 - repeat) * float(sum(parts))
