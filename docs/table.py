"""The published table of all ternary operations, `data/operations.parquet`: `make table`, after a new model.

Its codes, p(x), properties and split are the shipped model's; `docs.metadata` describes it from itself.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float64
from torch import set_num_threads

from fluxttice_core.evaluation.coverage_report import certified_report
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.model.halves import HALVES, HalfName
from fluxttice_core.model.random_streams import measurement_stream
from fluxttice_core.operations.algebra import holds, property_names
from fluxttice_core.operations.vocabulary import PROPERTIES
from fluxttice_core.storage.atomic_write import write_bytes
from fluxttice_core.storage.embedding_table import embedding_table
from fluxttice_core.storage.pretrained import certified

TABLE = Path(__file__).resolve().parent.parent / "data" / "operations.parquet"
_PARTS = "train, validation or held_out: where the split has it, by which the model was trained"
_MASS = "probability that a prior draw of half {} becomes the operation"
_CODE = "code of the operation in half {}: the mean of its posterior"


@dataclass(frozen=True)
class Column:
    """A column: its name, what it holds, its type as Croissant names it, and whether it is a list."""

    name: str
    about: str
    kind: str
    repeats: bool = False


def columns() -> tuple[Column, ...]:
    """Every column, in order."""
    words = {term.name: term.statement for term in PROPERTIES}
    return (
        Column("index", "index of the operation", "sc:Integer"),
        Column("operation", "its table as nine signs", "sc:Text"),
        Column("name", "its name in the literature, where it has one", "sc:Text"),
        Column("part", _PARTS, "sc:Text"),
        *(
            Column(
                f"p_{half}", f"probability that a prior draw of half {half.upper()} becomes it", "sc:Float"
            )
            for half in HALVES
        ),
        *(
            Column(
                f"mu_{half}", f"its code in half {half.upper()}: the mean of its posterior", "sc:Float", True
            )
            for half in HALVES
        ),
        *(Column(name, words[name], "sc:Boolean") for name in property_names()),
    )


def mass(half: HalfName) -> Float64[np.ndarray, "K"]:
    """p(x) of every operation in a half, by the draws that the certified report has it from."""
    settings = certified_report().settings
    generator = measurement_stream(settings.seed, half, "mass")
    network = certified().vae_a if half == "a" else certified().vae_b
    return estimate_mass(network, settings.mass_draws, generator=generator).p


def table(masses: dict[HalfName, Float64[np.ndarray, "K"]]) -> bytes:
    """The Parquet file of the shipped model with these probabilities, the same bytes each time."""
    codes = embedding_table(certified())
    found: dict[str, pa.Array] = {
        "index": pa.array(codes.index, pa.int32()),
        "operation": pa.array(codes.strings),
        "name": pa.array([name or None for name in codes.names or ()], pa.string()),
        "part": pa.array(codes.parts),
        **{f"p_{half}": pa.array(masses[half], pa.float32(), safe=False) for half in HALVES},
        **{f"mu_{half}": _lists(codes.mu[half]) for half in HALVES},
        **{name: pa.array(holds(name)) for name in property_names()},
    }
    file = io.BytesIO()
    made = pa.table(found).replace_schema_metadata({"tensor_sha256": codes.tensor_digest})
    codes_in = [f"mu_{half}.list.element" for half in HALVES]
    pq.write_table(
        made,
        file,
        compression="zstd",
        compression_level=19,
        use_dictionary=["operation", "name", "part"],
        column_encoding=dict.fromkeys(codes_in, "BYTE_STREAM_SPLIT"),
        row_group_size=len(codes.index),
    )
    return file.getvalue()


def _lists(rows: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])


def digest(path: Path = TABLE) -> str:
    """SHA-256 of the table's file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Write the table: some minutes, nearly all for p(x)."""
    set_num_threads(2)
    write_bytes(TABLE, table({half: mass(half) for half in HALVES}))
    print(f"wrote {TABLE.name}: {TABLE.stat().st_size:,} bytes, SHA-256 {digest()}")


if __name__ == "__main__":
    main()
