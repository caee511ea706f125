"""`fluxttice train`: train a recipe, with a live view, in a folder that can be resumed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from fluxttice_core.training.run import Run


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)


def train(
    recipe: Annotated[
        str | None, typer.Option(help="Name of a shipped recipe, or path of a YAML file. Default: standard.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, order of rows and noise.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Run folder to make. Default: runs/RECIPE-SEED.", file_okay=False)
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Run folder to continue, bit for bit as if never stopped.")
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting; repeatable.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:N or mps.")] = "cpu",
    threads: Annotated[
        int, typer.Option(min=1, max=256, help="Threads of one operation; the weights depend on it.")
    ] = 1,
    tensorboard: Annotated[
        bool, typer.Option(help="Also write TensorBoard events (needs the extra `track`).")
    ] = False,
) -> None:
    """Train a dual VAE; the run folder holds its settings, metrics and checkpoints."""
    require_extra("train", "training a model")
    from fluxttice_core.cli.train_view import TrainView, event_writer

    run = (
        _resumed(resume, recipe, setting) if resume else _started(recipe, seed, out, setting, device, threads)
    )
    events = event_writer(run.folder) if tensorboard else None
    with TrainView(run, events) as view:
        run.train(view.show)
    view.conclude()


def _resumed(folder: Path, recipe: str | None, setting: list[str] | None) -> "Run":
    from fluxttice_core.errors import SettingsError
    from fluxttice_core.training.run import Run

    if recipe or setting:
        raise SettingsError(
            "a resumed run keeps its settings: leave out --recipe and --set, or start a new run"
        )
    return Run.open(folder)


def _started(
    recipe: str | None,
    seed: int,
    out: Path | None,
    setting: list[str] | None,
    device: str,
    threads: int,
) -> "Run":
    from fluxttice_core.training.run import Run, run_settings

    settings = run_settings(
        recipe or "standard",
        setting or (),
        seed=seed,
        device=device,
        threads=threads,
    )
    return Run.start(out or Path("runs") / f"{settings.recipe.name}-{seed}", settings)
