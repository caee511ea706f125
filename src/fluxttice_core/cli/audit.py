"""The command `audit`: holds a claim, or files of samples, against the laws and the uniform null."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluxttice_core.audit.space_sizes import space_size as read_size
from fluxttice_core.audit.stated_claims import Claims, audit_claims
from fluxttice_core.audit.verdicts import Finding, Verdict, in_all, worst
from fluxttice_core.cli import audit_curve as of_curve
from fluxttice_core.cli import audit_samples as of_files
from fluxttice_core.cli.views.audit import print_findings, print_reading, print_samples
from fluxttice_core.cli.views.known_sets import print_beside
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from fluxttice_core.audit.counted import Counted
    from fluxttice_core.audit.sample_report import SampleReport

_COVERAGE, _SETS, _SCORES, _CODES = "Coverage", "Two sets", "Scores", "Codes and reconstruction"


def _option(panel: str, said: str) -> Any:
    return typer.Option(help=said, rich_help_panel=panel)


Text = str | None
Texts = list[str] | None
Number = int | None
Draws = Annotated[Texts, _option(_COVERAGE, "Number of independent draws; repeat for several budgets.")]
Distinct = Annotated[
    Texts, _option(_COVERAGE, "Distinct kinds: 82% or .82 of the space, or a count; one a budget.")
]
Uniqueness = Annotated[Texts, _option(_COVERAGE, "Distinct kinds over draws: 97.3%; one a budget.")]
SpaceSize = Annotated[Text, _option(_COVERAGE, "Kinds in the space: 19683, 1e60, 4^20, dna:20, ternary:2.")]
Steps = Annotated[Text, _option(_COVERAGE, "Results said never to fall, apart by commas.")]
AgainstDistinct = Annotated[Text, _option(_SETS, "Distinct kinds of a second set.")]
JaccardDistance = Annotated[Text, _option(_SETS, "Distance of the two sets: .05, or .89...91.")]
Union = Annotated[Text, _option(_SETS, "Kinds that the two sets cover together.")]
Entropy = Annotated[Text, _option(_CODES, "Entropy of a histogram, in nats.")]
Bins = Annotated[Text, _option(_CODES, "Bins of that histogram.")]
WrongTrits = Annotated[Text, _option(_CODES, "Tables with 0, 1, ... wrong trits, apart by commas.")]
Share = Annotated[Text, _option(_CODES, "Share of tables said to have at most so many.")]
Kl = Annotated[Text, _option(_CODES, "KL divergence in nats: 9.5, or .3..1.0.")]
FreeBits = Annotated[Text, _option(_CODES, "Least that each dimension counts, in nats.")]
Dimensions = Annotated[Text, _option(_CODES, "Latent dimensions.")]
Spearman = Annotated[Text, _option(_SCORES, "Spearman's rank correlation.")]
Kendall = Annotated[Text, _option(_SCORES, "Kendall's tau-b.")]
Pearson = Annotated[Text, _option(_SCORES, "Pearson's correlation of levels 1, 2, ...")]
Levels = Annotated[Text, _option(_SCORES, "Cases of each tied level, lowest first: 50,50.")]
AgainstLevels = Annotated[Text, _option(_SCORES, "The same of the other variable; without it no ties.")]
Correct = Annotated[Text, _option(_SCORES, "Cases that were right.")]
Of = Annotated[Text, _option(_SCORES, "Cases in all.")]
Claimed = Annotated[Text, _option(_SCORES, "Share of them that is claimed: .288.")]
Significance = Annotated[float, typer.Option(help="Probability below which a run counts as refuted.")]
RequireUniform = Annotated[
    bool,
    typer.Option(
        *("--require-uniform", "--require-law"),
        help="Exit with 1 unless possible or consistent with the law.",
    ),
]
OnceEach = Annotated[
    bool,
    typer.Option("--without-replacement", help="No kind comes twice.", rich_help_panel=of_files.SAMPLES),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def audit(
    draws: Draws = None,
    distinct: Distinct = None,
    uniqueness: Uniqueness = None,
    space_size: SpaceSize = None,
    sequence: Steps = None,
    against_distinct: AgainstDistinct = None,
    jaccard_distance: JaccardDistance = None,
    union: Union = None,
    entropy: Entropy = None,
    bins: Bins = None,
    wrong_trits: WrongTrits = None,
    share: Share = None,
    kl: Kl = None,
    free_bits: FreeBits = None,
    dimensions: Dimensions = None,
    spearman: Spearman = None,
    kendall: Kendall = None,
    pearson: Pearson = None,
    levels: Levels = None,
    against_levels: AgainstLevels = None,
    correct: Correct = None,
    of: Of = None,
    claimed: Claimed = None,
    samples: of_files.Samples = None,
    counts: of_files.Counts = None,
    incidences: of_files.Incidences = None,
    column: of_files.Column = None,
    file_format: of_files.FileFormat = None,
    skip: of_files.Skip = None,
    canonical: of_files.Canonical = None,
    base: of_files.Base = None,
    arity: of_files.Arity = None,
    law: of_files.Law = None,
    reference: of_files.Reference = None,
    training: of_files.Training = None,
    save_counts: of_files.SaveCounts = None,
    monitor: of_files.Monitor = None,
    memory: of_files.Memory = of_files.DEFAULTS["memory"],
    engine: of_files.Engine = of_files.DEFAULTS["engine"],
    curve: of_curve.ShowCurve = False,
    plot: of_curve.Plot = None,
    csv: of_curve.Csv = None,
    wanted_mass: of_curve.WantedMass = None,
    wanted_kinds: of_curve.WantedKinds = None,
    without_replacement: OnceEach = False,
    significance: Significance = 0.001,
    require_uniform: RequireUniform = False,
    as_json: AsJson = False,
) -> None:
    """Check a claim, or files of samples, against the laws and the uniform null.

    Exit status: 0 if it is possible, 1 if it is refuted, 2 if it cannot be read.
    """
    if not 0 < significance < 1:
        raise MeasurementError(
            f"--significance is a probability such as 0.001, not {significance}", "out_of_range"
        )
    if without_replacement and monitor is not None:
        raise MeasurementError(
            "--monitor adds up independent draws, and --without-replacement says that these are none: leave "
            "one of them out",
            "contradictory",
        )
    size = None if space_size is None else read_size(space_size)
    claims = Claims(
        draws=draws or (),
        distinct=distinct or (),
        uniqueness=uniqueness or (),
        sequence=sequence,
        against_distinct=against_distinct,
        jaccard_distance=jaccard_distance,
        union=union,
        entropy=entropy,
        bins=bins,
        wrong_trits=wrong_trits,
        share=share,
        kl=kl,
        free_bits=free_bits,
        dimensions=dimensions,
        spearman=spearman,
        kendall=kendall,
        pearson=pearson,
        levels=levels,
        against_levels=against_levels,
        correct=correct,
        of=of,
        claimed=claimed,
    )
    findings = audit_claims(claims, size, significance)
    counted = of_files.counted(
        samples,
        counts,
        incidences,
        size,
        memory=memory,
        engine=engine,
        column=column,
        format=file_format,
        skip=skip,
        canonical=canonical,
        base=base,
        arity=arity,
        law=law,
        reference=reference,
        training=training,
        save_counts=save_counts,
        monitor=monitor,
    )
    report = None
    if counted is not None:
        asked = size is not None or law is not None or without_replacement
        if counted.units is None or asked:
            report = _measured(counted, size, significance, law, once_each=without_replacement)
        findings.append(_found(counted, report, significance, law))
    if not findings:
        raise MeasurementError(
            "nothing to audit: give --draws and --distinct, --samples, or another claim", "missing_option"
        )
    found = of_curve.beside(counted, size, of_curve.CurveOptions(curve, plot, csv, wanted_mass, wanted_kinds))
    _show(findings, counted, report, found, significance, as_json=as_json, curve=curve)
    _leave(findings, require_uniform=require_uniform)


def _found(counted: Counted, report: SampleReport | None, significance: float, law: str | None) -> Finding:
    """Judge the draws of this run, or those of all runs that are monitored."""
    from fluxttice_core.audit.sample_report import finding_of_incidences

    if report is None:
        return finding_of_incidences(counted.tally, counted.units or 0)
    runs = counted.monitored
    return report.finding if runs is None else runs.finding(significance, _law_name(law))


def _measured(
    counted: Counted, size: Number, significance: float, law: str | None, *, once_each: bool
) -> SampleReport:
    from fluxttice_core.audit.sample_report import report_samples

    return report_samples(counted, size, significance, law_name=_law_name(law), once_each=once_each)


def _law_name(law: str | None) -> str:
    return "uniform" if law is None else f"the law of '{Path(law).name}'"


def _show(
    findings: Sequence[Finding],
    counted: Counted | None,
    report: SampleReport | None,
    found: of_curve.Beside,
    significance: float,
    *,
    as_json: bool,
    curve: bool,
) -> None:
    """Print what was found."""
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
