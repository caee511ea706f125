"""The laws, held against the figures of a report before anybody sees them."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fluxttice_core.evaluation import laws
from fluxttice_core.metrics.catalogue import CATALOGUE, Case
from fluxttice_core.metrics.metric import TOTAL_MASS, Figure, Series
from fluxttice_core.metrics.perfect import uneven
from fluxttice_core.metrics.settings import Half
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.estimate import Estimate

_SINGLE_PRECISION = 1e-6
"""Networks compute in single precision: so much may a figure be wrong beside the error of its draws."""

_CURVE = "expected_coverage/categorical"


@dataclass(frozen=True)
class LawRecord:
    """A law that was examined, and its slack.

    Args:
        slack: By how much it holds; negative within the tolerance, for sampled figures.
        tolerance: What can be put down to the errors of the figures.
    """

    half: Half
    law: str
    slack: float
    tolerance: float
    unit: str


def check_laws(
    space: ProductSpace,
    figures: Sequence[Figure],
    series: Sequence[Series],
    target: Target | None = None,
) -> tuple[LawRecord, ...]:
    """Examine every law that concerns the figures of each half and of the pair.

    A target's support stands for the space: no generator shows more of it than one that gives nothing else,
    and all of that alike.
    """
    target = uneven(target, space)
    case = Case(space.size if target is None else len(target.rows), 0, 0, target)
    records: list[LawRecord] = []
    for (half, _), own in _systems(figures).items():
        concerned = _concerned(
            space, case, own, {curve.name: curve for curve in series if curve.half == half}
        )
        tables = [table for table in (concerned, *_set_tables(case, own)) if laws.examine(table)]
        checks = [check for table in tables for check in laws.obey(table)]
        records += _nearest(half, checks)
    return tuple(records)


def _nearest(half: Half, checks: Iterable[laws.Check]) -> list[LawRecord]:
    """Of each law, the check that comes nearest to breaking it."""
    nearest: dict[str, laws.Check] = {}
    for check in checks:
        if check.law not in nearest or check.margin < nearest[check.law].margin:
            nearest[check.law] = check
    return [LawRecord(half, c.law, c.slack, c.tolerance, c.unit) for c in nearest.values()]


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
    space: ProductSpace, case: Case, own: Sequence[tuple[str, Figure]], curves: Mapping[str, Series]
) -> laws.Figures:
    # What is a ratio in reports is a share of the entropy that is aimed at.
    entropy = space.log_size if case.target is None else case.entropy
    named = {
        law: _computed(figure, entropy if figure.unit == "ratio" else 1.0)
        for law, figure in _by_law(own, "half")
    }
    if TOTAL_MASS in curves:
        named["total_mass"] = Estimate(curves[TOTAL_MASS].y[0], _SINGLE_PRECISION)
    curve = curves.get(_CURVE)
    points = [] if curve is None else list(zip(curve.x, curve.y, strict=True))
    return laws.Figures(
        case.size,
        target_entropy=None if case.target is None else entropy,
        space_entropy=None if case.target is None else space.log_size,
        counted=_counted(case.size, own),
        expected=tuple((round(n), share) for n, share in points),
        expected_figures=tuple(
            (_budget(figure), _computed(figure)) for name, figure in own if name == _CURVE
        ),
        repeats=tuple((f.value, math.fsum(f.samples) / len(f.samples)) for _, f in own if f.samples),
        reaches=_pairs(own, "efficiency", "coverage", lambda f: case.share(_budget(f))),
        overlaps=_pairs(own, "jaccard_distance", "jaccard_similarity", lambda _: 1.0),
        **named,
    )


def _by_law(own: Iterable[tuple[str, Figure]], of: Literal["half", "pair"]) -> Iterator[tuple[str, Figure]]:
    """Figures by what the laws call them, where a law concerns them."""
    for name, figure in own:
        entry = CATALOGUE.get(name)
        if entry is not None and entry.law is not None and of in entry.of:
            yield entry.law, figure


def _pairs(
    own: Iterable[tuple[str, Figure]], first: str, second: str, factor: Callable[[Figure], float]
) -> tuple[tuple[float, float], ...]:
    """Values of two quantities wherever both were measured alike, the first times a factor."""
    values = {figure.quantity: figure for _, figure in own}
    return tuple(
        (figure.value * factor(figure), values[other].value)
        for quantity, figure in values.items()
        if quantity.startswith(f"{first}/")
        and figure.base != quantity
        and (other := quantity.replace(first, second, 1)) in values
    )


def _budget(figure: Figure) -> int:
    """The draws N that end a quantity's name."""
    return int(figure.quantity.rpartition("/")[2].removeprefix("N="))


def _computed(figure: Figure, factor: float = 1.0) -> Estimate:
    """A figure, perhaps in another unit, with the rounding of single precision added to its error."""
    return Estimate(figure.value * factor, figure.error * factor + _SINGLE_PRECISION, figure.dof)


def _set_tables(case: Case, own: Sequence[tuple[str, Figure]]) -> Iterator[laws.Figures]:
    """The figures of the two sets, one table a repeat: of each, these laws hold without any error."""
    samples = {law: figure.samples for law, figure in _by_law(own, "pair")}
    for values in zip(*samples.values(), strict=True):
        yield laws.Figures(case.size, **dict(zip(samples, values, strict=True)))


def _counted(size: int, own: Iterable[tuple[str, Figure]]) -> tuple[tuple[int, int], ...]:
    """Draws and distinct operations of single runs; the union of two sets is of twice the draws."""
    return tuple(
        (figure.draws * (2 if name == "union/argmax" else 1), round(share * size))
        for name, figure in own
        if name.startswith(("coverage/", "coverage_of_", "union/")) and figure.draws is not None
        for share in figure.samples
    )
