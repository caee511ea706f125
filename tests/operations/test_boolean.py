from itertools import permutations, product
from typing import Any

import numpy as np
import pytest

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.boolean import boolean_portrait, facts_of, npn_representatives, read_element
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.space_name import space_of
from tests.refusals import refused


@pytest.mark.parametrize(("arity", "classes"), [(1, 2), (2, 4), (3, 14), (4, 222)])
def test_there_are_as_many_classes_as_the_literature_counts(arity: int, classes: int) -> None:
    least = npn_representatives(arity)
    assert len(np.unique(least)) == classes
    assert np.array_equal(least[least], least)
    assert (least <= np.arange(least.size)).all()


def test_a_class_is_what_calling_the_function_otherwise_gives() -> None:
    space, least = OperationSpace(2, 3), npn_representatives(3)
    inputs = [tuple(row) for row in space.inputs().tolist()]
    for index in (0b11101000, 0b10000000, 0b00101101, 0):
        function = dict(zip(inputs, space.tables(index).tolist(), strict=True))
        alike = set()
        for order, negated, out in product(permutations(range(3)), product((0, 1), repeat=3), (0, 1)):
            moved = [tuple(row[p] ^ n for p, n in zip(order, negated, strict=True)) for row in inputs]
            alike.add(int(space.indices(np.array([function[row] ^ out for row in moved]))))
        assert alike == set(np.flatnonzero(least == min(alike)))
        found = boolean_portrait(index, 3)
        assert (found.npn_members, found.npn_classes) == (len(alike), 14)


@pytest.mark.parametrize(
    ("space", "written", "index"),
    [
        ("boolean:4", "0x8000", 0x8000),
        ("boolean:4", "AND", 0x8000),
        ("boolean:4", "exactly one", 0x0116),
        ("boolean:3", "Majority", 0xE8),
        ("boolean:3", "if_then_else", 0xCA),
        ("boolean:2", "implies", 0b1011),
        ("boolean:2", "0110", 0b0110),
        ("dna:6", "acguac", 1252),
    ],
)
def test_an_element_is_read_from_its_name_or_notation(space: str, written: str, index: Any) -> None:
    assert read_element(space_of(space), written) == index


def test_names_compute_what_they_say() -> None:
    for name, value in (("xor", 0b0110), ("nand", 0b0111), ("a", 0b1100), ("not-b", 0b0101)):
        assert name in boolean_portrait(value, 2).names
    assert boolean_portrait(0x1234, 4).names == ()
    assert facts_of(space_of("dna:6"), 5) == facts_of(OperationSpace(), 5) == {}


def test_what_is_no_element_is_refused_with_its_position_or_the_names() -> None:
    with refused(OperationError, "malformed", "at position 4"):
        read_element(space_of("dna:6"), "ACGXAC")
    with refused(OperationError, "malformed", "or a name among false, true"):
        read_element(space_of("boolean:2"), "nimply")
    with refused(OperationError, "wrong_shape", "has 3 hexadecimal digits"):
        read_element(space_of("boolean:4"), "0x800")
    with refused(OperationError, "out_of_range"):
        npn_representatives(5)
    with refused(OperationError, "out_of_range"):
        boolean_portrait(16, 2)
