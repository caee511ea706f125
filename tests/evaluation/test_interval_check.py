"""An interval that does not follow from the repeats or the error beside it is found, whatever the figure."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluxttice_core.evaluation.interval_check import wrong_intervals
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.statistics.intervals import Interval, coverage_interval
from tests.evaluation.conftest import changed


@pytest.fixture(scope="module")
def report(small_certificate: Path) -> Report:
    return Report.from_plain(json.loads((small_certificate / "report.json").read_text()))


def widened(figure: Figure) -> Figure:
    assert figure.interval is not None
    wider = replace(figure.interval, lower=figure.interval.lower - 0.01, upper=figure.interval.upper + 0.01)
    return replace(figure, interval=wider)


def test_a_report_as_measured_holds(report: Report) -> None:
    assert list(wrong_intervals(report)) == []


def test_every_sampled_figure_s_interval_is_tied(report: Report) -> None:
    sampled = {m.quantity for m in report.metrics if m.figure.interval and math.isfinite(m.figure.low)}
    assert len(sampled) > 20
    for quantity in sampled:
        found = list(wrong_intervals(changed(report, quantity, widened)))
        assert f"the interval of {quantity} does not follow from its repeats or its error" in found


def with_impossible_repeats(figure: Figure) -> Figure:
    return replace(figure, samples=(float("inf"), -1.0), repeats=2)


@pytest.mark.parametrize(
    ("quantity", "change"),
    [
        ("nll", lambda f: replace(f, interval=f.interval and replace(f.interval, level=0.9))),
        ("nll", lambda f: replace(f, value=f.value + 1e-3)),
        ("coverage/argmax/50000", with_impossible_repeats),
        ("table_accuracy/draw/train", with_impossible_repeats),
    ],
)
def test_level_value_and_repeats_count(
    report: Report, quantity: str, change: Callable[[Figure], Figure]
) -> None:
    assert list(wrong_intervals(changed(report, quantity, change)))


def test_repeats_cannot_be_left_out(report: Report) -> None:
    """The best of the repeats alone, with the interval that would be its own."""

    def best(figure: Figure) -> Figure:
        kept = sorted(figure.samples)[-1:]
        size = report.space.size
        interval = coverage_interval(np.array([round(share * size) for share in kept]), size)
        return replace(figure, value=interval.estimate, interval=interval, samples=tuple(kept), repeats=1)

    quantity = "coverage/argmax/50000"
    found = list(wrong_intervals(changed(report, quantity, best)))
    due = report.settings.repeats_of(50_000)
    assert f"{quantity} is of 1 repeats, and its settings ask for {due}" in found


def test_no_drawn_accuracy_is_of_fewer_repeats_than_were_asked_for(report: Report) -> None:
    there = report.settings.posterior_repeats
    settings = report.settings.model_copy(update={"posterior_repeats": there + 1})
    found = list(wrong_intervals(replace(report, settings=settings)))
    drawn = [metric.quantity for metric in report.metrics if "/draw/" in metric.quantity]
    assert len(drawn) > 8
    assert found == [
        f"{quantity} is of {there} repeats, and its settings ask for {there + 1}" for quantity in drawn
    ]


def test_an_exact_figure_has_neither_error_nor_repeats(report: Report) -> None:
    found = list(wrong_intervals(changed(report, "rate", lambda f: replace(f, error=0.1))))
    assert found == ["rate is exact, and has an error or repeats"] * 2


def test_an_efficiency_needs_the_coverage_that_it_is_of(report: Report) -> None:
    metrics = tuple(m for m in report.metrics if not m.quantity.startswith("coverage/"))
    assert any("efficiency" in sentence for sentence in wrong_intervals(replace(report, metrics=metrics)))


def test_an_infinite_figure_lies_in_an_infinite_interval(report: Report) -> None:
    infinite = float("inf")
    interval = Interval(infinite, infinite, infinite, 0.95, "infinite")
    endless = changed(report, "nll", lambda f: replace(f, value=infinite, error=infinite, interval=interval))
    assert list(wrong_intervals(endless)) == []
