"""Rows and cells of a report's tables, the same for the terminal and for Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fluxttice_core.evaluation.caveats import SIGNS
from fluxttice_core.evaluation.content import ReportContent
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.gates import Gate, GateResult
from fluxttice_core.evaluation.number_format import NOTHING, shown, shown_range, titled, with_interval
from fluxttice_core.metrics.metric import Metric
from fluxttice_core.metrics.naming import control_columns, headline_names, label, sections
from fluxttice_core.metrics.settings import Half, Unit
from fluxttice_core.spaces.nouns import Nouns

PASS, FAIL, NOT_MEASURED = "pass", "FAIL", "not measured"
LEGEND = (
    "perfect: a perfect generator with a perfect code, at the same budget; "
    "untrained: the range over networks of the same shape; "
    "blind to: controls that score as well or better (U uniform sampler, N untrained networks, "
    "C constant decoder, H generator of half the space), with ! where that would mislead; a control that has "
    "no such figure, as a sampler has no code, is not named."
)


@dataclass(frozen=True)
class Grid:
    """A table as text."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def grids(report: ReportContent) -> Iterator[Grid]:
    """The tables of figures, without those of which nothing was measured."""
    headings = ("", *(half.upper() for half in report.halves), "perfect", "untrained", "blind to")
    for section in sections(report.settings, report.rho):
        rows = _rows(report, section.names)
        if rows:
            yield Grid(section.title, headings, rows)


def headline_grid(report: ReportContent) -> Grid:
    """The figures that stand for a model, as far as they were measured."""
    rows = tuple(row[:-1] for row in _rows(report, headline_names(report.settings)))
    return Grid("Headline", ("", *(half.upper() for half in report.halves), "perfect", "untrained"), rows)


def _rows(report: ReportContent, names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    found: dict[str, dict[Half, Metric]] = {}
    for metric in report.metrics:
        found.setdefault(metric.quantity, {})[metric.half] = metric
    return tuple(_row(q, found[q], report.halves, report.space.nouns) for q in names if q in found)


def _row(quantity: str, found: dict[Half, Metric], halves: Sequence[Half], nouns: Nouns) -> tuple[str, ...]:
    """Label, values, ceiling, floor, and the controls that at least one half is not told from."""
    metrics = list(found.values())
    unit = metrics[0].figure.unit
    values = [with_interval(found[half].figure) if half in found else "" for half in halves]
    if "pair" in found:
        values[0] = with_interval(found["pair"].figure)
    ceilings = dict.fromkeys(shown(metric.ceiling, unit) for metric in metrics)
    floor = shown_range(min(m.floor.low for m in metrics), max(m.floor.high for m in metrics), unit)
    return (titled(label(quantity, nouns), unit), *values, " / ".join(ceilings), floor, _signs(metrics))


def _signs(metrics: Sequence[Metric]) -> str:
    names = {control for metric in metrics for control in metric.blind_to}
    signs = " ".join(sign for control, sign in SIGNS.items() if control in names)
    return f"! {signs}" if any(metric.misleads for metric in metrics) else signs


def control_grid(report: ReportContent) -> Grid:
    """The model beside every control, in the quantities that tell them apart and in those that do not."""
    units = {metric.quantity: metric.figure.unit for metric in report.metrics}
    columns = [column for column in control_columns(report.settings) if column[1] in units]
    model = [
        (f"model, {half.upper()}", *(_value(report, quantity, half) for _, quantity in columns))
        for half in report.halves
    ]
    controls = [
        (control.name.replace("_", " "), *(_scored(control, q, units[q]) for _, q in columns))
        for control in report.controls
    ]
    own = report.space.nouns.own
    titles = tuple(titled(own(title), units[quantity]) for title, quantity in columns)
    return Grid(
        f"Controls, with coverage at {report.settings.headline:,} draws", ("", *titles), (*model, *controls)
    )


def _value(report: ReportContent, quantity: str, half: Half) -> str:
    if not report.has(quantity, half):
        return NOTHING
    metric = report.metric(quantity, half)
    return shown(metric.value, metric.figure.unit)


def _scored(control: Control, quantity: str, unit: Unit) -> str:
    values = [score.value for run in control.runs for score in run if score.quantity == quantity]
    return shown_range(min(values), max(values), unit) if values else NOTHING


def gate_grid(report: ReportContent) -> Grid:
    """The acceptance gates."""
    halves = tuple(half.upper() for half in report.halves)
    rows = tuple(_gate_row(gate, results) for gate, results in _by_gate(report.gates).items())
    return Grid("Acceptance gates", ("", "asks", *halves, ""), rows)


def _by_gate(results: Iterable[GateResult]) -> dict[Gate, list[GateResult]]:
    found: dict[Gate, list[GateResult]] = {}
    for result in results:
        found.setdefault(result.gate, []).append(result)
    return found


def _gate_row(gate: Gate, results: Sequence[GateResult]) -> tuple[str, ...]:
    shows = (NOTHING if result.value is None else f"{result.value:.4f}" for result in results)
    if any(result.value is None for result in results):
        verdict = NOT_MEASURED
    else:
        verdict = PASS if all(result.passed for result in results) else FAIL
    return (gate.name, f"{gate.comparison} {gate.threshold:g}", *shows, verdict)
