"""Many differences judged at once: a p-value for each interval, and Holm's adjustment over all of them."""

import numpy as np
from scipy.special import stdtr, stdtrit

from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.intervals import Interval, paired_difference

FAMILY_ERROR = 0.05
"""Probability that a table of parts that do nothing calls any of them an effect, at most."""
_ROUNDING = 1e-9
"""Half-width, over the estimate, below which differences are all the same."""


def student_p_value(interval: Interval, dof: float | int) -> float:
    r"""Return the two-sided p-value, that the truth is 0, of a figure with Student's interval.

    $p = 2\,T_\nu(-|v| / e)$ with $e$ the half-width over $t_\nu$'s quantile: below .05 exactly where the 95 %
    interval excludes 0. An interval of no width has p-value 0, or 1 where it is at 0. Infinitely many degrees
    of freedom, $\nu$, are those of a normal figure.

    Example:
        >>> from fluxttice_core.statistics.intervals import paired_difference
        >>> found = paired_difference(np.array([0.83, 0.85, 0.81]), np.array([0.82, 0.83, 0.80]))
        >>> str(found), round(student_p_value(found, 2), 4)
        ('0.0133333 [-0.00100884, 0.0276755]', 0.0572)
    """
    half_width = (interval.upper - interval.lower) / 2
    if half_width == 0:
        return 0.0 if interval.estimate else 1.0
    quantile = stdtrit(dof, (1 + interval.level) / 2)
    return float(2 * stdtr(dof, -abs(interval.estimate) / half_width * quantile))


def paired_p_value(first: Float64[np.ndarray, "n"], second: Float64[np.ndarray, "n"]) -> float:
    """Return the two-sided p-value of `paired_difference`.

    Where all n differences are the same, as counts of few things are by chance, Student's interval has no
    width and says nothing. Then it is $2^{1-n}$: how often n signs agree where either is as likely.

    Raises:
        MeasurementError: If there are fewer than two pairs, or a value is not finite.

    Example:
        >>> paired_p_value(np.array([0.2, 0.4, 0.2]), np.array([0.0, 0.2, 0.0]))
        0.25
    """
    interval = paired_difference(first, second)
    if interval.estimate and interval.upper - interval.estimate <= _ROUNDING * abs(interval.estimate):
        return 2.0 ** (1 - len(first))
    return student_p_value(interval, len(first) - 1)


def holm(p_values: Float64[np.ndarray, "n"]) -> Float64[np.ndarray, "n"]:
    r"""Return p-values adjusted for being read together, in their order.

    $\tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\,p_{(j)})$. Whatever depends on what, the probability
    that any true hypothesis has $\tilde p < a$ is at most a.

    Source: Holm 1979, A simple sequentially rejective multiple test procedure.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, factors * p_values[order]))
    return adjusted
