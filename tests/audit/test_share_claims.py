"""A share of so many cases is of a whole number of them."""

import pytest

from fluxttice_core.audit.printed_numbers import share_of_all
from fluxttice_core.audit.share_claims import audit_share
from fluxttice_core.audit.verdicts import Finding, Verdict
from fluxttice_core.errors import MeasurementError
from tests.refusals import refused


def share(text: str, cases: int, correct: int | None = None) -> Finding:
    return audit_share(share_of_all(text, cases), cases, correct)


@pytest.mark.parametrize(
    ("text", "cases", "correct", "verdict"),
    [
        (".288", 30, 11, Verdict.IMPOSSIBLE),
        ("36.7%", 30, 11, Verdict.POSSIBLE),
        (".37", 30, 11, Verdict.POSSIBLE),
        (".36", 30, 11, Verdict.IMPOSSIBLE),
        ("11", 30, 11, Verdict.POSSIBLE),
        ("12", 30, 11, Verdict.IMPOSSIBLE),
        (".288", 30, None, Verdict.IMPOSSIBLE),
        (".3", 30, None, Verdict.POSSIBLE),
        ("96.7%", 30, None, Verdict.POSSIBLE),
        ("96.8%", 30, None, Verdict.IMPOSSIBLE),
        ("1", 30, None, Verdict.POSSIBLE),
        ("0", 30, 0, Verdict.POSSIBLE),
    ],
)
def test_verdicts(text: str, cases: int, correct: int | None, verdict: Verdict) -> None:
    assert share(text, cases, correct).verdict is verdict


def test_reasons() -> None:
    assert (
        share(".288", 30, 11).sentence == "11 of 30 is 36.67 %, with 19.93 % to 56.14 % as its 95 % interval"
    )
    assert share(".288", 30).sentence == "of 30, 8 is 26.67 % and 9 is 30.00 %: none rounds to it"
    assert share(".3", 30).sentence == "8 to 10 of 30 round to it"
    assert share("96.7%", 30).sentence == "29 of 30 rounds to it"


def test_every_share_of_so_many_cases_rounds_to_itself() -> None:
    for cases in range(1, 60):
        for correct in range(cases + 1):
            assert share(f"{correct / cases:.3f}", cases, correct).verdict is Verdict.POSSIBLE


@pytest.mark.parametrize(("cases", "correct"), [(0, None), (0, 0), (30, 31)])
def test_no_share_is_refused(cases: int, correct: int | None) -> None:
    with refused(MeasurementError, "out_of_range", "is no share"):
        audit_share(share_of_all(".3", cases or 1), cases, correct)
