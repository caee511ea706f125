"""Which files a path means: one, a pattern, a folder of shards or standard input, all of one format."""

import glob
import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fluxttice_core.errors import MeasurementError

FORMATS = {
    "txt": "lines",
    "smi": "first fields",
    "csv": "table",
    "tsv": "tabs",
    "jsonl": "json",
    "ndjson": "json",
    **dict.fromkeys(("fasta", "fa", "fna", "faa"), "fasta"),
    **dict.fromkeys(("fastq", "fq"), "fastq"),
    "parquet": "parquet",
    **dict.fromkeys(("arrow", "feather"), "arrow"),
    "npy": "npy",
    "npz": "npz",
}
"""What a suffix says of a file's content."""

COMPRESSIONS = ("gz", "zst", "bz2", "xz")
# Not every system has these: opening a pipe then waits for its other end.
_WITHOUT_WAITING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_COMPRESSED = ("lines", "first fields", "table", "tabs", "json", "fasta", "fastq")
STANDARD_INPUT = "-"
_SHOWN = 3
_FORMATS_READ = (
    f"give {', '.join(f'.{suffix}' for suffix in FORMATS)}, the text formats also compressed "
    f"({', '.join(f'.{suffix}' for suffix in COMPRESSIONS)})"
)
NAME, RENAME = "or name one with --format", "and call the file so"
"""What else to do about a file whose suffix is of no format: one beside the draws is called by its own."""


@dataclass(frozen=True)
class Source:
    """Files of one format."""

    paths: tuple[Path, ...]  # none for standard input
    kind: str  # a value of `FORMATS`
    compression: str = ""  # one of `COMPRESSIONS`
    notes: tuple[str, ...] = ()  # what lies beside them and is not read

    @property
    def said(self) -> str:
        """The files in words."""
        if not self.paths:
            return "standard input"
        first, *others = (f"'{path.name}'" for path in self.paths)
        if len(others) < 2:
            return " or ".join((first, *others))
        return f"{first} or one of the {len(others):,} files beside it"


def find_source(places: Sequence[str], file_format: str | None = None, *, way_out: str = NAME) -> Source:
    """Find the files that paths, patterns, folders and `-` name; a suffix may say what they hold."""
    told = None if file_format is None else _format_called(file_format)
    if STANDARD_INPUT in places:
        if len(places) > 1:
            raise MeasurementError(
                "standard input is read alone: give - once and nothing beside it, or files", "contradictory"
            )
        return Source((), *(told or ("lines", "")))
    found = [_files(place, file_format) for place in places]
    paths = [path for held, _ in found for path in held]
    often, times = Counter(map(os.path.realpath, paths)).most_common(1)[0]
    if times > 1:
        raise MeasurementError(
            f"'{Path(often).name}' is named {times} times: name every file once", "contradictory"
        )
    for path in paths:
        require_plain_file(path)
    formats = {told or _format_of(path, way_out) for path in paths}
    if len(formats) > 1:
        raise MeasurementError(
            f"the files are of {len(formats)} formats or compressions: give those of one", "contradictory"
        )
    notes = tuple(note for _, beside in found for note in beside)
    return Source(tuple(paths), *formats.pop(), notes)


def _files(place: str, file_format: str | None) -> tuple[list[Path], list[str]]:
    """Return the files that a place names, and what to say of others that lie in its folder."""
    if not place:  # which would be the current folder
        raise MeasurementError(
            "a path is empty: name a file, a pattern, a folder, or - for standard input", "missing_value"
        )
    path = Path(place)
    if path.is_dir():
        entries = sorted(entry for entry in path.iterdir() if entry.name[0] not in "._")
        held = [entry for entry in entries if entry.is_file() and (file_format or _is_read(entry))]
        if not held:
            raise MeasurementError(f"the folder '{place}' holds no file that is read", "missing_file")
        read = set(held)
        return held, _left_aside([entry.name for entry in entries if entry not in read], place)
    if not path.exists() and glob.has_magic(place):
        found = sorted(Path(name) for name in glob.glob(place, recursive=True))  # noqa: PTH207
        if not found:
            raise MeasurementError(f"no file fits the pattern '{place}'", "missing_file")
        return found, []
    return [path], []


def _left_aside(names: list[str], folder: str) -> list[str]:
    """Say what lies in a folder and is not read, lest draws in it are missed."""
    listed = ", ".join(f"'{name}'" for name in names[:_SHOWN]) + (" and others" if names[_SHOWN:] else "")
    return [f"in the folder '{folder}' {listed} are not read: {len(names):,} in all"] if names else []


def _is_read(path: Path) -> bool:
    suffix, compression = _suffixes(path)
    return suffix in FORMATS and (not compression or FORMATS[suffix] in _COMPRESSED)


def _suffixes(path: Path) -> tuple[str, str]:
    """Return the suffix that names the format, and that of a compression."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix in COMPRESSIONS:
        return Path(path.stem).suffix.lower().removeprefix("."), suffix
    return suffix, ""


def _format_called(name: str) -> tuple[str, str]:
    path = Path(f"-.{name}")
    if not _is_read(path):
        raise MeasurementError(f"no format is called '{name}': {_FORMATS_READ}", "unknown_format")
    return _format_of(path, NAME)


def _format_of(path: Path, way_out: str) -> tuple[str, str]:
    if not _is_read(path):
        raise MeasurementError(
            f"'{path.name}' is in none of the formats that are read: {_FORMATS_READ}, {way_out}",
            "unknown_format",
        )
    suffix, compression = _suffixes(path)
    return FORMATS[suffix], compression


def require_plain_file(path: Path) -> None:
    """Refuse what is missing, or no plain file."""
    try:
        status = path.stat()
        os.close(os.open(path, _WITHOUT_WAITING))
    except OSError as error:
        raise MeasurementError(
            f"'{path}' cannot be read: {os.strerror(error.errno or 0)}", "unreadable_file"
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise MeasurementError(
            f"'{path}' is not a plain file: give one, or its content on standard input as -", "not_a_file"
        )
