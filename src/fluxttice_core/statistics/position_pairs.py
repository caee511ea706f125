r"""Laws of single positions and of all pairs of them, where elements are too many to be counted one by one.

Under uniform draws every pair of positions takes each pair of symbols equally often. How often each came is
held against that by Pearson's chi-square, position by position and pair by pair; the p-values share one error
by Holm. Laws of three positions and more are not looked at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from fluxttice_core.shapes import Int64
from fluxttice_core.statistics.multiplicity import holm

PAIR_ERROR = 0.01
"""Probability that draws of an even generator are refused by any one position or pair, at most."""

_POWER = 0.95


@dataclass(frozen=True)
class PositionTests:
    """Chi-square tests of positions, or of pairs of them, against the uniform law.

    Args:
        names: The positions of each, from 1.
        chi_square: The statistic of each.
        p_value: The least p-value, shared among all by Holm.
        worst: Place of the test that has it.
        visible: Total variation of one of them from its law that would have shown with 95 % probability.
    """

    names: tuple[str, ...]
    chi_square: tuple[float, ...]
    p_value: float
    worst: int
    visible: float

    @property
    def passed(self) -> bool:
        """Whether none is refused."""
        return self.p_value >= PAIR_ERROR


def position_tests(counts: Int64[np.ndarray, "symbols symbols"], bases: tuple[int, ...]) -> PositionTests:
    """Tests of every single position, from counts of all pairs of symbols: see `pair_tests`."""
    alone = np.diag(counts)
    tables = [alone[span] for span in _spans(bases)]
    return position_verdict([_chi_square(table) for table in tables], bases, int(tables[0].sum()))


def pair_tests(counts: Int64[np.ndarray, "symbols symbols"], bases: tuple[int, ...]) -> PositionTests:
    r"""Tests of every pair of positions against the uniform law of its pairs of symbols.

    $\chi^2 = \sum_{ab} (n_{ab} - N/b_ib_j)^2 / (N/b_ib_j)$ with $b_ib_j - 1$ degrees of freedom. The counts,
    of how often two symbols came together, have a row and a column for each symbol of each position.

    Example:
        >>> once = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> symbols = np.concatenate([1 - once, once], axis=1)[:, [0, 2, 1, 3]]     # one-hot
        >>> found = pair_tests(100 * symbols.T @ symbols, (2, 2))
        >>> found.names, found.chi_square, found.passed
        (('1 and 2',), (0.0,), True)
    """
    spans = _spans(bases)
    tables = [counts[spans[i], spans[j]].ravel() for i, j in pairs_of(bases)]
    return pair_verdict([_chi_square(table) for table in tables], bases, int(tables[0].sum()))


def pairs_of(bases: tuple[int, ...]) -> list[tuple[int, int]]:
    """The places of every two positions, in the order of their tests."""
    return [(i, j) for j in range(len(bases)) for i in range(j)]


def position_verdict(chi_square: Sequence[float], bases: tuple[int, ...], draws: int) -> PositionTests:
    """What the statistics of all positions, one after the other, say of so many draws."""
    return _tests(chi_square, bases, draws, [str(p + 1) for p in range(len(bases))])


def pair_verdict(chi_square: Sequence[float], bases: tuple[int, ...], draws: int) -> PositionTests:
    """What the statistics of all pairs of positions, in the order of `pairs_of`, say of so many draws."""
    places = pairs_of(bases)
    cells = [bases[i] * bases[j] for i, j in places]
    return _tests(chi_square, cells, draws, [f"{i + 1} and {j + 1}" for i, j in places])


def _spans(bases: tuple[int, ...]) -> list[slice]:
    starts = np.cumsum([0, *bases])
    return [slice(start, start + base) for start, base in zip(starts[:-1], bases, strict=True)]


def _chi_square(table: Int64[np.ndarray, "_"]) -> float:
    return float(((table - table.mean()) ** 2).sum() / table.mean())


def _tests(
    chi_square: Sequence[float], cells: Sequence[int], draws: int, names: Sequence[str]
) -> PositionTests:
    p_values = np.array([special.chdtrc(n - 1, x) for n, x in zip(cells, chi_square, strict=True)])
    visible = math.sqrt(_noncentrality(max(cells) - 1, PAIR_ERROR / len(cells)) / draws) / 2
    least, worst = float(holm(p_values).min()), int(p_values.argmin())
    return PositionTests(tuple(names), tuple(chi_square), least, worst, visible)


def _noncentrality(freedom: int, error: float) -> float:
    """The noncentrality that a chi-square test at this error finds with 95 % probability."""
    critical = stats.chi2.isf(error, freedom)

    def missing(size: float) -> float:
        return float(stats.ncx2.sf(critical, freedom, size)) - _POWER

    return float(optimize.brentq(missing, 1e-6, 10 * (critical + 100)))
