"""Measuring a sample of any generator: richness where the space is unknown, coverage where it is known."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from fluxttice_core.audit.counted import Counted
from fluxttice_core.audit.counts import require_room
from fluxttice_core.audit.fit import Ends, Fit, fit_of, without_replacement
from fluxttice_core.audit.verdicts import SIGNIFICANCE, Finding, Verdict
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.hill_numbers import estimated_hill_number, hill_number
from fluxttice_core.statistics.intervals import Interval
from fluxttice_core.statistics.richness import ace, chao1_forms
from fluxttice_core.statistics.richness_intervals import (
    ace_interval,
    distinct_interval,
    estimated_hill_interval,
    observed_hill_interval,
    reachable_interval,
    unseen_mass_interval,
)
from fluxttice_core.statistics.tally import LawTally, Tally
from fluxttice_core.statistics.uniform_moments import expected_share


@dataclass(frozen=True, kw_only=True)
class SampleReport:
    """What a sample says of its generator.

    Figures that are of independent draws are None where these were without replacement.

    Args:
        column: Name of the column or array that was read, where its file has others.
        draws: Number of samples, N.
        distinct: Different operations among them.
        singletons: Operations drawn once, F1.
        doubletons: Operations drawn twice, F2.
        size: Operations in the space, K; None if unknown.
        coverage: Distinct operations as a share of the space; None if its size is unknown, or less than them.
        ceiling: The share that N uniform draws are expected to show.
        efficiency: Coverage over its ceiling.
        coverage_interval: Of the coverage that so many draws are expected to show.
        efficiency_interval: The same over the ceiling.
        missing_mass: Good-Turing estimate of the mass not seen, with Esty's interval, wider where counts are
            few.
        richness: Chao1, which estimates a lower bound of the operations that the generator reaches, with its
            interval; cut at the size of the space, and without an upper limit where counts set none.
        chao1: Its bias-corrected, its classic form and that of iNEXT by name, none of them cut.
        ace: The abundance-based estimate of the same, cut likewise; None where it is undefined.
        ace_interval: Its interval.
        hill_observed: Effective numbers of orders 0, 1 and 2 in the sample.
        hill_observed_intervals: Of those that so many draws are expected to show; None where the draws do not
            determine one.
        hill_estimated: Estimates of the generator's own; None where one is undefined.
        hill_estimated_intervals: Of the generator's own.
        fit: The counts beside the uniform or the stated law; None where there is no law, or draws are without
            replacement.
        finding: The verdict.
    """

    column: str | None
    draws: int
    distinct: int
    singletons: int
    doubletons: int
    size: int | None
    coverage: float | int | None
    ceiling: float | int | None = None
    efficiency: float | int | None = None
    coverage_interval: Interval | None = None
    efficiency_interval: Interval | None = None
    missing_mass: Interval | None = None
    richness: Interval | None = None
    chao1: dict[str, float | int] | None = None
    ace: float | int | None = None
    ace_interval: Interval | None = None
    hill_observed: tuple[float | int, float | int, float | int] | None = None
    hill_observed_intervals: tuple[Interval, Interval | None, Interval | None] | None = None
    hill_estimated: tuple[float | int, float | int, float | int | None] | None = None
    hill_estimated_intervals: tuple[Interval, Interval | None, Interval | None] | None = None
    fit: Fit | None = None
    finding: Finding

    def __repr__(self) -> str:
        return f"<sample report: {self.finding}, {self.distinct:,} distinct of {self.draws:,} draws>"

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values, an endless limit as none."""
        plain = _finite(asdict(self))
        if self.fit is not None:
            plain["fit"] = {name: value for name, value in plain["fit"].items() if name != "finding"}
        return {**plain, "finding": self.finding.as_json()}


def report_samples(
    counted: Counted,
    size: int | None = None,
    significance: float | int = SIGNIFICANCE,
    *,
    law_name: str = "the law",
    once_each: bool = False,
) -> SampleReport:
    """Measure draws that were counted, as `report_tally` does, in the space that they name or of that size.

    `once_each`: they were drawn without replacement.

    Raises:
        MeasurementError: If there is no draw, there are more kinds than the space has, the draws name one of
            another size, no draws but incidences were counted, or a law is stated for draws without
            replacement.
    """
    if counted.units is not None:
        raise MeasurementError(
            "kinds were noted by sampling unit, which are no draws: no law can be tested, and coverage and "
            "mass are unknown; leave the size of the space, the law and the sampling without replacement out",
            "contradictory",
        )
    if once_each and counted.law_tally is not None:
        raise MeasurementError(
            "a stated law says how often kinds come back, and without replacement none does: leave one of "
            "them out",
            "contradictory",
        )
    if size is not None and counted.size not in (None, size):
        raise MeasurementError(
            f"the draws are operations of a space of {counted.size:,}, not {size:,}: leave the size out",
            "contradictory",
        )
    size = size if counted.size is None else counted.size
    ends = counted.law_ends
    if ends is None and size is not None:
        most, least = (
            [(label, n, 1 / size) for label, n in kinds] for kinds in (counted.most, counted.least)
        )
        ends = Ends(most, least)
    return report_tally(
        counted.tally,
        size=size,
        law=counted.law_tally,
        law_name=law_name,
        ends=ends,
        column=counted.column,
        once_each=once_each,
        significance=significance,
    )


