"""Figures show what the report says, are the same bytes each time, and can be told apart without colour."""

import colorsys
import dataclasses
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from fluxttice_core.evaluation import plots as figures
from fluxttice_core.evaluation.plot_style import HALVES
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.rate_distortion import frontier_distortion
from fluxttice_core.metrics.settings import Half
from fluxttice_core.statistics.coverage import ceiling

ROUNDED = 5e-6
"""What six significant digits leave of a number."""

BOTH: tuple[Half, ...] = ("a", "b")
NAMES = {"coverage.svg", "rate_distortion.svg", "mass.svg", "latents.svg"}


def drawn(axes: Axes, label: str) -> tuple[np.ndarray, np.ndarray]:
    """The points of the one line of that name."""
    (line,) = (line for line in axes.get_lines() if line.get_label() == label)
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


@pytest.fixture(scope="module")
def files(report: Report) -> dict[str, bytes]:
    return figures.draw_plots(report)


def test_every_figure_is_drawn_as_sound_svg_without_date_or_version(files: dict[str, bytes]) -> None:
    assert set(files) == NAMES
    for data in files.values():
        assert ET.fromstring(data).tag.endswith("svg")  # noqa: S314 - our own bytes
        assert b"Matplotlib" not in data
        assert b"<dc:date>" not in data


def test_equal_reports_give_equal_bytes_whatever_the_settings_of_matplotlib(
    report: Report, files: dict[str, bytes]
) -> None:
    with mpl.rc_context({"font.size": 20, "axes.grid": False, "svg.hashsalt": "other"}):
        again = figures.draw_plots(Report.from_json(report.to_json()))
        assert mpl.rcParams["font.size"] == 20
    assert again == files


def test_coverage_stands_beside_ceiling_and_floor(report: Report) -> None:
    upper, lower = figures.coverage_plot(report).axes
    draws, shares = drawn(upper, "perfect generator")
    assert shares == pytest.approx([100 * ceiling(27, round(n)).fraction for n in draws], rel=ROUNDED)
    floor = next(c for c in upper.collections if c.get_label() == "untrained networks, range")
    edges = floor.get_paths()[0].vertices
    low = 100 * report.metric("coverage/argmax/20", "a").floor.low
    assert np.isclose(edges, [20, low], rtol=ROUNDED).all(1).any()
    for half in BOTH:
        points = [c for c in upper.containers if c.get_label() == HALVES[half].label]
        assert isinstance(points[0], ErrorbarContainer)
        shown = np.asarray(points[0].lines[0].get_ydata())
        expected = [100 * report.metric(f"coverage/argmax/{n}", half).value for n in (20, 50)]
        assert shown == pytest.approx(expected, rel=ROUNDED)
    assert lower.get_xlabel() == "draws from the prior"


def test_the_plane_shows_the_frontier_the_limit_and_the_halves(report: Report) -> None:
    plane, logarithmic = figures.rate_distortion_plot(report).axes
    rates, limit = drawn(plane, "limit R + D = H")
    assert rates + limit == pytest.approx(np.full(len(rates), report.space.log_size), rel=ROUNDED)
    rates, frontier = drawn(plane, "Gaussian frontier")
    assert frontier[100] == pytest.approx(frontier_distortion(float(rates[100]), 3), rel=ROUNDED)
    for half in BOTH:
        for axes in (plane, logarithmic):
            rate, loss = drawn(axes, HALVES[half].label)
            assert rate == pytest.approx(report.metric("rate", half).value, rel=ROUNDED)
            assert loss == pytest.approx(report.metric("distortion", half).value, rel=ROUNDED)
    assert logarithmic.get_yscale() == "log"


def test_the_sorted_mass_is_the_report_s(report: Report) -> None:
    for axes, half in zip(figures.mass_plot(report).axes, BOTH, strict=True):
        (curve,) = (c for c in report.series if c.name == "sorted_mass/argmax" and c.half == half)
        _, shown = drawn(axes, f"{HALVES[half].label}, argmax")
        assert shown == pytest.approx(curve.y, rel=ROUNDED)


def test_the_band_covers_a_uniform_generator_and_not_a_skewed_one() -> None:
    size, draws, levels = 3000, 60_000, np.linspace(0.01, 0.99, 99)
    low, high = figures.uniform_band(size, draws, levels)
    uniform, skewed = np.ones(size), np.where(np.arange(size) < size // 10, 2.0, 1.0)

    def inside(weights: np.ndarray, seed: int) -> float:
        counts = np.random.default_rng(seed).multinomial(draws, weights / weights.sum())
        quantiles = np.quantile(counts * size / draws, levels, method="inverted_cdf")
        return float(((low <= quantiles) & (quantiles <= high)).mean())

    assert np.mean([inside(uniform, seed) for seed in range(20)]) > 0.93
    assert np.mean([inside(skewed, seed) for seed in range(20)]) < 0.7


def test_every_latent_has_a_panel_with_both_halves_and_the_prior(report: Report) -> None:
    panels = [axes for axes in figures.latent_plot(report).axes if axes.get_visible()]
    assert len(panels) == 5
    for number, axes in enumerate(panels):
        assert [line.get_label() for line in axes.get_lines()] == ["prior", "half A", "half B"]
        (curve,) = (c for c in report.series if c.name == f"latent_density/{number}" and c.half == "b")
        assert drawn(axes, "half B")[1] == pytest.approx(curve.y, rel=ROUNDED)


def test_halves_differ_in_marker_stroke_and_lightness() -> None:
    a, b = HALVES["a"], HALVES["b"]
    assert a.marker != b.marker
    assert a.dashes != b.dashes
    lightness = [
        colorsys.rgb_to_hls(*(int(stroke.colour[i : i + 2], 16) / 255 for i in (1, 3, 5)))[1]
        for stroke in (a, b)
    ]
    assert abs(lightness[0] - lightness[1]) > 0.15


def test_nothing_is_drawn_of_a_report_without_the_numbers(report: Report) -> None:
    assert figures.draw_plots(dataclasses.replace(report, metrics=(), series=())) == {}


def test_a_report_of_one_half_is_drawn(report: Report) -> None:
    alone = dataclasses.replace(
        report,
        metrics=tuple(metric for metric in report.metrics if metric.half == "a"),
        series=tuple(curve for curve in report.series if curve.half == "a"),
    )
    for figure in figures.plots_of(alone).values():
        labels = {text for axes in figure.axes for text in axes.get_legend_handles_labels()[1]}
        assert any("half A" in label for label in labels)
        assert not any("half B" in label for label in labels)
