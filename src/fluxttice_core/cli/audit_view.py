"""How the findings of an audit look in a terminal."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from fluxttice_core.measurement.intervals import Interval
    from fluxttice_core.measurement.sample_report import SampleReport
    from fluxttice_core.measurement.verdict import Finding

__all__ = ["print_findings", "print_samples"]

_WIDTH = 100
_NO_BREAK = "\N{NO-BREAK SPACE}"
_COLOURS = {"impossible": "red", "below uniform": "yellow", "not enough said": "yellow"}


def print_findings(findings: Sequence[Finding]) -> None:
    """Print each verdict with its claim and reason, and the worst last where there are several."""
    from fluxttice_core.measurement.verdict import worst

    for finding in findings:
        typer.echo(f"{_coloured(finding.verdict.value)}: {finding.claim}")
        typer.echo(_wrapped(finding.sentence))
    if len(findings) > 1:
        typer.echo(f"in all: {_coloured(worst(findings).value)}")


def print_samples(report: SampleReport) -> None:
    """Print what a sample says of its generator, one figure a line."""
    lines = _lines(report)
    names, values = (max(len(line[column]) for line in lines) + 2 for column in (0, 1))
    for name, value, remark in lines:
        typer.echo(f"{name:<{names}}{value:<{values}}{remark}".rstrip())
    typer.echo()


def _lines(report: SampleReport) -> list[tuple[str, str, str]]:
    """Return name, value and remark of each figure."""
    from fluxttice_core.measurement.verdict import percent

    coverage = ""
    if report.coverage is not None and report.ceiling is not None:
        coverage = (
            f"{percent(report.coverage)} of {report.size:,}; uniform draws show {percent(report.ceiling)}"
        )
    missing, richness = report.missing_mass, report.richness
    estimated = [*report.hill_estimated]
    undetermined = "undetermined: draw more"
    column = (
        [] if report.column is None else [("column", report.column.strip(), "one of several in the file")]
    )
    return [
        *column,
        ("draws", f"{report.draws:,}", ""),
        ("distinct", f"{report.distinct:,}", coverage),
        ("drawn once, twice", f"{report.singletons:,}, {report.doubletons:,}", ""),
        (
            "mass not seen",
            f"{missing.estimate:.4f} [{missing.lower:.4f}, {missing.upper:.4f}]",
            undetermined
            if missing.upper - missing.lower == 1
            else "Good-Turing; blind to what is never made",
        ),
        ("reachable", _with_limits(richness), f"Chao1, estimates a lower bound{_cut(report)}"),
        ("", "undefined" if report.ace is None else f"{report.ace:,.0f}", "ACE"),
        ("effective number", ", ".join(map(_number, report.hill_observed)), "orders 0, 1, 2 in the sample"),
        ("", ", ".join(map(_number, estimated)), "estimated of the generator"),
    ]


def _cut(report: SampleReport) -> str:
    """Say that an estimate was cut at the size of the space, where it was."""
    cut = report.size is not None and report.richness.upper == report.size
    return f", cut at {report.size:,}" if cut else ""


def _with_limits(interval: Interval) -> str:
    """Return an interval of operations, whose upper end may be open."""
    upper = "open" if math.isinf(interval.upper) else f"{interval.upper:,.0f}"
    return f"{interval.estimate:,.0f} [{interval.lower:,.0f}, {upper}]"


def _wrapped(sentence: str) -> str:
    """Return a sentence in indented lines that break no probability or percentage apart."""
    joined = re.sub(r"(p) ([=<]) |(\d) (%)", lambda part: part[0].replace(" ", _NO_BREAK), sentence)
    lines = textwrap.fill(f"{joined}.", _WIDTH, initial_indent="  ", subsequent_indent="  ")
    return lines.replace(_NO_BREAK, " ")


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:,.0f}"


def _coloured(verdict: str) -> str:
    return typer.style(verdict, fg=_COLOURS.get(verdict, "green"), bold=True)
