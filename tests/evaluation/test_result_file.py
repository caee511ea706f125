"""A result file is complete and agrees with itself, or it is neither written nor read."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.control_scores import beside_controls
from fluxttice_core.evaluation.coverage_report import coverage_report
from fluxttice_core.evaluation.gates import apply_gates
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.result_file import (
    Circumstances,
    check_result,
    read_report,
    read_result,
    report_coverage,
    result_of,
    write_result,
)
from fluxttice_core.evaluation.result_schema import result_schema
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.storage.canonical_json import canonical_json, json_digest
from fluxttice_core.storage.pretrained import load
from tests.evaluation.conftest import put
from tests.refusals import refused
from tests.small import MEASUREMENT

Result = dict[str, Any]


@pytest.fixture(scope="module")
def complete(small_checkpoint: Path) -> Result:
    report = coverage_report(small_checkpoint, settings=MEASUREMENT)
    spent = Circumstances("fluxttice benchmark --checkpoint small", 1.5, 1 << 20)
    return result_of(report, load(small_checkpoint), spent)


@pytest.fixture
def result(complete: Result) -> Result:
    copied: Result = json.loads(json.dumps(complete))
    return copied


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(result_schema())


def test_a_complete_result_is_written_in_canonical_json_and_read_back(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "benchmarks" / "out.json"
    write_result(path, result)
    assert path.read_bytes() == canonical_json(result) + b"\n"
    assert read_result(path) == json.loads(path.read_text())
    write_result(path, read_result(path))
    assert path.read_bytes() == canonical_json(result) + b"\n"
    assert read_report(path).as_dict()["metrics"] == result["metrics"]


def test_the_design_s_parts_are_there(result: Result) -> None:
    assert result["settings_sha256"] == json_digest(result["settings"])
    assert result["data"]["operations"] == 27
    assert result["data"]["split"]["held_out"] == 4
    assert result["sampler"]["repeats"] == [3, 3]
    assert len(result["coverage"]) == 4
    assert {"argmax", "categorical", "expectation", "ceiling", "ceiling_sd"} <= set(result["coverage"][0])
    assert result["controls"][0]["name"] == "uniform_sampler"
    assert all("slack" in law for law in result["laws"])


@pytest.mark.parametrize("part", sorted(result_schema()["required"]))
def test_no_part_may_be_missing(result: Result, part: str, tmp_path: Path) -> None:
    del result[part]
    with refused(MeasurementError, "incomplete_report", part):
        write_result(tmp_path / "out.json", result)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "field", ["ceiling", "floor", "control_comparisons", "interval", "seed", "draws", "unit", "rule"]
)
def test_no_metric_may_lack_a_reference(result: Result, field: str) -> None:
    del result["metrics"][3][field]
    with refused(MeasurementError, "incomplete_report", field):
        check_result(result, name="it")


Change = Callable[[Result], object]


def untrained_not_met(result: Result) -> None:
    metric = result["metrics"][0]
    metric["control_comparisons"] = [s for s in metric["control_comparisons"] if s["control"] != "untrained"]


def verdict_embellished(result: Result) -> None:
    for one in result["metrics"][0]["control_comparisons"]:
        one.update(verdict="better", separates=True)


def first_version_with_a_later_name(result: Result) -> None:
    result["schema_version"] = 1
    del result["metric_set"]


TAMPERINGS: dict[str, Change] = {
    "a control left out": lambda result: result["controls"].pop(),
    "a control twice": lambda result: put(result["controls"][2], "controls", 0)(result),
    "four untrained networks": lambda result: result["controls"][1]["runs"].pop(),
    "untrained networks not met": untrained_not_met,
    "other settings": put(99, "settings", "seed"),
    "a lower floor": put(0.0, "metrics", 0, "floor", "high"),
    "no ceiling": put(None, "metrics", 0, "ceiling"),
    "other draws": put(200, "metrics", 0, "draws"),
    "another name": put("coverage/argmax/10000", "metrics", 0, "name"),
    "a better ratio": put(1.0, "metrics", 0, "ratio"),
    "better verdicts": verdict_embellished,
    "no warning": put([], "warnings"),
    "another space": put(19_683, "data", "operations"),
    "a larger sample": put([50, 100_000], "sampler", "draws"),
    "a better coverage": put(1.0, "coverage", 0, "argmax"),
    "a better gate": put(1.0, "gates", -1, "value"),
    "an invented gate": put("novelty", "gates", 0, "gate", "quantity"),
    "a law broken": put(-99.0, "laws", 0, "slack"),
    "an unknown field": put("state of the art", "praise"),
    "another version": put(3, "schema_version"),
    "a first version with a later name": first_version_with_a_later_name,
    "a later metric set": lambda result: put(result["metric_set"] + 1, "metric_set")(result),
    "a metric of no catalogue": put("coverage/argmax/praise", "metrics", 0, "quantity"),
    "a figure in a limitation": lambda result: result["limitations"].append("It reaches 99.99 % of it."),
    "a figure in a description": put("reaches 12.5 %", "controls", 0, "description"),
    "half a metric": put(None, "metrics", 0, "interval"),
    "a local time": put("2025-01-01T00:00:00+02:00", "created"),
    "no limitation": put([], "limitations"),
}


@pytest.mark.parametrize("tamper", TAMPERINGS.values(), ids=TAMPERINGS)
def test_what_was_tampered_with_is_neither_written_nor_read(
    result: Result, tamper: Change, tmp_path: Path
) -> None:
    tamper(result)
    with pytest.raises(MeasurementError):
        write_result(tmp_path / "out.json", result)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out.json").write_bytes(canonical_json(result))
    with pytest.raises(MeasurementError):
        read_result(tmp_path / "out.json")


def with_figures(result: Result, change: Callable[[Figure], Figure]) -> Result:
    """The result with other figures, and all that follows from them but the laws made to fit."""
    report = Report.from_plain(result)
    figures = [change(metric.figure) for metric in report.metrics]
    metrics = beside_controls(figures, report.controls)
    forged = dataclasses.replace(report, metrics=metrics, gates=apply_gates(figures, ["a", "b"]))
    return {**result, **forged.as_dict(), "coverage": report_coverage(forged)}


def at(figure: Figure, value: float) -> Figure:
    interval = figure.interval and dataclasses.replace(
        figure.interval, estimate=value, lower=value, upper=value
    )
    samples = tuple(value for _ in figure.samples)
    return dataclasses.replace(figure, value=value, interval=interval, samples=samples)


def test_figures_that_were_made_to_fit_are_accepted_unchanged(result: Result) -> None:
    """The control of the next two tests."""
    check_result(with_figures(result, lambda figure: figure), name="it")


@pytest.mark.parametrize(
    ("quantity", "value", "message"),
    [
        ("nll", 0.5, "break the law"),
        ("coverage/argmax/50", 1.0, "break the law efficiency = coverage / ceiling"),
        ("efficiency/argmax/50", 1.4, "break the law efficiency = coverage / ceiling"),
        ("kl_to_uniform", 9.0, "break the law KL"),
        ("rate", 1e6, "its laws and their slack do not follow from its figures|break the law"),
    ],
)
def test_figures_that_break_a_law_are_refused_whatever_laws_are_recorded(
    result: Result, quantity: str, value: float, message: str
) -> None:
    forged = with_figures(result, lambda f: at(f, value) if f.quantity == quantity else f)
    with pytest.raises(MeasurementError, match=message):
        check_result(forged, name="it")


@pytest.mark.parametrize(
    "name", ["coverage/argmax/", "coverage/categorical/", "efficiency/argmax/", "expected_coverage/"]
)
def test_a_ceiling_is_what_uniform_draws_show(result: Result, name: str) -> None:
    forged = with_figures(
        result, lambda f: dataclasses.replace(f, ceiling=0.01) if f.quantity.startswith(name) else f
    )
    with pytest.raises(MeasurementError, match=r"the ceiling of .* is [01]\.[0-9]+, and not 0\.01"):
        check_result(forged, name="it")


@pytest.mark.parametrize(("part", "change"), [("slack", 1e-14), ("tolerance", 1e-12)])
def test_the_last_digits_of_a_law_are_the_processor_s(result: Result, part: str, change: float) -> None:
    for law in result["laws"]:
        law[part] += change * max(1.0, abs(law[part]))
    check_result(result, name="it")
    result["laws"][-1][part] += 1e-6
    with refused(MeasurementError, "contradictory_report", "its laws and their slack do not follow from its"):
        check_result(result, name="it")


def test_laws_may_not_be_left_out(result: Result) -> None:
    del result["laws"][-1]
    with refused(MeasurementError, "contradictory_report", "its laws and their slack do not follow from its"):
        check_result(result, name="it")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"a": 1, "a": 2}', b"\xff"])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "out.json"
    path.write_bytes(data)
    with pytest.raises(MeasurementError):
        read_result(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with refused(MeasurementError, "missing_file"):
        read_result(tmp_path / "out.json")


@pytest.mark.parametrize("value", ["infinity", "-infinity"])
def test_a_repeat_that_is_not_finite_is_refused(result: Result, value: str) -> None:
    metric = next(m for m in result["metrics"] if m["quantity"] == "coverage/argmax/50")
    metric["samples"][1] = value
    with pytest.raises(MeasurementError, match=r"repeats of coverage/argmax/50 must be finite|no complete"):
        check_result(result, name="it")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": [], "y": []}, "has 0 places and 0 values"),
        ({"x": [0.0], "y": [0.5, 0.5]}, "has 1 places and 2 values"),
        ({"x": [0.0], "y": ["infinity"]}, "points of total_mass must be finite|no complete"),
    ],
)
def test_a_curve_without_points_is_refused(
    result: Result, change: dict[str, list[float]], message: str
) -> None:
    curve = next(series for series in result["series"] if series["name"] == "total_mass")
    curve.update(change)
    with pytest.raises(MeasurementError, match=message):
        check_result(result, name="it")


@pytest.mark.parametrize(
    ("value", "place"),
    [
        *((d, "sampler/dimensions") for d in ({}, {"a": 3}, {"a": 3, "b": 0}, {"a": 3, "b": 10**9})),
        (10**300, "space/operations"),
    ],
)
def test_sizes_are_named_and_fit(result: Result, value: object, place: str) -> None:
    put(value, *place.split("/"))(result)
    with refused(MeasurementError, "incomplete_report", f"at {place}"):
        check_result(result, name="it")


def test_repeats_that_overflow_are_refused(result: Result) -> None:
    def large(figure: Figure) -> Figure:
        counted = figure.quantity.startswith("coverage/argmax/")
        return dataclasses.replace(figure, samples=(1e308,) * figure.repeats) if counted else figure

    forged = with_figures(result, large)
    with refused(MeasurementError, "contradictory_report", "it holds a number that no measurement gives"):
        check_result(forged, name="it")
