"""`fluxttice sweep`: how much a recipe's figures vary from seed to seed, with intervals."""

from pathlib import Path
from typing import Annotated

import typer

from fluxttice_core.cli import studies
from fluxttice_core.extras import require_extra


def sweep(
    recipe: studies.Recipe = "standard",
    seeds: Annotated[int, typer.Option(min=2, max=10_000, help="Runs, with seeds 0, 1, ...")] = 32,
    setting: studies.Settings = None,
    together: Annotated[
        int | None, typer.Option(min=1, max=1_024, help="Seeds that are trained as one program. Default: 16.")
    ] = None,
    out: studies.Out = None,
    draws: studies.Draws = None,
    quick: studies.Quick = False,
    engine: studies.Engine = "local",
) -> None:
    """Train many seeds of a recipe together and measure each; started again, it goes on where it was."""
    require_extra("train", "training models")
    studies.require_engine(engine)
    from fluxttice_core.cli.measuring import repeatable_command
    from fluxttice_core.cli.progress import ProgressBar
    from fluxttice_core.experiments.study import resumed
    from fluxttice_core.experiments.sweep import MEASUREMENT, REHEARSAL, new_sweep, run_sweep
    from fluxttice_core.experiments.tables import sweep_table
    from fluxttice_core.storage.atomic_write import require_writable
    from fluxttice_core.training.recipe import load_recipe

    chosen = load_recipe(recipe, setting or ())
    path = out or Path("runs") / f"sweep-{chosen.name}.json"
    measurement = (REHEARSAL if quick else MEASUREMENT).with_only(draws=[draws] if draws else None)
    fresh = new_sweep(chosen, command=repeatable_command(), measurement=measurement, together=together)
    found = resumed(path, fresh)
    require_writable(path)
    with ProgressBar(lines=True) as bar:
        found = run_sweep(found, path, range(seeds), bar.show, engine=engine)
    asked = tuple(run for run in found.runs if run.seed < seeds)
    bar.print(sweep_table(found.model_copy(update={"runs": asked})))
    typer.echo(f"written to {path}")
