"""How a measured number is written: decided here, for the terminal, for Markdown and for the paper."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Not at run time, so that a card can be written, and checked, without loading what measures.
    from fluxttice_core.metrics.metric import Figure
    from fluxttice_core.metrics.settings import Unit
    from fluxttice_core.statistics.intervals import Interval

_DECIMALS: dict[Unit, int] = {
    "fraction": 2,
    "nats": 3,
    "operations": 0,
    "draws": 0,
    "dimensions": 0,
    "ratio": 4,
}
_ALMOST_ALL = 99.9
_SMALL_RATIO = 0.1
_MORE_DECIMALS = 2
NOTHING = "–"
"""What stands where there is no figure."""


def shown(value: float | None, unit: Unit, *, more: int = 0) -> str:
    """A value without its interval; fractions as percent.

    Example:
        >>> shown(0.86738, "fraction"), shown(9.99279, "nats"), shown(17676.8, "operations")
        ('86.74', '9.993', '17,677')
        >>> shown(0.99995, "fraction"), shown(None, "nats")
        ('99.995', '–')
    """
    if value is None:
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    scaled, decimals = _scaled(value, unit)
    return _without_negative_zero(f"{scaled:,.{decimals + more}f}")


def with_interval(figure: Figure) -> str:
    """A figure with the half-width of its interval, or alone when it is exact."""
    ends = None if figure.interval is None else (figure.low, figure.high)
    return with_ends(figure.value, ends, figure.unit)


def with_ends(value: float, ends: tuple[float, float] | None, unit: Unit) -> str:
    """A value with the half-width of its interval, or alone when it is exact."""
    if ends is None or not math.isfinite(ends[1] - ends[0]):
        return shown(value, unit)
    return _with_half_width(value, max(ends[1] - value, value - ends[0]), unit)


def difference_shown(interval: Interval, unit: Unit) -> str:
    """A difference with its sign and the half-width of its interval."""
    half_width = (interval.upper - interval.lower) / 2
    sign = "+" if interval.estimate >= 0 else ""
    if half_width == 0:
        return sign + shown(interval.estimate, unit)
    return sign + _with_half_width(interval.estimate, half_width, unit)


def _with_half_width(value: float, half_width: float, unit: Unit) -> str:
    """Decimals of both are added until the half-width shows one digit, two at most."""
    factor = 100 if unit == "fraction" else 1
    _, decimals = _scaled(value, unit)
    more = 0
    while more < _MORE_DECIMALS and 0 < factor * half_width <= 0.5 * 10.0 ** -(decimals + more):
        more += 1
    return f"{shown(value, unit, more=more)} ±{factor * half_width:,.{decimals + more}f}"


def shown_range(low: float, high: float, unit: Unit) -> str:
    """The range of several values, briefly."""
    ends = [_brief(low, unit), _brief(high, unit)]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def unit_sign(unit: Unit) -> str:
    """The sign of a unit as a column of figures has it; fractions are written as percent."""
    return {"fraction": "%", "nats": "nats"}.get(unit, "")


def titled(text: str, unit: Unit) -> str:
    """The heading of figures of a unit."""
    sign = unit_sign(unit)
    return f"{text}, {sign}" if sign else text


def _scaled(value: float, unit: Unit) -> tuple[float, int]:
    if unit != "fraction":
        return value, _DECIMALS[unit]
    percent = 100 * value
    return percent, 3 if _ALMOST_ALL < percent < 100 else _DECIMALS[unit]


def _brief(value: float, unit: Unit) -> str:
    """Fewer digits than `shown` gives: a range needs no more."""
    if math.isinf(value):
        return shown(value, unit)
    scaled = 100 * value if unit == "fraction" else value
    decimals = min(_DECIMALS[unit], 2 if unit == "nats" or abs(scaled) < 1 else 1)
    if unit == "ratio":
        decimals = 4 if abs(scaled) < _SMALL_RATIO else 2
    return _without_negative_zero(f"{scaled:,.{decimals}f}")


def _without_negative_zero(text: str) -> str:
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text
