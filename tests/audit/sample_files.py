"""Writing files of samples, and counting them."""

import bz2
import gzip
import lzma
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from pyarrow import parquet

from fluxttice_core.audit.counted import Counted, count_samples
from fluxttice_core.audit.draws import Reading
from fluxttice_core.spaces.operation_space import OperationSpace

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DRAWN = np.random.default_rng(2).integers(0, 19_683, 50)
TERNARY = OperationSpace()
STRINGS = TERNARY.strings(DRAWN)
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
}


def write(path: Path, content: Any) -> Path:
    """Write samples in the format that the suffix names: arrays, columns, lines, or bytes as they are."""
    if path.suffix == ".npy":
        np.save(path, np.asarray(content))
    elif path.suffix == ".npz":
        np.savez_compressed(path, **content)
    elif path.suffix == ".parquet":
        parquet.write_table(pyarrow.table(content), path)
    else:
        data = content if isinstance(content, bytes) else "".join(f"{line}\n" for line in content).encode()
        path.write_bytes(COMPRESS.get(path.suffix, bytes)(data))
    return path


def count(path: Path | str, **reading: Any) -> Counted:
    """Count one file."""
    return count_samples([str(path)], Reading(**reading))


def counts(counted: Counted) -> dict[str, int]:
    """How often each kind was drawn, of ten kinds at most."""
    assert counted.tally.distinct <= 10
    return dict(counted.most)


def tallied(kinds: Iterable[Any]) -> Mapping[str, int]:
    """The same of kinds in Python."""
    found: dict[str, int] = {}
    for kind in kinds:
        found[str(kind)] = found.get(str(kind), 0) + 1
    return found
