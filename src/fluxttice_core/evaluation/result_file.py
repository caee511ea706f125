"""The result file: one measurement with all that it takes to judge and to repeat it, checked both ways."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxttice_core.errors import LawViolation, MeasurementError, RecordError
from fluxttice_core.evaluation.control_scores import beside_controls
from fluxttice_core.evaluation.figure_check import wrong_scales, wrong_sentences
from fluxttice_core.evaluation.gates import apply_gates, untold
from fluxttice_core.evaluation.interval_check import wrong_intervals
from fluxttice_core.evaluation.law_checks import LawRecord, check_laws
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_facts import coverage_rows, sampler_of, size_name, version_of
from fluxttice_core.evaluation.result_schema import (
    MAXIMUM_RESULT,
    SAMPLED,
    SAMPLED_VERSION,
    require_known_schema,
    schema_fault,
    upgraded,
)
from fluxttice_core.spaces.split import Split
from fluxttice_core.spaces.target import Target
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import json_digest, parse_json
from fluxttice_core.storage.environment import environment_record, timestamp, tool_record
from fluxttice_core.storage.pretrained import TrainedModel

if TYPE_CHECKING:
    # With libraries of statistics, without which results are read.
    from fluxttice_core.evaluation.sampled_report import SampledReport

_ROUNDING = 1e-9
SCHEMA = "fluxttice/coverage_vs_entropy"


@dataclass(frozen=True)
class Circumstances:
    """How a result came about."""

    command: str
    wall_seconds: float
    peak_memory_bytes: int


def result_of(report: Report, trained: TrainedModel, spent: Circumstances) -> dict[str, Any]:
    """The content of a result file."""
    plain = report.as_dict()
    return {
        **plain,
        **_origin(trained, spent.command),
        "schema": SCHEMA,
        "schema_version": version_of(report.space, has_target=report.target is not None),
        "settings_sha256": json_digest(plain["settings"]),
        "data": _data_record(report, trained.split),
        "sampler": _sampler_record(report, trained),
        "coverage": report_coverage(report),
        "cost": {"wall_seconds": round(spent.wall_seconds, 3), "peak_memory_bytes": spent.peak_memory_bytes},
    }


def sampled_result_of(report: SampledReport, trained: TrainedModel, command: str) -> dict[str, Any]:
    """The content of a result file of a report from samples."""
    parts = trained.split
    return {
        **_origin(trained, command),
        "schema": SAMPLED,
        "schema_version": SAMPLED_VERSION,
        "split": None if parts is None else {"seed": parts.seed, "sha256": parts.digest},
        "report": report.as_dict(),
    }


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """Write a result file, whole or not at all, in canonical JSON.

    Raises:
        MeasurementError: If something that belongs in it is missing or contradicts the rest.
        StorageError: If it cannot be written.
    """
    check_result(result, name="The result")
    write_json(path, dict(result))


def read_result(path: Path) -> dict[str, Any]:
    """Read a result file of any version, in the names of this one, and check all of it.

    Raises:
        MeasurementError: If it is missing, damaged, incomplete or contradicts itself.
    """
    data = read_bounded(path, maximum=MAXIMUM_RESULT, name="The result file", error=MeasurementError)
    try:
        result: dict[str, Any] = upgraded(parse_json(data, name=str(path)))
    except RecordError as error:
        raise MeasurementError(str(error), error.code) from error
    check_result(result, name=str(path))
    return result


def read_report(path: Path) -> Report:
    """The report that a result file holds.

    Raises:
        MeasurementError: If the file is missing, damaged, incomplete or contradicts itself.
    """
    return Report.from_plain(read_result(path))


def check_result(result: object, *, name: str) -> None:
    """Refuse the content of a result file that is not complete, or contradicts itself, under a name.

    Raises:
        MeasurementError: Naming the first thing that is wrong.
    """
    require_known_schema(result, name=name)
    fault = schema_fault(result)
    if fault is not None:
        raise MeasurementError(f"{name} is no complete result: {fault}", "incomplete_report")
    if isinstance(result, Mapping):
        try:
            contradiction = next(_contradictions(result), None)
        except ArithmeticError as error:
            contradiction = f"it holds a number that no measurement gives ({error})"
        if contradiction is not None:
            raise MeasurementError(f"{name} contradicts itself: {contradiction}", "contradictory_report")


def _contradictions(result: Mapping[str, Any]) -> Iterator[str]:
    """What no schema can say: every part that follows from others is worked out again."""
    if json_digest(result["settings"]) != result["settings_sha256"]:
        yield "its settings are not those of settings_sha256"
    report = Report.from_plain(result)
    yield from wrong_sentences(result)
    again = _without_sentences({**report.as_dict(), "coverage": report_coverage(report)})
    stated = _without_sentences(result)
    yield from (
        f"its {part} do not follow from what was measured" for part in again if again[part] != stated[part]
    )
    if beside_controls([metric.figure for metric in report.metrics], report.controls) != report.metrics:
        yield "its floors or verdicts are not what its controls score"
    yield from _wrong_gates(report)
    target = None if report.target is None else report.target.law
    yield from wrong_scales(result, report.settings, target)
    yield from _wrong_laws(report, target)
    yield from wrong_intervals(report)
    yield from _wrong_data(result, report)


def _without_sentences(result: Mapping[str, Any]) -> dict[str, Any]:
    controls = [{**control, "description": ""} for control in result["controls"]]
    plain = {**result, "controls": controls, "warnings": []}
    if "target" in result:
        # Its last digits differ from program to program; within them it was held against the levels.
        plain["target"] = {**result["target"], "entropy_nats": None}
    return plain


def _wrong_gates(report: Report) -> Iterator[str]:
    figures = [metric.figure for metric in report.metrics]
    without = untold(report.settings, None if report.target is None else report.target.elements)
    for gate in report.gates:
        if gate.value != apply_gates(figures, [gate.half], [gate.gate], without)[0].value:
            yield f"the gate “{gate.gate.name}” does not show the figure that was measured"


def _wrong_laws(report: Report, target: Target | None) -> Iterator[str]:
    """The laws are examined again on the figures that are there."""
    try:
        again = check_laws(report.space, [metric.figure for metric in report.metrics], report.series, target)
    except LawViolation as violation:
        yield str(violation)
    else:
        if len(again) != len(report.laws) or not all(map(_same_law, again, report.laws)):
            yield "its laws and their slack do not follow from its figures"


def _same_law(again: LawRecord, stated: LawRecord) -> bool:
    """Whether two examinations agree but for last digits, which are the C library's."""
    # A slack is a difference of what may be much larger, as its tolerance then is.
    near = partial(math.isclose, rel_tol=_ROUNDING, abs_tol=_ROUNDING * (1 + abs(again.tolerance)))
    same = replace(again, slack=stated.slack, tolerance=stated.tolerance) == stated
    return same and near(again.slack, stated.slack) and near(again.tolerance, stated.tolerance)


