"""NumPy's files, read piece by piece into a table of the engine: no header, archive or array is believed."""

from __future__ import annotations

import contextlib
import io
import math
import os
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxttice_core.audit.columns import choose_array, choose_counts
from fluxttice_core.audit.engine import inexact_floats
from fluxttice_core.audit.tables import other_columns
from fluxttice_core.errors import ErrorCode, MeasurementError
from fluxttice_core.shapes import Shaped

if TYPE_CHECKING:
    from pathlib import Path

    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.sources import Source

Values = Shaped[np.ndarray, "draws *cells"]
Pair = tuple[Values, Values]
"""Kinds, and a number for each."""

_PIECE = 2**23
_STRINGS = 2**17
"""Strings that are read at once: each takes dozens of times the memory of its bytes in a file."""

_WIDEST = 4_096
_HEADERS = {
    (1, 0): (2, np.lib.format.read_array_header_1_0),
    (2, 0): (4, np.lib.format.read_array_header_2_0),
}
"""How many bytes say how long a header is, and what reads it."""

_LONGEST_HEADER = 10_000
_WHOLE = 4
"""An array that has to be read at once may be one part in so many of the memory."""

_LAST_CODE_POINT = 0x10FFFF
_GROUPED, _SINGLE = "*, count(*)::INTEGER AS n FROM piece GROUP BY ALL", "*, 1 AS n FROM piece"
_DAMAGE = (
    *(ValueError, TypeError, KeyError, OSError, EOFError, OverflowError, MemoryError, RecursionError),
    *(NotImplementedError, SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
"""What NumPy raises on a damaged array: its header is read as Python literals, its data as a stream."""


class _Archive(io.FileIO):
    """A file of which nothing is read in one piece that is too large, as the list of its members may be."""

    def read(self, size: int | None = -1) -> bytes:
        # Without a size zipfile asks for the end of the file, where it stands.
        asked = size if size is not None and size >= 0 else os.fstat(self.fileno()).st_size - self.tell()
        if asked > _PIECE:
            raise ValueError("a list of members that no archive of arrays has")
        return super().read(asked) or b""


def read_arrays(
    source: Source, column: str | None, memory: int, *, beside: bool = False
) -> tuple[Iterator[Values], str | None]:
    """Return pieces of arrays, each a part of `memory` in bytes, and the name of one chosen among several."""
    if source.kind == "npy":
        if column is not None:
            raise MeasurementError(
                f"{source.said} holds one array without a name: leave the column out", "unknown_column"
            )
        return (piece for path in source.paths for piece in _pieces_of_file(path, memory)), None
    names = [_names_of(path) for path in source.paths]
    chosen = {
        choose_array(held, f"'{path.name}'", column, beside=beside)
        for path, held in zip(source.paths, names, strict=True)
    }
    if len(chosen) > 1:
        raise other_columns(source.said)
    (name,) = chosen
    pieces = (piece for path in source.paths for piece in _pieces_of_member(path, name, memory))
    return pieces, name if len(names[0]) > 1 else None


def read_pairs(
    source: Source, column: str | None, memory: int, usual: Sequence[str]
) -> tuple[Iterator[Values | Pair], tuple[str, ...]]:
    """Return pieces of the arrays of archives that hold numbers, and kinds if there are any; and their names.

    The arrays are chosen as the columns of a table are; numbers are called as is `usual`.
    """
    chosen = set()
    for path in source.paths:
        names = _names_of(path)
        kind, number = choose_counts(names, f"'{path.name}'", column, usual)
        chosen.add((names[number],) if kind is None else (names[kind], names[number]))
    if len(chosen) > 1:
        raise other_columns(source.said)
    (names_chosen,) = chosen
    pieces = (piece for path in source.paths for piece in _pieces_of_members(path, names_chosen, memory))
    return pieces, names_chosen


@contextlib.contextmanager
def _damage_told(sentence: str, code: ErrorCode) -> Iterator[None]:
    try:
        yield
    except MeasurementError:
        raise
    except _DAMAGE as error:
        raise MeasurementError(sentence, code) from error


def _pieces_of_file(path: Path, memory: int) -> Iterator[Values]:
    alien = f"'{path.name}' is no array of numbers or strings in NumPy's format"
    with _damage_told(alien, "alien_file"), path.open("rb") as file:
        yield from _pieces(file, path.stat().st_size, memory)


def _names_of(path: Path) -> list[str]:
    """Return the names of the arrays of an archive."""
    alien = _damage_told(f"'{path.name}' is no archive of NumPy arrays", "alien_file")
    with alien, _Archive(path) as opened, zipfile.ZipFile(opened) as archive:
        members = archive.infolist()
    names = [member.filename.removesuffix(".npy") for member in members if member.filename.endswith(".npy")]
    if not names:
        raise MeasurementError(f"'{path.name}' holds no array: give an archive of arrays", "too_few")
    return names


def _pieces_of_members(path: Path, names: Sequence[str], memory: int) -> Iterator[Values | Pair]:
    """Yield pieces of an array, or of two together, which have an entry for each other's."""
    if len(names) == 1:
        yield from _pieces_of_member(path, names[0], memory)
        return
    kinds, numbers = (filter(len, _pieces_of_member(path, name, memory)) for name in names)
    some, beside = next(kinds, None), next(numbers, None)
    while some is not None and beside is not None:
        if some.size > len(some) or beside.size > len(beside):
            break
        rows = min(len(some), len(beside))
        yield some[:rows].reshape(rows), beside[:rows].reshape(rows)
        some = some[rows:] if rows < len(some) else next(kinds, None)
        beside = beside[rows:] if rows < len(beside) else next(numbers, None)
    if some is not None or beside is not None:
        raise MeasurementError(
            f"'{path.name}' has arrays '{names[0]}' and '{names[1]}' of other shapes: give one kind, an "
            "index or a string, for each number",
            "wrong_shape",
        )


def _pieces_of_member(path: Path, name: str, memory: int) -> Iterator[Values]:
    damaged = _damage_told(f"'{path.name}' holds a damaged array, or one of objects", "damaged_file")
    with damaged, _Archive(path) as opened, zipfile.ZipFile(opened) as archive:
        member = archive.getinfo(name + ".npy")
        _require_usual(member, path)
        with archive.open(member) as file:
            yield from _pieces(file, member.file_size, memory)


def _require_usual(member: zipfile.ZipInfo, path: Path) -> None:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
        raise MeasurementError(
            f"'{path.name}' is encrypted or compressed as NumPy's archives never are", "alien_file"
        )


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read a header, which NumPy would read whole before it finds it too long."""
    with warnings.catch_warnings(action="ignore"):  # of headers that an old NumPy wrote
        width, read = _HEADERS[np.lib.format.read_magic(file)]
        said = _read(file, width)
        length = int.from_bytes(said, "little")
        if length > _LONGEST_HEADER:
            raise ValueError("a header that no array has")
        found: tuple[tuple[int, ...], bool, np.dtype[Any]] = read(io.BytesIO(said + _read(file, length)))
    return found


def _pieces(file: Any, size: int, memory: int) -> Iterator[Values]:
    """Yield rows of an array, some megabytes at a time, once its header promises no more than is there."""
    shape, by_columns, dtype = _header(file)
    if dtype.hasobject or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize > size:
        raise ValueError("an array of objects, or a header that promises more than the file holds")
    if 0 in shape:  # however many empty rows a header tells of
        return
    rows, cells = (shape[0], shape[1:]) if shape else (1, ())
    if by_columns and len(shape) > 1:
        yield _whole(file, shape, dtype, memory // _WHOLE)
        return
    row = math.prod(cells) * dtype.itemsize
    if row > _PIECE or math.prod(cells) > _WIDEST:
        raise MeasurementError(
            f"a sample of {math.prod(cells):,} entries is more than is read: give one index a sample",
            "too_large",
        )
    at_once = max(_PIECE // max(row, 1), 1)
    if dtype.kind in "SU":
        at_once = min(at_once, _STRINGS // math.prod(cells))
    for start in range(0, rows, at_once):
        count = min(at_once, rows - start)
        yield _values(_read(file, count * row), dtype).reshape(count, *cells)


def _whole(file: Any, shape: Sequence[int], dtype: np.dtype[Any], most: int) -> Values:
    """Read an array that is stored by columns, which has no rows until it is whole."""
    size = math.prod(shape) * dtype.itemsize
    if size > most or (dtype.kind in "SU" and math.prod(shape) > _STRINGS):
        raise MeasurementError(
            f"an array stored by columns is read whole, for which {size:,} bytes are too many: store it by "
            "rows (np.ascontiguousarray)",
            "too_large",
        )
    return _values(_read(file, size), dtype).reshape(shape, order="F")


def _read(file: Any, size: int) -> bytes:
    data: bytes = file.read(size)
    if len(data) != size:
        raise EOFError("the file breaks off")
    return data


def _values(data: bytes, dtype: np.dtype[Any]) -> Values:
    """Return the values of stored bytes, in the byte order of this machine."""
    if dtype.itemsize == 0:
        raise ValueError("empty strings alone")
    return np.frombuffer(data, dtype).astype(dtype.newbyteorder("="), copy=False)


def plain(values: Values) -> Values:
    """Return numbers as numbers, and strings as objects that the engine takes."""
    kind = values.dtype.kind
    if kind == "U":
        if values.dtype.itemsize and bool(
            np.any(np.ascontiguousarray(values).reshape(-1).view(np.uint32) > _LAST_CODE_POINT)
        ):
            raise MeasurementError(
                "samples stored as strings hold what is no character: the file is damaged", "damaged_file"
            )
        return values.astype(object)
    if kind == "S":
        try:
            return np.char.decode(values, "ascii").astype(object)
        except UnicodeDecodeError:
            raise MeasurementError("samples stored as bytes must be plain text", "wrong_type") from None
    if kind == "f":
        with np.errstate(invalid="ignore"):  # of signalling NaNs, which are refused later
            _require_exact(values)
            return values.astype(np.float64)
    if kind in "iub":
        return values
    raise MeasurementError(f"samples must be whole numbers or strings, not {values.dtype}", "wrong_type")


def _require_exact(values: Values) -> None:
    """Refuse short floats that may have been rounded, of which several whole numbers would be one kind."""
    digits = np.finfo(values.dtype).nmant + 1
    if values.dtype.itemsize < 8 and bool(np.any(np.isfinite(values) & (np.abs(values) >= 2.0**digits))):
        raise MeasurementError(inexact_floats(values.dtype.itemsize * 8, digits), "wrong_type")


def empty_table(engine: Engine, types: Sequence[str]) -> str:
    """Return the name of a table for rows of these types."""
    name = engine.new_name()
    columns = "".join(f"c{place} {kind}, " for place, kind in enumerate(types))
    engine.run(f"CREATE TEMP TABLE {name} ({columns}n BIGINT)")
    return name


def store(engine: Engine, pieces: Iterable[Values | Pair], said: str) -> str | None:
    """Fill a table of the engine with rows and how often each stands there; return its name, if any.

    Where rows repeat much they are grouped at once, else zeros packed into nothing would fill the disk.
    """
    name = None
    for piece in pieces:
        if not isinstance(piece, tuple) and not piece.size:
            continue
        name = name or engine.new_name()
        columns = list(map(plain, piece)) if isinstance(piece, tuple) else list(_columns(piece))
        some = list(zip(*(column[:: len(column) // 4_096 + 1].tolist() for column in columns), strict=True))
        repeated = len(set(some)) * 2 < len(some)
        arrays = {f"c{place}": column for place, column in enumerate(columns)}
        engine.append(name, arrays, _GROUPED if repeated else _SINGLE, said)
    return name


def _columns(piece: Values) -> Iterator[Values]:
    rows = plain(piece.reshape(len(piece), -1))
    return (rows[:, place] for place in range(rows.shape[1]))
