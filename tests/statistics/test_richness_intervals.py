"""Intervals of a sample's figures: against brute force, and how often they cover what is true."""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.hill_numbers import estimated_hill_number, hill_number
from fluxttice_core.statistics.intervals import Interval, clopper_pearson, normal_quantile
from fluxttice_core.statistics.richness import ace, chao1_interval, missing_mass_interval
from fluxttice_core.statistics.richness_intervals import (
    FEW,
    _ace_variance,
    ace_interval,
    distinct_interval,
    estimated_hill_interval,
    observed_hill_interval,
    poisson_lower,
    poisson_upper,
    reachable_interval,
    unseen_mass_interval,
)
from fluxttice_core.statistics.tally import Tally
from tests.refusals import refused

SPIDERS = np.array([46, 22, 17, 15, 15, 9, 8, 6, 6, 4, 3, 2, 2, 2] + [1] * 12)
REPETITIONS = 400
JACKKNIFED: dict[str, tuple[Callable[..., Interval | None], Callable[..., float]]] = {
    "observed": (observed_hill_interval, hill_number),
    "estimated": (estimated_hill_interval, estimated_hill_number),
}


def zipf(kinds: int) -> np.ndarray:
    weights = 1 / np.arange(1, kinds + 1)
    return np.asarray(weights / weights.sum())


def even(kinds: int) -> np.ndarray:
    return np.full(kinds, 1 / kinds)


def draw(seed: int, p: np.ndarray, draws: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).multinomial(draws, p)
    return np.asarray(drawn[drawn > 0])


def covered(interval: Interval | None, truth: float) -> bool:
    assert interval is not None
    return interval.contains(truth)


@pytest.mark.parametrize("kind", JACKKNIFED)
@pytest.mark.parametrize("order", [1, 2])
def test_jackknife_leaves_out_every_draw_once(kind: str, order: int) -> None:
    interval, statistic = JACKKNIFED[kind]
    logs = []
    for place, count in enumerate(SPIDERS):
        without = SPIDERS.copy()
        without[place] -= 1
        logs += [math.log(statistic(without, order))] * int(count)
    draws = len(logs)
    error = math.sqrt((draws - 1) * float(np.var(logs)))
    factor = math.exp(normal_quantile(0.9) * error)
    found, value = interval(SPIDERS, order, 0.9), statistic(SPIDERS, order)
    assert found is not None
    assert (found.estimate, found.lower, found.upper) == pytest.approx(
        (value, value / factor, value * factor)
    )
    assert (found.level, found.method) == (0.9, "jackknife, log-normal")


@pytest.mark.parametrize("kind", JACKKNIFED)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("drawn", [[1], [5_000], [1] * 30, [4, 4, 4], [2]])
def test_effective_numbers_that_no_draw_changes_are_undetermined(
    kind: str, order: int, drawn: list[int]
) -> None:
    assert JACKKNIFED[kind][0](np.array(drawn), order) is None


@pytest.mark.parametrize("kind", JACKKNIFED)
def test_effective_numbers_are_never_below_one(kind: str) -> None:
    found = JACKKNIFED[kind][0](np.array([400, 2, 2, 1]), 2, 0.999999)
    assert found is not None
    assert found.lower == 1.0


@pytest.mark.parametrize("kind", JACKKNIFED)
def test_other_orders_are_refused(kind: str) -> None:
    for order in (0, 3):
        with refused(MeasurementError, "unsupported", "the jackknife is taken of Hill numbers of order 1"):
            JACKKNIFED[kind][0](SPIDERS, order)


def test_an_estimate_that_one_draw_makes_is_undetermined() -> None:
    assert estimated_hill_interval(np.array([2, 1, 1, 1]), 2) is None
    assert estimated_hill_interval(np.array([2, 2, 1, 1]), 2) is not None


