"""Files of samples: every format, and files that lie or are damaged."""

import errno
import io
import os
import pickle
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from fluxttice_core.audit import sample_files
from fluxttice_core.audit.sample_files import read_samples
from fluxttice_core.errors import ErrorCode, MeasurementError, MissingExtra
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

DRAWN = np.random.default_rng(2).integers(0, 19_683, 50)
TERNARY = OperationSpace()
STRINGS = TERNARY.strings(DRAWN)


def write(path: Path, content: object) -> Path:
    """Write samples in the format that the suffix names."""
    if path.suffix == ".npy":
        np.save(path, np.asarray(content))
    elif path.suffix == ".npz":
        np.savez_compressed(path, **content)  # type: ignore[arg-type]
    elif path.suffix == ".parquet":
        parquet.write_table(pyarrow.table(content), path)
    else:
        path.write_text("\n".join(map(str, content)))  # type: ignore[call-overload]
    return path


FILES = {
    "indices.npy": DRAWN,
    "unsigned.npy": DRAWN.astype(np.uint16),
    "tables.npy": TERNARY.tables(DRAWN),
    "squares.npy": TERNARY.tables(DRAWN).reshape(-1, 3, 3),
    "strings.npy": np.array(STRINGS),
    "one.npz": {"draws": DRAWN},
    "several.npz": {"seed": np.arange(3), "samples": TERNARY.tables(DRAWN)},
    "indices.txt": DRAWN,
    "strings.txt": STRINGS,
    "rows.txt": [" ".join(map(str, row)) for row in TERNARY.tables(DRAWN)],
    "indices.csv": ["index", *DRAWN],
    "strings.csv": ["operation", *STRINGS],
    "cells.csv": [",".join(map(str, row)) for row in TERNARY.tables(DRAWN)],
    "indices.parquet": {"seed": np.arange(50), "index": DRAWN},
    "strings.parquet": {"operation": STRINGS},
    "lists.parquet": {"operation": TERNARY.tables(DRAWN).tolist()},
    "cells.parquet": {f"cell{p}": TERNARY.tables(DRAWN)[:, p] for p in range(9)},
}


@pytest.mark.parametrize("name", FILES)
def test_every_format_reads_the_same(name: str, tmp_path: Path) -> None:
    samples = read_samples(write(tmp_path / name, FILES[name]), space=TERNARY)
    assert samples.indices.tolist() == DRAWN.tolist()
    assert samples.size == 19_683


def test_vast_indices_survive_every_format(tmp_path: Path) -> None:
    greatest = np.array([2**63 - 1, 0, 2**62])
    for name, content in {
        "a.npy": greatest,
        "a.txt": greatest,
        "a.csv": ["index", *greatest],
        "a.parquet": {"index": greatest},
    }.items():
        assert read_samples(write(tmp_path / name, content)).indices.tolist() == greatest.tolist()


def test_named_arrays_and_columns_are_taken(tmp_path: Path) -> None:
    archive = write(tmp_path / "a.npz", {"first": DRAWN, "second": DRAWN[::-1]})
    assert read_samples(archive, column="second").indices.tolist() == DRAWN[::-1].tolist()
    table = write(tmp_path / "a.parquet", {"first": DRAWN, "second": DRAWN[::-1]})
    assert read_samples(table, column="second").indices.tolist() == DRAWN[::-1].tolist()


@pytest.mark.parametrize("name", ["a.csv", "a.npz", "a.parquet"])
def test_row_numbers_beside_operations_are_not_taken_for_samples(name: str, tmp_path: Path) -> None:
    columns = {"index": np.arange(50), "operation": DRAWN}
    rows = ["index,operation", *(f"{row},{drawn}" for row, drawn in enumerate(DRAWN))]
    path = write(tmp_path / name, rows if name == "a.csv" else columns)
    with refused(MeasurementError, "ambiguous", f"'{name}' has index and operation"):
        read_samples(path)
    read = read_samples(path, column="operation")
    assert (read.indices.tolist(), read.column) == (DRAWN.tolist(), "operation")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("several.npz", "samples"),
        ("one.npz", None),
        ("indices.parquet", "index"),
        ("strings.parquet", None),
        ("cells.parquet", None),
        ("indices.csv", None),
        ("indices.npy", None),
        ("indices.txt", None),
    ],
)
def test_the_column_is_told_where_the_file_has_others(name: str, column: str | None, tmp_path: Path) -> None:
    assert read_samples(write(tmp_path / name, FILES[name])).column == column


class Loud:
    """Announces that it was unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("code from the file was run",)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_pickles_are_never_opened(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"evil{suffix}"
    content = np.array([Loud()], dtype=object)
    if suffix == ".npy":
        np.save(path, content, allow_pickle=True)
    else:
        np.savez(path, samples=content)
    with pytest.raises(MeasurementError):
        read_samples(path)
    path.write_bytes(pickle.dumps(Loud()))
    with refused(MeasurementError, "alien_file"):
        read_samples(path)
    assert capsys.readouterr().out == ""


def lying_array() -> bytes:
    """Return an array of eight bytes whose header promises a terabyte."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<i8", "fortran_order": False, "shape": (2**37,)})
    return buffer.getvalue() + bytes(8)


