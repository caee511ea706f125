"""Two reports side by side, with the interval of every difference."""

import math
from dataclasses import dataclass, replace

import numpy as np
from rich.table import Table
from rich.text import Text

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.number_format import difference_shown, titled, with_interval
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.terminal import plain_table
from fluxttice_core.metrics.metric import Figure, Verdict
from fluxttice_core.metrics.naming import label, sections
from fluxttice_core.metrics.settings import Direction
from fluxttice_core.spaces.nouns import Nouns
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval, paired_difference
from fluxttice_core.statistics.multiplicity import FAMILY_ERROR, holm, student_p_value

SIGNS: dict[Verdict, str] = {"better": "+", "worse": "−", "same": "", "different": "≠"}
"""How a table shows each verdict."""


@dataclass(frozen=True)
class Difference:
    """How one figure differs between two models.

    Args:
        interval: Interval of other - first, of width 0 between exact figures.
        p_value: Probability of as large a difference between equal models, in this figure alone.
        adjusted: The same by Holm, for this and everything that is judged with it.
    """

    first: Figure
    other: Figure
    interval: Interval
    p_value: float
    adjusted: float

    @property
    def verdict(self) -> Verdict:
        """`better` or `worse` of the other by the adjusted p-value; `different` for a description."""
        return verdict_of(self.adjusted, self.first.direction, rises=self.interval.estimate > 0)

    @property
    def verdict_alone(self) -> Verdict:
        """The same where the interval excludes 0, whatever else is judged."""
        return verdict_of(self.p_value, self.first.direction, rises=self.interval.estimate > 0)


def verdict_of(p_value: float, direction: Direction, *, rises: bool) -> Verdict:
    """Read a difference: `same` unless the p-value is below .05, else by which way is better."""
    if p_value >= FAMILY_ERROR:
        return "same"
    if direction == "neither":
        return "different"
    return "better" if rises == (direction == "higher") else "worse"


def difference(first: Figure, other: Figure) -> Difference:
    """Compare two figures of the same quantity alone; repeats that drew the same latents are paired.

    Raises:
        MeasurementError: If the figures are of different quantities.

    Example:
        >>> def rate(value: float) -> Figure:
        ...     return Figure(
        ...         quantity="rate", half="a", value=value, unit="nats", direction="neither", ceiling=9.9
        ...     )
        >>> difference(rate(9.0), rate(9.5)).interval.estimate
        0.5
    """
    if (first.name, first.half) != (other.name, other.half):
        raise MeasurementError(
            f"{first.name} of {first.half} and {other.name} of {other.half} cannot be compared: "
            "measure both models with the same settings",
            "settings_mismatch",
        )
    paired = len(first.samples) > 1 and len(first.samples) == len(other.samples) and first.seed == other.seed
    if paired:
        interval = paired_difference(np.array(other.samples), np.array(first.samples))
        dof = len(first.samples) - 1.0
    else:
        dof = min(first.dof, other.dof)
        interval = Estimate(other.value - first.value, math.hypot(first.error, other.error), dof).interval()
    p_value = student_p_value(interval, dof)
    return Difference(first, other, interval, p_value, p_value)


def require_same_space(first: ProductSpace, other: ProductSpace) -> None:
    """Refuse to compare models of different spaces, whose figures have other ceilings."""
    if first != other:
        raise MeasurementError(
            f"one model is about {first.describe()}, and the other about {other.describe()}: compare models "
            "of one space",
            "space_mismatch",
        )


def require_same_target(first: str | None, other: str | None) -> None:
    """Refuse to compare models that were held against different targets, by the digests of these."""
    if first != other:
        raise MeasurementError(
            "the models were trained on different rows or weights, or one of them on a whole space: compare "
            "models of one target",
            "space_mismatch",
        )


def differences(first: Report, other: Report) -> tuple[Difference, ...]:
    """Compare everything that both reports measured, in the first one's order.

    What was sampled is judged together, so that of equal models at most five in a hundred tables have a
    verdict; exact figures differ or do not.

    Raises:
        MeasurementError: If the reports are of different spaces or targets.
    """
    require_same_space(first.space, other.space)
    require_same_target(*(None if one.target is None else one.target.sha256 for one in (first, other)))
    known = {(metric.name, metric.half): metric for metric in other.metrics}
    beside = ((metric, known.get((metric.name, metric.half))) for metric in first.metrics)
    found = [
        difference(one.figure, two.figure)
        for one, two in beside
        if two is not None and math.isfinite(one.value) and math.isfinite(two.value)
    ]
    adjusted = iter(holm(np.array([one.p_value for one in found if _sampled(one)])).tolist())
    return tuple(replace(one, adjusted=next(adjusted)) if _sampled(one) else one for one in found)


def _sampled(one: Difference) -> bool:
    return "monte_carlo" in (one.first.estimator, one.other.estimator)


def comparison_table(first: Report, other: Report, *, names: tuple[str, str]) -> Table:
    """What two reports have in common, as a table for the terminal, under the names of the two models."""
    found = {(d.first.quantity, d.first.half): d for d in differences(first, other)}
    table = side_by_side(names)
    for section in sections(first.settings, first.rho):
        table.add_section()
        for quantity in section.names:
            for half in ("a", "b", "pair"):
                if (quantity, half) in found:
                    table.add_row(*_cells(found[quantity, half], first.space.nouns))
    table.caption = Text(
        f"+ better, − worse, ≠ different, all {sum(map(_sampled, found.values()))} that were drawn judged "
        "together (Holm, 5 %); (+), (−), (≠) by the 95 % interval of these draws alone. Other training runs "
        "may differ by more.",
        style="dim",
    )
    return table


def side_by_side(names: tuple[str, str]) -> Table:
    """A table without rows for two models of these names."""
    table = plain_table(Text(f"{names[1]}\nagainst {names[0]}", style="bold"))
    for heading in ("", "half", "first", "other", "other − first", ""):
        table.add_column(heading, justify="left" if heading in ("", "half") else "right", no_wrap=True)
    return table


def _cells(one: Difference, nouns: Nouns) -> tuple[str, ...]:
    sign = SIGNS[one.verdict_alone]
    return (
        titled(label(one.first.quantity, nouns), one.first.unit),
        one.first.half.upper() if one.first.half != "pair" else "pair",
        with_interval(one.first),
        with_interval(one.other),
        difference_shown(one.interval, one.first.unit),
        sign if one.verdict != "same" or not sign else f"({sign})",
    )
