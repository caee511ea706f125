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
from fluxttice_core.operations.clones import clone_memberships, completeness, maximal_clones
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


def test_lying_in_no_maximal_clone_and_structure_find_the_same_sheffer_operations() -> None:
    assert holds("sheffer").sum() == KNOWN["properties"]["sheffer"]
    np.testing.assert_array_equal(~clone_memberships().any(axis=0), holds("sheffer"))


def test_clones_judge_all_operations_within_a_second() -> None:
    started = process_time()
    clone_memberships(TERNARY, np.arange(TERNARY.size))
    assert process_time() - started < 1


def test_clones_are_properties_congruences_and_subalgebras() -> None:
    members = dict(zip([clone.name for clone in maximal_clones(3)], clone_memberships(), strict=True))
    f = grid(TERNARY)
    expected = {
        "monotone for -1 < 0 < +1": holds("monotone"),
        "monotone for 0 < -1 < +1": holds("monotone-around-minus"),
        "monotone for -1 < +1 < 0": holds("monotone-around-plus"),
        "commutes with the cycle -1, 0, +1": holds("cyclic"),
        "affine modulo 3": holds("affine"),
        "respects -1 ~ 0": compatible_with(f, (0, 0, 1)),
        "respects -1 ~ +1": compatible_with(f, (0, 1, 0)),
        "respects 0 ~ +1": compatible_with(f, (0, 1, 1)),
        "preserves {-1}": closed_under(f, (0,)),
        "preserves {0}": holds("zero-preserving"),
        "preserves {+1}": closed_under(f, (2,)),
        "preserves {-1, 0}": closed_under(f, (0, 1)),
        "preserves {-1, +1}": holds("boolean-preserving"),
        "preserves {0, +1}": closed_under(f, (1, 2)),
        "not surjective, or of one essential input (Slupecki)": ~holds("surjective") | ~holds("both-inputs"),
    }
    for name, verdicts in expected.items():
        np.testing.assert_array_equal(members[name], verdicts, err_msg=name)


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
