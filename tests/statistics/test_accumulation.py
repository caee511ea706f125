"""Curves of kinds and mass: exact below the sample, published beyond it, and intervals that hold."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import special, stats

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.accumulation import Accumulation, Reached
from fluxttice_core.statistics.hypergeometric import entropy_terms, missed
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.richness import chao1
from fluxttice_core.statistics.richness_intervals import poisson_lower, poisson_upper
from fluxttice_core.statistics.sample_figures import SampleFigures, SumOfKinds
from fluxttice_core.statistics.sampling_variance import SamplingVariance, Unseen
from fluxttice_core.statistics.tally import Tally
from tests.refusals import refused

GIRDLED = [46, 22, 17, 15, 15, 9, 8, 6, 6, 4, 2, 2, 2, 2] + [1] * 12


def accumulation(counts: list[int] | np.ndarray) -> Accumulation:
    return Accumulation(Tally.of_counts(np.array(counts, dtype=np.int64)))


@pytest.mark.parametrize("draws", [1, 2, 4, 6, 7])
def test_fewer_draws_are_means_over_every_subsample(draws: int) -> None:
    kinds = np.repeat(np.arange(4), [3, 2, 1, 1])
    seen, entropies, squares, new = [], [], [], []
    for rows in combinations(range(7), draws):
        counts = np.bincount(kinds[list(rows)], minlength=4)
        seen.append(np.count_nonzero(counts))
        entropies.append(float(special.entr(counts / draws).sum()))
        squares.append(float(((counts / draws) ** 2).sum()))
        rest = np.delete(kinds, rows)
        new.append(np.mean(counts[rest] == 0) if len(rest) else math.nan)
    reached = accumulation([3, 2, 1, 1]).at(draws)
    expected = [np.mean(seen), math.exp(np.mean(entropies)), 1 / np.mean(squares)]
    assert [figure.estimate for figure in reached.hill] == pytest.approx(expected, rel=1e-12)
    if draws < 7:
        assert 1 - reached.coverage.estimate == pytest.approx(np.mean(new), rel=1e-12)


@pytest.mark.parametrize("counts", [[1] * 50, [1] * 50 + [2], [3] + [1] * 200])
def test_effective_numbers_of_draws_are_no_more_than_the_draws(counts: list[int]) -> None:
    """The published estimate of order 1 beyond a sample is, where nearly all draws were new."""
    curve, draws = accumulation(counts), sum(counts)
    for more in (draws + 1, round(1.5 * draws), 2 * draws):
        kinds, first, _ = curve.at(more).hill
        assert (first.estimate, first.upper) == pytest.approx((more, more))
        assert first.lower < 0.9 * more
        assert kinds.upper <= more


def test_spiders_as_inext_shows_them() -> None:
    """The girdled forest of iNEXT's own example, three decimals as printed there."""
    curve = accumulation(GIRDLED)
    shown = {10: (6.479, 0.597), 84: (18.912, 0.900), 168: (26.0, 0.929), 336: (34.731, 0.964)}
    for draws, (kinds, mass) in shown.items():
        reached = curve.at(draws)
        assert reached.hill[0].estimate == pytest.approx(kinds, abs=5e-4)
        assert reached.coverage.estimate == pytest.approx(mass, abs=5e-4)
    assert [round(figure.estimate, 3) for figure in curve.at(168).hill[1:]] == [12.060, 7.840]


@pytest.mark.parametrize(
    ("times", "drawn", "draws"),
    [(1, 1, 2), (20, 13, 50), (900, 500, 1000), (300, 990, 1000), (1000, 200_000, 10**6)],
)
def test_one_kind_in_a_subsample_by_scipy(times: int, drawn: int, draws: int) -> None:
    counts = np.arange(times + 1)
    chances = stats.hypergeom(draws, times, drawn).pmf(counts)
    entropy = float(chances @ special.entr(counts / drawn))
    assert entropy_terms(np.array([float(times)]), drawn, draws)[0] == pytest.approx(entropy, rel=1e-8)
    assert missed(np.array([float(times)]), drawn, draws)[0] == pytest.approx(
        chances[0], rel=1e-7, abs=1e-300
    )


