"""Counting draws that are in memory: arrays, lists of anything hashable, counters, columns of frames."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.tally import LawTally, Tally

Counts = dict[Hashable, int]
"""How often each kind was drawn."""


def count_draws(draws: Any, column: str | None = None) -> Counts:
    """Count how often each kind was drawn; whole numbers and their floats are one kind, missing values none.

    Example:
        >>> count_draws(["b", "a", "b"]), count_draws(np.array([[0, 1], [0, 1]])), count_draws(Counter(x=3))
        ({'b': 2, 'a': 1}, {(0, 1): 2}, {'x': 3})
    """
    values = _column(draws, column)
    if isinstance(values, Mapping):
        return {kind: _whole_count(kind, count) for kind, count in values.items()}
    if isinstance(values, np.ndarray) and values.dtype != object:
        return _count_array(values)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise MeasurementError(
            f"draws of type {type(values).__name__} cannot be counted: give an array, a list, a Counter, a "
            "column or a path",
            "wrong_type",
        )
    try:
        counted = Counter(_kind(value) for value in values)
    except TypeError:
        raise MeasurementError(
            "a kind must be hashable, which one of the draws is not: give strings, numbers or tuples",
            "wrong_type",
        ) from None
    return dict(counted)


def tally_beside(counts: Counts, law: Mapping[Any, float | int]) -> LawTally:
    """Hold counts against a law, given as the weight of each kind.

    Example:
        >>> tally_beside({"a": 3, "c": 1}, {"a": 3, "b": 1}).outside
        1
    """
    weights = {_kind(kind): float(weight) for kind, weight in law.items()}
    total = sum(weights.values())
    if not (0 < total < np.inf and min(weights.values()) >= 0):
        raise MeasurementError(
            "the weights of a law are finite, none below 0 and one above: give probabilities or counts",
            "out_of_range",
        )
    rows = Counter((weight / total, counts.get(kind, 0)) for kind, weight in weights.items() if weight)
    probability, times = (np.array(list(part)) for part in zip(*rows, strict=True))
    kinds = np.array(list(rows.values()), dtype=np.int64)
    outside = sum(count for kind, count in counts.items() if not weights.get(kind))
    return LawTally(probability, times.astype(np.int64), kinds, outside)


def tally_of(counts: Counts) -> Tally:
    """Return how many kinds were drawn how often."""
    return Tally.of_counts(np.fromiter(counts.values(), dtype=np.int64, count=len(counts)))


def _column(draws: Any, column: str | None) -> Any:
    """Return the column of a frame as an array or list; anything else as it is."""
    names = getattr(draws, "column_names", getattr(draws, "columns", None))
    if names is not None and not isinstance(draws, (Mapping, np.ndarray)):
        names = [str(name) for name in names]
        if column is None and len(names) == 1:
            column = names[0]
        if column not in names:
            raise MeasurementError(
                f"the frame has the columns {', '.join(names)}: name the one of the kinds by column=",
                "unknown_column",
            )
        draws = draws[column]
    elif column is not None:
        raise MeasurementError(
            "column= names a column of a frame or a file: leave it out of other draws", "wrong_type"
        )
    if hasattr(draws, "to_pylist"):  # Arrow, whose conversion to an array may refuse to copy
        return draws.to_pylist()
    return draws.to_numpy() if hasattr(draws, "to_numpy") else draws


def _count_array(values: np.ndarray) -> Counts:
    if values.ndim == 0:
        raise MeasurementError("one number is no array of draws: give all of them", "wrong_shape")
    if values.dtype.kind == "f":
        if not np.array_equal(values, np.trunc(values)) or np.any(np.abs(values) >= 2**53):
            raise MeasurementError(
                "kinds are strings or whole numbers, as floats below 2^53, but the array holds others or "
                "missing values: drop or convert them first",
                "not_finite",
            )
        values = values.astype(np.int64)
    kinds, counts = np.unique(values, axis=0, return_counts=True)
    named = kinds.tolist() if values.ndim == 1 else [tuple(row.ravel().tolist()) for row in kinds]
    return dict(zip(named, counts.tolist(), strict=True))


def _kind(value: Any) -> Any:
    """Return a value as a kind: scalars of NumPy as Python's, so that equal ones are one kind."""
    kind = value.item() if isinstance(value, np.generic) else value
    if kind is None or kind != kind:
        raise MeasurementError(
            "a draw is missing (None or NaN): leave such draws out, and say how many they were",
            "missing_value",
        )
    return kind


def _whole_count(kind: object, count: Any) -> int:
    if isinstance(count, (bool, np.bool_)) or not isinstance(count, (int, np.integer)) or count < 0:
        raise MeasurementError(
            f"the kind {kind!r:.40} has the count {count!r:.20}: counts are whole numbers of at least 0",
            "wrong_type",
        )
    return int(count)
