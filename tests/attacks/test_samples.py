"""Files of samples from strangers: pickles, headers that lie, bombs and codes for the terminal."""

import contextlib
import gzip
import io
import lzma
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from fluxttice_core.audit.counted import count_samples
from fluxttice_core.errors import MeasurementError
from tests.attacks.conftest import Lid
from tests.attacks.test_pickles import ATTACKS, Command
from tests.refusals import refused


def _refused(path: Path, data: bytes, sentence: str) -> None:
    path.write_bytes(data)
    with pytest.raises(MeasurementError, match=sentence) as caught:
        count_samples([str(path)])
    assert len(str(caught.value)) < 400 + len(str(path))


def _array(values: object, *, pickled: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array(values, dtype=object if pickled else None), allow_pickle=pickled)
    return buffer.getvalue()


def _archive(member: bytes, **options: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:  # type: ignore[call-overload]
        archive.writestr("samples.npy", member)
    data: bytes = buffer.getvalue()
    return data


def test_the_attack_is_real(canary: Path) -> None:
    """The control: a loader that trusts its input runs it."""
    np.load(io.BytesIO(_array([Command(canary)], pickled=True)), allow_pickle=True)
    assert canary.exists()


def test_pickled_arrays_never_run(canary: Path, tmp_path: Path) -> None:
    data = _array([Command(canary)], pickled=True)
    _refused(tmp_path / "it.npy", data, "no array of numbers or strings")
    _refused(tmp_path / "it.npz", _archive(data), "damaged array, or one of objects")
    assert not canary.exists()


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".txt", ".parquet", ".pt", ".pkl"])
def test_a_pickle_is_no_file_of_samples(attack: str, suffix: str, canary: Path, tmp_path: Path) -> None:
    path = tmp_path / f"it{suffix}"
    for protocol in (0, 2, 5):
        path.write_bytes(ATTACKS[attack](canary, protocol))
        # The first protocol is plain text, whose lines may be kinds.
        with contextlib.suppress(MeasurementError) if protocol == 0 else pytest.raises(MeasurementError):
            count_samples([str(path)])
    assert not canary.exists()


def _header(text: str) -> bytes:
    padded = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded


HEADERS = {
    "a billion elements": "{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000,)}",
    "past 64 bits": "{'descr': '<i8', 'fortran_order': False, 'shape': (4611686018427387904, 16)}",
    "negative": "{'descr': '<i8', 'fortran_order': False, 'shape': (-1,)}",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
    "a call": "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,)}",
    "depth": "(" * 100,
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_lie_are_refused(name: str, tmp_path: Path, memory_lid: Lid) -> None:
    data = _header(HEADERS[name]) + bytes(64)
    with memory_lid():
        _refused(tmp_path / "it.npy", data, "no array of numbers or strings")
        _refused(tmp_path / "it.npz", _archive(data), "damaged array, or one of objects")


def test_bombs_are_not_unpacked(tmp_path: Path, memory_lid: Lid) -> None:
    zeros = _header(HEADERS["a billion elements"]) + bytes(1 << 27)
    bomb = _archive(zeros, compression=zipfile.ZIP_DEFLATED)
    del zeros
    with memory_lid():
        _refused(tmp_path / "it.npz", bomb, "damaged array, or one of objects")


COUNT = """
import sys
from fluxttice_core.audit.counted import count_samples
from fluxttice_core.errors import FluxtticeError
try:
    print(count_samples([sys.argv[1]], memory="256MB").tally.draws, end=" ")
except FluxtticeError as error:
    print(error.code, end=" ")
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["zeros.npz", "zeros.parquet", "one.parquet", "one.fa.gz", "lines.txt.xz"])
def test_bombs_stay_within_the_memory_that_is_allowed(name: str, tmp_path: Path) -> None:
    """Each unpacks into a quarter of a gigabyte."""
    path, size = tmp_path / name, 1 << 28
    if name == "zeros.npz":
        np.savez_compressed(path, samples=np.zeros(size // 8, dtype=np.int64))
    elif name == "zeros.parquet":
        table = pyarrow.table({"index": np.zeros(size // 8, dtype=np.int64)})
        parquet.write_table(table, path, compression="zstd", use_dictionary=False, data_page_size=size)
    elif name == "one.parquet":
        table = pyarrow.table({"word": ["x" * size]})
        parquet.write_table(table, path, compression="zstd", use_dictionary=False)
    elif name == "one.fa.gz":
        path.write_bytes(gzip.compress(b">a\n" + (b"A" * 1_023 + b"\n") * (size >> 10), 1))
    else:
        path.write_bytes(lzma.compress((b"ab" * 500 + b"\n") * (size // 1_001), preset=0))
    assert path.stat().st_size < size / 50
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(path)], capture_output=True, text=True, check=True
    )
    outcome, peak = done.stdout.split()
    assert outcome.isdecimal() or outcome == "too_large"
    assert int(peak) * 1_024 < 256 * 10**6 + 10**8, "what Python and its libraries take comes beside it"


def test_strings_of_numbers_that_are_no_characters_are_refused(tmp_path: Path) -> None:
    for order in ("<", ">"):
        data = bytearray(_array(np.array(["----00-0+"] * 2, dtype=f"{order}U9")))
        data[-4:] = (0x110000).to_bytes(4, "little" if order == "<" else "big")
        _refused(tmp_path / "it.npy", bytes(data), "hold what is no character")


def test_a_terabyte_and_a_pipe_are_not_read(tmp_path: Path, memory_lid: Lid) -> None:
    for suffix in (".npy", ".csv", ".parquet"):
        path = tmp_path / f"it{suffix}"
        with path.open("wb") as file:
            file.truncate(1 << 40)
        with memory_lid(1_024), pytest.raises(MeasurementError):
            count_samples([str(path)])
    os.mkfifo(tmp_path / "pipe.npy")
    with refused(MeasurementError, "not_a_file"):
        count_samples([str(tmp_path / "pipe.npy")])


def test_column_names_do_not_steer_the_terminal(tmp_path: Path) -> None:
    _refused(tmp_path / "it.csv", b"a\x1b[2J,b\n1,2\n", r"the columns a\\x1b\[2J, b")


def test_a_sentence_is_never_as_long_as_the_file(tmp_path: Path) -> None:
    path = tmp_path / "it.csv"
    path.write_text(",".join(f"column{number}" for number in range(10_000)) + "\n")
    with refused(MeasurementError, "ambiguous") as caught:
        count_samples([str(path)])
    assert len(str(caught.value)) <= 4_001


def test_the_plain_files_among_these_are_read(tmp_path: Path) -> None:
    """The control: the same construction without a lie."""
    (tmp_path / "it.npy").write_bytes(_array([1, 2]))
    (tmp_path / "it.npz").write_bytes(_archive(_array([1, 2])))
    for name in ("it.npy", "it.npz"):
        assert count_samples([str(tmp_path / name)]).most == (("1", 1), ("2", 1))


def test_a_pickle_in_bytes_is_no_text(tmp_path: Path) -> None:
    _refused(tmp_path / "it.txt", pickle.dumps({"a": 1}, 4), "not text in UTF-8|neither an index")
