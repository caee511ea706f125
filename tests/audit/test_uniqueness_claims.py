"""Uniqueness: distinct kinds over draws, of a space of known size and without one."""

import pytest

from fluxttice_core.audit.coverage_claims import Point, audit_point
from fluxttice_core.audit.curve_claims import audit_curve
from fluxttice_core.audit.printed_numbers import stated_number, stated_share
from fluxttice_core.audit.space_sizes import space_size
from fluxttice_core.audit.uniqueness_claims import audit_uniqueness
from fluxttice_core.audit.verdicts import Verdict


def unique(draws: int, text: str) -> Point:
    return Point(draws, stated_share(text, draws), of_draws=True)


def test_an_unknown_space_is_implied() -> None:
    finding = audit_uniqueness(unique(5_000, "97.3%"))
    assert finding.verdict is Verdict.POSSIBLE
    assert finding.implied_size == pytest.approx(90_900, rel=1e-3)
    limits = [finding.as_json()[f"implied_{end}"] for end in ("least", "most")]
    assert limits == pytest.approx([76_004, 109_938], rel=1e-3)
    assert finding.sentence == (
        "90,900 (95 % interval 76,000 to 110,000) equally likely kinds would show it; were they less equal, "
        "there would be more"
    )


def test_rounding_leaves_more_open_than_a_count() -> None:
    rounded, counted = (audit_uniqueness(unique(5_000, text)) for text in ("97.3%", "4865"))
    assert (rounded.implied_least or 0) < (counted.implied_least or 0)
    assert (counted.implied_most or 0) < (rounded.implied_most or 0)


def test_without_a_repeat_the_space_has_no_upper_limit() -> None:
    finding = audit_uniqueness(unique(5_000, "5000"))
    assert (finding.implied_size, finding.implied_most) == (None, None)
    assert finding.sentence.startswith("3,380,000 or more (95 % interval) equally likely kinds")


@pytest.mark.parametrize("text", ["45%", "0.00%"])
def test_no_whole_count_is_impossible(text: str) -> None:
    finding = audit_uniqueness(unique(3, text))
    assert (finding.verdict, finding.implied_size) == (Verdict.IMPOSSIBLE, None)
    assert finding.sentence == f"no number of distinct kinds from 1 to 3 is {text} of 3 draws"


def test_a_known_space_caps_uniqueness() -> None:
    finding = audit_point(unique(5_000, "97.3%"), 4**8)
    assert finding.verdict is Verdict.IMPOSSIBLE
    assert "uniform draws show 96.28 % on average, 95.46 % to 97.06 % but" in finding.sentence
    assert finding.upper == pytest.approx(0.9706)
    assert audit_point(unique(5_000, "96%"), 4**8).verdict is Verdict.CONSISTENT
    assert audit_point(unique(5_000, "90%"), 4**8).verdict is Verdict.NOT_UNIFORM
    beyond = audit_point(unique(5_000, "97.3%"), 100)
    assert beyond.sentence == (
        "5,000 draws show between 1 and 100 of 100 kinds, at most 2.00 %, and uniform draws show 2.00 % of "
        "the draws"
    )
    assert audit_point(unique(3, "50%"), 100).sentence == "no whole number of 3 draws rounds to 50%"


def test_what_is_impossible_as_coverage_but_not_as_uniqueness_is_told_so() -> None:
    as_coverage = Point(5_000, stated_share("96%", 4**8))
    told = "as a share of the draws it would be consistent with uniform: write --uniqueness 96%"
    assert audit_point(as_coverage, 4**8).sentence.endswith(told)
    for text in ("97.3%", "4900"):
        sentence = audit_point(Point(5_000, stated_share(text, 4**8)), 4**8).sentence
        assert "--uniqueness" not in sentence, "impossible either way, or a count"


def test_counts_are_told_where_percents_are_all_alike() -> None:
    size = 975_820_226
    sentence = audit_point(Point(2 * 10**9, stated_share("68.9%", size)), size).sentence
    assert "show 850,142,547 on average, 850,115,550 to 850,169,542 but" in sentence
    vast = audit_point(Point(10**6, stated_share("999999", 10**60)), 10**60)
    assert vast.sentence.startswith("uniform draws show 1,000,000 on average, 1,000,000 to 1,000,000 but")


@pytest.mark.parametrize(("space", "draws"), [("peptide:120", 100_000), ("dna:250", 5_000), ("1e300", 10**9)])
def test_in_a_space_beyond_counting_all_distinct_is_what_uniform_draws_show(space: str, draws: int) -> None:
    size = space_size(space)
    assert audit_point(Point(draws, stated_number("100%"), of_draws=True), size).verdict is not (
        Verdict.IMPOSSIBLE
    )
    assert audit_point(Point(draws, stated_share(str(draws), size)), size).verdict is Verdict.NOT_ENOUGH_SAID
    repeated = audit_point(Point(draws, stated_share(str(draws - 1), size)), size)
    assert repeated.verdict is Verdict.NOT_UNIFORM
    assert repeated.p_value == pytest.approx(draws * (draws - 1) / 2 / size, rel=1e-6, abs=0)


def test_uniqueness_at_several_budgets_is_of_one_generator() -> None:
    """Twice the draws show at most twice the kinds."""
    rising = [unique(10_000, "5000"), unique(20_000, "12000")]
    finding = audit_curve(rising, None)
    assert finding.verdict is Verdict.IMPOSSIBLE
    assert "beside the other points, 6,000 to 12,000 is what one generator can show" in finding.sentence
    assert "not 5,000 (ln unseen is convex" in finding.sentence
    assert audit_curve([unique(10_000, "5000"), unique(20_000, "9000")], None).verdict is Verdict.POSSIBLE
    assert audit_curve([unique(10_000, "5000"), unique(20_000, "4000")], None).verdict is Verdict.IMPOSSIBLE
