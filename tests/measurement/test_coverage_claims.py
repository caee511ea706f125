"""Claims of coverage at one budget and at several, published, honest and simulated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import MeasurementError
from fluxttice_core.measurement.coverage import expected_coverage
from fluxttice_core.measurement.coverage_claims import Point, audit_curve, audit_point
from fluxttice_core.measurement.stated import stated_share
from fluxttice_core.measurement.verdict import Verdict

K = 19_683


def point(draws: int, text: str, size: int = K) -> Point:
    return Point(draws, stated_share(text, size))


def curve(claims: dict[int, str], size: int = K) -> list[Point]:
    return [point(draws, text, size) for draws, text in claims.items()]


@pytest.mark.parametrize(
    ("draws", "text", "verdict"),
    [
        (10_000, "82%", Verdict.IMPOSSIBLE),
        (10_000, "10001", Verdict.IMPOSSIBLE),
        (10_000, "50.8%", Verdict.IMPOSSIBLE),
        (10_000, "40.5%", Verdict.IMPOSSIBLE),
        (10_000, "39.8%", Verdict.CONSISTENT),
        (10_000, "38.0%", Verdict.BELOW_UNIFORM),
        (50_000, "93.0%", Verdict.IMPOSSIBLE),
        (50_000, "93%", Verdict.CONSISTENT),  # 92.5 % would be printed so
        (50_000, "18131", Verdict.CONSISTENT),
        (50_000, "18300", Verdict.IMPOSSIBLE),
        (50_000, "91%", Verdict.BELOW_UNIFORM),
        (195_000, "100%", Verdict.CONSISTENT),
        (195_000, "19683", Verdict.CONSISTENT),
        (195_000, "19676", Verdict.BELOW_UNIFORM),
        (10, "10", Verdict.NOT_ENOUGH_SAID),
        (100, "100", Verdict.NOT_ENOUGH_SAID),
        (100, "0.00%", Verdict.IMPOSSIBLE),
    ],
)
def test_verdicts_on_the_ternary_operations(draws: int, text: str, verdict: Verdict) -> None:
    assert audit_point(point(draws, text), K).verdict is verdict


def test_more_distinct_than_draws_states_both_bounds() -> None:
    finding = audit_point(point(10_000, "82%"), K)
    assert finding.law == "distinct <= min(N, K)"
    assert finding.upper == pytest.approx(10_000 / K)
    assert finding.p_value is None
    assert finding.sentence == (
        "10,000 draws show between 1 and 10,000 of 19,683 operations, at most 50.81 %, "
        "and uniform draws show 39.83 %"
    )


def test_more_than_uniform_states_the_range_and_probability() -> None:
    finding = audit_point(point(50_000, "93.0%"), K)
    assert finding.law == "distinct <= uniform draws"
    assert finding.p_value is not None
    assert finding.p_value < 1e-6
    assert finding.lower == pytest.approx(0.92116 - 3.09 * 33.4 / K, abs=2e-4)
    assert finding.upper == pytest.approx(0.92116 + 3.09 * 33.4 / K, abs=2e-4)
    assert "one run in 1,000 either way (p = 3.3e-07)" in finding.sentence


def test_less_than_uniform_states_the_efficiency() -> None:
    finding = audit_point(point(50_000, "86.3%"), K)
    assert "this is 93.69 % of the average (p < 1e-12)" in finding.sentence


def test_enumerated_molecules_of_arus_pous() -> None:
    """GDB-13: 68.9 % of 975,820,226 molecules in 2e9 draws, where the ideal is 87.1 %."""
    size = 975_820_226
    finding = audit_point(point(2 * 10**9, "68.9%", size), size)
    assert finding.verdict is Verdict.BELOW_UNIFORM
    assert finding.upper == pytest.approx(0.871, abs=5e-4)


def test_vast_spaces_are_judged_by_repeats() -> None:
    size = 2**63
    assert audit_point(point(10**6, "1000000", size), size).verdict is Verdict.NOT_ENOUGH_SAID
    assert audit_point(point(10**6, "999999", size), size).verdict is Verdict.BELOW_UNIFORM
    assert audit_point(point(10**6, "1000001", size), size).verdict is Verdict.IMPOSSIBLE


def test_shares_that_no_count_rounds_to_are_impossible() -> None:
    finding = audit_point(point(10, "50%", 3), 3)
    assert (finding.verdict, finding.law) == (Verdict.IMPOSSIBLE, "distinct is whole")
    assert finding.sentence == "no whole number of 3 operations rounds to 50%"


def test_single_operation_says_nothing() -> None:
    assert audit_point(point(5, "1", 1), 1).verdict is Verdict.NOT_ENOUGH_SAID


def test_significance_moves_the_verdict() -> None:
    claim = point(50_000, "91.7%")
    assert audit_point(claim, K, significance=0.001).verdict is Verdict.CONSISTENT
    assert audit_point(claim, K, significance=0.05).verdict is Verdict.BELOW_UNIFORM


@given(st.integers(1, 10**6), st.integers(1, 10**5), st.floats(0, 1))
def test_every_claim_gets_a_verdict_with_ordered_bounds(draws: int, size: int, share: float) -> None:
    finding = audit_point(point(draws, f"{share:.4f}", size), size)
    assert finding.lower is not None
    assert finding.upper is not None
    assert 0 < finding.lower <= finding.upper <= min(draws, size) / size


def test_simulated_uniform_runs_are_never_called_impossible() -> None:
    verdicts = []
    for seed in range(300):
        distinct = len(np.unique(np.random.default_rng(seed).integers(0, 500, 800)))
        verdicts.append(audit_point(point(800, str(distinct), 500), 500).verdict)
    assert verdicts.count(Verdict.CONSISTENT) >= 297


def test_simulated_half_support_is_found_out() -> None:
    for seed in range(50):
        distinct = len(np.unique(np.random.default_rng(seed).integers(0, 250, 400)))
        assert audit_point(point(400, str(distinct), 500), 500).verdict is Verdict.BELOW_UNIFORM


def test_no_draw_is_refused() -> None:
    with pytest.raises(MeasurementError, match="at least one draw"):
        point(0, "1%")


# Several budgets.

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


@pytest.mark.parametrize("text", ["96.3%", "97%", "98.4%"])
def test_what_the_bounds_allow_is_possible(text: str) -> None:
    assert audit_curve(curve({**PUBLISHED, 100_000: text}), K).verdict is Verdict.POSSIBLE


@pytest.mark.parametrize("text", ["94.5%", "99.3%"])
def test_what_they_do_not_is_impossible(text: str) -> None:
    assert audit_curve(curve({**PUBLISHED, 100_000: text}), K).verdict is Verdict.IMPOSSIBLE


@pytest.mark.parametrize(
    "claims",
    [
        {10_000: "38.0%", 50_000: "86.3%", 100_000: "96.9%", 195_000: "99.6%"},
        {10_000: "37.7%", 50_000: "86.6%", 100_000: "97.0%", 195_000: "99.65%"},
        {10_000: "39.83%", 50_000: "92.12%", 100_000: "99.38%", 195_000: "100%"},
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


def test_falling_within_noise_is_possible() -> None:
    assert audit_curve(curve({50_000: "92.10%", 50_500: "92.05%"}), K).verdict is Verdict.POSSIBLE


def test_two_runs_of_one_budget_are_no_curve_but_no_lie_either() -> None:
    assert audit_curve([point(50_000, "92.1%"), point(50_000, "92.0%")], K).verdict is Verdict.POSSIBLE


def test_convexity_counts_from_the_first_draw_on() -> None:
    """Two budgets suffice: at no draws nothing is seen."""
    finding = audit_curve(curve({10_000: "20%", 20_000: "60%"}), K)
    assert (finding.verdict, finding.law) == (Verdict.IMPOSSIBLE, "ln unseen is convex")


def test_single_point_is_refused() -> None:
    with pytest.raises(MeasurementError, match="at least two budgets"):
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


def test_planted_budget_swap_is_found_out() -> None:
    """Distinct counts of 195,000 draws printed beside 50,000."""
    assert audit_point(point(50_000, "99.6%"), K).verdict is Verdict.IMPOSSIBLE
