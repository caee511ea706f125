"""The report of a model: measured here, or that of the shipped model as it was certified."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from fluxttice_core.errors import CheckpointError
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import read_result
from fluxttice_core.extras import require_extra
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.storage.pretrained import certified, load

if TYPE_CHECKING:
    from fluxttice_core.evaluation.benchmark import ModelOrPath
    from fluxttice_core.spaces.target import Target

NOTE = (
    "As it was certified and signed with the shipped model; nothing was measured now. "
    "coverage_report(remeasure=True) measures it here."
)


def coverage_report(
    model: "ModelOrPath" = None,
    *,
    draws: Sequence[int] | None = None,
    repeats: int | None = None,
    seed: int | None = None,
    settings: MeasurementSettings | None = None,
    progress: Callable[[str, float], None] | None = None,
    remeasure: bool = False,
    target: "Target | None" = None,
) -> Report:
    """Every figure of a trained model beside ceiling, floor and controls.

    Without a model or a setting, the report of the certified model as it was signed, which says so; it needs
    no torch. With either, or with `remeasure`, everything is measured here and now.

    Args:
        model: A trained model, or the path of one; none: the certified model.
        draws: Budgets at which distinct operations are counted.
        repeats: Repeats of every budget.
        seed: Seed of all draws.
        settings: Everything else that the measurement is made with.
        progress: Called with what comes next and the share that is done.
        remeasure: Whether to measure the certified model, too.
        target: What the model should give, with which probabilities; none: all elements of its space alike.

    Returns:
        The report, which prints as a table (`rich.print`), as Markdown and as JSON.

    Raises:
        CheckpointError: If there is no trained model there, or its weights score as untrained ones do.
        MissingExtra: If something is to be measured and torch is not installed.
        SettingsError: If a setting is out of bounds, or the device is not there.
        MeasurementError: If the target is of another space, or of a single element.
        LawViolation: If the figures break a law that every true table obeys.

    Example:
        >>> print(str(coverage_report())[:39])
        As it was certified and signed with the
    """
    asked = any(value is not None for value in (model, draws, repeats, seed, settings, target))
    if not (asked or remeasure):
        return certified_report()
    if isinstance(model, str | Path):
        model = load(model)
    require_extra("train", "measuring a model")
    from fluxttice_core.evaluation.benchmark import measured

    chosen = (settings or MeasurementSettings()).with_only(draws=draws, repeats=repeats, seed=seed)
    return measured(model, chosen, progress, target)


def certified_report() -> Report:
    """The report of the shipped model as it was signed, with a note that says so.

    Raises:
        CheckpointError: If it is of other weights than those shipped.
        MeasurementError: If it is missing, damaged, incomplete or contradicts itself.
    """
    result = read_result(Path(str(resources.files("fluxttice_core") / "certified" / "report.json")))
    if result["model"]["tensor_sha256"] != certified().tensor_digest:
        raise CheckpointError(
            "the shipped report is of other weights than the shipped model: install the package again",
            "model_mismatch",
        )
    return replace(Report.from_plain(result), note=NOTE)
