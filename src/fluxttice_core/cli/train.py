"""`fluxttice train`: train a recipe, with a live view, in a folder that can be resumed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fluxttice_core.training.run import Run


def train(
    recipe: Annotated[
        str | None, typer.Option(help="Name of a shipped recipe, or path of a YAML file. Default: standard.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of weights, order of rows and noise. Default: 0.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Run folder to make. Default: runs/RECIPE-SEED.", file_okay=False)
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Run folder to continue, bit for bit as if never stopped.", readable=False),
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting; repeatable.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N. Default: cpu.")] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Threads of one operation; the weights depend on it. Default: 1."),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option(help="Also write TensorBoard events (needs the extra `track`).")
    ] = False,
) -> None:
    """Train a dual VAE; the run folder holds its settings, metrics and checkpoints."""
    require_extra("train", "training a model")
    from fluxttice_core.cli.views.train import EventWriter, TrainView

    named = {"seed": seed, "device": device, "threads": threads}
    given = {name: value for name, value in named.items() if value is not None}
    events = EventWriter() if tensorboard else None
    run = (
        _resumed(resume, given, recipe, setting or (), out)
        if resume
        else _started(given, recipe or "standard", setting or (), out)
    )
    with TrainView(run, events) as view:
        run.train(view.show, view.warn)
    view.conclude()


def _resumed(
    folder: Path, given: dict[str, Any], recipe: str | None, settings: Sequence[str], out: Path | None
) -> Run:
    """The run in a folder, unless an option says otherwise than what is recorded there."""
    from fluxttice_core.errors import SettingsError
    from fluxttice_core.training.recipe import load_recipe
    from fluxttice_core.training.run import Run

    run = Run.open(folder)
    recorded = run.settings
    asked = load_recipe(recipe or recorded.recipe, settings)
    run.require(recorded.model_copy(update={**given, "recipe": asked}))
    if out is not None and out.resolve() != folder.resolve():
        raise SettingsError(
            f"the run in {folder} is resumed where it lies, and not in {out}: leave --out out",
            "contradictory",
        )
    return run


def _started(given: dict[str, Any], recipe: str, overrides: Sequence[str], out: Path | None) -> Run:
    from fluxttice_core.training.run import Run, run_settings

    settings = run_settings(recipe, overrides, **given)
    return Run.start(out or Path("runs") / f"{settings.recipe.name}-{settings.seed}", settings)
