"""How figures look: told apart by marker, stroke and lightness as well as colour; of rounded numbers."""

import functools
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.figure import Figure

from fluxttice_core.evaluation.plot_record import record_of, round_numbers, sealed
from fluxttice_core.metrics.settings import Half

_Arguments = ParamSpec("_Arguments")

_SETTINGS: Any = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9.5,
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "grid.alpha": 0.6,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "fluxttice",
}


@dataclass(frozen=True)
class Stroke:
    """How one subject is drawn in every figure."""

    label: str
    colour: str
    dashes: str
    marker: str

    def line(self, **changes: Any) -> dict[str, Any]:
        """Arguments of a line without markers."""
        return {"color": self.colour, "linestyle": self.dashes, "linewidth": 1.5, **changes}

    def points(self, **changes: Any) -> dict[str, Any]:
        """Arguments of markers without a line; hollow, so that one shows behind the other."""
        return {
            "color": self.colour,
            "marker": self.marker,
            "markerfacecolor": "none",
            "markeredgewidth": 1.4,
            "markersize": 6.5,
            "linestyle": "none",
            **changes,
        }


HALVES: dict[Half, Stroke] = {
    "a": Stroke("half A", "#004c7f", "-", "o"),
    "b": Stroke("half B", "#d55e00", "--", "s"),
}
CEILING = Stroke("perfect generator", "#000000", ":", "x")
FLOOR = Stroke("untrained networks", "#8a8a8a", "-.", "^")
BAND = "#c9c9c9"
"""Grey of the ranges that noise alone explains."""


def styled(draw: Callable[_Arguments, Figure]) -> Callable[_Arguments, Figure]:
    """Draw rounded numbers in the house's style, and leave the caller's settings of matplotlib alone."""

    @functools.wraps(draw)
    def drawn(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Figure:
        with mpl.rc_context(_SETTINGS):
            return round_numbers(draw(*args, **kwargs))

    return drawn


def new_figure(width: float | int, height: float | int) -> Figure:
    """An empty figure of a size in inches, laid out so that nothing overlaps."""
    return Figure(figsize=(width, height), layout="constrained")


def encoded(figure: Figure) -> bytes:
    """The figure as the bytes of an SVG file, without date or program version in it.

    It records what it was drawn of, so that it can be told whether it is stale.
    """
    file = io.BytesIO()
    record = json.dumps(record_of(figure), separators=(",", ":"), allow_nan=False)
    metadata = {"Date": None, "Creator": None, "Description": record}
    with mpl.rc_context(_SETTINGS):
        figure.savefig(file, format="svg", dpi=150, metadata=metadata)
    return sealed(file.getvalue())
