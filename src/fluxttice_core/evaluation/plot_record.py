"""What a figure was drawn of: rounded, and kept inside its file, so that a stale one can be told.

Another processor gives the last digits of the numbers, and another release of the drawing library the bytes
of the picture, differently. So a file records its figure's numbers, words and strokes.
"""

import hashlib
import json
import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Float64

Drawn = Line2D | Rectangle | Text | Collection

DIGITS = 6
"""Significant digits of every number that is drawn: a hundred times finer than a printed page shows."""

SEAL = b"<!-- sha256 of what stands above: "
_END = b" -->\n"


# --- rounding --------------------------------------------------------------------------------------------


def rounded(numbers: Any) -> Float64[np.ndarray, "..."]:
    """Numbers with six significant digits."""
    found = np.asarray(numbers, dtype=np.float64)
    text = [float(f"{number:.{DIGITS - 1}e}") for number in found.ravel()]
    return np.array(text, dtype=np.float64).reshape(found.shape)


def round_numbers(figure: Figure) -> Figure:
    """Round whatever a figure draws, in place, so that what is recorded of it is what is drawn."""
    for axes in figure.axes:
        for artist in _artists(axes):
            _round(artist)
        axes.dataLim.set_points(rounded(axes.dataLim.get_points()))
    return figure


def _round(artist: Any) -> None:
    if isinstance(artist, Line2D):
        artist.set_data(rounded(artist.get_xdata()), rounded(artist.get_ydata()))
    elif isinstance(artist, Rectangle):
        artist.set_bounds(*rounded(artist.get_bbox().bounds))
    elif isinstance(artist, Text):
        x, y = rounded(artist.get_position())
        artist.set_position((float(x), float(y)))
    else:
        for path in artist.get_paths():
            path.vertices[...] = rounded(path.vertices)


def _artists(axes: Axes) -> list[Drawn]:
    found = [*axes.lines, *axes.patches, *axes.collections, *axes.texts, *axes.images, *axes.tables]
    for artist in found:
        if not isinstance(artist, Drawn):
            raise MeasurementError(
                f"{type(artist).__name__} is drawn, whose numbers cannot be recorded: draw it of lines, "
                "filled areas, bars and words, or teach fluxttice_core.evaluation.plot_record to read it",
                "unsupported",
            )
    return [artist for artist in found if isinstance(artist, Drawn)]


# --- the record ------------------------------------------------------------------------------------------


def record_of(figure: Figure) -> dict[str, Any]:
    """Numbers, words and strokes of a figure, as plain values; equal rows of numbers stand in it once.

    What the drawing library decides is left out: where ticks go and how far axes reach unless that was said.
    """
    rows: dict[str, int] = {}
    axes = [_axes_record(one, rows) for one in figure.axes if one.get_visible()]
    return {
        "size": rounded(figure.get_size_inches()).tolist(),
        "words": [text.get_text() for text in figure.texts],
        "legends": [_legend(legend) for legend in figure.legends],
        "axes": axes,
        "rows": [json.loads(row) for row in rows],
    }


def _axes_record(axes: Axes, rows: dict[str, int]) -> dict[str, Any]:
    return {
        "titles": [axes.get_title(loc) for loc in ("left", "center", "right")],
        "x": _axis(axes.xaxis, axes.get_xlim(), axes.get_autoscalex_on(), rows),
        "y": _axis(axes.yaxis, axes.get_ylim(), axes.get_autoscaley_on(), rows),
        "legend": _legend(axes.get_legend()),
        "drawn": [_artist(artist, rows) for artist in _artists(axes)],
    }


def _axis(axis: Axis, limits: tuple[float, float], fitted: bool, rows: dict[str, int]) -> dict[str, Any]:
    """What was said of an axis: its limits only where they were not fitted to what is drawn."""
    record: dict[str, Any] = {"label": axis.get_label_text(), "scale": axis.get_scale()}
    if not fitted:
        record["limits"] = _row(limits, rows)
    if isinstance(axis.get_major_locator(), FixedLocator):
        places, names = axis.get_major_locator()(), axis.get_major_formatter()
        record["ticks"] = _row(places, rows)
        # Names that were given; numbers are put into words by the library.
        if isinstance(names, FixedFormatter | FuncFormatter):
            record["names"] = names.format_ticks(list(places))
    return record


def _artist(artist: Any, rows: dict[str, int]) -> dict[str, Any]:
    record: dict[str, Any] = {"kind": _kind(artist), "label": str(artist.get_label())}
    if artist.get_alpha() is not None:
        record["alpha"] = artist.get_alpha()
    if isinstance(artist, Line2D):
        numbers = [artist.get_xdata(), artist.get_ydata()]
        record |= {name: getattr(artist, f"get_{name}")() for name in ("linestyle", "linewidth", "marker")}
        record |= {"colour": to_hex(artist.get_color()), "markersize": artist.get_markersize()}
    elif isinstance(artist, Text):
        numbers = [artist.get_position()]
        record |= {"words": artist.get_text(), "colour": to_hex(artist.get_color())}
    elif isinstance(artist, Rectangle):
        numbers = [artist.get_bbox().bounds]
        record |= {"colour": to_hex(artist.get_facecolor()), "edge": to_hex(artist.get_edgecolor())}
    else:
        numbers = [column for path in artist.get_paths() for column in np.transpose(path.vertices)]
        record |= {"colour": list(map(to_hex, artist.get_facecolor()))}
        record |= {"edge": list(map(to_hex, artist.get_edgecolor()))}
    return {**record, "numbers": [_row(row, rows) for row in numbers]}


def _kind(artist: Drawn) -> str:
    """What it is in our words, since classes are named anew between releases."""
    kinds = {Line2D: "line", Text: "words", Rectangle: "bar", Collection: "area"}
    return next(word for kind, word in kinds.items() if isinstance(artist, kind))


def _legend(legend: Legend | None) -> list[str] | None:
    return None if legend is None else [text.get_text() for text in legend.get_texts()]


def _row(numbers: Any, rows: dict[str, int]) -> int:
    """The place of a row of numbers among all rows, where it is put unless it is there."""
    plain = [number if math.isfinite(number) else str(number) for number in rounded(numbers).tolist()]
    return rows.setdefault(json.dumps(plain), len(rows))


def sealed(svg: bytes) -> bytes:
    """An SVG file with the digest of its bytes behind them, which tells whether a hand has changed it."""
    return svg + SEAL + hashlib.sha256(svg).hexdigest().encode() + _END
