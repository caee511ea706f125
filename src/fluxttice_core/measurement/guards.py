"""The laws, held against the figures of a report before anybody sees them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fluxttice_core.measurement import laws
from fluxttice_core.measurement.estimate import Estimate
from fluxttice_core.measurement.mass_figures import TOTAL_MASS
from fluxttice_core.measurement.metric import Figure, Half
from fluxttice_core.measurement.series import Series
from fluxttice_core.operations.space import OperationSpace

_SINGLE_PRECISION = 1e-6
"""Probabilities are multiplied out in single precision: so far may their sum be from 1."""

_CURVE = "expected_coverage/categorical"
_BY_NAME = {
    "rate": "rate",
    "distortion": "distortion",
    "nll": "nll",
    "code_information": "code_information",
    "marginal_kl": "marginal_divergence",
    "entropy": "model_entropy",
    "coverage_of_a/argmax": "first",
    "coverage_of_b/argmax": "second",
    "union/argmax": "union",
    "jaccard_similarity/argmax": "similarity",
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
    records: list[LawRecord] = []
    for (half, _), own in _systems(figures).items():
        concerned = _concerned(space, own, {curve.name: curve for curve in series if curve.half == half})
        if laws.examine(concerned):
            records += [
                LawRecord(half, check.law, check.slack, check.tolerance, check.unit)
                for check in laws.obey(concerned)
            ]
    return tuple(records)


def _systems(figures: Iterable[Figure]) -> dict[tuple[Half, str], list[tuple[str, Figure]]]:
    """Named figures by what they are of: each half, the pair as two sets, and the coupled pair."""
    found: dict[tuple[Half, str], list[tuple[str, Figure]]] = {}
    for figure in figures:
        coupling, name = "", figure.base
        if name.startswith("coupled/"):
            _, coupling, name = name.split("/", 2)
        found.setdefault((figure.half, coupling), []).append((name, figure))
    return found


def _concerned(
    space: OperationSpace, own: Sequence[tuple[str, Figure]], curves: Mapping[str, Series]
) -> laws.Figures:
    named = {_BY_NAME[name]: figure.estimate for name, figure in own if name in _BY_NAME}
    for name, figure in own:
        if name == "generative_information":
            nats = space.log_size
            named[name] = Estimate(figure.value * nats, figure.error * nats, figure.degrees)
    if TOTAL_MASS in curves:
        named["total_mass"] = Estimate(curves[TOTAL_MASS].y[0], _SINGLE_PRECISION)
    curve = curves.get(_CURVE)
    points = [] if curve is None else list(zip(curve.x, curve.y, strict=True))
    return laws.Figures(
        space.size,
        counted=_counted(space.size, own),
        expected=tuple((round(n), share) for n, share in points),
        **named,
    )


def _counted(size: int, own: Iterable[tuple[str, Figure]]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (figure.draws, round(share * size))
        for name, figure in own
        if name.startswith("coverage/") and figure.draws is not None
        for share in figure.samples
    )
