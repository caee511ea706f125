"""The set of all operations on a few symbols: an index, a table of outputs and a string name the same one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import SupportsIndex

import numpy as np
from jaxtyping import Int8, Int64, Shaped

from fluxttice_core.errors import OperationError
from fluxttice_core.spaces.conventions import SYMBOLS, conventions_digest

ENUMERATION_LIMIT = 2**24
"""Spaces with more operations than this are not written out table by table."""

_GLYPHS = {2: "01", 3: "-0+", 4: "0123"}
_ARITIES = (1, 2, 3, 4)


@dataclass(frozen=True)
class OperationSpace:
    r"""All functions of `arity` inputs whose inputs and output take `base` values.

    Cell p of a table holds the output for the inputs whose positions (0 = the smallest symbol) are the
    base-`base` digits of p, the first input slowest. The index of a table is
    $i = \sum_p \mathrm{position}(t_p)\,\mathrm{base}^p$.

    Example:
        >>> ternary = OperationSpace()
        >>> ternary.size
        19683
        >>> ternary.tables(15633)
        array([-1, -1, -1, -1,  0,  0, -1,  0,  1], dtype=int8)
        >>> ternary.string(15633)
        '----00-0+'

    Args:
        base: Number of values, 2 to 4.
        arity: Number of inputs, 1 to 4.

    Raises:
        OperationError: If the space is not offered, or its indices do not fit 64 bits.
    """

    base: int = 3
    arity: int = 2

    def __post_init__(self) -> None:
        for name, value, allowed in (("base", self.base, tuple(SYMBOLS)), ("arity", self.arity, _ARITIES)):
            if type(value) is not int or value not in allowed:
                raise OperationError(
                    f"the {name} of an operation space must be a whole number from {allowed[0]} to "
                    f"{allowed[-1]}, not {value!r}",
                    "out_of_range",
                )
        if self.size > 2**63:
            raise OperationError(
                f"base {self.base} with {self.arity} inputs has {self.base}^{self.cells} operations, whose "
                "indices do not fit 64 bits: choose a smaller base or fewer inputs",
                "too_large",
            )

    @property
    def cells(self) -> int:
        """Entries of a table, base^arity."""
        return int(self.base**self.arity)

    @property
    def size(self) -> int:
        """Number of operations, K = base^cells."""
        return int(self.base**self.cells)

    @property
    def log_size(self) -> float:
        """Entropy of a uniformly drawn operation, ln K = cells ln(base), in nats."""
        return self.cells * math.log(self.base)

    @property
    def symbols(self) -> tuple[int, ...]:
        """The values, smallest first."""
        return SYMBOLS[self.base]

    @property
    def glyphs(self) -> str:
        """One character for each symbol, smallest first."""
        return _GLYPHS[self.base]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a table with one axis for each input, the first input first."""
        return (self.base,) * self.arity

    def inputs(self) -> Int8[np.ndarray, "{self.cells} {self.arity}"]:
        """Return the inputs of each cell.

        Example:
            >>> OperationSpace(base=2).inputs().tolist()
            [[0, 0], [0, 1], [1, 0], [1, 1]]
        """
        return np.array(list(product(self.symbols, repeat=self.arity)), dtype=np.int8)

    def tables(
        self, indices: Shaped[np.ndarray, "*batch"] | SupportsIndex
    ) -> Int8[np.ndarray, "*batch {self.cells}"]:
        """Return the table of each index, outputs as symbols.

        Raises:
            OperationError: If an index is not a whole number in [0, K).
        """
        checked = self.check_indices(np.asarray(indices))
        digits = checked[..., None] // self._place_values() % self.base
        return np.asarray(digits + self.symbols[0], dtype=np.int8)

    def indices(self, tables: Shaped[np.ndarray, "*batch width"]) -> Int64[np.ndarray, "*batch"]:
        """Return the index of each table.

        Example:
            >>> OperationSpace().indices(np.array([[-1] * 9, [1] * 9]))
            array([    0, 19682])

        Raises:
            OperationError: If the last axis does not have one entry a cell, or an entry is no symbol.
        """
        if tables.shape[-1:] != (self.cells,):
            raise OperationError(
                f"a table of {self.describe()} has {self.cells} entries along its last axis, "
                f"but the shape is {tables.shape}",
                "wrong_shape",
            )
        if not np.issubdtype(tables.dtype, np.integer):
            raise OperationError(f"table entries must be whole numbers, not {tables.dtype}", "wrong_type")
        outside = (tables < self.symbols[0]) | (tables > self.symbols[-1])
        if outside.any():
            raise OperationError(
                f"table entry {tables[outside][0]} is not one of {self.describe_symbols()}", "out_of_range"
            )
        positions = tables.astype(np.int64) - self.symbols[0]
        return np.asarray(positions @ self._place_values(), dtype=np.int64)

    def string(self, index: SupportsIndex) -> str:
        """Return one operation as a string of glyphs.

        Raises:
            OperationError: If the index is not a whole number in [0, K).
        """
        return "".join(self.glyphs[entry - self.symbols[0]] for entry in self.tables(index))

    def strings(self, indices: Shaped[np.ndarray, "n"] | Sequence[int]) -> list[str]:
        """Return operations as strings of glyphs, one for each index.

        Raises:
            OperationError: If an index is not a whole number in [0, K).
        """
        tables = self.tables(np.asarray(indices, dtype=None if len(indices) else np.int64))
        letters = np.array(list(self.glyphs))[tables - self.symbols[0]]
        return ["".join(row) for row in letters.tolist()]

    def all_tables(self) -> Int8[np.ndarray, "{self.size} {self.cells}"]:
        """Return every table, row i holding operation i; the array is shared and read-only.

        Raises:
            OperationError: If the space has more than `ENUMERATION_LIMIT` operations.
        """
        self.require_enumerable()
        return _every_table(self)

    def require_enumerable(self) -> None:
        """Refuse a space that is too large to be written out.

        Raises:
            OperationError: If the space has more than `ENUMERATION_LIMIT` operations.
        """
        if self.size > ENUMERATION_LIMIT:
            raise OperationError(
                f"{self.describe()} has {self.size:,} operations, too many to write out (the limit is "
                f"{ENUMERATION_LIMIT:,}): work on a sample of indices instead",
                "not_enumerable",
            )

    def digest(self) -> str:
        """Return the SHA-256 of the conventions that give an index its meaning, as hexadecimal."""
        return conventions_digest(self.base, self.arity)

    def describe(self) -> str:
        """Name the space in words, as error messages do."""
        inputs = "one input" if self.arity == 1 else f"{self.arity} inputs"
        return f"the operations of {inputs} on {self.base} values"

    def describe_symbols(self) -> str:
        """List the symbols in words, as error messages do."""
        signed = [f"+{s}" if s > 0 > self.symbols[0] else str(s) for s in self.symbols]
        return ", ".join(signed[:-1]) + f" and {signed[-1]}"

    def check_indices(self, indices: Shaped[np.ndarray, "*batch"]) -> Int64[np.ndarray, "*batch"]:
        """Return indices as 64-bit numbers once they are known to be in range.

        Raises:
            OperationError: If an index is not a whole number in [0, K).
        """
        if not np.issubdtype(indices.dtype, np.integer):
            raise OperationError(f"an index must be a whole number, not {indices.dtype}", "wrong_type")
        outside = (indices < 0) | (indices > self.size - 1)
        if outside.any():
            raise OperationError(
                f"index {indices[outside].flat[0]} is outside 0 to {self.size - 1}, "
                f"the range of {self.describe()}",
                "out_of_range",
            )
        return indices.astype(np.int64)

    def _place_values(self) -> Int64[np.ndarray, "cells"]:
        return np.array([self.base**p for p in range(self.cells)], dtype=np.int64)


@lru_cache(maxsize=16)
def _every_table(space: OperationSpace) -> Int8[np.ndarray, "size cells"]:
    tables = space.tables(np.arange(space.size))
    tables.setflags(write=False)
    return tables
