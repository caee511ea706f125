"""Evidence against a law that may be looked at as often as one likes: a test martingale."""

import math

import numpy as np
from scipy import special

from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.quadratic import Cells
from fluxttice_core.statistics.tally import LawTally, Tally

CONCENTRATIONS = (1.0, 10.0, 100.0)
"""Of the Dirichlet distributions that are mixed: how far the kinds are thought to stray from the law."""


def log_mixture_evidence(tally: Tally | LawTally, size: int | None = None) -> float | int:
    r"""Return the logarithm of the likelihood of Dirichlet-multinomial draws over that of the law's draws.

    $\log\frac13\sum_c \frac{B(\alpha + n)}{B(\alpha)\prod q_i^{n_i}}$ with $\alpha_i = cKq_i$ and
    $c \in \{1, 10, 100\}$, of K kinds alike or a tally's own law. It grows as draws come and is, while the
    law holds and draws are independent, a test martingale of expectation 1 at any time: the probability that
    it ever reaches $1/\alpha$ is at most $\alpha$ (Ville). So the greatest that it has been is kept, and an
    alarm raised when that passes $\log(1/\alpha)$; $e^{-\max}$ is a p-value at any time. It sees what is too
    uneven, not what is too even. Draws outside a stated law make it infinite.

    Source: Ville 1939, Étude critique de la notion de collectif; Lindon & Malek 2022, Anytime-valid inference
    for multinomial count data.

    Example:
        >>> log_mixture_evidence(Tally.of_counts(np.array([199, 1])), 2) > math.log(1 / 0.001)
        True
        >>> log_mixture_evidence(Tally.of_counts(np.array([101, 99])), 2) > 0
        False
    """
    if isinstance(tally, LawTally) and tally.outside:
        return math.inf
    cells = Cells.of(tally, size)
    alone = [
        float(cells.kinds @ _log_rising(c * cells.size * cells.probability, cells.times))
        - float(_log_rising(np.array([c * cells.size]), np.array([cells.draws]))[0])
        for c in CONCENTRATIONS
    ]
    greatest = max(alone)
    return greatest + math.log(sum(math.exp(one - greatest) for one in alone) / len(alone))


def _log_rising(
    start: Float64[np.ndarray, "rows"], steps: Float64[np.ndarray, "rows"]
) -> Float64[np.ndarray, "rows"]:
    r"""Return $\sum_{j<n}\log(1 + j/a)$, to all digits also where a is far larger than n.

    From a of 20 on by Stirling's series, whose leading terms would cancel as a difference of log-gammas.
    """
    direct = special.gammaln(start + steps) - special.gammaln(start) - steps * np.log(start)
    ratio = steps / start
    series = start * ((1 + ratio) * np.log1p(ratio) - ratio) - 0.5 * np.log1p(ratio)
    end = start + steps
    series += (1 / end - 1 / start) / 12 - ((1 / end) ** 3 - (1 / start) ** 3) / 360
    return np.where(steps > 0, np.where(start < 20, direct, series), 0.0)
