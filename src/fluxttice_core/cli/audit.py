"""The command `audit`: holds a claim, or files of samples, against the laws and the uniform null."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluxttice_core.audit.space_sizes import space_size as read_size
from fluxttice_core.audit.stated_claims import Claims, audit_claims
from fluxttice_core.audit.verdicts import Finding, Verdict, in_all, worst
from fluxttice_core.cli.audit_curve import Beside, CurveOptions
from fluxttice_core.cli.audit_curve import beside as measure_beside
from fluxttice_core.cli.audit_samples import SAMPLES, SampleOptions
from fluxttice_core.cli.audit_samples import counted as count_files
from fluxttice_core.cli.option_groups import option, with_groups
from fluxttice_core.cli.views.audit import print_findings, print_reading, print_samples
from fluxttice_core.cli.views.known_sets import print_beside
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from fluxttice_core.audit.counted import Counted
    from fluxttice_core.audit.sample_report import SampleReport

_COVERAGE, _SETS, _SCORES, _CODES = "Coverage", "Two sets", "Scores", "Codes and reconstruction"

_LEAST_SIGNIFICANCE = 1e-300
"""Below it floats end, and what they are one in is infinite."""

Text = str | None
Texts = list[str] | None


@dataclass(frozen=True)
class ClaimOptions:
    """What is claimed: the fields of `Claims`, and the size of the space."""

    draws: Annotated[Texts, option(_COVERAGE, "Number of independent draws; repeat for several budgets.")] = (
        None
    )
    distinct: Annotated[
        Texts, option(_COVERAGE, "Distinct kinds: 82% or .82 of the space, or a count; one a budget.")
    ] = None
    uniqueness: Annotated[Texts, option(_COVERAGE, "Distinct kinds over draws: 97.3%; one a budget.")] = None
    space_size: Annotated[
        Text, option(_COVERAGE, "Kinds in the space: 19683, 1e60, 4^20, dna:20, ternary:2.")
    ] = None
    sequence: Annotated[Text, option(_COVERAGE, "Results said never to fall, apart by commas.")] = None
    against_distinct: Annotated[Text, option(_SETS, "Distinct kinds of a second set.")] = None
    jaccard_distance: Annotated[Text, option(_SETS, "Distance of the two sets: .05, or .89...91.")] = None
    union: Annotated[Text, option(_SETS, "Kinds that the two sets cover together.")] = None
    entropy: Annotated[Text, option(_CODES, "Entropy of a histogram, in nats.")] = None
    bins: Annotated[Text, option(_CODES, "Bins of that histogram.")] = None
    wrong_trits: Annotated[Text, option(_CODES, "Tables with 0, 1, ... wrong trits, apart by commas.")] = None
    share: Annotated[Text, option(_CODES, "Share of tables said to have at most so many.")] = None
    kl: Annotated[Text, option(_CODES, "KL divergence in nats: 9.5, or .3..1.0.")] = None
    free_bits: Annotated[Text, option(_CODES, "Least that each dimension counts, in nats.")] = None
    dimensions: Annotated[Text, option(_CODES, "Latent dimensions.")] = None
    spearman: Annotated[Text, option(_SCORES, "Spearman's rank correlation.")] = None
    kendall: Annotated[Text, option(_SCORES, "Kendall's tau-b.")] = None
    pearson: Annotated[Text, option(_SCORES, "Pearson's correlation of levels 1, 2, ...")] = None
    levels: Annotated[Text, option(_SCORES, "Cases of each tied level, lowest first: 50,50.")] = None
    against_levels: Annotated[
        Text, option(_SCORES, "The same of the other variable; without it no ties.")
    ] = None
    correct: Annotated[Text, option(_SCORES, "Cases that were right.")] = None
    of: Annotated[Text, option(_SCORES, "Cases in all.")] = None
    claimed: Annotated[Text, option(_SCORES, "Share of them that is claimed: .288.")] = None


@with_groups
def audit(
    claims: ClaimOptions,
    files: SampleOptions,
    curve: CurveOptions,
    without_replacement: Annotated[
        bool, option(SAMPLES, "No kind comes twice.", "--without-replacement")
    ] = False,
    significance: Annotated[
        float, typer.Option(help="Probability below which a run counts as refuted.")
    ] = 0.001,
    require_uniform: Annotated[
        bool,
        typer.Option(
            "--require-uniform",
            "--require-law",
            help="Exit with 1 unless possible or consistent with the law.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check a claim, or files of samples, against the laws and the uniform null.

    Exit status: 0 if it is possible, 1 if it is refuted, 2 if it cannot be read.
    """
    if not _LEAST_SIGNIFICANCE <= significance < 1:
        least = f" and no less than {_LEAST_SIGNIFICANCE}" if 0 < significance < 1 else ""
        raise MeasurementError(
            f"--significance is a probability such as 0.001{least}, not {significance}", "out_of_range"
        )
    if without_replacement and files.monitor is not None:
        raise MeasurementError(
            "--monitor adds up independent draws, and --without-replacement says that these are none: leave "
            "one of them out",
            "contradictory",
        )
    if without_replacement and curve.asked:
        raise MeasurementError(
            "--curve, --plot, --csv, --wanted-mass and --wanted-kinds are of independent draws, and "
            "--without-replacement says that these are none: leave it, or them, out",
            "contradictory",
        )
    given = {name: value for name, value in vars(claims).items() if value is not None}
    size = read_size(given.pop("space_size")) if "space_size" in given else None
    findings = audit_claims(Claims(**given), size, significance)
    if without_replacement:
        _require_draws(files, claims)
    curve.require_sound(size)
    counted = count_files(files, size, curve.written, curve.require_wanted)
    report = None
    if counted is not None:
        finding, report = _judged(counted, size, significance, files.law, once_each=without_replacement)
        findings.append(finding)
    if not findings:
        raise MeasurementError(
            "nothing to audit: give --draws and --distinct, --samples, or another claim", "missing_option"
        )
    found = measure_beside(counted, size, curve, once_each=without_replacement)
    _show(findings, counted, report, found, significance, as_json=as_json, curve=curve.curve)
    _leave(findings, require_uniform=require_uniform)


