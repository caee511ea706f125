"""Figures of a report: its reach, codes, distribution and latents, each beside what perfect would be."""

import math
from collections.abc import Callable, Collection

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from fluxttice_core.evaluation.plot_style import BAND, CEILING, FLOOR, HALVES, encoded, new_figure, styled
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.metric import Metric, Series
from fluxttice_core.metrics.rate_distortion import frontier_curve
from fluxttice_core.metrics.reach_frontier import reach_frontier
from fluxttice_core.metrics.settings import Half
from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.coverage import ceiling

_PER_ROW = 4
_LEVEL = 0.95


def draw_plots(report: Report) -> dict[str, bytes]:
    """Every figure that the report has the numbers for, as the bytes of an SVG by the name of the file."""
    return {name: encoded(figure) for name, figure in plots_of(report).items()}


def plots_of(report: Report, names: Collection[str] | None = None) -> dict[str, Figure]:
    """Figures that the report has the numbers for, by the name of the file; without names, every one."""
    figures: tuple[tuple[str, Callable[[Report], Figure], Callable[[Report], bool]], ...] = (
        ("coverage.svg", coverage_plot, lambda report: bool(_budgets(report))),
        ("rate_distortion.svg", rate_distortion_plot, _has_codes),
        ("mass.svg", mass_plot, lambda report: bool(_curves(report, "sorted_mass/argmax"))),
        ("latents.svg", latent_plot, lambda report: bool(_curves(report, "latent_density/0"))),
    )
    wanted = [figure for figure in figures if names is None or figure[0] in names]
    return {name: draw(report) for name, draw, applies in wanted if applies(report)}


