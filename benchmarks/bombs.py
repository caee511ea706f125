"""Small files that unpack into gigabytes, and the memory of the commands that read them.

`python -m benchmarks.bombs` builds and reads all of them in some minutes, and keeps what that took; the page
about trust shows it.
"""

import bz2
import gzip
import io
import json
import lzma
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from pyarrow import ipc, parquet

from docs.bombs import record_bombs

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SIZE = 1 << 30
MEMORY = 256 * 10**6
MODEL = 256 << 20
"""The largest file of weights that is read."""

_BLOCK = 1 << 20
_CERTIFIED = Path(str(resources.files("fluxttice_core") / "certified"))
_PEAK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, check=False)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A process of its own, since a child begins with the peak of the process that starts it."""

Make = Callable[[Path, int], object]


@dataclass(frozen=True)
class Bomb:
    """A file and the command that reads it.

    Args:
        name: The file's name, or the folder's.
        said: What it is.
        make: Writes it; the number is about how many bytes it unpacks into.
        command: What reads it; `{}` is its path.
    """

    name: str
    said: str
    make: Make
    command: tuple[str, ...] = ("audit", "--samples", "{}", "--memory", "256MB", "--space-size", "1e12")


def array_header(shape: tuple[int, ...], kind: str, *, by_columns: bool = False) -> bytes:
    """The header of an array in NumPy's format."""
    buffer = io.BytesIO()
    said = {"descr": kind, "fortran_order": by_columns, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, said)
    return buffer.getvalue()


def long_header(size: int) -> bytes:
    """The beginning of an array whose header takes nearly all of the file."""
    return b"\x93NUMPY\x02\x00" + size.to_bytes(4, "little")


def archive(path: Path, head: bytes, block: bytes, size: int) -> None:
    """Write an archive with one array: its head, then a block again and again."""
    member = zipfile.ZipInfo("samples.npy")
    member.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as made, made.open(member, "w", force_zip64=True) as file:
        file.write(head)
        for piece in _repeated(block, size):
            file.write(piece)


