"""Measure a certified folder again, from its weights and with its report's draws, and draw it again."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fluxttice_core.certification.by_samples import remeasure_by_samples
from fluxttice_core.certification.certified_folder import CertifiedFolder
from fluxttice_core.certification.drawings import compared
from fluxttice_core.certification.finding import Finding, contradiction, failing, proved
from fluxttice_core.certification.folder_names import FIGURES, MODEL, REPORT, figures_among
from fluxttice_core.certification.remeasurement_cost import passed_parameters, require_repeatable
from fluxttice_core.certification.report_check import require_complete
from fluxttice_core.errors import FluxtticeError, MeasurementError
from fluxttice_core.evaluation.benchmark import measured
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import check_result
from fluxttice_core.evaluation.steps import ProgressCallback
from fluxttice_core.metrics.codes import parts_of
from fluxttice_core.metrics.metric import Figure, Score
from fluxttice_core.metrics.reconstruction import undecided
from fluxttice_core.metrics.settings import settings_from
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.storage.pretrained import TrainedModel, load

_ROUNDING = 1e-5
"""Relative difference that other hardware may make in a figure that is exact."""

_LAST_DIGITS = 1e-12
"""Difference that rounding alone makes in a share: less than one operation of any space."""

_OF_CURVE = 1e-2
"""Part of a curve's largest value by which other hardware may move a point of it."""

_MOST_UNDECIDED = 1e-3
"""Share of tables, or a single one, beyond which accuracies say nothing that another machine could repeat."""

_OF_WIDTH = 0.5
"""Part of its half-width by which other hardware may move the end of an interval."""


def remeasure(folder: Path, *, progress: ProgressCallback | None = None) -> tuple[Finding, ...]:
    """Check the report against itself in full, and against what its weights and its controls show here.

    The draws are those of the report, so that the same weights give the same figures but for rounding.
    Findings are on the report, and on the numbers, controls and drawings.
    """
    certified = CertifiedFolder(folder)
    if certified.by_samples:
        return remeasure_by_samples(certified, progress)
    try:
        result = certified.result
        require_complete(result)
        check_result(result, name=REPORT)
        trained = replace(load(folder / MODEL), settings=certified.settings)
        _require_same_model(result, trained)
        pictures = {name: certified.data(f"{FIGURES}/{name}") for name in figures_among(certified.digests)}
    except FluxtticeError as error:
        return (failing("consistency", error),)
    consistent = Finding("consistency", "proved", f"{REPORT} follows from its own figures and controls")
    stated = Report.from_plain(result)
    settings = settings_from(result["settings"]).model_copy(update={"device": "cpu"})
    try:
        passed = passed_parameters(trained.tensors)
        require_repeatable(settings, operations=trained.space.size, parameters=passed)
        with fixed_threads():
            again = measured(trained, settings, progress)
            moved = _undecided(trained)
    except FluxtticeError as error:
        return (consistent, failing("numbers", error))
    return (
        consistent,
        proved("numbers", lambda: _numbers(stated, again, moved, result)),
        proved("controls", lambda: _controls(stated.controls, again.controls)),
        _pictures(pictures, stated),
    )


def _require_same_model(result: Mapping[str, Any], trained: TrainedModel) -> None:
    if result["model"]["tensor_sha256"] != trained.tensor_digest:
        raise FluxtticeError(f"{MODEL} holds other weights than the report measured", "model_mismatch")
    split, recorded = trained.split, result["data"]["split"]
    if (None if split is None else split.digest) != (None if recorded is None else recorded["sha256"]):
        raise FluxtticeError(
            "the report measures other held-out rows than those that the model records", "model_mismatch"
        )


def _undecided(trained: TrainedModel) -> float:
    """By how much other hardware may move an accuracy that is exact."""
    largest = 0.0
    for rows in parts_of(trained.space, trained.split).values():
        for model in (trained.vae_a, trained.vae_b):
            tables, _ = undecided(model, rows)
            if tables > max(_MOST_UNDECIDED, 1 / len(rows)):
                sentence = (
                    f"rounding alone decides {tables:.2%} of its tables, so that no accuracy of it can be "
                    "measured again: certify weights that tell their symbols apart"
                )
                raise MeasurementError(trained.space.nouns.own(sentence), "not_measured")
            largest = max(largest, tables)
    return largest


