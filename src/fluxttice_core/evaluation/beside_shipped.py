"""The headline figures of a run beside those of the shipped model, for the terminal."""

from rich import box
from rich.table import Table

from fluxttice_core.evaluation.number_format import titled, with_interval
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.naming import label
from fluxttice_core.metrics.settings import Half

HEADLINE = (
    "efficiency/argmax/50000",
    "coverage/argmax/50000",
    "argmax_divergence",
    "generative_information",
    "table_accuracy/mean/held_out",
    "table_accuracy/draw/held_out",
    "rate",
    "distortion",
    "rate_above_frontier",
    "lagrangian_gap",
    "frontier_distance",
    "nll",
)
"""The figures of a report card: two axes of quality, how evenly the prior reaches and what the code knows."""


def beside_shipped(run: Report, shipped: Report) -> Table:
    """Headline figures that both reports have, half by half."""
    table = Table(
        title="Your run beside the shipped model",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    halves = [half for half in run.halves if half in shipped.halves]
    table.add_column("")
    for half in halves:
        table.add_column(f"{half.upper()} yours", justify="right", no_wrap=True)
        table.add_column(f"{half.upper()} shipped", justify="right", no_wrap=True)
    for quantity in HEADLINE:
        if all(report.has(quantity, half) for report in (run, shipped) for half in halves):
            unit = run.metric(quantity, halves[0]).figure.unit
            table.add_row(
                titled(label(quantity, run.space.nouns), unit), *_cells(run, shipped, quantity, halves)
            )
    return table


def _cells(run: Report, shipped: Report, quantity: str, halves: list[Half]) -> list[str]:
    figures = [report.metric(quantity, half).figure for half in halves for report in (run, shipped)]
    return [with_interval(figure) for figure in figures]
