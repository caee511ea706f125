"""How draws beside known sets, their curve and what it takes to see more look in a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import typer

from fluxttice_core.audit.verdicts import percent
from fluxttice_core.cli.views.audit import shares

if TYPE_CHECKING:
    from fluxttice_core.audit.curves import Curve
    from fluxttice_core.audit.reference_set import Beside, NoveltyReport, ReferenceReport
    from fluxttice_core.cli.audit_curve import Beside as Found
    from fluxttice_core.statistics.intervals import Interval


def print_beside(found: Found, *, curve: bool) -> None:
    """Print what is known beside a sample, one figure a line."""
    lines: list[tuple[str, ...]] = []
    if found.reference is not None:
        lines += _reference(found.reference)
    if found.novelty is not None:
        lines += _novelty(found.novelty)
    if found.units is not None:
        lines += [(name, _number(value, 1), "") for name, value in found.units.items()]
    if found.curve is not None:
        if curve:
            lines += _curve(found.curve)
        wanted = "draws needed"
        for name, draws in found.curve.wanted.items():
            remark = f"to see {name}"
            remark += "; beyond twice the sample" if draws.estimate > 2 * found.curve.sample else ""
            lines.append((wanted, _number(draws, 0), remark))
    if lines:
        _print_columns(lines)
        typer.echo()


def _reference(report: ReferenceReport) -> list[tuple[str, ...]]:
    of = f"of {report.size:,} in the reference"
    named = {
        "coverage": (report.coverage, of),
        "completeness": (report.completeness, "of what an ideal sampler of it shows"),
        "closedness": (report.closedness, "of the draws are in it"),
        "outside": (report.outside, "of the draws are not"),
        "uniformity": (report.uniformity, "effective share of it, order 2, inside"),
        "U x C x C": (report.ucc, "uniformity, completeness and closedness"),
    }
    if report.completeness is None:  # without replacement, of which the rest says nothing
        named = {name: named[name] for name in ("coverage", "closedness", "outside")}
    return [_share(name, beside, remark) for name, (beside, remark) in named.items()]


def _novelty(report: NoveltyReport) -> list[tuple[str, ...]]:
    return [
        _share("novelty", report.novel, f"of the draws are not among {report.size:,} of training"),
        _share("", report.novel_kinds, "of the kinds drawn"),
    ]


def _share(name: str, beside: Beside | None, remark: str) -> tuple[str, ...]:
    if beside is None:
        return name, "undefined", f"{remark}: no kind was drawn twice"
    ideal = "" if beside.ideal is None else f"; ideal {percent(beside.ideal)}"
    shown = percent(beside.figure) if isinstance(beside.figure, float | int) else shares(beside.figure)
    return name, shown, f"{remark}{ideal}"


def _curve(curve: Curve) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = [
        ("draws, + beyond the sample", "mass seen", "kinds", "order 1", "order 2")
    ]
    for one in curve.by_draws:
        mark = "+" if one.draws.estimate > curve.sample else ""
        figures = (_number(figure, 1) for figure in one.hill)
        lines.append((f"{one.draws.estimate:,.0f}{mark}", shares(one.coverage), *figures))
    return lines


def _number(value: Interval | float | None, digits: int) -> str:
    """Write a number of kinds or draws, with its limits where it has any."""
    if value is None:
        return "undefined"
    if isinstance(value, float):
        return f"{value:,.0f}"
    ends = ("open" if math.isinf(end) else f"{end:,.{digits}f}" for end in (value.lower, value.upper))
    estimate = "never" if math.isinf(value.estimate) else f"{value.estimate:,.{digits}f}"
    return f"{estimate} [{', '.join(ends)}]"


def _print_columns(lines: list[tuple[str, ...]]) -> None:
    """Print lines of cells, those of as many cells below one another."""
    for length in sorted({len(line) for line in lines}):
        block = [line for line in lines if len(line) == length]
        widths = [max(len(line[column]) for line in block) + 2 for column in range(length)]
        for line in block:
            cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
            typer.echo("".join(cells).rstrip())
