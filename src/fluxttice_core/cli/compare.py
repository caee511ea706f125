"""The command that sets trained models side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxttice_core.extras import require_extra

if TYPE_CHECKING:
    from fluxttice_core.storage.pretrained import TrainedModel


def compare(
    models: Annotated[
        list[Path],
        typer.Argument(help="Two or more models: run folders, checkpoints or model files.", readable=False),
    ],
    draws: Annotated[
        list[int] | None, typer.Option(help="A budget of draws to count at; may be given several times.")
    ] = None,
    repeats: Annotated[int | None, typer.Option(help="Repeats of every budget.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all draws.")] = None,
    device: Annotated[str, typer.Option(help="Where the models compute, such as cpu or cuda.")] = "cpu",
    quick: Annotated[
        bool, typer.Option("--quick", help="A first look: fewer draws, wider intervals.")
    ] = False,
) -> None:
    """Measure models with the same draws; show each beside the first, with intervals of the difference."""
    require_extra("train", "measuring models")
    from fluxttice_core.cli.measuring import chosen_settings
    from fluxttice_core.cli.progress import ProgressBar
    from fluxttice_core.errors import MeasurementError
    from fluxttice_core.evaluation.benchmark import measured, require_trained
    from fluxttice_core.evaluation.comparison import comparison_table, require_same_space, require_same_target
    from fluxttice_core.evaluation.coverage_report import sampled_draws
    from fluxttice_core.evaluation.sampled_report import DRAWS, QUICK_DRAWS
    from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT

    if len(models) < 2:
        raise MeasurementError("a comparison needs at least two models: name another one", "too_few")
    trained = [require_trained(path) for path in models]
    for other in trained[1:]:
        require_same_space(trained[0].space, other.space)
        targets = [None if one.target is None else one.target.digest() for one in (trained[0], other)]
        require_same_target(*targets)
    names = [str(path) for path in models]
    if trained[0].space.size > ENUMERATION_LIMIT:
        usual = QUICK_DRAWS if quick else DRAWS
        one = sampled_draws(trained[0].space, draws, repeats=repeats, usual=usual)
        compare_by_samples(trained, names, draws=one, seed=seed or 0, device=device)
        return
    settings = chosen_settings(
        trained[0].space, quick=quick, draws=draws, repeats=repeats, seed=seed, device=device
    )
    with ProgressBar() as bar:
        reports = [measured(model, settings, bar.show) for model in trained]
    for name, report in zip(names[1:], reports[1:], strict=True):
        bar.print(comparison_table(reports[0], report, names=(names[0], name)))


def compare_by_samples(
    trained: list["TrainedModel"], names: list[str], *, draws: int, seed: int, device: str
) -> None:
    """Measure models of a space that cannot be written out from samples, and show them likewise."""
    from fluxttice_core.cli.progress import ProgressBar
    from fluxttice_core.evaluation.benchmark import sampled
    from fluxttice_core.evaluation.sampled_comparison import require_same_rows, sampled_comparison_table
    from fluxttice_core.spaces.split import HashedSplit

    known = [isinstance(model.split, HashedSplit) for model in trained]
    for other in known[1:]:
        require_same_rows(first_known=known[0], other_known=other)
    with ProgressBar() as bar:
        reports = [
            sampled(model, draws=draws, seed=seed, device=device, progress=bar.show) for model in trained
        ]
    for name, report in zip(names[1:], reports[1:], strict=True):
        bar.print(sampled_comparison_table(reports[0], report, names=(names[0], name)))
