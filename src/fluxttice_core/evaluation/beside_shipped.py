"""The headline figures of a run beside those of the shipped model, for the terminal."""

from rich.table import Table

from fluxttice_core.evaluation.number_format import titled, with_interval
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.terminal import plain_table
from fluxttice_core.metrics.naming import label

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
    table = plain_table("Your run beside the shipped model")
    halves = [half for half in run.halves if half in shipped.halves]
    table.add_column("")
    for half in halves:
        table.add_column(f"{half.upper()} yours", justify="right", no_wrap=True)
        table.add_column(f"{half.upper()} shipped", justify="right", no_wrap=True)
    for quantity in HEADLINE:
        if all(report.has(quantity, half) for report in (run, shipped) for half in halves):
            figures = [report.metric(quantity, half).figure for half in halves for report in (run, shipped)]
            heading = titled(label(quantity, run.space.nouns), figures[0].unit)
            table.add_row(heading, *map(with_interval, figures))
    return table
