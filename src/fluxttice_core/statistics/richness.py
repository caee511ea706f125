"""How many kinds a sample comes from, when the kinds cannot be enumerated: estimators on count vectors.

A count vector holds, for each kind seen, how often it was drawn; kinds never seen may stand in it as zeros. A
tally takes its place: it is as short as the different counts are few.
With n draws, S kinds seen, F1 of them once and F2 twice, the conventions are those of scikit-bio, except:

- an empty sample is refused wherever a ratio to n would be taken (scikit-bio answers nan);
- the interval of the missing mass is cut to [0, 1];
- the quantile of the normal distribution is exact (scikit-bio rounds it to 1.96 in `chao1_ci`).

Chao1 comes in three forms, which `chao1_forms` shows beside each other; ours is the bias-corrected one.
"""

import math

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Integer
from fluxttice_core.statistics.intervals import Interval, normal_quantile
from fluxttice_core.statistics.tally import Tally, nonempty, tallied

RARE_THRESHOLD = 10
"""Kinds drawn at most this often are rare to ACE."""


def good_turing_coverage(counts: Integer[np.ndarray, "kinds"] | Tally) -> float | int:
    r"""Return Good's estimate of the **mass** seen, $\hat C = 1 - F_1/n$.

    It says how probable it is that the next draw is of a kind already seen, and nothing of the kinds that the
    generator can never make: with half a space unreachable it still tends to 1.

    Source: Good 1953, The population frequencies of species.

    Example:
        >>> round(good_turing_coverage(np.array([9, 2, 1, 1])), 6)
        0.846154

    Raises:
        MeasurementError: If the sample is empty or holds a negative count.
    """
    tally = nonempty(counts)
    return 1 - tally.once / tally.draws


def missing_mass_interval(
    counts: Integer[np.ndarray, "kinds"] | Tally, level: float | int = 0.95
) -> Interval:
    r"""Return Esty's interval of the mass not seen, cut to [0, 1].

    $\frac{F_1}{n} \pm z\sqrt{\frac{F_1(n - F_1) + 2nF_2}{n^3}}$. Where every draw was a new kind the
    width is 0, although nothing is known: draw more.

    Source: Esty 1983, A normal limit law for a nonparametric estimator of the coverage of a random sample.

    Example:
        >>> str(missing_mass_interval(np.array([9, 2, 1, 1])))
        '0.153846 [0, 0.44355]'

    Raises:
        MeasurementError: If the sample is empty or holds a negative count, or the level is not in (0, 1).
    """
    tally = nonempty(counts)
    draws, once, twice = tally.draws, tally.once, tally.twice
    missing = once / draws
    variance = (once * (draws - once) + 2 * draws * twice) / draws**3
    half_width = normal_quantile(level) * math.sqrt(variance)
    return Interval(missing, max(missing - half_width, 0.0), min(missing + half_width, 1.0), level, "Esty")


def chao1(counts: Integer[np.ndarray, "kinds"] | Tally) -> float | int:
    r"""Return the bias-corrected Chao1 estimate of a lower bound of the number of kinds.

    $\hat S = S + \frac{F_1(F_1 - 1)}{2(F_2 + 1)}$.

    Source: Chao 1984, Nonparametric estimation of the number of classes in a population.

    Example:
        >>> chao1(np.array([9, 2, 1, 1]))
        4.5

    Raises:
        MeasurementError: If a count is negative.
    """
    tally = tallied(counts)
    return tally.distinct + tally.once * (tally.once - 1) / (2 * (tally.twice + 1))


def chao1_forms(counts: Integer[np.ndarray, "kinds"] | Tally) -> dict[str, float | int]:
    r"""Return Chao1 in the forms that programs print, by their names.

    Bias-corrected $S + \frac{F_1(F_1-1)}{2(F_2+1)}$, as in scikit-bio and everywhere here; classic
    $S + \frac{F_1^2}{2F_2}$, bias-corrected where $F_2 = 0$; and as in iNEXT the classic one, its unseen part
    times $\frac{n-1}{n}$.

    Source: Chao 1984; Chao 2005, Species estimation and applications; Hsieh, Ma & Chao 2016, iNEXT.

    Example:
        >>> {form: round(kinds, 4) for form, kinds in chao1_forms(np.array([9, 2, 1, 1])).items()}
        {'bias-corrected': 4.5, 'classic': 6.0, 'iNEXT': 5.8462}

    Raises:
        MeasurementError: If the sample is empty or holds a negative count.
    """
    tally = nonempty(counts)
    draws, kinds, once, twice = tally.draws, tally.distinct, tally.once, tally.twice
    unseen = once**2 / (2 * twice) if twice else once * (once - 1) / 2
    return {
        "bias-corrected": chao1(tally),
        "classic": kinds + unseen,
        "iNEXT": kinds + (draws - 1) / draws * unseen,
    }