@pytest.mark.parametrize("draws", [10**3, 10**14, 10**15, 2**62])
def test_few_of_vast_draws_miss_a_kind_as_its_share_says(draws: int) -> None:
    times = np.array([0.3, 0.7]) * draws
    for drawn in (1, 2, 5):
        due = [
            math.exp(sum(math.log1p(-float(x) / (draws - place)) for place in range(drawn))) for x in times
        ]
        assert missed(times, drawn, draws).tolist() == pytest.approx(due, rel=1e-9)


def test_twice_the_draws_agree_with_the_estimates_without_end() -> None:
    """Far out, the curve levels off at Chao1 in iNEXT's form, the mass at one."""
    tally = Tally.of_counts(np.array(GIRDLED))
    figures = SampleFigures(tally)
    far = 10**9
    assert figures.kinds(far)[0].value == pytest.approx(26 + 167 / 168 * 12**2 / (2 * 4))
    assert figures.missing(far)[0].value == pytest.approx(0, abs=1e-12)
    assert Unseen(168, 12, 0).kinds == pytest.approx((chao1(np.array([1] * 12)) - 12) * 167 / 168)


def variance_by_drawing(rates: np.ndarray, draws: int, summand: np.ufunc) -> float:
    generator = np.random.default_rng(1)
    drawn = generator.multinomial(draws, rates / rates.sum(), size=20_000)
    return float(np.var(summand(drawn.astype(np.float64)).sum(axis=1)))


@pytest.mark.parametrize("name", ["sqrt", "square", "sign"])
def test_the_variance_of_a_sum_over_kinds_is_that_of_samples(name: str) -> None:
    """Even counts without singletons, so that the estimated shares are the true ones."""
    counts = np.array([150] * 4 + [40] * 10 + [9] * 30)
    summand = getattr(np, name)
    expected = variance_by_drawing(counts.astype(np.float64), int(counts.sum()), summand)
    assert SamplingVariance(Tally.of_counts(counts)).of(summand) == pytest.approx(
        expected, rel=0.12, abs=0.01
    )


LAWS = {
    "equal": np.full(400, 1.0),
    "log-normal": np.random.default_rng(5).lognormal(0, 1, 400),
    "Zipf": 1 / np.arange(1.0, 401.0),
    "broken stick": np.random.default_rng(6).exponential(size=400),
    "ten of twenty": np.r_[np.full(10, 20.0), np.full(390, 1.0)],
    "eight": np.full(8, 1.0),
    "two": np.array([199.0, 1.0]),
}


def truth(shares: np.ndarray, draws: int) -> list[float]:
    """Mass and kinds by their formulas, orders 1 and 2 over many samples."""
    seen = 1 - (1 - shares) ** draws
    drawn = np.random.default_rng(2).multinomial(draws, shares, size=1_000) / draws
    entropy = float(special.entr(drawn).sum(axis=1).mean())
    return [
        float(shares @ seen),
        float(seen.sum()),
        math.exp(entropy),
        float(1 / (drawn**2).sum(axis=1).mean()),
    ]


def holds(reached: Reached, expected: list[float]) -> list[bool]:
    figures = [reached.coverage, *reached.hill]
    return [
        figure.lower - 1e-9 <= value <= figure.upper + 1e-9
        for figure, value in zip(figures, expected, strict=True)
    ]


