import json
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pytest

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.algebra import holds, properties_of, property_names
from fluxttice_core.operations.cellwise import TERNARY, cellwise, grid
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

KNOWN = json.loads((Path(__file__).parent / "known_answers.json").read_text(encoding="utf-8"))


def test_every_property_but_one_has_a_known_count() -> None:
    assert set(property_names()) - set(KNOWN["properties"]) == {"right-identity"}
    assert holds("right-identity").sum() == holds("left-identity").sum()


@pytest.mark.parametrize(("name", "count"), KNOWN["properties"].items())
def test_as_many_operations_as_known_have_the_property(name: str, count: int) -> None:
    assert holds(name).sum() == count


@pytest.mark.parametrize("known", KNOWN["conjunctions"], ids=lambda known: " and ".join(known["properties"]))
def test_as_many_operations_as_known_have_both_properties(known: dict[str, Any]) -> None:
    both = np.all([holds(name) for name in known["properties"]], axis=0)
    assert both.sum() == known["count"]


def test_compound_properties_are_their_parts() -> None:
    pairs = {
        "band": ("associative", "idempotent"),
        "semilattice": ("band", "commutative"),
        "monoid": ("associative", "identity"),
        "loop": ("latin-square", "identity"),
        "group": ("latin-square", "associative"),
        "sheffer": ("without-subalgebra", "simple", "rigid"),
    }
    for whole, parts in pairs.items():
        np.testing.assert_array_equal(holds(whole), np.all([holds(part) for part in parts], axis=0))
    np.testing.assert_array_equal(
        holds("constant").astype(int) + holds("one-input") + holds("both-inputs"), 1
    )
    cyclic_and_odd = holds("self-dual") & holds("cyclic")
    np.testing.assert_array_equal(holds("homogeneous"), cyclic_and_odd)


def test_boolean_operations_have_their_textbook_counts() -> None:
    boolean = OperationSpace(2)
    counts = {
        "commutative": 8,
        "idempotent": 4,
        "associative": 8,
        "monotone": 6,
        "latin-square": 2,
        "group": 2,
        "self-dual": 4,
        "constant": 2,
        "one-input": 4,
        "both-inputs": 10,
        "balanced": 6,
        "sheffer": 2,
        "t-norm": 1,
        "semilattice": 2,
    }
    assert {name: int(holds(name, boolean).sum()) for name in counts} == counts
    assert np.flatnonzero(holds("sheffer", boolean)).tolist() == [1, 7]


def test_properties_of_spaces_that_cannot_be_enumerated_are_told_for_given_operations() -> None:
    quaternary = OperationSpace(4)
    maximum = quaternary.indices(quaternary.inputs().max(axis=1)[None])
    assert holds("semilattice", quaternary, maximum).tolist() == [True]
    assert holds("sheffer", quaternary, maximum).tolist() == [False]
    webb = quaternary.indices((quaternary.inputs().max(axis=1)[None] + 1) % 4)
    assert holds("sheffer", quaternary, webb).tolist() == [True]
    assert "affine" not in property_names(quaternary)


@pytest.mark.parametrize("name", property_names())
def test_all_operations_are_judged_within_a_second(name: str) -> None:
    cellwise(TERNARY)
    started = process_time()
    holds(name, TERNARY, np.arange(TERNARY.size))
    assert process_time() - started < 1


def test_verdicts_are_kept_and_read_only() -> None:
    assert holds("rigid") is holds("rigid")
    with pytest.raises(ValueError, match="read-only"):
        holds("rigid")[0] = True
    with pytest.raises(ValueError, match="read-only"):
        grid(TERNARY)[0, 0, 0] = 1


def test_what_has_no_answer_is_refused() -> None:
    with refused(OperationError, "unknown_name", "no property 'comutative'", "choose among commutative"):
        holds("comutative")
    with refused(OperationError, "unknown_name", "'affine'"):
        holds("affine", OperationSpace(2))
    with refused(OperationError, "unknown_name", "'commutative' of the operations of one input"):
        holds("commutative", OperationSpace(3, 1))
    with refused(OperationError, "unsupported", "1 to 3 inputs, not for the operations of 4 inputs"):
        property_names(OperationSpace(2, 4))
    with refused(OperationError, "out_of_range", "19683"):
        properties_of(19683)