def _repeated(block: bytes, size: int) -> Iterator[bytes]:
    whole = block * (_BLOCK // len(block))
    for start in range(0, size, len(whole)):
        yield whole[: size - start]


def sparse(path: Path, head: bytes, size: int, tail: bytes = b"") -> None:
    """Write a file with a hole, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
        file.seek(0, io.SEEK_END)
        file.write(tail)


def directory(path: Path, size: int) -> None:
    """Write an archive whose list of members is said to be nearly the whole file."""
    end = b"PK\x05\x06" + bytes(4) + (1).to_bytes(2, "little") * 2 + size.to_bytes(4, "little") + bytes(6)
    sparse(path, b"", size, end)


def window(path: Path, size: int) -> None:
    """Write a file that is to be unpacked with one and a half gigabytes to look back at."""
    packer = lzma.LZMACompressor(lzma.FORMAT_ALONE, preset=0)
    packed = b"".join(packer.compress(piece) for piece in _repeated(b"ab\n", size)) + packer.flush()
    path.write_bytes(packed[:1] + (3 << 29).to_bytes(4, "little") + packed[5:])


def _compressed(opener: Any, head: bytes, block: bytes) -> Make:
    def make(path: Path, size: int) -> None:
        with opener(path, "wb") as file:
            file.write(head)
            for piece in _repeated(block, size):
                file.write(piece)

    return make


def _zeros(size: int) -> pyarrow.Table:
    return pyarrow.table({"index": np.zeros(size // 8, np.int64)})


def _word(size: int) -> pyarrow.Table:
    return pyarrow.table({"word": pyarrow.array(["x" * size], pyarrow.large_string())})


def _list(size: int) -> pyarrow.Table:
    lists = pyarrow.LargeListArray.from_arrays([0, size // 4], np.zeros(size // 4, np.int8))
    return pyarrow.table({"index": lists})


def _parquet(table: Callable[[int], pyarrow.Table]) -> Make:
    def make(path: Path, size: int) -> None:
        options = {"compression": "zstd", "use_dictionary": False, "data_page_size": size}
        parquet.write_table(table(size), path, **options)

    return make


def _arrow(table: Callable[[int], pyarrow.Table]) -> Make:
    def make(path: Path, size: int) -> None:
        made = table(size)
        options = ipc.IpcWriteOptions(compression="zstd")
        with ipc.new_file(str(path), made.schema, options=options) as writer:
            writer.write_table(made)

    return make


def counts(path: Path, number: int) -> None:
    """Write so many counts, no two alike, of which only the differences are kept."""
    table = pyarrow.table({"count": np.arange(1, number + 1)})
    encoding = {"count": "DELTA_BINARY_PACKED"}
    parquet.write_table(table, path, compression="zstd", use_dictionary=False, column_encoding=encoding)


def wide(path: Path, columns: int) -> None:
    """Write a table of one row with so many columns beside that of the samples, as CSV or JSON."""
    names = ["sample", *(f"{number:x}" for number in range(columns))]
    if path.suffix == ".csv":
        path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    else:
        path.write_text(json.dumps(dict.fromkeys(names, 1)) + "\n")


def certificate(name: str, write: Make) -> Make:
    """The shipped certificate with one of its files written anew."""

    def make(path: Path, size: int) -> None:
        shutil.copytree(_CERTIFIED, path)
        write(path / name, size)

    return make


def weights(path: Path, _: int) -> None:
    """Write the largest file of weights that is read, all of them zero."""
    data = (_CERTIFIED / "model.safetensors").read_bytes()
    kept = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    numbers = MODEL // 4 - 4_096
    tensor = {"dtype": "F32", "shape": [numbers], "data_offsets": [0, 4 * numbers]}
    header = json.dumps({"__metadata__": kept, "w": tensor}).encode()
    sparse(path, len(header).to_bytes(8, "little") + header, 8 + len(header) + 4 * numbers)


def _text(head: bytes, block: bytes, times: int, tail: bytes) -> Make:
    return lambda path, _: path.write_bytes(head + block * times + tail)


_VERIFY = ("verify", "{}")
_EXPORT = ("export", "npz", "--checkpoint", "{}", "--out", "{}.npz")
_TRAIN = ("train", "--recipe", "{}", "--out", "{}-run")
PLAIN = {
    "export": Bomb(
        *("plain", "the shipped certificate", lambda path, _: shutil.copytree(_CERTIFIED, path)),
        _EXPORT,
    ),
    "audit": Bomb("plain.txt", "three plain draws", _text(b"a\nb\na\n", b"", 0, b"")),
    "verify": Bomb(
        "plain", "the shipped certificate", lambda path, _: shutil.copytree(_CERTIFIED, path), _VERIFY
    ),
    "train": Bomb("none.yaml", "a recipe that is none", _text(b"1", b"", 0, b""), _TRAIN),
}
"""What each command takes without a bomb."""

BOMBS = (
    Bomb(
        "zeros.npz", "zeros", lambda path, size: archive(path, array_header((size // 8,), "<i8"), b"\0", size)
    ),
    Bomb(
        *("words.npz", "strings of two letters, of which each takes 50 bytes"),
        lambda path, size: archive(path, array_header((size // 64,), "|S2"), b"ab", size // 32),
    ),
    Bomb(
        "header.npz",
        "a header of a gigabyte",
        lambda path, size: archive(path, long_header(size), b" ", size),
    ),
    Bomb("header.npy", "the same, as a hole", lambda path, size: sparse(path, long_header(size), size + 12)),
    Bomb("members.npz", "a list of members of a gigabyte, as a hole", directory),
    Bomb(
        *("columns.npz", "an array by columns"),
        lambda path, size: archive(
            path, array_header((size // 32, 2), "<i8", by_columns=True), b"\0", size // 2
        ),
    ),
    Bomb("zeros.parquet", "zeros in one page", _parquet(_zeros)),
    Bomb("word.parquet", "one long string", _parquet(_word)),
    Bomb("list.parquet", "one long list", _parquet(_list)),
    Bomb(
        *("counts.parquet", "20 million counts, no two alike", lambda path, _: counts(path, 20_000_000)),
        ("audit", "--counts", "{}", "--memory", "256MB", "--space-size", "1e12"),
    ),
    Bomb("zeros.arrow", "zeros in one batch", _arrow(_zeros)),
    Bomb("word.arrow", "one long string", _arrow(_word)),
    Bomb("wide.csv", "100,000 columns", lambda path, _: wide(path, 100_000)),
    Bomb("wide.jsonl", "40,000 names", lambda path, _: wide(path, 40_000)),
    Bomb("cell.csv.gz", "one long cell", _compressed(gzip.open, b"kind,x\n", b"a")),
    Bomb("line.jsonl.zst", "one long line", _compressed(zstd.open, b'"', b"a")),
    Bomb("line.txt.bz2", "one long line", _compressed(bz2.open, b"", b"a")),
    Bomb("window.txt.xz", "short lines and a long look back", window),
    Bomb("weights", "weights of 256 MiB, as a hole", certificate("model.safetensors", weights), _VERIFY),
    Bomb(
        *("report", "a report of 490,000 objects"),
        certificate("report.json", _text(b"[", b'{"a":1},', 490_000, b"1]")),
        _VERIFY,
    ),
    Bomb(
        *("terabyte", "a report of a terabyte, as a hole"),
        certificate("report.json", lambda path, _: sparse(path, b"", 1 << 40)),
        _VERIFY,
    ),
    Bomb(
        *("drawing", "a drawing of 900,000 shapes"),
        certificate("figures/mass.svg", _text(b"<svg>", b"<g/>", 900_000, b"</svg>")),
        _VERIFY,
    ),
    Bomb(
        *("weights", "weights of 256 MiB, as a hole", certificate("model.safetensors", weights)),
        _EXPORT,
    ),
    Bomb(
        *("pickle.pt", "a terabyte, as a hole", lambda path, _: sparse(path, b"PK", 1 << 40)),
        _EXPORT,
    ),
    Bomb(
        *("deep.yaml", "65,000 brackets", _text(b"", b"[", 65_000, b"")),
        _TRAIN,
    ),
    Bomb("recipe.yaml", "a terabyte, as a hole", lambda path, _: sparse(path, b"", 1 << 40), _TRAIN),
)


def peak(command: Iterable[str]) -> tuple[int, float]:
    """Run our command line: its exit code, and the megabytes that it or its children took at most."""
    ours = [sys.executable, "-m", "fluxttice_core", *command]
    launched = [sys.executable, "-c", _PEAK, *ours]
    done = subprocess.run(launched, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    code, kibibytes = map(int, done.stdout.split())
    return code, kibibytes * 1_024 / 1e6


def measured(bomb: Bomb, folder: Path) -> dict[str, Any]:
    """Build a bomb and read it."""
    path = folder / bomb.name
    bomb.make(path, SIZE)
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    kilobytes = sum(file.stat().st_blocks * 512 for file in files) / 1e3
    started = time.perf_counter()
    code, megabytes = peak(part.replace("{}", str(path)) for part in bomb.command)
    seconds = time.perf_counter() - started
    print(f"{bomb.command[0]} {bomb.name}: {megabytes:.0f} MB, {seconds:.1f} s, exit code {code}", flush=True)
    found = {"file": bomb.name, "holds": bomb.said, "command": bomb.command[0], "kilobytes": kilobytes}
    return {**found, "exit_code": code, "peak": megabytes}


def main() -> None:
    """Measure all, and keep it."""
    found = []
    for bomb in (*PLAIN.values(), *BOMBS):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measured(bomb, Path(folder)))
    record_bombs(found[: len(PLAIN)], found[len(PLAIN) :])


if __name__ == "__main__":
    main()
