"""Two reports side by side, with the interval of every difference."""

import math
from dataclasses import dataclass

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.number_format import difference_shown, titled, with_interval
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.naming import label, sections
from fluxttice_core.spaces.nouns import Nouns
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval, paired_difference

_SIGNS = {"better": "+", "worse": "−", "same": "", "different": "≠"}


@dataclass(frozen=True)
class Difference:
    """How one figure differs between two models.

    Args:
        first: The figure of the first model.
        other: The same figure of the other.
        interval: Interval of other - first, of width 0 between exact figures.
    """

    first: Figure
    other: Figure
    interval: Interval

    @property
    def verdict(self) -> str:
        """`better` or `worse` of the other where the interval excludes 0; `different` for a description."""
        if self.interval.lower <= 0 <= self.interval.upper:
            return "same"
        if self.first.direction == "neither":
            return "different"
        return "better" if (self.interval.estimate > 0) == (self.first.direction == "higher") else "worse"


def difference(first: Figure, other: Figure) -> Difference:
    """Compare two figures of the same quantity; repeats that drew the same latents are paired.

    Args:
        first: The figure of the first model.
        other: The figure of the other.

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
        return Difference(first, other, paired_difference(np.array(other.samples), np.array(first.samples)))
    error = math.hypot(first.error, other.error)
    degrees = min(first.dof, other.dof)
    return Difference(first, other, Estimate(other.value - first.value, error, degrees).interval())


def require_same_space(first: ProductSpace, other: ProductSpace) -> None:
    """Refuse to compare models of different spaces, whose figures have other ceilings."""
    if first != other:
        raise MeasurementError(
            f"one model is about {first.describe()}, and the other about {other.describe()}: compare models "
            "of one space",
            "space_mismatch",
        )


def differences(first: Report, other: Report) -> tuple[Difference, ...]:
    """Compare everything that both reports measured, in the first one's order.

    Raises:
        MeasurementError: If the reports are of different spaces.
    """
    require_same_space(first.space, other.space)
    known = {(metric.name, metric.half): metric for metric in other.metrics}
    return tuple(
        difference(metric.figure, known[metric.name, metric.half].figure)
        for metric in first.metrics
        if (metric.name, metric.half) in known
        and math.isfinite(metric.value)
        and math.isfinite(known[metric.name, metric.half].value)
    )


def comparison_table(first: Report, other: Report, *, names: tuple[str, str]) -> Table:
    """What two reports have in common, as a table for the terminal.

    Args:
        first: The report that the other is compared with.
        other: The other.
        names: What to call them.
    """
    found = {(d.first.quantity, d.first.half): d for d in differences(first, other)}
    table = Table(
        title=Text(f"{names[1]}\nagainst {names[0]}", style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
        pad_edge=False,
    )
    for heading in ("", "half", "first", "other", "other − first", ""):
        table.add_column(heading, justify="left" if heading in ("", "half") else "right", no_wrap=True)
    for section in sections(first.settings, first.rho):
        table.add_section()
        for quantity in section.names:
            for half in ("a", "b", "pair"):
                if (quantity, half) in found:
                    table.add_row(*_cells(found[quantity, half], first.space.nouns))
    table.caption = Text(
        "+ better, − worse, ≠ different, beyond the 95 % interval of the draws; "
        "other training runs may differ by more.",
        style="dim",
    )
    return table


def _cells(one: Difference, nouns: Nouns) -> tuple[str, ...]:
    return (
        titled(label(one.first.quantity, nouns), one.first.unit),
        one.first.half.upper() if one.first.half != "pair" else "pair",
        with_interval(one.first),
        with_interval(one.other),
        difference_shown(one.interval, one.first.unit),
        _SIGNS[one.verdict],
    )
