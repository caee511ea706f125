"""Two-input operations applied to many pairs of operations at once, from indices to indices."""

from dataclasses import dataclass

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.operations.cellwise import cellwise
from fluxttice_core.operations.operation import Operation
from fluxttice_core.shapes import Int32, Integer
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.operation_space import OperationSpace


@dataclass(frozen=True)
class Pairwise:
    """An operation f on indices of a space: tables are cut in parts, and each part is looked up.

    The index of f(g, h) is low[g mod m, h mod m] + high[g div m, h div m], where m = base^(cells div 2) and
    the entries of high carry the factor m. In a space too large for that, this holds for the indices of the
    tables that are left for each value of the first input, digits of g and h in base `block`.
    """

    blocks: int
    block: int
    modulus: int
    low: Int32[np.ndarray, "m m"]
    high: Int32[np.ndarray, "n n"]
    commutative: bool

    @classmethod
    def of(cls, operation: Operation, space: OperationSpace) -> "Pairwise":
        """Prepare a two-input operation for the indices of a space."""
        if operation.space != OperationSpace(space.base, 2):
            raise OperationError(
                f"{operation} is not an operation of 2 inputs on {space.base} values", "space_mismatch"
            )
        blocks = 1 if space.size <= ENUMERATION_LIMIT else space.base
        cells = space.cells // blocks
        modulus = space.base ** (cells // 2)
        low = _combine_all(operation, cells // 2)
        high = _combine_all(operation, cells - cells // 2) * np.int32(modulus)
        return cls(blocks, space.base**cells, modulus, low, high, commutative=bool((low == low.T).all()))

    def __call__(
        self, left: Integer[np.ndarray, "n"], right: Integer[np.ndarray, "m"]
    ) -> Integer[np.ndarray, "n m"]:
        """Return the index of f(g, h) for every g on the left and h on the right."""
        outcome = self._combine(left % self.block, right % self.block)
        for place in range(1, self.blocks):
            weight = self.block**place
            digit = self._combine(left // weight % self.block, right // weight % self.block)
            outcome = outcome + np.int64(weight) * digit
        return outcome

    def _combine(
        self, left: Integer[np.ndarray, "n"], right: Integer[np.ndarray, "m"]
    ) -> Int32[np.ndarray, "n m"]:
        low = self.low[left % self.modulus][:, right % self.modulus]
        high = self.high[left // self.modulus][:, right // self.modulus]
        return np.asarray(low + high)


def _combine_all(operation: Operation, cells: int) -> Int32[np.ndarray, "m m"]:
    """Return the index of f(g, h) for all g and h that are tables of `cells` cells."""
    base = operation.space.base
    weights = base ** np.arange(cells)
    digits = np.arange(base**cells)[:, None] // weights % base
    outputs = cellwise(operation.space, np.array([operation.index]))[:, 0].astype(np.int32)
    combined = np.zeros((base**cells, base**cells), dtype=np.int32)
    for column, weight in zip(digits.T, weights, strict=True):
        combined += outputs[column[:, None] * base + column] * np.int32(weight)
    return combined
