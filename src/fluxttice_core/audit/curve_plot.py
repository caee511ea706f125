"""How a curve of kinds looks: three orders by draws, and kinds by the mass seen."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fluxttice_core.errors import MeasurementError
from fluxttice_core.extras import require_extra
from fluxttice_core.statistics.accumulation import Reached

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SETTINGS: Any = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "svg.hashsalt": "fluxttice",
}
_ORDERS = (
    ("kinds (order 0)", "#004c7f", "o"),
    ("order 1", "#d55e00", "s"),
    ("order 2", "#5a7d2a", "^"),
)
_TRACES: dict[str, dict[str, None]] = {".svg": {"Date": None, "Creator": None}, ".png": {"Software": None}}


def require_drawable(suffix: str) -> None:
    """Refuse to draw where the suffix is of no image, or Matplotlib is missing."""
    if suffix.lower() not in _TRACES:
        raise MeasurementError(
            f"a curve is drawn as .svg or .png, not as '{suffix}': name the file so", "unknown_format"
        )
    require_extra("plot", "an image of a curve")


def draw_curve(sample: int, by_draws: Sequence[Reached], by_mass: Sequence[Reached], suffix: str) -> bytes:
    """Return an image of a curve, by the suffix of its file."""
    require_drawable(suffix)
    import matplotlib as mpl
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw_by_draws(left, sample, by_draws)
        _draw_by_mass(right, by_draws, by_mass)
        figure.savefig(file, format=suffix.lower()[1:], dpi=150, metadata=_TRACES[suffix.lower()])
    return file.getvalue()


def _draw_by_draws(axes: "Axes", sample: int, by_draws: Sequence[Reached]) -> None:
    draws = [one.draws.estimate for one in by_draws]
    within = [place for place, number in enumerate(draws) if number <= sample]
    for order, (label, colour, marker) in enumerate(_ORDERS):
        figures = [one.hill[order] for one in by_draws]
        values = [_rounded(figure.estimate) for figure in figures]
        lower, upper = ([_rounded(getattr(figure, end)) for figure in figures] for end in ("lower", "upper"))
        axes.fill_between(draws, lower, upper, color=colour, alpha=0.15, linewidth=0)
        axes.plot(draws[: len(within)], values[: len(within)], color=colour, label=label)
        axes.plot(draws[within[-1] :], values[within[-1] :], color=colour, linestyle="--")
        axes.plot(draws[within[-1]], values[within[-1]], color=colour, marker=marker, linestyle="none")
    axes.set(xlabel="draws (dashed: beyond the sample)", ylabel="effective number of kinds", ylim=(0, None))
    axes.legend()


def _draw_by_mass(axes: "Axes", by_draws: Sequence[Reached], by_mass: Sequence[Reached]) -> None:
    mass = [_rounded(100 * one.coverage.estimate) for one in by_draws]
    kinds = [_rounded(one.hill[0].estimate) for one in by_draws]
    axes.plot(mass, kinds, color=_ORDERS[0][1])
    for one in by_mass:
        figure = one.hill[0]
        at = _rounded(100 * one.coverage.estimate)
        axes.plot(
            [at, at], [_rounded(figure.lower), _rounded(figure.upper)], color=_ORDERS[0][1], linewidth=0.9
        )
    axes.set(xlabel="mass of the kinds seen, %", ylabel="kinds seen", ylim=(0, None))


def _rounded(value: float | int) -> float | int:
    """Return a number without its last digits, which differ between processors."""
    return float(f"{value:.6g}")
