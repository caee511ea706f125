"""`fluxttice train`: train a recipe, with a live view, in a folder that can be resumed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from fluxttice_core.training.run import Run, RunSettings


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
        typer.Option(
            metavar="FILE",
            help="What is to be learnt, an element a row; repeatable. Default: the whole space.",
        ),
    ] = None,
    column: Annotated[str | None, typer.Option(help="Column of the data's elements.")] = None,
    weights: Annotated[str | None, typer.Option(help="Column of their weights or counts.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of weights, order of rows and noise. Default: 0.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Run folder to make. Default: runs/RECIPE-SEED, or runs/RECIPE-SPACE-SEED.", file_okay=False
        ),
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
    asked = _Asked(recipe, tuple(setting or ()), space, data, {"column": column, "weights": weights}, given)
    run = _resumed(resume, asked, out) if resume else _started(asked, out)
    with TrainView(run, events) as view:
        run.train(view.show, view.warn)
    view.conclude()


@dataclass(frozen=True)
class _Asked:
    """What the command line says of a run; nothing where an option was not given."""

    recipe: str | None
    settings: tuple[str, ...]
    space: str | None
    data: list[str] | None
    columns: dict[str, str | None]
    given: dict[str, Any]


def _resumed(folder: Path, asked: _Asked, out: Path | None) -> Run:
    """The run in a folder, unless an option says otherwise than what is recorded there."""
    from fluxttice_core.errors import SettingsError
    from fluxttice_core.spaces.space_name import space_of
    from fluxttice_core.training.recipe import load_recipe
    from fluxttice_core.training.run import Run
    from fluxttice_core.training.target_file import target_of

    run = Run.open(folder)
    recorded, space = run.settings, run.settings.recipe.architecture.space
    if asked.space is not None and space_of(asked.space) != space:
        raise SettingsError(
            f"the run in {folder} is about {space.name}, and {asked.space} is asked for: leave --space out, "
            "or start a new run in another folder",
            "settings_mismatch",
        )
    recipe = load_recipe(asked.recipe or recorded.recipe, asked.settings, target=run.target())
    wanted = {**asked.given, "recipe": recipe}
    if (target := target_of(recipe, (), asked.data, **asked.columns)) is not None:
        wanted["target_sha256"] = None if target.is_everything else target.digest()
    run.require(recorded.model_copy(update=wanted))
    if out is not None and out.resolve() != folder.resolve():
        raise SettingsError(
            f"the run in {folder} is resumed where it lies, and not in {out}: leave --out out",
            "contradictory",
        )
    return run


def _started(asked: _Asked, out: Path | None) -> Run:
    from fluxttice_core.training.recipe import with_space
    from fluxttice_core.training.run import Run, run_settings
    from fluxttice_core.training.target_file import target_of

    recipe, overrides = asked.recipe or "standard", with_space(asked.space, asked.settings)
    target = target_of(recipe, overrides, asked.data, **asked.columns)
    settings = run_settings(recipe, overrides, target=target, **asked.given)
    return Run.start(out or Path("runs") / _name(settings), settings, target)


def _name(settings: RunSettings) -> str:
    """What a run folder is called unless told: recipe, space unless it is the home space, seed."""
    recipe, space = settings.recipe, settings.recipe.architecture.space
    named = "" if space.is_home else re.sub("[^0-9A-Za-z]+", "-", space.name).strip("-") + "-"
    return f"{recipe.name}-{named}{settings.seed}"
