"""The command that measures a trained model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from fluxttice_core.evaluation.report import Report
    from fluxttice_core.metrics.settings import MeasurementSettings
    from fluxttice_core.storage.pretrained import TrainedModel


def benchmark(
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            help="A run folder, a checkpoint folder, a model file, or the original's .pt file.",
            readable=False,
        ),
    ] = None,
    certified: Annotated[bool, typer.Option("--certified", help="Measure the shipped model.")] = False,
    out: Annotated[Path | None, typer.Option(help="Result file to write; none unless named.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the report card as Markdown, too.")] = None,
    draws: Annotated[
        list[int] | None, typer.Option(help="A budget of draws to count at; may be given several times.")
    ] = None,
    repeats: Annotated[int | None, typer.Option(help="Repeats of every budget.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all draws.")] = None,
    device: Annotated[str, typer.Option(help="Where the model computes, such as cpu or cuda.")] = "cpu",
    quick: Annotated[
        bool, typer.Option("--quick", help="A first look: fewer draws, wider intervals.")
    ] = False,
) -> None:
    """Measure a trained model beside ceiling, floor and controls; refuses to run without one."""
    require_extra("train", "measuring a model")
    from fluxttice_core.cli.measuring import chosen_settings, chosen_target
    from fluxttice_core.evaluation.coverage_report import sampled_draws
    from fluxttice_core.evaluation.sampled_report import DRAWS, QUICK_DRAWS
    from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
    from fluxttice_core.storage.atomic_write import write_text

    target = chosen_target(checkpoint, certified=certified)
    if target.space.size > ENUMERATION_LIMIT:
        usual = QUICK_DRAWS if quick else DRAWS
        one = sampled_draws(target.space, draws, repeats=repeats, usual=usual)
        sampled_card(target, out, markdown, draws=one, seed=seed or 0, device=device)
        return
    settings = chosen_settings(
        target.space, quick=quick, draws=draws, repeats=repeats, seed=seed, device=device
    )
    report = report_card(target, out, settings)
    if markdown is not None:
        write_text(markdown, report.markdown())


def sampled_card(
    target: "TrainedModel", out: Path | None, markdown: Path | None, *, draws: int, seed: int, device: str
) -> None:
    """Measure a model of a space that cannot be written out, print its report and write what is named."""
    from fluxttice_core.cli.measuring import repeatable_command
    from fluxttice_core.cli.progress import ProgressBar
    from fluxttice_core.evaluation.benchmark import sampled
    from fluxttice_core.evaluation.result_file import sampled_result_of
    from fluxttice_core.storage.atomic_write import require_writable, write_json, write_text

    for path in filter(None, (out, markdown)):
        require_writable(path)
    with ProgressBar(lines=True, every=10.0) as bar:
        report = sampled(target, draws=draws, seed=seed, device=device, progress=bar.show)
    bar.print(report)
    if markdown is not None:
        write_text(markdown, report.markdown())
    if out is None:
        return
    write_json(out, sampled_result_of(report, target, repeatable_command()))
    typer.echo(f"written to {out}")


def report_card(
    target: "TrainedModel | Path", out: Path | None = None, settings: "MeasurementSettings | None" = None
) -> "Report":
    """Measure a model under a live bar, write the result file if one is named, and print the report."""
    from fluxttice_core.cli.measuring import repeatable_command
    from fluxttice_core.cli.progress import ProgressBar
    from fluxttice_core.evaluation.benchmark import benchmark as measure_and_write

    with ProgressBar(lines=True, every=10.0) as bar:
        report = measure_and_write(
            target, out, command=repeatable_command(), settings=settings, progress=bar.show
        )
    bar.print(report)
    if out is not None:
        typer.echo(f"written to {out}")
    return report