def _wrong_data(result: Mapping[str, Any], report: Report) -> Iterator[str]:
    data, sampler, settings = result["data"], result["sampler"], report.settings
    if (data[size_name(report.space)], data["space_sha256"]) != (report.space.size, report.space.digest()):
        yield "its data are of another space than its metrics"
    if (sampler["draws"], sampler["seed"]) != (list(settings.draws), settings.seed):
        yield "its sampler drew otherwise than its settings say"


def report_coverage(report: Report) -> list[dict[str, Any]]:
    """Sampled coverage at every budget, the decode rules side by side."""
    return coverage_rows([vars(metric.figure) for metric in report.metrics], report.halves, report.settings)


def _origin(trained: TrainedModel, command: str) -> dict[str, Any]:
    """Of what and by what a result was made."""
    model = {
        "file_sha256": trained.file_digest,
        "tensor_sha256": trained.tensor_digest,
        "recipe": trained.recipe_name,
        "epoch": trained.epoch,
        "seed": trained.seed,
        "parameters": trained.parameters,
        "rho": float(trained.rho),
        "source": Path(trained.source).name,
        "architecture": trained.architecture.model_dump(mode="json"),
    }
    return {
        "tool": tool_record(),
        "created": timestamp(),
        "command": command,
        "environment": environment_record(),
        "model": model,
    }


def _data_record(report: Report, split: Split | None) -> dict[str, Any]:
    parts = None
    if split is not None:
        parts = {
            "seed": split.seed,
            "sha256": split.digest,
            "train": len(split.train),
            "validation": len(split.validation),
            "held_out": len(split.held_out),
        }
    return {
        size_name(report.space): report.space.size,
        "entropy_nats": math.log(report.space.size),
        "space_sha256": report.space.digest(),
        "split": parts,
    }


def _sampler_record(report: Report, trained: TrainedModel) -> dict[str, Any]:
    dimensions = dict.fromkeys(("a", "b"), trained.architecture.latent_dim)
    return {**sampler_of(report.settings), "dimensions": dimensions}
