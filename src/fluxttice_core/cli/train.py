"""`fluxttice train`: train a recipe, with a live view, in a folder that can be resumed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from fluxttice_core.training.run import Run


def train(
    recipe: Annotated[
        str | None, typer.Option(help="Name of a shipped recipe, or path of a YAML file. Default: standard.")
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Space to learn, such as dna:6 or boolean:3. Default: the recipe's.")
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
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:N or mps. Default: cpu.")] = None,
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
    from fluxttice_core.cli.views.train import TrainView, event_writer

    named = {"recipe": recipe, "seed": seed, "device": device, "threads": threads}
    given = {name: value for name, value in named.items() if value is not None}
    run = (
        _resumed(resume, [*given, *(["set"] if setting else []), *(["space"] if space else [])])
        if resume
        else _started(given, space, setting, out)
    )
    events = event_writer(run.folder) if tensorboard else None
    with TrainView(run, events) as view:
        run.train(view.show, view.warn)
    view.conclude()


def _resumed(folder: Path, given: list[str]) -> "Run":
    from fluxttice_core.errors import SettingsError
    from fluxttice_core.training.run import Run

    if given:
        raise SettingsError(
            f"a resumed run keeps its settings: leave out {' and '.join(f'--{name}' for name in given)}, or "
            "start a new run",
            "contradictory",
        )
    return Run.open(folder)


def _started(given: dict[str, Any], space: str | None, setting: list[str] | None, out: Path | None) -> "Run":
    from fluxttice_core.training.recipe import with_space
    from fluxttice_core.training.run import Run, run_settings

    overrides = with_space(space, setting or ())
    settings = run_settings(**{"recipe": "standard", **given}, overrides=overrides)
    return Run.start(out or Path("runs") / f"{settings.recipe.name}-{settings.seed}", settings)