def covered(name: str, draws: int, runs: int) -> np.ndarray:
    """How often each figure's interval holds the truth at a quarter, all and twice the draws."""
    shares = LAWS[name] / LAWS[name].sum()
    generator = np.random.default_rng(3)
    budgets = [draws // 4, draws, 2 * draws]
    expected = [truth(shares, budget) for budget in budgets]
    hits = np.zeros((3, 4))
    for _ in range(runs):
        curve = accumulation(generator.multinomial(draws, shares))
        hits += [holds(curve.at(budget), true) for budget, true in zip(budgets, expected, strict=True)]
    return hits / runs


def test_intervals_hold_what_draws_show() -> None:
    assert covered("log-normal", 400, 40).min() >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("draws", [100, 400, 1_600])
def test_intervals_hold_as_often_as_they_say(name: str, draws: int) -> None:
    """At least 92 in 100 within the chance of 400 runs; more where kinds are equal or few."""
    assert covered(name, draws, 400).min() >= 0.92 - 2 * math.sqrt(0.92 * 0.08 / 400)


def test_a_mass_is_reached_where_the_curve_says() -> None:
    curve = accumulation(GIRDLED)
    for mass in (0.5, 0.9, 0.95):
        reached = curve.at_coverage(mass)
        draws = int(reached.draws.estimate)
        assert curve.at(draws).coverage.estimate >= mass > curve.at(draws - 1).coverage.estimate
        assert reached.draws.lower < draws < reached.draws.upper
        assert [one.estimate for one in reached.hill] == [one.estimate for one in curve.at(draws).hill]
        assert all(one.lower < one.estimate < one.upper for one in reached.hill)


def test_kinds_are_reached_where_the_curve_says() -> None:
    curve = accumulation(GIRDLED)
    draws = curve.draws_for_kinds(30)
    assert (
        curve.at(int(draws.estimate)).hill[0].estimate
        >= 30
        > curve.at(int(draws.estimate) - 1).hill[0].estimate
    )
    assert draws.upper == math.inf, "twice the sample may not show them"
    assert curve.draws_for_kinds(1_000).estimate == math.inf
    assert curve.draws_for_mass(1e-3) == Interval(1.0, 1.0, 1.0, 0.95, "limits met")


def test_draws_needed_hold_the_truth() -> None:
    """A uniform generator of 400 kinds shows 300 of them after 554 draws."""
    needed = math.log(0.25) / math.log1p(-1 / 400)
    generator = np.random.default_rng(4)
    runs = [
        accumulation(generator.multinomial(400, np.full(400, 1 / 400))).draws_for_kinds(300)
        for _ in range(40)
    ]
    assert np.mean([run.lower - 1 <= needed <= run.upper for run in runs]) >= 0.8


@pytest.mark.parametrize("counts", [[1], [7], [1, 1, 1], [2, 2], [1, 2], [10**6, 1]])
def test_every_sample_has_a_curve(counts: list[int]) -> None:
    curve = accumulation(counts)
    total = sum(counts)
    for draws in sorted({1, max(total // 2, 1), total, 2 * total}):
        for figure in (curve.at(draws).coverage, *curve.at(draws).hill):
            assert figure.lower <= figure.estimate <= figure.upper < math.inf


@pytest.mark.parametrize("draws", [0, 337])
def test_a_curve_ends_at_twice_the_sample(draws: int) -> None:
    with refused(MeasurementError, "out_of_range", "from 1 draw to twice the sample, 336"):
        accumulation(GIRDLED).at(draws)


# --- the limits by their definitions -----------------------------------------------------------------------

NORMAL = float(stats.norm.ppf(0.975))
SAMPLES = {
    "spiders": GIRDLED,
    "no singleton": [9, 5, 4, 2, 2],
    "one singleton": [9, 5, 4, 2, 2, 1],
    "few singletons": [30, 12, 7, 4, 2, 2, 1, 1, 1],
    "ten singletons": [30, 12, 7, 4, 2, 2] + [1] * 10,
}


def sums(counts: list[int], name: str, draws: int) -> list[SumOfKinds]:
    return list(getattr(SampleFigures(Tally.of_counts(np.array(counts))), name)(draws))


def less(way: SumOfKinds, slope: float, left: SumOfKinds) -> SumOfKinds:
    return SumOfKinds(way.value, lambda times: way.summand(times) - slope * left.summand(times))


def limits(counts: list[int], name: str, draws: int, around: Interval | None = None) -> tuple[float, ...]:
    """Value and limits: of each way its deviation, at a mass less what the mass itself is wrong by."""
    variance = SamplingVariance(Tally.of_counts(np.array(counts)))
    ways = sums(counts, name, draws)
    value, ends = ways[0].value, [ways[0].value]
    if around is not None:
        later = draws + max(draws // 1000, 1)
        missing = sums(counts, "missing", draws)
        change = sums(counts, "missing", later)[0].value - missing[0].value
        slope = (sums(counts, name, later)[0].value - value) / change if change else 0.0
        ways = [less(way, slope, left) for way in ways for left in missing]
        last = min(around.upper, 2.0 * sum(counts))
        ends += [sums(counts, name, int(end))[0].value for end in (around.lower, last)]
    errors = [NORMAL * math.sqrt(variance.of(way.summand)) for way in ways]
    lower = min(way.value - error for way, error in zip(ways, errors, strict=True))
    upper = max(way.value + error for way, error in zip(ways, errors, strict=True))
    return value, min(lower, *ends), max(upper, *ends)


def coverage_by_hand(counts: list[int], draws: int) -> tuple[float, ...]:
    n, once = sum(counts), counts.count(1)
    missing, lower, upper = limits(counts, "missing", draws)
    if once <= 10:
        usual, fewest, most = max(missing, once / n), poisson_lower(once), poisson_upper(once)
        lower = min(lower, usual - (once - fewest) / n if draws <= n else fewest / draws)
        upper = max(upper, usual + (most - once) / n)
    return 1 - missing, max(1 - upper, 0), min(1 - lower, 1)


def kinds_by_hand(counts: list[int], draws: int, around: Interval | None = None) -> tuple[float, ...]:
    n, once = sum(counts), counts.count(1)
    last = draws if around is None else min(around.upper, 2 * n)
    kinds, lower, upper = limits(counts, "kinds", draws, around)
    if once <= 10:
        lower = min(lower, kinds - (once - poisson_lower(once)) * min(draws / n, 1))
        upper = max(upper, kinds + (poisson_upper(once) - (once if draws <= n else 0)) * draws / n)
    if draws > n and around is None:
        lower = max(lower, kinds_by_hand(counts, n)[1])
    return kinds, max(lower, 1), max(min(upper, last), kinds)


def numbers_by_hand(counts: list[int], draws: int, around: Interval | None = None) -> list[tuple[float, ...]]:
    """Effective numbers of order 1 and 2; with one singleton or none, a kind may hold as much unseen."""
    n, once = sum(counts), counts.count(1)
    last = float(draws if around is None else min(around.upper, 2 * n))
    entropy, least, most = limits(counts, "entropy", draws, around)
    squares, fewest, greatest = limits(counts, "concentration", draws, around)
    if once <= 1:
        share = min(poisson_upper(once) / n, 0.5)
        most += -share * math.log(share) - (1 - share) * math.log(1 - share)
        fewest *= (1 - share) ** 2
    most = max(min(most, math.log(last)), entropy)
    first = (math.exp(entropy), math.exp(least), math.exp(most))
    second = (1 / squares, 1 / greatest, 1 / max(fewest, 1 / last))
    return [
        (max(value, 1), max(lower, 1), max(min(upper, last), value, 1))
        for value, lower, upper in (first, second)
    ]


def ends(found: Interval) -> tuple[float, ...]:
    assert (found.level, found.method) == (0.95, "plug-in")
    return float(found.estimate), float(found.lower), float(found.upper)


@pytest.mark.parametrize("name", SAMPLES)
def test_limits_at_any_number_of_draws_by_their_definition(name: str) -> None:
    counts = SAMPLES[name]
    n = sum(counts)
    for draws in (1, n // 3, n - 1, n, n + 1, 3 * n // 2, 2 * n):
        found = accumulation(counts).at(draws)
        assert found.draws == Interval(draws, draws, draws, 0.95, "given")
        assert ends(found.coverage) == pytest.approx(coverage_by_hand(counts, draws))
        assert ends(found.hill[0]) == pytest.approx(kinds_by_hand(counts, draws))
        assert [ends(one) for one in found.hill[1:]] == [
            pytest.approx(due) for due in numbers_by_hand(counts, draws)
        ]


@pytest.mark.parametrize(
    ("name", "mass"),
    [
        *(("spiders", 0.6), ("spiders", 0.9), ("one singleton", 0.9), ("few singletons", 0.6)),
        *(("few singletons", 0.9), ("no singleton", 0.9999), ("hardly any", 0.5), ("hardly any", 0.6)),
    ],
)
def test_limits_at_a_mass_allow_for_the_draws_that_it_takes(name: str, mass: float) -> None:
    counts = {**SAMPLES, "hardly any": [3, 2, 2, 1, 1]}[name]
    found = accumulation(counts).at_coverage(mass)
    draws = int(found.draws.estimate)
    assert found.coverage == Interval(mass, mass, mass, 0.95, "given")
    assert ends(found.hill[0]) == pytest.approx(kinds_by_hand(counts, draws, found.draws))
    assert [ends(one) for one in found.hill[1:]] == [
        pytest.approx(due) for due in numbers_by_hand(counts, draws, found.draws)
    ]


@pytest.mark.parametrize("name", ["one singleton", "few singletons"])
def test_draws_needed_are_the_first_at_which_limits_are_met(name: str) -> None:
    """Every number of draws is tried, one after the other."""
    counts = SAMPLES[name]
    last = 2 * sum(counts)
    curve = [coverage_by_hand(counts, draws) for draws in range(1, last + 1)]
    for mass in (0.3, 0.8, 0.97):
        found = accumulation(counts).draws_for_mass(mass)
        estimate, most, least = (
            next((m for m, row in enumerate(curve, start=1) if row[place] >= mass), math.inf)
            for place in range(3)
        )
        if estimate < math.inf:
            assert found.estimate == estimate
        assert found.lower == min(least, last, found.estimate)
        assert found.upper == max(most, found.estimate)
        assert (found.level, found.method) == (0.95, "limits met")


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_another_level_has_other_limits(level: float) -> None:
    tally = Tally.of_counts(np.array(GIRDLED))
    wide, narrow = accumulation(GIRDLED).at(200), Accumulation(tally, level).at(200)
    for usual, one in zip((wide.coverage, *wide.hill), (narrow.coverage, *narrow.hill), strict=True):
        assert one.level == level
        assert one.estimate == usual.estimate
        assert usual.lower < one.lower < one.upper < usual.upper
    with refused(MeasurementError, "out_of_range", "level"):
        Accumulation(tally, 1.0)


def test_ends_of_what_is_asked_for() -> None:
    curve = accumulation(GIRDLED)
    assert curve.at(336).draws.estimate == 336
    assert curve.draws_for_kinds(1).estimate == accumulation([20, 16]).draws_for_kinds(1).estimate == 1
    for kinds in (0.999, math.inf, math.nan):
        with refused(MeasurementError, "out_of_range", "kinds to see are 1 or more"):
            curve.draws_for_kinds(kinds)
    for mass in (0.0, 1.0):
        with refused(MeasurementError, "out_of_range", "a coverage to reach lies between 0 and 1"):
            curve.draws_for_mass(mass)
    with refused(MeasurementError, "too_few", "at least one draw"):
        accumulation([])


def test_kinds_that_take_a_thousand_samples_are_waited_for() -> None:
    """Of 5,000 that are not seen all but one, where A is what one more draw leaves unseen."""
    unseen = Unseen(102, 100, 1)
    needed = math.log(1 / unseen.kinds) / math.log(unseen.stay)
    found = accumulation([2] + [1] * 100).draws_for_kinds(101 + unseen.kinds - 1)
    assert needed > 200 * 102
    assert found.estimate == pytest.approx(102 + needed, abs=1)


def test_what_twice_the_sample_shows_is_still_reached() -> None:
    curve = accumulation(GIRDLED)
    last = curve.at(336).coverage.estimate
    assert curve.at_coverage(last).draws.estimate == 336
    with refused(MeasurementError, "too_few", "twice the sample will hardly show"):
        curve.at_coverage(last + 1e-4)