def chao1_interval(counts: Integer[np.ndarray, "kinds"] | Tally, level: float | int = 0.95) -> Interval:
    r"""Return the log-normal interval of Chao1, whose lower limit is never below the kinds seen.

    With $T = \hat S - S$ and the variance $V$ of $\hat S$, the limits are $S + T e^{\mp c}$,
    $c = z\sqrt{\ln(1 + V/T^2)}$. Without singletons, $P = e^{-n/S}$ gives
    $\frac{S}{1-P} \pm z\sqrt{\frac{SP}{1-P}}$, cut below at S; its centre differs from the estimate.

    Source: Chao 1987, Estimating the population size for capture-recapture data with unequal catchability;
    the rules for small counts are equations 6 to 8, 13 and 14 of the EstimateS user's guide.

    Example:
        >>> str(chao1_interval(np.array([9, 2, 1, 1])))
        '4.5 [4.03026, 12.2607]'

    Raises:
        MeasurementError: If the sample is empty or holds a negative count, or the level is not in (0, 1).
    """
    tally = nonempty(counts)
    return chao1_limits(tally.draws, tally.distinct, tally.once, tally.twice, level)


def chao1_limits(draws: int, kinds: int, once: int, twice: int, level: float | int = 0.95) -> Interval:
    """Return what `chao1_interval` does, from draws, kinds, and the kinds drawn once and twice."""
    z, estimate = normal_quantile(level), kinds + once * (once - 1) / (2 * (twice + 1))
    if once == 0:
        unseen = math.exp(-draws / kinds)
        centre = kinds / (1 - unseen)
        half_width = z * math.sqrt(kinds * unseen / (1 - unseen))
        return Interval(estimate, max(float(kinds), centre - half_width), centre + half_width, level, "Chao1")
    excess = estimate - kinds
    if excess == 0:
        return Interval(estimate, float(kinds), float(kinds), level, "Chao1")
    limits = log_normal_limits(kinds, excess, _chao1_variance(once, twice, estimate), level)
    return Interval(estimate, *limits, level, "Chao1")


def log_normal_limits(
    kinds: float | int, excess: float | int, variance: float | int, level: float | int
) -> tuple[float | int, float | int]:
    """Return the limits of kinds of which an excess is not seen, and scatters as a log-normal variable."""
    factor = math.exp(normal_quantile(level) * math.sqrt(math.log1p(variance / excess**2)))
    return kinds + excess / factor, kinds + excess * factor


def ace(counts: Integer[np.ndarray, "kinds"] | Tally, rare_threshold: int = RARE_THRESHOLD) -> float | int:
    r"""Return the abundance-based coverage estimate of the number of kinds.

    With $n_r$ draws of $S_r$ rare kinds and $C = 1 - F_1/n_r$:
    $\hat S = S_{abundant} + \frac{S_r}{C} + \frac{F_1}{C}\gamma^2$,
    $\gamma^2 = \max\left(0, \frac{S_r}{C}\frac{\sum_{i}i(i-1)F_i}{n_r(n_r-1)} - 1\right)$.

    Source: Chao & Lee 1992, Estimating the number of classes via sample coverage.

    Example:
        >>> round(ace(np.array([9, 2, 1, 1])), 6)
        7.663912

    Raises:
        MeasurementError: If the sample is empty or holds a negative count, or all rare kinds are singletons.
    """
    tally = nonempty(counts)
    rare = tally.times <= rare_threshold
    times, rarely = tally.times[rare], tally.kinds[rare]
    draws, kinds, singletons = int(times @ rarely), int(rarely.sum()), tally.once
    abundant = tally.distinct - kinds
    if kinds == 0:
        return float(abundant)
    if singletons == kinds:
        raise MeasurementError(
            "ACE is undefined where every rare kind was drawn once: use bias-corrected Chao1, or draw more",
            "undefined",
        )
    coverage = 1 - singletons / draws
    pairs: int = sum(k * (k - 1) * tally.drawn(k) for k in times.tolist())
    variation = max(kinds * pairs / (coverage * draws * (draws - 1)) - 1, 0.0)
    return abundant + kinds / coverage + singletons / coverage * variation


def _chao1_variance(once: int, twice: int, estimate: float | int) -> float | int:
    """Return the variance of Chao1 where there are singletons, EstimateS equations 6 and 7."""
    if twice == 0:
        return once * (once - 1) / 2 + once * (2 * once - 1) ** 2 / 4 - once**4 / (4 * estimate)
    return (
        once * (once - 1) / (2 * (twice + 1))
        + once * (2 * once - 1) ** 2 / (4 * (twice + 1) ** 2)
        + once**2 * twice * (once - 1) ** 2 / (4 * (twice + 1) ** 4)
    )
