"""Verdicts: which counts, and how numbers are written."""

from dataclasses import replace

import pytest

from fluxttice_core.audit.printed_numbers import stated_number
from fluxttice_core.audit.verdicts import (
    Bounds,
    Finding,
    Verdict,
    in_all,
    judge,
    many,
    p_text,
    percent,
    worst,
)


def finding(verdict: Verdict) -> Finding:
    return Finding("a claim", verdict, "a law", 0.1, None, "fraction", 0.5, "a reason")


def test_worst_verdict_decides() -> None:
    everything = [finding(verdict) for verdict in reversed(Verdict)]
    for verdict in reversed(Verdict):
        assert worst(everything) is Verdict.IMPOSSIBLE
        assert worst([finding(verdict), finding(Verdict.POSSIBLE)]) is verdict
    assert worst([]) is Verdict.NOT_ENOUGH_SAID


def test_findings_are_plain_in_json() -> None:
    plain = finding(Verdict.CONSISTENT).as_json()
    assert plain["verdict"] == "consistent with uniform"
    assert type(plain["verdict"]) is str
    assert list(plain) == [
        *("claim", "verdict", "law", "lower", "upper", "unit", "p_value", "sentence", "against")
    ]


def test_a_stated_law_is_called_by_its_name() -> None:
    named = [
        replace(finding(verdict), against="zipf") for verdict in (Verdict.CONSISTENT, Verdict.NOT_UNIFORM)
    ]
    assert [str(one) for one in named] == ["consistent with zipf", "not zipf"]
    assert in_all([finding(Verdict.CONSISTENT), *named]) == "not zipf"
    assert in_all([]) == "not enough said"
    assert named[1].as_json()["verdict"] == "not zipf"


ROUNDED, VAST = Bounds(0.4, 0.6, least=0.38, most=0.62), Bounds(100_000.0, 200_000.0)


@pytest.mark.parametrize(
    ("text", "bounds", "verdict"),
    [
        ("0.5", ROUNDED, Verdict.POSSIBLE),
        ("0.40", ROUNDED, Verdict.POSSIBLE),
        ("0.60", ROUNDED, Verdict.POSSIBLE),
        ("0.62", ROUNDED, Verdict.NOT_ENOUGH_SAID),
        ("0.63", ROUNDED, Verdict.IMPOSSIBLE),
        ("0.38", ROUNDED, Verdict.NOT_ENOUGH_SAID),
        ("0.37", ROUNDED, Verdict.IMPOSSIBLE),
        ("0.3..0.5", ROUNDED, Verdict.NOT_ENOUGH_SAID),
        ("0.62", Bounds(0.4, 0.6), Verdict.IMPOSSIBLE),  # which without rounding are their own limits
        ("4", Bounds(0.0, 3.912), Verdict.NOT_ENOUGH_SAID),
        ("100000", VAST, Verdict.POSSIBLE),
        ("200000", VAST, Verdict.POSSIBLE),
    ],
)
def test_bounds_decide_with_rounding_in_the_claims_favour(
    text: str, bounds: Bounds, verdict: Verdict
) -> None:
    assert judge(stated_number(text), bounds) is verdict


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.5, "50.00 %"),
        (1.0, "100.00 %"),
        (0.0, "0.00 %"),
        (0.0005, "0.05 %"),
        (0.00049, "0.049 %"),
        (2.5e-9, "2.5e-07 %"),
        (0.9995, "99.95 %"),
        (0.99951, "99.9510 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "p = 1"),
        (0.0472, "p = 0.047"),
        (3e-7, "p = 3e-07"),
        (1e-12, "p = 1e-12"),
        (0.99e-12, "p < 1e-12"),
        (0.0, "p < 1e-12"),
    ],
)
def test_probabilities(p: float, text: str) -> None:
    assert p_text(p) == text


def test_what_rounding_just_reaches_is_not_impossible() -> None:
    above, below = stated_number("200001"), stated_number("99999")
    assert judge(above, Bounds(100_000.0, 200_000.0, most=above.least)) is Verdict.NOT_ENOUGH_SAID
    assert judge(below, Bounds(100_000.0, 200_000.0, least=below.most)) is Verdict.NOT_ENOUGH_SAID
    share = stated_number("0.625")
    assert judge(share, Bounds(0.4, 0.6, most=share.least)) is Verdict.NOT_ENOUGH_SAID


def test_numbers_keep_all_digits_that_can_be_read() -> None:
    assert many(2**62 + 1) == "4,611,686,018,427,387,905"
    assert many(10**21 - 1) == ",".join(["999"] * 7)
    assert [many(size) for size in (10**21, 10**300, 4**120, 9.9999e25)] == [
        "1e21",
        "1e300",
        "1.767e72",
        "1e26",
    ]
    assert [many(mean, 1) for mean in (0.25, 1234.56)] == ["0.2", "1,234.6"]
