import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.algebra import holds
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.symmetry import (
    class_count,
    generators,
    images,
    orbit,
    representatives,
    transformations,
)
from fluxttice_core.operations.vocabulary import SYMMETRIES
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

KNOWN = json.loads((Path(__file__).parent / "known_answers.json").read_text(encoding="utf-8"))
NAMES = list(KNOWN["classes"])
ORDERS = {
    "swap": 2,
    "isomorphism": 6,
    "anti-isomorphism": 12,
    "sign-np": 8,
    "sign-npn": 16,
    "input-relabelling": 36,
    "isotopy": 216,
    "npn": 432,
}


@pytest.mark.parametrize(("name", "count"), KNOWN["classes"].items())
def test_there_are_as_many_classes_as_known(name: str, count: int) -> None:
    assert class_count(name) == count


@pytest.mark.parametrize("known", KNOWN["classes_within"], ids=str)
def test_there_are_as_many_classes_of_operations_with_a_property_as_known(known: dict[str, Any]) -> None:
    members = np.all([holds(name) for name in known["properties"]], axis=0)
    assert np.unique(representatives(known["symmetry"])[members]).size == known["count"]


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_a_symmetry_is_a_group_of_its_order(name: str, order: int) -> None:
    every = transformations(name)
    assert len(set(every)) == len(every) == order
    probe = np.array([15929])
    assert set(images(name, probe).ravel().tolist()) == set(
        orbit(name, int(images(name, probe)[-1, 0])).tolist()
    )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15)
@given(index=st.integers(0, 19682))
def test_a_transformation_does_what_it_says(name: str, index: int) -> None:
    f = TERNARY.tables(index).astype(int) + 1
    for found, (order, inputs, output) in zip(
        images(name, np.array([index]))[::7, 0], transformations(name)[::7], strict=True
    ):
        g = TERNARY.tables(int(found)).astype(int) + 1
        for x in product(range(3), repeat=2):
            first, second = inputs[0][x[order[0]]], inputs[1][x[order[1]]]
            assert g[3 * x[0] + x[1]] == output[f[3 * first + second]]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15)
@given(index=st.integers(0, 19682))
def test_the_representative_is_the_least_of_the_class(name: str, index: int) -> None:
    members = orbit(name, index)
    assert index in members
    assert representatives(name)[index] == members.min()
    assert set(representatives(name)[members]) == {members.min()}
    assert ORDERS[name] % members.size == 0


@pytest.mark.parametrize(
    "name", ["commutative", "associative", "sheffer", "simple", "rigid", "latin-square", "monoid"]
)
def test_isomorphic_operations_share_their_properties(name: str) -> None:
    verdicts = holds(name)
    np.testing.assert_array_equal(verdicts, verdicts[representatives("anti-isomorphism")])


@pytest.mark.parametrize("name", [term.name for term in SYMMETRIES])
def test_few_transformations_lead_through_every_class(name: str) -> None:
    def classes(moves: Any) -> Any:
        tables = TERNARY.all_tables() + 1
        powers = 3 ** np.arange(TERNARY.cells)
        ends = [np.array(output)[tables[:, cells]] @ powers for cells, output in moves]
        every = np.tile(np.arange(TERNARY.size), len(moves))
        graph = coo_array((np.ones(every.size), (every, np.concatenate(ends))), shape=(TERNARY.size,) * 2)
        return connected_components(graph, directed=False)

    moves = generators(name)
    count, labels = classes(moves)
    least = representatives(name)
    assert count == len(np.unique(least))
    assert (labels == labels[least]).all()
    assert len(moves) <= 7
    if len(moves) > 1:
        assert classes(moves[:-1])[0] > count


@pytest.mark.slow
def test_boolean_classes_of_four_inputs_are_those_of_the_literature() -> None:
    assert class_count("npn", OperationSpace(2, 4)) == 222


def test_unknown_symmetries_and_large_spaces_are_refused() -> None:
    with refused(OperationError, "unknown_name", "no symmetry 'mirror': choose among swap, isomorphism"):
        orbit("mirror", 0)
    with refused(OperationError, "not_enumerable"):
        representatives("swap", OperationSpace(4))
    assert orbit("swap", 4, OperationSpace(4)).tolist() == [4, 4**4]
