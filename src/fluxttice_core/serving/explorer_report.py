"""The model's report as the explorer shows it: the tables of the report card, and the figures beside it."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fluxttice_core.errors import FluxtticeError
from fluxttice_core.measurement.layout import LEGEND, Grid, control_grid, gate_grid, grids
from fluxttice_core.measurement.report import Report
from fluxttice_core.measurement.report_record import from_plain
from fluxttice_core.serving.served import Served

FIGURES = {
    "coverage": "Distinct operations against draws from the prior, beside a perfect generator and untrained "
    "networks.",
    "rate_distortion": "Rate and distortion of both halves, beside the limit, the Gaussian frontier and "
    "untrained networks.",
    "mass": "The probability of every operation, sorted, beside the noise of a uniform generator.",
    "latents": "The density of each latent over all encoded operations, beside the prior.",
}
"""The figures that may lie beside a report, with what each shows."""
_LARGEST_FIGURE = 4 * 1024 * 1024


def report_page(served: Served, figures: Iterable[str]) -> bytes:
    """The report as tables of text, or the sentence that says why there is none, as JSON.

    Args:
        served: The model and its report.
        figures: The names of the figures that can be shown with it.
    """
    shown = [{"name": name, "caption": FIGURES[name]} for name in figures]
    return json.dumps({**_content(served), "figures": shown}, separators=(",", ":")).encode()


def read_figures(folder: Path) -> dict[str, bytes]:
    """The figures in a folder, by name.

    Args:
        folder: Where the report is; the figures are in it, or in its folder `figures`.
    """
    found = {}
    for name in FIGURES:
        for path in (folder / f"{name}.svg", folder / "figures" / f"{name}.svg"):
            if path.is_file() and path.stat().st_size <= _LARGEST_FIGURE:
                found[name] = path.read_bytes()
                break
    return found


def _content(served: Served) -> dict[str, Any]:
    if served.report is None:
        return {"missing": served.without_report}
    try:
        report = from_plain(json.loads(served.report))
    except FluxtticeError as error:
        return {"missing": f"the report of this model cannot be shown: {error}"}
    return {
        "title": report.title,
        "setting": _setting(report),
        "legend": LEGEND,
        "grids": [_grid(grid) for grid in (*grids(report), control_grid(report), gate_grid(report))],
        "warnings": list(report.warnings),
        "limitations": list(report.limitations),
        "floors": _floors(report),
    }


def _setting(report: Report) -> str:
    settings = report.settings
    return (
        f"K = {report.space.size:,} operations, H = {report.space.log_size:.6f} nats; 95 % intervals; "
        f"{settings.mass_draws:,} draws behind p(x); seed {settings.seed}"
    )


def _grid(grid: Grid) -> dict[str, Any]:
    return asdict(grid)


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
