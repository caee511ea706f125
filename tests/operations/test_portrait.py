import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.algebra import properties_of
from fluxttice_core.operations.portrait import portrait
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused


def test_the_minimum_is_portrayed() -> None:
    seen = portrait(15633)
    assert seen.table == ((-1, -1, -1), (-1, 0, 0), (-1, 0, 1))
    assert [named.name for named in seen.names] == ["min"]
    assert (seen.algebra.identity, seen.algebra.zero) == (1, -1)
    assert seen.algebra.essential_inputs == ("a", "b")
    assert seen.algebra.value_counts == {"-1": 5, "0": 3, "1": 1}
    assert seen.algebra.subalgebras == ((-1,), (0,), (1,), (-1, 0), (-1, 1), (0, 1))
    assert seen.algebra.congruences == (((-1, 0), (1,)), ((-1,), (0, 1)))
    assert seen.algebra.automorphisms == ((-1, 0, 1),)
    assert "monotone for -1 < 0 < +1" in seen.algebra.maximal_clones
    assert {one.symmetry: one.size for one in seen.classes}["sign-npn"] == 8
    assert "bochvar-and" not in {named.name for named in seen.named_neighbours}
    assert "lukasiewicz-and" in {named.name for named in seen.named_neighbours}
    assert len(seen.neighbours) == 18


def test_an_operation_without_a_name_or_structure_is_portrayed() -> None:
    seen = portrait(223)
    assert seen.algebra.identity is None
    assert seen.algebra.zero is None
    assert seen.algebra.subalgebras == ()
    assert seen.algebra.congruences == ()
    assert seen.algebra.maximal_clones == ()
    assert portrait(1).names == ()


@pytest.mark.parametrize("arity", [1, 2, 3])
@settings(max_examples=20)
@given(draw=st.integers(0, 3**27 - 1))
def test_a_portrait_agrees_with_its_properties_and_is_json(arity: int, draw: int) -> None:
    space = OperationSpace(arity=arity)
    index = draw % space.size
    seen = portrait(index, space)
    assert seen.properties == properties_of(index, space)
    assert seen.properties["without-subalgebra"] == (not seen.algebra.subalgebras)
    assert seen.properties["simple"] == (not seen.algebra.congruences)
    assert seen.properties["rigid"] == (len(seen.algebra.automorphisms) == 1)
    assert seen.properties.get("sheffer", False) == (not seen.algebra.maximal_clones)
    assert all(one.representative <= index for one in seen.classes)
    apart = (space.tables(np.array(seen.neighbours)) != space.tables(index)).sum(axis=1)
    assert apart.tolist() == [1] * 2 * space.cells
    written = json.loads(json.dumps(seen.to_json()))
    assert (written["index"], written["string"]) == (index, space.string(index))
    assert np.shape(written["table"]) == space.shape
    assert np.array_equal(np.ravel(written["table"]), space.tables(index))
    for name in ("identity", "zero"):
        assert (name in written["algebra"]) == (arity == 2)
        assert seen.properties.get(name, False) == (getattr(seen.algebra, name) is not None)


def test_an_index_out_of_range_is_refused() -> None:
    with refused(OperationError, "out_of_range", "index -1"):
        portrait(-1)
