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
        str | None,
        typer.Option(help="The space, such as dna:6, codons or boolean:4. Default: that of the recipe."),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(help="File with what is to be learnt, an element a row; repeatable. Default: all."),
    ] = None,
    column: Annotated[str | None, typer.Option(help="Column of the data's elements.")] = None,
    weights: Annotated[str | None, typer.Option(help="Column of their weights or counts.")] = None,
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
    of_target = {"space": space, "data": data, "column": column, "weights": weights, "set": setting}
    asked = {name: value for name, value in of_target.items() if value}
    run = _resumed(resume, [*given, *asked]) if resume else _started(given, asked, out)
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


def _started(given: dict[str, Any], asked: dict[str, Any], out: Path | None) -> "Run":
    from fluxttice_core.spaces.space_name import in_space
    from fluxttice_core.training.run import Run, run_settings
    from fluxttice_core.training.target_file import target_of

    settled = {"recipe": "standard", **given}
    overrides = (*asked.get("set", ()), *in_space(asked.get("space")))
    columns = {name: asked.get(name) for name in ("column", "weights")}
    target = target_of(settled["recipe"], overrides, asked.get("data"), **columns)
    settings = run_settings(**settled, overrides=overrides, target=target)
    return Run.start(out or Path("runs") / f"{settings.recipe.name}-{settings.seed}", settings, target)
