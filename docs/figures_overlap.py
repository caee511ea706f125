"""A figure of two halves together: what both reach, what either alone, and what neither."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from fluxttice_core.evaluation.plot_style import HALVES, new_figure, styled
from fluxttice_core.evaluation.report import Report
from fluxttice_core.statistics.coverage import ceiling

_BOTH, _NEITHER = "#c9c9c9", "#ffffff"
_WRITTEN = 3.0
"""Percent below which a bar is too narrow for its number."""

_PARTS = ("A alone", "both", "B alone", "neither")


@styled
def overlap_figure(reports: Mapping[str, Report]) -> Figure:
    """How the space is shared out between two sets of equally many draws, beside two perfect generators."""
    first = next(iter(reports.values()))
    alone = ceiling(first.space.size, first.settings.headline).fraction
    rows = {
        "two uniform generators": _shared_out(alone, alone, alone * (2 - alone)),
        **{name: shares_of(report) for name, report in reports.items()},
    }
    figure = new_figure(6.8, 0.9 + 0.55 * len(rows))
    axes = figure.subplots()
    colours = (HALVES["a"].colour, _BOTH, HALVES["b"].colour, _NEITHER)
    for place, shares in enumerate(rows.values()):
        left = 0.0
        for part, share, colour in zip(_PARTS, shares, colours, strict=True):
            width, label = 100 * share, part if place == 0 else None
            axes.barh(place, width, left=left, color=colour, edgecolor="black", linewidth=0.6, label=label)
            if width > _WRITTEN:
                ink = "black" if part == "both" else "white"
                axes.text(left + width / 2, place, f"{width:.1f}", ha="center", va="center", color=ink)
            left += width
    axes.set_yticks(range(len(rows)), list(rows))
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set(xlim=(0, 100), xlabel=f"% of the operations, {first.settings.headline:,} draws from each half")
    figure.legend(loc="outside upper center", ncols=4, fontsize=8)
    return figure


def shares_of(report: Report) -> tuple[float, float, float, float]:
    """Shares of the space that A alone, both, B alone and neither reach by argmax."""
    budget = report.settings.headline
    first, second, union = (
        report.metric(f"{name}/argmax/{budget}", "pair").value
        for name in ("coverage_of_a", "coverage_of_b", "union")
    )
    return _shared_out(first, second, union)


def _shared_out(first: float, second: float, union: float) -> tuple[float, float, float, float]:
    both = first + second - union
    return first - both, both, second - both, 1 - union
