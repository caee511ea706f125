"""`fluxttice export`: a model's codes or graphs for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="parquet, npz, projector or onnx.")],
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="A run folder, checkpoint or model file. Default: the shipped model.", readable=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File or folder to write. Default: operations.FORMAT.")
    ] = None,
    opset: Annotated[int | None, typer.Option(help="Of ONNX: 14 to 25. Default: 18.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
) -> None:
    """Write every operation with its codes (parquet, npz, projector), or the networks (onnx)."""
    from fluxttice_core.errors import SettingsError
    from fluxttice_core.storage.export import FORMATS, default_path
    from fluxttice_core.storage.export import export as write
    from fluxttice_core.storage.pretrained import certified, load

    chosen = next((known for known in FORMATS if known == kind), None)
    if chosen is None:
        raise SettingsError(
            f"{kind!r} is no format of ours: give one of {', '.join(FORMATS)}", "unknown_format"
        )
    place = out or default_path(chosen)
    if place.is_file() and not force:
        raise SettingsError(
            f"{place} is there already: give another place with --out, or --force to write over it",
            "already_exists",
        )
    trained = certified() if checkpoint is None else load(checkpoint)
    for path in write(trained, chosen, place, opset=opset):
        typer.echo(f"written {path}")
