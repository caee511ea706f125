"""Claims beside coverage: each refuted with its bound, each possible where it is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.audit.other_claims import (
    audit_distance_and_union,
    audit_free_bits,
    audit_histogram_entropy,
    audit_jaccard_distance,
    audit_sequence,
    audit_union,
    audit_wrong_trits,
)
from fluxttice_core.audit.printed_numbers import Stated, stated_number, stated_share
from fluxttice_core.audit.verdicts import Finding, Verdict
from fluxttice_core.errors import MeasurementError
from tests.refusals import refused


def sequence(*texts: str) -> Finding:
    return audit_sequence([stated_number(text) for text in texts])


def test_fall_after_the_highest_is_found() -> None:
    finding = sequence("86.1%", *["100%"] * 12, "97.64%")
    assert (finding.verdict, finding.lower) == (Verdict.IMPOSSIBLE, 1.0)
    assert finding.sentence == "97.64% comes after 100%: the sequence falls"
    assert sequence("90.0%", "99%", "98.6%", "98.4%").verdict is Verdict.IMPOSSIBLE


@pytest.mark.parametrize(
    "texts",
    [("1%", "2%"), ("5%", "5%"), ("97.64%", "98%", "100%"), ("98%", "97.6%"), ("99.6%", "99.65%", "99.6%")],
)
def test_rises_plateaus_and_rounding_are_possible(texts: tuple[str, ...]) -> None:
    assert sequence(*texts).verdict is Verdict.POSSIBLE


@pytest.mark.parametrize(
    ("entropy", "verdict"),
    [
        ("4.0", Verdict.IMPOSSIBLE),
        ("2.0..4.0", Verdict.NOT_ENOUGH_SAID),
        ("3.912", Verdict.POSSIBLE),
        ("3.9", Verdict.POSSIBLE),
        ("4", Verdict.NOT_ENOUGH_SAID),
        ("3.95..4.0", Verdict.IMPOSSIBLE),
    ],
)
def test_entropy_of_fifty_bins(entropy: str, verdict: Verdict) -> None:
    finding = audit_histogram_entropy(stated_number(entropy), 50)
    assert finding.verdict is verdict
    assert finding.upper == pytest.approx(math.log(50))
    assert finding.sentence == "a histogram of 50 bins has at most ln 50 = 3.912 nats"


def wrong_trits(counts: list[int], share: str) -> Finding:
    return audit_wrong_trits(counts, stated_number(share), 19_683)


@pytest.mark.parametrize(
    ("share", "verdict"),
    [
        ("67.9%", Verdict.IMPOSSIBLE),
        ("82%", Verdict.IMPOSSIBLE),
        ("83%", Verdict.POSSIBLE),
        ("82.8%", Verdict.POSSIBLE),
        ("82.81%", Verdict.IMPOSSIBLE),
    ],
)
def test_share_of_wrong_trits(share: str, verdict: Verdict) -> None:
    finding = wrong_trits([2_926, 6_776, 6_596], share)
    assert finding.verdict is verdict
    assert finding.sentence == "2,926 + 6,776 + 6,596 of 19,683 is 82.80 %"
    assert finding.claim == f"{share} of tables with at most 2 wrong trits"


def test_impossible_histograms_are_refused() -> None:
    with refused(MeasurementError, "contradictory", "more than the 19,683 tables"):
        wrong_trits([10_000, 10_000], "50%")
    with refused(MeasurementError, "malformed", "none below 0"):
        wrong_trits([-1], "50%")
    with refused(MeasurementError, "malformed"):
        wrong_trits([], "50%")


@pytest.mark.parametrize(
    ("kl", "verdict"),
    [
        (".3..1.0", Verdict.IMPOSSIBLE),
        ("7.2", Verdict.NOT_ENOUGH_SAID),
        ("8.0", Verdict.POSSIBLE),
        ("9.5", Verdict.POSSIBLE),
        ("7.5..9.5", Verdict.NOT_ENOUGH_SAID),
        ("7.0", Verdict.IMPOSSIBLE),
    ],
)
def test_free_bits(kl: str, verdict: Verdict) -> None:
    finding = audit_free_bits(stated_number(kl), stated_number(".5"), 16)
    assert finding.verdict is verdict
    assert (finding.lower, finding.upper) == (8.0, None)


def test_claims_about_nothing_are_refused() -> None:
    with refused(MeasurementError, "too_few", "at least two values"):
        sequence("1%")
    with refused(MeasurementError, "out_of_range", "at least one bin, not 0"):
        audit_histogram_entropy(stated_number("1"), 0)
    with refused(MeasurementError, "out_of_range", "at least one dimension, not 0"):
        audit_free_bits(stated_number("1"), stated_number(".5"), 0)
    with refused(MeasurementError, "undefined", "two empty sets", "give shares above 0"):
        apart("0%", "0%", "0.5")
    with refused(MeasurementError, "undefined", "two empty sets", "give a union above 0"):
        together("0%", "0%", "0", "0%")


def apart(first: str, second: str, distance: str) -> Finding:
    return audit_jaccard_distance(stated_number(first), stated_number(second), stated_number(distance))


def test_published_distance_is_refuted_with_its_bound() -> None:
    finding = apart("97.64%", "97.67%", ".89...91")
    assert finding.verdict is Verdict.IMPOSSIBLE
    assert finding.upper == pytest.approx(0.0469)
    assert finding.lower == pytest.approx(1 - 0.9764 / 0.9767)
    assert finding.sentence == (
        "sets of 97.64% and 97.67% of one space lie between 0.000 and 0.047 apart; 0.046 if independent"
    )


@pytest.mark.parametrize(
    ("first", "second", "distance", "verdict"),
    [
        ("97.64%", "97.67%", ".046", Verdict.POSSIBLE),
        ("97.64%", "97.67%", ".0469", Verdict.POSSIBLE),
        ("97.64%", "97.67%", ".04695", Verdict.NOT_ENOUGH_SAID),  # at face value .0469 is the most
        ("97.64%", "97.67%", ".047", Verdict.NOT_ENOUGH_SAID),  # .0465 would be printed so
        ("97.64%", "97.67%", ".0471", Verdict.IMPOSSIBLE),
        ("97.64%", "97.67%", ".048", Verdict.IMPOSSIBLE),
        ("97.64%", "97.67%", ".03...06", Verdict.NOT_ENOUGH_SAID),
        ("97.64%", "97.67%", ".00025", Verdict.NOT_ENOUGH_SAID),  # at face value .00031 is the least
        ("97.64%", "97.67%", ".00019", Verdict.IMPOSSIBLE),
        ("97.64%", "97.67%", "0", Verdict.NOT_ENOUGH_SAID),
        ("97.64%", "97.67%", "0.0000", Verdict.IMPOSSIBLE),
        ("50%", "50%", "0.0", Verdict.POSSIBLE),
        ("50%", "50%", "1.0", Verdict.POSSIBLE),
        ("50%", "50.4%", "0.0", Verdict.NOT_ENOUGH_SAID),
        ("50%", "60%", "0.00", Verdict.IMPOSSIBLE),
        ("20%", "30%", "1.0", Verdict.POSSIBLE),
        ("20%", "30%", "1.2", Verdict.IMPOSSIBLE),
    ],
)
def test_distances_with_rounding_in_their_favour(
    first: str, second: str, distance: str, verdict: Verdict
) -> None:
    assert apart(first, second, distance).verdict is verdict


def test_bounds_of_equal_and_of_disjoint_sets() -> None:
    assert apart("50%", "50%", "0.0").lower == 0.0
    assert apart("20%", "30%", "1.0").upper == 1.0


def exactly(value: float) -> Stated:
    return Stated(f"{value:.6f}", value, value, value, value)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_true_sets_are_possible(seed: int, first_share: float, second_share: float) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.random(50) < first_share, generator.random(50) < second_share
    first[0] = True
    shares = exactly(float(first.mean())), exactly(float(second.mean()))
    union = float(np.mean(first | second))
    distance = 1 - float(np.sum(first & second) / np.sum(first | second))
    assert audit_jaccard_distance(*shares, exactly(distance)).verdict is Verdict.POSSIBLE
    assert audit_union(*shares, exactly(union)).verdict is Verdict.POSSIBLE
    together = audit_distance_and_union(*shares, exactly(distance), exactly(union))
    assert together.verdict is Verdict.POSSIBLE
    assert together.lower == together.upper == pytest.approx(distance)
    off = exactly(distance + 1e-6)
    assert audit_distance_and_union(*shares, off, exactly(union)).verdict is Verdict.IMPOSSIBLE


@pytest.mark.parametrize(
    ("first", "second", "union", "verdict", "bounds"),
    [
        ("86.3%", "86.6%", "86.6%", Verdict.POSSIBLE, (0.866, 1.0)),
        ("86.3%", "86.6%", "98.2%", Verdict.POSSIBLE, (0.866, 1.0)),
        ("86.3%", "86.6%", "100%", Verdict.POSSIBLE, (0.866, 1.0)),
        ("86.3%", "86.6%", "86.5%", Verdict.NOT_ENOUGH_SAID, (0.866, 1.0)),
        ("86.3%", "86.6%", "85%", Verdict.IMPOSSIBLE, (0.866, 1.0)),
        ("70%", "60%", "99%", Verdict.POSSIBLE, (0.7, 1.0)),
        ("70%", "60%", "105%", Verdict.IMPOSSIBLE, (0.7, 1.0)),
        ("10%", "20%", "35%", Verdict.IMPOSSIBLE, (0.2, 0.3)),
    ],
)
def test_unions(first: str, second: str, union: str, verdict: Verdict, bounds: tuple[float, float]) -> None:
    finding = audit_union(*map(stated_number, (first, second, union)))
    assert finding.verdict is verdict
    assert (finding.lower, finding.upper) == pytest.approx(bounds)


def test_a_union_is_refuted_in_words() -> None:
    finding = audit_union(stated_number("10%"), stated_number("20%"), stated_number("35%"))
    assert finding.sentence == "sets of 10% and 20% cover 20.00 % at least and 30.00 % at most"


def together(first: str, second: str, distance: str, union: str) -> Finding:
    return audit_distance_and_union(*map(stated_number, (first, second, distance, union)))


@pytest.mark.parametrize(
    ("distance", "verdict"),
    [
        (".222", Verdict.POSSIBLE),
        (".22", Verdict.POSSIBLE),
        (".2...3", Verdict.POSSIBLE),
        (".223", Verdict.NOT_ENOUGH_SAID),
        (".221", Verdict.NOT_ENOUGH_SAID),
        (".243", Verdict.NOT_ENOUGH_SAID),
        (".2432", Verdict.IMPOSSIBLE),
        (".2010", Verdict.IMPOSSIBLE),
        (".2012", Verdict.NOT_ENOUGH_SAID),
        (".05", Verdict.IMPOSSIBLE),
    ],
)
def test_distance_beside_a_union(distance: str, verdict: Verdict) -> None:
    """They may be 80.5, 80.5 and 89.5 %, which lie .2011 apart, or 79.5, 79.5 and 90.5 %, .2431."""
    finding = together("80%", "80%", distance, "90%")
    assert finding.verdict is verdict
    assert finding.lower == finding.upper == pytest.approx(2 / 9)
    assert finding.claim == f"sets of 80% and 80% with a union of 90% at a Jaccard distance of {distance}"
    assert finding.sentence == "sets of 80% and 80% with a union of 90% are 0.222 apart"
    assert (finding.law, finding.unit, finding.p_value) == ("distance = (2u - a - b) / u", "fraction", None)


def test_ranges_of_sets_leave_a_range_of_distances() -> None:
    finding = together("70%..80%", "80%", ".3", "90%")
    assert (finding.lower, finding.upper) == pytest.approx((2 / 9, 1 / 3))
    assert finding.sentence.endswith("are 0.222 to 0.333 apart")
    assert finding.verdict is Verdict.POSSIBLE


def test_distance_beside_a_union_stays_a_distance() -> None:
    assert together("90%", "90%", "0", "50%").lower == 0
    assert together("10%", "0%", ".5", "30%").upper == 1
    assert together("0.1%", "0.1%", ".5", "0..1%").lower == 0


def test_both_shares_are_read_aloud_where_they_could_be_percent() -> None:
    first, second = stated_share("82", 19_683), stated_share("81", 19_683)
    sentence = audit_jaccard_distance(first, second, stated_number("0.5")).sentence
    assert "82 is read as a count of 82" in sentence
    assert "81 is read as a count of 81" in sentence
