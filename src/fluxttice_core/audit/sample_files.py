"""Reading samples of any generator from a file, of which nothing is trusted and nothing executed."""

import math
import os
import stat
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fluxttice_core.audit.sample_text import (
    Read,
    Texts,
    choose_columns,
    only_one_of,
    read_csv,
    read_text,
    usual_name,
)
from fluxttice_core.audit.sample_values import Samples, samples_of
from fluxttice_core.errors import MeasurementError
from fluxttice_core.extras import require_extra
from fluxttice_core.spaces.operation_space import OperationSpace

MAX_BYTES = 2**31
"""Size of the largest file, and of the largest array in one."""

MAX_ENTRIES = 2**27
"""Most entries of a Parquet file that are read: compressed, they may take next to no bytes."""

MAX_TEXT_BYTES = 2**28
"""Size of the largest text or CSV file, whose reading takes several times as much memory."""

_DAMAGE = (
    ValueError,
    TypeError,
    KeyError,
    OSError,
    EOFError,
    OverflowError,
    MemoryError,
    RecursionError,
    NotImplementedError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy raises on a damaged array: its header is read as Python literals, its data as a stream."""


def read_samples(
    path: Path, *, size: int | None = None, space: OperationSpace | None = None, column: str | None = None
) -> Samples:
    """Read samples from a `.npy`, `.npz`, `.csv`, `.txt` or `.parquet` file.

    A sample is an index, a table of symbols or a string of glyphs. Pickled objects are refused.

    Args:
        path: The file; its suffix names the format.
        size: Operations in the space, if it is known.
        space: The space, if the samples are operations of another than the ternary ones.
        column: Name of the column or array that holds the samples, where there are several.

    Raises:
        MeasurementError: If the file is missing, too large, damaged or of another format, or a sample is
            no operation.
    """
    formats: dict[str, tuple[Callable[[Path, str | None], Read], int]] = {
        ".npy": (_read_npy, MAX_BYTES),
        ".npz": (_read_npz, MAX_BYTES),
        ".csv": (_read_csv, MAX_TEXT_BYTES),
        ".txt": (_read_txt, MAX_TEXT_BYTES),
        ".parquet": (_read_parquet, MAX_BYTES),
    }
    if path.suffix.lower() not in formats:
        raise MeasurementError(
            f"'{path.name}' is in none of the formats that are read: give {', '.join(formats)}",
            "unknown_format",
        )
    reader, largest = formats[path.suffix.lower()]
    _check_file(path, largest)
    read = reader(path, column)
    return replace(samples_of(read.values, size=size, space=space), column=read.column)


def _check_file(path: Path, largest: int) -> None:
    """Refuse what is missing, no plain file, or too large."""
    try:
        status = path.stat()
    except OSError as error:
        raise MeasurementError(
            f"'{path}' cannot be read: {os.strerror(error.errno or 0)}", "unreadable_file"
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise MeasurementError(f"'{path}' is not a plain file: give a file of samples", "not_a_file")
    if status.st_size > largest:
        raise MeasurementError(
            f"'{path}' has {status.st_size:,} bytes, more than the {largest:,} that are read: "
            "give fewer samples, or indices in a .npy file",
            "too_large",
        )


def _read_npy(path: Path, column: str | None) -> Read:
    """Map one array."""
    if column is not None:
        raise MeasurementError(
            f"'{path.name}' holds one array without a name: leave the column out", "unknown_column"
        )
    try:
        with warnings.catch_warnings(action="ignore"):  # of headers that an old NumPy wrote
            with path.open("rb") as file:
                _require_held(file, path.stat().st_size)
            return Read(np.lib.format.open_memmap(path, mode="r"))
    except _DAMAGE as error:
        raise MeasurementError(
            f"'{path.name}' is no array of numbers or strings in NumPy's format", "alien_file"
        ) from error


def _read_npz(path: Path, column: str | None) -> Read:
    """Read one array of an archive."""
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise MeasurementError(f"'{path.name}' is no archive of NumPy arrays", "alien_file") from error
    with archive:
        names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        chosen = _choose(path, names, column)
        member = archive.getinfo(chosen + ".npy")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
            raise MeasurementError(
                f"'{path.name}' is encrypted or compressed as NumPy's archives never are", "alien_file"
            )
        try:
            with warnings.catch_warnings(action="ignore"):  # of headers that an old NumPy wrote
                return Read(_read_member(archive, member), only_one_of([chosen], names))
        except _DAMAGE as error:
            raise MeasurementError(
                f"'{path.name}' holds a damaged array, or one of objects", "damaged_file"
            ) from error


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Texts:
    """Read an array once its header is known to promise no more than is there."""
    with archive.open(member) as file:
        _require_held(file, member.file_size)
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _require_held(file: Any, size: int) -> None:
    """Read the header of an array and hold what it promises against the bytes that are there."""
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = header(file)
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize > min(size, MAX_BYTES):
        raise ValueError("the header promises more than the file holds, or than is read")


def _choose(path: Path, names: Sequence[str], column: str | None) -> str:
    """Choose the array that holds the samples."""
    if column is not None:
        if column not in names:
            raise MeasurementError(
                f"'{path.name}' has no '{column}': it has {', '.join(names) or 'nothing'}", "unknown_column"
            )
        return column
    usual = names[0] if len(names) == 1 else usual_name(names, path.name)
    if usual is not None:
        return usual
    raise MeasurementError(
        f"'{path.name}' has {', '.join(names) or 'no array'}: name the one with the samples", "ambiguous"
    )


def _read_csv(path: Path, column: str | None) -> Read:
    return read_csv(_text_of(path), path.name, column)


def _read_txt(path: Path, column: str | None) -> Read:
    if column is not None:
        raise MeasurementError(
            f"'{path.name}' is plain text without columns: leave the column out", "unknown_column"
        )
    return Read(read_text(_text_of(path), path.name))


def _text_of(path: Path) -> str:
    """Return a file as text."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MeasurementError(f"'{path.name}' is not text in UTF-8", "alien_file") from error
    except OSError as error:
        raise MeasurementError(
            f"'{path}' cannot be read: {os.strerror(error.errno or 0)}", "unreadable_file"
        ) from error


def _read_parquet(path: Path, column: str | None) -> Read:
    """Read one column, or all of them as the cells of tables."""
    require_extra("export", "reading Parquet")
    import pyarrow

    try:
        return _parquet_columns(path, column)
    except MeasurementError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise MeasurementError(
            f"'{path.name}' is no Parquet file, or a damaged one", "damaged_file"
        ) from error


def _parquet_columns(path: Path, column: str | None) -> Read:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        names = file.schema_arrow.names
        chosen = choose_columns(names, path.name, column)
        _require_room(path, len(chosen), file)
        table = file.read(columns=chosen)
    columns = [_of_arrow(path, values) for values in table.itercolumns()]
    values = columns[0] if len(columns) == 1 else np.stack(columns, axis=-1)
    return Read(values, only_one_of(chosen, names))


def _require_room(path: Path, columns: int, file: Any) -> None:
    """Refuse what would take too much memory: Arrow makes room for as many rows as the footer promises.

    The footer is not asked about single columns, since Arrow ends the program where that part is damaged.
    """
    groups = [file.metadata.row_group(place) for place in range(file.metadata.num_row_groups)]
    rows = [group.num_rows for group in groups]
    if min(rows, default=0) < 0 or sum(rows) != file.metadata.num_rows:
        raise ValueError("the footer does not agree with itself on the rows")
    entries = sum(rows) * columns
    if entries > MAX_ENTRIES or sum(group.total_byte_size for group in groups) > MAX_BYTES:
        raise MeasurementError(
            f"'{path.name}' holds more than the {MAX_ENTRIES:,} entries or {MAX_BYTES:,} bytes that are "
            "read: give fewer samples",
            "too_large",
        )


def _of_arrow(path: Path, column: Any) -> Texts:
    """Return a column as an array, lists of one length as rows."""
    import pyarrow

    _require_filled(path, column)

    if pyarrow.types.is_struct(column.type) or pyarrow.types.is_map(column.type):
        raise MeasurementError(
            f"'{path.name}' holds {column.type} where samples were expected: name another column",
            "wrong_type",
        )
    values = column.combine_chunks()
    rows = len(values)
    while pyarrow.types.is_nested(values.type):
        values = values.flatten()
        _require_filled(path, values)
    if rows and len(values) % rows:
        raise MeasurementError(
            f"'{path.name}' holds lists of different lengths: every table has as many cells", "wrong_shape"
        )
    numbers: Texts = values.to_numpy(zero_copy_only=False)
    numbers = numbers.astype(np.str_) if numbers.dtype == object else numbers
    return numbers if len(numbers) == rows else numbers.reshape(rows, -1)


def _require_filled(path: Path, cells: Any) -> None:
    """Refuse empty cells, of a column or in its lists."""
    if cells.null_count:
        raise MeasurementError(
            f"'{path.name}' has {cells.null_count:,} empty cells: every draw must be a sample",
            "missing_value",
        )
