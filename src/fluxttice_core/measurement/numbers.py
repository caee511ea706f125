"""How a measured number is written: decided here, for the terminal, for Markdown and for the paper."""

import math

from fluxttice_core.measurement.intervals import Interval
from fluxttice_core.measurement.metric import Figure, Unit

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
_NOTHING = "–"


def shown(value: float | None, unit: Unit) -> str:
    """A value without its interval; fractions as percent.

    Example:
        >>> shown(0.86738, "fraction"), shown(9.99279, "nats"), shown(17676.8, "operations")
        ('86.74', '9.993', '17,677')
        >>> shown(0.99995, "fraction"), shown(None, "nats")
        ('99.995', '–')
    """
    if value is None:
        return _NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    scaled, decimals = _scaled(value, unit)
    text = f"{scaled:,.{decimals}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def with_interval(figure: Figure) -> str:
    """A figure with the half-width of its interval, or alone when it is exact.

    Example:
        >>> r = Figure(quantity="rate", half="a", value=9.514, unit="nats", better="neither", ceiling=9.888)
        >>> with_interval(r)
        '9.514'
    """
    text = shown(figure.value, figure.unit)
    if figure.interval is None or not math.isfinite(figure.high - figure.low):
        return text
    half_width = max(figure.high - figure.value, figure.value - figure.low)
    _, decimals = _scaled(figure.value, figure.unit)
    factor = 100 if figure.unit == "fraction" else 1
    return f"{text} ±{factor * half_width:,.{decimals}f}"


def shown_range(low: float, high: float, unit: Unit) -> str:
    """The range of several values, briefly.

    Example:
        >>> shown_range(0.0406, 0.069, "fraction"), shown_range(0.0, 0.0, "dimensions")
        ('4.1–6.9', '0')
    """
    ends = [_brief(low, unit), _brief(high, unit)]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def unit_sign(unit: Unit) -> str:
    """The sign of a unit as a column of figures has it; fractions are written as percent."""
    return {"fraction": "%", "nats": "nats"}.get(unit, "")


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
    text = f"{scaled:,.{decimals}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def difference_shown(interval: Interval, unit: Unit) -> str:
    """A difference with its sign and the half-width of its interval.

    Example:
        >>> difference_shown(Interval(0.012, 0.010, 0.014, 0.95, "normal"), "fraction")
        '+1.20 ±0.20'
    """
    factor = 100 if unit == "fraction" else 1
    half_width = factor * (interval.upper - interval.lower) / 2
    text = f"{factor * interval.estimate:+,.{_DECIMALS[unit]}f}"
    return text if half_width == 0 else f"{text} ±{half_width:,.{_DECIMALS[unit]}f}"
