"""Kinds found in sampling units, where only presence was noted: estimates of how many there are.

A tally of incidences holds how many kinds were found in how many of t units: Q1 in one, Q2 in two. The
formulas are those of `richness`, with (t - 1)/t for what a unit more or less makes.
"""

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.richness import RARE_THRESHOLD, log_normal_limits
from fluxttice_core.statistics.richness_intervals import few_counts_limits
from fluxttice_core.statistics.tally import Tally


def chao2_interval(tally: Tally, units: int, level: float | int = 0.95) -> Interval:
    r"""Return the bias-corrected Chao2 estimate of a lower bound of the kinds, with its log-normal interval.

    $\hat S = S + \frac{t-1}{t} \frac{Q_1(Q_1 - 1)}{2(Q_2 + 1)}$ of t sampling units; limits widened to what
    few counts leave open and rounded outwards, as those of Chao1 in `reachable_interval`, which cover the
    kinds as often as `level` says if they are about equally frequent.

    Source: Chao 1987; equations 5 to 8 of the EstimateS user's guide.

    Example:
        >>> import numpy as np
        >>> str(chao2_interval(Tally(np.array([1, 2, 5]), np.array([6, 3, 4])), 10))
        '16.375 [13, 35]'

    Raises:
        MeasurementError: If a kind was found in more units than there are, or in none.
    """
    _check(tally, units)
    once, twice, part = tally.once, tally.twice, (units - 1) / units
    excess = part * once * (once - 1) / (2 * (twice + 1))
    kinds = float(tally.distinct)
    variance = (
        excess
        + part**2 * once * (2 * once - 1) ** 2 / (4 * (twice + 1) ** 2)
        + part**2 * once**2 * twice * (once - 1) ** 2 / (4 * (twice + 1) ** 4)
    )
    limits = log_normal_limits(kinds, excess, variance, level) if excess else (kinds, kinds)
    chao = Interval(kinds + excess, *limits, level, "Chao2")
    return Interval(chao.estimate, *few_counts_limits(tally, chao, part), level, "Chao2, Garwood")


def ice(tally: Tally, units: int, rare_threshold: int = RARE_THRESHOLD) -> float | int:
    r"""Return the incidence-based coverage estimate of the number of kinds.

    With $n_r$ incidences of $S_r$ kinds of at most ten units (`rare_threshold`) and $C = 1 - Q_1/n_r$:
    $\hat S = S_{frequent} + \frac{S_r}{C} + \frac{Q_1}{C}\gamma^2$,
    $\gamma^2 = \max\left(0, \frac{S_r}{C}\frac{t}{t-1}\frac{\sum_j j(j-1)Q_j}{n_r^2} - 1\right)$.

    Source: Lee & Chao 1994, Estimating population size via sample coverage for closed capture-recapture
    models.

    Example:
        >>> import numpy as np
        >>> round(ice(Tally(np.array([1, 2, 5, 20]), np.array([6, 3, 4, 2])), 30), 3)
        20.881

    Raises:
        MeasurementError: If every infrequent kind was found in one unit, or a kind in more than there are.
    """
    _check(tally, units)
    rare = tally.times <= rare_threshold
    times, kinds = tally.times[rare], tally.kinds[rare]
    found, seen = int(times @ kinds), int(kinds.sum())
    frequent = tally.distinct - seen
    if seen == 0:
        return float(frequent)
    if tally.once == found or units < 2:
        raise MeasurementError(
            "ICE is undefined where every infrequent kind was found in one unit: use Chao2, or sample more",
            "undefined",
        )
    coverage = 1 - tally.once / found
    pairs = int((times * (times - 1)) @ kinds)
    variation = max(seen / coverage * units / (units - 1) * pairs / found**2 - 1, 0.0)
    return frequent + seen / coverage + tally.once / coverage * variation


def _check(tally: Tally, units: int) -> None:
    if units < 1 or tally.distinct < 1 or int(tally.times.max()) > units:
        raise MeasurementError(
            f"kinds were found in up to {tally.times.max(initial=0):,} of {units:,} units: give the number "
            "of all units, and one kind at least",
            "contradictory",
        )
