"""The shortest way to write an operation with given ones, by search over all operations in order of size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.composition import Application, Expression, Variable
from fluxttice_core.operations.operation import Operation
from fluxttice_core.operations.pairwise import Pairwise
from fluxttice_core.shapes import Bool, Integer
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.operation_space import OperationSpace

SIZE_LIMIT = 40
"""Default bound on the number of operations applied in an expression."""

PAIR_LIMIT = 2_000_000_000
"""Default bound on the pairs of operations that a search combines."""

PAIR_LIMIT_UNLISTED = 10_000_000
"""The same in a space that is too large to be listed, where what was reached has to be looked up."""

_PAIRS_AT_ONCE = 2**20

Indices = Integer[np.ndarray, "_"]


@dataclass(frozen=True)
class ExpressionSearch:
    """What a search found: a shortest expression, or how far it looked.

    Args:
        target: The operation to be expressed.
        expression: One of the shortest expressions, or None.
        size: The size up to which every expression was tried.
        reached: Number of operations of the target's space that were expressed.
        exhausted: Whether that is everything that the basis generates, so that None means impossible.
        costly: Whether longer expressions take more pairs than allowed.
    """

    target: Operation
    expression: Expression | None
    size: int
    reached: int
    exhausted: bool
    costly: bool = False

    def __str__(self) -> str:
        if self.expression is not None:
            return f"{self.target} = {self.expression}"
        if self.exhausted:
            return (
                f"{self.target} cannot be expressed: the basis generates {self.reached:,} operations, "
                "and it is none of them"
            )
        none = f"no expression of {self.target} applies {self.size} operations or fewer; "
        if self.costly:
            return none + "longer ones take more pairs than pair_limit allows, so try other operations"
        return none + "raise the bounds to try longer ones"


def shortest_expression(
    target: Operation,
    basis: Sequence[Operation],
    *,
    size_limit: int = SIZE_LIMIT,
    pair_limit: int | None = None,
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
        >>> median = Operation(OperationSpace(arity=3), 7581754385757, "median")
        >>> lattice = [Operation(space, 15633, "min"), Operation(space, 19569, "max")]
        >>> print(shortest_expression(median, lattice))
        median = min(max(b, c), max(a, min(b, c)))

    Args:
        target: What to express.
        basis: What to express it with: operations of one or two inputs on the same values.
        size_limit: Most applications of operations in the expression.
        pair_limit: Most pairs of operations to combine before giving up; None: 2e9, and 1e7 for operations of
            three inputs, which take some seconds.

    Raises:
        OperationError: If the basis is empty or does not fit the target, or a bound is not positive.
    """
    listed = target.space.size <= ENUMERATION_LIMIT
    pairs = (PAIR_LIMIT if listed else PAIR_LIMIT_UNLISTED) if pair_limit is None else pair_limit
    _check(target, basis, size_limit, pairs)
    search = _Search(target.space, basis, pairs)
    costly = False
    while not (search.reached(target.index) or search.exhausted or search.size >= size_limit or costly):
        costly = not search.grow(target.index)
    found = search.expression(target.index) if search.reached(target.index) else None
    return ExpressionSearch(target, found, search.size, search.seen.count, search.exhausted, costly)


def _check(target: Operation, basis: Sequence[Operation], size_limit: int, pair_limit: int) -> None:
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


class _Seen:
    """Which operations were reached: a flag for each, or, where they are too many, sorted indices."""

    def __init__(self, space: OperationSpace) -> None:
        self._flags = np.zeros(space.size, dtype=bool) if space.size <= ENUMERATION_LIMIT else None
        self._sorted = np.array([space.size])
        self.count = 0

    def among(self, indices: Indices) -> Bool[np.ndarray, "_"]:
        if self._flags is not None:
            return np.asarray(self._flags[indices])
        return np.asarray(self._sorted[np.searchsorted(self._sorted, indices)] == indices)

    def add(self, fresh: Indices) -> None:
        """Add operations that are new, in ascending order."""
        self.count += fresh.size
        if self._flags is not None:
            self._flags[fresh] = True
        else:
            self._sorted = np.insert(self._sorted, np.searchsorted(self._sorted, fresh), fresh)


class _Search:
    """All operations expressed so far, grouped by size, each with the application that first reached it."""

    def __init__(self, space: OperationSpace, basis: Sequence[Operation], pair_limit: int) -> None:
        self.space, self.basis, self.pairs_left = space, basis, pair_limit
        self.size = 0
        self.pairwise = {i: Pairwise.of(f, space) for i, f in enumerate(basis) if f.space.arity == 2}
        self.inputs = {Variable(i).tabulate(space).index: Variable(i) for i in range(space.arity)}
        self.seen = _Seen(space)
        self.seen.add(np.array(sorted(self.inputs)))
        self.levels: list[Indices] = [np.array(list(self.inputs), dtype=np.int64)]
        self.origins: list[tuple[int, Indices, Indices, Indices]] = []
        """Operations in ascending order with the basis operation and its arguments, as they were reached."""

    def reached(self, index: int) -> bool:
        """Whether an operation is expressed."""
        return bool(self.seen.among(np.array([index]))[0])

    @property
    def exhausted(self) -> bool:
        """Whether no larger expression can reach anything new."""
        largest = max(size for size, level in enumerate(self.levels) if level.size)
        everything = self.seen.count == self.space.size
        return everything or self.size > (2 * largest if self.pairwise else largest)

    def grow(self, target: int) -> bool:
        """Try every expression of the next size, until the target is reached; False if the bound was met."""
        fresh = []
        for number, left, right in self._batches(self.size + 1):
            self.pairs_left -= left.size * max(right.size, 1)
            if self.pairs_left < 0:
                return False
            fresh.append(self._apply(number, left, right))
            if self.reached(target):
                break
        self.levels.append(np.concatenate(fresh) if fresh else np.empty(0, dtype=np.int64))
        self.size += 1
        return True

    def _batches(self, size: int) -> Iterator[tuple[int, Indices, Indices]]:
        nothing = np.empty(0, dtype=np.int64)
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

    def _apply(self, number: int, left: Indices, right: Indices) -> Indices:
        """Combine a batch, and return what was not seen before."""
        if number in self.pairwise:
            outcomes = self.pairwise[number](left, right).ravel()
        else:
            outcomes = self.space.indices(self.basis[number](self.space.tables(left)))
        positions = np.flatnonzero(~self.seen.among(outcomes))
        fresh, first = np.unique(outcomes[positions], return_index=True)
        row, column = np.divmod(positions[first], max(right.size, 1))
        self.seen.add(fresh)
        self.origins.append((number, fresh, left[row], right[column] if right.size else right))
        return fresh

    def expression(self, index: int) -> Expression:
        """Rebuild the expression that first reached an operation."""
        if index in self.inputs:
            return self.inputs[index]
        for number, fresh, *arguments in self.origins:
            at = int(np.searchsorted(fresh, index))
            if at < fresh.size and fresh[at] == index:
                return Application(
                    self.basis[number], tuple(self.expression(int(one[at])) for one in arguments if one.size)
                )
        raise AssertionError("what was reached has an origin")
