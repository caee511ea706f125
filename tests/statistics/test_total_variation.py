"""Limits of the distance from a law hold as often as they say, and close in on it."""

import math
from hashlib import sha256
from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from fluxttice_core.statistics.goodness_of_fit import full_weight
from fluxttice_core.statistics.intervals import Interval, clopper_pearson
from fluxttice_core.statistics.quadratic import Cells, quadratic
from fluxttice_core.statistics.tally import LawTally, Tally
from fluxttice_core.statistics.total_variation import (
    _excess,
    _from_below,
    _halves,
    distance_limits,
    kind_ratio,
    total_variation,
    unevenness,
)


def scaled(weights: np.ndarray) -> np.ndarray:
    return np.asarray(weights / weights.sum())


def summed(tally: Tally | LawTally, size: int | None = None, level: float = 0.95) -> Interval:
    """The sum of p^2/q, which is told."""
    found = unevenness(tally, size, level)
    assert found is not None
    return found


def beside(law: np.ndarray, counts: np.ndarray, outside: int = 0) -> LawTally:
    return LawTally(law, counts, np.ones(len(law), dtype=np.int64), outside)


MADE = {
    "uniform": (np.full(50, 0.02), 200),
    "halves 3:1": (scaled(np.repeat([1.5, 0.5], 100)), 1_000),
    "one kind": (scaled(np.r_[20.0, np.ones(199)]), 2_000),
    "half never made": (scaled(np.repeat([1.0, 0.0], 300)), 300),
    "Zipf": (scaled(1 / np.arange(1.0, 101)), 5_000),
}


@pytest.mark.parametrize("made", MADE)
def test_limits_hold_as_often_as_they_say(made: str) -> None:
    law, draws = MADE[made]
    size, generator, runs = len(law), np.random.default_rng(1), 60
    uneven, distance = size * float(law @ law), float(np.abs(law - 1 / size).sum() / 2)
    held = np.zeros(2)
    for _ in range(runs):
        tally = Tally.of_counts(generator.multinomial(draws, law))
        one, both = summed(tally, size), total_variation(tally, size)
        held += (
            one.lower - 1e-9 <= uneven <= one.upper + 1e-9,
            both.lower - 1e-9 <= distance <= both.upper + 1e-9,
        )
    assert stats.binom(runs, 0.94).cdf(held.min()) > 1e-3


def test_many_draws_close_in_on_a_distance_that_is_spread() -> None:
    law = scaled(np.repeat([1.5, 0.5], 500))
    tally = Tally.of_counts(np.random.default_rng(2).multinomial(1_000_000, law))
    found, uneven = total_variation(tally, 1_000), summed(tally, 1_000)
    assert 0.24 < found.lower < 0.25 < found.upper < 0.26
    assert uneven.lower < 1.25 < uneven.upper < uneven.lower + 0.01


def test_the_lower_limit_sees_one_kind_and_the_upper_cannot() -> None:
    tally = Tally.of_counts(
        np.r_[150, np.random.default_rng(1).multinomial(19_850, np.full(19_683, 1 / 19_683))]
    )
    found = total_variation(tally, 19_684)
    assert 0.003 < found.lower < 150 / 20_000 < found.upper


def test_a_stated_law_is_what_distances_are_taken_from() -> None:
    law, made = scaled(1 / np.arange(1.0, 51)), np.full(50, 0.02)
    generator = np.random.default_rng(3)
    own = beside(law, generator.multinomial(50_000, law))
    assert total_variation(own).lower < 0.005
    assert summed(own).contains(1)
    other = beside(law, generator.multinomial(50_000, made))
    distance, found = float(np.abs(law - made).sum() / 2), total_variation(other)
    assert found.lower < distance < found.upper
    assert found.lower > distance - 0.03
    assert summed(other).contains(float((made**2 / law).sum()))


def test_draws_outside_of_the_law_are_part_of_the_distance() -> None:
    law = np.full(20, 0.05)
    found = total_variation(beside(law, np.full(20, 1_000), outside=5_000))
    assert found.lower < 0.2 < found.upper
    assert found.lower > 0.18


