"""Arrow and Feather files, rewritten as Parquet by a process of its own, which damage and bombs may end."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from fluxttice_core.errors import MeasurementError
from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from pathlib import Path

    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.sources import Source

_CODE = "import sys; from fluxttice_core.audit.arrow_files import convert; convert(*sys.argv[1:])"


def as_parquet(engine: Engine, source: Source) -> list[Path]:
    """Return Parquet files of the engine's folder with what Arrow files hold."""
    require_extra("export", "reading Arrow")
    written = []
    for path in source.paths:
        written.append(engine.new_path())
        if not convert_apart(str(path), str(written[-1]), str(engine.memory)):
            raise MeasurementError(
                f"'{path.name}' is no Arrow file, is damaged, has text that is not UTF-8, or needs more than "
                "--memory",
                "damaged_file",
            )
    return written


def convert_apart(path: str, target: str, memory: str) -> bool:
    """Convert in a process of its own, and return whether it ended well."""
    command = [sys.executable, "-c", _CODE, path, target, memory]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def convert(path: str, target: str, memory: str) -> None:
    """Write an Arrow file or stream as Parquet, in so many bytes of memory beside the code."""
    import resource
    from pathlib import Path

    import pyarrow
    from pyarrow import ipc, parquet

    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + int(memory), held + int(memory)))
    pyarrow.set_cpu_count(1)
    with pyarrow.memory_map(path) as file:
        is_file = file.read(6) == b"ARROW1"
        file.seek(0)
        reader = (ipc.open_file if is_file else ipc.open_stream)(file)
        number = reader.num_record_batches if is_file else None
        batches = reader if number is None else map(reader.get_batch, range(number))
        with parquet.ParquetWriter(target, reader.schema, compression="zstd") as writer:
            for batch in batches:
                batch.validate(full=True)  # or else places beyond the end are read as whatever lies there
                writer.write_batch(batch)
