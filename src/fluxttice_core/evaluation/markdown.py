"""A report as a section of a Markdown document."""

from collections.abc import Iterator, Sequence

from fluxttice_core.evaluation.content import ReportContent
from fluxttice_core.evaluation.tables import LEGEND, control_grid, gate_grid, grids


def section(report: ReportContent) -> str:
    """The whole report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: ReportContent) -> Iterator[str]:
    yield f"## {report.title}"
    yield ""
    if report.note:
        yield report.note
        yield ""
    yield f"{report.of_what}. {LEGEND[0].upper()}{LEGEND[1:]}"
    for grid in (*grids(report), control_grid(report), gate_grid(report)):
        yield ""
        yield f"### {grid.title}"
        yield ""
        yield line(grid.headings)
        yield "|---|" + "---:|" * (len(grid.headings) - 2) + "---|"
        yield from map(line, grid.rows)
    for title, notes in (("Warnings", report.warnings), ("Limitations", report.limitations)):
        if notes:
            yield ""
            yield f"### {title}"
            yield ""
            yield from (f"- {note}" for note in notes)


def line(cells: Sequence[str]) -> str:
    """A row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