def test_what_lies_outside_of_a_law_of_one_kind_is_known_without_a_set() -> None:
    found = total_variation(beside(np.array([1.0]), np.array([500]), outside=500))
    assert 0.45 < found.lower < 0.5 < found.upper


def test_one_draw_leaves_all_open() -> None:
    found, uneven = (
        total_variation(Tally.of_counts(np.array([1])), 9),
        summed(Tally.of_counts(np.array([1])), 9),
    )
    assert (found.lower, found.upper) == (0.0, 1.0)
    assert (uneven.lower, uneven.upper) == (1.0, np.inf)
    assert total_variation(Tally.of_counts(np.array([7])), 1).upper == 0


def test_repeats_in_a_vast_space_are_far_from_uniform() -> None:
    tally = Tally.of_counts(np.random.default_rng(0).multinomial(1_000, np.full(500, 1 / 500)))
    assert total_variation(tally, 10**60).lower > 0.5


def test_ratios_of_kinds_hold_for_all_together() -> None:
    generator, missed = np.random.default_rng(4), 0
    for _ in range(200):
        counts = generator.multinomial(300, np.full(30, 1 / 30))
        ratios = [kind_ratio(int(count), 300, 1 / 30, 30) for count in (counts.max(), counts.min())]
        missed += not all(ratio.contains(1) for ratio in ratios)
    assert missed <= 20
    assert kind_ratio(0, 300, 1 / 30, 30).lower == 0
    assert kind_ratio(60, 300, 1 / 30, 30).estimate == pytest.approx(6)


@pytest.mark.parametrize(
    ("law", "drawn_times", "weights"),
    [
        ([0.5, 0.2, 0.2, 0.1], [1, 2, 0, 6], [1.0, 3.0, 2.0, 5.0]),
        ([0.15, 0.17, 0.64, 0.04], [2, 1, 0, 0], [5.0, 30.0, 0.1, 1.0]),
    ],
)
def test_the_variance_beside_a_distance_by_every_pair_and_triple_of_draws(
    law: list[float], drawn_times: list[int], weights: list[float]
) -> None:
    """Its linear part is 4 N^3 times the variance of w (p - q), whose parts are means over distinct draws."""
    q, counts, w = np.array(law), np.array(drawn_times), np.array(weights)
    drawn, n = np.repeat(np.arange(4), counts), sum(drawn_times)
    cells = Cells.of(beside(q, counts))
    found = quadratic(cells, w)
    triples = [
        w[x] ** 2 * ((x == y == z) - 2 * q[x] * (x == y) + q[x] ** 2)
        for x, y, z in permutations(drawn.tolist(), 3)
    ]
    pairs = [w[x] * ((x == y) - q[x]) for x, y in permutations(drawn.tolist(), 2)]
    least = max(found.distance, math.sqrt(found.variance) / (n * (n - 1)))
    spread = float(w @ q**2)
    single = max((np.mean(triples) - np.mean(pairs) ** 2) / least - spread, 0)
    assert single > 0
    again = [w[x] ** 2 * ((x == y) - w**2 @ q**2 / w[x] ** 2) for x, y in permutations(drawn.tolist(), 2)]
    for distance in (0.0, 0.01, 2.0):
        far = math.sqrt(distance / least)
        due = max(distance * found.variance / spread, far * 2 * sum(again))
        due += 4 * n**3 * distance * (spread + single * far)
        assert _excess(cells, w, found)(distance) == pytest.approx(due)