def numerical_variance(counts: np.ndarray) -> float:
    """Return the delta-method variance of ACE by differences of its formula in real numbers of kinds."""
    times = np.arange(1, 11)
    rare = np.array([np.count_nonzero(counts == k) for k in times], dtype=np.float64)
    abundant = np.count_nonzero(counts > 10)

    def formula(kinds: np.ndarray) -> float:
        draws = float(times @ kinds)
        coverage = 1 - float(kinds[0]) / draws
        whole = float(kinds.sum()) * float((times * (times - 1)) @ kinds) / (coverage * draws * (draws - 1))
        return abundant + (float(kinds.sum()) + float(kinds[0]) * max(whole - 1, 0.0)) / coverage

    assert formula(rare) == pytest.approx(ace(counts))
    steps = np.eye(10) * 1e-5
    slopes = np.array([(formula(rare + step) - formula(rare - step)) / 2e-5 for step in steps])
    linear = float(slopes @ rare) + abundant
    return float(slopes**2 @ rare) + abundant - linear**2 / ace(counts)


@pytest.mark.parametrize(
    "counts", [SPIDERS, draw(0, zipf(300), 900), draw(1, even(300), 500), draw(2, even(50), 120)]
)
def test_variance_of_ace_is_that_of_the_delta_method(counts: np.ndarray) -> None:
    variance = _ace_variance(Tally.of_counts(counts), ace(counts))
    assert variance == pytest.approx(numerical_variance(counts), rel=1e-4)
    kinds, excess = len(counts), ace(counts) - len(counts)
    factor = math.exp(normal_quantile(0.9) * math.sqrt(math.log1p(variance / excess**2)))
    found = ace_interval(counts, 0.9)
    assert found is not None
    if np.count_nonzero(counts == 1) > 10:
        assert found.lower == math.floor(kinds + excess / factor)
        assert found.upper == math.ceil(kinds + excess * factor)
    assert (found.estimate, found.level, found.method) == (ace(counts), 0.9, "delta method, log-normal")


@pytest.mark.parametrize("drawn", [[12, 30], [12, 30, 2, 1], [3, 3, 3]])
def test_ace_of_few_singletons_takes_in_what_is_reachable(drawn: list[int]) -> None:
    found, reachable = ace_interval(np.array(drawn)), reachable_interval(np.array(drawn))
    assert found is not None
    assert found.lower <= reachable.lower <= reachable.upper <= found.upper


def test_ace_of_singletons_alone_has_no_interval() -> None:
    assert ace_interval(np.array([1, 1, 30])) is None


def test_distinct_of_known_kinds_is_a_share_of_them() -> None:
    share = clopper_pearson(70, 100, 0.9)
    found = distinct_interval(70, 1_000, 100.0, 0.9)
    assert (found.lower, found.upper) == pytest.approx((100 * share.lower, 100 * share.upper))
    assert (found.estimate, found.level, found.method) == (70.0, 0.9, "Clopper-Pearson")
    assert distinct_interval(100, 1_000, 100.0).upper == 100.0
    assert distinct_interval(70, 72, 100.0).upper == 72.0
    assert distinct_interval(1, 1, 100.0).lower == 1.0


@pytest.mark.parametrize("kinds", [math.inf, 2.0**63])
def test_distinct_of_kinds_without_end_is_a_poisson_count(kinds: float) -> None:
    found = distinct_interval(50, 1_000, kinds)
    assert (found.lower, found.upper) == pytest.approx((poisson_lower(50), poisson_upper(50)), rel=1e-6)
    assert found.method == ("Garwood" if math.isinf(kinds) else "Clopper-Pearson")


def test_intervals_of_a_skewed_generator_cover_it_as_often_as_they_say() -> None:
    p, draws = zipf(200), 2_000
    truth = {1: math.exp(-float(np.sum(p * np.log(p)))), 2: 1 / float(np.sum(p**2))}
    samples = [draw(1_000 + seed, p, draws) for seed in range(2_000)]
    shown = {order: float(np.mean([hill_number(one, order) for one in samples])) for order in (1, 2)}
    hits: Counter[str] = Counter()
    for seed in range(REPETITIONS):
        drawn = draw(seed, p, draws)
        for order in (1, 2):
            hits[f"estimated {order}"] += covered(estimated_hill_interval(drawn, order), truth[order])
            hits[f"observed {order}"] += covered(observed_hill_interval(drawn, order), shown[order])
    assert all(0.92 <= hit / REPETITIONS <= 0.98 for hit in hits.values()), hits


