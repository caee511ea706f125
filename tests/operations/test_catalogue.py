import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxttice_core.errors import ErrorCode, OperationError
from fluxttice_core.operations.algebra import properties_of
from fluxttice_core.operations.catalogue import find_named, named_operations, names_of
from fluxttice_core.operations.reading import read_basis, read_operation
from fluxttice_core.operations.written_forms import heptavintimal, rewritten
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

KNOWN = json.loads((Path(__file__).parent / "known_answers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("known", KNOWN["named"], ids=lambda known: known["name"])
def test_a_known_operation_has_its_table_index_and_properties(known: dict[str, Any]) -> None:
    found = find_named(known["name"])
    assert found is not None
    assert found.operation.index == known["index"]
    assert found.operation.table.tolist() == known["table"]
    judged = KNOWN["judged_properties"]
    verdicts = properties_of(known["index"])
    assert {name for name in judged if verdicts[name]} == set(known["properties"])
    assert known["name"] in names_of(known["index"])


@pytest.mark.parametrize("arity", [1, 2])
def test_names_and_aliases_are_unique_and_can_be_told_from_tables(arity: int) -> None:
    written = [name for named in named_operations(arity) for name in (named.name, *named.aliases)]
    assert len(set(written)) == len(written)
    assert all(name == name.lower() and any(letter.isalpha() for letter in name) for name in written)
    for named in named_operations(arity):
        assert named.formula
        assert named.source
        assert all(read_operation(name, arity) == named.operation for name in (named.name, *named.aliases))


def table(name: str, arity: int = 2) -> list[int]:
    found = find_named(name, arity)
    assert found is not None
    return [int(entry) for entry in found.operation.table]


def test_tables_that_the_literature_prints_are_met() -> None:
    assert table("mccarthy-and") == [-1, -1, -1, 0, 0, 0, -1, 0, 1]
    assert table("mccarthy-or") == [-1, 0, 1, 0, 0, 0, 1, 1, 1]
    assert table("bochvar-implication") == [1, 0, 1, 0, 0, 0, -1, 0, 1]
    assert table("rm3-fusion") == [-1, -1, -1, -1, 0, 1, -1, 1, 1]
    assert table("rm3-fission") == [-1, -1, 1, -1, 0, 1, 1, 1, 1]
    assert table("sette-implication") == [1, 1, 1, -1, 1, 1, -1, 1, 1]
    assert table("j3-implication") == [1, 1, 1, -1, 0, 1, -1, 0, 1]
    assert table("goedel-equivalence") == [1, -1, -1, -1, 1, 0, -1, 0, 1]
    assert table("negation", 1) == [1, 0, -1]
    assert table("post-negation", 1) == [0, 1, -1]
    assert table("goedel-negation", 1) == [1, -1, -1]


def test_sum_and_carry_are_the_digits_of_balanced_ternary() -> None:
    total = 3 * np.array(table("carry")) + np.array(table("mod-sum"))
    assert total.tolist() == [a + b for a in (-1, 0, 1) for b in (-1, 0, 1)]
    difference = 3 * np.array(table("borrow")) + np.array(table("mod-difference"))
    assert difference.tolist() == [a - b for a in (-1, 0, 1) for b in (-1, 0, 1)]


@pytest.mark.parametrize(
    "text", ["min", "MIN", "Kleene AND", "kleene_and", " and ", "15633", "----00-0+", "---/-00/-0+"]
)
def test_a_name_or_any_notation_reads_an_operation(text: str) -> None:
    operation = read_operation(text)
    assert (operation.index, operation.name) == (15633, "min")


def test_operations_without_a_name_are_called_by_their_string() -> None:
    assert names_of(1) == ()
    assert str(read_operation("1")) == "0--------"


@pytest.mark.parametrize(
    ("text", "code", "complaint"),
    [
        ("minn", "unknown_operation", "no operation is named 'minn': did you mean min"),
        ("7pb", "unknown_operation", "did you mean 7PB?"),
        ("ffffuufut", "unknown_operation", "did you mean FFFFUUFUT?"),
        ("not", "unknown_operation", "'not' has one input: write not(a) or not(b)"),
        ("lukasiewicz-nand", "unknown_operation", "did you mean lukasiewicz-and"),
        ("qqqq", "unknown_operation", "see the catalogue"),
        ("19683", "out_of_range", "index 19683 is outside"),
        ("", "malformed", "is empty"),
        ("--", "wrong_shape", "has 2 symbols: expected 9"),
    ],
)
def test_what_is_neither_name_nor_table_is_refused(text: str, code: ErrorCode, complaint: str) -> None:
    with refused(OperationError, code, complaint):
        read_operation(text)


def test_a_basis_mixes_operations_of_one_and_two_inputs() -> None:
    read = read_basis(["min", "not", "+0-", "−0+", "----00-0+", "5", "is-zero"])
    assert [operation.space.arity for operation in read] == [2, 1, 1, 1, 2, 2, 1]
    assert [str(operation) for operation in read[:4]] == ["min", "negation", "negation", "identity"]
    constants = read_basis(["-1", "−1", "0", "1", "+1"])
    assert [operation.table.tolist() for operation in constants] == [[-1] * 3] * 2 + [[0] * 3] + [[1] * 3] * 2
    both = {n.name for n in named_operations(1)} & {n.name for n in named_operations(2)}
    assert not both
    with refused(OperationError, "unknown_operation", "'nott'"):
        read_basis(["min", "nott"])


def test_operations_of_three_inputs_have_no_names() -> None:
    assert named_operations(3) == ()
    with refused(OperationError, "unknown_operation", "those of three inputs have no names"):
        read_operation("median", 3)
    with refused(OperationError, "unsupported", "1 to 3 inputs here, not 4"):
        named_operations(4)


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        *[("not", 1), ("+0-", 1), ("min", 2), ("5", 2), ("7PB", 2), ("-a", 2), ("max(a, c)", 3)],
        *[("-0+" * 9, 3), ("/".join(["-0+"] * 9), 3), ("012" * 9, 3), ("\u22120+" * 9, 3)],
    ],
)
def test_the_number_of_inputs_is_seen_from_the_text(text: str, inputs: int) -> None:
    assert read_operation(text, None).space.arity == inputs


@pytest.mark.parametrize("arity", [1, 3])
def test_every_notation_of_one_and_three_inputs_is_read_back(arity: int) -> None:
    space = OperationSpace(arity=arity)
    for index in (0, 5, space.size // 3, space.size - 2):
        glyphs, base_27 = space.string(index), heptavintimal(index, space.cells)
        for text in (glyphs, str(index), f"hept:{base_27}", f"012:{rewritten(glyphs, '012')}"):
            assert read_operation(text, arity).index == index
