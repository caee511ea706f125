"""Draws beside a known set and a training set, against what ideal samplers of them show."""

import numpy as np
import pytest

from fluxttice_core.audit.reference_set import Beside, ReferenceReport, report_novelty, report_reference
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.tally import Tally
from tests.refusals import refused

R = 500


def tally(counts: np.ndarray) -> Tally:
    return Tally.of_counts(counts)


def interval(beside: Beside | None) -> Interval:
    """The interval of a figure of independent draws."""
    assert beside is not None
    assert isinstance(beside.figure, Interval)
    return beside.figure


def drawn(generator: np.random.Generator, shares: np.ndarray, draws: int) -> ReferenceReport:
    """Beside the first 500 kinds, all others lying outside."""
    counts = generator.multinomial(draws, shares)
    return report_reference(tally(counts[:R]), draws, R)


def test_known_figures_of_a_generator_of_molecules() -> None:
    """68.9 % of 975,820,226 molecules in 2e9 draws are 79 % of what an ideal sampler would show."""
    size, draws = 975_820_226, 2 * 10**9
    seen = round(0.689 * size)
    inside = Tally(np.array([1, 4]), np.array([seen - 300_000_000, 300_000_000]))
    report = report_reference(inside, draws, size)
    assert report.coverage.ideal == pytest.approx(0.871, abs=5e-4)
    assert interval(report.completeness).estimate == pytest.approx(0.791, abs=5e-4)
    assert interval(report.closedness).estimate == pytest.approx(inside.draws / draws)


IDEAL = np.full(R, 1 / R)
LEAKING = np.r_[np.full(R, 0.8 / R), 0.2]
UNEVEN = np.r_[np.random.default_rng(0).exponential(size=R), 100.0]
UNEVEN /= UNEVEN.sum()


@pytest.mark.parametrize("shares", [IDEAL, LEAKING, UNEVEN])
@pytest.mark.parametrize("draws", [300, 2_000])
def test_intervals_hold_the_truth(shares: np.ndarray, draws: int) -> None:
    """At least as often as they say: of few draws the evenness of equal kinds, and coverage, more often."""
    inside = shares[:R]
    closed = min(float(inside.sum()), 1.0)
    truth = {
        "coverage": float((1 - (1 - inside) ** draws).mean()),
        "closedness": closed,
        "outside": 1 - closed,
        "uniformity": min(float(closed**2 / (inside**2).sum() / R), 1.0),
    }
    generator = np.random.default_rng(1)
    reports = [drawn(generator, shares, draws) for _ in range(200)]
    for name, value in truth.items():
        held = np.mean([getattr(report, name).figure.contains(value) for report in reports])
        assert held >= 0.92 - 2 * (0.92 * 0.08 / 200) ** 0.5, name
    ucc = truth["uniformity"] * truth["coverage"] / (reports[0].coverage.ideal or 0) * closed
    assert (
        np.mean([report.ucc is not None and interval(report.ucc).contains(ucc) for report in reports]) >= 0.95
    )


def test_an_ideal_sampler_reaches_its_ceilings_and_a_narrow_one_does_not() -> None:
    generator = np.random.default_rng(2)
    ideal = drawn(generator, IDEAL, 2_000)
    for figure in (ideal.completeness, ideal.closedness, ideal.uniformity, ideal.ucc):
        assert figure is not None
        assert figure.ideal == 1
        assert interval(figure).lower <= 1 <= interval(figure).upper
    narrow = drawn(generator, np.r_[np.full(R // 2, 2 / R), np.zeros(R // 2)], 2_000)
    for beside in (narrow.completeness, narrow.uniformity):
        assert beside is not None
        assert interval(beside).upper < 0.6


def test_draws_outside_alone_and_without_repeats() -> None:
    nothing = report_reference(tally(np.zeros(0, dtype=np.int64)), 100, R)
    assert (interval(nothing.coverage).estimate, interval(nothing.outside).estimate) == (0, 1)
    assert interval(nothing.coverage).upper > 0
    assert nothing.uniformity is nothing.ucc is None
    assert nothing.as_json()["uniformity"] is None
    assert report_reference(tally(np.ones(5, dtype=np.int64)), 5, R).uniformity is None


def test_novelty_beside_an_ideal_sampler() -> None:
    """An ideal sampler of 500 kinds, trained on 100 of them, is new in four draws of five."""
    generator = np.random.default_rng(3)
    held = []
    for _ in range(200):
        counts = generator.multinomial(2_000, IDEAL)
        report = report_novelty(tally(counts[:100]), tally(counts), 100, R)
        assert report.novel.ideal == 0.8
        held.append([interval(report.novel).contains(0.8), interval(report.novel_kinds).contains(0.8)])
    assert np.mean(held, axis=0).min() >= 0.92
    assert report_novelty(tally(counts[:100]), tally(counts), 100).novel.ideal is None
    half = report_novelty(tally(counts[:100]), tally(counts), 1_000, R, held=100)
    assert (half.size, half.novel.ideal, half.novel_kinds.ideal) == (1_000, 0.8, 0.8)
    copied = report_novelty(tally(counts[:100]), tally(counts[:100]), 100, R)
    assert interval(copied.novel).upper < 0.01


def test_what_contradicts_itself_is_refused() -> None:
    ten = tally(np.full(10, 2))
    for draws, size in ((19, R), (0, R), (20, 9)):
        with refused(MeasurementError, "contradictory", "give all draws"):
            report_reference(ten, draws, size)
    with refused(MeasurementError, "contradictory", "a space that holds the training set"):
        report_novelty(ten, ten, 100, 50)
    with refused(MeasurementError, "contradictory", "a space that holds the training set"):
        report_novelty(ten, ten, 100, 500, held=101)
    with refused(MeasurementError, "contradictory"):
        report_novelty(ten, tally(np.full(5, 2)), 100, 500)
    drawn = tally(np.full(60, 2))
    with refused(MeasurementError, "contradictory", "the 100 of the training set and 50 others"):
        report_novelty(ten, drawn, 100, 149)
    assert report_novelty(ten, drawn, 100, 150).novel.ideal == pytest.approx(1 / 3)


def test_without_replacement_nothing_is_told_that_holds_of_independent_draws() -> None:
    inside = tally(np.ones(3, dtype=np.int64))
    report = report_reference(inside, 5, 12, once_each=True)
    assert (report.coverage, report.closedness) == (Beside(0.25, None), Beside(0.6, None))
    assert report.outside == Beside(0.4, None)
    assert report.completeness is report.uniformity is report.ucc is None
    novel = report_novelty(inside, tally(np.ones(5, dtype=np.int64)), 4, 16, once_each=True)
    assert novel.novel == novel.novel_kinds == Beside(0.4, 0.75)