@pytest.mark.parametrize(("kinds", "draws"), [(500, 300), (500, 1_000), (1_000, 1_500)])
def test_ace_covers_an_even_generator_as_often_as_it_says(kinds: int, draws: int) -> None:
    hits = sum(covered(ace_interval(draw(seed, even(kinds), draws)), kinds) for seed in range(REPETITIONS))
    assert 0.92 <= hits / REPETITIONS <= 0.98


@pytest.mark.parametrize("draws", [300, 1_000, 3_000])
def test_where_variances_are_bounded_from_above_coverage_is_at_least_as_promised(draws: int) -> None:
    """Distinct counts, and effective numbers of an even generator: the price is too wide an interval."""
    p = even(500)
    expected, hits = 500 * (1 - (1 - 1 / 500) ** draws), Counter[str]()
    for seed in range(REPETITIONS):
        drawn = draw(seed, p, draws)
        reachable = reachable_interval(drawn).upper
        hits["known"] += distinct_interval(len(drawn), draws, 500.0).contains(expected)
        hits["unknown"] += distinct_interval(len(drawn), draws, reachable).contains(expected)
        hits["order 1"] += covered(estimated_hill_interval(drawn, 1), 500)
        hits["order 2"] += covered(estimated_hill_interval(drawn, 2), 500)
    assert all(hit / REPETITIONS >= 0.95 for hit in hits.values()), hits


def counts(once: int, twice: int, *more: int) -> np.ndarray:
    return np.array([1] * once + [2] * twice + list(more))


@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_poisson_limits_leave_half_the_rest_beyond_each(count: int) -> None:
    def at_most(most: int, mean: float) -> float:
        return sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(most + 1))

    assert at_most(count, poisson_upper(count, 0.9)) == pytest.approx(0.05)
    assert 1 - at_most(count - 1, poisson_lower(count, 0.9)) == pytest.approx(0.05 if count else 1)


def test_many_counts_leave_the_published_intervals_as_they_are() -> None:
    many = counts(50, FEW + 1, 5, 9)
    ours, published = unseen_mass_interval(many), missing_mass_interval(many)
    assert (ours.lower, ours.upper) == (published.lower, published.upper)
    chao = chao1_interval(many)
    lower, upper = float(math.floor(chao.lower)), float(math.ceil(chao.upper))
    assert reachable_interval(many) == Interval(chao.estimate, lower, upper, 0.95, "Chao1, Garwood")
    assert unseen_mass_interval(many, 0.8).method == "Esty, Clopper-Pearson"


def test_few_doubletons_widen_both() -> None:
    few = counts(500, FEW)
    upper, lower = poisson_upper(FEW, 0.8), poisson_lower(FEW, 0.8)
    assert unseen_mass_interval(few, 0.8).lower == pytest.approx((500 - 2 * (upper - FEW)) / (500 + 2 * FEW))
    found = reachable_interval(few, 0.8)
    assert found.upper == math.ceil(500 + FEW + 500 * 499 / 2 / lower)
    assert found.lower == math.floor(500 * 499 / 2 / upper)
    assert (found.level, unseen_mass_interval(few, 0.8).level) == (0.8, 0.8)


@pytest.mark.parametrize(
    ("drawn", "lower", "upper"),
    [
        ([1], 1, math.inf),
        ([1] * 30, 30 * 29 / 2 / 3.68888, math.inf),
        ([1, 1, 40], 3, math.inf),
        ([40], 1, 1 + 3.68888 * 2.68888 / 2),
        ([2, 40], 2, 2 + 3.68888 * 2.68888 / 4),
        ([1, 40], 2, 2 + 5.57164 * 4.57164 / 2),
    ],
)
def test_what_is_reachable_of_degenerate_samples(drawn: list[int], lower: float, upper: float) -> None:
    found = reachable_interval(np.array(drawn))
    assert found.lower == math.floor(lower)
    assert found.upper == (upper if math.isinf(upper) else math.ceil(upper))


@pytest.mark.parametrize(
    ("drawn", "lower", "upper"),
    [([1], 0, 1), ([1] * 30, 1 - 2 * 3.68888 / 30, 1), ([5_000], 0, 1 - 0.025 ** (1 / 5_000))],
)
def test_what_mass_is_unseen_of_degenerate_samples(drawn: list[int], lower: float, upper: float) -> None:
    found = unseen_mass_interval(np.array(drawn))
    assert (found.lower, found.upper) == pytest.approx((lower, upper), rel=1e-5)


