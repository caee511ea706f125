"""How the findings of an audit look in a terminal."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import typer

from fluxttice_core.audit.verdicts import Finding, Verdict, in_all, many, outwards, percent, worst

if TYPE_CHECKING:
    from fluxttice_core.audit.counted import Counted
    from fluxttice_core.audit.fit import Fit
    from fluxttice_core.audit.sample_report import SampleReport
    from fluxttice_core.statistics.intervals import Interval

_WIDTH = 100
_NO_BREAK = "\N{NO-BREAK SPACE}"
_COLOURS = {Verdict.CONSISTENT: "green", Verdict.POSSIBLE: "green", Verdict.IMPOSSIBLE: "red"}


def print_findings(findings: Sequence[Finding]) -> None:
    """Print each verdict with its claim and reason, and the worst last where there are several."""
    for finding in findings:
        typer.echo(f"{_coloured(str(finding), finding.verdict)}: {finding.claim}")
        typer.echo(_wrapped(finding.sentence))
    if len(findings) > 1:
        typer.echo(f"in all: {_coloured(in_all(findings), worst(findings))}")


def print_reading(counted: Counted) -> None:
    """Print how files were read: what was left out of them, and what was taken for granted."""
    if counted.left_out:
        listed = ", ".join(f"{number:,} that are {why}" for why, number in counted.left_out.items())
        typer.echo(_wrapped(f"left out: {listed}"))
    for note in counted.notes:
        typer.echo(_wrapped(f"note: {note}"))


def print_samples(report: SampleReport) -> None:
    """Print what a sample says of its generator, one figure a line."""
    lines = _lines(report)
    names, values = (max(len(line[column]) for line in lines) + 2 for column in (0, 1))
    for name, value, remark in lines:
        typer.echo(f"{name:<{names}}{value:<{values}}{remark}".rstrip())
    typer.echo()


def _lines(report: SampleReport) -> list[tuple[str, str, str]]:
    """Return name, value and remark of each figure, intervals in brackets."""
    column = (
        [] if report.column is None else [("column", report.column.strip(), "one of several in the file")]
    )
    return [
        *column,
        ("draws", f"{report.draws:,}", ""),
        ("distinct", f"{report.distinct:,}", ""),
        ("drawn once, twice", f"{report.singletons:,}, {report.doubletons:,}", ""),
        *_coverage(report),
        *_fit(report.fit),
        *_richness(report),
        *_effective(
            "effective number", "in the sample", report.hill_observed, report.hill_observed_intervals
        ),
        *_effective(
            "", "of the generator, estimated", report.hill_estimated, report.hill_estimated_intervals
        ),
    ]


def _coverage(report: SampleReport) -> list[tuple[str, str, str]]:
    coverage, efficiency = report.coverage_interval, report.efficiency_interval
    if report.coverage is None or report.size is None:
        return []
    if coverage is None or efficiency is None or report.ceiling is None:
        return [("coverage", percent(report.coverage), f"of {many(report.size)}")]
    beside = f"of {many(report.size)}; uniform draws show {percent(report.ceiling)}"
    return [
        ("coverage", shares(coverage), beside),
        ("efficiency", shares(efficiency), "of what uniform draws show"),
    ]


def _richness(report: SampleReport) -> list[tuple[str, str, str]]:
    if report.missing_mass is None or report.richness is None or report.chao1 is None:
        return []
    return [
        ("mass not seen", *_mass(report.missing_mass)),
        (
            "reachable",
            _operations(report.richness),
            f"Chao1, bias-corrected: a lower bound{_cut(report.richness, report.size)}",
        ),
        ("", *_other_forms(report.chao1)),
        ("", _operations(report.ace_interval), "ACE"),
    ]


def _fit(fit: Fit | None) -> list[tuple[str, str, str]]:
    """Return the lines of how far the counts are from the law, and of the kinds that are to blame."""
    if fit is None:
        return []
    lines = []
    if fit.total_variation is not None:
        limits = outwards(fit.total_variation.lower, fit.total_variation.upper)
        lines = [("total variation", limits, f"from {fit.law}"), _unevenness(fit)]
    if fit.finding.verdict is Verdict.NOT_UNIFORM:
        others = [kind for kind in fit.least if kind[0] not in {label for label, _, _ in fit.most}]
        for name, kinds in (("drawn most", fit.most), ("drawn least", others)):
            lines += [
                ("" if place else name, f"{label}: {draws:,}", f"{_decimals(ratio)} times what the law says")
                for place, (label, draws, ratio) in enumerate(kinds)
            ]
    return lines


def _unevenness(fit: Fit) -> tuple[str, str, str]:
    found = fit.unevenness
    if fit.outside:
        return "sum of p^2/q", "endless", "of kinds to which the law gives nothing"
    if found is None:
        return "sum of p^2/q", "undetermined", "of too few draws: less than two kinds are expected 5 times"
    _, _, rare = found.method.partition(", ")
    return "sum of p^2/q", _decimals(found), f"1 if {fit.law}{rare and '; '}{rare}"


def _decimals(interval: Interval) -> str:
    """Return an interval of a ratio with four digits."""
    return _bracketed(interval, lambda end: "open" if math.isinf(end) else many(end, _places(end)))


def _places(value: float) -> int:
    return min(max(0, 3 - math.floor(math.log10(value))), 4) if value > 0 else 1


def _bracketed(interval: Interval, write: Callable[[float], str]) -> str:
    estimate, lower, upper = map(write, (interval.estimate, interval.lower, interval.upper))
    return f"{estimate} [{lower}, {upper}]"


def shares(interval: Interval) -> str:
    """Return an interval of shares as percent."""
    return _bracketed(interval, percent)


def _mass(missing: Interval) -> tuple[str, str]:
    """Return the mass not seen, and whether anything is known of it."""
    known = missing.upper - missing.lower < 1
    remark = "Good-Turing; blind to what is never made" if known else "undetermined: draw more"
    return _bracketed(missing, "{:.4f}".format), remark


def _effective(
    name: str, of: str, values: Sequence[float | None] | None, intervals: Sequence[Interval | None] | None
) -> list[tuple[str, str, str]]:
    lines: list[tuple[str, str, str]] = []
    if values is None or intervals is None:
        return lines
    for order, (value, interval) in enumerate(zip(values, intervals, strict=True)):
        places = 2 if order else 0
        alone = "undefined" if value is None else f"{value:,.{places}f} [undetermined]"
        shown = alone if interval is None else _operations(interval, places)
        lines.append(("" if order else name, shown, f"order {order}, {of}"))
    return lines


def _other_forms(chao1: dict[str, float | int]) -> tuple[str, str]:
    classic, factor = chao1["classic"], chao1["iNEXT"]
    return f"{classic:,.1f}; {factor:,.1f}", "its classic form; that with iNEXT's factor (n-1)/n"


def _cut(richness: Interval, size: int | None) -> str:
    """Say that an estimate was cut at the size of the space, where it was."""
    return "" if size is None or richness.upper != size else f", cut at {many(size)}"


def _operations(interval: Interval | None, places: int = 0) -> str:
    """Return an interval of kinds, whose upper end may be open, or that there is none."""
    if interval is None:
        return "undefined"
    return _bracketed(interval, lambda end: "open" if math.isinf(end) else many(end, places))


def _wrapped(sentence: str) -> str:
    """Return a sentence in indented lines that break no probability or percentage apart."""
    joined = re.sub(r"(p) ([=<]) |(\d) (%)", lambda part: part[0].replace(" ", _NO_BREAK), sentence)
    lines = textwrap.fill(f"{joined}.", _WIDTH, initial_indent="  ", subsequent_indent="  ")
    return lines.replace(_NO_BREAK, " ")


def _coloured(words: str, verdict: Verdict) -> str:
    return typer.style(words, fg=_COLOURS.get(verdict, "yellow"), bold=True)
