"""`fluxttice run`: the main job, from nothing to a certified model and its report card."""

import time
from pathlib import Path
from typing import Annotated

import typer

from fluxttice_core.extras import require_extra


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    folder: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/standard-SEED.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure with fewer draws: a rehearsal.")] = False,
) -> None:
    """Train the standard recipe, measure it, certify it and print the report card; goes on where it was."""
    require_extra("train", "training a model")
    from rich.console import Console

    from fluxttice_core.cli.benchmark import RESULT
    from fluxttice_core.cli.certify import certified_folder
    from fluxttice_core.provenance.environment import peak_memory
    from fluxttice_core.provenance.result_file import Circumstances, result_of, write_result
    from fluxttice_core.provenance.trained import load

    started = time.perf_counter()
    folder = folder or Path("runs") / f"standard-{seed}"
    _train(folder, seed)
    certificate = certified_folder(folder, quick=quick)
    Console().print(certificate.report)
    if not quick:
        spent = Circumstances("fluxttice run", time.perf_counter() - started, peak_memory())
        write_result(RESULT, result_of(certificate.report, load(certificate.folder), spent))
        typer.echo(f"written to {RESULT}")


def _train(folder: Path, seed: int) -> None:
    from fluxttice_core.cli.train_view import TrainView
    from fluxttice_core.provenance.run import SETTINGS, Run, run_settings

    if (folder / SETTINGS).is_file():
        training = Run.open(folder)
    else:
        training = Run.start(folder, run_settings("standard", seed=seed))
    with TrainView(training) as view:
        training.train(view.show)
    view.conclude()
