"""Measuring a sample of any generator: richness where the space is unknown, coverage where it is known."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from fluxttice_core.errors import MeasurementError
from fluxttice_core.measurement.abundance import counts_of, drawn_exactly
from fluxttice_core.measurement.coverage_claims import Point, audit_point
from fluxttice_core.measurement.hill_numbers import estimated_hill_number, hill_number
from fluxttice_core.measurement.intervals import Interval
from fluxttice_core.measurement.richness import ace, chao1_interval, missing_mass_interval
from fluxttice_core.measurement.sample_values import Samples
from fluxttice_core.measurement.stated import stated_share
from fluxttice_core.measurement.uniform_null import expected_share
from fluxttice_core.measurement.verdict import SIGNIFICANCE, Finding, Verdict


@dataclass(frozen=True)
class SampleReport:
    """What a sample says of its generator.

    Args:
        column: Name of the column or array that was read, where its file has others.
        draws: Number of samples, N.
        distinct: Different operations among them.
        singletons: Operations drawn once, F1.
        doubletons: Operations drawn twice, F2.
        size: Operations in the space, K; None if unknown.
        coverage: Distinct operations as a share of the space; None if its size is unknown.
        ceiling: The share that N uniform draws are expected to show.
        efficiency: Coverage over its ceiling.
        missing_mass: Good-Turing estimate of the mass not seen, with Esty's interval.
        richness: Chao1, a lower bound of the operations that the generator reaches, with its interval.
        ace: The abundance-based estimate of the same; None where it is undefined.
        hill_observed: Effective numbers of orders 0, 1 and 2 in the sample.
        hill_estimated: Estimates of the generator's own; None where one is undefined.
        finding: The sample against the uniform null.
    """

    column: str | None
    draws: int
    distinct: int
    singletons: int
    doubletons: int
    size: int | None
    coverage: float | None
    ceiling: float | None
    efficiency: float | None
    missing_mass: Interval
    richness: Interval
    ace: float | None
    hill_observed: tuple[float, float, float]
    hill_estimated: tuple[float, float, float | None]
    finding: Finding

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {**asdict(self), "finding": self.finding.as_json()}


def report_samples(samples: Samples, significance: float = SIGNIFICANCE) -> SampleReport:
    """Measure a sample.

    Good-Turing's mass says nothing of operations that are never made; Chao1 bounds from below how many are.

    Example:
        >>> import numpy as np
        >>> drawn = np.random.default_rng(0).integers(0, 19_683, 10_000)
        >>> report = report_samples(Samples(drawn, 19_683))
        >>> report.finding.verdict.value, round(report.ceiling, 4)
        ('consistent with uniform', 0.3983)

    Args:
        samples: The draws.
        significance: Probability below which a single run counts as refuted.

    Raises:
        MeasurementError: If there is no sample.
    """
    counts = counts_of(samples.indices)
    draws, distinct, size = len(samples.indices), len(counts), samples.size
    missing_mass = missing_mass_interval(counts)
    ceiling = None if size is None else expected_share(size, draws)
    return SampleReport(
        column=samples.column,
        draws=draws,
        distinct=distinct,
        singletons=drawn_exactly(counts, 1),
        doubletons=drawn_exactly(counts, 2),
        size=size,
        coverage=None if size is None else distinct / size,
        ceiling=ceiling,
        efficiency=None if size is None or ceiling is None else distinct / size / ceiling,
        missing_mass=missing_mass,
        richness=chao1_interval(counts),
        ace=_defined(lambda: ace(counts)),
        hill_observed=(hill_number(counts, 0), hill_number(counts, 1), hill_number(counts, 2)),
        hill_estimated=(
            estimated_hill_number(counts, 0),
            estimated_hill_number(counts, 1),
            _defined(lambda: estimated_hill_number(counts, 2)),
        ),
        finding=_finding(draws, distinct, size, significance),
    )


def _finding(draws: int, distinct: int, size: int | None, significance: float) -> Finding:
    """Hold the distinct count against the uniform null, if the space has a known size."""
    if size is not None:
        return audit_point(Point(draws, stated_share(f"{distinct:,}", size)), size, significance)
    claim = f"{distinct:,} distinct among {draws:,} draws"
    reason = "coverage and the uniform null need the size of the space: richness alone is given"
    return Finding(claim, Verdict.NOT_ENOUGH_SAID, "uniform null", None, None, "fraction", None, reason)


def _defined(estimate: Callable[[], float]) -> float | None:
    """Return an estimate, or None where the sample leaves it undefined."""
    try:
        return estimate()
    except MeasurementError:
        return None
