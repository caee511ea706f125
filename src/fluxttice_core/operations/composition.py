"""Expressions: operations applied to operations, as a tree that can be written down and tabulated."""

from dataclasses import dataclass

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.operation import Operation
from fluxttice_core.spaces.operation_space import OperationSpace

VARIABLES = ("a", "b", "c", "d")
"""Names of the inputs, first to last."""


@dataclass(frozen=True)
class Variable:
    """One of the inputs; `position` counts from 0."""

    position: int

    def __str__(self) -> str:
        return VARIABLES[self.position]

    @property
    def size(self) -> int:
        """Number of operations applied, 0."""
        return 0

    def tabulate(self, space: OperationSpace) -> Operation:
        """Return the projection to this input as an operation of the space."""
        if not 0 <= self.position < space.arity:
            raise OperationError(
                f"{space.describe()} have no input number {self.position + 1}", "out_of_range"
            )
        return Operation.read(space, space.inputs()[None, :, self.position], str(self))


_CONSTANTS = {"always-minus": "-1", "always-zero": "0", "always-plus": "1"}
"""Operations of one input that do not depend on it, as they are written in expressions."""


@dataclass(frozen=True)
class Application:
    """An operation applied to expressions, one for each of its inputs."""

    operation: Operation
    arguments: tuple["Expression", ...]

    def __str__(self) -> str:
        constant = _CONSTANTS.get(str(self.operation))
        return constant or f"{self.operation}({', '.join(map(str, self.arguments))})"

    @property
    def size(self) -> int:
        """Number of operations applied in the whole tree."""
        return 1 + sum(argument.size for argument in self.arguments)

    def tabulate(self, space: OperationSpace) -> Operation:
        """Return the operation of the space that this expression computes."""
        return compose(self.operation, *(argument.tabulate(space) for argument in self.arguments))


Expression = Variable | Application


def compose(outer: Operation, *inner: Operation) -> Operation:
    """Apply one operation to the outputs of others, which share their inputs.

    h(x) = f(g_1(x), ..., g_m(x)), with x the inputs of the inner operations.
    """
    if len(inner) != outer.space.arity:
        raise OperationError(
            f"{outer} takes {outer.space.arity} inputs, but {len(inner)} operations were given", "wrong_shape"
        )
    spaces = {operation.space for operation in inner}
    if len(spaces) != 1:
        raise OperationError(
            "operations that are composed side by side must have the same inputs and values", "space_mismatch"
        )
    space = spaces.pop()
    if space.base != outer.space.base:
        raise OperationError(
            f"{outer} works on {outer.space.base} values, but it is applied to operations on {space.base}",
            "space_mismatch",
        )
    name = f"{outer}({', '.join(map(str, inner))})"
    return Operation.read(space, outer(*(operation.table for operation in inner))[None], name)
