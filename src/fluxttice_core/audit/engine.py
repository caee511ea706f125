"""DuckDB as the engine that counts: within bounds of memory, spilling to a folder of its own.

Extensions are never fetched, and only files that were named are opened. Each is read by a link of a plain
name, since the engine would take stars and equal signs in a path for patterns and partitions.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxttice_core.audit.tables import alike, other_columns
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
"""What counting may take, unless told otherwise."""

_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_LEAST_MEMORY = 256 * 10**6
_BYTES_OF_A_ROW = 256
"""Of arrays that are computed with: what one row takes of the memory, with all that is made of it."""

_ROWS = 2**16
"""That are fetched at once where they become objects of Python."""

_SHARE = 0.75
"""Of the memory, what the engine is given: allocators and what reads beside it take the rest."""


def memory_bytes(text: str) -> int:
    """Read a size of memory.

    Example:
        >>> memory_bytes("1GB"), memory_bytes("512 MiB")
        (1000000000, 536870912)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([A-Z]+)", text.strip().upper())
    if match is None or match[2] not in _UNITS:
        raise MeasurementError(f"'{text}' is no size of memory: write 1GB or 512MB", "malformed")
    size = int(float(match[1]) * _UNITS[match[2]])
    if size < _LEAST_MEMORY:
        raise MeasurementError(f"counting needs 256MB of memory at least, not {text}", "out_of_range")
    return size


