"""The set of all operations on a few symbols: an index, a table of outputs and a string name the same one."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.shapes import Int8
from fluxttice_core.spaces.conventions import OPERATIONS, SYMBOLS, conventions_digest
from fluxttice_core.spaces.nouns import OPERATIONS as OPERATION_NOUNS
from fluxttice_core.spaces.nouns import TERNARY, Nouns
from fluxttice_core.spaces.product_space import ProductSpace

_GLYPHS = {2: "01", 3: "-0+", 4: "0123"}
_ARITIES = (1, 2, 3, 4)


@dataclass(frozen=True)
class OperationSpace(ProductSpace):
    r"""All functions of `arity` inputs whose inputs and output take `base` values.

    Cell p of a table holds the output for the inputs whose positions (0 = the smallest symbol) are the
    base-`base` digits of p, the first input slowest. The index of a table is
    $i = \sum_p \mathrm{position}(t_p)\,\mathrm{base}^p$.

    Example:
        >>> ternary = OperationSpace()
        >>> ternary.size, ternary.name
        (19683, 'ternary:2')
        >>> ternary.tables(15633)
        array([-1, -1, -1, -1,  0,  0, -1,  0,  1], dtype=int8)
        >>> ternary.string(15633)
        '----00-0+'
        >>> ternary.indices(np.array([[-1] * 9, [1] * 9]))
        array([    0, 19682])

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
    def name(self) -> str:
        """What commands and files call the space, such as `ternary:2`."""
        return f"{next(name for name, base in OPERATIONS.items() if base == self.base)}:{self.arity}"

    @property
    def alphabets(self) -> tuple[str, ...]:
        """The glyphs of each entry of a table, smallest first."""
        return (self.glyphs,) * int(self.base**self.arity)

    @property
    def nouns(self) -> Nouns:
        """What operations and the entries of their tables are called."""
        return TERNARY if self.is_ternary else OPERATION_NOUNS

    @property
    def is_home(self) -> bool:
        """Whether these are the two-input ternary operations."""
        return (self.base, self.arity) == (3, 2)

    @property
    def is_ordered(self) -> bool:
        """Values are numbers."""
        return True

    @property
    def is_ternary(self) -> bool:
        """Whether they are operations on three values."""
        return self.base == 3

    @property
    def lowest(self) -> int:
        """The smallest symbol."""
        return SYMBOLS[self.base][0]

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

    def digest(self) -> str:
        """Return the SHA-256 of the conventions that give an index its meaning, as hexadecimal."""
        return conventions_digest(self.base, self.arity)

    def describe(self) -> str:
        """Name the operations in words, as error messages do."""
        inputs = "one input" if self.arity == 1 else f"{self.arity} inputs"
        return f"the operations of {inputs} on {self.base} values"

    def describe_symbols(self, cell: int = 0) -> str:  # noqa: ARG002 - the same in every cell
        """List the symbols in words, as error messages do."""
        signed = [f"+{s}" if s > 0 > self.symbols[0] else str(s) for s in self.symbols]
        return ", ".join(signed[:-1]) + f" and {signed[-1]}"
