"""All operations of a model with their codes, as one table in the formats that other programs read."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.extras import require_extra
from fluxttice_core.model.halves import HALVES, HalfName
from fluxttice_core.operations.catalogue import named_operations
from fluxttice_core.shapes import Float32, Int8, Int64
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.split import Split
from fluxttice_core.storage.pretrained import TrainedModel

_UNKNOWN = "not recorded"


@dataclass(frozen=True, eq=False)
class EmbeddingTable:
    """Every element of a space, one row each.

    A column of elements is headed with `noun`: `operation`, `word`, `codon`, `peptide`. `tables` are their
    symbols by number, and `strings` as text; `names` those of the literature, empty where one has none, and
    none where no element of the space has one; `parts` those of the split. `mu` and `logvar` are posterior
    means and log-variances by half, and `tensor_digest` is the SHA-256 of the weights that made them.
    """

    noun: str
    tensor_digest: str
    index: Int64[np.ndarray, "K"]
    tables: Int8[np.ndarray, "K cells"]
    strings: tuple[str, ...]
    names: tuple[str, ...] | None
    parts: tuple[str, ...]
    mu: dict[HalfName, Float32[np.ndarray, "K d"]]
    logvar: dict[HalfName, Float32[np.ndarray, "K d"]]

    def npz(self) -> bytes:
        """The table as NumPy's `.npz`, read back with `numpy.load`; the same bytes each time."""
        arrays: dict[str, Any] = {
            "index": self.index,
            "tables": self.tables,
            "strings": np.array(self.strings),
            "parts": np.array(self.parts),
            "tensor_sha256": np.array(self.tensor_digest),
        }
        if self.names is not None:
            arrays["names"] = np.array(self.names)
        for half in HALVES:
            arrays |= {f"mu_{half}": self.mu[half], f"logvar_{half}": self.logvar[half]}
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)
        return file.getvalue()

    def parquet(self) -> bytes:
        """The table as Apache Parquet, codes as lists of fixed length.

        Raises:
            MissingExtra: If pyarrow is not installed.
        """
        require_extra("export", "writing Parquet")
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {name: pa.array(values) for name, values in self._labels().items()}
        if self.names is not None:
            columns["name"] = pa.array([name or None for name in self.names], pa.string())
        columns["table"] = _fixed_lists(pa, self.tables)
        for half in HALVES:
            columns[f"mu_{half}"] = _fixed_lists(pa, self.mu[half])
            columns[f"logvar_{half}"] = _fixed_lists(pa, self.logvar[half])
        table = pa.table(columns).replace_schema_metadata({"tensor_sha256": self.tensor_digest})
        file = io.BytesIO()
        pq.write_table(table, file, compression="zstd")
        return file.getvalue()

    def projector(self) -> dict[str, bytes]:
        """The files that TensorBoard's projector opens: codes and labels as TSV, and their configuration."""
        labels = self._labels()
        files = {"metadata.tsv": _tsv([labels, *zip(*labels.values(), strict=True)])}
        config = []
        for half in HALVES:
            name = f"codes_{half}.tsv"
            files[name] = _tsv(map(_decimals, self.mu[half]))
            config += [
                "embeddings {",
                f'  tensor_name: "half {half.upper()}, posterior means"',
                f'  tensor_path: "{name}"',
                '  metadata_path: "metadata.tsv"',
                "}",
            ]
        files["projector_config.pbtxt"] = ("\n".join(config) + "\n").encode()
        return files

    def _labels(self) -> dict[str, Sequence[Any]]:
        names = {} if self.names is None else {"name": self.names}
        return {"index": self.index.tolist(), self.noun: self.strings, **names, "part": self.parts}


def embedding_table(trained: TrainedModel) -> EmbeddingTable:
    """Encode every element of the model's space in both halves.

    Raises:
        OperationError: If the space is too large to enumerate.

    Example:
        >>> from fluxttice_core.storage.pretrained import certified
        >>> embedding_table(certified()).mu["b"].shape
        (19683, 16)
    """
    space = trained.space
    if space.size > ENUMERATION_LIMIT:
        raise OperationError(
            f"{space.describe()} are {space.size:,}, too many to be written with their codes: encode those "
            "that you need, by `fluxttice_core.load(PATH).encode(...)`, or export the networks as onnx",
            "not_enumerable",
        )
    tables = space.all_tables()
    mu: dict[HalfName, Float32[np.ndarray, "K d"]] = {}
    logvar: dict[HalfName, Float32[np.ndarray, "K d"]] = {}
    for half in HALVES:
        mu[half], logvar[half] = trained.posteriors(tables, vae=half)
    index = np.arange(space.size, dtype=np.int64)
    return EmbeddingTable(
        noun=space.nouns.one.replace(" ", "_"),
        tensor_digest=trained.tensor_digest,
        index=index,
        tables=tables,
        strings=tuple(space.strings(index)),
        names=_names(space),
        parts=parts_of(trained.split, space.size),
        mu=mu,
        logvar=logvar,
    )


def _names(space: ProductSpace) -> tuple[str, ...] | None:
    if not isinstance(space, OperationSpace):
        return None
    names = [""] * space.size
    if space.is_ternary and space.arity in (1, 2):
        for named in reversed(named_operations(space.arity)):
            names[named.operation.index] = named.name
    return tuple(names)


def parts_of(split: Split | None, size: int) -> tuple[str, ...]:
    """For each operation, the part of the split that it is in, or that none is recorded."""
    parts = np.full(size, _UNKNOWN, dtype=object)
    if split is not None:
        for name in ("train", "validation", "held_out"):
            parts[getattr(split, name)] = name
    return tuple(parts.tolist())


def _fixed_lists(pa: Any, rows: np.ndarray) -> Any:
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])


def _decimals(row: Float32[np.ndarray, "d"]) -> list[str]:
    """Nine significant digits: as many as tell any two single-precision numbers apart."""
    return [f"{value:.9g}" for value in row.tolist()]


def _tsv(rows: Any) -> bytes:
    return "".join("\t".join(map(str, row)) + "\n" for row in rows).encode()