@styled
def coverage_plot(report: Report) -> Figure:
    """Distinct operations against draws: the ceiling, the floor and the model, and their ratio below."""
    budgets = _budgets(report)
    figure = new_figure(6.4, 5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    curve = np.geomspace(min(budgets) / 1.6, max(budgets) * 1.3, 200)
    size, nouns = report.space.size, report.space.nouns
    upper.plot(
        curve, [100 * ceiling(size, round(n)).fraction for n in curve], label=CEILING.label, **CEILING.line()
    )
    floors = [report.metric(f"coverage/argmax/{n}", report.halves[0]).floor for n in budgets]
    lows, highs = [100 * floor.low for floor in floors], [100 * floor.high for floor in floors]
    upper.fill_between(budgets, lows, highs, color=BAND, label=f"{FLOOR.label}, range")
    for half in report.halves:
        _points(upper, [report.metric(f"coverage/argmax/{n}", half) for n in budgets], half, 100.0)
        _points(lower, [report.metric(f"efficiency/argmax/{n}", half) for n in budgets], half, 1.0)
    _perfect_range(lower, report, budgets)
    upper.set(xscale="log", ylim=(0, 103), ylabel=nouns.own("operations seen by argmax, %"))
    upper.set_title(nouns.own(f"Reach of the prior: distinct operations among {size:,}"), loc="left")
    lower.set(xlabel="draws from the prior", ylabel="seen / expected\nof a perfect generator")
    lower.ticklabel_format(axis="y", useOffset=False)
    lower.set_xticks(budgets, [f"{n:,}" for n in budgets])
    lower.minorticks_off()
    upper.legend(loc="center right")
    lower.legend(loc="best")
    return figure


@styled
def rate_distortion_plot(report: Report) -> Figure:
    """Rate and distortion of each half: the limit R + D = H, the Gaussian frontiers, and the controls.

    The left panel shows the whole plane, the right one the halves with distortion on a logarithmic scale.
    """
    figure = new_figure(6.8, 3.5)
    left, right = figure.subplots(1, 2)
    nats = report.space.log_size
    rates = [report.metric("rate", half).value for half in report.halves]
    losses = [report.metric("distortion", half).value for half in report.halves]
    widest = max(1.25 * max(rates), 1.3 * nats)
    for axes in (left, right):
        _limits(axes, report, widest)
        for half, rate, loss in zip(report.halves, rates, losses, strict=True):
            axes.plot(rate, loss, label=HALVES[half].label, **HALVES[half].points())
    _control_codes(left, report)
    left.set(xlim=(-0.6, widest), ylim=(-0.4, 1.15 * nats), title="whole plane")
    low = 10 ** math.floor(math.log10(max(min(losses), 1e-6) / 10))
    right.set(xlim=(0, widest), ylim=(low, 2 * nats), yscale="log", title="distortion on a logarithmic scale")
    for axes in (left, right):
        axes.set(xlabel="rate R, nats", ylabel="distortion D, nats")
    left.legend(loc="upper right", fontsize=7.5, frameon=True, framealpha=1, edgecolor="none")
    return figure


@styled
def mass_plot(report: Report) -> Figure:
    """The probability of every operation, sorted, against what as many uniform draws show."""
    halves = [half for half in report.halves if _curves(report, "sorted_mass/argmax", half)]
    figure = new_figure(6.8, 3.4)
    panels = figure.subplots(1, len(halves), sharey=True, squeeze=False)[0]
    draws = report.settings.mass_draws
    for axes, half in zip(panels, halves, strict=True):
        levels = np.linspace(0, 1, 401)
        band = uniform_band(report.space.size, draws, levels)
        noise = f"uniform generator, {draws:,} draws"
        axes.fill_between(100 * levels, *band, color=BAND, label=noise, linewidth=2.5, edgecolor=BAND)
        axes.axhline(1, label="uniform", **CEILING.line(linewidth=1))
        for name, shown in (("argmax", "-"), ("categorical", "--")):
            for curve in _curves(report, f"sorted_mass/{name}", half):
                line = HALVES[half].line(linestyle=shown, alpha=1 if name == "argmax" else 0.85)
                axes.plot(100 * np.array(curve.x), curve.y, label=f"{HALVES[half].label}, {name}", **line)
        axes.set_xlabel(report.space.nouns.own("operations, sorted by probability, %"))
        axes.legend(loc="upper left")
    panels[0].set_ylabel("p(x) · K")
    title = "Probability of every operation beside the noise of a uniform generator"
    figure.suptitle(report.space.nouns.own(title), fontsize=9.5)
    return figure


def uniform_band(
    size: int, draws: int, levels: Float64[np.ndarray, "n"]
) -> tuple[Float64[np.ndarray, "n"], Float64[np.ndarray, "n"]]:
    r"""The 95 % range of the sorted relative frequencies of M uniform draws from K operations.

    The count of an operation is nearly Poisson with mean M/K; the share of operations below the k-th in order
    is a Beta(k, K - k + 1) variable, whose quantiles are put through the Poisson quantile function.

    `levels` are positions k/K in the order, from 0 to 1; the ends are in units of 1/K.
    """
    order = np.clip(np.round(levels * size), 1, size)
    tail = (1 - _LEVEL) / 2
    mean = draws / size
    ends = [
        np.asarray(
            stats.poisson.ppf(stats.beta.ppf(q, order, size - order + 1), mean) / mean, dtype=np.float64
        )
        for q in (tail, 1 - tail)
    ]
    return ends[0], ends[1]


@styled
def latent_plot(report: Report) -> Figure:
    """The density of each latent dimension over all encoded operations, beside the prior's."""
    dimensions = len({curve.name for curve in _curves(report, "latent_density/")})
    rows = -(-dimensions // _PER_ROW)
    figure = new_figure(6.8, 0.6 + 1.1 * rows)
    panels = figure.subplots(rows, _PER_ROW, sharex=True, sharey=True, squeeze=False).flat
    prior = np.linspace(-4, 4, 161)
    for number, axes in enumerate(panels):
        axes.set_visible(number < dimensions)
        axes.plot(prior, stats.norm.pdf(prior), label="prior", **CEILING.line(linewidth=1))
        for curve in _curves(report, f"latent_density/{number}"):
            if curve.name == f"latent_density/{number}":
                axes.plot(
                    curve.x, curve.y, label=HALVES[curve.half].label, **HALVES[curve.half].line(linewidth=1.1)
                )
        axes.set_title(f"dimension {number}", fontsize=7.5, pad=2)
        axes.set_xticks([-4, -2, 0, 2, 4])
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    figure.supxlabel("latent", fontsize=8.5)
    return figure


def _budgets(report: Report) -> list[int]:
    half = report.halves[:1]
    return [n for n in report.settings.draws if half and report.has(f"coverage/argmax/{n}", half[0])]


def _has_codes(report: Report) -> bool:
    measured = [report.has("rate", half) and report.has("distortion", half) for half in report.halves]
    return bool(measured) and all(measured)


def _curves(report: Report, prefix: str, half: Half | None = None) -> list[Series]:
    return [c for c in report.series if c.name.startswith(prefix) and half in (None, c.half)]


def _points(axes: Axes, metrics: list[Metric], half: Half, factor: float) -> None:
    """Markers with their intervals, A a little to the left of B so that both are seen."""
    shift = 0.97 if half == "a" else 1.03
    figures = [metric.figure for metric in metrics]
    values = factor * np.array([figure.value for figure in figures])
    spans = np.array([[f.value - f.low for f in figures], [f.high - f.value for f in figures]])
    places = [shift * (figure.draws or 1) for figure in figures]
    axes.errorbar(
        places,
        values,
        factor * np.abs(spans),
        label=HALVES[half].label,
        capsize=2,
        elinewidth=1,
        **HALVES[half].points(),
    )


def _perfect_range(axes: Axes, report: Report, budgets: list[int]) -> None:
    """What the mean of as many repeats of a perfect generator shows, 95 % of the time."""
    best = [ceiling(report.space.size, n) for n in budgets]
    repeats = [report.metric(f"coverage/argmax/{n}", report.halves[0]).figure.repeats for n in budgets]
    width = np.array([1.96 * c.sd / c.expected / math.sqrt(r) for c, r in zip(best, repeats, strict=True)])
    axes.fill_between(budgets, 1 - width, 1 + width, color=BAND, label=f"{CEILING.label}, 95 %")
    axes.axhline(1, **CEILING.line())


def _limits(axes: Axes, report: Report, widest: float) -> None:
    nats = report.space.log_size
    rates = np.linspace(0, nats, 400)
    axes.plot(rates, np.maximum(nats - rates, 1e-12), label="limit R + D = H", **CEILING.line())
    if report.space.is_ternary:
        rates = np.linspace(0, widest, 200)
        frontier = frontier_curve(rates, report.space.cells)
        axes.plot(rates, frontier, label="Gaussian frontier", color="#444444", linewidth=1.1)
        losses = np.geomspace(1e-3, nats, 100)
        demanded = [reach_frontier().least_rate(loss, report.space.cells) for loss in losses]
        axes.plot(
            demanded, losses, label="frontier, demanded reach", color="#444444", linewidth=1, linestyle=":"
        )


def _control_codes(axes: Axes, report: Report) -> None:
    """Untrained networks, whose codes cost nothing and say nothing."""
    control = next(control for control in report.controls if control.name == "untrained")
    rates = [score.value for half in report.halves for score in control.scores("rate", half)]
    losses = [score.value for half in report.halves for score in control.scores("distortion", half)]
    axes.plot(rates, losses, label=FLOOR.label, **FLOOR.points(markersize=5))
