"""Rows and cells of tables for reports that are not whole: unlike halves, no split, one section."""

import dataclasses
import math

import pytest

from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.gates import Gate, GateResult
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.tables import FAIL, NOT_MEASURED, PASS, control_grid, gate_grid, grids
from fluxttice_core.metrics.metric import ControlComparison, Floor, Metric, Score
from fluxttice_core.metrics.settings import Half, MeasurementSettings, Unit
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.measuring import exact

GATE = Gate("a code tells its operation", "generative_information", ">=", 0.5)


def metric(
    quantity: str, half: Half, unit: Unit = "nats", value: float = 2.0, ceiling: float = 4.0
) -> Metric:
    return Metric(
        figure=exact(value, quantity=quantity, half=half, unit=unit, ceiling=ceiling),
        floor=Floor(0.0, 0.0, 1.0, 5),
        control_comparisons=(ControlComparison("untrained", 0.0, 1.0, "better"),),
    )


def report(*metrics: Metric, controls: tuple[Control, ...] = ()) -> Report:
    return Report(
        title="a model",
        space=OperationSpace(),
        settings=MeasurementSettings(),
        rho=0.0,
        metrics=metrics,
        series=(),
        controls=controls,
        gates=(),
        laws=(),
        limitations=("It is no model.",),
    )


def test_halves_of_unlike_ceilings_show_both() -> None:
    (grid,) = grids(report(metric("rate", "a", ceiling=9.0), metric("rate", "b", ceiling=16.0)))
    assert grid.rows == (("rate R, nats", "2.000", "2.000", "9.000 / 16.000", "0.00–1.00", ""),)


def test_without_held_out_operations_controls_are_set_beside_the_model_on_all() -> None:
    oracle = Control("oracle", ((Score("table_accuracy/mean/all", "a", 1.0, 1.0, 1.0),),))
    grid = control_grid(report(metric("table_accuracy/mean/all", "a", "fraction", 0.5), controls=(oracle,)))
    assert grid.headings == ("", "tables, %")
    assert grid.rows == (("model, A", "50.00"), ("oracle", "100.0"))


def test_a_half_or_a_control_without_a_figure_leaves_its_cell_open() -> None:
    sampler = Control("uniform_sampler", ((Score("nll", "a", math.inf, math.inf, math.inf),),))
    metrics = (metric("nll", "a"), metric("rate_plus_distortion", "a"), metric("nll", "b"))
    grid = control_grid(report(*metrics, controls=(sampler,)))
    assert grid.headings == ("", "R + D, nats", "NLL, nats")
    assert grid.rows == (
        ("model, A", "2.000", "2.000"),
        ("model, B", "–", "2.000"),
        ("uniform sampler", "–", "∞"),
    )


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        ((0.5, 0.75), ("0.5000", "0.7500", PASS)),
        ((0.5, 0.25), ("0.5000", "0.2500", FAIL)),
        ((0.5, None), ("0.5000", "–", NOT_MEASURED)),
    ],
)
def test_a_gate_is_passed_by_every_half_or_not_at_all(
    values: tuple[float, float | None], cells: tuple[str, ...]
) -> None:
    found = dataclasses.replace(
        report(metric("nll", "a"), metric("nll", "b")),
        gates=(GateResult(GATE, "a", values[0]), GateResult(GATE, "b", values[1])),
    )
    assert gate_grid(found).rows == (("a code tells its operation", ">= 0.5", *cells),)


def test_a_report_has_what_was_measured_of_that_half() -> None:
    found = report(metric("nll", "a"), metric("rate", "b"))
    assert found.has("nll", "a")
    assert not found.has("nll", "b")
    assert not found.has("rate", "a")


def test_a_report_of_one_section_is_a_table_too() -> None:
    assert [column.header for column in report(metric("nll", "b")).table().columns] == [
        *("", "B", "perfect", "untrained", " blind to")
    ]


def test_the_text_of_a_report_has_no_colours_wherever_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in str(report(metric("nll", "a")))
