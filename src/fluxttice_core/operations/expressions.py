"""The shortest way to write an operation with given ones, by search over all operations in order of size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.composition import Application, Expression, Variable
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.pairwise import Pairwise
from fluxttice_core.spaces.operation_space import OperationSpace

SIZE_LIMIT = 40
"""Default bound on the number of operations applied in an expression."""

PAIR_LIMIT = 2_000_000_000
"""Default bound on the pairs of operations that a search combines."""

_PAIRS_AT_ONCE = 2**20


@dataclass(frozen=True)
class ExpressionSearch:
    """What a search found: a shortest expression, or how far it looked.

    Args:
        target: The operation to be expressed.
        expression: One of the shortest expressions, or None.
        size: The size up to which every expression was tried.
        reached: Number of operations of the target's space that were expressed.
        exhausted: Whether that is everything that the basis generates, so that None means impossible.
    """

    target: Operation
    expression: Expression | None
    size: int
    reached: int
    exhausted: bool

    def __str__(self) -> str:
        if self.expression is not None:
            return f"{self.target} = {self.expression}"
        if self.exhausted:
            return (
                f"{self.target} cannot be expressed: the basis generates {self.reached:,} operations, "
                "and it is none of them"
            )
        return (
            f"no expression of {self.target} applies {self.size} operations or fewer; "
            "raise the bounds to try longer ones"
        )


def shortest_expression(
    target: Operation,
    basis: Sequence[Operation],
    *,
    size_limit: int = SIZE_LIMIT,
    pair_limit: int = PAIR_LIMIT,
) -> ExpressionSearch:
    """Find an expression of an operation with the fewest applications of basis operations.

    Breadth first over sizes: what has size s is u(g) with g of size s - 1, or f(g, h) with sizes that add up
    to s - 1; inputs have size 0. Each operation of the space is kept at its least size, so that every pair is
    combined at most once.

    Example:
        >>> space = OperationSpace()
        >>> webb = Operation(space, 223, "webb")
        >>> print(shortest_expression(Operation(space, 19569, "max"), [webb]))
        max = webb(webb(webb(a, b), webb(a, b)), webb(webb(a, b), webb(a, b)))

    Args:
        target: What to express.
        basis: What to express it with: operations of one or two inputs on the same values.
        size_limit: Most applications of operations in the expression.
        pair_limit: Most pairs of operations to combine before giving up.

    Raises:
        OperationError: If the basis is empty or does not fit the target, the space is too large to enumerate,
            or a bound is not positive.
    """
    _check(target, basis, size_limit, pair_limit)
    search = _Search(target.space, basis, pair_limit)
    while not (search.seen[target.index] or search.exhausted or search.size >= size_limit):
        if not search.grow(target.index):
            break
    found = search.expression(target.index) if search.seen[target.index] else None
    return ExpressionSearch(target, found, search.size, int(search.seen.sum()), search.exhausted)


def _check(target: Operation, basis: Sequence[Operation], size_limit: int, pair_limit: int) -> None:
    target.space.require_enumerable()
    if not basis:
        raise OperationError("an expression needs a basis: give at least one operation", "too_few")
    if size_limit < 1 or pair_limit < 1:
        raise OperationError("the bounds of a search for an expression must be at least 1", "out_of_range")
    for operation in basis:
        if operation.space.base != target.space.base:
            raise OperationError(
                f"{target} is on {target.space.base} values, but {operation} on {operation.space.base}",
                "space_mismatch",
            )
        if operation.space.arity > 2:
            raise OperationError(
                f"{operation} has {operation.space.arity} inputs: a basis may have one or two", "unsupported"
            )


class _Search:
    """All operations expressed so far, grouped by size, each with the application that first reached it."""

    def __init__(self, space: OperationSpace, basis: Sequence[Operation], pair_limit: int) -> None:
        self.space, self.basis, self.pairs_left = space, basis, pair_limit
        self.size = 0
        self.pairwise = {i: Pairwise.of(f, space) for i, f in enumerate(basis) if f.space.arity == 2}
        self.seen = np.zeros(space.size, dtype=bool)
        self.origin = np.full((space.size, 3), -1, dtype=np.int32)
        inputs = [Variable(i).tabulate(space).index for i in range(space.arity)]
        self.seen[inputs] = True
        self.origin[inputs, 1] = range(space.arity)
        self.levels: list[Int32[np.ndarray, "n"]] = [np.array(inputs, dtype=np.int32)]

    @property
    def exhausted(self) -> bool:
        """Whether no larger expression can reach anything new."""
        largest = max(size for size, level in enumerate(self.levels) if level.size)
        return bool(self.seen.all()) or self.size > (2 * largest if self.pairwise else largest)

    def grow(self, target: int) -> bool:
        """Try every expression of the next size, until the target is reached; False if the bound was met."""
        fresh = []
        for number, left, right in self._batches(self.size + 1):
            self.pairs_left -= left.size * max(right.size, 1)
            if self.pairs_left < 0:
                return False
            fresh.append(self._apply(number, left, right))
            if self.seen[target]:
                break
        self.levels.append(np.concatenate(fresh) if fresh else np.empty(0, dtype=np.int32))
        self.size += 1
        return True

    def _batches(self, size: int) -> Iterator[tuple[int, Int32[np.ndarray, "n"], Int32[np.ndarray, "m"]]]:
        nothing = np.empty(0, dtype=np.int32)
        for number in range(len(self.basis)):
            pairwise = self.pairwise.get(number)
            if pairwise is None:
                yield number, self.levels[size - 1], nothing
                continue
            for small in range(size):
                left, right = self.levels[small], self.levels[size - 1 - small]
                if right.size and not (pairwise.commutative and 2 * small > size - 1):
                    rows = max(1, _PAIRS_AT_ONCE // right.size)
                    for start in range(0, left.size, rows):
                        yield number, left[start : start + rows], right

    def _apply(
        self, number: int, left: Int32[np.ndarray, "n"], right: Int32[np.ndarray, "m"]
    ) -> Int32[np.ndarray, "fresh"]:
        """Combine a batch, and return what was not seen before."""
        if number in self.pairwise:
            outcomes = self.pairwise[number](left, right).ravel()
        else:
            tables = self.basis[number](self.space.tables(left))
            outcomes = self.space.indices(tables).astype(np.int32)
        positions = np.flatnonzero(~self.seen[outcomes])
        fresh, first = np.unique(outcomes[positions], return_index=True)
        row, column = np.divmod(positions[first], max(right.size, 1))
        self.seen[fresh] = True
        self.origin[fresh, 0], self.origin[fresh, 1] = number, left[row]
        if right.size:
            self.origin[fresh, 2] = right[column]
        return fresh

    def expression(self, index: int) -> Expression:
        """Rebuild the expression that first reached an operation."""
        number, left, right = self.origin[index].tolist()
        if number < 0:
            return Variable(left)
        arguments = [self.expression(left)] + ([self.expression(right)] if right >= 0 else [])
        return Application(self.basis[number], tuple(arguments))
