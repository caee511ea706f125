from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.operations.composition import Application, Expression, Variable, compose
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.pairwise import Pairwise
from fluxttice_core.operations.reading import read_operation
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

UNARY = OperationSpace(3, 1)
indices = st.integers(0, 19682)
shapes: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["a", "b"]),
    lambda inner: st.tuples(indices, inner, inner) | st.tuples(st.integers(0, 26), inner),
    max_leaves=6,
)


def build(shape: Any) -> Expression:
    """Turn "a", "b", (unary index, shape) and (binary index, shape, shape) into an expression."""
    if isinstance(shape, str):
        return Variable("ab".index(shape))
    index, *arguments = shape
    space = TERNARY if len(arguments) == 2 else UNARY
    return Application(Operation(space, index), tuple(build(argument) for argument in arguments))


def evaluate(expression: Expression, values: tuple[int, int]) -> int:
    if isinstance(expression, Variable):
        return values[expression.position]
    cell = 0
    for argument in expression.arguments:
        cell = 3 * cell + evaluate(argument, values) + 1
    return int(expression.operation.table[cell])


@given(shapes)
def test_an_expression_computes_what_evaluating_it_cell_by_cell_does(shape: Any) -> None:
    expression = build(shape)
    by_hand = [evaluate(expression, (a, b)) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    assert expression.tabulate(TERNARY).table.tolist() == by_hand


@given(indices, indices, indices)
def test_composition_is_application_to_outputs(outer: int, left: int, right: int) -> None:
    f, g, h = Operation(TERNARY, outer), Operation(TERNARY, left), Operation(TERNARY, right)
    composed = compose(f, g, h)
    a, b = TERNARY.inputs().T
    assert composed.table.tolist() == f(g(a, b), h(a, b)).tolist()
    assert str(composed) == f"{f}({g}, {h})"
    pairwise = Pairwise.of(f, TERNARY)
    inner = np.array([[left], [right]], dtype=np.int32)
    assert pairwise(inner[0], inner[1]).tolist() == [[composed.index]]


def test_an_expression_is_written_as_a_formula_and_counted() -> None:
    a, b = Variable(0), Variable(1)
    nested = Application(read_operation("max"), (a, Application(read_operation("negation", 1), (b,))))
    assert str(nested) == "max(a, negation(b))"
    assert (nested.size, a.size) == (2, 0)
    assert nested.tabulate(TERNARY).string == "+0-+00+++"


def test_operations_are_called_with_numbers_of_their_values() -> None:
    minimum = read_operation("min")
    assert minimum(np.array([[1, 0]]), np.array([[-1, 1]])).tolist() == [[-1, 0]]
    assert minimum(np.array([], dtype=int), np.array([], dtype=int)).tolist() == []
    with refused(OperationError, "wrong_shape", "min takes 2 inputs, but 1 were given"):
        minimum(np.array([1]))
    with refused(OperationError, "out_of_range", "must be among -1, 0 and +1"):
        minimum(np.array([2]), np.array([0]))
    with refused(OperationError, "out_of_range", "19683"):
        Operation(TERNARY, 19683)


def test_what_does_not_fit_together_is_refused() -> None:
    minimum, negation = read_operation("min"), read_operation("negation", 1)
    with refused(OperationError, "wrong_shape", "min takes 2 inputs, but 1 operations were given"):
        compose(minimum, minimum)
    with refused(OperationError, "space_mismatch", "must have the same inputs"):
        compose(minimum, minimum, negation)
    with refused(OperationError, "space_mismatch", "works on 3 values, but it is applied to operations on 2"):
        compose(negation, Operation(OperationSpace(2), 1))
    with refused(OperationError, "out_of_range", "no input number 3"):
        Variable(2).tabulate(TERNARY)
    with refused(OperationError, "space_mismatch", "negation is not an operation of 2 inputs"):
        Pairwise.of(negation, TERNARY)
