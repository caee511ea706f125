"""What a sample may look like in a file, an index, a table or a string, turned into indices."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64, Shaped

from fluxttice_core.errors import MeasurementError, OperationError
from fluxttice_core.spaces.operation_space import OperationSpace

LARGEST_SIZE = 2**63
"""The most operations whose indices fit 64 signed bits."""

_MINUS_SIGN = "\N{MINUS SIGN}"
_EXACT_FLOATS = 2**53
_LAST_CODE_POINT = 0x10FFFF
_TERNARY_CELLS = {3**arity: arity for arity in (1, 2, 3)}


@dataclass(frozen=True)
class Samples:
    """Draws of a generator as indices of operations.

    Args:
        indices: One index a draw, in the order of the file.
        size: Operations in the space, K; None if it is not known.
        column: Name of the column or array that was read, where its file has others.
    """

    indices: Int64[np.ndarray, "n"]
    size: int | None
    column: str | None = None


def samples_of(
    values: Shaped[np.ndarray, "..."], *, size: int | None = None, space: OperationSpace | None = None
) -> Samples:
    """Read samples as indices, tables of symbols or strings of glyphs.

    One axis holds indices or strings. A further axis, or several, hold the cells of a table; without a space
    they are read as ternary, of one to three inputs, and then the size is known.

    Example:
        >>> samples_of(np.array(["----00-0+", "000000000"]))
        Samples(indices=array([15633,  9841]), size=19683, column=None)
        >>> samples_of(np.array([4, 7, 4])).size is None
        True

    Args:
        values: Whole numbers or strings, the first axis being the draws.
        size: Operations in the space, if it is known.
        space: The space, if the samples are operations of another than the ternary ones.

    Raises:
        MeasurementError: If there is no sample, one is no operation, or one lies outside the space.
    """
    if size is not None and not 1 <= size <= LARGEST_SIZE:
        raise MeasurementError(
            f"a space of {size:,} operations cannot be indexed: give a size from 1 to 2^63", "out_of_range"
        )
    if values.ndim == 0 or values.size == 0:
        raise MeasurementError("there is no sample: give at least one draw", "too_few")
    if values.dtype.kind in "SU":
        return _of_strings(values, size, space)
    numbers = _whole(values).reshape(len(values), -1)
    if numbers.shape[1] == 1:
        return _of_indices(numbers[:, 0], size, space)
    return _of_tables(numbers, size, space or _ternary(numbers.shape[1]))


def _of_strings(values: Shaped[np.ndarray, "..."], size: int | None, space: OperationSpace | None) -> Samples:
    """Read strings of glyphs, one a draw, or whole numbers written out."""
    if values.dtype.kind == "U" and _holds_no_text(values):
        raise MeasurementError(
            "samples stored as strings hold what is no character: the file is damaged", "damaged_file"
        )
    try:
        texts = np.char.strip(np.char.decode(values, "ascii") if values.dtype.kind == "S" else values)
    except UnicodeDecodeError:
        raise MeasurementError("samples stored as bytes must be plain text", "wrong_type") from None
    if texts.ndim == 1:
        texts = np.char.replace(texts, _MINUS_SIGN, "-")
        lengths = np.char.str_len(texts)
        width = int(lengths[0])
        candidate = space or (_ternary(width) if width in _TERNARY_CELLS else None)
        if candidate is not None and np.all(lengths == candidate.cells):
            tables = _read_glyphs(texts, candidate)
            if tables is not None and (space is not None or not np.all(tables == 0)):
                return _of_tables(tables, size, candidate)
    return samples_of(_numbers(texts), size=size, space=space)


def _numbers(texts: Shaped[np.ndarray, "..."]) -> Int64[np.ndarray, "..."]:
    """Read whole numbers written out, with a decimal point or an exponent as long as that is exact."""
    with suppress(ValueError, OverflowError):
        return texts.astype(np.int64)
    try:
        floats = texts.astype(np.float64)
    except ValueError:
        raise _neither(_unreadable(texts)) from None
    wrong = ~_exact(floats)
    if np.any(wrong):
        first = np.argmax(wrong)
        if not abs(floats.flat[first]) < LARGEST_SIZE:
            raise _neither(texts.flat[first])
        raise MeasurementError(
            f"'{texts.flat[first]:.40}' is no whole number below 2^53, where those with a decimal point end: "
            "write indices as whole numbers",
            "malformed",
        )
    return floats.astype(np.int64)


def _neither(text: str) -> MeasurementError:
    """Return the error of a text that is no sample."""
    return MeasurementError(
        f"'{text:.40}' is neither an index below 2^63 nor an operation such as ----00-0+, all of one length",
        "malformed",
    )


def _exact(values: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """Return which floats are whole, and so small that they could not stand for another whole number."""
    return np.asarray((np.abs(values) < _EXACT_FLOATS) & (values == np.floor(values)))


def _holds_no_text(values: Shaped[np.ndarray, "..."]) -> bool:
    """Return whether an array of strings stores numbers that are no characters, which NumPy lets through."""
    if values.dtype.itemsize == 0:
        return False
    native = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="), copy=False))
    return bool(np.any(native.reshape(-1).view(np.uint32) > _LAST_CODE_POINT))


def _read_glyphs(
    texts: Shaped[np.ndarray, "n"], space: OperationSpace
) -> Int64[np.ndarray, "n cells"] | None:
    """Return the symbols of strings that all consist of a space's glyphs, or None."""
    letters = np.ascontiguousarray(texts.astype(f"U{space.cells}")).view(np.uint32).reshape(len(texts), -1)
    symbols = np.full(128, -9, dtype=np.int64)
    symbols[[ord(glyph) for glyph in space.glyphs]] = space.symbols
    read = symbols[np.minimum(letters, 127)]
    return None if np.any(read == -9) else read


