"""Counts beside a law: each verdict, what it says, and what it leaves unsaid."""

import numpy as np
import pytest

from fluxttice_core.audit.fit import Ends, fit_of, without_replacement
from fluxttice_core.audit.sample_report import report_tally
from fluxttice_core.audit.verdicts import Verdict
from fluxttice_core.statistics.tally import LawTally, Tally

LAW = 1 / np.arange(1.0, 21)
LAW = LAW / LAW.sum()


def tally(*counts: int) -> Tally:
    return Tally.of_counts(np.array(counts))


def drawn(size: int, draws: int) -> Tally:
    return Tally.of_counts(np.random.default_rng(0).multinomial(draws, np.full(size, 1 / size)))


def beside(counts: np.ndarray, outside: int = 0) -> LawTally:
    return LawTally(LAW, counts, np.ones(20, dtype=np.int64), outside)


def test_an_uneven_sample_is_not_uniform_however_many_kinds_were_seen() -> None:
    fit = fit_of(tally(199, 1), 2, 0.001)
    assert fit.finding.verdict is Verdict.NOT_UNIFORM
    assert fit.finding.claim == "200 draws of 2 kinds"
    assert (
        "one kind comes more often than in uniform draws (p < 1e-12, 6 tests together)"
        in fit.finding.sentence
    )
    assert "the total variation is 0.4" in fit.finding.sentence
    assert (fit.law, fit.outside) == ("uniform", 0)


def test_a_pass_says_what_would_have_shown() -> None:
    finding = fit_of(drawn(100, 10_000), 100, 0.001).finding
    assert finding.verdict is Verdict.CONSISTENT
    assert "none of 6 tests refuses it" in finding.sentence
    assert "a total variation of 0.049 or more, spread over the kinds, would have shown with 95 %" in (
        finding.sentence
    )


def test_a_stricter_significance_shows_less() -> None:
    loose, strict = (fit_of(drawn(100, 10_000), 100, level).visible for level in (0.05, 1e-6))
    assert loose is not None
    assert strict is not None
    assert loose < 0.049 < strict


def test_too_few_draws_are_not_enough() -> None:
    finding = fit_of(drawn(19_683, 30), 19_683, 0.001).finding
    assert finding.verdict is Verdict.NOT_ENOUGH_SAID
    assert finding.sentence == "draws from only half of the kinds could look the same: draw more"


def test_a_single_kind_claims_nothing() -> None:
    fit = fit_of(tally(500), 1, 0.001)
    assert fit.finding.verdict is Verdict.NOT_ENOUGH_SAID
    assert fit.finding.sentence == "of a single kind every draw shows all there is"
    assert fit.finding.p_value is None


def test_draws_without_repeats_are_too_even_and_have_no_distance() -> None:
    fit = fit_of(Tally.of_counts(np.ones(1_000, dtype=np.int64)), 19_683, 0.001)
    assert fit.finding.verdict is Verdict.TOO_EVEN
    assert "0 draws repeat a kind where 25.0 should" in fit.finding.sentence
    assert "repeats were dropped, or kinds drawn without replacement or in turn" in fit.finding.sentence
    assert (fit.total_variation, fit.unevenness, fit.finding.lower) == (None, None, None)


def test_kinds_in_turn_are_too_even() -> None:
    finding = fit_of(Tally.of_counts(np.full(100, 30)), 100, 0.001).finding
    assert finding.verdict is Verdict.TOO_EVEN
    assert "the counts scatter less than those of uniform draws" in finding.sentence


def test_a_stated_law_is_called_by_its_name() -> None:
    generator = np.random.default_rng(1)
    own = fit_of(beside(generator.multinomial(5_000, LAW)), None, 0.001, "zipf").finding
    other = fit_of(beside(generator.multinomial(5_000, np.full(20, 0.05))), None, 0.001, "zipf").finding
    assert (str(own), str(other)) == ("consistent with zipf", "not zipf")
    assert other.claim == "5,000 draws beside zipf"
    assert "draws of zipf" in other.sentence