@dataclass
class Engine:
    """A connection that is open within `engine`, with a folder that vanishes with it."""

    connection: DuckDBPyConnection
    folder: Path  # where links, pipes and spills lie
    memory: int  # what it may take, in bytes
    tables: list[str] = field(default_factory=list)  # that were made and not forgotten
    _names: int = 0

    def new_path(self) -> Path:
        """A path in the folder that nothing has yet."""
        self._names += 1
        return self.folder / "readable" / str(self._names)

    def link(self, path: Path) -> str:
        """Return a plain name under which a file can be read."""
        link = self.new_path()
        link.symlink_to(path.resolve())
        return str(link)

    def constant(self, value: Any) -> str:
        """Return an expression of SQL for a value, in which the value itself does not stand."""
        self._names += 1
        require_text(value)
        self.connection.execute(f"SET VARIABLE v{self._names} = ?", [value])
        return f"getvariable('v{self._names}')"

    def new_name(self) -> str:
        """A name that no table has yet."""
        self._names += 1
        self.tables.append(f"t{self._names}")
        return self.tables[-1]

    def forget_tables(self) -> None:
        """Drop every table that was made."""
        self.run("".join(f"DROP TABLE IF EXISTS {name};" for name in self.tables) or "SELECT 1")
        self.tables.clear()

    def append(
        self,
        name: str,
        piece: Any,
        rows: str = "*, 1 AS n FROM piece",
        said: str = "what was counted",
    ) -> None:
        """Add rows of a `piece`, arrays by name or an Arrow table, to a table, which the first ones make.

        Its columns are widened where a piece holds wider numbers.
        """
        self.connection.register("piece", piece)
        known = self.run(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{name}'")
        if known:
            self._widen(name, rows, said)
        make = f"INSERT INTO {name}" if known else f"CREATE TEMP TABLE {name} AS"
        self.run(f"{make} SELECT {rows}")
        self.connection.unregister("piece")

    def _widen(self, name: str, rows: str, said: str) -> None:
        held, added = (self.run(f"DESCRIBE SELECT {columns}") for columns in (f"* FROM {name}", rows))
        if [row[1] for row in held] == [row[1] for row in added]:
            return
        if len(held) != len(added) or not all(
            alike((one[1], other[1])) for one, other in zip(held, added, strict=True)
        ):
            raise other_columns(said)
        both = self.run(f"DESCRIBE SELECT * FROM {name} UNION ALL SELECT {rows}")
        for (column, kind, *_), (_, wider, *_) in zip(held, both, strict=True):
            if wider != kind:
                self.run(f"ALTER TABLE {name} ALTER {column} TYPE {wider}")

    def save(self, rows: str, path: Path, options: str = "") -> None:
        """Let a Parquet file of what a query yields take the place of another at once, or not at all."""
        from fluxttice_core.audit.whole_file import write_whole

        written = self.new_path()
        form = f"FORMAT parquet, COMPRESSION zstd{options}"
        self.run(f"COPY ({rows}) TO {self.quoted(written)} ({form})")
        with written.open("rb") as source:
            write_whole(path, lambda file: shutil.copyfileobj(source, file))

    @staticmethod
    def quoted(path: Path | str) -> str:
        """Return a string of our own as SQL writes it, where no expression may stand."""
        return "'" + str(path).replace("'", "''") + "'"

    def run(self, sql: str, said: str = "what was counted") -> list[Any]:
        """Run one statement and return its rows; `said` names the file in a refusal."""
        with explained(said):
            return self.connection.execute(sql).fetchall()

    def row(self, sql: str) -> Any:
        """Return the only row of a query."""
        return self.run(sql)[0]

    def arrays(self, sql: str) -> dict[str, Any]:
        """Return the columns of a query as arrays, which lie beside what the engine takes."""
        with explained("what was counted"):
            found = self._bounded(sql).fetchnumpy()
        self._require_few(len(next(iter(found.values()))))
        return found

    def numbers(self, sql: str) -> tuple[array[int], array[int]]:
        """Return the two columns of a query of whole numbers, without NumPy."""
        first, second = array("q"), array("q")
        with explained("what was counted"):
            found = self._bounded(sql)
            while rows := found.fetchmany(_ROWS):
                first.extend(row[0] for row in rows)
                second.extend(row[1] for row in rows)
        self._require_few(len(first))
        return first, second

    def _bounded(self, sql: str) -> DuckDBPyConnection:
        return self.connection.execute(f"SELECT * FROM ({sql}) LIMIT {self._most_rows + 1}")

    @property
    def _most_rows(self) -> int:
        return self.memory // _BYTES_OF_A_ROW

    def _require_few(self, rows: int) -> None:
        if rows > self._most_rows:
            raise MeasurementError(
                f"the counts take more than {self._most_rows:,} different values: allow more with --memory",
                "too_large",
            )


def require_text(value: Any) -> None:
    """Refuse strings that cannot be encoded, as names from a system with other letters may be."""
    if isinstance(value, (list, dict)):
        for each in value:
            require_text(each)
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise MeasurementError(
                f"'{value}' is not text in UTF-8, as names of files and columns and what is skipped must be: "
                "rename it",
                "malformed",
            ) from error


@contextlib.contextmanager
def engine(readable: Sequence[Path], memory: str = MEMORY, threads: int | None = None) -> Iterator[Engine]:
    """Open an engine that can read these files and no other; beyond its memory it spills to the disk."""
    import duckdb

    size = memory_bytes(memory)
    with contextlib.ExitStack() as open_ones:
        folder = Path(open_ones.enter_context(tempfile.TemporaryDirectory(prefix="fluxttice-")))
        (folder / "readable").mkdir()
        settings: dict[str, Any] = {
            "arrow_large_buffer_size": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "enable_external_file_cache": False,
            "preserve_insertion_order": False,
            "python_enable_replacements": False,
            "memory_limit": f"{int(size * _SHARE)}B",
            "temp_directory": str(folder / "spill"),
            "threads": threads or len(os.sched_getaffinity(0)),
        }
        allowed = {
            "allowed_directories": [f"{folder / 'readable'}/"],
            "allowed_paths": [str(path.resolve()) for path in readable],
        }
        require_text(list(allowed.values()))
        connection = open_ones.enter_context(duckdb.connect(config=settings))
        for setting, paths in allowed.items():
            connection.execute("SET VARIABLE paths = ?", [paths])
            connection.execute(f"SET {setting} = getvariable('paths')")
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield Engine(connection, folder, size)


@contextlib.contextmanager
def explained(said: str) -> Iterator[None]:
    """Turn what the engine says of a file into one sentence; its own would name links, settings and SQL."""
    import duckdb

    try:
        yield
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise _explanation(str(error), said) from error


def inexact_floats(bits: int, exact: int) -> str:
    """Say why whole numbers are not what was written where they are stored as short floats."""
    return (
        f"numbers stored as floats of {bits} bits must be below 2^{exact}, since larger ones stand for "
        "several whole numbers: store what was counted as integers"
    )


_OBJECTS = r'Invalid Input Error: JSON transform error in file ".*?", in line (\d+): (Object|Expected OBJECT)'
"""What the engine says of a line of JSON, before it quotes it."""


_SUM_TOO_LARGE = "out of range for the destination type INT64 when casting from source column sum("
"""What the engine says of sums alone; a cell of a file that does not fit its column is damage."""


def _explanation_of_objects(message: str, said: str) -> MeasurementError | None:
    """Explain what is wrong with JSON whose lines are objects, if that is what is wrong."""
    if message == "Invalid Input Error: no column":
        return MeasurementError(
            f"{said} has two names that differ by case alone, or an empty one, of which the first is read: "
            "rename the other, or choose another column",
            "ambiguous",
        )
    if message == "Invalid Input Error: no value":
        return _values_and_objects(said)
    line = re.match(_OBJECTS, message, re.DOTALL)
    if line is None:
        return None
    if line[2] == "Object":
        return MeasurementError(
            f"line {int(line[1]):,} of {said} gives two values to one name: give every name once", "ambiguous"
        )
    return _values_and_objects(said)


def _values_and_objects(said: str) -> MeasurementError:
    return MeasurementError(
        f"{said} has objects beside values that are none: give lines of one sort", "contradictory"
    )


def _explanation(message: str, said: str) -> MeasurementError:
    if (of_objects := _explanation_of_objects(message, said)) is not None:
        return of_objects
    if _SUM_TOO_LARGE in message:
        from fluxttice_core.statistics.tally import too_many_draws

        return too_many_draws(said)
    cells = re.search(r"on Line: (\d+)[\s\S]*Expected Number of Columns: (\d+) Found: (\d+)", message)
    if message.startswith("Out of Memory") and "temp_directory" not in message:
        return MeasurementError(f"{said} needs more memory: allow more with --memory", "too_large")
    if "No space left" in message or message.startswith("Out of Memory"):
        return MeasurementError(
            f"the disk has no room left for counting {said}: name another folder in TMPDIR", "disk_full"
        )
    if re.search(r"utf-?8|unicode", message, re.IGNORECASE):
        return MeasurementError(f"{said} is not text in UTF-8", "alien_file")
    if message == "Invalid Input Error: inexact":
        return MeasurementError(inexact_floats(32, 24), "wrong_type")
    if "Maximum line size" in message:
        return MeasurementError(f"{said} has a line of more than two million bytes", "too_large")
    # Lines are read as tables of one cell, which only what is no text takes apart.
    if cells is not None and "quote = (empty)" not in message:
        of_first, found = int(cells[2]), int(cells[3])
        # Of a longer row the engine counts no further.
        cells_said = (
            f"{found} cells or more" if found > of_first else "1 cell" if found == 1 else f"{found} cells"
        )
        return MeasurementError(
            f"row {int(cells[1]):,} of {said} has {cells_said}, the first {of_first}", "wrong_shape"
        )
    if "state machine" in message or (cells is not None):
        return MeasurementError(
            f"{said} ends its lines in several ways, or holds characters that are no text: "
            "write it anew with plain lines",
            "damaged_file",
        )
    return MeasurementError(f"{said} is damaged, or not of the format that it is read as", "damaged_file")
