import json
from itertools import product
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.algebra import holds
from fluxttice_core.operations.catalogue import find_named
from fluxttice_core.operations.cellwise import TERNARY, grid
from fluxttice_core.operations.clones import (
    clone_memberships,
    completeness,
    generated_unary_sizes,
    maximal_clones,
    sheffer_by_maximal_clones,
    sheffer_by_unary_operations,
)
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.structure import closed_under, compatible_with
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

KNOWN = json.loads((Path(__file__).parent / "known_answers.json").read_text(encoding="utf-8"))


def named(name: str, arity: int = 2) -> Operation:
    found = find_named(name, arity)
    assert found is not None
    return found.operation


def test_the_eighteen_maximal_clones_hold_as_many_operations_as_known() -> None:
    assert clone_memberships().sum(axis=1).tolist() == KNOWN["maximal_clones"]


def test_three_criteria_find_the_same_sheffer_operations() -> None:
    by_structure = holds("sheffer")
    by_relations = sheffer_by_maximal_clones()
    by_unary_operations = sheffer_by_unary_operations()
    assert by_structure.sum() == KNOWN["properties"]["sheffer"]
    np.testing.assert_array_equal(by_relations, by_structure)
    np.testing.assert_array_equal(by_unary_operations, by_structure)


def test_the_generated_unary_operations_are_as_many_as_known() -> None:
    sizes, counts = np.unique(generated_unary_sizes(), return_counts=True)
    assert {str(size): count for size, count in zip(sizes, counts.tolist(), strict=True)} == KNOWN[
        "generated_unary_sizes"
    ]


@pytest.mark.parametrize(
    "criterion", [sheffer_by_maximal_clones, sheffer_by_unary_operations, clone_memberships]
)
def test_a_criterion_judges_all_operations_within_a_second(criterion: object) -> None:
    started = process_time()
    assert callable(criterion)
    criterion(TERNARY, np.arange(TERNARY.size))
    assert process_time() - started < 1


def test_some_clones_are_properties() -> None:
    names = [clone.name for clone in maximal_clones(3)]
    members = dict(zip(names, clone_memberships(), strict=True))
    np.testing.assert_array_equal(members["monotone for -1 < 0 < +1"], holds("monotone"))
    np.testing.assert_array_equal(members["monotone for 0 < -1 < +1"], holds("monotone-around-minus"))
    np.testing.assert_array_equal(members["monotone for -1 < +1 < 0"], holds("monotone-around-plus"))
    np.testing.assert_array_equal(members["commutes with the cycle -1, 0, +1"], holds("cyclic"))
    np.testing.assert_array_equal(members["affine modulo 3"], holds("affine"))
    np.testing.assert_array_equal(members["preserves {0}"], holds("zero-preserving"))
    np.testing.assert_array_equal(members["preserves {-1, +1}"], holds("boolean-preserving"))
    slupecki = ~holds("surjective") | ~holds("both-inputs")
    np.testing.assert_array_equal(members["not surjective, or of one essential input (Slupecki)"], slupecki)


def test_each_clone_of_an_equivalence_is_of_its_congruence() -> None:
    members = dict(zip([clone.name for clone in maximal_clones(3)], clone_memberships(), strict=True))
    for name, blocks in (("-1 ~ 0", (0, 0, 1)), ("-1 ~ +1", (0, 1, 0)), ("0 ~ +1", (0, 1, 1))):
        np.testing.assert_array_equal(members[f"respects {name}"], compatible_with(grid(TERNARY), blocks))


def test_each_clone_of_a_subset_is_of_its_subalgebra() -> None:
    members = dict(zip([clone.name for clone in maximal_clones(3)], clone_memberships(), strict=True))
    named_subsets = {
        "{-1}": (0,),
        "{0}": (1,),
        "{+1}": (2,),
        "{-1, 0}": (0, 1),
        "{-1, +1}": (0, 2),
        "{0, +1}": (1, 2),
    }
    for name, subset in named_subsets.items():
        np.testing.assert_array_equal(members[f"preserves {name}"], closed_under(grid(TERNARY), subset))


def closure_size(base: int, arity: int, tables: list[tuple[int, ...]]) -> int:
    """Close the projections of a space under two-input operations given as tables, in plain Python."""
    cells = list(product(range(base), repeat=arity))
    reached = {tuple(cell[i] for cell in cells) for i in range(arity)}
    size = 0
    while size != len(reached):
        size = len(reached)
        reached |= {
            tuple(table[base * x + y] for x, y in zip(g, h, strict=True))
            for table in tables
            for g in reached
            for h in reached
        }
    return size


@pytest.mark.parametrize("pair", [(a, b) for a in range(16) for b in range(a, 16)])
def test_boolean_completeness_is_what_closing_under_the_operations_finds(pair: tuple[int, int]) -> None:
    space = OperationSpace(2)
    tables = [tuple(space.tables(index).tolist()) for index in pair]
    verdict = completeness([Operation(space, index) for index in pair])
    assert verdict.complete == (closure_size(2, 2, tables) == 16)
    assert verdict.complete == (not verdict.contained_in)


def test_textbook_sets_are_complete_or_not() -> None:
    assert completeness([named("webb")]).complete
    assert completeness([named("min"), named("post-negation", 1)]).complete
    assert completeness([named("mod-sum"), named("mod-product"), named("constant-plus")]).complete
    kleene = completeness([named("min"), named("max"), named("negation", 1)])
    assert kleene.contained_in == ("preserves {0}", "preserves {-1, +1}", "central with centre 0")
    lukasiewicz = completeness([named("lukasiewicz-implication"), named("negation", 1)])
    assert lukasiewicz.contained_in == ("preserves {-1, +1}",)
    with_constant = [named("lukasiewicz-implication"), named("negation", 1), named("always-zero", 1)]
    assert completeness(with_constant).complete


def test_operations_of_three_inputs_can_take_part() -> None:
    boolean = OperationSpace(2, 3)
    majority = Operation(
        boolean, int(boolean.indices((boolean.inputs().sum(axis=1) > 1).astype(int)[None])[0])
    )
    assert completeness([majority]).contained_in == (
        "preserves {0}",
        "preserves {1}",
        "monotone",
        "self-dual",
    )
    assert completeness(
        [majority, Operation(OperationSpace(2, 1), 1), Operation(OperationSpace(2), 0)]
    ).complete


def test_what_cannot_be_judged_is_refused() -> None:
    with refused(OperationError, "too_few", "at least one operation"):
        completeness([])
    with refused(OperationError, "space_mismatch", "on 2 and on 3 values cannot be combined"):
        completeness([named("min"), Operation(OperationSpace(2), 1)])
    with refused(OperationError, "unsupported", "listed for 2 and 3 values, not for 4"):
        completeness([Operation(OperationSpace(4), 1)])
    with refused(OperationError, "unsupported", "at most three values"):
        generated_unary_sizes(OperationSpace(4), np.array([0]))
    with refused(OperationError, "unsupported", "2 inputs on 3 values"):
        sheffer_by_unary_operations(OperationSpace(2))
