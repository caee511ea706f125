"""Tests of all counts: together they keep the significance, and each defect is found by one of them."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy import stats

from fluxttice_core.statistics.goodness_of_fit import (
    extreme_tails,
    fit_tests,
    full_weight,
    visible_distance,
)
from fluxttice_core.statistics.quadratic import Cells, quadratic
from fluxttice_core.statistics.tally import LawTally, Tally
from fluxttice_core.statistics.uniform_null import pair_chances
from tests.statistics.partitions import outcomes

K = 19_683


def drawn(law: np.ndarray, draws: int, seed: int = 0) -> Tally:
    return Tally.of_counts(np.random.default_rng(seed).multinomial(draws, law))


def beside(law: np.ndarray, counts: np.ndarray) -> LawTally:
    return LawTally(law, counts, np.ones(len(law), dtype=np.int64))


def scaled(weights: np.ndarray) -> np.ndarray:
    return np.asarray(weights / weights.sum())


ZIPF = scaled(1 / np.arange(1, 301))


def decides(tally: Tally | LawTally, size: int | None) -> tuple[str, float]:
    """The test that decides, and its p-value among all."""
    found = min(fit_tests(tally, size), key=lambda test: test.shared)
    return found.name, found.shared


@pytest.mark.parametrize("size", [2, 3, 4, 6, 20, 1_000])
def test_every_outcome_of_few_draws_keeps_the_significance(size: int) -> None:
    """All outcomes are listed: no simulation, no approximation."""
    for draws in (2, 5, 11, 20):
        found = [
            (min(test.shared for test in fit_tests(tally, size)), chance)
            for tally, chance in outcomes(size, draws)
        ]
        assert sum(chance for _, chance in found) == pytest.approx(1)
        for significance in (0.05, 0.01, 0.001, 1e-4):
            assert sum(chance for p, chance in found if p < significance) <= significance


@pytest.mark.parametrize("draws", [60, 90])
@pytest.mark.parametrize("size", [2, 3])
def test_two_and_three_kinds_keep_it_with_more_draws(size: int, draws: int) -> None:
    found = [
        (min(test.shared for test in fit_tests(tally, size)), chance)
        for tally, chance in outcomes(size, draws)
    ]
    for significance in (0.05, 0.001):
        alarms = sum(chance for p, chance in found if p < significance)
        assert significance / 20 < alarms <= significance


@pytest.mark.parametrize("draws", [20, 100, 500])
@pytest.mark.parametrize("share", [0.5, 0.3, 0.1, 0.01])
def test_a_stated_law_of_two_kinds_keeps_the_significance(share: float, draws: int) -> None:
    """Every outcome that comes once in 10^6 runs: their few lattice points are what approximations miss."""
    chances = stats.binom(draws, share).pmf(np.arange(draws + 1))
    law, alarms = np.array([share, 1 - share]), {0.05: 0.0, 0.001: 0.0}
    for first in np.flatnonzero(chances > 1e-6):
        p_value = decides(beside(law, np.array([first, draws - first])), None)[1]
        for significance in alarms:
            alarms[significance] += chances[first] * (p_value < significance)
    assert all(found <= significance for significance, found in alarms.items()), alarms


@pytest.mark.parametrize(
    ("law", "draws"),
    [
        (np.full(100, 0.01), 100),
        (np.full(K, 1 / K), 5_000),
        (ZIPF, 200),
        (ZIPF, 20_000),
        (scaled(np.array([9, 1])), 50),
    ],
    ids=["sparse", "19,683 kinds", "Zipf, sparse", "Zipf, dense", "9:1"],
)
def test_fair_samples_are_refused_no_more_often_than_promised(law: np.ndarray, draws: int) -> None:
    generator, refused = np.random.default_rng(5), 0
    for _ in range(200):
        counts = generator.multinomial(draws, law)
        uniform = law[0] == law[-1]
        tally = Tally.of_counts(counts) if uniform else beside(law, counts)
        refused += decides(tally, len(law) if uniform else None)[1] < 0.05
    assert stats.binom(200, 0.05).sf(refused - 1) > 1e-4


def test_shares_of_the_significance_leave_some_for_approximations() -> None:
    for tests in (fit_tests(drawn(np.full(9, 1 / 9), 50), 9), fit_tests(beside(ZIPF, np.arange(300)), None)):
        assert 0.8 < sum(test.share for test in tests) < 0.95


DEFECTS: dict[str, tuple[Callable[[], tuple[Tally | LawTally, int | None]], str]] = {
    "two kinds 199:1": (lambda: (Tally.of_counts(np.array([199, 1])), 2), "most frequent kind"),
    "one of 18 kinds 30 times": (
        lambda: (drawn(scaled(np.r_[30.0, np.ones(17)]), 2_000), 18),
        "most frequent kind",
    ),
    "weights 1.5 and .5": (
        lambda: (drawn(scaled(np.repeat([1.5, 0.5], [9_842, 9_841])), 1_000_000), K),
        "squared deviations",
    ),
    "one kind of 19,683 150 times": (
        lambda: (
            Tally.of_counts(np.r_[150, np.random.default_rng(1).multinomial(19_850, np.full(K, 1 / K))]),
            K + 1,
        ),
        "most frequent kind",
    ),
    "half never made": (lambda: (drawn(np.full(9_841, 1 / 9_841), 50_000), K), "squared deviations"),
    "20 kinds never made": (lambda: (drawn(np.full(K - 20, 1 / (K - 20)), 400_000), K), "distinct kinds"),
    "one of 100 never made": (
        lambda: (Tally.of_counts(np.random.default_rng(6).multinomial(1_500, np.full(99, 1 / 99))), 100),
        "least frequent kind",
    ),
    "no repeats": (lambda: (Tally.of_counts(np.ones(1_000, dtype=np.int64)), K), "few repeats"),
    "in turn": (lambda: (Tally.of_counts(np.full(100, 30)), 100), "even counts"),
    "Zipf, too steep": (
        lambda: (beside(ZIPF, np.random.default_rng(2).multinomial(3_000, scaled(ZIPF**1.25))), None),
        "kinds pooled by probability",
    ),
    "Zipf, one rare kind": (
        lambda: (
            beside(
                ZIPF,
                np.random.default_rng(3).multinomial(900, ZIPF)
                + np.r_[np.zeros(290, int), 30, np.zeros(9, int)],
            ),
            None,
        ),
        "most frequent kind",
    ),
    "Zipf, a common kind missing": (
        lambda: (
            beside(ZIPF, np.random.default_rng(4).multinomial(900, ZIPF) * np.r_[0, np.ones(299, int)]),
            None,
        ),
        "least frequent kind",
    ),
    "Zipf, in turn": (lambda: (beside(ZIPF, np.round(ZIPF * 100_000).astype(np.int64)), None), "even counts"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_found_by_the_test_that_is_made_for_it(defect: str) -> None:
    make, name = DEFECTS[defect]
    refusing = {test.name: test.too_even for test in fit_tests(*make()) if test.shared < 0.001}
    assert name in refusing
    assert set(refusing.values()) == {name in ("few repeats", "even counts")}


def test_weights_of_three_to_one_are_found_from_4_000_draws() -> None:
    law = scaled(np.repeat([1.5, 0.5], [9_842, 9_841]))
    found = [decides(drawn(law, 4_000, seed), K)[1] < 0.001 for seed in range(50)]
    assert sum(found) >= 42


WRONG = {
    "two kinds": (np.array([0.56, 0.44]), [50, 500, 5_000]),
    "weights 1.3 and .7": (scaled(np.repeat([1.3, 0.7], 1_000)), [500, 5_000, 50_000]),
    "one kind 5 times": (scaled(np.r_[5.0, np.ones(199)]), [100, 1_000, 10_000]),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_share_of_passes_falls_with_draws(wrong: str) -> None:
    law, budgets = WRONG[wrong]
    passes = [
        sum(decides(drawn(law, draws, seed), len(law))[1] >= 0.001 for seed in range(40)) for draws in budgets
    ]
    assert passes == sorted(passes, reverse=True)
    assert passes[0] > 20
    assert passes[-1] == 0


def test_the_most_and_the_least_frequent_kind_have_exact_tails() -> None:
    counts = np.array([9, 4, 4, 3])
    most, least = extreme_tails(Cells.of(Tally.of_counts(counts), 4))
    assert most == pytest.approx(4 * stats.binom(20, 0.25).sf(8))
    assert least == pytest.approx(min(4 * stats.binom(20, 0.25).cdf(3), 1))
    law = np.array([0.7, 0.1, 0.1, 0.1])
    most, least = extreme_tails(Cells.of(beside(law, counts)))
    assert most == pytest.approx(min(stats.binom(20, 0.1).sf(3) / ((0.25 + 0.1) / 2), 1))
    assert least == pytest.approx(stats.binom(20, 0.7).cdf(9) / ((0.25 + 0.7) / 2))


def test_of_many_kinds_none_is_left_out_that_has_the_least_tail() -> None:
    law = scaled(1 / np.arange(1.0, 2_001))
    counts = np.random.default_rng(8).multinomial(3_000, law)
    share = (1 / 2_000 + law) / 2
    most, least = extreme_tails(Cells.of(beside(law, counts)))
    assert most == pytest.approx((stats.binom(3_000, law).sf(counts - 1) / share)[counts > 3_000 * law].min())
    assert least == pytest.approx(
        min((stats.binom(3_000, law).cdf(counts) / share)[counts < 3_000 * law].min(), 1)
    )


@pytest.mark.filterwarnings("error")
def test_of_more_draws_than_chances_can_be_told_of_none_is_left_out_either() -> None:
    """Logarithms of factorials of 10^18 cancel to nothing."""
    scores = np.append(np.linspace(-4, 4, 399), 6.0)
    times = np.rint(2.5e15 + np.random.default_rng(0).permutation(scores) * 5e7)
    cells = Cells(np.full(400, 1 / 400), times, np.ones(400))
    most, least = extreme_tails(cells)
    beyond = (times - cells.draws / 400) / np.sqrt(cells.draws * 399 / 400**2)
    assert most == pytest.approx(400 * stats.norm.sf(beyond.max()), rel=1e-3)
    assert least == pytest.approx(400 * stats.norm.cdf(beyond.min()), rel=1e-3)
    # SciPy has no tail of the count in the middle.
    halves = Cells(np.array([0.5, 0.5]), np.array([5e16, 5e16 + 1_000]), np.ones(2))
    assert extreme_tails(halves) == (1, 1)


@pytest.mark.parametrize(("size", "draws"), [(2, 9), (3, 8), (7, 6), (10**30, 12)])
def test_chances_of_equal_pairs_are_those_of_every_outcome(size: int, draws: int) -> None:
    expected = np.zeros(draws * (draws - 1) // 2 + 1)
    for tally, chance in outcomes(size, draws):
        expected[int(tally.kinds @ (tally.times * (tally.times - 1) // 2))] += chance
    np.testing.assert_allclose(pair_chances(size, draws), expected, rtol=1e-12)


def test_a_single_kind_and_a_single_draw_decide_nothing() -> None:
    assert fit_tests(Tally.of_counts(np.array([50])), 1) == []
    assert fit_tests(Tally.of_counts(np.array([1])), 9) == []
    assert visible_distance(Tally.of_counts(np.array([50])), 1) is None
    assert visible_distance(Tally.of_counts(np.array([1])), 9) is None


@pytest.mark.parametrize(("size", "draws"), [(2, 300), (100, 3_000), (K, 20_000)])
def test_what_a_pass_says_would_have_shown_shows(size: int, draws: int) -> None:
    """Spread over the kinds, or all of it in one kind, or in kinds that are never made."""
    distance = visible_distance(drawn(np.full(size, 1 / size), draws), size)
    assert distance is not None
    even = np.full(size, 1 / size)
    one = even * (1 - distance / (1 - 1 / size))
    one[0] = 1 / size + distance
    spread = even * (1 + 2 * distance * np.where(np.arange(size) % 2, -1, 1))
    missing = np.where(np.arange(size) < distance * size, 0, even) if size > 2 else one
    for law in (spread, one, missing):
        shown = sum(decides(drawn(scaled(law), draws, seed), size)[1] < 0.001 for seed in range(60))
        assert stats.binom(60, 0.95).cdf(shown) > 1e-3
    weaker = even * (1 + distance * np.where(np.arange(size) % 2, -1, 1))
    assert sum(decides(drawn(scaled(weaker), draws, seed), size)[1] < 0.001 for seed in range(60)) < 50


def test_too_few_draws_would_have_shown_nothing() -> None:
    assert visible_distance(Tally.of_counts(np.ones(30, dtype=np.int64)), K) is None
    assert visible_distance(Tally.of_counts(np.ones(200_000, dtype=np.int64)), 10**60) is None
    assert visible_distance(beside(ZIPF, (ZIPF * 30_000).astype(np.int64))) == pytest.approx(0.03, abs=0.005)


def test_weights_are_pearson_s_until_fewer_than_five_draws_are_expected() -> None:
    cells = Cells.of(beside(np.array([0.5, 0.3, 0.15, 0.05]), np.array([20, 10, 8, 2])))
    assert full_weight(cells).tolist() == pytest.approx([2, 1 / 0.3, 1 / 0.15, 1 / (5 / 40)])


@pytest.mark.parametrize(("size", "draws"), [(9, 29), (9, 30), (40, 30)])
def test_up_to_thirty_draws_equal_pairs_have_their_exact_chances(size: int, draws: int) -> None:
    tally = drawn(np.full(size, 1 / size), draws, seed=3)
    pairs, chances = int(tally.kinds @ (tally.times * (tally.times - 1))) // 2, pair_chances(size, draws)
    tests = {test.name: test for test in fit_tests(tally, size)}
    assert tests["squared deviations"].p_value == pytest.approx(float(chances[pairs:].sum()), rel=1e-9)
    assert tests["even counts"].p_value == pytest.approx(float(chances[: pairs + 1].sum()), rel=1e-9)


@pytest.mark.parametrize("significance", [0.001, 0.05])
@pytest.mark.parametrize("power", [0.5, 0.95])
def test_a_visible_distance_is_the_first_that_is_refused_as_often_as_said(
    significance: float, power: float
) -> None:
    tally, size, n = Tally.of_counts(np.full(100, 100)), 100, 10_000
    found = visible_distance(tally, size, significance, power)
    statistic = quadratic(Cells.of(tally, size), np.ones(2))
    critical = statistic.critical(0.35 * significance)

    def refused(distance: float) -> float:
        c = 2 * distance / 100
        excess = 4 * distance**2 * statistic.variance + 4 * n**3 * c**2
        return statistic.tails(critical, 100 * c**2, excess).at_least

    assert found is not None
    assert refused(found) >= power > refused(0.9999 * found)


@pytest.mark.parametrize(("each", "known"), [(49, False), (50, True)])
def test_of_two_kinds_counts_that_are_too_even_are_known_from_fifty_draws_of_each(
    each: int, known: bool
) -> None:
    tests = {test.name: test for test in fit_tests(Tally.of_counts(np.array([each, each])), 2)}
    assert (tests["even counts"].p_value < 1) is known


RARE = {
    "one kind of .999999": (np.array([0.999999, 1e-6]), 100),
    "exponent 4": (np.arange(1.0, 1_001) ** -4 / (np.arange(1.0, 1_001) ** -4).sum(), 20),
    "two kinds and 10,000 that share .01": (np.r_[0.495, 0.495, np.full(10_000, 1e-6)], 50),
    "20 kinds that share 1e-6": (np.r_[1 - 1e-6, np.full(20, 5e-8)], 10_000),
}


@pytest.mark.parametrize("case", RARE)
def test_a_law_of_rare_kinds_passes_its_own_draws(case: str) -> None:
    law, draws = RARE[case]
    generator = np.random.default_rng(8)
    found = [decides(beside(law, generator.multinomial(draws, law)), None)[1] for _ in range(150)]
    assert sum(p < 0.05 for p in found) <= 15
    likeliest = np.round(law * draws).astype(np.int64)
    assert decides(beside(law, likeliest), None)[1] > 0.05


def test_a_law_of_rare_kinds_still_refuses_a_rare_kind_that_is_common() -> None:
    law, _ = RARE["two kinds and 10,000 that share .01"]
    counts = np.zeros(len(law), dtype=np.int64)
    counts[:3] = 20, 20, 10
    assert decides(beside(law, counts), None)[1] < 1e-12


def test_few_draws_beside_rare_kinds_could_have_shown_nothing() -> None:
    law, _ = RARE["two kinds and 10,000 that share .01"]
    counts = np.r_[25, 25, np.zeros(10_000, dtype=np.int64)]
    assert visible_distance(beside(law, counts)) is None
    assert (visible_distance(beside(law, 10_000 * counts)) or 1) < 0.1


NEARLY_ONE = [scaled(np.append(1.0, np.full(kinds, share))) for kinds, share in ((1, 1e-10), (1, 1e-50))]
NEARLY_ONE += [scaled(np.array([1, 0.5, share])) for share in (1e-20, 1e-120, 1e-200, 1e-320)]
NEARLY_ONE += [scaled(np.append(1.0, np.full(99, share))) for share in (1e-8, 1e-12, 1e-160, 1e-310)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("law", NEARLY_ONE)
def test_kinds_as_good_as_never_drawn_are_missed_by_nobody_and_refused_if_drawn_twice(
    law: np.ndarray,
) -> None:
    counts = np.round(law * 3_000).astype(int)
    assert decides(beside(law, counts), None)[1] > 0.05
    counts[-1] += 2
    assert decides(beside(law, counts), None)[1] < 0.001


@pytest.mark.parametrize("draws", [2, 20, 1_000])
@pytest.mark.parametrize("law", NEARLY_ONE)
def test_no_pass_says_more_than_that_many_draws_can_tell(law: np.ndarray, draws: int) -> None:
    """At a total variation d, N draws of two laws differ by 1 - (1 - d)^N at most."""
    visible = visible_distance(beside(law, np.round(law * draws).astype(int)))
    assert visible is None or 1 - (1 - visible) ** draws > 0.95 - 0.001


@pytest.mark.parametrize(
    ("law", "draws"),
    [
        ((0.6, 0.05, 0.35), 3),
        ((0.4047, 0.0511, 0.5442), 2),
        ((0.776146, 0.223854), 4),
        ((0.9, 0.07, 0.03), 12),
    ],
)
def test_few_draws_of_a_stated_law_are_refused_no_more_often_than_promised(
    law: tuple[float, ...], draws: int
) -> None:
    """By every outcome."""
    q = np.array(law)
    found = [
        (decides(beside(q, np.array(counts)), None)[1], stats.multinomial(draws, q).pmf(counts))
        for counts in product(range(draws + 1), repeat=len(law))
        if sum(counts) == draws
    ]
    assert sum(chance for _, chance in found) == pytest.approx(1)
    for significance in (0.05, 0.001, 1e-4, 1e-6):
        assert sum(chance for p, chance in found if p < significance) <= significance


@pytest.mark.parametrize(
    ("law", "draws"),
    [
        ((0.016, 0.02958, 0.95442), 39),
        ((0.05, 0.01, 0.94), 32),
        ((0.03, 0.03, 0.94), 32),
        ((0.04824, 0.95176), 34),
        ((0.0428, 0.9572), 31),
        ((0.038, 0.962), 38),
    ],
)
def test_a_law_of_a_few_kinds_of_which_some_are_rare_keeps_the_significance(
    law: tuple[float, ...], draws: int
) -> None:
    """By every outcome of up to twelve rare ones: three moments refuse up to eight times as often."""
    q, alarms = np.array(law), dict.fromkeys((0.05, 0.001, 1e-4, 1e-5), 0.0)
    for rare in product(range(13), repeat=len(law) - 1):
        counts = np.array([*rare, draws - sum(rare)])
        chance = stats.multinomial(draws, q).pmf(counts)
        if chance > 1e-12:
            p = decides(beside(q, counts), None)[1]
            alarms = {level: found + chance * (p < level) for level, found in alarms.items()}
    assert all(found <= level for level, found in alarms.items())
    assert alarms[0.05] > 0.001


def test_just_beyond_thirty_draws_of_kinds_alike_no_small_tail_is_told_by_moments() -> None:
    """Of 32 draws of 31 kinds 1e-6 was kept 4.5 times too badly."""
    counts = np.array([7, 6, 5, 4, 3, 2, 2, 1, 1, 1])
    found = {test.name: test.p_value for test in fit_tests(Tally.of_counts(counts), 31)}
    assert found["squared deviations"] == 3e-5
    assert decides(Tally.of_counts(np.array([32])), 31)[1] < 1e-30
