"""Reading elements as people write them: an index, a table in one row or several, or a string of glyphs."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.shapes import Int64, Shaped
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.word_space import WordSpace

_MINUS_SIGN = "\N{MINUS SIGN}"
_EXACT_FLOATS = 2**53
_DEEPEST_GRID = 5  # a list of tables of four inputs
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+")
_LONGEST_INDEX = 19
_KINDS = "give an index, a table or a string"


def parse(space: ProductSpace, operations: object) -> Int64[np.ndarray, "n"]:
    """Read one operation or many, in any notation, as indices.

    What is read, with the two-input ternary operations as the example:

    - a whole number: an index, 0 to 19,682;
    - a string of 9 glyphs `-0+`, its rows optionally apart by blanks, newlines or `/`, with `-` or the
      typographic minus: a table; a string of decimal digits (always fewer than 9): an index;
    - numbers of shape (9,) that are **all** -1, 0 or +1: one table; any other flat list: indices;
    - numbers of shape (3, 3): one table, rows for the first input; (n, 9) or (n, 3, 3): n tables;
    - a list that mixes these: one operation an entry.

    Numbers may be lists, tuples or arrays; floats count where they are whole. An empty list is no operations.

    Example:
        >>> parse(OperationSpace(), "---/-00/-0+")
        array([15633])
        >>> parse(OperationSpace(), ["----00-0+", 15633, [[-1, -1, -1], [-1, 0, 0], [-1, 0, 1]]])
        array([15633, 15633, 15633])
        >>> parse(OperationSpace(), [0, 1, 2])
        array([0, 1, 2])

    Raises:
        OperationError: If something is not an operation of the space; the message says what and why.
    """
    if isinstance(operations, str):
        return _parse_strings(space, [operations])
    if isinstance(operations, list | tuple) and not _is_grid(operations):
        return _parse_entries(space, operations)
    numbers = _as_array(operations)
    if numbers.dtype.kind == "U":
        return _parse_entries(space, numbers.ravel().tolist())
    return _parse_numbers(space, _whole(space, numbers))


def parse_one(space: ProductSpace, operation: object) -> int:
    """Read exactly one operation, in any notation, as its index."""
    indices = parse(space, operation)
    if indices.size != 1:
        raise OperationError(f"expected one operation, but {indices.size} were given", "wrong_shape")
    return int(indices[0])


def _is_grid(values: Sequence[Any], levels: int = _DEEPEST_GRID) -> bool:
    """Tell numbers in a rectangular arrangement from entries that must be read one by one."""
    nested = {isinstance(value, list | tuple) for value in values}
    if nested == {True}:
        one_length = levels > 1 and len({len(value) for value in values}) == 1
        return one_length and all(_is_grid(value, levels - 1) for value in values)
    return nested <= {False} and all(
        isinstance(value, int | float | np.number | np.bool_) for value in values
    )


def _parse_entries(space: ProductSpace, entries: Sequence[Any]) -> Int64[np.ndarray, "n"]:
    if entries and all(isinstance(entry, str) for entry in entries):
        return _parse_strings(space, entries)
    return np.array([_parse_entry(space, i, entry) for i, entry in enumerate(entries)], dtype=np.int64)


def _parse_entry(space: ProductSpace, position: int, entry: object) -> int:
    if isinstance(entry, list | tuple) and not _is_grid(entry):
        raise OperationError(
            f"entry {position}: expected one operation, not a list of several or a ragged table",
            "wrong_shape",
        )
    try:
        return parse_one(space, entry)
    except OperationError as error:
        raise OperationError(f"entry {position}: {error}", error.code) from None


def _parse_strings(space: ProductSpace, texts: Sequence[str]) -> Int64[np.ndarray, "n"]:
    glyphs = [joined_glyphs(space, text) for text in texts]
    joined = "".join(glyphs)
    if joined.isascii() and all(len(row) == space.cells for row in glyphs):
        codes = np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, space.cells)
        positions = _glyph_positions(space)[np.arange(space.cells), codes]
        if (positions >= 0).all():
            return space.indices(positions + space.lowest)
    if len(texts) > 1:
        return np.array([_parse_entry(space, i, text) for i, text in enumerate(texts)], dtype=np.int64)
    number = _number(space, texts[0].strip())
    if number is None:
        raise _refusal(space, texts[0], glyphs[0])
    return space.check_indices(np.array([number]))


def joined_glyphs(space: ProductSpace, text: str) -> str:
    """The glyphs alone: without blanks and the marks between rows, in the letters of the alphabets."""
    joined = "".join(text.split())
    if isinstance(space, WordSpace):
        upper = "".join(space.alphabets).upper() == "".join(space.alphabets)
        joined = joined.upper() if upper else joined
        return joined.translate(str.maketrans("".join(space.spellings), "".join(space.spellings.values())))
    joined = joined.replace("/", "")
    return joined.replace(_MINUS_SIGN, "-") if "-" in space.alphabets[0] else joined


@lru_cache(maxsize=16)
def _glyph_positions(space: ProductSpace) -> Int64[np.ndarray, "cells 128"]:
    positions = np.full((space.cells, 128), -1, dtype=np.int64)
    for cell, glyphs in enumerate(space.alphabets):
        positions[cell, [ord(glyph) for glyph in glyphs]] = range(len(glyphs))
    return positions


def _number(space: ProductSpace, text: str) -> int | None:
    """An index written as a string; none where its digits could be glyphs, as those of `0110` are."""
    if _HEXADECIMAL.fullmatch(text) and isinstance(space, OperationSpace) and space.base == 2:
        digits = max(space.cells // 4, 1)
        if len(text) - 2 != digits:
            raise OperationError(
                f"{text} has {len(text) - 2} hexadecimal digits, and a table of {space.cells} entries has "
                f"{digits}: write all of them",
                "wrong_shape",
            )
        return int(text, 16)
    decimal = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_INDEX
    # The glyphs -0+ have one digit: whatever has fewer digits than a table has glyphs is no table.
    fits = not _digits(space) or (len(_digits(space)) == 1 and len(text) < space.cells)
    return int(text) if decimal and fits else None


def _digits(space: ProductSpace) -> set[str]:
    return {glyph for glyphs in space.alphabets for glyph in glyphs if glyph.isdigit()}


def _index_form(space: ProductSpace) -> str:
    """How a string may also give an index; not at all where its digits could be glyphs."""
    if len(_digits(space)) <= 1:
        return ", or an index"
    boolean = isinstance(space, OperationSpace) and space.base == 2
    return f", or {max(space.cells // 4, 1)} hexadecimal digits after 0x" if boolean else ""


def _other_reader(space: ProductSpace, text: str) -> str:
    """What reads names and expressions, which have letters, and of ternary operations alone."""
    ternary = isinstance(space, OperationSpace) and space.base == 3 and space.arity <= 3
    named = ternary and any(letter.isalpha() for letter in text)
    return (
        "; names, such as min and 7PB, and expressions are read by fx.operations.read_operation"
        if named
        else ""
    )


def _refusal(space: ProductSpace, text: str, glyphs: str) -> OperationError:
    shown = repr(text if len(text) <= 40 else text[:37] + "...")
    own = space.alphabets
    even = len(set(own)) == 1
    expected = (
        f"expected {space.cells} of the characters {own[0]}" if even else f"expected a word of {space.name}"
    )
    expected += _index_form(space)
    if not glyphs:
        return OperationError(f"the string {shown} is empty: {expected}", "malformed")
    place = next((i for i, glyph in enumerate(glyphs) if glyph not in own[min(i, len(own) - 1)]), None)
    if place is not None and (even or place < len(own)):
        symbols = "no symbol" if even else f"none of {own[place]}"
        return OperationError(
            f"the string {shown} has the character {glyphs[place]!r} at position {place + 1}, which is "
            f"{symbols}: {expected}{_other_reader(space, text)}",
            "malformed",
        )
    return OperationError(f"the string {shown} has {len(glyphs)} symbols: {expected}", "wrong_shape")


def _as_array(operations: object) -> Shaped[np.ndarray, "..."]:
    kind = type(operations).__name__
    if operations is None or isinstance(operations, bytes | bytearray | dict | set | frozenset):
        raise OperationError(f"cannot read an operation from {kind}: {_KINDS}", "wrong_type")
    if _holds_boolean(operations):
        raise OperationError(
            "True and False are no symbols: write the operation with numbers or a string", "wrong_type"
        )
    try:
        return np.asarray(operations)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise OperationError(f"cannot read an operation from {kind}: {_KINDS}", "wrong_type") from None


def _holds_boolean(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(_holds_boolean(entry) for entry in value)
    return isinstance(value, bool | np.bool_) or (isinstance(value, np.ndarray) and value.dtype.kind == "b")


def _whole(space: ProductSpace, numbers: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """Return the numbers with an integer type, refusing those that are not whole."""
    if numbers.dtype.kind in "iu":
        return numbers
    if numbers.dtype.kind == "O" and all(isinstance(number, int) for number in numbers.flat):
        raise OperationError(
            f"index {max(numbers.flat, key=abs)} is outside 0 to {space.size - 1}", "out_of_range"
        )
    if numbers.dtype.kind != "f":
        raise OperationError(
            f"cannot read an operation from values of type {numbers.dtype}: {_KINDS}", "wrong_type"
        )
    whole = np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) <= _EXACT_FLOATS)
    if not whole.all():
        raise OperationError(
            f"{numbers[~whole].flat[0]} is not a whole number: symbols and indices are whole", "wrong_type"
        )
    return numbers.astype(np.int64)


def _parse_numbers(space: ProductSpace, numbers: Shaped[np.ndarray, "..."]) -> Int64[np.ndarray, "n"]:
    if numbers.ndim == 0:
        return space.check_indices(numbers[None])
    if numbers.ndim == 1:
        return _parse_flat(space, numbers)
    if numbers.shape == space.shape and isinstance(space, OperationSpace):
        return space.indices(numbers.reshape(1, space.cells))
    if (numbers.ndim == 2 and numbers.shape[1] == space.cells) or numbers.shape[1:] == space.shape:
        return space.indices(numbers.reshape(-1, space.cells))
    grid = " x ".join(map(str, space.shape))
    raise OperationError(
        f"numbers of shape {' x '.join(map(str, numbers.shape))} are no operations: expected a flat list of "
        f"indices, a table of {space.cells} numbers or of shape {grid}, or a list of tables",
        "wrong_shape",
    )


def _parse_flat(space: ProductSpace, numbers: Shaped[np.ndarray, "n"]) -> Int64[np.ndarray, "m"]:
    if numbers.size != space.cells or not isinstance(space, OperationSpace):
        return space.check_indices(numbers)
    if np.isin(numbers, space.symbols).all():
        return space.indices(numbers[None])
    try:
        return space.check_indices(numbers)
    except OperationError as error:
        raise OperationError(
            f"{space.cells} numbers that are neither a table, whose entries are all one of "
            f"{space.describe_symbols()}, nor indices: {error}",
            error.code,
        ) from None