def test_one_draw_outside_of_the_law_refuses_it() -> None:
    counts = np.random.default_rng(1).multinomial(5_000, LAW)
    fit = fit_of(beside(counts, outside=1), None, 0.001, "zipf")
    assert (fit.finding.verdict, fit.finding.p_value, fit.outside) == (Verdict.NOT_UNIFORM, 0.0, 1)
    assert fit.unevenness is None  # which is endless
    assert fit.finding.sentence.startswith(
        "1 draws are of kinds to which zipf gives nothing; the total variation"
    )


@pytest.mark.parametrize(("inside", "lower"), [(0, 0.025 ** (1 / 50)), (1, 0.8955)])
def test_draws_outside_of_the_law_alone_refuse_it(inside: int, lower: float) -> None:
    """Nothing of the law was drawn, or a single time: Clopper and Pearson's limit of what lies outside."""
    counts = np.zeros(20, dtype=np.int64)
    counts[0] = inside
    fit = fit_of(beside(counts, outside=50), None, 0.001, "zipf")
    assert (fit.finding.verdict, fit.finding.p_value, fit.outside) == (Verdict.NOT_UNIFORM, 0.0, 50)
    assert fit.total_variation is not None
    assert (fit.total_variation.lower, fit.total_variation.upper) == pytest.approx((lower, 1.0), abs=5e-4)
    assert fit.visible is None


def test_what_was_never_drawn_is_not_among_what_was_drawn_most() -> None:
    ends = Ends(most=[("a", 2, 1 / 10), ("b", 0, 1 / 10)], least=[("b", 0, 1 / 10), ("a", 2, 1 / 10)])
    fit = fit_of(beside(np.zeros(20, dtype=np.int64), outside=50), None, 0.001, ends=ends)
    assert [name for name, _, _ in fit.most] == ["a"]
    assert [name for name, _, _ in fit.least] == ["b", "a"]


def test_named_kinds_stand_beside_what_the_law_says() -> None:
    ends = Ends(most=[("CCO", 150, 1 / 100)], least=[("C", 0, 1 / 100)])
    fit = fit_of(drawn(100, 2_000), 100, 0.001, ends=ends)
    (name, count, ratio), (_, _, rare) = fit.most[0], fit.least[0]
    assert (name, count) == ("CCO", 150)
    assert ratio.estimate == pytest.approx(7.5)
    assert ratio.lower > 1 > rare.upper


@pytest.mark.parametrize(
    ("counts", "size", "verdict", "words"),
    [
        ((1, 2, 3), 9, Verdict.IMPOSSIBLE, "2 kinds were drawn more than once"),
        ((1, 1, 1), 2, Verdict.IMPOSSIBLE, "there are only 2 kinds to draw"),
        ((1, 1, 1), 3, Verdict.CONSISTENT, "all 3 kinds were drawn, each once"),
        ((1, 1, 1), 9, Verdict.NOT_ENOUGH_SAID, "counts do not say how it chooses"),
        ((1, 1, 1), None, Verdict.NOT_ENOUGH_SAID, "counts do not say how it chooses"),
    ],
)
def test_draws_without_replacement_are_taken_for_what_they_are(
    counts: tuple[int, ...], size: int | None, verdict: Verdict, words: str
) -> None:
    finding = without_replacement(tally(*counts), size)
    assert finding.verdict is verdict
    assert words in finding.sentence
    report = report_tally(tally(*counts), size=size, once_each=True)
    assert (report.finding, report.fit) == (finding, None)


def test_a_report_holds_draws_against_the_law_that_is_stated() -> None:
    counts = np.random.default_rng(1).multinomial(5_000, LAW)
    report = report_tally(Tally.of_counts(counts), size=20, law=beside(counts), law_name="zipf")
    assert str(report.finding) == "consistent with zipf"
    assert report.fit is not None
    plain = report.as_json()
    assert plain["fit"]["law"] == "zipf"
    assert "finding" not in plain["fit"]
    assert plain["finding"]["verdict"] == "consistent with zipf"
