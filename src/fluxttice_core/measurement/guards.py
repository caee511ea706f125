"""The laws, held against the figures of a report before anybody sees them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fluxttice_core.measurement import laws
from fluxttice_core.measurement.estimate import Estimate
from fluxttice_core.measurement.metric import Figure, Half
from fluxttice_core.measurement.series import Series
from fluxttice_core.operations.space import OperationSpace

_SINGLE_PRECISION = 1e-6
"""Probabilities are multiplied out in single precision: so far may their sum be from 1."""

_BY_QUANTITY = {
    "rate": "rate",
    "distortion": "distortion",
    "nll": "nll",
    "code_information": "code_information",
    "marginal_kl": "marginal_divergence",
    "entropy": "model_entropy",
    "coverage_of_a": "first",
    "coverage_of_b": "second",
    "union": "union",
    "jaccard_similarity": "similarity",
}


@dataclass(frozen=True)
class LawRecord:
    """A law that was examined, and its slack.

    Args:
        half: Whose figures.
        law: The law as a formula.
        slack: By how much it holds; negative within the tolerance, for sampled figures.
        tolerance: What can be put down to the errors of the figures.
        unit: Unit of both.
    """

    half: Half
    law: str
    slack: float
    tolerance: float
    unit: str


def guarded(
    space: OperationSpace, figures: Sequence[Figure], series: Sequence[Series]
) -> tuple[LawRecord, ...]:
    """Examine every law that concerns the figures of each half and of the pair.

    Args:
        space: The operations.
        figures: What was measured.
        series: Its curves, among them expected coverage.

    Raises:
        LawViolation: If a law is broken; the message names it and its slack.
    """
    return tuple(
        LawRecord(half, check.law, check.slack, check.tolerance, check.unit)
        for half in sorted({figure.half for figure in figures})
        for check in laws.obey(_concerned(space, half, figures, series))
    )


def _concerned(
    space: OperationSpace, half: Half, figures: Iterable[Figure], series: Iterable[Series]
) -> laws.Figures:
    own = {figure.quantity: figure for figure in figures if figure.half == half}
    named = {field: own[q].estimate for q, field in _BY_QUANTITY.items() if q in own}
    if "generative_information" in own:
        share = own["generative_information"].estimate
        named["generative_information"] = Estimate(
            share.value * space.log_size, share.error * space.log_size, share.degrees
        )
    if "total_mass" in own:
        named["total_mass"] = Estimate(own["total_mass"].value, _SINGLE_PRECISION)
    return laws.Figures(
        space.size,
        counted=_counted(space.size, own.values()),
        expected=tuple(
            (round(n), share)
            for curve in series
            if curve.half == half and curve.name == "expected_coverage/categorical"
            for n, share in zip(curve.x, curve.y, strict=True)
        ),
        **named,
    )


def _counted(size: int, figures: Iterable[Figure]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (figure.draws or 0, round(share * size))
        for figure in figures
        if figure.quantity.startswith("coverage/")
        for share in figure.samples
    )
