"""Claims beside coverage: each refuted with its bound, each possible where it is."""

import math

import pytest

from fluxttice_core.audit.other_claims import (
    audit_free_bits,
    audit_histogram_entropy,
    audit_sequence,
    audit_wrong_trits,
)
from fluxttice_core.audit.printed_numbers import stated_number
from fluxttice_core.audit.verdicts import Finding, Verdict
from fluxttice_core.errors import MeasurementError


def sequence(*texts: str) -> Finding:
    return audit_sequence([stated_number(text) for text in texts])


def test_fall_after_the_highest_is_found() -> None:
    finding = sequence("86.1%", *["100%"] * 12, "97.64%")
    assert (finding.verdict, finding.lower) == (Verdict.IMPOSSIBLE, 1.0)
    assert finding.sentence == "97.64% comes after 100%: the sequence falls"


@pytest.mark.parametrize(
    "texts",
    [("1%", "2%"), ("5%", "5%"), ("97.64%", "98%", "100%"), ("98%", "97.6%"), ("99.6%", "99.65%", "99.6%")],
)
def test_rises_plateaus_and_rounding_are_possible(texts: tuple[str, ...]) -> None:
    assert sequence(*texts).verdict is Verdict.POSSIBLE


def test_fall_below_an_earlier_value_than_the_last() -> None:
    assert sequence("90.0%", "99%", "98.6%", "98.4%").verdict is Verdict.IMPOSSIBLE


def test_sequence_of_one_is_refused() -> None:
    with pytest.raises(MeasurementError, match="at least two values"):
        sequence("1%")


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


def test_histogram_without_bins_is_refused() -> None:
    with pytest.raises(MeasurementError, match="at least one bin, not 0"):
        audit_histogram_entropy(stated_number("1"), 0)


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
    with pytest.raises(MeasurementError, match="more than the 19,683 tables"):
        wrong_trits([10_000, 10_000], "50%")
    with pytest.raises(MeasurementError, match="none below 0"):
        wrong_trits([-1], "50%")
    with pytest.raises(MeasurementError, match="none below 0"):
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


def test_free_bits_without_dimensions_are_refused() -> None:
    with pytest.raises(MeasurementError, match="at least one dimension, not 0"):
        audit_free_bits(stated_number("1"), stated_number(".5"), 0)
