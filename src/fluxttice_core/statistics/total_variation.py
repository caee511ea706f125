"""How far a generator is from a law, with limits: total variation, unevenness, and single kinds."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from scipy import special

from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.goodness_of_fit import FULL, full_weight
from fluxttice_core.statistics.intervals import Interval, beta_quantile, clopper_pearson
from fluxttice_core.statistics.quadratic import LEAST, Cells, Quadratic, crossing, quadratic
from fluxttice_core.statistics.tally import LawTally, Tally

_LEAST_OCTAVE = -3
"""Sets are tried of kinds drawn at least an eighth as often as they should be, a quarter, and so on."""

_KNOWN_SHAPE = 5
"""From this shape on, draws say enough of the rare kinds of a law for limits of the sum of p^2/q."""

_LEAST_SHARE = 1e-300
"""Kinds that are rarer count as if they were not: by less a double cannot be divided."""

_LEAST_TAIL = 1e-15
"""Below which a level cannot be told from 1."""

_ONE_BY_ONE = 2**20
"""Up to so many kinds that share a count are halved one by one."""

_DEVIATIONS = 10.0
"""No half of a count lies farther from its middle."""

_LARGEST = 2.0**63 - 2**10
"""The largest whole number of a double that 64 bits hold."""


@dataclass(frozen=True)
class Bracket:
    """Limits of a figure that hold together with a probability of at least `level`."""

    lower: float | int
    upper: float | int
    level: float | int


def unevenness(
    tally: Tally | LawTally, size: int | None = None, level: float | int = 0.95
) -> Interval | None:
    r"""Return $\sum_i p_i^2/q_i$ with its interval: 1 under the law, $K\sum p^2$ beside a uniform one.

    The estimate is unbiased; the limits are the values at which the squared deviations would be that large,
    or that small, with half of what the level leaves, their variance growing with the distance as the counts
    say that it does. Where kinds that are hardly ever drawn decide it, those of less than five expected draws
    are taken as one kind, which makes the sum no larger, and the method says so; None if no other is left.

    Example:
        >>> str(unevenness(Tally.of_counts(np.array([150, 50])), 2))
        '1.24623 [1.13093, 1.41099]'
    """
    cells, method = Cells.of(tally, size), "matched moments"
    if _rarest_decide(cells):
        cells, method = _rare_as_one(cells), f"{method}, rare kinds as one"
        if cells.size < 2:
            return None
    found, rarest = quadratic(cells, _over_rarest(cells)), float(cells.probability.min())
    lower, upper = (1 + limit / rarest for limit in distance_limits(cells, _over_rarest(cells), level))
    return Interval(max(1 + found.distance / rarest, 1.0), lower, upper, level, method)


def _rarest_decide(cells: Cells) -> bool:
    """Return whether kinds that are hardly ever drawn decide the sum of p^2/q."""
    rarest = cells.probability.min()
    if rarest == cells.probability.max() or cells.draws * rarest >= FULL:
        return False
    return bool(rarest < LEAST) or quadratic(cells, _over_rarest(cells)).shape < _KNOWN_SHAPE


def _over_rarest(cells: Cells) -> Float64[np.ndarray, "rows"]:
    """Return weights 1/q of 1 at most: cubes of those of the rarest kinds may be too large for a double."""
    return np.asarray(cells.probability.min() / cells.probability)


def _rare_as_one(cells: Cells) -> Cells:
    """Take kinds of too few expected draws as one, and if those are still too few the next ones with them."""
    q, times, kinds = cells.probability, cells.times, cells.kinds
    rare = cells.draws * q < FULL
    if cells.draws * float(kinds[rare] @ q[rare]) < FULL and not rare.all():
        rare |= q == q[~rare].min()
    one = [float(kinds[rare] @ each[rare]) for each in (q, times)]
    return Cells(np.append(q[~rare], one[0]), np.append(times[~rare], one[1]), np.append(kinds[~rare], 1.0))


def distance_limits(
    cells: Cells, weight: Float64[np.ndarray, "rows"], level: float | int
) -> tuple[float | int, float | int]:
    """Return the limits of the sum of w (p - q)^2; without two draws, or a variance, nothing is known."""
    found = quadratic(cells, weight)
    if cells.draws < 2 or cells.size < 2 or not found.variance:
        return 0.0, (math.inf if cells.size > 1 else 0.0)
    excess, tail = _excess(cells, weight, found), (1 - level) / 2

    def at(distance: float | int) -> tuple[float | int, float | int]:
        tails = found.tails(distance=distance, excess=excess(distance))
        return tails.at_least, tails.at_most

    far = abs(found.distance) + math.sqrt(found.variance) / cells.draws**2
    while at(far)[1] > tail:
        far *= 2
    lower = _crossing(lambda distance: at(distance)[0] >= tail, far)
    return lower, _crossing(lambda distance: at(distance)[1] <= tail, far)


def _crossing(holds: Callable[[float | int], bool], far: float | int) -> float | int:
    """Return where a condition begins to hold between 0 and a distance at which it does."""
    return 0.0 if holds(0.0) else crossing(holds, 0.0, far, 60)


def _excess(
    cells: Cells, weight: Float64[np.ndarray, "rows"], found: Quadratic
) -> Callable[[float | int], float | int]:
    r"""Return by how much the variance of the squared deviations grows with the distance.

    Its linear part is $4N^3\mathrm{Var}_p\,w(p - q)$, from unbiased estimates: in proportion to the distance
    for deviations in proportion to the law, and to its power 3/2 for those of single kinds beyond.
    """
    q, n, draws = cells.probability, cells.times, cells.draws
    pair = n * (n - 1) / (draws * (draws - 1))
    triple = pair * (n - 2) / max(draws - 2, 1)
    squared = float(cells.kinds @ (weight**2 * (triple - 2 * q * pair + q**2 * n / draws)))
    mean = float(cells.kinds @ (weight * (pair - q * n / draws)))
    spread = found.mean_weight
    estimate = max(found.distance, math.sqrt(found.variance) / (draws * (draws - 1)))
    single = max((squared - mean**2) / estimate - spread, 0.0)
    # Unbiased too: under a uniform law it is what the distance alone says.
    rare = (
        0.0
        if found.alike
        else 2 * float(cells.kinds @ (weight**2 * (n * (n - 1) - draws * (draws - 1) * q**2)))
    )

    def excess(distance: float | int) -> float | int:
        far = math.sqrt(distance / estimate)
        return max(distance * found.variance / spread, far * rare) + 4 * draws**3 * distance * (
            spread + single * far
        )

    return excess


def total_variation(tally: Tally | LawTally, size: int | None = None, level: float | int = 0.95) -> Bracket:
    r"""Return limits of the total variation $\frac12\sum|p_i - q_i|$ between generator and law.

    From below: the draws are divided at random (by a seed that is made of the counts), sets of kinds are
    chosen by how often they were drawn in one half, and the other says how much more than by the law they get
    (Clopper & Pearson, shared over the sets). From above: $\frac12\sqrt{S\,\sum w_i(p_i-q_i)^2}$ by
    Cauchy-Schwarz, with the upper limit of the sum; it is close where deviations are spread, and far where a
    few kinds are to blame.

    Example:
        >>> found = total_variation(Tally.of_counts(np.array([1_500, 500])), 2)
        >>> round(found.lower, 2), round(found.upper, 2)
        (0.2, 0.27)
    """
    cells, outside = Cells.of(tally, size), tally.outside if isinstance(tally, LawTally) else 0
    tail = (1 - level) / 2
    weight = np.ones(len(cells.times)) if size is not None else full_weight(cells)
    spread = float(cells.kinds @ (1 / weight))
    _, distance = distance_limits(cells, weight, level)
    inside = math.sqrt(spread * distance) / 2
    beyond = clopper_pearson(outside, tally.draws, level).upper if outside else 0.0
    upper = min(inside + beyond, 1.0)
    return Bracket(min(_from_below(cells, outside, tail), upper), upper, level)


def _from_below(cells: Cells, outside: int, tail: float | int) -> float | int:
    """Return what a set of kinds gets more than by the law, at least, the set being chosen by other draws."""
    # One seed for all samples would halve them all alike, and the limit would miss for them all at once.
    seed = sha256(cells.times.tobytes() + cells.kinds.tobytes()).digest()
    generator = np.random.default_rng(int.from_bytes(seed, "little"))
    q, first, second, kinds = _halves(cells, generator)
    beyond = outside - int(generator.binomial(outside, 0.5))
    drawn, tested = float(kinds @ first), float(kinds @ second) + beyond
    if drawn == 0 or tested == 0:
        return _outside(cells, outside, tail)
    ratio = first / (drawn * np.maximum(q, _LEAST_SHARE))
    least = max(_LEAST_OCTAVE, math.floor(-math.log2(drawn * q.max())))
    octaves = range(least, math.ceil(math.log2(ratio.max())) + 1)
    tail /= len(octaves) + bool(outside)
    limits = [_outside(cells, outside, tail)]
    for octave in octaves:
        chosen = kinds * ((ratio >= 2.0**octave) & (first > 0))
        hits = float(chosen @ second) + beyond
        if hits:
            share = beta_quantile(hits, tested - hits + 1, tail)
            limits.append(share - float(chosen @ q))
    return max(limits)


def _outside(cells: Cells, outside: int, tail: float | int) -> float | int:
    """Return what lies outside of the law, at least, a set that no draw has to choose."""
    return clopper_pearson(outside, int(cells.draws) + outside, 1 - 2 * tail).lower if outside else 0.0


def _halves(cells: Cells, generator: np.random.Generator) -> tuple[Float64[np.ndarray, "rows"], ...]:
    """Give every draw to one of two halves: the law, draws in either half and kinds of each row."""
    q, times, kinds = cells.probability, cells.times, cells.kinds
    reach = _DEVIATIONS / 2 * np.sqrt(times)
    # Kinds one by one, unless more share a count than it has halves, or more than memory has room for.
    none = times == 0
    many = ~none & (kinds > np.minimum(times, np.maximum(2 * reach, _ONE_BY_ONE)))
    each = np.repeat(np.flatnonzero(~none & ~many), kinds[~none & ~many].astype(np.int64))
    first = generator.binomial(np.minimum(times[each], _LARGEST).astype(np.int64), 0.5).astype(np.float64)
    rows = [
        np.stack([q[none], times[none], times[none], kinds[none]]),
        np.stack([q[each], first, times[each] - first, np.ones(len(each))]),
    ]
    for row in np.flatnonzero(many):
        middle = times[row] / 2
        least, most = math.floor(middle - reach[row]), math.ceil(middle + reach[row])
        half = np.arange(max(least, 0), min(most, times[row]) + 1)
        chances = np.exp(-special.betaln(half + 1, times[row] - half + 1) - times[row] * math.log(2))
        alike = int(min(kinds[row], _LARGEST))
        same = generator.multinomial(alike, chances / chances.sum()).astype(np.float64)
        rows.append(np.stack([np.full(len(half), q[row]), half, times[row] - half, same]))
    return tuple(np.concatenate(rows, axis=1))


def kind_ratio(
    times: int, draws: int, probability: float | int, kinds: float | int, level: float | int = 0.95
) -> Interval:
    """Return how often a kind was drawn over what the law says, with limits that hold for all kinds together.

    Clopper and Pearson's at a level that is shared over all kinds, so that the most and the least frequent,
    which were chosen because they are, are covered as well.

    Example:
        >>> str(kind_ratio(150, 20_000, 1 / 19_683, 19_683))
        '147.623 [97.796, 212.233]'
    """
    if (1 - level) / kinds < _LEAST_TAIL:
        # Shared by so many kinds, the level would round to 1: the limits are left open.
        return Interval(times / draws / probability, 0.0, 1 / probability, level, "open")
    shared = clopper_pearson(times, draws, 1 - (1 - level) / kinds)
    method = f"Clopper-Pearson, for all of {kinds:,.0f} kinds together"
    return Interval(
        shared.estimate / probability, shared.lower / probability, shared.upper / probability, level, method
    )
