"""A figure with its standard error, and the group jackknife that yields both from independent groups."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Float
from fluxttice_core.statistics.intervals import Interval, check_level


@dataclass(frozen=True)
class Estimate:
    """A Monte-Carlo figure and its standard error.

    Args:
        error: Its standard error; 0 for an exact figure, infinite where nothing is known.
        dof: Degrees of freedom of the error; infinite for an error that is as good as known.
    """

    value: float
    error: float
    dof: float = math.inf

    def interval(self, level: float = 0.95) -> Interval:
        """Return Student's interval around the figure.

        Example:
            >>> Estimate(1.0, 0.1, 7.0).interval().contains(1.2)
            True

        Raises:
            MeasurementError: If the level is not between 0 and 1.
        """
        check_level(level)
        p = 0.5 + level / 2
        quantile = float(ndtri(p) if math.isinf(self.dof) else stdtrit(self.dof, p))
        width = quantile * self.error if self.error else 0.0
        method = "exact" if self.error == 0 else f"Student's t, {self.dof:g} degrees of freedom"
        return Interval(self.value, self.value - width, self.value + width, level, method)


def jackknife(
    statistic: Callable[..., float],
    groups: Float[np.ndarray, "groups n"],
    beside: Float[np.ndarray, "groups m"] | None = None,
) -> Estimate:
    r"""Estimate a smooth function of a mean from S independent equal groups, less its bias of order 1/M.

    .. math::
        \hat\theta = S\,\theta(\bar v) - (S-1)\,\overline{\theta_{(-s)}}, \quad
        e^2 = \frac{S-1}{S} \sum_s \left(\theta_{(-s)} - \overline{\theta_{(-s)}}\right)^2

    where :math:`\theta_{(-s)}` leaves group s out: the extrapolation from two budgets, M and M(S-1)/S, to an
    endless one. With S = 2 it is twice the whole less the mean of the halves, and the error is half their
    difference. There are S - 1 degrees of freedom; where the statistic is not finite, the error is infinite.
    It takes the mean of `groups`, and that of what is `beside` them as a second argument.

    Raises:
        MeasurementError: If there are fewer than 2 groups.

    Source: Quenouille 1956; Tukey 1958.

    Example:
        >>> square = jackknife(lambda v: float(v[0] ** 2), np.array([[1.0], [3.0]]))
        >>> square.value, square.error
        (3.0, 4.0)
    """
    count = len(groups)
    if count < 2:
        raise MeasurementError("an error needs at least 2 groups of draws", "too_few")
    vectors = [groups] if beside is None else [groups, beside]
    means = [vector.mean(0, dtype=np.float64) for vector in vectors]
    whole = statistic(*means)
    rows = zip(*vectors, strict=True)
    left_out = np.array(
        [
            statistic(*((count * mean - group) / (count - 1) for mean, group in zip(means, row, strict=True)))
            for row in rows
        ]
    )
    if not (math.isfinite(whole) and np.isfinite(left_out).all()):
        return Estimate(whole, math.inf, count - 1.0)
    centre = float(left_out.mean())
    error = math.sqrt((count - 1) / count * float(((left_out - centre) ** 2).sum()))
    return Estimate(count * whole - (count - 1) * centre, error, count - 1.0)
