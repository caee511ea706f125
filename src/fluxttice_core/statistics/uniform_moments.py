"""What uniform draws show on average, and how much it varies: needs no numerical library."""

import math
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from functools import lru_cache

from fluxttice_core.errors import MeasurementError

_SPARE_DIGITS = 40
"""More than those of a double, and of a variance of draws that hardly repeat."""


@dataclass(frozen=True)
class UniformMoments:
    """Moments of the operations missed, K - D, and of the draws repeated, N - D, under uniform draws.

    The two differ by a constant, so that their variance and third central moment agree.
    """

    missed: float
    repeated: float
    variance: float
    third: float


def expected_share(size: int, draws: int) -> float:
    r"""Return the share of the space that N uniform draws are expected to show, $1 - (1 - 1/K)^N$.

    Example:
        >>> round(expected_share(19_683, 10_000), 5)
        0.39834

    Raises:
        MeasurementError: If the size or the draws are less than 1.
    """
    require_draws(size, draws)
    return -math.expm1(draws * math.log1p(-1 / size)) if size > 1 else 1.0


@lru_cache(maxsize=64)
def uniform_moments(size: int, draws: int) -> UniformMoments:
    r"""Return the moments of the number of operations missed and of draws repeated.

    The factorial moments of the number missed are
    $\mathrm E[U(U-1)\cdots(U-j+1)] = K(K-1)\cdots(K-j+1)\,(1 - j/K)^N$.

    Example:
        >>> moments = uniform_moments(19_683, 10_000)
        >>> round(moments.missed), round(moments.repeated), round(moments.variance**0.5, 1)
        (11842, 2159, 33.1)

    Raises:
        MeasurementError: If the size or the draws are less than 1.
    """
    require_draws(size, draws)
    with localcontext(_digits(size, draws)):
        falling, factorial = Decimal(1), []
        for j in range(1, 4):
            falling *= max(size - j + 1, 0)
            factorial.append(falling * (Decimal(max(size - j, 0)) / size) ** draws)
        mean = factorial[0]
        second = factorial[1] + mean
        third = factorial[2] + 3 * factorial[1] + mean
        repeated = draws - size + mean
        variance = max(second - mean**2, Decimal(0))
        return UniformMoments(
            float(mean), float(repeated), float(variance), float(third - 3 * mean * second + 2 * mean**3)
        )


def _digits(size: int, draws: int) -> Context:
    """Return digits enough for moments that cancel: terms of K^3 to N^2/K, and N of the power's."""
    digits = 4 * len(str(size)) + len(str(draws)) + _SPARE_DIGITS
    return Context(prec=digits, Emin=-(10**9), Emax=10**9)


def require_draws(size: int, draws: int) -> None:
    """Refuse an empty space or no draws."""
    if size < 1 or draws < 1:
        raise MeasurementError(
            f"{draws:,} draws from {size:,} operations: give at least one of both", "out_of_range"
        )
