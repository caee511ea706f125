"""Evidence at any time: a martingale under the law, large against others, and stable in vast spaces."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.statistics.anytime import log_mixture_evidence
from fluxttice_core.statistics.tally import LawTally, Tally

LAW = np.array([0.5, 0.3, 0.2])


def beside(law: np.ndarray, counts: np.ndarray) -> LawTally:
    return LawTally(law, counts, np.ones(len(law), dtype=np.int64))


def test_its_expectation_under_the_law_is_one_after_any_number_of_draws() -> None:
    for draws in (1, 2, 6):
        total = sum(
            math.prod(LAW[list(sequence)])
            * math.exp(log_mixture_evidence(beside(LAW, np.bincount(sequence, minlength=3))))
            for sequence in product(range(3), repeat=draws)
        )
        assert total == pytest.approx(1)


@given(st.lists(st.integers(0, 30), min_size=3, max_size=3))
def test_the_next_draw_leaves_it_as_it_is_on_average(counts: list[int]) -> None:
    now, nexts = np.array(counts), np.eye(3, dtype=np.int64)
    after = sum(
        chance * math.exp(log_mixture_evidence(beside(LAW, now + one)))
        for chance, one in zip(LAW, nexts, strict=True)
    )
    assert after == pytest.approx(math.exp(log_mixture_evidence(beside(LAW, now))), rel=1e-8)


def test_a_uniform_law_may_be_stated_or_not() -> None:
    counts = np.array([5, 0, 2, 1])
    stated = log_mixture_evidence(beside(np.full(4, 0.25), counts))
    assert log_mixture_evidence(Tally.of_counts(counts), 4) == pytest.approx(stated)


def test_a_fair_coin_raises_no_alarm_at_any_of_64_looks_and_a_bent_one_does() -> None:
    alarms = {0.5: 0, 0.6: 0}
    for chance in alarms:
        for seed in range(15):
            heads = np.cumsum(np.random.default_rng(seed).binomial(20, chance, size=64))
            evidence = [
                log_mixture_evidence(beside(np.array([0.5, 0.5]), np.array([found, 20 * look - found])))
                for look, found in enumerate(heads.tolist(), start=1)
            ]
            alarms[chance] += max(evidence) >= math.log(1 / 0.01)
    assert alarms[0.5] <= 1
    assert alarms[0.6] >= 13


@pytest.mark.filterwarnings("error")
def test_in_a_vast_space_one_repeat_says_all() -> None:
    found = log_mixture_evidence(Tally.of_counts(np.array([2])), 10**60)
    expected = math.log(sum((c + 1) / c for c in (1, 10, 100)) / 3)
    assert found == pytest.approx(expected)
    for size in (10**60, 10**300):
        all_new = log_mixture_evidence(Tally.of_counts(np.ones(1_000, dtype=np.int64)), size)
        assert all_new == pytest.approx(0, abs=1e-9)


def test_large_counts_lose_no_digits() -> None:
    """Beside exact sums of logarithms."""
    counts, size = np.array([10_000, 10_500, 9_500]), 3
    draws = int(counts.sum())

    def rising(start: float, steps: int) -> float:
        return math.fsum(math.log1p(j / start) for j in range(steps))

    alone = [sum(rising(c, n) for n in counts.tolist()) - rising(c * size, draws) for c in (1.0, 10.0, 100.0)]
    expected = math.log(sum(math.exp(one) for one in alone) / 3)
    assert log_mixture_evidence(Tally.of_counts(counts), size) == pytest.approx(expected, abs=1e-6)


def test_a_draw_outside_of_the_law_is_endless_evidence() -> None:
    tally = LawTally(LAW, np.array([3, 1, 1]), np.ones(3, dtype=np.int64), outside=1)
    assert log_mixture_evidence(tally) == math.inf
