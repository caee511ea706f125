"""`fluxttice run`: the main job, from nothing to a certified model and its report card."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from fluxttice_core.certification.certify import Certificate

RESULT = "coverage_vs_entropy.json"
"""The run's result file, in its folder."""


def run(
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    folder: Annotated[Path | None, typer.Option(help="Run folder. Default: runs/standard-SEED.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Measure with fewer draws: a rehearsal.")] = False,
) -> None:
    """Train the standard recipe, measure it, certify it and print the report card; goes on where it was."""
    require_extra("train", "training a model")
    from fluxttice_core.cli.certify import certified_folder
    from fluxttice_core.cli.progress import duration

    started = time.perf_counter()
    folder = folder or Path("runs") / f"standard-{seed}"
    _say("1 of 2: training; the first epoch tells how long it takes here")
    _train(folder, seed)
    _say("2 of 2: ranking the checkpoints, measuring the controls unless they are cached, and the best")
    certificate = certified_folder(folder, quick=quick)
    spent = time.perf_counter() - started
    if not quick:
        _write(folder / RESULT, certificate, spent)
    _show(certificate)
    _say(f"It took {duration(spent)} on this machine.")


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _show(certificate: "Certificate") -> None:
    from fluxttice_core.cli.progress import report_console
    from fluxttice_core.evaluation.beside_shipped import beside_shipped
    from fluxttice_core.evaluation.coverage_report import certified_report
    from fluxttice_core.evaluation.report import Report

    console = report_console()
    console.print(certificate.report)
    if isinstance(certificate.report, Report):  # others are from samples, with nothing shipped beside them
        console.print(beside_shipped(certificate.report, certified_report()))


def _write(path: Path, certificate: "Certificate", spent: float) -> None:
    from fluxttice_core.evaluation.report import Report
    from fluxttice_core.evaluation.result_file import (
        Circumstances,
        result_of,
        sampled_result_of,
        write_result,
    )
    from fluxttice_core.storage.atomic_write import write_json
    from fluxttice_core.storage.environment import peak_memory
    from fluxttice_core.storage.pretrained import load

    command, model, report = "fluxttice run", load(certificate.folder), certificate.report
    if isinstance(report, Report):
        write_result(path, result_of(report, model, Circumstances(command, spent, peak_memory())))
    else:
        write_json(path, sampled_result_of(report, model, command))
    typer.echo(f"written to {path}")


def _train(folder: Path, seed: int) -> None:
    from fluxttice_core.cli.views.train import TrainView
    from fluxttice_core.training.run import SETTINGS, Run, run_settings

    if (folder / SETTINGS).is_file():
        training = Run.open(folder)
        recipe = training.settings.recipe.model_copy(update={"name": "standard"})
        training.require(training.settings.model_copy(update={"seed": seed, "recipe": recipe}))
    else:
        training = Run.start(folder, run_settings("standard", seed=seed))
    with TrainView(training) as view:
        training.train(view.show, view.warn)
    view.conclude()
