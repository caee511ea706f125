"""`fluxttice ablate`: what each part of a recipe contributes, paired by seed, with intervals."""

from pathlib import Path
from typing import Annotated

import typer

from fluxttice_core.cli import studies
from fluxttice_core.extras import require_extra


def ablate(
    recipe: studies.Recipe = "standard",
    seeds: Annotated[
        int, typer.Option(min=2, max=1_000, help="Runs of every variant, with seeds 0, 1, ...")
    ] = 20,
    setting: studies.Settings = None,
    part: Annotated[
        list[str] | None, typer.Option("--parts", metavar="NAME", help="Only this part; repeatable.")
    ] = None,
    out: studies.Out = None,
    draws: studies.Draws = None,
    quick: studies.Quick = False,
    engine: studies.Engine = "local",
) -> None:
    """Train a recipe with and without each of its parts; started again, it goes on where it was."""
    require_extra("train", "training models")
    studies.require_engine(engine)
    from fluxttice_core.cli.measuring import repeatable_command
    from fluxttice_core.cli.progress import ProgressBar
    from fluxttice_core.experiments.ablation import MEASUREMENT, REHEARSAL, new_ablation, run_ablation
    from fluxttice_core.experiments.study import resumed
    from fluxttice_core.experiments.tables import ablation_table
    from fluxttice_core.storage.atomic_write import require_writable
    from fluxttice_core.training.recipe import load_recipe

    base = load_recipe(recipe, setting or ())
    path = out or Path("runs") / f"ablation-{base.name}.json"
    measurement = (REHEARSAL if quick else MEASUREMENT).with_only(draws=[draws] if draws else None)
    fresh = new_ablation(base, parts=part, command=repeatable_command(), measurement=measurement)
    ablation = resumed(path, fresh)
    require_writable(path)
    with ProgressBar(lines=True) as bar:
        ablation = run_ablation(ablation, path, range(seeds), bar.show, engine=engine)
    asked = tuple(run for run in ablation.runs if run.seed < seeds)
    bar.print(ablation_table(ablation.model_copy(update={"runs": asked})))
    typer.echo(f"written to {path}")
