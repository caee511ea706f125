"""A report in a line, and as a small table for notebooks."""

from html import escape

from fluxttice_core.errors import printable
from fluxttice_core.evaluation.content import ReportContent
from fluxttice_core.evaluation.number_format import shown, unit_sign
from fluxttice_core.evaluation.tables import Grid, headline_grid


def line(report: ReportContent) -> str:
    """What was measured, two headline figures and the gates, half by half."""
    parts = []
    for half in report.halves:
        named = (
            ("efficiency", f"efficiency/argmax/{report.settings.headline}"),
            ("G", "generative_information"),
        )
        found = [(word, report.metric(name, half)) for word, name in named if report.has(name, half)]
        figures = ", ".join(
            f"{word} {shown(one.value, one.figure.unit)} {unit_sign(one.figure.unit)}".rstrip()
            for word, one in found
        )
        parts.append(f"{half.upper()} {figures}".rstrip())
    return f"<report: {printable(report.title)}; {'; '.join((*parts, _gates(report)))}>"


def card(report: ReportContent) -> str:
    """The headline figures beside ceiling and floor, and the first warning, as HTML of no foreign markup."""
    head = f"<p><b>{escape(report.title)}</b>: {escape(_gates(report))}.</p>"
    notes = "".join(f"<p>{escape(note)}</p>" for note in (report.note, *report.warnings[:1]) if note)
    return head + _table(headline_grid(report)) + notes


def _gates(report: ReportContent) -> str:
    number, unknown = len(report.gates), sum(result.value is None for result in report.gates)
    missed = sum(not result.passed for result in report.gates) - unknown
    said = f"{missed} of {number} gates missed" if missed or unknown else f"all {number} gates met"
    return f"{said}, {unknown} not measured" if unknown else said


def _table(grid: Grid) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in grid.headings)
    rows = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for name, *cells in grid.rows
    )
    return f"<table><tr>{head}</tr>{rows}</table>"
