"""Reports as plain values and back: what the JSON of a report holds."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from fluxttice_core.errors import MeasurementError, OperationError
from fluxttice_core.evaluation.caveats import of_target
from fluxttice_core.evaluation.content import ReportContent
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.gates import Gate, GateResult
from fluxttice_core.evaluation.law_checks import LawRecord
from fluxttice_core.evaluation.result_facts import space_facts
from fluxttice_core.evaluation.result_schema import upgraded
from fluxttice_core.evaluation.target_facts import TargetFacts
from fluxttice_core.metrics.metric import ControlComparison, Figure, Floor, Metric, Score, Series
from fluxttice_core.metrics.naming import require_known
from fluxttice_core.metrics.settings import settings_from
from fluxttice_core.spaces.nouns import TERNARY, Nouns
from fluxttice_core.spaces.space_name import recorded_space
from fluxttice_core.statistics.intervals import Interval

INFINITY = "infinity"
"""How an infinite number is written, since JSON has none; the other sign has a minus."""

_CONSTANTS = {"Infinity": INFINITY, "-Infinity": f"-{INFINITY}"}
_INFINITIES = {INFINITY: math.inf, f"-{INFINITY}": -math.inf}
_NUMBERS = {
    *("value", "low", "high", "mean", "error", "dof", "ceiling", "ceiling_sd", "ratio"),
    *("estimate", "lower", "upper", "slack", "tolerance", "threshold"),
}

_FIGURE_FIELDS = tuple(field.name for field in dataclasses.fields(Figure))


def as_plain(report: ReportContent) -> dict[str, Any]:
    """A report as dicts, lists, text and finite numbers."""
    values: dict[str, Any] = _plain(
        {
            "title": report.title,
            "space": space_facts(report.space),
            "settings": report.settings.model_dump(),
            "rho": report.rho,
            "metric_set": report.metric_set,
            "metrics": [_metric_record(metric) for metric in report.metrics],
            "series": [dataclasses.asdict(series) for series in report.series],
            "controls": controls_as_plain(
                report.controls, report.space.nouns, has_target=report.target is not None
            ),
            "gates": [{**dataclasses.asdict(result), "passed": result.passed} for result in report.gates],
            "laws": [dataclasses.asdict(law) for law in report.laws],
            "warnings": list(report.warnings),
            "limitations": list(report.limitations),
        }
    )
    # Said where there is one, so that what was written of whole spaces stays byte for byte.
    return values if report.target is None else {**values, "target": report.target.as_plain()}


def fields_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a report from what `as_plain` made of it, in this or an earlier version."""
    try:
        restored: Any = _restored(upgraded(values))
        require_known(restored["metric_set"])
        return {
            "title": restored["title"],
            "space": recorded_space(restored["space"]),
            "settings": settings_from(restored["settings"]),
            "rho": restored["rho"],
            "metrics": tuple(map(_metric, restored["metrics"])),
            "series": tuple(map(_series, restored["series"])),
            "controls": controls_from_plain(values["controls"]),
            "gates": tuple(
                GateResult(Gate(**record["gate"]), record["half"], record["value"])
                for record in restored["gates"]
            ),
            "laws": tuple(LawRecord(**record) for record in restored["laws"]),
            "limitations": tuple(restored["limitations"]),
            "metric_set": restored["metric_set"],
            "target": TargetFacts.from_plain(values.get("target"), recorded_space(restored["space"])),
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise MeasurementError(
            f"this is no complete report ({error}): measure the model again", "incomplete_report"
        ) from error
    except OperationError as error:
        raise MeasurementError(f"this report is of no space that is known: {error}", error.code) from error


def controls_as_plain(
    controls: Sequence[Control], nouns: Nouns = TERNARY, *, has_target: bool = False
) -> list[dict[str, Any]]:
    """Controls as dicts, lists, text and finite numbers."""
    worded = of_target if has_target else str
    plain: list[dict[str, Any]] = _plain(
        [
            {
                "name": control.name,
                "description": nouns.own(worded(control.description)),
                "runs": [[dataclasses.asdict(score) for score in run] for run in control.runs],
            }
            for control in controls
        ]
    )
    return plain


def controls_from_plain(values: Sequence[Mapping[str, Any]]) -> tuple[Control, ...]:
    """Controls from what `controls_as_plain` made of them."""
    try:
        return tuple(
            Control(c["name"], tuple(tuple(Score(**score) for score in run) for run in c["runs"]))
            for c in _restored(list(values))
        )
    except (KeyError, TypeError) as error:
        raise MeasurementError(
            f"these are no complete controls ({error}): measure them again", "incomplete_report"
        ) from error


def _metric_record(metric: Metric) -> dict[str, Any]:
    return {
        **dataclasses.asdict(metric.figure),
        "name": metric.name,
        "ratio": metric.ratio,
        "floor": dataclasses.asdict(metric.floor),
        "control_comparisons": [
            {**dataclasses.asdict(s), "separates": s.separates} for s in metric.control_comparisons
        ],
    }


def _metric(record: dict[str, Any]) -> Metric:
    values = {name: record[name] for name in _FIGURE_FIELDS}
    if values["interval"] is not None:
        values["interval"] = Interval(**values["interval"])
    values["samples"] = _finite(record["samples"], f"repeats of {record['quantity']}")
    comparisons = tuple(
        ControlComparison(one["control"], one["low"], one["high"], one["verdict"])
        for one in record["control_comparisons"]
    )
    floor = Floor(**record["floor"])
    return Metric(figure=Figure(**values), floor=floor, control_comparisons=comparisons)


def _series(record: dict[str, Any]) -> Series:
    x, y = (_finite(record[axis], f"points of {record['name']}") for axis in "xy")
    return Series(record["name"], record["half"], x, y)


def _finite(values: Any, what: str) -> tuple[float, ...]:
    found = tuple(values)
    if not all(isinstance(value, float | int) and math.isfinite(value) for value in found):
        raise MeasurementError(f"the {what} must be finite numbers", "not_finite")
    return found


def _plain(value: Any) -> Any:
    """Write tuples as lists and infinities as text."""
    return json.loads(json.dumps(value), parse_constant=_constant_as_text)


def _constant_as_text(constant: str) -> str:
    if constant not in _CONSTANTS:
        raise MeasurementError(f"{constant} is no figure: it cannot be reported", "not_finite")
    return _CONSTANTS[constant]


def _restored(value: Any) -> Any:
    """Read infinities back, where numbers are expected."""
    return json.loads(json.dumps(value), object_hook=_with_infinities)


def _with_infinities(record: dict[str, Any]) -> dict[str, Any]:
    for name in _NUMBERS & record.keys():
        if record[name] in _INFINITIES:
            record[name] = _INFINITIES[record[name]]
    return record
