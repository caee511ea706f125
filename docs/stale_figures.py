"""Whether a figure's file is stale: when the record in it differs from the figure by more than rounding does.

A digest of the numbers would not do, since a number on the boundary of its last kept digit rounds up on one
processor and down on another.
"""

import json
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
from jaxtyping import Float64
from matplotlib.figure import Figure

from fluxttice_core.evaluation.plot_record import DIGITS, SEAL, record_of, sealed

_RELATIVE = 2 * 10.0 ** (1 - DIGITS)
_OF_LARGEST = 1e-9
"""What may differ near zero, as a part of the largest number beside it."""

_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"


def out_of_date(file: bytes, figure: Figure) -> str | None:
    """The first thing by which a file is not the figure's drawing, in words; none if it is that."""
    svg, found, _ = file.rpartition(SEAL)
    if not found:
        return "it does not record what it was drawn of"
    if sealed(svg) != file:
        return "its drawing was changed after it was recorded"
    text = ET.fromstring(svg).findtext(f".//{_DESCRIPTION}")  # noqa: S314 - bytes that this program wrote
    if text is None:
        return "it does not record what it was drawn of"
    return difference(_with_rows(json.loads(text)), _with_rows(record_of(figure)))


def _with_rows(record: dict[str, Any]) -> Any:
    """A record with every row of numbers in its place, so that two records differ where their figures do."""
    rows = [[float(number) for number in row] for row in record["rows"]]

    def filled(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: filled(item, key) for key, item in value.items()}
        if name == "numbers":
            return [np.array(rows[place]) for place in value]
        if name in ("limits", "ticks"):
            return np.array(rows[value])
        return [filled(item) for item in value] if isinstance(value, list) else value

    return {key: filled(value, key) for key, value in record.items() if key != "rows"}


def difference(recorded: Any, due: Any, place: str = "figure") -> str | None:
    """The first place where two records differ by more than rounding; none where they agree.

    Example:
        >>> difference({"size": [1.0]}, {"size": [2.0]})
        'figure, size, 0: 1.0 is recorded and 2.0 is due'
        >>> difference(np.array([0.123456]), np.array([0.123457]))
    """
    if isinstance(due, np.ndarray) and isinstance(recorded, np.ndarray) and recorded.shape == due.shape:
        return _moved(recorded, due, place)
    if isinstance(due, dict) and isinstance(recorded, dict) and recorded.keys() == due.keys():
        pairs = [(name, recorded[name], due[name]) for name in due]
    elif isinstance(due, list) and isinstance(recorded, list) and len(recorded) == len(due):
        pairs = [(str(n), *pair) for n, pair in enumerate(zip(recorded, due, strict=True))]
    else:
        alike = type(recorded) is type(due) and not isinstance(due, np.ndarray) and recorded == due
        return None if alike else f"{place}: {recorded} is recorded and {due} is due"
    found = (difference(one, other, f"{place}, {name}") for name, one, other in pairs)
    return next((words for words in found if words is not None), None)


def _moved(recorded: Float64[np.ndarray, "n"], due: Float64[np.ndarray, "n"], place: str) -> str | None:
    finite = np.abs(due[np.isfinite(due)])
    slack = _OF_LARGEST * finite.max(initial=0.0)
    close = np.isclose(recorded, due, rtol=_RELATIVE, atol=slack, equal_nan=True)
    if close.all():
        return None
    first = int(np.flatnonzero(~close)[0])
    return f"{place}, {first}: {recorded[first]:g} is recorded and {due[first]:g} is due"
