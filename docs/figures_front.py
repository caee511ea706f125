"""A figure of the front: what rate buys at each certainty of the decoders, beside both frontiers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fluxttice_core.evaluation.plot_style import HALVES, new_figure, styled
from fluxttice_core.metrics.rate_distortion import PRICE, gaussian_frontier
from fluxttice_core.metrics.reach_frontier import reach_frontier

Points = Sequence[Mapping[str, Any]]

_CELLS = 9
_MARKS = ("o", "s", "^", "D")
_LOSSES = np.geomspace(2e-3, 0.6, 120)


@styled
def front_figure(points: Points) -> Figure:
    """Distortion against rate on both kinds of axis, and the cost R + 20 D against the certainty G."""
    figure = new_figure(7.2, 6.0)
    panels = figure.subplot_mosaic([["plain", "logarithmic"], ["cost", "cost"]])
    for name in ("plain", "logarithmic"):
        _frontiers(panels[name])
        _codes(panels[name], points)
        panels[name].set(xlabel="rate R, nats", ylabel="distortion D, nats", xlim=(11.8, 17.2))
    panels["plain"].set(ylim=(-0.01, 0.36), title="linear")
    panels["logarithmic"].set(yscale="log", ylim=(3e-3, 0.5), title="logarithmic")
    panels["plain"].legend(fontsize=7, loc="upper right")
    panels["logarithmic"].legend(handles=_marks(left_open_of(points)), fontsize=7, loc="lower left")
    _costs(panels["cost"], points)
    return figure


def left_open_of(points: Points) -> list[float]:
    """The entropies asked for, largest first."""
    return sorted({point["left_open"] for point in points}, reverse=True)


def _frontiers(axes: Axes) -> None:
    """The Gaussian frontier, and that of the demanded reach at the first and the last certainty."""
    free = [gaussian_frontier().least_rate(loss, _CELLS) for loss in _LOSSES]
    axes.plot(free, _LOSSES, label="Gaussian frontier", color="#444444", linewidth=1.1)
    for left_open, style in ((0.45, ":"), (0.2, "--")):
        rates = [reach_frontier(left_open / _CELLS).least_rate(loss, _CELLS) for loss in _LOSSES]
        label = f"frontier at H(x|z) = {left_open:g}"
        axes.plot(rates, _LOSSES, label=label, color="#444444", linewidth=1, linestyle=style)


def _codes(axes: Axes, points: Points) -> None:
    """Every code, joined along its prices; hollow where it was not amortised."""
    for mark, left_open in zip(_MARKS, left_open_of(points), strict=False):
        for half in ("a", "b"):
            shown = HALVES[half]
            own = [p for p in points if p["half"] == half and p["left_open"] == left_open]
            told = [p for p in own if p["price"] is not None]
            axes.plot(*_xy(told), color=shown.colour, marker=mark, markersize=3.5, linewidth=0.8)
            before = [p for p in own if p["price"] is None]
            axes.plot(
                *_xy(before), color=shown.colour, marker=mark, markersize=5, fillstyle="none", linewidth=0
            )


def _marks(asked: Sequence[float]) -> list[Line2D]:
    """What each mark says of the decoders; the colours of the halves are told by the panel below."""
    return [
        Line2D(
            [], [], label=f"H(x|z) = {left_open:g}", color="#444444", marker=mark, markersize=3.5, linewidth=0
        )
        for mark, left_open in zip(_MARKS, asked, strict=False)
    ]


def _xy(points: Points) -> Iterator[list[float]]:
    yield [point["rate"] for point in points]
    yield [point["distortion"] for point in points]


def _costs(axes: Axes, points: Points) -> None:
    """The cost at the price that is judged by, before and after amortisation, and its least."""
    for half in ("a", "b"):
        shown = HALVES[half]
        for told, fill in ((False, "none"), (True, "full")):
            own = [_cheapest(points, half, left_open, told=told) for left_open in left_open_of(points)]
            label = f"{shown.label}, {'amortised' if told else 'before'}"
            certain, costs = [p["generative_information"] for p in own], [_cost(p) for p in own]
            axes.plot(
                certain, costs, label=label, color=shown.colour, marker="o", fillstyle=fill, markersize=5
            )
    nats = _CELLS * np.log(3)
    asked = np.array([0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.18])
    least = [reach_frontier(float(h) / _CELLS).least_cost() for h in asked]
    axes.plot(1 - asked / nats, least, label="least for this reach", color="#444444", linestyle=":")
    axes.axhline(gaussian_frontier().least_cost(), label="least of all", color="#444444", linewidth=1.1)
    axes.set(xlabel="generative information G", ylabel=f"R + {PRICE:g} D, nats")
    axes.legend(fontsize=7, ncols=3)


def _cheapest(points: Points, half: str, left_open: float, *, told: bool) -> Mapping[str, Any]:
    own = [p for p in points if p["half"] == half and p["left_open"] == left_open]
    return min((p for p in own if (p["price"] is not None) == told), key=_cost)


def _cost(point: Mapping[str, Any]) -> float:
    return float(point["rate"] + PRICE * point["distortion"])
