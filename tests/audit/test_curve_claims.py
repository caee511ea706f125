"""Claims of coverage at several budgets, published, honest and simulated."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fluxttice_core.audit.coverage_claims import Point
from fluxttice_core.audit.curve_claims import (
    _Excess,
    _excesses,
    _log_limit,
    _log_unseen,
    _Seen,
    _seen,
    _weighted,
    _worst,
    audit_curve,
)
from fluxttice_core.audit.printed_numbers import exact_count, stated_share
from fluxttice_core.audit.verdicts import Verdict
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.coverage import expected_coverage
from tests.refusals import refused

K = 19_683


START = _Seen(0, K, 0.0, 0.0, 0.0)


def point(draws: int, text: str, size: int = K) -> Point:
    return Point(draws, stated_share(text, size))


def curve(claims: dict[int, str], size: int = K) -> list[Point]:
    return [point(draws, text, size) for draws, text in claims.items()]


PUBLISHED = {50_000: "87.37%", 100_000: "95%", 195_000: "99.624%"}


def test_published_curve_is_refuted_with_its_bounds() -> None:
    finding = audit_curve(curve(PUBLISHED), K)
    assert finding.verdict is Verdict.IMPOSSIBLE
    assert finding.law == "ln unseen is convex"
    assert finding.lower == pytest.approx(0.9624, abs=5e-5)
    assert finding.upper == pytest.approx(0.9840, abs=5e-5)
    assert (
        "96.24 % to 98.40 % is what one generator can show at 100,000 draws, not 95.00 %" in finding.sentence
    )


def test_order_of_the_points_does_not_matter() -> None:
    backwards = audit_curve(curve(dict(reversed(PUBLISHED.items()))), K)
    assert backwards == audit_curve(curve(PUBLISHED), K)


@pytest.mark.parametrize(
    ("text", "possible"),
    [("94.5%", False), ("96.3%", True), ("97%", True), ("98.4%", True), ("99.3%", False)],
)
def test_only_what_the_bounds_allow_is_possible(text: str, possible: bool) -> None:
    found = audit_curve(curve({**PUBLISHED, 100_000: text}), K).verdict
    assert found is (Verdict.POSSIBLE if possible else Verdict.IMPOSSIBLE)


@pytest.mark.parametrize(
    "claims",
    [
        {10_000: "38.0%", 50_000: "86.3%", 100_000: "96.9%", 195_000: "99.6%"},
        {10_000: "37.7%", 50_000: "86.6%", 100_000: "97.0%", 195_000: "99.65%"},
        {10_000: "39.83%", 50_000: "92.12%", 100_000: "99.38%", 195_000: "100%"},
        {50_000: "92.10%", 50_500: "92.05%"},  # falling within noise
    ],
)
def test_honest_curves_are_possible(claims: dict[int, str]) -> None:
    finding = audit_curve(curve(claims), K)
    assert (finding.verdict, finding.p_value) == (Verdict.POSSIBLE, None)


def test_falling_coverage_is_impossible() -> None:
    finding = audit_curve(curve({50_000: "92.1%", 100_000: "90%"}), K)
    assert (finding.verdict, finding.law) == (Verdict.IMPOSSIBLE, "ln unseen falls")
    assert finding.lower == pytest.approx(0.921)
    assert finding.upper == pytest.approx(1 - 0.079**2)


def test_two_runs_of_one_budget_are_no_curve_but_no_lie_either() -> None:
    assert audit_curve([point(50_000, "92.1%"), point(50_000, "92.0%")], K).verdict is Verdict.POSSIBLE


def test_convexity_counts_from_the_first_draw_on() -> None:
    """Two budgets suffice: at no draws nothing is seen."""
    finding = audit_curve(curve({10_000: "20%", 20_000: "60%"}), K)
    assert (finding.verdict, finding.law) == (Verdict.IMPOSSIBLE, "ln unseen is convex")


def test_nothing_unseen_counts_as_half_an_operation() -> None:
    """All of 200 operations seen after 1,000 draws may still mean seven missed on average, but not 20."""
    allowed = {300: "160", 1_000: "200", 2_000: "199"}
    assert audit_curve(curve(allowed, 200), 200).verdict is Verdict.POSSIBLE
    assert audit_curve(curve({**allowed, 2_000: "180"}, 200), 200).verdict is Verdict.IMPOSSIBLE


def test_chord_to_nothing_unseen_ends_at_half_an_operation() -> None:
    finding = audit_curve(curve({50_000: "70%", 100_000: "19683"}), K)
    assert finding.verdict is Verdict.IMPOSSIBLE
    assert finding.lower == pytest.approx(1 - (0.5 / K) ** 0.5, abs=1e-9)


def test_single_point_is_refused() -> None:
    with refused(MeasurementError, "too_few", "at least two budgets"):
        audit_curve([point(10, "1%")], K)


def test_simulated_skewed_generators_are_never_called_impossible() -> None:
    budgets = (300, 1_000, 2_500, 6_000)
    refuted = 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        p = generator.dirichlet(np.full(500, generator.choice([0.3, 2.0, 50.0])))
        counts = [len(np.unique(generator.choice(500, draws, p=p))) for draws in budgets]
        points = [point(draws, str(count), 500) for draws, count in zip(budgets, counts, strict=True)]
        refuted += audit_curve(points, 500).verdict is Verdict.IMPOSSIBLE
    assert refuted <= 1


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 1.0, 10.0]))
def test_exact_expectations_are_possible(seed: int, concentration: float) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(K // 27, concentration))
    budgets = (100, 400, 1_500, 5_000)
    shares = expected_coverage(p, budgets)
    points = [point(n, f"{100 * c:.6f}%", K // 27) for n, c in zip(budgets, shares, strict=True)]
    assert audit_curve(points, K // 27, significance=0.4).verdict is Verdict.POSSIBLE


def test_significance_is_held_however_many_budgets_there_are() -> None:
    budgets = (100, 200, 300, 450, 600, 800, 1_000, 1_300, 1_700, 2_200)
    refuted, repetitions = 0, 100
    for seed in range(repetitions):
        generator = np.random.default_rng(seed)
        counts = [len(np.unique(generator.integers(0, 500, draws))) for draws in budgets]
        points = [point(draws, str(count), 500) for draws, count in zip(budgets, counts, strict=True)]
        refuted += audit_curve(points, 500, significance=0.05).verdict is Verdict.IMPOSSIBLE
    assert refuted / repetitions <= 0.05


def test_significance_is_held_where_hardly_an_operation_is_missed() -> None:
    """Many more draws than operations: of the bounds over a hundred are as good as independent."""
    budgets = range(100_000, 180_000, 10_000)
    repetitions, refuted, by_points = 300, 0, 0
    generator = np.random.default_rng(0)
    for _ in range(repetitions):
        counts = [np.count_nonzero(np.bincount(generator.integers(0, K, n), minlength=K)) for n in budgets]
        points = [point(draws, str(count)) for draws, count in zip(budgets, counts, strict=True)]
        refuted += audit_curve(points, K, significance=0.05).verdict is Verdict.IMPOSSIBLE
        seen = [_seen(one, K) for one in points]
        by_points += any(excess.at_least(0.05 / 8) > 0 for excess in _excesses([START, *seen]))
    # How often a test that holds its level would refute as often, and the control: a part for each point.
    assert stats.binom.sf(refuted - 1, repetitions, 0.05) > 0.01
    assert stats.binom.sf(by_points - 1, repetitions, 0.05) < 1e-3


def bounds(*budgets: int) -> list[tuple[float, str, int, tuple[int, ...]]]:
    """Return the part of the significance, the law, the point and the others of each bound."""
    seen = [_Seen(draws, K, 1.0, 1.0, 1.0) for draws in (0, *budgets)]
    return [
        (round(part, 9), excess.law, excess.point.draws, tuple(other.draws for _, other in excess.others))
        for part, excess in _weighted(list(_excesses(seen)))
    ]


def test_every_bound_has_its_part_of_the_significance() -> None:
    near, far = 0.32, 0.01
    falls, convex = "ln unseen falls", "ln unseen is convex"
    assert bounds(10, 20, 40) == [
        (far, falls, 20, (10,)),
        (far, falls, 40, (10,)),
        (near, falls, 40, (20,)),
        (near, convex, 10, (0, 20)),
        (far, convex, 10, (0, 40)),
        (far, convex, 20, (0, 40)),
        (near, convex, 20, (10, 40)),
    ]
    assert bounds(10, 20) == [(0.5, falls, 20, (10,)), (0.5, convex, 10, (0, 20))]
    assert bounds(10, 10) == [(0.5, "one budget, one expectation", 10, (10,))] * 2
    assert sum(part for part, *_ in bounds(10, 10, 20, 30, 30)) == pytest.approx(1, abs=1e-7)


def test_a_bound_over_many_budgets_refutes_what_none_between_neighbours_does() -> None:
    """Every step is within noise, the whole is not."""
    budgets = range(40_000, 84_000, 4_000)
    unseen = [math.exp(-n / 80_000 - ((n - 40_000) / 80_000) ** 2) for n in budgets]
    points = [point(n, str(round(K * (1 - share)))) for n, share in zip(budgets, unseen, strict=True)]
    tests = _weighted(list(_excesses([START, *(_seen(one, K) for one in points)])))
    assert audit_curve(points, K).verdict is Verdict.IMPOSSIBLE
    assert not _worst(tests, 0.001)[1].near
    near = [(1 / len(budgets), excess) for _, excess in tests if excess.near]
    assert _worst(near, 0.001)[0] < 0


def test_probability_is_that_of_the_whole_curve() -> None:
    """It says the significance at which the curve would just be refuted."""
    finding = audit_curve(curve(PUBLISHED), K)
    assert finding.p_value is not None
    assert audit_curve(curve(PUBLISHED), K, finding.p_value * 1.01).verdict is Verdict.IMPOSSIBLE
    assert audit_curve(curve(PUBLISHED), K, finding.p_value * 0.99).verdict is Verdict.POSSIBLE


def test_points_that_contradict_each_other_allow_nothing() -> None:
    size = 975_820_226
    claims = {10**6: "999900", 10**7: "9900000", 2 * 10**7: "19900000"}
    finding = audit_curve(curve(claims, size), size)
    assert finding.verdict is Verdict.IMPOSSIBLE
    assert "beside the other points, nothing is what one generator can show" in finding.sentence


def test_vast_spaces_are_bounded_by_what_was_seen() -> None:
    size = 2**63
    straight = {10**6: "999900", 10**7: "9900000", 2 * 10**7: "19600000"}
    assert audit_curve(curve(straight, size), size).verdict is Verdict.POSSIBLE
    bent = {**straight, 2 * 10**7: "19900000"}
    assert audit_curve(curve(bent, size), size).verdict is Verdict.IMPOSSIBLE


@pytest.mark.parametrize("size", [10**17 - 10**7, 2**62, 2**63])
def test_vast_spaces_may_be_claimed_in_full_or_in_part(size: int) -> None:
    """Doubles tell no half of an operation from none there, and SciPy no quantile of such counts."""
    points = [Point(195_004, stated_share("10.00%", size)), Point(195_000, stated_share("1e0", size))]
    finding = audit_curve(points, size)
    assert finding.verdict is Verdict.IMPOSSIBLE
    assert finding.p_value is not None
    halves = [Point(10**6, stated_share("10%", size)), Point(2 * 10**6, stated_share("19%", size))]
    assert audit_curve(halves, size).verdict is Verdict.POSSIBLE


def test_a_limit_too_small_for_a_double_is_none() -> None:
    points = [Point(draws, stated_share(".9995", 2)) for draws in (10, 20)]
    assert audit_curve(points, 2).verdict is Verdict.POSSIBLE


@pytest.mark.parametrize("texts", [("92.1%", "80%"), ("80%", "92.1%")])
def test_two_runs_of_one_budget_cannot_lie_far_apart(texts: tuple[str, str]) -> None:
    finding = audit_curve([point(50_000, text) for text in texts], K)
    assert (finding.verdict, finding.law) == (Verdict.IMPOSSIBLE, "one budget, one expectation")
    assert finding.lower == pytest.approx(finding.upper)
    assert finding.lower in (pytest.approx(0.921), pytest.approx(0.8))


def test_points_of_one_budget_bound_others_together() -> None:
    claims = [point(50_000, "70%"), point(50_000, "70.1%"), point(100_000, "99.9%")]
    finding = audit_curve(claims, K)
    assert (finding.verdict, finding.law) == (Verdict.IMPOSSIBLE, "ln unseen is convex")


def test_the_beginning_where_nothing_is_seen_is_certain() -> None:
    """It adds neither to an excess nor to its uncertainty, in a space however small."""
    nothing, middle, end = (
        _Seen(draws, 4, seen, seen, seen) for draws, seen in ((0, 0.0), (5, 1.0), (9, 3.0))
    )
    with_start = _Excess("", middle, ((4 / 9, nothing), (5 / 9, end)))
    assert with_start.at_least(0.01) == _Excess("", middle, ((5 / 9, end),)).at_least(0.01)


@pytest.mark.parametrize(
    ("seen", "size", "expected"),
    [
        (0.0, 100, math.log(0.995)),
        (1.0, 100, math.log(0.99)),
        (100.0, 100, math.log(0.005)),
        (2.0**60, 2**60, math.log(0.5 / 2**60)),
    ],
)
def test_half_an_operation_stands_for_none(seen: float, size: int, expected: float) -> None:
    assert _log_unseen(seen, size) == pytest.approx(expected)


def distinct(kinds: int, draws: int) -> Point:
    stated = exact_count(str(kinds), draws)
    assert stated is not None
    return Point(draws, stated, of_draws=True)


@pytest.mark.parametrize("draws", [2 * 10**12, 2 * 10**15, 10**20])
def test_where_every_draw_is_new_and_the_space_is_unknown_any_size_may_be(draws: int) -> None:
    """Of so many kinds what is seen is no part, however many were drawn."""
    points = [distinct(n, n) for n in (draws, 2 * draws)]
    assert audit_curve(points, None).verdict is Verdict.POSSIBLE
    fewer = [distinct(draws // 2, draws), points[1]]
    finding = audit_curve(fewer, None)
    assert (finding.verdict, finding.unit) == (Verdict.IMPOSSIBLE, "count")
    assert (finding.lower, finding.upper) == pytest.approx((draws, 2 * draws))


@pytest.mark.parametrize("size", [10**18, 10**100, 10**300])
def test_a_few_draws_of_a_vast_space_are_poisson_counts(size: int) -> None:
    at = _Seen(60, size, 50.0, 50.0, 50.0)
    assert _log_limit(at, 3e-5, upper=True) * size == pytest.approx(-26.49248597999456)
    assert _log_limit(at, 3e-5, upper=False) * size == pytest.approx(-84.81396882316236)
    assert audit_curve(curve({10: "10", 20: "20"}, size), size).verdict is Verdict.POSSIBLE


def test_a_line_too_steep_for_an_exponential_leaves_nothing() -> None:
    claims = {5_000: "8", 18_500: "9", 19_500: "8", 19_900: "8000", 1_950_999_999_999_999_999_999: "87"}
    finding = audit_curve(curve(claims), K)
    assert finding.verdict is Verdict.IMPOSSIBLE
    assert finding.upper == pytest.approx(-math.expm1(1.0))
    assert "nothing is what one generator can show" in finding.sentence


@pytest.mark.parametrize("size", [10**40, 20**150, 10**290])
def test_budgets_of_vast_spaces_scatter_as_those_of_smaller_ones(size: int) -> None:
    curve = [Point(1_000, stated_share("998", size)), Point(2_000, stated_share("1997", size))]
    assert audit_curve(curve, size).verdict.value == "possible"
    curve[1] = Point(2_000, stated_share("600", size))
    assert audit_curve(curve, size).verdict.value == "impossible"
