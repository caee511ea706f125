"""Write a model's codes or graphs for other programs: Parquet, NumPy, TensorBoard's projector, ONNX."""

from pathlib import Path
from typing import Literal, get_args

from fluxttice_core.errors import SettingsError
from fluxttice_core.extras import require_extra
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.storage.atomic_write import new_folder, require_writable, write_bytes
from fluxttice_core.storage.embedding_table import embedding_table
from fluxttice_core.storage.pretrained import TrainedModel

ExportFormat = Literal["parquet", "npz", "projector", "onnx"]
FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
_FOLDERS = ("projector", "onnx")


def export(trained: TrainedModel, kind: ExportFormat, out: Path, *, opset: int | None = None) -> list[Path]:
    """Export a model and return the files that were written; file or folder appears whole or not at all.

    `parquet` and `npz` are a file with every operation and its codes, replaced if it exists; `projector` is a
    folder that TensorBoard opens, `onnx` one with the encoders and decoders, and neither may exist. An opset
    is of ONNX, 14 to 25, as far as the installed onnx knows them; none: 18.

    Raises:
        MissingExtra: If the format needs a package that is not installed.
        SettingsError: If the format is unknown, or the opset is none that is written, or of no use here.
        MeasurementError: If an ONNX graph is not what was asked, or does not compute what torch does.
        StorageError: If the folder exists, the file is none, or nothing can be written there.
    """
    if kind not in FORMATS:
        raise SettingsError(
            f"{kind!r} is no format of ours: give one of {', '.join(FORMATS)}", "unknown_format"
        )
    if opset is not None and kind != "onnx":
        raise SettingsError(
            f"an opset is of ONNX, and {kind} has none: leave --opset out, or export onnx", "contradictory"
        )
    # Whether it can be written is found out before it is computed.
    if kind in _FOLDERS:
        with new_folder(out) as temporary:
            files = _graphs(trained, opset) if kind == "onnx" else embedding_table(trained).projector()
            for name, data in files.items():
                (temporary / name).write_bytes(data)
        return [out / name for name in files]
    require_writable(out)
    table = embedding_table(trained)
    write_bytes(out, table.parquet() if kind == "parquet" else table.npz())
    return [out]


def _graphs(trained: TrainedModel, opset: int | None) -> dict[str, bytes]:
    require_extra("onnx", "exporting ONNX")
    from fluxttice_core.storage.onnx_export import OPSET, onnx_files

    return onnx_files(trained, OPSET if opset is None else opset)


def default_path(kind: ExportFormat, space: ProductSpace) -> Path:
    """Where an export lies unless told otherwise, by what the space's elements are called.

    Example:
        >>> from fluxttice_core.spaces.space_name import space_of
        >>> default_path("npz", space_of("ternary:2")).name, default_path("onnx", space_of("codons")).name
        ('operations.npz', 'codons-onnx')
    """
    name = space.nouns.many.replace(" ", "_")
    return Path(f"{name}-{kind}" if kind in _FOLDERS else f"{name}.{kind}")
