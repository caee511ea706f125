"""A report as a section of a Markdown document."""

from collections.abc import Iterator, Sequence

from fluxttice_core.evaluation.content import ReportContent
from fluxttice_core.evaluation.tables import LEGEND, Grid, control_grid, gate_grid, grids


def section(report: ReportContent, *, level: int = 2) -> str:
    """The whole report, its heading at the given level."""
    return "\n".join(_lines(report, "#" * level)) + "\n"


def _lines(report: ReportContent, mark: str) -> Iterator[str]:
    yield f"{mark} {report.title}"
    yield ""
    if report.note:
        yield report.note
        yield ""
    yield f"{report.of_what}. {_sentence(LEGEND)}"
    for grid in (*grids(report), control_grid(report), gate_grid(report)):
        yield ""
        yield f"{mark}# {grid.title}"
        yield ""
        yield from _table(grid)
    for title, notes in (("Warnings", report.warnings), ("Limitations", report.limitations)):
        if notes:
            yield ""
            yield f"{mark}# {title}"
            yield ""
            yield from (f"- {note}" for note in notes)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(grid: Grid) -> Iterator[str]:
    yield line(grid.headings)
    yield "|---|" + "---:|" * (len(grid.headings) - 2) + "---|"
    yield from map(line, grid.rows)


def line(cells: Sequence[str]) -> str:
    """A row of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
