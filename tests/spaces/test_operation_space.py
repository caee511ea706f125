import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

OFFERED = [(2, 1), (2, 2), (2, 3), (2, 4), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2)]
SPACES = [OperationSpace(base, arity) for base, arity in OFFERED]
spaces_and_indices = st.one_of(
    *(st.tuples(st.just(one), st.lists(st.integers(0, one.size - 1), max_size=8)) for one in SPACES)
)


def test_the_default_space_holds_every_two_input_ternary_operation() -> None:
    space = OperationSpace()
    assert (space.cells, space.size, space.shape) == (9, 19683, (3, 3))
    assert (space.symbols, space.glyphs) == ((-1, 0, 1), "-0+")
    assert space.log_size == pytest.approx(9.887511, abs=5e-7)


def test_a_table_is_the_little_endian_digits_of_its_index() -> None:
    space = OperationSpace()
    by_hand = [[i // 3**p % 3 - 1 for p in range(9)] for i in range(space.size)]
    np.testing.assert_array_equal(space.all_tables(), by_hand)


def test_the_first_input_varies_slowest() -> None:
    space = OperationSpace()
    assert [tuple(row) for row in space.inputs().tolist()] == [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]


@given(spaces_and_indices)
def test_indices_tables_and_strings_name_the_same_operations(case: tuple[OperationSpace, list[int]]) -> None:
    space, listed = case
    indices = np.array(listed, dtype=np.int64)
    tables = space.tables(indices)
    assert tables.shape == (len(listed), space.cells)
    np.testing.assert_array_equal(space.indices(tables), indices)
    assert space.strings(indices) == [space.string(i) for i in listed]
    for string, table in zip(space.strings(indices), tables, strict=True):
        assert [space.symbols[space.glyphs.index(glyph)] for glyph in string] == table.tolist()


@pytest.mark.parametrize(("base", "arity"), OFFERED)
def test_the_first_and_last_operation_are_the_extreme_constants(base: int, arity: int) -> None:
    space = OperationSpace(base, arity)
    assert set(space.tables(0).tolist()) == {space.symbols[0]}
    assert set(space.tables(space.size - 1).tolist()) == {space.symbols[-1]}
    assert space.log_size == pytest.approx(math.log(space.size), rel=1e-12)


def test_batches_of_any_shape_keep_their_shape() -> None:
    space = OperationSpace()
    indices = np.arange(24).reshape(2, 3, 4)
    tables = space.tables(indices)
    assert tables.shape == (2, 3, 4, 9)
    np.testing.assert_array_equal(space.indices(tables), indices)
    assert space.tables(np.int64(5)).shape == (9,)
    assert space.strings([]) == []


@pytest.mark.parametrize(("base", "arity"), [(3, 4), (4, 3), (4, 4)])
def test_a_space_beyond_64_bits_is_refused(base: int, arity: int) -> None:
    with refused(OperationError, "too_large", "do not fit 64 bits"):
        OperationSpace(base, arity)


@pytest.mark.parametrize(
    ("base", "arity", "named"),
    [(1, 2, "base"), (5, 2, "base"), (3, 0, "arity"), (3, 5, "arity"), (3, True, "arity")],
)
def test_a_space_outside_the_offer_is_refused(base: int, arity: int, named: str) -> None:
    with refused(OperationError, "out_of_range", f"the {named} of an operation space"):
        OperationSpace(base, arity)


@pytest.mark.parametrize("index", [-1, 19683, 2**63 - 1])
def test_an_index_out_of_range_is_refused(index: int) -> None:
    with refused(OperationError, "out_of_range", f"index {index} is outside 0 to 19682"):
        OperationSpace().tables(np.array([0, index]))


def test_the_largest_index_of_the_largest_space_is_exact() -> None:
    space = OperationSpace(3, 3)
    assert space.size == 3**27
    assert int(space.indices(space.tables(space.size - 1))) == 3**27 - 1


def test_tables_with_a_foreign_symbol_or_width_are_refused() -> None:
    space = OperationSpace()
    with refused(OperationError, "out_of_range", "entry 2 at position 1 is not one of -1, 0 and +1"):
        space.indices(np.full((1, 9), 2))
    with refused(OperationError, "wrong_shape", "has 9 entries along its last axis, but the shape is (1, 8)"):
        space.indices(np.zeros((1, 8), dtype=int))
    with refused(OperationError, "wrong_type", "whole numbers, not float64"):
        space.indices(np.zeros((1, 9)))
    with refused(OperationError, "wrong_type", "whole number, not float64"):
        space.tables(np.array([1.0]))


def test_unsigned_symbols_are_not_wrapped() -> None:
    with refused(OperationError, "out_of_range", "255"):
        OperationSpace().indices(np.full((1, 9), 255, dtype=np.uint8))


def test_all_tables_are_shared_and_read_only() -> None:
    tables = OperationSpace().all_tables()
    assert tables is OperationSpace().all_tables()
    with pytest.raises(ValueError, match="read-only"):
        tables[0, 0] = 1


@pytest.mark.parametrize(("base", "arity"), [(3, 3), (4, 2)])
def test_a_space_too_large_to_write_out_is_refused(base: int, arity: int) -> None:
    with refused(OperationError, "not_enumerable", "too many to write out"):
        OperationSpace(base, arity).all_tables()


def test_the_digest_tells_spaces_apart() -> None:
    digests = {OperationSpace(base, arity).digest() for base, arity in OFFERED}
    assert len(digests) == len(OFFERED)
    assert OperationSpace().digest() == OperationSpace(3, 2).digest()
    assert all(len(digest) == 64 for digest in digests)
