from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.operations import read_expression, read_operation, shortest_expression
from fluxttice_core.operations.catalogue import is_expression, named_operations
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.reading import read_basis
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

RULES: dict[str, Callable[..., np.ndarray]] = {
    "-min(a, -b)": lambda a, b: -np.minimum(a, -b),
    "max(min(a,b), not b)": lambda a, b: np.maximum(np.minimum(a, b), -b),
    "min(a, -1)": lambda a, b: np.minimum(a, -1) + 0 * b,
    "max(+1, (b))": lambda a, b: np.maximum(1, b) + 0 * a,
    "−a": lambda a, b: -a + 0 * b,
    "RDC(0, not not b)": lambda a, b: np.where(b == 0, b, 0) + 0 * a,
    "kleene-and(b, a)": lambda a, b: np.minimum(a, b),
    "possibly max(a, b)": lambda a, b: np.where(np.maximum(a, b) >= 0, 1, -1),
}


@pytest.mark.parametrize("text", RULES)
def test_an_expression_is_the_table_that_it_computes(text: str) -> None:
    space = OperationSpace()
    expected = Operation.read(space, RULES[text](*space.inputs().T)).index
    assert read_expression(text).index == read_operation(text).index == expected


def test_three_inputs() -> None:
    found = read_expression("max(min(a, b), not c)")
    a, b, c = found.space.inputs().T
    assert np.array_equal(found.table, np.maximum(np.minimum(a, b), -c))
    with refused(OperationError, "wrong_shape", "at most 2, named a and b"):
        read_operation("min(a, c)")


def test_constants_of_a_basis_are_written_as_constants() -> None:
    found = shortest_expression(read_operation("constant-plus"), read_basis(["min", "1"]))
    assert str(found.expression) == "1"
    found = shortest_expression(read_operation("consensus"), read_basis(["min", "max", "0"]))
    assert "0" in str(found.expression)
    assert "always" not in str(found.expression)
    assert read_expression(str(found.expression)).index == read_operation("consensus").index


@settings(max_examples=15)
@given(st.integers(0, 19_682))
def test_what_a_search_for_expressions_prints_is_read_back(index: int) -> None:
    target = Operation(OperationSpace(), index)
    found = shortest_expression(target, read_basis(["min", "not", "mod-sum", "always-plus"]), size_limit=4)
    if found.expression is not None:
        assert read_expression(str(found.expression)).index == index


@pytest.mark.parametrize(
    ("text", "says"),
    [
        *[("max(a,", "not 'the end'"), ("(a", "a closing bracket"), ("a b", "expected the end, not 'b'")],
        *[("min(a, b, a)", "given 3 inputs"), ("", "not 'the end'"), ("min(a, 10)", "'10' is no input")],
        *[
            ("a + b", "expected the end, not '+'"),
            ("min(a)", "no operation is named"),
            ("d", "'d' is no input"),
        ],
        *[("foo(a, b)", "no operation is named"), ("-" * 101 + "a", "100 deep"), ("(" * 5_000, "100 deep")],
    ],
)
def test_what_is_no_expression(text: str, says: str) -> None:
    with pytest.raises(OperationError) as refusal:
        read_expression(text)
    assert says in str(refusal.value)


def test_names_and_tables_are_no_expressions() -> None:
    texts = [name for arity in (1, 2) for one in named_operations(arity) for name in (one.name, *one.aliases)]
    assert not any(map(is_expression, [*texts, "----00-0+", "7PB", "15633", "ABC"]))
    assert all(map(is_expression, ["a", "not b", "-c", "min(a", "max(a, b)"]))
