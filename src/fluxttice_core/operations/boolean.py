"""Boolean functions of up to four inputs: names, hexadecimal notation, and classes that NPN makes alike."""

import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any, SupportsIndex, TypeGuard

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.shapes import Int64
from fluxttice_core.spaces.notation import parse_one
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace

_BYTE = 256


@dataclass(frozen=True)
class BooleanPortrait:
    """What is known of one Boolean function.

    Args:
        hexadecimal: Its truth table, the output for all inputs 1 first, as a hexadecimal number.
        names: What it is called, inputs a to d.
        npn_class: The least truth table of its class, in the same notation.
        npn_members: Functions in the class.
        npn_classes: Classes of as many inputs.
    """

    hexadecimal: str
    names: tuple[str, ...]
    npn_class: str
    npn_members: int
    npn_classes: int


def npn_representatives(arity: int) -> Int64[np.ndarray, "K"]:
    """For each Boolean function, the least truth table of those that NPN makes of it, by index.

    NPN: negations of inputs, permutations of inputs, and negation of the output.

    Example:
        >>> [len(np.unique(npn_representatives(arity))) for arity in (1, 2, 3, 4)]
        [2, 4, 14, 222]

    Raises:
        OperationError: If the number of inputs is not 1 to 4.
    """
    return _representatives(OperationSpace(2, arity))


def boolean_portrait(index: SupportsIndex, arity: int) -> BooleanPortrait:
    """Describe a Boolean function by its index, which is its truth table as a number.

    Example:
        >>> found = boolean_portrait(0x8000, 4)
        >>> found.hexadecimal, found.names, found.npn_class, found.npn_members
        ('0x8000', ('and',), '0x0001', 32)

    Raises:
        OperationError: If there is no such function, or the arity is not 1 to 4.
    """
    space = OperationSpace(2, arity)
    at = int(space.check_indices(np.array(index)))
    least, members = int(_representatives(space)[at]), _members(space)
    return BooleanPortrait(
        hexadecimal=hexadecimal(at, space),
        names=tuple(name for name, named in _names(space).items() if named == at),
        npn_class=hexadecimal(least, space),
        npn_members=members[least],
        npn_classes=len(members),
    )


def hexadecimal(index: int, space: OperationSpace) -> str:
    """A truth table in hexadecimal, all of its digits."""
    return f"0x{index:0{max(space.cells // 4, 1)}X}"


def facts_of(space: ProductSpace, index: SupportsIndex) -> dict[str, Any]:
    """What is known of one element beside its string: of a Boolean function its portrait, of a word nothing.

    Example:
        >>> facts_of(OperationSpace(2, 3), 0b11101000)["names"]
        ('majority',)
    """
    return asdict(boolean_portrait(index, space.arity)) if _is_boolean(space) else {}


def read_element(space: ProductSpace, text: str) -> int:
    """Read one element from its string, its index, or the name of a Boolean function.

    Example:
        >>> read_element(OperationSpace(2, 4), "NAND") == read_element(OperationSpace(2, 4), "0x7FFF")
        True

    Raises:
        OperationError: If it is no element of the space; the message says where it fails.
    """
    if _is_boolean(space):
        named = _names(space).get(re.sub(r"[\s_]+", "-", text.strip().lower()))
        if named is not None:
            return named
    try:
        return parse_one(space, text)
    except OperationError as error:
        if not _is_boolean(space) or not text.strip().replace("-", "").isalpha():
            raise
        raise OperationError(f"{error}, or a name among {', '.join(_names(space))}", error.code) from None


def _is_boolean(space: ProductSpace) -> TypeGuard[OperationSpace]:
    return isinstance(space, OperationSpace) and space.base == 2


@lru_cache(maxsize=4)
def _representatives(space: OperationSpace) -> Int64[np.ndarray, "K"]:
    every, cells = np.arange(space.size), np.arange(space.cells)
    # The first input is the highest digit of a cell's number; which digit is which does not matter here.
    digits = cells[:, None] >> np.arange(space.arity) & 1
    least = every
    for order in permutations(range(space.arity)):
        for negated in cells:
            target = (digits[:, order] << np.arange(space.arity)).sum(1) ^ negated
            # A permutation of bits is that of the lower byte and that of the higher one together.
            low, high = (_moved(target[at : at + 8]) for at in (0, 8))
            image = low[every % _BYTE] | high[every // _BYTE]
            least = np.minimum(least, np.minimum(image, space.size - 1 - image))
    least.setflags(write=False)
    return least


@lru_cache(maxsize=4)
def _members(space: OperationSpace) -> dict[int, int]:
    """How many functions each class has, by its least truth table."""
    least, counts = np.unique(_representatives(space), return_counts=True)
    return dict(zip(least.tolist(), counts.tolist(), strict=True))


def _moved(targets: Int64[np.ndarray, "bits"]) -> Int64[np.ndarray, "256"]:
    """Each byte with its bits at other places."""
    bits = np.arange(_BYTE)[:, None] >> np.arange(len(targets)) & 1
    return np.asarray((bits << targets).sum(1), dtype=np.int64)


@lru_cache(maxsize=4)
def _names(space: OperationSpace) -> dict[str, int]:
    """The functions of so many inputs that have a name."""
    inputs = space.inputs().astype(bool)
    ones, arity = inputs.sum(1), space.arity
    letters = "abcd"[:arity]
    named = {"false": ones < 0, "true": ones >= 0}
    for at, letter in enumerate(letters):
        named |= {letter: inputs[:, at], f"not-{letter}": ~inputs[:, at]}
    if arity > 1:
        named |= {"and": ones == arity, "or": ones > 0, "xor": ones % 2 == 1}
        named |= {"nand": ones < arity, "nor": ones == 0, "xnor": ones % 2 == 0}
    if arity == 2:
        a, b = inputs.T
        named |= {"implies": ~a | b, "implied-by": a | ~b, "and-not": a & ~b}
    if arity == 3:
        a, b, c = inputs.T
        named |= {"majority": ones > 1, "minority": ones < 2, "if-then-else": np.where(a, b, c)}
    if arity > 2:
        named |= {"exactly-one": ones == 1, "all-equal": ones % arity == 0}
    return {name: int(space.indices(outputs.astype(np.int8))) for name, outputs in named.items()}