@pytest.mark.parametrize("counts", [[2, 1, 1, 0], [1, 1, 0, 0], [9, 5, 1, 1]])
def test_limits_are_where_a_tail_is_half_of_what_the_level_leaves(counts: list[int]) -> None:
    cells = Cells.of(Tally.of_counts(np.array(counts)), 4)
    weight = 1 / cells.probability
    found = quadratic(cells, weight)
    lower, upper = distance_limits(cells, weight, 0.9)
    excess = _excess(cells, weight, found)
    assert found.tails(distance=upper, excess=excess(upper)).at_most <= 0.05 + 1e-12
    assert found.tails(distance=0.999 * upper, excess=excess(0.999 * upper)).at_most > 0.05
    assert found.tails(distance=lower, excess=excess(lower)).at_least >= 0.05 - 1e-12
    if lower:
        assert found.tails(distance=0.999 * lower, excess=excess(0.999 * lower)).at_least < 0.05
    uneven = summed(Tally.of_counts(np.array(counts)), 4, 0.9)
    assert uneven == Interval(max(1 + found.distance, 1), 1 + lower, 1 + upper, 0.9, "matched moments")


def truncated_poisson(mean: float) -> np.ndarray:
    return scaled(stats.poisson(mean).pmf(np.arange(30)))


SKEWED = {
    "Poisson": (truncated_poisson(4), truncated_poisson(4.3), 1_000),
    "Poisson, fair": (truncated_poisson(4), truncated_poisson(4), 100),
    "squared Zipf": (scaled(np.arange(1.0, 1_001) ** -2), scaled(np.arange(1.0, 1_001) ** -1.9), 10_000),
    "squared Zipf, fair": (scaled(np.arange(1.0, 1_001) ** -2), scaled(np.arange(1.0, 1_001) ** -2), 100),
}


@pytest.mark.parametrize("case", SKEWED)
def test_limits_beside_a_law_of_rare_kinds_hold_of_those_taken_as_one(case: str) -> None:
    law, made, draws = SKEWED[case]
    rare = draws * law < 5
    true = float((made[~rare] ** 2 / law[~rare]).sum() + made[rare].sum() ** 2 / law[rare].sum())
    generator, runs, held = np.random.default_rng(6), 100, 0
    for _ in range(runs):
        found = summed(beside(law, generator.multinomial(draws, made)))
        assert found.method == "matched moments, rare kinds as one"
        assert found.contains(found.estimate)
        held += found.lower - 1e-9 <= true <= found.upper + 1e-9
    assert stats.binom(runs, 0.94).cdf(held) > 1e-3
    assert 1 <= true + 1e-12 <= float((made**2 / law).sum()) + 1e-9


@pytest.mark.parametrize(("power", "draws"), [(4, 20), (3, 20), (4, 300)])
def test_the_upper_limit_beside_a_law_of_one_common_kind_holds(power: int, draws: int) -> None:
    law = scaled(np.arange(1.0, 1_001) ** -power)
    made = scaled(law**0.8)
    generator, distance = np.random.default_rng(9), float(np.abs(law - made).sum() / 2)
    missed = sum(
        total_variation(beside(law, generator.multinomial(draws, made))).upper < distance for _ in range(100)
    )
    assert missed <= 5


def test_of_too_few_draws_no_sum_is_told() -> None:
    assert unevenness(beside(truncated_poisson(4), np.eye(30, dtype=np.int64)[4] * 20)) is None
    # The rare kind has too few draws even with the others of its sort: it goes with the next.
    found = summed(beside(np.array([0.6, 0.399, 0.001]), np.array([60, 39, 1])))
    assert found.estimate == 1
    assert unevenness(beside(np.array([0.999, 0.001]), np.array([100, 0]))) is None


def test_from_two_draws_on_something_is_known() -> None:
    for draws, open_ in ((1, True), (2, False)):
        cells = Cells.of(Tally.of_counts(np.array([1] * draws)), 9)
        assert math.isinf(distance_limits(cells, 1 / cells.probability, 0.95)[1]) is open_
    for size, most in ((1, 0.0), (2, math.inf)):
        cells = Cells.of(Tally.of_counts(np.array([1])), size)
        assert distance_limits(cells, 1 / cells.probability, 0.95) == (0.0, most)


