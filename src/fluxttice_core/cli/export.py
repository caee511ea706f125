"""`fluxttice export`: a model's codes or graphs for other programs, or the explorer as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fluxttice_core.extras import require_extra

EXPLORER = "explorer"


def export(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help="parquet, npz, projector, onnx or explorer.")],
    place: Annotated[
        Path | None,
        typer.Argument(
            metavar="PLACE", help="File or folder to write. Default: operations.FORMAT, or words."
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="A run folder, checkpoint or model file. Default: the shipped model.", readable=False
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The same as PLACE.")] = None,
    opset: Annotated[int | None, typer.Option(help="Of ONNX: 14 to 25 as onnx knows. Default: 18.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
) -> None:
    """Write every operation with its codes (parquet, npz, projector), the networks (onnx), or the explorer.

    The explorer becomes index.html in a folder: a page that works without a server, opened from a disk or
    put on any web host. It needs the extra `serve`.
    """
    from fluxttice_core.errors import SettingsError
    from fluxttice_core.storage.export import FORMATS, default_path
    from fluxttice_core.storage.export import export as write
    from fluxttice_core.storage.pretrained import certified, load

    chosen = next((known for known in FORMATS if known == kind), None)
    if chosen is None and kind != EXPLORER:
        raise SettingsError(
            f"{kind!r} is no format of ours: give one of {', '.join((*FORMATS, EXPLORER))}", "unknown_format"
        )
    if opset is not None and chosen is None:
        raise SettingsError(
            "an opset is of ONNX, and the explorer has none: leave --opset out", "contradictory"
        )
    if place and out:
        raise SettingsError(f"{place} and --out {out} both say where: give one of them", "contradictory")
    trained = certified() if checkpoint is None else load(checkpoint)
    target = (
        place or out or (default_path(chosen, trained.space) if chosen else Path(f"operations-{EXPLORER}"))
    )
    target = target if chosen else target / "index.html"
    if target.is_file() and not force:
        raise SettingsError(
            f"{target} is there already: give another place, or --force to write over it", "already_exists"
        )
    if chosen is None:
        _write_explorer(checkpoint, target)
        typer.echo(f"written {target}")
        return
    for path in write(trained, chosen, target, opset=opset):
        typer.echo(f"written {path}")


def _write_explorer(model: Path | None, page: Path) -> None:
    require_extra("serve", "exporting the explorer", packages=("starlette", "matplotlib"))
    from fluxttice_core.evaluation.plots import draw_plots
    from fluxttice_core.server.explorer.standalone import require_standalone, standalone_page
    from fluxttice_core.server.served_model import serve_model
    from fluxttice_core.storage.atomic_write import require_writable, write_bytes

    served = serve_model(model)
    require_standalone(served)
    # Whether it can be written is found out before figures are drawn.
    require_writable(page)
    write_bytes(page, standalone_page(served, draw_plots))
