"""An operation drawn as its table, in SVG and PNG: signs are strokes, so that no font is needed."""

import struct
import zlib
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from fluxttice_core.operations.composition import VARIABLES
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.table_template import Template, labelled_cells
from fluxttice_core.shapes import Float64, UInt8

_CELL = 24
_MARGIN = 6
_STROKE = 2.0
_PIXELS = 4
"""Pixels of a PNG for a unit of length; a cell is 24 units wide."""
_SOFT = "#5c5f66"
_INKS = {"-": "#7b3294", "0": "#6d6962", "+": "#0c6b45"}
_WASHES = {"-": "#efe3f3", "0": "#eeece8", "+": "#dcefe5"}

Line = Float64[np.ndarray, "n 2"]


def _arc(x: float, y: float, width: float, height: float, first: float = 0.0, last: float = 1.0) -> Line:
    turns = 2 * np.pi * np.linspace(first, last, 33)
    return np.stack([x + width * np.cos(turns), y + height * np.sin(turns)], axis=1)


_ACROSS, _DOWN = np.array([[7.0, 12.0], [17.0, 12.0]]), np.array([[12.0, 7.0], [12.0, 17.0]])
_SIGNS: dict[str, tuple[Line, ...]] = {
    "-": (_ACROSS,),
    "0": (_arc(12.0, 12.0, 3.6, 5.2),),
    "+": (_ACROSS, _DOWN),
    "a": (_arc(12.0, 13.0, 4.0, 4.0), np.array([[16.0, 9.0], [16.0, 17.0]])),
    "b": (_arc(12.0, 13.0, 4.0, 4.0), np.array([[8.0, 5.0], [8.0, 17.0]])),
    "c": (_arc(12.0, 13.0, 4.0, 4.0, 0.13, 0.87),),
}


class _Cell(NamedTuple):
    """A column and row with the sign of a head, or with the cell of the table whose output stands there."""

    column: int
    row: int
    shown: str | int

    @property
    def corner(self) -> tuple[int, int]:
        return _MARGIN + self.column * _CELL, _MARGIN + self.row * _CELL


def _cells(inputs: int) -> list[_Cell]:
    """Lay out a line for the name of the last input, one for its values, and the rows."""
    *names, last = VARIABLES[:inputs]
    first = len(names)
    found = [_Cell(first + 1, 0, last), *(_Cell(column, 1, name) for column, name in enumerate(names))]
    found += [_Cell(first + column, 1, glyph) for column, glyph in enumerate("-0+")]
    for row, (label, cells) in enumerate(labelled_cells(inputs), start=2):
        found += [_Cell(column, row, glyph) for column, glyph in enumerate(label)]
        found += [_Cell(first + column, row, cell) for column, cell in enumerate(cells)]
    return found


def _extent(cells: list[_Cell]) -> tuple[int, int]:
    columns, rows = max(cell.column for cell in cells) + 1, max(cell.row for cell in cells) + 1
    return 2 * _MARGIN + columns * _CELL, 2 * _MARGIN + rows * _CELL


def svg_template(inputs: int) -> Template:
    """Return the template of a table drawn as SVG.

    Example:
        >>> svg_template(1).text.count("<g transform"), svg_template(1).trits[0].count("<rect")
        (7, 1)
    """
    cells = _cells(inputs)
    width, height = _extent(cells)
    size = _CELL - 2
    washes = [
        f'<rect x="1" y="1" width="{size}" height="{size}" fill="{wash}"/>' for wash in _WASHES.values()
    ]
    minus, zero, plus = (
        wash + _strokes(sign, ink) for wash, (sign, ink) in zip(washes, _INKS.items(), strict=True)
    )
    shown = [
        f'<g transform="translate({cell.corner[0]} {cell.corner[1]})">'
        + (_strokes(cell.shown, _SOFT) if isinstance(cell.shown, str) else f"@{cell.shown}@")
        + "</g>"
        for cell in cells
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}"'
    lines = [
        f'{head} width="{2 * width}" height="{2 * height}"><title>@title@</title>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<g fill="none" stroke-width="{_STROKE}" stroke-linecap="round" stroke-linejoin="round">',
        *(*shown, "</g></svg>", ""),
    ]
    return Template("\n".join(lines), (minus, zero, plus))


def _strokes(sign: str, ink: str) -> str:
    lines = (" ".join(f"{x:.4g},{y:.4g}" for x, y in line) for line in _SIGNS[sign])
    return "".join(f'<polyline points="{points}" stroke="{ink}"/>' for points in lines)


def png(operation: Operation) -> bytes:
    """Draw the table of an operation as PNG, 96 pixels a cell."""
    cells = _cells(operation.space.arity)
    width, height = (_PIXELS * extent for extent in _extent(cells))
    picture = np.full((height, width, 3), 255.0)
    for cell in cells:
        x, y = (_PIXELS * corner for corner in cell.corner)
        part = picture[y : y + _PIXELS * _CELL, x : x + _PIXELS * _CELL]
        sign, ink = (cell.shown, _SOFT) if isinstance(cell.shown, str) else (operation.string[cell.shown], "")
        if not ink:
            part[_PIXELS:-_PIXELS, _PIXELS:-_PIXELS] = _rgb(_WASHES[sign])
        covered = _coverage(sign)[..., None]
        part[:] = covered * _rgb(ink or _INKS[sign]) + (1 - covered) * part
    return _encoded(picture.round().astype(np.uint8))


@cache
def _coverage(sign: str) -> Float64[np.ndarray, "y x"]:
    """How much of each pixel of a cell the strokes of a sign cover, by its distance from them."""
    y, x = (np.mgrid[: _PIXELS * _CELL, : _PIXELS * _CELL] + 0.5) / _PIXELS
    nearest = np.full(x.shape, np.inf)
    for line in _SIGNS[sign]:
        for (ax, ay), (bx, by) in pairwise(line):
            dx, dy = bx - ax, by - ay
            along = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
            nearest = np.minimum(nearest, np.hypot(x - ax - along * dx, y - ay - along * dy))
    return np.asarray(np.clip(0.5 + _PIXELS * (_STROKE / 2 - nearest), 0, 1))


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _encoded(picture: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """Encode a picture as PNG: 8 bits a channel, no filters."""
    height, width, _ = picture.shape
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in picture), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
