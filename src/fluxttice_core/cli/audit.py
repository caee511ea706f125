"""The command `audit`: holds a claim, or files of samples, against the laws and the uniform null."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from fluxttice_core.audit import other_claims
from fluxttice_core.audit.printed_numbers import (
    Stated,
    share_of_all,
    stated_count,
    stated_number,
    stated_shares,
)
from fluxttice_core.audit.verdicts import Finding, Verdict, in_all, worst
from fluxttice_core.cli import audit_samples as of_files
from fluxttice_core.cli.views.audit import print_findings, print_reading, print_samples
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from fluxttice_core.audit.counted import Counted
    from fluxttice_core.audit.sample_report import SampleReport

_TERNARY_OPERATIONS = 19_683
_LARGEST_SPACE = 2**63

_COVERAGE, _SETS, _CODES = "Coverage", "Two sets", "Codes and reconstruction"


def _option(panel: str, said: str) -> Any:
    return typer.Option(help=said, rich_help_panel=panel)


Text = str | None
Texts = list[str] | None
Number = int | None
Draws = Annotated[Texts, _option(_COVERAGE, "Number of independent draws; repeat for several budgets.")]
Distinct = Annotated[Texts, _option(_COVERAGE, "Distinct operations: 82%, .82 or a count; one a budget.")]
SpaceSize = Annotated[Text, _option(_COVERAGE, "Operations in the space; 19,683 for claims.")]
Steps = Annotated[Text, _option(_COVERAGE, "Results said never to fall, apart by commas.")]
AgainstDistinct = Annotated[Text, _option(_SETS, "Distinct operations of a second set.")]
JaccardDistance = Annotated[Text, _option(_SETS, "Distance of the two sets: .05, or .89...91.")]
Union = Annotated[Text, _option(_SETS, "Operations that the two sets cover together.")]
Entropy = Annotated[Text, _option(_CODES, "Entropy of a histogram, in nats.")]
Bins = Annotated[Text, _option(_CODES, "Bins of that histogram.")]
WrongTrits = Annotated[Text, _option(_CODES, "Tables with 0, 1, ... wrong trits, apart by commas.")]
Share = Annotated[Text, _option(_CODES, "Share of tables said to have at most so many.")]
Kl = Annotated[Text, _option(_CODES, "KL divergence in nats: 9.5, or .3..1.0.")]
FreeBits = Annotated[Text, _option(_CODES, "Least that each dimension counts, in nats.")]
Dimensions = Annotated[Text, _option(_CODES, "Latent dimensions.")]
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
    memory: of_files.Memory = "1GB",
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
    size = _space(space_size)
    claimed = size or _TERNARY_OPERATIONS
    shares = _shares(distinct or [], against_distinct, union, claimed)
    findings = [
        *_points(draws or [], shares, claimed, significance),
        *_steps(sequence),
        *_sets(shares, jaccard_distance),
        *_histogram(entropy, bins),
        *_wrong_trits(wrong_trits, share, claimed),
        *_clamped(kl, free_bits, dimensions),
    ]
    counted = of_files.counted(
        samples,
        counts,
        incidences,
        size,
        memory,
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
    report = (
        None
        if counted is None
        else _measured(counted, size, significance, law, once_each=without_replacement)
    )
    if report is not None and counted is not None:
        runs = counted.monitored
        findings.append(report.finding if runs is None else runs.finding(significance, _law_name(law)))
    if not findings:
        raise MeasurementError(
            "nothing to audit: give --draws and --distinct, --samples, or another claim", "missing_option"
        )
    _show(findings, counted, report, significance, as_json=as_json)
    _leave(findings, require_uniform=require_uniform)


def _space(space_size: str | None) -> int | None:
    """Read the size of the space."""
    if space_size is None:
        return None
    size = stated_count(space_size)
    if not 1 <= size <= _LARGEST_SPACE:
        raise MeasurementError(f"--space-size lies between 1 and 2^63, not at {space_size}", "out_of_range")
    return size


def _together(**options: object) -> bool:
    """Return whether all of some options are given, none being allowed to miss the others."""
    missing = [name for name, value in options.items() if value is None]
    if missing and len(missing) < len(options):
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in options)
        raise MeasurementError(
            f"{flags} belong together: give {'both' if len(options) == 2 else 'all of them'}",
            "missing_option",
        )
    return not missing


class _Shares(NamedTuple):
    """Shares of one space, as they were claimed beside each other."""

    distinct: list[Stated]
    against: Stated | None
    union: Stated | None


def _shares(distinct: Sequence[str], against: str | None, union: str | None, size: int) -> _Shares:
    """Read shares of one space together: what `1` is depends on what stands beside it."""
    sets = [text for text in (against, union) if text is not None]
    read = iter(stated_shares([*distinct, *sets], size))
    return _Shares(
        [next(read) for _ in distinct],
        None if against is None else next(read),
        None if union is None else next(read),
    )


def _points(draws: Sequence[str], shares: _Shares, size: int, significance: float) -> Iterator[Finding]:
    """Audit distinct operations at each budget, and what several results say of one generator.

    A second set is no second result: another generator may have made it.
    """
    from fluxttice_core.audit.coverage_claims import Point, audit_point
    from fluxttice_core.audit.curve_claims import audit_curve

    distinct, against = shares.distinct, shares.against
    if draws and distinct and len(draws) != len(distinct):
        raise MeasurementError(
            "each --draws needs its own --distinct: give as many of one as of the other", "missing_option"
        )
    budgets = [stated_count(text) for text in draws]
    points = [Point(budget, stated) for budget, stated in zip(budgets, distinct, strict=False)]
    if against is not None and len(budgets) == 1:
        points.append(Point(budgets[0], against))
    yield from (audit_point(point, size, significance) for point in points)
    if len(budgets) > 1 and points:
        yield audit_curve(points, size, significance)
    if not points and against is None:
        yield from (_half_said(f"{text} draws", "how many were distinct") for text in draws)
        yield from (_half_said(f"{stated.text} distinct", "how many were drawn") for stated in distinct)


def _half_said(claim: str, missing: str) -> Finding:
    """Return the finding that a claim leaves out what decides."""
    reason = f"the claim does not say {missing}"
    return Finding(claim, Verdict.NOT_ENOUGH_SAID, "uniform null", None, None, "fraction", None, reason)


def _steps(sequence: str | None) -> Iterator[Finding]:
    """Audit results that are said never to fall."""
    if sequence is not None:
        yield other_claims.audit_sequence([stated_number(text) for text in sequence.split(",")])


def _sets(shares: _Shares, distance: str | None) -> Iterator[Finding]:
    """Audit what is said of two sets."""
    distinct, against, union = shares
    if against is None and distance is None and union is None:
        return
    if against is None or len(distinct) != 1 or (distance is None and union is None):
        raise MeasurementError(
            "two sets need one --distinct, one --against-distinct, and --jaccard-distance or --union",
            "missing_option",
        )
    apart = None if distance is None else stated_number(distance)
    if apart is not None:
        yield other_claims.audit_jaccard_distance(distinct[0], against, apart)
    if union is not None:
        yield other_claims.audit_union(distinct[0], against, union)
    if apart is not None and union is not None:
        yield other_claims.audit_distance_and_union(distinct[0], against, apart, union)


def _histogram(entropy: str | None, bins: str | None) -> Iterator[Finding]:
    """Audit the entropy of a histogram."""
    if _together(entropy=entropy, bins=bins):
        yield other_claims.audit_histogram_entropy(stated_number(entropy or ""), stated_count(bins or ""))


def _wrong_trits(counts: str | None, share: str | None, size: int) -> Iterator[Finding]:
    """Audit a share of tables against their counts."""
    if _together(wrong_trits=counts, share=share):
        tables = [stated_count(text) for text in (counts or "").split(",")]
        yield other_claims.audit_wrong_trits(tables, share_of_all(share or "", size), size)


def _clamped(kl: str | None, free_bits: str | None, dimensions: str | None) -> Iterator[Finding]:
    """Audit a KL divergence under free bits."""
    if _together(kl=kl, free_bits=free_bits, dimensions=dimensions):
        floor = stated_number(free_bits or "")
        yield other_claims.audit_free_bits(stated_number(kl or ""), floor, stated_count(dimensions or ""))


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
    significance: float,
    *,
    as_json: bool,
) -> None:
    """Print what was found."""
    if not as_json:
        if counted is not None and report is not None:
            print_reading(counted)
            print_samples(report)
        print_findings(findings)
        return
    plain = {
        "verdict": in_all(findings),
        "significance": significance,
        "findings": [finding.as_json() for finding in findings],
        "samples": None if report is None else report.as_json(),
        "reading": None if counted is None else {"left_out": counted.left_out, "notes": counted.notes},
    }
    typer.echo(json.dumps(plain, indent=2, allow_nan=False))


def _leave(findings: Sequence[Finding], *, require_uniform: bool) -> None:
    """End with status 1 where a claim is refuted, or is not as good as was required."""
    enough = {Verdict.CONSISTENT, Verdict.POSSIBLE}
    if worst(findings) is Verdict.IMPOSSIBLE or (require_uniform and worst(findings) not in enough):
        raise typer.Exit(1)
