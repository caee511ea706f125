from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxttice_core.errors import ErrorCode, OperationError
from fluxttice_core.spaces.notation import parse, parse_one
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused
from tests.texts import CHARACTERS

TERNARY = OperationSpace()
MINIMUM = 15633
MINIMUM_TABLE = [-1, -1, -1, -1, 0, 0, -1, 0, 1]
MINIMUM_GRID = [[-1, -1, -1], [-1, 0, 0], [-1, 0, 1]]
ENUMERABLE = [(2, 1), (2, 2), (2, 3), (2, 4), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2)]


@pytest.mark.parametrize(
    "notation",
    [
        MINIMUM,
        np.int64(MINIMUM),
        np.array(MINIMUM),
        float(MINIMUM),
        str(MINIMUM),
        f" {MINIMUM}\n",
        MINIMUM_TABLE,
        tuple(MINIMUM_TABLE),
        [float(trit) for trit in MINIMUM_TABLE],
        np.array(MINIMUM_TABLE, dtype=np.int8),
        np.array(MINIMUM_TABLE, dtype=np.float32),
        torch.tensor(MINIMUM_TABLE),
        MINIMUM_GRID,
        np.array(MINIMUM_GRID),
        "----00-0+",
        "--- -00 -0+",
        "---/-00/-0+",
        " ---\n-00\r\n-0+\n",
        "- - -\t- 0 0\t- 0 +",
        "−−−/−00/−0+",
        ["----00-0+"],
        np.array(["----00-0+"]),
        [MINIMUM],
        [MINIMUM_TABLE],
        [MINIMUM_GRID],
        [np.array(MINIMUM_GRID)],
    ],
    ids=str,
)
def test_every_notation_names_the_same_operation(notation: Any) -> None:
    indices = parse(TERNARY, notation)
    assert indices.dtype == np.int64
    assert indices.tolist() == [MINIMUM]
    assert parse_one(TERNARY, notation) == MINIMUM


def test_a_flat_list_of_as_many_numbers_as_cells_is_a_table_only_if_all_are_symbols() -> None:
    assert parse(TERNARY, [0, 0, 0, 0, 0, 0, 0, 0, 1]).tolist() == [9841 + 6561]
    assert parse(TERNARY, [0, 0, 0, 0, 0, 0, 0, 0, 2]).tolist() == [0] * 8 + [2]
    assert parse(TERNARY, [0, 1, 0]).tolist() == [0, 1, 0]
    assert parse(OperationSpace(2), [0, 1, 1, 0]).tolist() == [6]


def test_lists_keep_their_order_and_length() -> None:
    mixed = [0, "----00-0+", MINIMUM_TABLE, MINIMUM_GRID, "19682"]
    assert parse(TERNARY, mixed).tolist() == [0, MINIMUM, MINIMUM, MINIMUM, 19682]
    assert parse(TERNARY, [MINIMUM_GRID, MINIMUM_GRID]).tolist() == [MINIMUM, MINIMUM]
    assert parse(TERNARY, ["+++++++++", "---/---/---", "7"]).tolist() == [19682, 0, 7]
    assert parse(TERNARY, np.arange(100)).tolist() == list(range(100))


@pytest.mark.parametrize("nothing", [[], (), np.empty(0), np.empty((0, 9)), np.empty((0, 3, 3), dtype=int)])
def test_an_empty_batch_is_no_operations(nothing: Any) -> None:
    assert parse(TERNARY, nothing).shape == (0,)


