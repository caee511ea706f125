"""Claims of coverage at one budget, published, honest and simulated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.audit.coverage_claims import Point, audit_point
from fluxttice_core.audit.printed_numbers import stated_share
from fluxttice_core.audit.verdicts import Verdict
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.uniform_null import distinct_tails
from tests.refusals import refused

K = 19_683


def point(draws: int, text: str, size: int = K) -> Point:
    return Point(draws, stated_share(text, size))


@pytest.mark.parametrize(
    ("draws", "text", "verdict"),
    [
        (10_000, "82%", Verdict.IMPOSSIBLE),
        (10_000, "10001", Verdict.IMPOSSIBLE),
        (10_000, "50.8%", Verdict.IMPOSSIBLE),
        (10_000, "40.5%", Verdict.IMPOSSIBLE),
        (10_000, "39.8%", Verdict.CONSISTENT),
        (10_000, "38.0%", Verdict.NOT_UNIFORM),
        (50_000, "93.0%", Verdict.IMPOSSIBLE),
        (50_000, "93%", Verdict.CONSISTENT),  # 92.5 % would be printed so
        (50_000, "18131", Verdict.CONSISTENT),
        (50_000, "18300", Verdict.IMPOSSIBLE),
        (50_000, "99.6%", Verdict.IMPOSSIBLE),  # what 195,000 draws show
        (50_000, "91%", Verdict.NOT_UNIFORM),
        (195_000, "100%", Verdict.CONSISTENT),
        (195_000, "19683", Verdict.CONSISTENT),
        (195_000, "19676", Verdict.NOT_UNIFORM),
        (10, "10", Verdict.NOT_ENOUGH_SAID),
        (100, "100", Verdict.NOT_ENOUGH_SAID),
        (100, "0.00%", Verdict.IMPOSSIBLE),
    ],
)
def test_verdicts_on_the_ternary_kinds(draws: int, text: str, verdict: Verdict) -> None:
    assert audit_point(point(draws, text), K).verdict is verdict


def test_more_distinct_than_draws_states_both_bounds() -> None:
    finding = audit_point(point(10_000, "82%"), K)
    assert finding.law == "distinct <= min(N, K)"
    assert finding.upper == pytest.approx(10_000 / K)
    assert finding.p_value is None
    assert finding.sentence == (
        "10,000 draws show between 1 and 10,000 of 19,683 kinds, at most 50.81 %, "
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
    assert finding.verdict is Verdict.NOT_UNIFORM
    assert finding.upper == pytest.approx(0.871, abs=5e-4)


def test_vast_spaces_are_judged_by_repeats() -> None:
    size = 2**63
    assert audit_point(point(10**6, "1000000", size), size).verdict is Verdict.NOT_ENOUGH_SAID
    assert audit_point(point(10**6, "999999", size), size).verdict is Verdict.NOT_UNIFORM
    assert audit_point(point(10**6, "1000001", size), size).verdict is Verdict.IMPOSSIBLE


def test_shares_that_no_count_rounds_to_are_impossible() -> None:
    finding = audit_point(point(10, "50%", 3), 3)
    assert (finding.verdict, finding.law) == (Verdict.IMPOSSIBLE, "distinct is whole")
    assert finding.sentence == "no whole number of 3 kinds rounds to 50%"


def test_single_operation_says_nothing() -> None:
    finding = audit_point(point(5, "1", 1), 1)
    assert finding.verdict is Verdict.NOT_ENOUGH_SAID
    assert finding.sentence == "of a single kind every draw shows all there is: nothing is claimed"
    assert audit_point(point(1, "50%", 2), 2).sentence.startswith("draws from only half of the space")


def test_bounds_of_one_draw_are_one_operation() -> None:
    finding = audit_point(point(1, "1"), K)
    assert (finding.lower, finding.upper) == (1 / K, 1 / K)


def test_half_the_space_is_tried_at_the_same_significance() -> None:
    """One repeat among 300 draws fits both halves of the question; none among 3,000 does not."""
    assert audit_point(point(300, "299"), K).verdict is Verdict.NOT_ENOUGH_SAID
    finding = audit_point(point(3_000, "2785"), K)
    assert finding.verdict is Verdict.CONSISTENT


def test_significance_moves_the_verdict() -> None:
    claim = point(50_000, "91.7%")
    assert audit_point(claim, K, significance=0.001).verdict is Verdict.CONSISTENT
    assert audit_point(claim, K, significance=0.05).verdict is Verdict.NOT_UNIFORM


@given(st.integers(1, 10**6), st.integers(1, 10**5), st.floats(0, 1))
def test_every_claim_gets_a_verdict_with_ordered_bounds(draws: int, size: int, share: float) -> None:
    finding = audit_point(point(draws, f"{share:.4f}", size), size)
    assert finding.lower is not None
    assert finding.upper is not None
    assert 0 < finding.lower <= finding.upper <= min(draws, size) / size
    assert finding.p_value is None or 0 <= finding.p_value <= 1


def test_simulated_uniform_runs_are_never_called_impossible() -> None:
    verdicts = []
    for seed in range(300):
        distinct = len(np.unique(np.random.default_rng(seed).integers(0, 500, 800)))
        verdicts.append(audit_point(point(800, str(distinct), 500), 500).verdict)
    assert verdicts.count(Verdict.CONSISTENT) >= 297


def test_simulated_half_support_is_found_out() -> None:
    for seed in range(50):
        distinct = len(np.unique(np.random.default_rng(seed).integers(0, 250, 400)))
        assert audit_point(point(400, str(distinct), 500), 500).verdict is Verdict.NOT_UNIFORM


def test_no_draw_is_refused() -> None:
    with refused(MeasurementError, "too_few", "at least one draw"):
        point(0, "1%")


def test_probabilities_are_those_of_both_tails() -> None:
    """Of 4 kinds 2 draws show 2 with a chance of 3/4, else 1."""
    finding = audit_point(Point(2, stated_share("1", 4)), 4)
    assert finding.verdict is Verdict.NOT_ENOUGH_SAID
    assert finding.p_value == pytest.approx(0.5)
    tails = distinct_tails(390, 500, 800)
    finding = audit_point(Point(800, stated_share("390", 500)), 500)
    assert finding.verdict is Verdict.CONSISTENT
    assert finding.p_value == pytest.approx(2 * min(tails.at_least, tails.at_most))
    assert finding.p_value is not None
    assert 0 < finding.p_value < 1


def test_two_kinds_seen_are_more_than_half_of_them() -> None:
    assert audit_point(Point(20, stated_share("2", 2)), 2).verdict is Verdict.CONSISTENT
    assert audit_point(Point(20, stated_share("1", 1)), 1).verdict is Verdict.NOT_ENOUGH_SAID


@pytest.mark.parametrize(
    ("draws", "text", "size", "verdict"),
    [
        (10**13, "10000000000005", 10**60, Verdict.IMPOSSIBLE),
        (10**15, "999999999994600", 10**26, Verdict.NOT_UNIFORM),
        (10**15, "999999999995001", 10**26, Verdict.CONSISTENT),
        (10**15, "999999999995500", 10**26, Verdict.IMPOSSIBLE),
        (10**20, "63212055882855770000", 10**20, Verdict.CONSISTENT),
        (10**21, "632120558818557697024", 10**21, Verdict.CONSISTENT),
        (10**21, "632120558768557697024", 10**21, Verdict.NOT_UNIFORM),
    ],
)
def test_vast_counts_are_exact(draws: int, text: str, size: int, verdict: Verdict) -> None:
    """Repeats of uniform draws are Poisson of mean N^2/2K where they are few, else normal."""
    finding = audit_point(point(draws, text, size), size)
    assert finding.verdict is verdict
    assert finding.p_value is None or 0 <= finding.p_value <= 1