def report_tally(
    tally: Tally,
    *,
    size: int | None = None,
    law: LawTally | None = None,
    law_name: str = "the law",
    ends: Ends | None = None,
    column: str | None = None,
    once_each: bool = False,
    significance: float | int = SIGNIFICANCE,
) -> SampleReport:
    """Measure counts: their richness, coverage of a space of known size, and a verdict where there is a law.

    Good-Turing's mass says nothing of operations that are never made; Chao1 estimates how many are, at least.

    Example:
        >>> import numpy as np
        >>> drawn = np.random.default_rng(0).integers(0, 19_683, 10_000)
        >>> report = report_tally(Tally.of_counts(np.bincount(drawn)), size=19_683)
        >>> report.finding.verdict.value, round(report.ceiling, 4)
        ('consistent with uniform', 0.3983)

    Args:
        tally: How often kinds were drawn.
        size: Kinds in the space, K, if it is known.
        law: The same draws beside a stated law, which takes the place of the uniform one.
        law_name: What it is called.
        ends: Kinds to show beside what the law says.
        column: Name of the column that was read, where its file has others.
        once_each: Whether kinds were drawn without replacement.
        significance: Probability with which draws of the law are refused.

    Raises:
        MeasurementError: If there is no draw, or more kinds were drawn, not once each, than the space has.
    """
    distinct = tally.distinct
    if not once_each:
        require_room(distinct, size)
    fit = None
    if not once_each and law is not None:
        fit = fit_of(law, None, significance, law_name, ends)
    elif not once_each and size is not None:
        fit = fit_of(tally, size, significance, ends=ends)
    return SampleReport(
        column=column,
        draws=tally.draws,
        distinct=distinct,
        singletons=tally.once,
        doubletons=tally.twice,
        size=size,
        coverage=None if size is None or distinct > size else distinct / size,
        fit=fit,
        finding=_finding(tally, size, fit, once_each=once_each),
        **({} if once_each else _of_independent(tally, size)),
    )


def _of_independent(tally: Tally, size: int | None) -> dict[str, Any]:
    """Return the figures of a report that take the draws to be independent."""
    draws, distinct = tally.draws, tally.distinct
    richness = within(reachable_interval(tally), size)
    shown = distinct_interval(distinct, draws, richness.upper if size is None else float(size))
    most = math.inf if size is None else float(size)
    return {
        **({} if size is None else _efficiency(tally, shown, size)),
        "missing_mass": unseen_mass_interval(tally),
        "richness": richness,
        "chao1": chao1_forms(tally),
        "ace": _defined(lambda: min(ace(tally), most)),
        "ace_interval": _within(ace_interval(tally), size),
        "hill_observed": (hill_number(tally, 0), hill_number(tally, 1), hill_number(tally, 2)),
        "hill_observed_intervals": (
            shown,
            _within(observed_hill_interval(tally, 1), size),
            _within(observed_hill_interval(tally, 2), size),
        ),
        "hill_estimated": (
            min(estimated_hill_number(tally, 0), most),
            min(estimated_hill_number(tally, 1), most),
            _defined(lambda: min(estimated_hill_number(tally, 2), most)),
        ),
        "hill_estimated_intervals": (
            richness,
            _within(estimated_hill_interval(tally, 1), size),
            _within(estimated_hill_interval(tally, 2), size),
        ),
    }


def _efficiency(tally: Tally, shown: Interval, size: int) -> dict[str, Any]:
    """Return how much of a space was seen, beside uniform draws; `shown` is the interval of kinds."""
    ceiling = expected_share(size, tally.draws)
    return {
        "ceiling": ceiling,
        "efficiency": tally.distinct / size / ceiling,
        "coverage_interval": shown.scaled(1 / size),
        "efficiency_interval": shown.scaled(1 / size / ceiling),
    }


def finding_of_incidences(tally: Tally, units: int) -> Finding:
    """Return that presence in sampling units is no ground for a verdict."""
    claim = f"{tally.distinct:,} kinds in {units:,} sampling units"
    reason = "presence says how many kinds there are, not how evenly they are drawn: richness alone is given"
    return Finding(claim, Verdict.NOT_ENOUGH_SAID, "incidences", None, None, "fraction", None, reason)


def within(interval: Interval, size: int | None) -> Interval:
    """Return an interval of operations cut at the size of their space, if that is known."""
    most = math.inf if size is None else float(size)
    estimate, lower, upper = (min(end, most) for end in (interval.estimate, interval.lower, interval.upper))
    return replace(interval, estimate=estimate, lower=lower, upper=upper)


def _within(interval: Interval | None, size: int | None) -> Interval | None:
    """Return an interval, if there is one, cut at the size of the space."""
    return None if interval is None else within(interval, size)


def _finite(value: Any) -> Any:
    """Return plain values with none in the place of infinity, which JSON does not have."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_finite(item) for item in value]
    return None if value == math.inf else value


def _finding(tally: Tally, size: int | None, fit: Fit | None, *, once_each: bool) -> Finding:
    """Judge the counts, if there is anything to hold them against."""
    if once_each:
        return without_replacement(tally, size)
    if fit is not None:
        return fit.finding
    claim = f"{tally.distinct:,} distinct among {tally.draws:,} draws"
    reason = "a verdict needs the size of the space, or a law: richness alone is given"
    return Finding(claim, Verdict.NOT_ENOUGH_SAID, "all counts", None, None, "fraction", None, reason)


def _defined(estimate: Callable[[], float | int]) -> float | int | None:
    """Return an estimate, or None where the sample leaves it undefined."""
    try:
        return estimate()
    except MeasurementError:
        return None
