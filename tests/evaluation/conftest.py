"""Whatever measuring refuses is refused in words that fit behind a program's name and a colon."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.settings import Half

_OF_FILES = ("benchmark", "collapse", "control_cache", "plot_record", "result_file", "result_schema")
"""Modules that read files, whose sentences begin with what they are about."""


@pytest.fixture(autouse=True)
def clauses(request: pytest.FixtureRequest) -> None:
    """Watch every message."""
    if request.module.__name__.rpartition(".test_")[2] not in _OF_FILES:
        request.getfixturevalue("every_message_is_a_clause")


def changed(
    report: Report, quantity: str, change: Callable[[Figure], Figure], half: Half | None = None
) -> Report:
    """A report with another figure of a quantity, in one half or in all."""
    metrics = tuple(
        replace(metric, figure=change(metric.figure))
        if metric.quantity == quantity and half in (None, metric.half)
        else metric
        for metric in report.metrics
    )
    assert metrics != report.metrics
    return replace(report, metrics=metrics)


def put(value: object, *place: str | int) -> Callable[[dict[str, Any]], None]:
    """A change that writes a value at a place of plain values."""

    def change(plain: dict[str, Any]) -> None:
        part: Any = plain
        for key in place[:-1]:
            part = part[key]
        part[place[-1]] = value

    return change
