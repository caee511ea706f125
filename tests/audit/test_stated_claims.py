"""Claims as they were typed, from Python; what the command makes of them stands in its own test."""

import pytest

from fluxttice_core.audit.stated_claims import Claims, audit_claims
from fluxttice_core.errors import MeasurementError
from tests.refusals import refused


def test_no_claim_has_no_finding() -> None:
    assert audit_claims(Claims()) == []


def test_distinct_and_uniqueness_of_one_run_are_both_audited() -> None:
    claims = Claims(draws=["10000"], distinct=["39.8%"], uniqueness=["78.4%"])
    verdicts = [finding.verdict.value for finding in audit_claims(claims, 19_683)]
    assert verdicts == ["consistent with uniform"] * 2


@pytest.mark.parametrize("text", ["-.9", "\N{MINUS SIGN}.9"])
def test_falling_correlations_are_held_against_the_lower_bound(text: str) -> None:
    (finding,) = audit_claims(Claims(spearman=text, levels="30,70", against_levels="80,20"))
    assert finding.verdict.value == "impossible"
    assert finding.lower == pytest.approx(-0.7638, abs=1e-4)
    (finding,) = audit_claims(Claims(spearman="-.76", levels="30,70", against_levels="80,20"))
    assert finding.verdict.value == "possible"


def test_a_share_of_a_space_needs_its_size() -> None:
    with refused(MeasurementError, "missing_option", "give one, such as --space-size 19683"):
        audit_claims(Claims(draws=["10"], distinct=["82%"]))


@pytest.mark.parametrize(("distinct", "uniqueness"), [("50", "90%"), ("5.0%", "52%"), ("40", "41")])
def test_two_numbers_of_distinct_kinds_of_one_sample_are_impossible(distinct: str, uniqueness: str) -> None:
    for size in (None, 1_000) if "%" not in distinct else (1_000,):
        claims = Claims(draws=["100"], distinct=[distinct], uniqueness=[uniqueness])
        last = audit_claims(claims, size)[-1]
        assert (last.verdict.value, last.law) == ("impossible", "one number of distinct kinds")
    alike = audit_claims(Claims(draws=["100"], distinct=["50"], uniqueness=["50%"]), 1_000)
    assert len(alike) == 2


def test_uniqueness_without_draws_is_told_beside_two_sets() -> None:
    claims = Claims(distinct=["50%"], against_distinct="60%", jaccard_distance=".3", uniqueness=["90%"])
    assert next(finding.claim for finding in audit_claims(claims)) == "90% of the draws distinct"


def test_a_uniqueness_of_one_is_read_as_all_and_told_so() -> None:
    for claims in (Claims(draws=["100"], uniqueness=["1"]), Claims(correct="29", of="30", claimed="1")):
        assert "1 is read as a share, rounded from .5 or more" in audit_claims(claims)[0].sentence
    counted = Claims(draws=["100"], uniqueness=["2"])
    assert "is read as a share" not in audit_claims(counted)[0].sentence
