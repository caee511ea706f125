"""A finite product of alphabets: an index, a table of symbols and a string name the same element."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import mul
from typing import SupportsIndex

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.shapes import Int8, Int64, Shaped
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.nouns import Nouns


@dataclass(frozen=True)
class ProductSpace:
    r"""All rows of symbols whose position p takes one of the $b_p$ symbols of its own alphabet.

    The index of a table is $i = \sum_p \mathrm{position}(t_p) \prod_{k<p} b_k$: the first position is the
    least significant. What is common to operations and words; make an `OperationSpace` or a `WordSpace`.
    An index that is not a whole number in [0, K) raises `OperationError` wherever one is given.
    """

    @property
    def name(self) -> str:
        """What commands and files call the space."""
        raise NotImplementedError

    @property
    def alphabets(self) -> tuple[str, ...]:
        """The glyphs of each position, smallest first."""
        raise NotImplementedError

    @property
    def nouns(self) -> Nouns:
        """What elements and their parts are called."""
        raise NotImplementedError

    @property
    def is_home(self) -> bool:
        """Whether these are the two-input ternary operations, whose measurement never changes."""
        return False

    @property
    def is_ordered(self) -> bool:
        """Whether symbols are numbers, of which a mean can be taken."""
        return False

    @property
    def is_ternary(self) -> bool:
        """Whether the elements are operations on three values, of which more is known than of others."""
        return False

    @property
    def lowest(self) -> int:
        """The number that stands for the first glyph of an alphabet; the others follow it."""
        return 0

    @property
    def bases(self) -> tuple[int, ...]:
        """Symbols of each position."""
        return tuple(map(len, self.alphabets))

    @property
    def base(self) -> int:
        """Symbols of the largest alphabet."""
        return max(self.bases)

    @property
    def is_even(self) -> bool:
        """Whether every position has as many symbols."""
        return len(set(self.bases)) == 1

    @property
    def cells(self) -> int:
        """Positions of a table."""
        return len(self.alphabets)

    @property
    def size(self) -> int:
        """Number of elements, K, the product of the alphabets' sizes."""
        return math.prod(self.bases)

    @property
    def log_size(self) -> float:
        """Entropy of a uniformly drawn element, ln K, in nats."""
        return math.fsum(map(math.log, self.bases))

    @property
    def symbols(self) -> tuple[int, ...]:
        """The numbers of the largest alphabet's symbols, smallest first."""
        return tuple(range(self.lowest, self.lowest + self.base))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a table with an axis for each input, where elements are functions; else (cells,)."""
        return (self.cells,)

    def tables(
        self, indices: Shaped[np.ndarray, "*batch"] | SupportsIndex
    ) -> Int8[np.ndarray, "*batch {self.cells}"]:
        """Return the table of each index, entries as symbols."""
        checked = self.check_indices(np.asarray(indices))
        digits = checked[..., None] // self.place_values() % np.array(self.bases)
        return np.asarray(digits + self.lowest, dtype=np.int8)

    def indices(self, tables: Shaped[np.ndarray, "*batch width"]) -> Int64[np.ndarray, "*batch"]:
        """Return the index of each table.

        Raises:
            OperationError: If the last axis does not have one entry a position, or an entry is no symbol.
        """
        if tables.shape[-1:] != (self.cells,):
            raise OperationError(
                f"a table of {self.describe()} has {self.cells} entries along its last axis, "
                f"but the shape is {tables.shape}",
                "wrong_shape",
            )
        if not np.issubdtype(tables.dtype, np.integer):
            raise OperationError(f"table entries must be whole numbers, not {tables.dtype}", "wrong_type")
        outside = (tables < self.lowest) | (tables > self.lowest + np.array(self.bases) - 1)
        if outside.any():
            cell = int(np.argwhere(outside)[0][-1])
            raise OperationError(
                f"table entry {tables[outside][0]} at position {cell + 1} is not one of "
                f"{self.describe_symbols(cell)}",
                "out_of_range",
            )
        positions = tables.astype(np.int64) - self.lowest
        return np.asarray(positions @ self.place_values(), dtype=np.int64)

    def string(self, index: SupportsIndex) -> str:
        """Return one element as a string of glyphs."""
        positions = self.tables(index) - self.lowest
        return "".join(glyphs[at] for glyphs, at in zip(self.alphabets, positions, strict=True))

    def strings(self, indices: Shaped[np.ndarray, "n"] | Sequence[int]) -> list[str]:
        """Return elements as strings of glyphs, one for each index."""
        tables = self.tables(np.asarray(indices, dtype=None if len(indices) else np.int64))
        letters = _glyph_table(self)[np.arange(self.cells), tables - self.lowest]
        return ["".join(row) for row in letters.tolist()]

    def all_tables(self) -> Int8[np.ndarray, "{self.size} {self.cells}"]:
        """Return every table, row i holding element i; the array is shared and read-only.

        Raises:
            OperationError: If the space has more than `ENUMERATION_LIMIT` elements.
        """
        self.require_enumerable()
        return _every_table(self)

    def require_enumerable(self) -> None:
        """Refuse a space that is too large to be written out.

        Raises:
            OperationError: If it has more than `ENUMERATION_LIMIT` elements.
        """
        if self.size > ENUMERATION_LIMIT:
            raise OperationError(
                f"{self.describe()} are {self.size:,}, too many to write out (the limit is "
                f"{ENUMERATION_LIMIT:,}): work on a sample of indices instead",
                "not_enumerable",
            )

    def digest(self) -> str:
        """Return the SHA-256 of the conventions that give an index its meaning, as hexadecimal."""
        raise NotImplementedError

    def describe(self) -> str:
        """Name the elements in words, as error messages do."""
        raise NotImplementedError

    def describe_symbols(self, cell: int = 0) -> str:
        """List the symbols of a position in words, as error messages do."""
        numbers = [str(self.lowest + at) for at in range(self.bases[cell])]
        return ", ".join(numbers[:-1]) + f" and {numbers[-1]}"

    def check_indices(self, indices: Shaped[np.ndarray, "*batch"]) -> Int64[np.ndarray, "*batch"]:
        """Return indices as 64-bit numbers once they are known to be in range."""
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

    def place_values(self) -> Int64[np.ndarray, "{self.cells}"]:
        """What a step of each position's symbol adds to the index."""
        return np.array([*accumulate(self.bases[:-1], mul, initial=1)], dtype=np.int64)


@lru_cache(maxsize=16)
def _every_table(space: ProductSpace) -> Int8[np.ndarray, "size cells"]:
    tables = space.tables(np.arange(space.size))
    tables.setflags(write=False)
    return tables


@lru_cache(maxsize=16)
def _glyph_table(space: ProductSpace) -> Shaped[np.ndarray, "cells base"]:
    return np.array([list(glyphs.ljust(space.base)) for glyphs in space.alphabets])
