"""One operation as an object: it can be called, composed and written down."""

from dataclasses import dataclass

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.shapes import Int8, Integer
from fluxttice_core.spaces.notation import parse_one
from fluxttice_core.spaces.operation_space import OperationSpace


@dataclass(frozen=True)
class Operation:
    """One operation of a space, optionally with a name.

    Example:
        >>> minimum = Operation(OperationSpace(), 15633, "min")
        >>> int(minimum(np.array(0), np.array(1)))
        0
        >>> str(minimum)
        'min'

    Args:
        space: The space that it belongs to.
        index: Its index there.
        name: What to call it in expressions; its string of glyphs when empty.

    Raises:
        OperationError: If the index is not one of the space.
    """

    space: OperationSpace
    index: int
    name: str = ""

    def __post_init__(self) -> None:
        self.space.tables(self.index)

    @classmethod
    def read(cls, space: OperationSpace, notation: object, name: str = "") -> "Operation":
        """Read an operation in any notation.

        Raises:
            OperationError: If it is not exactly one operation of the space.
        """
        return cls(space, parse_one(space, notation), name)

    @property
    def table(self) -> Int8[np.ndarray, "{self.space.cells}"]:
        """The outputs as symbols, the first input slowest."""
        return self.space.tables(self.index)

    @property
    def string(self) -> str:
        """The table as glyphs."""
        return self.space.string(self.index)

    def __str__(self) -> str:
        return self.name or self.string

    def __call__(self, *inputs: Integer[np.ndarray, "*shape"]) -> Int8[np.ndarray, "*shape"]:
        """Apply the operation to arrays of symbols, elementwise.

        Raises:
            OperationError: If the number of inputs is wrong, or an entry is no symbol.
        """
        if len(inputs) != self.space.arity:
            raise OperationError(
                f"{self} takes {self.space.arity} inputs, but {len(inputs)} were given", "wrong_shape"
            )
        stacked = np.stack([np.asarray(entries) for entries in inputs])
        low, high = self.space.symbols[0], self.space.symbols[-1]
        if stacked.size and (stacked.min() < low or stacked.max() > high):
            raise OperationError(
                f"the inputs of {self} must be among {self.space.describe_symbols()}", "out_of_range"
            )
        cell = np.zeros(stacked.shape[1:], dtype=np.int64)
        for entries in stacked:
            cell = cell * self.space.base + (entries.astype(np.int64) - low)
        return np.asarray(self.table[cell])
