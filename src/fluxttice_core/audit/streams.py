"""Bytes that the engine cannot read itself: decompressed or rewritten as lines, sent through a pipe."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import io
import lzma
import os
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from fluxttice_core.audit.sources import Source
from fluxttice_core.errors import MeasurementError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 2**19
"""Bytes that are read at once. A line must end in each: the engine drops some that are megabytes long."""

DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zstd.ZstdError)
"""What a file raises that is no compressed one, or breaks off."""

_WINDOW = 2**27
"""What unpacking may need to look back at; the same for zst. A file that announces more is refused."""


class _Xz(io.RawIOBase):
    """An xz file that is unpacked within bounds, which `lzma.open` has none of."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._unpacking = lzma.LZMADecompressor(memlimit=_WINDOW)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpack some bytes; none are the end."""
        found = b""
        while not found:
            packed = b""
            if self._unpacking.eof:  # one stream may follow another
                packed = self._after_the_end()
                if not packed:
                    return 0
                self._unpacking = lzma.LZMADecompressor(memlimit=_WINDOW)
            elif self._unpacking.needs_input:
                packed = self._file.read(PIECE)
                if not packed:
                    raise EOFError("the file breaks off")
            found = self._unpacking.decompress(packed, len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def _after_the_end(self) -> bytes:
        packed: bytes = self._unpacking.unused_data.lstrip(b"\0")
        while not packed and (more := self._file.read(PIECE)):
            packed = more.lstrip(b"\0")
        return packed


def _open_xz(file: Any) -> Any:
    return io.BufferedReader(_Xz(file), PIECE)


_OPENERS: dict[str, Callable[[Any], Any]] = {
    "": lambda file: file,
    "gz": gzip.open,
    "zst": zstd.open,
    "bz2": bz2.open,
    "xz": _open_xz,
}


def open_bytes(source: Source) -> Iterator[Any]:
    """Open the files of a source one after the other, decompressed."""
    for path in source.paths:
        with path.open("rb") as file:
            yield _OPENERS[source.compression](file)


def require_line_ends(path: Path) -> None:
    """Refuse a file with a line that is too long, reading little more than the ends of lines."""
    with path.open("rb") as file:
        for start in range(0, path.stat().st_size - PIECE, PIECE):
            file.seek(start)
            if not _ends_a_line(file.read(4_096)) and not _ends_a_line(file.read(PIECE - 4_096)):
                raise _too_long(f"'{path.name}'")


def _ends_a_line(piece: bytes) -> bool:
    return b"\n" in piece or b"\r" in piece


def _too_long(said: str) -> MeasurementError:
    return MeasurementError(
        f"{said} has a line of more than {PIECE:,} bytes: give shorter kinds", "too_large"
    )


def first_line(file: Any, source: Source) -> bytes:
    """Read a line, which must not be too long."""
    line: bytes = file.readline(PIECE)
    if len(line) == PIECE and not _ends_a_line(line):
        raise _too_long(source.said)
    return line


def whole_files(source: Source, *, skip: bool) -> Iterator[bytes]:
    """Yield the bytes of all files, a line end between them, their headings left out if told."""
    for file in open_bytes(source):
        if skip:
            first_line(file, source)
        last = b"\n"
        for piece in _unmarked(iter(lambda file=file: file.read(PIECE), b"")):  # type: ignore[misc]
            if len(piece) == PIECE and not _ends_a_line(piece):
                raise _too_long(source.said)
            yield piece
            last = piece[-1:]
        if last not in b"\r\n":
            yield b"\n"


def sequences(source: Source) -> Iterator[bytes]:
    """Yield the sequences of FASTA or FASTQ files, one a line."""
    reader = _fasta if source.kind == "fasta" else _fastq
    for file in open_bytes(source):
        lines = _unmarked(iter(lambda file=file: file.readline(PIECE), b""))  # type: ignore[misc]
        for record in reader(lines, source):
            yield record + b"\n"


def _unmarked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield pieces of a file, of which the first may begin with a byte order mark, without that."""
    yield next(pieces, b"").removeprefix(codecs.BOM_UTF8)
    yield from pieces


def _fasta(lines: Iterable[bytes], source: Source) -> Iterator[bytes]:
    parts: list[bytes] | None = None
    length = 0
    for line in lines:
        if b"\r" in line:
            _require_line_feeds(line, source)
        if line.startswith(b">"):
            if parts is not None:
                yield b"".join(parts)
            parts, length = [], 0
        elif parts is not None:
            parts.append(b"".join(line.split()))  # blanks, as between blocks of ten, are no letters
            length += len(line)
            if length > PIECE:
                raise _too_long(source.said)
        elif line.strip() and not line.startswith(b";"):
            raise _alien(source, "FASTA begins a sequence by a line with >")
    if parts is not None:
        yield b"".join(parts)


def _fastq(lines: Iterator[bytes], source: Source) -> Iterator[bytes]:
    while title := next((line for line in lines if line.strip()), b""):
        _require_line_feeds(title, source)
        sequence, plus, quality = (next(lines, b"").strip() for _ in range(3))
        if not title.startswith(b"@") or not plus.startswith(b"+") or len(quality) != len(sequence):
            raise _alien(source, "FASTQ has four lines a read: @, the bases, +, and as many qualities")
        if len(sequence.split()) > 1:
            raise _alien(source, "FASTQ has no blanks within the bases")
        yield sequence


def _require_line_feeds(line: bytes, source: Source) -> None:
    """Refuse what would be read as one line, of which all but the title would be lost."""
    if b"\r" in line.rstrip():
        raise MeasurementError(
            f"{source.said} ends its lines with carriage returns alone; save it with line feeds",
            "damaged_file",
        )


def _alien(source: Source, reason: str) -> MeasurementError:
    return MeasurementError(f"{source.said} is not what its name says: {reason}", "alien_file")


@contextlib.contextmanager
def fed(pipe: Path, pieces: Iterable[bytes], said: str, *, whole: bool) -> Iterator[None]:
    """Send bytes through a named pipe while the block reads it, and raise what stopped them halfway.

    Without that a file which breaks off would be counted as if it ended there. Unless it is to be read
    `whole`, the reader may stop before its end.
    """
    errors: list[BaseException] = []

    def send() -> None:
        try:
            with pipe.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
        except (MeasurementError, *DAMAGE) as error:
            if whole or not isinstance(error, BrokenPipeError):
                errors.append(error)

    os.mkfifo(pipe)
    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    try:
        yield
    finally:
        while sender.is_alive():  # it may wait for a reader that never came
            os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
            sender.join(0.01)
        pipe.unlink()
        if errors and not isinstance(errors[0], BrokenPipeError):
            _raise(errors[0], said)
    if errors:
        _raise(errors[0], said)


def _raise(error: BaseException, said: str) -> None:
    if isinstance(error, MeasurementError):
        raise error
    raise damage_of(error, said) from error


def damage_of(error: BaseException, said: str) -> MeasurementError:
    """Say what is wrong with a file that cannot be unpacked."""
    if "memory" in str(error).lower():
        return MeasurementError(
            f"{said} takes more than {_WINDOW:,} bytes of memory to be unpacked: compress it anew with the "
            "usual settings",
            "too_large",
        )
    return MeasurementError(f"{said} is damaged or breaks off", "damaged_file")
