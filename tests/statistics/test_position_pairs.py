"""Laws of positions and pairs of them: statistics and p-values by SciPy, and what would have shown."""

import math

import numpy as np
import pytest
from scipy import stats

from fluxttice_core.statistics.multiplicity import holm
from fluxttice_core.statistics.position_pairs import (
    PAIR_ERROR,
    PositionTests,
    pair_tests,
    pair_verdict,
    pairs_of,
    position_tests,
    position_verdict,
)

BASES = (2, 3, 4)
DRAWS = 500
DRAWN = np.stack([np.random.default_rng(7).integers(0, base, DRAWS) for base in BASES], axis=1)


def together(drawn: np.ndarray, bases: tuple[int, ...]) -> np.ndarray:
    """How often each two symbols of two positions came together."""
    hot = np.concatenate([np.eye(base, dtype=np.int64)[drawn[:, p]] for p, base in enumerate(bases)], axis=1)
    return np.asarray(hot.T @ hot)


def visible(cells: list[int], draws: int) -> float:
    """The half root of the least mean square deviation that the widest table shows 19 times in 20."""
    freedom, error = max(cells) - 1, PAIR_ERROR / len(cells)
    low, high = 0.0, 1_000.0
    for _ in range(80):
        middle = (low + high) / 2
        seen = stats.ncx2.sf(stats.chi2.isf(error, freedom), freedom, middle) >= 0.95
        low, high = (low, middle) if seen else (middle, high)
    return math.sqrt(high / draws) / 2


def test_every_position_is_tested_as_pearson_has_it() -> None:
    found = position_tests(together(DRAWN, BASES), BASES)
    due = [stats.chisquare(np.bincount(DRAWN[:, p], minlength=base)) for p, base in enumerate(BASES)]
    assert found.names == ("1", "2", "3")
    assert found.chi_square == pytest.approx([one.statistic for one in due])
    assert found.p_value == pytest.approx(holm(np.array([one.pvalue for one in due])).min())
    assert found.worst == int(np.argmin([one.pvalue for one in due]))
    assert found.visible == pytest.approx(visible([2, 3, 4], DRAWS))


def test_every_pair_is_tested_as_pearson_has_it() -> None:
    found = pair_tests(together(DRAWN, BASES), BASES)
    assert pairs_of(BASES) == [(0, 1), (0, 2), (1, 2)]
    due = [
        stats.chisquare(np.bincount(DRAWN[:, i] * BASES[j] + DRAWN[:, j], minlength=BASES[i] * BASES[j]))
        for i, j in pairs_of(BASES)
    ]
    assert found.names == ("1 and 2", "1 and 3", "2 and 3")
    assert found.chi_square == pytest.approx([one.statistic for one in due])
    assert found.p_value == pytest.approx(holm(np.array([one.pvalue for one in due])).min())
    assert found.worst == int(np.argmin([one.pvalue for one in due]))
    assert found.visible == pytest.approx(visible([6, 8, 12], DRAWS))


def test_a_pair_that_goes_together_is_found_where_each_position_is_even() -> None:
    """The third position is the sum of the first and a symbol that lies in the same half as the second."""
    first = np.tile([0, 1], 250)
    drawn = np.stack([first, np.arange(DRAWS) // 2 % 3, first * 2 + np.arange(DRAWS) // 2 % 2], axis=1)
    alone, pairs = position_tests(together(drawn, BASES), BASES), pair_tests(together(drawn, BASES), BASES)
    assert alone.passed
    assert not pairs.passed
    assert pairs.names[pairs.worst] == "1 and 3"


def test_verdicts_follow_from_the_statistics_alone() -> None:
    counts = together(DRAWN, BASES)
    alone, pairs = position_tests(counts, BASES), pair_tests(counts, BASES)
    assert position_verdict(alone.chi_square, BASES, DRAWS) == alone
    assert pair_verdict(pairs.chi_square, BASES, DRAWS) == pairs
    more = pair_verdict(pairs.chi_square, BASES, 4 * DRAWS)
    assert more.visible == pytest.approx(pairs.visible / 2)


def test_a_p_value_that_is_the_error_itself_passes() -> None:
    assert PositionTests(("1",), (0.0,), PAIR_ERROR, 0, 0.1).passed
    assert not PositionTests(("1",), (0.0,), PAIR_ERROR * (1 - 1e-9), 0, 0.1).passed
