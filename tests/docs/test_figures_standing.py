"""Every metric between untrained and perfect: the places are those of the report."""

import dataclasses

import numpy as np
import pytest

from docs.figures_standing import place, standing_figure
from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.plot_style import encoded
from fluxttice_core.evaluation.report import Report
from tests.refusals import refused


def test_a_metric_is_placed_between_its_floor_and_its_ceiling(report: Report) -> None:
    metric = report.metric("generative_information", "a")
    assert place(metric, metric.floor.mean) == 0
    assert place(metric, metric.ceiling) == pytest.approx(1)
    assert place(metric, (metric.floor.mean + metric.ceiling) / 2) == pytest.approx(0.5)


def test_there_is_no_place_where_untrained_networks_are_perfect(report: Report) -> None:
    metric = report.metric("generative_information", "a")
    perfect = dataclasses.replace(metric.floor, mean=metric.ceiling)
    assert place(dataclasses.replace(metric, floor=perfect), 0.5) is None


def test_halves_and_controls_stand_where_the_report_puts_them(report: Report) -> None:
    axes = standing_figure(report).axes[0]
    names = [text.get_text() for text in axes.get_yticklabels()]
    height = names.index("generative information G")
    shown = {
        line.get_label(): np.ravel(line.get_xdata())
        for line in axes.get_lines()
        if np.ravel(line.get_ydata())[0] == height
    }
    metric = report.metric("generative_information", "b")
    expected = place(metric, metric.value)
    assert expected is not None
    assert list(shown["half B"]) == pytest.approx([min(max(expected, -0.35), 1.35)], rel=5e-6)
    assert list(shown["oracle"]) == pytest.approx([1], abs=0.02)
    assert {"half A", "constant decoder", "half of the space", "untrained, range"} <= shown.keys()


def test_the_figure_is_the_same_bytes_each_time_and_needs_metrics(report: Report) -> None:
    assert encoded(standing_figure(report)) == encoded(standing_figure(report))
    with refused(MeasurementError, "not_measured", "no metrics to draw"):
        standing_figure(dataclasses.replace(report, metrics=()))
