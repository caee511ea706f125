import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.algebra import holds
from fluxttice_core.operations.distance import hamming_to_all
from fluxttice_core.operations.search import find_operations, one_of_each_class
from fluxttice_core.operations.symmetry import representatives
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

MAXIMUM = 19569


def test_all_conditions_hold_and_none_is_missed() -> None:
    found = find_operations({"sheffer": True, "commutative": False, "balanced": True})
    expected = holds("sheffer") & ~holds("commutative") & holds("balanced")
    np.testing.assert_array_equal(found, np.flatnonzero(expected))
    assert find_operations({}).size == 19683
    assert find_operations({"sheffer": True, "monotone": True}).size == 0


def test_the_nearest_come_first_and_ties_by_index() -> None:
    found = find_operations({"sheffer": True, "commutative": True}, near=MAXIMUM)
    keys = list(zip(hamming_to_all(MAXIMUM)[found].tolist(), found.tolist(), strict=True))
    assert keys == sorted(keys)
    assert len(keys) == 90


def test_a_greatest_distance_leaves_out_the_rest() -> None:
    assert find_operations({}, near=MAXIMUM, within=1).size == 19
    assert find_operations({}, near=MAXIMUM, within=0).tolist() == [MAXIMUM]


def test_the_first_of_each_class_is_kept_in_order() -> None:
    found = find_operations({"sheffer": True}, near=MAXIMUM)
    kept = one_of_each_class(found, "isomorphism")
    assert kept.size == 629
    assert [index for index in found.tolist() if index in set(kept.tolist())] == kept.tolist()
    least = representatives("isomorphism")
    seen: set[int] = set()
    for index in found.tolist():
        assert (index in kept) == (least[index] not in seen)
        seen.add(int(least[index]))


def test_impossible_searches_are_refused() -> None:
    with refused(OperationError, "unknown_name", "'shefer'"):
        find_operations({"shefer": True})
    with refused(OperationError, "missing_option", "say which is near"):
        find_operations({}, within=2)
    with refused(OperationError, "out_of_range", "cannot be negative, as -1 is"):
        find_operations({}, near=0, within=-1)
    with refused(OperationError, "out_of_range", "19683"):
        find_operations({}, near=19683)
    with refused(OperationError, "not_enumerable"):
        find_operations({}, space=OperationSpace(4))
