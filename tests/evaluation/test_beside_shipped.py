"""A run's headline figures stand beside the shipped model's, and only those that both have."""

import io
from dataclasses import replace

from rich.console import Console

from fluxttice_core.evaluation.beside_shipped import HEADLINE, beside_shipped
from fluxttice_core.evaluation.coverage_report import certified_report
from fluxttice_core.evaluation.number_format import with_interval
from fluxttice_core.evaluation.report import Report


def printed(run: Report, shipped: Report) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    console.print(beside_shipped(run, shipped))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def changed(report: Report, quantity: str, value: float) -> Report:
    """A report whose half A has another value in one figure."""
    metrics = [
        replace(metric, figure=replace(metric.figure, value=value))
        if (metric.quantity, metric.half) == (quantity, "a")
        else metric
        for metric in report.metrics
    ]
    return replace(report, metrics=tuple(metrics))


def test_the_run_comes_first_and_the_shipped_model_beside_it_in_every_headline_figure() -> None:
    shipped = certified_report()
    lines = printed(changed(shipped, "rate", 99.5), shipped)
    assert [line.split() for line in lines if "yours" in line] == [
        ["A", "yours", "A", "shipped", "B", "yours", "B", "shipped"]
    ]
    (rate,) = [line.split() for line in lines if line.strip().startswith("rate R")]
    shown = [with_interval(shipped.metric("rate", half).figure) for half in shipped.halves]
    assert rate[-4:] == ["99.500", shown[0], shown[1], shown[1]]
    assert len([line for line in lines if line.strip()]) == len(HEADLINE) + 3


def test_a_figure_that_one_of_them_lacks_is_left_out() -> None:
    shipped = certified_report()
    fewer = replace(shipped, metrics=tuple(m for m in shipped.metrics if m.quantity != "rate"))
    assert not any(line.strip().startswith("rate R") for line in printed(fewer, shipped))
    assert not any(line.strip().startswith("rate R") for line in printed(shipped, fewer))
