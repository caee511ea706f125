"""The options that the commands of many runs share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from fluxttice_core.extras import require_extra

Recipe = Annotated[str, typer.Option(help="Name of a shipped recipe, or path of a YAML file.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting; repeatable.")
]
Out = Annotated[Path | None, typer.Option(help="Result file. Default: in runs/, by the recipe's name.")]
Draws = Annotated[
    int | None,
    typer.Option(
        min=1, max=100_000_000, help="Draws of a half at which coverage is counted. Default: 50,000."
    ),
]
Quick = Annotated[bool, typer.Option("--quick", help="Measure with few draws: a rehearsal.")]
EngineName = Literal["local", "ray", "slurm"]
Engine = Annotated[
    EngineName,
    typer.Option(help="What computes: this process, a Ray cluster (extra cluster) or Slurm (extra slurm)."),
]


def require_engine(engine: EngineName) -> None:
    """Refuse an engine that is not installed before anything is made."""
    if engine != "local":
        require_extra({"ray": "cluster", "slurm": "slurm"}[engine], f"--engine {engine}")