@pytest.mark.parametrize(("base", "arity"), ENUMERABLE)
@settings(max_examples=20)
@given(data=st.data())
def test_every_notation_comes_back(base: int, arity: int, data: st.DataObject) -> None:
    space = OperationSpace(base, arity)
    listed = data.draw(st.lists(st.integers(0, space.size - 1), min_size=1, max_size=5))
    tables = space.tables(np.array(listed))
    grids = tables.reshape(-1, *space.shape)
    separator = data.draw(st.sampled_from(["", " ", "/", "\n", " / "]))
    strings = [separator.join(space.string(i)) for i in listed]
    for written in (
        tables,
        grids,
        tables.tolist(),
        grids.tolist(),
        tables.astype(float),
        list(grids),
        strings,
    ):
        assert parse(space, written).tolist() == listed
    if base == 3:
        assert [parse_one(space, str(i)) for i in listed] == listed
    if base == 2:
        digits = max(space.cells // 4, 1)
        assert [parse_one(space, f"0x{i:0{digits}x}") for i in listed] == listed
    assert [parse_one(space, i) for i in listed] == listed


@pytest.mark.parametrize(("base", "arity"), ENUMERABLE)
def test_a_decimal_index_is_no_table(base: int, arity: int) -> None:
    """Where digits are glyphs, a string of them is a table, or a table of the wrong length."""
    space = OperationSpace(base, arity)
    if base == 3:
        assert len(str(space.size - 1)) < space.cells
    else:
        with refused(OperationError, "wrong_shape", "1 symbols: expected"):
            parse(space, "1")


@pytest.mark.parametrize(
    ("notation", "code", "complaint"),
    [
        (-1, "out_of_range", "index -1 is outside 0 to 19682"),
        (19683, "out_of_range", "index 19683 is outside 0 to 19682"),
        (2**70, "out_of_range", f"index {2**70} is outside 0 to 19682"),
        (2**63, "out_of_range", f"index {2**63} is outside 0 to 19682"),
        ("19683", "out_of_range", "index 19683 is outside"),
        ([1, 2, 19683], "out_of_range", "index 19683 is outside"),
        ([-1, 0, 1, 0, 2, 0, 0, 0, 0], "out_of_range", "nor indices: index -1"),
        (1.5, "wrong_type", "1.5 is not a whole number"),
        (float("nan"), "wrong_type", "nan is not a whole number"),
        ([0.0, float("inf")], "wrong_type", "inf is not a whole number"),
        (1e300, "wrong_type", "is not a whole number"),
        (True, "wrong_type", "True and False are no symbols"),
        ([True] * 9, "wrong_type", "True and False are no symbols"),
        ([-1, 0, 1, 0, 1, 0, 1, 0, False], "wrong_type", "True and False are no symbols"),
        (np.ones(9, dtype=bool), "wrong_type", "True and False are no symbols"),
        ([np.ones(9, dtype=bool)], "wrong_type", "entry 0: True and False are no symbols"),
        ("", "malformed", "is empty: expected 9 of the characters -0+"),
        ("  ", "malformed", "is empty"),
        ("----00-0", "wrong_shape", "has 8 symbols: expected 9"),
        ("----00-0+0", "wrong_shape", "has 10 symbols: expected 9"),
        ("----00-0x", "malformed", "has the character 'x' at position 9"),
        ("1 2", "malformed", "has the character '1'"),
        ("١٢", "malformed", "has the character '١'"),
        ("1234567890", "malformed", "has the character '1'"),
        ("123456789", "malformed", "has the character '1'"),
        ("z" * 99, "malformed", f"'{'z' * 37}...'"),
        (["----00-0+", "----00-0x"], "malformed", "entry 1: the string"),
        ([0, None], "wrong_type", "entry 1: cannot read an operation from NoneType"),
        (None, "wrong_type", "cannot read an operation from NoneType"),
        (b"----00-0+", "wrong_type", "cannot read an operation from bytes"),
        ({"index": 3}, "wrong_type", "cannot read an operation from dict"),
        ({1, 2}, "wrong_type", "cannot read an operation from set"),
        (1j, "wrong_type", "values of type complex128"),
        (object(), "wrong_type", "values of type object"),
        (torch.zeros(9, requires_grad=True), "wrong_type", "cannot read an operation from Tensor"),
        (np.zeros((2, 5), dtype=int), "wrong_shape", "numbers of shape 2 x 5 are no operations"),
        ([[]], "wrong_shape", "numbers of shape 1 x 0"),
        (np.zeros((2, 2, 9), dtype=int), "wrong_shape", "numbers of shape 2 x 2 x 9"),
        ([[-1, 0], [1]], "out_of_range", "entry 0: index -1"),
        ([["----00-0+"]], "wrong_shape", "entry 0: expected one operation, not a list"),
        ([10**400, 1.5], "wrong_type", "values of type object"),
        ([[0, 1], 5], "wrong_shape", "entry 0: expected one operation, but 2 were given"),
        ([[0, 0, 0], [0, 3, 0], [0, 0, 0]], "out_of_range", "entry 3 at position 5 is not one of"),
        ([MINIMUM_TABLE, [9] * 9], "out_of_range", "entry 9 at position 1 is not one of"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_is_no_operation_is_refused_with_the_reason(
    notation: Any, code: ErrorCode, complaint: str
) -> None:
    with refused(OperationError, code, complaint):
        parse(TERNARY, notation)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("-0+−/ 123x", max_size=12),
    lambda inner: (
        st.lists(inner, max_size=9) | st.dictionaries(st.text(CHARACTERS, max_size=3), inner, max_size=2)
    ),
    max_leaves=30,
)


@settings(max_examples=200)
@given(st.sampled_from([(3, 2), (2, 2), (4, 2)]), json_values)
def test_whatever_comes_is_read_or_refused(kind: tuple[int, int], value: Any) -> None:
    space = OperationSpace(*kind)
    with suppress(OperationError):
        indices = parse(space, value)
        assert indices.dtype == np.int64
        assert ((indices >= 0) & (indices < space.size)).all()


@pytest.mark.parametrize(
    "wrap", [lambda value: [value], lambda value: [0, value], lambda value: ["0", value]]
)
def test_nesting_without_end_is_refused(wrap: Callable[[Any], Any]) -> None:
    nested: Any = 0
    for _ in range(5000):
        nested = wrap(nested)
    with refused(OperationError, "wrong_shape", "expected one operation, not a list"):
        parse(TERNARY, nested)


def test_the_minus_sign_is_a_glyph_only_where_minus_is() -> None:
    with refused(OperationError, "malformed", "no symbol: expected 4 of the characters 01"):
        parse(OperationSpace(2), "01−0")


def test_one_operation_means_one() -> None:
    with refused(OperationError, "wrong_shape", "expected one operation, but 2 were given"):
        parse_one(TERNARY, [1, 2])
    with refused(OperationError, "wrong_shape", "but 0"):
        parse_one(TERNARY, [])


def test_what_reads_names_is_named_where_there_are_any() -> None:
    reader = "are read by fx.operations.read_operation"
    for text in ("7PB", "min", "max(a, b)"):
        with refused(OperationError, "malformed", "no symbol", reader):
            parse(TERNARY, text)
    for space, text in ((TERNARY, "1 2"), (OperationSpace(2, 2), "min")):
        with refused(OperationError, "malformed", "no symbol") as caught:
            parse(space, text)
        assert reader not in str(caught.value)
