"""A drawing is stale when what it was drawn of has changed, not for a last digit nor for its bytes."""

import json
import re
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from docs.stale_figures import out_of_date
from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.plot_record import record_of, round_numbers, rounded, sealed
from fluxttice_core.evaluation.plot_style import encoded, new_figure, styled
from tests.refusals import refused

Change = Callable[[Axes], object]


def nothing(axes: Axes) -> None:
    pass


@styled
def drawing(factor: float = 1.0, change: Change = nothing) -> Figure:
    """One of every kind of artist, of numbers times a factor."""
    figure = new_figure(3, 2)
    axes = figure.subplots()
    x = np.array([1.0, 2.0, 3.0])
    y = factor * np.array([1 / 3, 2 / 3, 0.1234565])
    axes.plot(x, y, label="line")
    axes.fill_between(x, y, 2 * y, label="area")
    axes.errorbar(x, y, 0.1, label="errors", capsize=2)
    axes.barh(1, abs(factor) / 7, left=factor / 3)
    axes.text(factor / 3, 0.5, "word")
    axes.set(xlabel="x", ylabel="y", title="title", ylim=(0, 1))
    axes.set_xticks([1, 2], ["one", "two"])
    change(axes)
    return figure


@pytest.fixture(scope="module")
def file() -> bytes:
    return encoded(drawing())


@pytest.mark.parametrize("factor", [1.0, 1 + 1e-15, 1 + 1e-12, 1 - 1e-9])
def test_the_last_digits_make_nothing_stale(file: bytes, factor: float) -> None:
    assert out_of_date(file, drawing(factor)) is None


@pytest.mark.parametrize("factor", [1.0001, 0.9999, -1.0, 2.0, np.nan])
def test_another_number_makes_it_stale(file: bytes, factor: float) -> None:
    assert "is recorded and" in str(out_of_date(file, drawing(factor)))


def test_a_number_on_the_boundary_of_rounding_is_the_same_on_both_sides_of_it() -> None:
    boundary = 0.1234565
    low, high = (rounded(boundary * factor).item() for factor in (1 - 1e-12, 1 + 1e-12))
    assert (low, high) == (0.123456, 0.123457)
    assert out_of_date(encoded(drawing(1 - 1e-12)), drawing(1 + 1e-12)) is None


CHANGES: dict[str, Change] = {
    "a label": lambda axes: axes.lines[0].set_label("other"),
    "a colour": lambda axes: axes.lines[0].set_color("#123456"),
    "a stroke": lambda axes: axes.lines[0].set_linestyle(":"),
    "a marker": lambda axes: axes.lines[0].set_marker("x"),
    "the colour of an area": lambda axes: axes.collections[0].set_facecolor("#123456"),
    "the edge of a bar": lambda axes: axes.patches[0].set_edgecolor("#123456"),
    "transparency": lambda axes: axes.lines[0].set_alpha(0.5),
    "a word": lambda axes: axes.texts[0].set_text("other"),
    "a title": lambda axes: axes.set_title("other"),
    "a scale": lambda axes: axes.set_xscale("log"),
    "a limit": lambda axes: axes.set_ylim(0, 2),
    "a new limit": lambda axes: axes.set_xlim(0, 2),
    "a tick": lambda axes: axes.set_xticks([1, 3], ["one", "two"]),
    "the name of a tick": lambda axes: axes.set_xticks([1, 2], ["one", "three"]),
    "a legend": lambda axes: axes.legend(),
    "one more line": lambda axes: axes.plot([1], [1]),
    "the name of an axis": lambda axes: axes.set_xlabel("other"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_way_of_drawing_makes_it_stale(file: bytes, name: str) -> None:
    assert "is recorded and" in str(out_of_date(file, drawing(change=CHANGES[name])))


def test_what_the_drawing_library_decides_does_not(file: bytes) -> None:
    other = re.sub(rb"font-size: \d+px", b"font-size: 99px", file[: file.rindex(b"<!-- sha256")])
    lines = other.replace(b"<g id=", b"<g  id=")
    assert lines != other
    assert out_of_date(sealed(lines), drawing()) is None


def test_a_drawing_that_a_hand_has_changed_is_stale(file: bytes) -> None:
    changed = file.replace(b'<path d="M ', b'<path d="M 1', 1)
    assert changed != file
    assert out_of_date(changed, drawing()) == "its drawing was changed after it was recorded"


def test_a_record_that_a_hand_has_changed_is_stale_however_well_it_is_sealed(file: bytes) -> None:
    svg = file[: file.rindex(b"<!-- sha256")]
    assert b"0.333333" in svg
    forged = sealed(svg.replace(b"0.333333", b"0.333999"))
    assert out_of_date(forged, drawing()) == (
        "figure, axes, 0, drawn, 0, numbers, 1, 0: 0.333999 is recorded and 0.333333 is due"
    )


@pytest.mark.parametrize("data", [b"", b"<svg/>\n", sealed(b"<svg/>\n")])
def test_a_file_without_a_record_is_stale(data: bytes) -> None:
    assert out_of_date(data, drawing()) == "it does not record what it was drawn of"


def test_what_is_drawn_is_what_is_recorded() -> None:
    figure = drawing()
    axes = figure.axes[0]
    assert np.asarray(axes.lines[0].get_ydata()).tolist() == [0.333333, 0.666667, rounded(0.1234565).item()]
    (bar,) = axes.patches
    assert isinstance(bar, Rectangle)
    assert bar.get_x() == 0.333333
    assert axes.texts[0].get_position() == (0.333333, 0.5)
    numbers = [number for row in record_of(figure)["rows"] for number in row]
    assert {0.333333, 0.666667, 1.0, 2.0, 3.0} <= set(numbers)
    assert all(number == float(f"{number:.5e}") for number in numbers)


def test_equal_rows_are_recorded_once() -> None:
    rows = record_of(drawing())["rows"]
    assert len({json.dumps(row) for row in rows}) == len(rows)
    assert rows.count([1.0, 2.0, 3.0]) == 1


def test_what_cannot_be_recorded_is_not_drawn() -> None:
    figure = new_figure(1, 1)
    figure.subplots().imshow([[1.0]])
    with refused(MeasurementError, "unsupported", "AxesImage is drawn, whose numbers cannot be recorded"):
        round_numbers(figure)