def _unreadable(texts: Shaped[np.ndarray, "..."]) -> str:
    """Return the first string that is no number."""
    for text in texts.flat:
        try:
            np.float64(text)
        except ValueError:
            return str(text)
    return str(texts.flat[0])


def _whole(values: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    """Return numbers as whole ones, if they are."""
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind == "b":
        return values.astype(np.int64)
    if values.dtype.kind == "f":
        if values.dtype.itemsize < np.dtype(np.float64).itemsize:
            with np.errstate(invalid="ignore"):  # of signalling NaNs, which are refused below
                values = values.astype(np.float64)  # half precision cannot hold the bound
        if np.any(np.isnan(values)):
            first = int(np.argmax(np.isnan(values).reshape(len(values), -1).any(axis=1)))
            raise MeasurementError(
                f"sample {first + 1:,} holds NaN, a missing value: every draw must be a sample",
                "missing_value",
            )
        if np.all(_exact(values)):
            return values.astype(np.int64)
        raise MeasurementError(
            "samples must be whole numbers below 2^53 where they are stored as floats", "wrong_type"
        )
    raise MeasurementError(f"samples must be whole numbers or strings, not {values.dtype}", "wrong_type")


def _of_tables(tables: Shaped[np.ndarray, "n width"], size: int | None, space: OperationSpace) -> Samples:
    """Read rows of symbols."""
    if size not in (None, space.size):
        raise MeasurementError(
            f"{space.describe()} are {space.size:,}, not {size:,}: leave the size out", "contradictory"
        )
    try:
        return Samples(space.indices(tables), space.size)
    except OperationError as error:
        raise MeasurementError(f"{error}{_way_out(tables, space)}", error.code) from error


def _way_out(tables: Shaped[np.ndarray, "n width"], space: OperationSpace) -> str:
    """Return what to do with tables whose entries count from 0 where the space has signed symbols."""
    from_zero = range(space.base)
    if space.symbols[0] == 0 or tables.min() < 0 or tables.max() != from_zero[-1]:
        return ""
    listed = ", ".join(map(str, from_zero))
    return f": subtract {-space.symbols[0]} from tables that are coded {listed}"


def _of_indices(indices: Shaped[np.ndarray, "n"], size: int | None, space: OperationSpace | None) -> Samples:
    """Read indices, which must lie in the space."""
    if space is not None and size not in (None, space.size):
        raise MeasurementError(
            f"{space.describe()} are {space.size:,}, not {size:,}: leave the size out", "contradictory"
        )
    known = space.size if space is not None else size
    last = (known or LARGEST_SIZE) - 1
    outside = (indices < 0) | (indices > last)
    if np.any(outside):
        first = int(np.argmax(outside))
        raise MeasurementError(
            f"sample {first + 1:,} is {indices[first]}, outside the indices 0 to {last:,}", "out_of_range"
        )
    return Samples(indices.astype(np.int64), known)


def _ternary(cells: int) -> OperationSpace:
    """Return the ternary space whose tables have so many cells."""
    if cells not in _TERNARY_CELLS:
        raise MeasurementError(
            f"{cells} numbers a sample are no table of a ternary operation, which has 3, 9 or 27: "
            "give the base and the number of inputs, or one index a sample",
            "wrong_shape",
        )
    return OperationSpace(3, _TERNARY_CELLS[cells])