def _require_draws(files: SampleOptions, claims: ClaimOptions) -> None:
    """Refuse to take claims for draws without replacement, which no law that they are held against is of."""
    if not (files.samples or files.counts or files.incidences):
        raise MeasurementError(
            "--without-replacement describes a file: give --samples or --counts as well", "missing_option"
        )
    if claims.draws:
        raise MeasurementError(
            "--draws claims independent draws, and --without-replacement says that these are none: audit the "
            "file and the claim apart",
            "contradictory",
        )


def _said(place: str) -> str:
    from fluxttice_core.audit.sources import STANDARD_INPUT

    return "standard input" if place == STANDARD_INPUT else f"'{Path(place).name}'"


def _judged(
    counted: Counted, size: int | None, significance: float, law: str | None, *, once_each: bool
) -> tuple[Finding, SampleReport | None]:
    """Judge the draws of this run, or those of all runs that are monitored; units alone have no report."""
    from fluxttice_core.audit.sample_report import finding_of_incidences, report_samples

    if counted.units is not None and size is None and law is None and not once_each:
        return finding_of_incidences(counted.tally, counted.units), None
    name = "uniform" if law is None else f"the law of {_said(law)}"
    report = report_samples(counted, size, significance, law_name=name, once_each=once_each)
    runs = counted.monitored
    return report.finding if runs is None else runs.finding(significance, name), report


def _show(
    findings: Sequence[Finding],
    counted: Counted | None,
    report: SampleReport | None,
    found: Beside,
    significance: float,
    *,
    as_json: bool,
    curve: bool,
) -> None:
    if not as_json:
        if counted is not None:
            print_reading(counted)
            if report is not None:
                print_samples(report)
            print_beside(found, curve=curve)
        print_findings(findings)
        return
    plain = {
        "verdict": in_all(findings),
        "significance": significance,
        "findings": [finding.as_json() for finding in findings],
        "samples": None if report is None else report.as_json(),
        **found.as_json(),
        "reading": None if counted is None else counted.reading(),
    }
    typer.echo(json.dumps(plain, indent=2, allow_nan=False))


def _leave(findings: Sequence[Finding], *, require_uniform: bool) -> None:
    """End with status 1 where a claim is refuted, or is not as good as was required."""
    enough = {Verdict.CONSISTENT, Verdict.POSSIBLE}
    if worst(findings) is Verdict.IMPOSSIBLE or (require_uniform and worst(findings) not in enough):
        raise typer.Exit(1)
