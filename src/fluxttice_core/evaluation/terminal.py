"""A report on the terminal, as rich tables that fit 100 columns."""

from io import StringIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from fluxttice_core.evaluation.content import ReportContent
from fluxttice_core.evaluation.tables import FAIL, LEGEND, PASS, Grid, control_grid, gate_grid, grids

_MISLEADING, _PASS, _FAIL = "yellow", "green", "bold red"


def as_text(shown: RenderableType) -> str:
    """What `rich.print` shows of something, 100 columns wide and without colours."""
    text = StringIO()
    Console(file=text, width=100, color_system=None).print(shown)
    return text.getvalue().rstrip("\n")


def plain_table(title: str | Text | None = None, *, apart: int = 1) -> Table:
    """A table without edges, its columns so many blanks apart."""
    return Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, apart, 0, 0),
        show_edge=False,
        pad_edge=False,
    )


def metrics_table(report: ReportContent) -> Table:
    """All figures in one table, a section below another."""
    found = list(grids(report))
    *headings, last = found[0].headings
    table = _empty((*headings, f" {last}"))
    for grid in found:
        table.add_section()
        table.add_row(Text(grid.title, style="bold", overflow="ellipsis"))
        for row in grid.rows:
            table.add_row(*row[:-1], f" {row[-1]}", style=_MISLEADING if "!" in row[-1] else None)
    return table


def report_card(report: ReportContent) -> RenderableType:
    """Figures, controls, gates, warnings and limitations."""
    return Group(
        *([Text(f"{report.note}\n", style="italic")] if report.note else []),
        Text(report.title, style="bold"),
        Text(f"{_setting_line(report)}\n"),
        metrics_table(report),
        Text(LEGEND, style="dim"),
        Text(),
        _of_grid(control_grid(report)),
        Text(),
        _of_grid(gate_grid(report)),
        Text(),
        _notes("Warnings", report.warnings, _MISLEADING),
        _notes("Limitations", report.limitations, "dim"),
    )


def _setting_line(report: ReportContent) -> str:
    settings = report.settings
    return (
        f"{report.of_what}; 95 % intervals; "
        f"{settings.repeats} repeats of up to {settings.repeated_up_to:,} draws, "
        f"{settings.mass_draws:,} draws behind p(x), seed {settings.seed}"
    )


def _of_grid(grid: Grid) -> Table:
    table = _empty(grid.headings, Text(grid.title, style="bold"))
    for row in grid.rows:
        style = {PASS: _PASS, FAIL: _FAIL}.get(row[-1])
        table.add_row(*row[:-1], Text(row[-1], style=style or ""))
    return table


def _empty(headings: tuple[str, ...], title: Text | None = None) -> Table:
    table = plain_table(title, apart=0)
    for place, heading in enumerate(headings):
        edge = place in (0, len(headings) - 1)
        table.add_column(heading, justify="left" if edge else "right", no_wrap=place > 0)
    return table


def _notes(title: str, notes: tuple[str, ...], style: str) -> Text:
    text = Text(f"{title}\n", style="bold") if notes else Text()
    for note in notes:
        text.append(f"  {note}\n", style=style)
    return text
