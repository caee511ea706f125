"""Exports are read back: each form must hold exactly the table that was exported."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

from fluxttice_core.errors import OperationError
from fluxttice_core.operations import export_operation, named_operations, read_operation
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.table_template import description, identifier, labelled_cells
from fluxttice_core.operations.vocabulary import EXPORTS
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

CODES = {"11": "-", "00": "0", "01": "+"}
INKS = {"#7b3294": "-", "#6d6962": "0", "#0c6b45": "+"}
WASHES = {(0xEF, 0xE3, 0xF3): "-", (0xEE, 0xEC, 0xE8): "0", (0xDC, 0xEF, 0xE5): "+"}
EVERY_NAMED = [one.operation for arity in (1, 2) for one in named_operations(arity)]


def from_verilog(text: str) -> str:
    return "".join(CODES[bits] for bits in re.findall(r"^ +\d'b[01_]+: y = 2'b(\d\d);", text, re.MULTILINE))


def from_latex(text: str) -> str:
    rows = [line for line in text.splitlines() if line.endswith(r" \\")]
    return "".join("".join(re.findall(r"\$([-0+])\$", row)[-3:]) for row in rows)


def from_markdown(text: str) -> str:
    rows = [line for line in text.splitlines() if line.startswith("| **")]
    return "".join("".join(re.findall(r"\| ([-0+]) (?=\|)", row)) for row in rows)


def from_svg(text: str) -> str:
    signs = [sign for sign in ElementTree.fromstring(text).iter() if sign.get("stroke") in INKS]  # noqa: S314
    strokes = [(INKS[sign.attrib["stroke"]], len(sign.attrib["points"].split())) for sign in signs]
    # Strokes say the same as colours: one bar, a ring of many points, two bars.
    assert {(ink, points) for ink, points in strokes} <= {("-", 2), ("0", 33), ("+", 2)}
    text = "".join(ink for ink, _ in strokes)
    return text.replace("++", "+")


def from_png(data: bytes) -> str:
    picture = (imread(io.BytesIO(data))[..., :3] * 255).round().astype(int)
    rows, columns = (picture.shape[0] - 48) // 96, (picture.shape[1] - 48) // 96
    corners = (
        tuple(picture[24 + 96 * row + 8, 24 + 96 * column + 8].tolist())
        for row in range(2, rows)
        for column in range(columns - 3, columns)
    )
    return "".join(WASHES[corner] for corner in corners)


READERS: dict[str, Callable[[str], str]] = {
    "verilog": from_verilog,
    "latex": from_latex,
    "markdown": from_markdown,
    "svg": from_svg,
}


@settings(max_examples=25)
@given(st.integers(1, 3), st.integers(0, 3**27 - 1))
def test_every_form_holds_the_table(arity: int, draw: int) -> None:
    space = OperationSpace(arity=arity)
    operation = Operation(space, draw % space.size)
    assert set(EXPORTS) == {*READERS, "png"}
    for form, read in READERS.items():
        assert read(export_operation(operation, form).decode()) == operation.string, form
    assert from_png(export_operation(operation, "png")) == operation.string


def test_another_table_is_told_apart() -> None:
    minimum, changed = read_operation("min"), read_operation("15634")
    for form, read in READERS.items():
        assert read(export_operation(changed, form).decode()) != minimum.string
    assert from_png(export_operation(changed, "png")) != minimum.string


def test_signs_are_drawn_in_png_as_in_svg() -> None:
    picture = (imread(io.BytesIO(export_operation(read_operation("+0-", 1), "png"))) * 255).round()
    ink = (np.abs(picture[..., :3] - np.array([0x0C, 0x6B, 0x45])).sum(-1) < 3).nonzero()
    height, width = (int(np.ptp(axis)) + 1 for axis in ink)
    assert abs(height - width) <= 1
    assert abs(width - 4 * 12) <= 2  # two bars, 10 units long with round ends


def test_a_png_is_whole() -> None:
    data = export_operation(read_operation("max"), "png")
    at, kinds = 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        body = data[at + 4 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(body)
        kinds.append(body[:4])
        at += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]


def test_names_for_programs_are_unlike_and_no_words_of_verilog() -> None:
    named = {identifier(one) for one in EVERY_NAMED}
    assert len(named) == len({(one.space.arity, one.index) for one in EVERY_NAMED})
    assert all(re.fullmatch(r"ternary_[a-z0-9_]+", name) for name in named)
    assert identifier(Operation(OperationSpace(arity=3), 5)) != identifier(Operation(OperationSpace(), 1))


def test_no_name_breaks_out_of_its_comment() -> None:
    operation = Operation(OperationSpace(), 1, "min(a,\nb)\r\x85\u2028endmodule\x1b[2J")
    assert description(operation)[0] == "f(a, b) = min(a, b) endmodule\\x1b[2J"
    for form in ("verilog", "latex"):
        written = export_operation(operation, form).decode()
        (line,) = [line for line in written.splitlines() if "[2J" in line]
        assert line.startswith(("//", "%"))
    assert "<b>" not in export_operation(Operation(OperationSpace(), 1, "<b>"), "svg").decode()


def test_rows_are_labelled_by_the_slower_inputs() -> None:
    inputs = OperationSpace(arity=3).inputs()
    for label, cells in labelled_cells(3):
        assert {"".join("-0+"[x + 1] for x in inputs[cell][:2]) for cell in cells} == {label}
    assert labelled_cells(1) == [("", range(3))]


def test_what_cannot_be_exported_is_refused() -> None:
    with refused(OperationError, "unknown_format", "no form 'vhdl': choose among verilog, latex"):
        export_operation(read_operation("min"), "vhdl")
    for form in EXPORTS:
        with refused(OperationError, "unsupported", "is on 2 values"):
            export_operation(Operation(OperationSpace(2), 8), form)


def test_every_named_operation_says_what_it_is() -> None:
    for operation in EVERY_NAMED:
        *lines, last = description(operation)
        assert [line for line in lines if line.startswith(f"{operation.name}: f(a")]
        assert f"index {operation.index}, in base 27 " in last
