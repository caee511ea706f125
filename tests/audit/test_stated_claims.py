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
