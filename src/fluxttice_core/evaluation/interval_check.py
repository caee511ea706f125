"""The interval of every sampled figure, worked out again from the repeats or the error recorded beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.metric import LEVEL, Figure, equivalent_budget, share_interval
from fluxttice_core.metrics.settings import BRACKETED, Half, MeasurementSettings
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval, clopper_pearson, coverage_interval

_ROUNDING = 1e-9
_BRACKETED = {f"{rule}total_variation{beside}" for rule in ("", "argmax_") for beside in ("", "_to_target")}
_Coverage = Mapping[tuple[str, Half], Figure]


def wrong_intervals(report: Report) -> Iterator[str]:
    """A sentence for each figure whose interval does not follow from what is recorded beside it.

    Coverage and drawn accuracies are of as many repeats as the settings ask for, so that none was left out.
    They and other shares follow from their repeats, efficiency and equivalent draws from their coverage, and
    everything else from its standard error and degrees of freedom.
    """
    figures = [metric.figure for metric in report.metrics]
    law = None if report.target is None else report.target.law
    size = report.space.size if law is None else len(law.rows)
    coverage = {(f.quantity, f.half): f for f in figures if f.quantity.startswith("coverage/")}
    for figure in figures:
        due = _repeats_due(figure, report.settings)
        if figure.repeats != due:
            yield f"{figure.quantity} is of {figure.repeats} repeats, and its settings ask for {due}"
    for figure in figures:
        if figure.interval is None:
            if figure.error or figure.samples:
                yield f"{figure.quantity} is exact, and has an error or repeats"
        elif not _follows(figure, figure.interval, coverage, size, law):
            yield f"the interval of {figure.quantity} does not follow from its repeats or its error"


def _repeats_due(figure: Figure, settings: MeasurementSettings) -> int:
    """The repeats that the settings ask for, where they do, else those that there are."""
    if figure.quantity.startswith("coverage/"):
        return settings.repeats_of(figure.draws or 0)
    return settings.posterior_repeats if "/draw/" in figure.quantity else figure.repeats


def _follows(figure: Figure, stated: Interval, coverage: _Coverage, size: int, law: Target | None) -> bool:
    try:
        due = _due(figure, coverage, size, law)
    except MeasurementError:
        return False
    return (
        due is not None
        and stated.level == LEVEL
        and stated.method == (BRACKETED if figure.base in _BRACKETED else due.method)
        and stated.estimate == figure.value
        and all(_near(getattr(stated, end), getattr(due, end)) for end in ("estimate", "lower", "upper"))
    )


def _due(figure: Figure, coverage: _Coverage, size: int, law: Target | None) -> Interval | None:
    """The interval that a figure must have; none where what it follows from is missing."""
    name, _, rest = figure.quantity.partition("/")
    if name in ("efficiency", "equivalent_uniform_budget", "equivalent_target_budget"):
        share = coverage.get((f"coverage/{rest}", figure.half))
        if share is None or share.interval is None or not share.ceiling > 0:
            return None
        if name == "efficiency":
            return share.interval.scaled(1 / share.ceiling)
        return equivalent_budget(share.interval, size, law)
    if name == "coverage":
        if not all(0 <= share <= 1 for share in figure.samples):
            return None
        return coverage_interval(np.array([round(s * size) for s in figure.samples]), size, LEVEL)
    if figure.samples:
        return share_interval(np.array(figure.samples))
    if math.isinf(figure.value):
        return Interval(figure.value, figure.value, figure.value, LEVEL, "infinite")
    due = Estimate(figure.value, figure.error, figure.dof).interval(LEVEL)
    if name == "argmax_mass_outside" and figure.draws:
        return clopper_pearson(round(figure.value * figure.draws), figure.draws, LEVEL)
    if name == "mass_outside":
        return replace(due, lower=max(due.lower, 0.0), upper=min(due.upper, 1.0))
    return due


def _near(here: float, there: float) -> bool:
    return here == there or math.isclose(here, there, rel_tol=_ROUNDING, abs_tol=_ROUNDING)
