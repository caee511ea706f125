import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.operations.catalogue import find_named, named_operations
from fluxttice_core.operations.written_forms import heptavintimal, rewritten
from fluxttice_core.server.api.operation_input import (
    known_forms,
    known_texts,
    read_any,
    read_input,
    read_query_text,
    read_text,
)
from fluxttice_core.server.errors import RequestError
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.texts import CHARACTERS

SPACE = OperationSpace()


def index_of(name: str) -> int | None:
    found = find_named(name)
    return None if found is None else found.operation.index


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(CHARACTERS),
    lambda inner: st.lists(inner, max_size=10) | st.dictionaries(st.text(CHARACTERS), inner, max_size=3),
    max_leaves=20,
)


@given(st.integers(0, SPACE.size - 1))
def test_every_way_of_writing_an_operation_gives_its_index(index: int) -> None:
    table = SPACE.tables(index).tolist()
    assert read_input(SPACE.string(index)) == [index]
    assert read_input(str(index)) == [index]
    assert read_input(table) == read_input([table]) == [index]
    rows = "/".join(SPACE.string(index)[at : at + 3] for at in (0, 3, 6))
    prefixed = [f"{prefix}:{rewritten(SPACE.string(index), prefix)}" for prefix in ("012", "fut")]
    others = [f" {rows} ", f"00{index}", f"hept:{heptavintimal(index)}", *prefixed]
    assert read_input(others) == [index] * 5
    assert read_any(index, "x") == read_any(table, "x") == index
    assert read_any([table[:3], table[3:6], table[6:]], "x") == index


def test_names_as_they_are_listed_are_looked_up_as_they_are_found() -> None:
    listed = known_texts().keys() - known_forms().keys()
    assert listed == {name for one in named_operations() for name in (one.name, *one.aliases)}
    assert {name: known_texts()[name] for name in listed} == {name: index_of(name) for name in listed}
    with pytest.raises(RequestError):  # a name is no table, whose rows may be parted
        read_text("con/sensus", "there")


def test_a_name_of_one_input_is_answered_with_what_can_be_sent() -> None:
    with pytest.raises(RequestError, match="'NOT' has one input: send") as told:
        read_input("NOT")
    sent = re.findall(r'"(\d+)"', str(told.value))
    assert read_input(sent) == [read_text(f"not({letter})", "x", expressions=True) for letter in "ab"]


@pytest.mark.parametrize("token", [True, 1.5, "1", None, [1], 10**30, float("inf")])
def test_what_is_no_trit_makes_no_operation(token: object) -> None:
    assert read_input([1.0, *[1] * 8]) == read_input([[1] * 9]) == [19_682]
    with pytest.raises(RequestError, match="is a list of 9"):
        read_input([[*[1] * 8, token]])


@given(st.integers(0, SPACE.size - 1), st.sampled_from(["", "/"]))
def test_a_query_may_carry_glyphs_unescaped(index: int, between: str) -> None:
    glyphs = SPACE.string(index)
    rows = between.join([glyphs[:3], glyphs[3:6], glyphs[6:]])
    assert read_query_text(rows, "near") == index
    assert read_query_text(rows.replace("+", " "), "near") == index


@given(JSON)
def test_whatever_is_given_is_operations_or_an_error_that_says_where(value: object) -> None:
    for read in (read_input, lambda given: [read_any(given, "input")]):
        with contextlib.suppress(RequestError):
            indices = read(value)
            assert all(type(index) is int and 0 <= index < SPACE.size for index in indices)


@pytest.mark.parametrize(
    "text", ["", " ", "x" * 65, "-0+-0+-0", "99999", "1_0", "½", "min min", "15 633", "1/2", "7/PB", "7pb"]
)
def test_texts_that_are_no_operation(text: str) -> None:
    with pytest.raises(RequestError, match="there"):
        read_text(text, "there")