@pytest.mark.parametrize("interval", [unseen_mass_interval, reachable_interval])
def test_empty_samples_are_refused(interval: object) -> None:
    with refused(MeasurementError, "too_few", "an empty sample"):
        interval(np.array([0]))  # type: ignore[operator]


@pytest.mark.parametrize(("kinds", "draws"), [(500, 10), (500, 30), (500, 100), (500, 1_000), (2_000, 30)])
def test_limits_cover_the_truth_where_the_published_ones_do_not(kinds: int, draws: int) -> None:
    generator, even = np.random.default_rng(0), np.full(kinds, 1 / kinds)
    mass = reach = published = 0
    for _ in range(400):
        drawn = generator.multinomial(draws, even)
        unseen = float(even[drawn == 0].sum())
        mass += unseen_mass_interval(drawn).contains(unseen)
        reach += reachable_interval(drawn).contains(kinds)
        published += missing_mass_interval(drawn).contains(unseen)
    assert mass / 400 > 0.93
    assert reach / 400 > 0.93
    assert published / 400 < 0.7 or draws > 50  # the control: Esty's interval alone


@pytest.mark.parametrize("once", [FEW, FEW + 1])
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_up_to_ten_singletons_ace_takes_in_what_is_reachable(once: int, level: float) -> None:
    """Of so few doubletons that what is reachable has no end that ACE would come near to."""
    some = counts(once, 1, 4, 4, 6, 9)
    estimate, reachable = ace(some), reachable_interval(some, level)
    excess = estimate - len(some)
    spread = math.sqrt(math.log1p(_ace_variance(Tally.of_counts(some), estimate) / excess**2))
    factor = math.exp(normal_quantile(level) * spread)
    lower, upper = math.floor(len(some) + excess / factor), math.ceil(len(some) + excess * factor)
    assert reachable.upper > upper
    found = ace_interval(some, level)
    assert found is not None
    assert found.upper == (reachable.upper if once == FEW else upper)
    assert found.lower == (min(reachable.lower, lower) if once == FEW else lower)
    assert (found.level, found.estimate) == (level, estimate)


@pytest.mark.parametrize("level", [0.5, 0.99])
def test_a_level_goes_to_every_part_of_an_interval(level: float) -> None:
    some = counts(20, 12, 4, 9)
    esty, share = missing_mass_interval(some, level), clopper_pearson(20, 57, level)
    found = unseen_mass_interval(some, level)
    assert (found.lower, found.upper) == (min(esty.lower, share.lower), max(esty.upper, share.upper))
    chao = chao1_interval(some, level)
    assert reachable_interval(some, level) == Interval(
        chao.estimate, math.floor(chao.lower), math.ceil(chao.upper), level, "Chao1, Garwood"
    )
    alone = reachable_interval(counts(1, 3, 4), level)
    most = poisson_upper(1, level)
    assert alone.upper >= math.ceil(5 + most * (most - 1) / 8)
    for kinds in (100.0, math.inf):
        due = clopper_pearson(40, 100, level)
        limits = (100 * due.lower, 100 * due.upper)
        if math.isinf(kinds):
            limits = poisson_lower(40, level), poisson_upper(40, level)
        got = distinct_interval(40, 1_000, kinds, level)
        assert (got.lower, got.upper) == pytest.approx(limits)
        assert got.level == level


@pytest.mark.parametrize("kind", JACKKNIFED)
def test_of_so_many_draws_that_one_is_less_than_rounding_nothing_is_told(kind: str) -> None:
    some, many = (np.array([3 * 10**power, 7 * 10**power]) for power in (11, 13))
    assert JACKKNIFED[kind][0](some, 1) is not None
    assert JACKKNIFED[kind][0](many, 1) is None


def test_what_was_drawn_twice_alone_has_limits_about_its_estimate() -> None:
    """Those of Chao1 without singletons are about another centre."""
    found = reachable_interval(np.full(577, 2))
    assert found.lower <= found.estimate == 577 <= found.upper
