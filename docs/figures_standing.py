"""One figure of many metrics: where the model and every control stand between untrained and perfect."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.plot_style import BAND, HALVES, Stroke, new_figure, styled
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.metric import Metric
from fluxttice_core.metrics.naming import label
from fluxttice_core.metrics.settings import ControlName

_QUANTITIES = (
    *("generative_information", "coverage/argmax/{n}", "coverage/categorical/{n}", "argmax_divergence"),
    *("argmax_total_variation", "nll", "total_variation", "effective_number_2", "memorisation"),
    *("table_accuracy/mean/held_out", "table_accuracy/draw/held_out", "distortion", "code_information"),
    *("union/argmax/{n}", "jaccard_distance/argmax/{n}", "agreement/trits/{n}"),
)
_CONTROLS: dict[ControlName, tuple[str, str]] = {
    "oracle": ("*", "oracle"),
    "constant_decoder": ("x", "constant decoder"),
    "half_support": ("v", "half of the space"),
    "uniform_sampler": ("+", "uniform sampler"),
}
PAIR = Stroke("pair", "#009e73", ":", "D")
_LEFT, _RIGHT = -0.35, 1.35
_ALIKE = 1e-12


def place(metric: Metric, value: float) -> float | None:
    r"""A value between untrained networks (0) and a perfect generator (1); none where the two agree.

    .. math:: (v - f) / (c - f)

    with the mean f of the untrained networks and the ceiling c.
    """
    span = metric.ceiling - metric.floor.mean
    return None if abs(span) < _ALIKE else (value - metric.floor.mean) / span


@styled
def standing_figure(report: Report) -> Figure:
    """Each metric in a row: the model's halves, the controls and the range of the untrained networks.

    Points beyond the edges are drawn at them.
    """
    names = [quantity.format(n=report.settings.headline) for quantity in _QUANTITIES]
    rows = [found for name in names if (found := [m for m in report.metrics if m.quantity == name])]
    if not rows:
        raise MeasurementError("this report holds no metrics to draw: measure a whole model", "not_measured")
    figure = new_figure(6.8, 0.9 + 0.27 * len(rows))
    axes = figure.subplots()
    for height, metrics in enumerate(reversed(rows)):
        _row(axes, report, metrics, height)
    axes.set_yticks(range(len(rows)), [label(metrics[0].quantity) for metrics in reversed(rows)])
    axes.set_xticks([0, 0.5, 1], ["untrained", "half-way", "perfect"])
    axes.set(xlim=(_LEFT - 0.05, _RIGHT + 0.05), ylim=(-0.6, len(rows) - 0.4))
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(list(once.values()), list(once), loc="outside upper center", ncols=4)
    return figure


def _row(axes: Axes, report: Report, metrics: list[Metric], height: int) -> None:
    first = metrics[0]
    low, high = (_clipped(place(first, end)) for end in (first.floor.low, first.floor.high))
    axes.plot((low, high), (height, height), color=BAND, linewidth=7, label="untrained, range", zorder=1)
    for control in report.controls:
        if control.name in _CONTROLS:
            marker, name = _CONTROLS[control.name]
            for score in control.scores(first.quantity, first.half):
                x = _clipped(place(first, score.value))
                axes.plot(x, height, marker, color="#444444", markersize=5.5, label=name, linestyle="none")
    for metric in metrics:
        stroke = PAIR if metric.half == "pair" else HALVES[metric.half]
        axes.plot(_clipped(place(metric, metric.value)), height, label=stroke.label, **stroke.points())


def _clipped(x: float | None) -> float:
    return 0.0 if x is None else min(max(x, _LEFT), _RIGHT)