def test_the_upper_limit_is_cauchy_and_schwarz_s_and_what_lies_outside() -> None:
    law, counts = scaled(np.array([8.0, 4.0, 2.0, 1.0])), np.array([70, 50, 20, 10])
    for outside, level in ((0, 0.95), (3, 0.95), (3, 0.8)):
        beyond = clopper_pearson(outside, 153, level).upper if outside else 0.0
        tally = beside(law, counts, outside)
        cells = Cells.of(tally)
        weight = full_weight(cells)
        due = math.sqrt((1 / weight).sum() * distance_limits(cells, weight, level)[1]) / 2 + beyond
        found = total_variation(tally, level=level)
        assert found.upper == pytest.approx(due)
        assert 0 <= found.lower <= found.upper
        assert found.level == level
    assert total_variation(tally) == total_variation(tally, level=0.95)


def test_every_draw_is_in_one_of_two_halves() -> None:
    """Kinds one by one, and those that share a count by how many have each split."""
    counts = np.array([7, 5, 5] + [2] * 40 + [1] * 600)
    cells = Cells.of(Tally.of_counts(counts), 1_000)
    q, first, second, kinds = _halves(cells, np.random.default_rng(0))
    assert (q == 1 / 1_000).all()
    assert float(kinds.sum()) == 1_000
    assert float(kinds @ (first + second)) == counts.sum()
    for times in (0, 1, 2, 5, 7):
        due = (counts == times).sum() if times else 1_000 - len(counts)
        assert float(kinds[first + second == times].sum()) == due
    split = {
        (int(a), int(b)): float(kinds[(first == a) & (second == b)].sum())
        for a, b in ((0, 2), (1, 1), (2, 0), (0, 1), (1, 0))
    }
    assert split[0, 2] + split[1, 1] + split[2, 0] == 40
    assert 10 <= split[1, 1] <= 30
    assert 0 < split[0, 2] < 20
    assert 250 < split[0, 1] < 350


