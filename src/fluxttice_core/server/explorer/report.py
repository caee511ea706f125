"""The model's report as the explorer shows it: the tables of the report card, and the figures beside it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fluxttice_core.errors import FluxtticeError
from fluxttice_core.evaluation.gates import GateResult
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.tables import LEGEND, control_grid, gate_grid, grids
from fluxttice_core.server.errors import RequestError
from fluxttice_core.server.explorer.once import once
from fluxttice_core.server.served_model import Served

FIGURES = {
    "coverage": "Distinct operations against draws from the prior, beside a perfect generator and untrained "
    "networks.",
    "rate_distortion": "Rate and distortion of both halves, beside the limit, the Gaussian frontier and "
    "untrained networks.",
    "mass": "The probability of every operation, sorted, beside the noise of a uniform generator.",
    "latents": "The density of each latent over all encoded operations, beside the prior.",
}
"""What each figure of a report shows, by its name."""

Drawing = Callable[[Report], Mapping[str, bytes]]


def report_page(served: Served) -> bytes:
    """The report as tables of text, or the sentence that says why there is none, as JSON."""
    return json.dumps(_content(served), separators=(",", ":")).encode()


class ReportFigures:
    """The figures of a report as SVG, drawn when first asked for; without `draw` there are none."""

    def __init__(self, served: Served, draw: Drawing | None) -> None:
        self._own = served.model.space.nouns.own
        self._drawn = once(lambda: _drawn(served, draw))

    def get(self, name: str) -> bytes:
        """One figure."""
        drawn = self._drawn()
        if f"{name}.svg" not in drawn:
            raise RequestError(f"the report has no figure {name}", status=404, code="not_found")
        return drawn[f"{name}.svg"]

    def listed(self) -> bytes:
        """The names of all figures, with what each shows, as JSON."""
        names = [name for name in FIGURES if f"{name}.svg" in self._drawn()]
        return json.dumps([{"name": name, "caption": self._own(FIGURES[name])} for name in names]).encode()


def _drawn(served: Served, draw: Drawing | None) -> Mapping[str, bytes]:
    report = _report(served)
    return {} if draw is None or isinstance(report, str) else draw(report)


def _report(served: Served) -> Report | str:
    """The report, or the sentence that says why there is none."""
    if served.report is None:
        return served.without_report
    try:
        return Report.from_plain(json.loads(served.report))
    except FluxtticeError as error:
        return f"the report of this model cannot be shown: {error}"


def _content(served: Served) -> dict[str, Any]:
    report = _report(served)
    if isinstance(report, str):
        return {"missing": report}
    return {
        "title": report.title,
        "judgement": judgement(report),
        "setting": _setting(report),
        "legend": served.model.space.nouns.own(LEGEND),
        "grids": [asdict(grid) for grid in (*grids(report), control_grid(report), gate_grid(report))],
        "warnings": list(report.warnings),
        "limitations": list(report.limitations),
        "floors": _floors(report),
    }


def judgement(report: Report) -> str:
    """Say in one sentence whether the model met the acceptance gates, and where each half did not."""
    if not report.gates:
        return "Not judged: no acceptance gate was applied."
    halves = "; ".join(
        _judged(half, [one for one in report.gates if one.half == half]) for half in report.halves
    )
    return f"{'Accepted' if report.accepted else 'Not accepted'}: {halves}."


def _judged(half: str, results: Sequence[GateResult]) -> str:
    failed = [one for one in results if not one.passed]
    if not failed:
        return f"half {half.upper()} meets all {len(results)} gates"
    reasons = ", ".join(
        f"\u201c{gate.name}\u201d {'was not measured' if one.value is None else f'is {one.value:.4f}'}"
        f" and must be {gate.comparison} {gate.threshold:g}"
        for one in failed
        for gate in [one.gate]
    )
    return f"half {half.upper()} misses {len(failed)} of {len(results)} gates ({reasons})"


def _setting(report: Report) -> str:
    settings, space = report.settings, report.space
    return (
        f"K = {space.size:,} {space.nouns.many}, H = {space.log_size:.6f} nats; 95 % intervals; "
        f"{settings.mass_draws:,} draws behind p(x); seed {settings.seed}"
    )


def _floors(report: Report) -> list[dict[str, Any]]:
    """What untrained networks reach, as fractions of all operations, to draw beside live coverage."""
    return [
        {"half": half, "draws": draws, "rule": rule, "low": metric.floor.low, "high": metric.floor.high}
        for half in report.halves
        for draws in report.settings.draws
        for rule in ("argmax", "categorical")
        if report.has(f"coverage/{rule}/{draws}", half)
        for metric in [report.metric(f"coverage/{rule}/{draws}", half)]
    ]