def _numbers(stated: Report, again: Report, moved: float, result: Mapping[str, Any]) -> str:
    records = {(m["quantity"], m["half"]): m for m in result["metrics"]}
    found = {(metric.quantity, metric.half): metric.figure for metric in again.metrics}
    for key, record in records.items():
        _require_none(_difference(found[key], record, moved))
    curves = {(series.name, series.half): series for series in again.series}
    for series in stated.series:
        due = curves.get((series.name, series.half))
        scale = _OF_CURVE * max(map(abs, due.y), default=0.0) if due else 0.0
        if due is None or due.x != series.x or not np.allclose(due.y, series.y, rtol=0, atol=scale):
            raise contradiction(f"the curve {series.name} of half {series.half} is another from the weights")
    return f"the weights show all {len(records)} numbers, their intervals and {len(stated.series)} curves"


def _controls(stated: Sequence[Control], again: Sequence[Control]) -> str:
    due = {control.name: control.runs for control in again}
    for control in stated:
        if len(control.runs) != len(due[control.name]):
            raise contradiction(f"{REPORT} has another number of runs of {control.name}")
        for run, found in zip(control.runs, due[control.name], strict=True):
            scores = {(score.quantity, score.half): score for score in found}
            for score in run:
                _require_none(_moved(control.name, score, scores.get((score.quantity, score.half))))
    return f"measured again, {len(again)} kinds of untrained and bad models score what {REPORT} says"


def _moved(name: str, stated: Score, again: Score | None) -> str | None:
    """How a control's score differs from what it scores here."""
    if again is None:
        return f"{REPORT} lets {name} score {stated.quantity}, which it cannot"
    for here, there in ((stated.value, again.value), (stated.low, again.low), (stated.high, again.high)):
        # A perfect control scores the rounding of what is subtracted, which is of order 1.
        slack = _ROUNDING * max(1.0, abs(there)) + _OF_WIDTH * (again.high - again.low) / 2
        if not (here == there or abs(here - there) <= slack):
            return f"{again.quantity} of {name} is {again.value:.6g} here, and {stated.value:.6g} in {REPORT}"
    return None


def _pictures(stated: Mapping[str, bytes], report: Report) -> Finding:
    from fluxttice_core.evaluation.plot_style import encoded
    from fluxttice_core.evaluation.plots import plots_of

    try:
        return compared(stated, {name: encoded(one) for name, one in plots_of(report, stated).items()})
    except FluxtticeError as error:
        return failing("pictures", error)


def _require_none(difference: str | None) -> None:
    if difference is not None:
        raise contradiction(difference)


def _difference(again: Figure, record: Mapping[str, Any], moved: float) -> str | None:
    """How a recorded figure differs from what the weights show, by the interval that they show."""
    stated = float(record["value"])
    if again.interval is None or math.isinf(again.value):
        slack = _ROUNDING * max(abs(stated), abs(again.value))
        if again.unit == "fraction":
            slack = moved + _LAST_DIGITS
        if again.value == stated or abs(again.value - stated) <= slack:
            return None
        return f"{again.quantity} is {again.value:.6g} from the weights, and {stated:.6g} in {REPORT}"
    lower, upper = again.interval.lower, again.interval.upper
    half_width = again.value - lower if math.isinf(upper) else (upper - lower) / 2
    slack = _ROUNDING * max(abs(again.value), half_width)
    if not lower - slack <= stated <= upper + slack:
        return f"{again.quantity} is {again.value:.6g} from the weights, and {stated:.6g} in {REPORT}"
    ends = ((record["interval"]["lower"], again.low), (record["interval"]["upper"], again.high))
    allowed = _OF_WIDTH * half_width + slack
    if any(float(here) != there and not abs(float(here) - there) <= allowed for here, there in ends):
        return (
            f"the interval of {again.quantity} is {again.interval} from the weights, and another in {REPORT}"
        )
    return None