def test_a_set_that_is_drawn_more_often_is_a_limit_from_below() -> None:
    """One draw of each half suffices to say something; none of one says nothing."""
    assert total_variation(Tally.of_counts(np.array([1])), 4).lower == 0
    alone = total_variation(Tally.of_counts(np.array([40])), 10**6, 0.9).lower
    assert 0.5 < alone < 1
    assert total_variation(Tally.of_counts(np.array([40])), 10**6, 0.999).lower < alone


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_ratios_of_kinds_are_clopper_and_pearson_s_at_a_shared_level(level: float) -> None:
    found = kind_ratio(60, 300, 0.1, 30, level)
    shared = clopper_pearson(60, 300, 1 - (1 - level) / 30)
    assert (found.estimate, found.lower, found.upper) == pytest.approx(
        (2, shared.lower / 0.1, shared.upper / 0.1)
    )
    assert (found.level, found.method) == (level, "Clopper-Pearson, for all of 30 kinds together")
    assert kind_ratio(1, 2, 1e-60, 10**60, level) == Interval(0.5e60, 0.0, 1e60, level, "open")
    assert kind_ratio(1, 2, 1e-13, 10**13, level).upper < 1e13


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("times", "kinds"),
    [(2**63 - 1, 1), (1, 2**63 - 1), (3, (2**63 - 1) // 3), (3_037_000_499, 3_037_000_499), (10_000, 10_001)],
)
def test_as_many_draws_as_can_be_counted_are_halved_within_memory(times: int, kinds: int) -> None:
    cells = Cells.of(Tally(np.array([times]), np.array([kinds])), 2**64)
    _, first, second, alike = _halves(cells, np.random.default_rng(0))
    assert len(first) < 2**21
    draws = float(times * kinds)
    assert float(alike @ first) + float(alike @ second) == pytest.approx(draws)
    assert float(alike @ first) == pytest.approx(draws / 2, abs=10 * math.sqrt(draws))
    split = alike[first + second == times]
    assert float(split @ (first[first + second == times] - times / 2) ** 2) <= 40 * draws


def test_kinds_are_halved_one_by_one_unless_more_share_a_count_than_it_has_halves() -> None:
    cells = Cells.of(Tally.of_counts(np.array([2, 2, 3, 3, 3, 3])), 9)
    _, first, second, kinds = _halves(cells, np.random.default_rng(0))
    assert (first.min(), second.min()) == (0, 0)
    assert kinds[first + second == 2].tolist() == [1, 1]
    assert (first[first + second == 3].tolist(), kinds[first + second == 3].sum()) == ([0, 1, 2, 3], 4)


@pytest.mark.parametrize(
    ("drawn_times", "outside"), [([60, 30, 90, 10, 2, 1], 0), ([60, 30, 90, 10, 2, 1], 30), ([1, 0, 0, 9], 0)]
)
def test_the_lower_limit_is_that_of_the_best_set_that_the_first_half_chose(
    drawn_times: list[int], outside: int
) -> None:
    """Sets by octaves of how often they came for what the law says; the level is shared over the sets."""
    law = scaled(np.array([8.0, 8.0, 4.0, 2.0, 1.0, 1.0])[: len(drawn_times)])
    counts = np.array(drawn_times)
    cells = Cells.of(beside(law, counts, outside))
    seed = int.from_bytes(sha256(cells.times.tobytes() + cells.kinds.tobytes()).digest(), "little")
    generator = np.random.default_rng(seed)
    q, first, second, kinds = _halves(cells, generator)
    beyond = outside - int(generator.binomial(outside, 0.5))
    drawn, tested = int(kinds @ first), int(kinds @ second) + beyond
    ratio = first / (drawn * q)
    sets = range(max(-3, math.floor(-math.log2(drawn * q.max()))), math.ceil(math.log2(ratio.max())) + 1)
    parts = len(sets) + (1 if outside else 0)
    due = clopper_pearson(outside, int(counts.sum()) + outside, 1 - 2 * 0.025 / parts).lower
    for octave in sets:
        chosen = (ratio >= 2**octave) & (first > 0)
        hits = int((kinds * second)[chosen].sum()) + beyond
        share = clopper_pearson(hits, tested, 1 - 2 * 0.025 / parts).lower
        due = max(due, share - float((kinds * q)[chosen].sum()))
    assert len(sets) > 2
    assert due > 0.05
    assert _from_below(cells, outside, 0.025) == pytest.approx(due)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("share", [1e-10, 1e-20, 1e-60, 1e-120, 1e-200, 1e-320])
def test_limits_beside_kinds_that_are_as_good_as_never_drawn(share: float) -> None:
    """What they do to the sum is not told; what the others do is, and so is that they were drawn."""
    law = scaled(np.append([0.6, 0.4], share))
    found = summed(beside(law, np.array([700, 300, 0])))
    assert found.lower < 0.7**2 / 0.6 + 0.3**2 / 0.4 < found.upper
    assert found.method.endswith("rare kinds as one")
    one = scaled(np.append(1.0, share))
    for rare in (0, 1, 50):
        tally = beside(one, np.array([100 - rare, rare]))
        assert unevenness(tally) is None
        far = total_variation(tally)
        assert far.lower <= rare / 100
        assert far.upper >= rare / 100
    assert far.lower > 0.2


def test_a_vast_uniform_space_has_no_rare_kinds() -> None:
    found = summed(Tally.of_counts(np.array([2, 2, 1])), 10**60)
    assert found.estimate == pytest.approx(2e59)
    assert found.lower < found.estimate < found.upper


@pytest.mark.parametrize(
    ("draws", "kinds"),
    [(10**6, 10**6), (10**9, 10**6), (10**10, 10**4), (10**11, 10**9), (10**15, 10**30)],
)
def test_limits_of_many_draws_of_three_kinds_are_those_of_the_delta_method(draws: int, kinds: int) -> None:
    p = np.array([0.5, 0.3, 0.2])
    found = unevenness(Tally.of_counts(np.round(p * draws).astype(np.int64)), kinds)
    assert found is not None
    error = 2 * math.sqrt(float(p**3 @ np.ones(3)) - float(p @ p) ** 2) / math.sqrt(draws)
    apart = 1.959964 * kinds * error
    assert found.upper - found.estimate == pytest.approx(apart, rel=0.01)
    assert found.estimate - found.lower == pytest.approx(apart, rel=0.01)
