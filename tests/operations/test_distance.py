import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.distance import class_distance, hamming, hamming_to_all, neighbours
from fluxttice_core.operations.symmetry import representatives
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

KNOWN = json.loads((Path(__file__).parent / "known_answers.json").read_text(encoding="utf-8"))
SYMMETRIES = ["swap", "isomorphism", "anti-isomorphism", "sign-npn", "npn"]
operations = st.integers(0, 19682)


@pytest.mark.parametrize("index", [0, 223, 15633, 19682])
def test_every_table_has_as_many_neighbours_as_known(index: int) -> None:
    assert np.bincount(hamming_to_all(index)).tolist() == KNOWN["neighbours"]
    for distance, count in enumerate(KNOWN["neighbours"]):
        near = neighbours(index, distance)
        assert near.size == count
        np.testing.assert_array_equal(near, np.flatnonzero(hamming_to_all(index) == distance))


@given(operations, operations, operations)
def test_the_distance_is_a_metric(x: int, y: int, z: int) -> None:
    left, right = np.array([x, y, x, x]), np.array([y, x, z, x])
    xy, yx, xz, xx = hamming(left, right).tolist()
    assert xy == yx == hamming_to_all(x)[y]
    assert xx == 0
    assert (xy == 0) == (x == y)
    assert hamming(np.array(x), np.array(z)) == xz <= xy + hamming_to_all(y)[z]


@pytest.mark.parametrize("name", SYMMETRIES)
@settings(max_examples=20)
@given(x=operations, y=operations, z=operations)
def test_the_class_distance_is_a_metric_on_classes(name: str, x: int, y: int, z: int) -> None:
    least = representatives(name)
    distance = class_distance(name, x, y)
    assert distance == class_distance(name, y, x) == class_distance(name, int(least[x]), int(least[y]))
    assert (distance == 0) == (least[x] == least[y])
    assert distance <= hamming_to_all(x)[y]
    assert class_distance(name, x, z) <= distance + class_distance(name, y, z)


def test_other_spaces_have_neighbours_too() -> None:
    assert neighbours(0, 1, OperationSpace(2)).tolist() == [1, 2, 4, 8]
    assert neighbours(0, 2, OperationSpace(4)).size == 120 * 9


@pytest.mark.parametrize("distance", [-1, 10])
def test_impossible_distances_are_refused(distance: int) -> None:
    with refused(OperationError, "out_of_range", f"from 0 to 9, not {distance}"):
        neighbours(0, distance)