def test_headers_that_promise_too_much_are_refused(tmp_path: Path) -> None:
    alone = tmp_path / "a.npy"
    alone.write_bytes(lying_array())
    archive = tmp_path / "a.npz"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("samples.npy", lying_array())
    for path in (alone, archive):
        with pytest.raises(MeasurementError):
            read_samples(path)


def test_inflated_archives_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.npz", {"samples": np.zeros(100_000, dtype=np.int64)})
    monkeypatch.setattr(sample_files, "MAX_BYTES", 10_000)
    assert path.stat().st_size < 10_000
    with refused(MeasurementError, "damaged_file"):
        read_samples(path)
    table = write(tmp_path / "a.parquet", {"index": np.arange(100_000)})
    monkeypatch.setattr(sample_files, "MAX_BYTES", table.stat().st_size)
    with refused(MeasurementError, "too_large", "bytes that are read"):
        read_samples(table)


def test_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_files, "MAX_TEXT_BYTES", 10)
    with refused(MeasurementError, "too_large", "bytes, more than the 10 that are read: give fewer samples"):
        read_samples(write(tmp_path / "a.txt", range(100)))


def test_missing_parquet_reader_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.parquet", {"index": DRAWN})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with refused(MissingExtra, "missing_extra", "pyarrow, which is not", "'fluxttice-core[export]'"):
        read_samples(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet", ".csv", ".txt"])
@given(content=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(
    suffix: str, content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    try:
        samples = read_samples(path)
    except MeasurementError as error:
        message = str(error)
        assert message
        assert "\n" not in message.strip()
    else:
        assert len(samples.indices) >= 1


@pytest.mark.parametrize("name", ["indices.npy", "one.npz", "indices.parquet"])
def test_truncated_files_are_refused(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, FILES[name])
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, max(len(whole) // 40, 1)):
        path.write_bytes(whole[:length])
        with pytest.raises(MeasurementError):
            read_samples(path)


def test_flipped_bytes_never_raise_another_error(tmp_path: Path) -> None:
    for name in ("one.npz", "indices.npy", "indices.parquet"):
        path = write(tmp_path / name, FILES[name])
        whole = path.read_bytes()
        for place in range(0, len(whole), max(len(whole) // 60, 1)):
            damaged = bytearray(whole)
            damaged[place] ^= 0xFF
            path.write_bytes(damaged)
            try:
                read_samples(path)
            except MeasurementError:
                continue


def test_encrypted_archives_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", {"samples": DRAWN})
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    path.write_bytes(content)
    with refused(MeasurementError, "alien_file", "encrypted or compressed"):
        read_samples(path)


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("a.npz", {"x": DRAWN, "y": DRAWN}, "ambiguous", "'a.npz' has x, y: name the one with the samples"),
        ("a.parquet", {"x": [1], "y": [2]}, "ambiguous", "'a.parquet' has the columns x, y: name the one"),
        ("a.parquet", {"index": [1, None]}, "missing_value", "'a.parquet' has 1 empty cells"),
        ("a.parquet", {"index": [[1, 0, None], [1, None, 0]]}, "missing_value", "2 empty cells: every"),
        ("a.parquet", {"index": [[[1], None, [0]]]}, "missing_value", "has 1 empty cells"),
        ("a.parquet", {"index": [[1.0, 0.0], [0.0, np.nan]]}, "missing_value", "sample 2 holds NaN"),
        ("a.parquet", {"index": [[1, 0], [1]]}, "wrong_shape", "lists of different lengths"),
        ("a.parquet", {"index": [{"a": 1}]}, "wrong_type", "samples were expected: name another column"),
        ("a.parquet", {"index": [1.5]}, "wrong_type", "whole numbers"),
        ("a.parquet", {"index": ["apple"]}, "malformed", "'apple' is neither an index"),
    ],
)
def test_unclear_content_is_refused(
    name: str, content: dict[str, object], code: ErrorCode, message: str, tmp_path: Path
) -> None:
    with refused(MeasurementError, code, message):
        read_samples(write(tmp_path / name, content))


def test_columns_that_do_not_exist_are_named(tmp_path: Path) -> None:
    for name, message in {
        "one.npz": "has no 'z': it has draws",
        "indices.parquet": "has no column 'z': it has seed, index",
        "indices.csv": "has no column 'z': it has index",
        "indices.npy": "holds one array without a name",
        "indices.txt": "plain text without columns",
    }.items():
        with refused(MeasurementError, "unknown_column", message):
            read_samples(write(tmp_path / name, FILES[name]), column="z")


def test_limits_are_those_documented() -> None:
    assert (sample_files.MAX_BYTES, sample_files.MAX_TEXT_BYTES) == (2 * 1024**3, 256 * 1024**2)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with refused(MeasurementError, "unknown_format", "in none of the formats that are read: give .npy"):
        read_samples(tmp_path / "draws.pkl")
    with refused(MeasurementError, "unreadable_file", "cannot be read: No such file"):
        read_samples(tmp_path / "missing.npy")
    folder = tmp_path / "folder.npy"
    folder.mkdir()
    with refused(MeasurementError, "not_a_file", "not a plain file"):
        read_samples(folder)
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    with refused(MeasurementError, "not_a_file"):
        read_samples(pipe)
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"\xe9\n")
    with refused(MeasurementError, "alien_file", "is not text in UTF-8"):
        read_samples(latin)


def archive_of(path: Path, **members: bytes) -> Path:
    """Write an archive of members as they are."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def written(header: str, content: bytes) -> bytes:
    """A .npy file with a header as given."""
    line = header.encode()
    line += b" " * (118 - len(line) - 1) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line + content


OLD_HEADERS = {
    "long integers of Python 2": written(
        "{'descr': '<i8', 'fortran_order': False, 'shape': (3L,), }", np.arange(3).tobytes()
    ),
    "an old name of bytes": written("{'descr': '|a1', 'fortran_order': False, 'shape': (3,), }", b"012"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("content", OLD_HEADERS.values(), ids=OLD_HEADERS)
def test_arrays_of_old_writers_are_read_without_a_warning(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    assert read_samples(tmp_path / "a.npy").indices.tolist() == [0, 1, 2]
    assert read_samples(archive_of(tmp_path / "a.npz", a=content)).indices.tolist() == [0, 1, 2]


def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK" + bytes(100))
    with refused(MeasurementError, "alien_file", "'a.npz' is no archive of NumPy arrays"):
        read_samples(tmp_path / "a.npz")


def test_an_archive_without_arrays_has_nothing_to_name(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.npz")
    with refused(MeasurementError, "ambiguous", "'a.npz' has no array"):
        read_samples(path)
    with refused(MeasurementError, "unknown_column", "'a.npz' has no 'z': it has nothing"):
        read_samples(path, column="z")


def test_a_csv_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n3\n")
    with refused(MeasurementError, "wrong_shape", "2 of 'a.csv' has 1"):
        read_samples(tmp_path / "a.csv")


def test_a_text_that_the_disk_does_not_give_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1\n")

    def failing(_: Path) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "read_bytes", failing)
    with refused(MeasurementError, "unreadable_file", f"'{path}' cannot be read: {os.strerror(errno.EIO)}"):
        read_samples(path)


def forged(path: Path, place: int, promised: int) -> Path:
    """The Parquet file with one of the footer's counts of its three rows replaced."""
    data = path.read_bytes()
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    footer = data[start:-8]
    number, varint = 2 * promised, b""
    while number >= 128:
        varint, number = varint + bytes([number % 128 + 128]), number // 128
    at = [found.start() for found in re.finditer(rb"\x16\x06", footer)][place]
    footer = footer[: at + 1] + varint + bytes([number]) + footer[at + 2 :]
    path.write_bytes(data[:start] + footer + len(footer).to_bytes(4, "little") + data[-4:])
    return path


@pytest.mark.parametrize("place", [0, 2])
def test_rows_that_a_footer_promises_alone_are_not_made_room_for(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The footer counts rows by group and as a whole; one of them lies."""
    path = write(tmp_path / "a.parquet", {"index": np.array([3, 1, 2])})
    assert read_samples(path).indices.tolist() == [3, 1, 2]
    forged(path, place, 47_894_689_405)
    monkeypatch.setattr(parquet.ParquetFile, "read", lambda *_, **__: pytest.fail("memory was asked for"))
    with refused(MeasurementError, "damaged_file", "is no Parquet file, or a damaged one"):
        read_samples(path)


def test_what_a_column_promises_is_not_made_room_for(tmp_path: Path) -> None:
    path = forged(write(tmp_path / "a.parquet", {"index": np.array([3, 1, 2])}), 1, 47_894_689_405)
    assert read_samples(path).indices.tolist() == [3, 1, 2]


def test_more_entries_than_are_read_are_refused_before_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = {f"cell{place}": np.zeros(1_000, dtype=np.int64) for place in range(3)}
    path = write(tmp_path / "a.parquet", content)
    monkeypatch.setattr(sample_files, "MAX_ENTRIES", 3_000)
    assert len(read_samples(path).indices) == 1_000
    monkeypatch.setattr(sample_files, "MAX_ENTRIES", 2_999)
    assert len(read_samples(path, column="cell1").indices) == 1_000
    with refused(MeasurementError, "too_large", "'a.parquet' holds more than the 2,999 entries or"):
        read_samples(path)
