"""What in memory may be counts or batches, and would be wrong as draws: views, pairs, groups, tables."""

from collections import Counter
from collections.abc import ItemsView, ValuesView
from itertools import pairwise
from typing import Any

import numpy as np

from fluxttice_core.audit.columns import COUNTS
from fluxttice_core.errors import MeasurementError

_LOOK = 1_000
"""Rows that are looked at before all of them."""


def require_draws(values: Any) -> None:
    """Refuse lines of an open file, views of a dict, and arrays of kinds and counts, as of `np.unique`."""
    if isinstance(values, ItemsView) and values:
        raise _pairs(next(iter(values)))
    if isinstance(values, ValuesView) and values and all(map(is_count, values)):
        raise MeasurementError(
            "whole numbers that are the values of a dict may be counts: give the dict itself for counts, "
            "list() of the values for draws",
            "ambiguous",
        )
    if hasattr(values, "readline"):
        raise MeasurementError(
            "an open file gives lines with their ends: give its path, or '-' for standard input", "wrong_type"
        )
    if getattr(values, "batch_size", None) is not None:  # of PyTorch's DataLoader
        raise MeasurementError(
            f"what a {type(values).__name__} gives are batches of draws: join them by np.concatenate",
            "ambiguous",
        )
    several = isinstance(values, (tuple, ValuesView)) or (isinstance(values, list) and len(values) == 2)
    if several and len(values) > 1 and all(map(_is_array, values)):
        raise MeasurementError(
            f"{len(values)} arrays side by side may be kinds and their counts: give a dict of kinds to "
            "counts, or all draws as one array",
            "ambiguous",
        )


def require_no_pairs(values: np.ndarray) -> None:
    """Refuse an array of kinds and counts: two columns, rows or fields, as NumPy makes of them."""
    names = values.dtype.names or ()
    named = [name for name in names if named_as_counts(name)]
    if named:
        raise MeasurementError(
            f"an array has a field '{named[0]}', as tables of counts have: give a dict of kinds to counts, "
            "the field of the kinds alone, or Counter(draws.tolist()) if each row is a draw",
            "ambiguous",
        )
    for kinds, counts in _two_sides(values):
        if all(_may_be_counts(kinds[:look].tolist(), counts[:look].tolist()) for look in (_LOOK, None)):
            first = kinds[:1].tolist()[0], counts[:1].tolist()[0]
            raise MeasurementError(
                f"pairs such as {first!r:.40}, in the order of their parts, may be kinds and their counts: "
                "give a dict of kinds to counts, or Counter(map(tuple, draws.tolist())) if rows are draws",
                "ambiguous",
            )


def require_no_counts(drawn: Counter[Any]) -> None:
    """Refuse pairs of kinds and counts, as `items()` lists them, or by count as `most_common()` does."""
    if not drawn or not all(map(_is_pair, drawn)) or drawn.total() > len(drawn):
        return
    kinds, counts = zip(*drawn, strict=True)
    ranked = len(counts) > 1 and all(before >= after for before, after in pairwise(counts))
    if (ranked or any(isinstance(kind, str) for kind in kinds)) and len(set(kinds)) == len(kinds):
        raise _pairs(next(iter(drawn)))


def named_as_counts(name: Any) -> bool:
    """Return whether counts are called so, as `value_counts` of pandas calls them."""
    return isinstance(name, str) and name.strip().lower() in COUNTS


def is_of_groups(column: Any) -> bool:
    """Return whether a column holds a number for each name of its index, as sizes of groups in pandas do.

    Under a name of its own only where the numbers fall: 0 is none, but that of frames of nameless columns.
    """
    index, name = getattr(column, "index", None), getattr(column, "name", None)
    if getattr(getattr(column, "dtype", None), "kind", "") not in ("i", "u", "f"):
        return False
    names = [held for held in getattr(index, "names", ()) if held is not None]
    words = getattr(getattr(index, "dtype", None), "kind", "") == "O"
    if name is None or (type(name) is int and name == 0):
        return bool(names or words)
    return name in names or (bool(names or words) and _is_ranked(column))


def refusal_of_groups() -> MeasurementError:
    """Return the refusal of numbers that are such a column."""
    return MeasurementError(
        "numbers under the names of an index may be counts: give the column's .to_dict() for counts, its "
        ".to_numpy() for draws",
        "ambiguous",
    )


def is_count(value: Any) -> bool:
    """Return whether a value may be how often a kind was drawn."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 0)


def _is_ranked(column: Any) -> bool:
    """Return whether the numbers of a column of pandas fall from name to name, as `value_counts` has them."""
    if not getattr(column, "is_monotonic_decreasing", False) or not column.index.is_unique:
        return False
    return bool(column.iloc[0] > column.iloc[-1] >= 1)


def _two_sides(values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the columns of an array, its fields or its rows, where these are two."""
    if values.dtype.names is not None:
        fields = [values[name] for name in values.dtype.names]
        pairs = [fields] if len(fields) == 2 and values.ndim == 1 else []
    elif values.ndim == 2:
        pairs = [list(table) for table in (values.T, values) if len(table) == 2]
    else:
        pairs = []
    return [(kinds, counts) for kinds, counts in pairs]


def _may_be_counts(kinds: list[Any], counts: list[Any]) -> bool:
    """Return whether kinds differ, numbers beside them are counts, and either are in order."""
    ordered = _is_rising(kinds) or all(one >= other for one, other in pairwise(map(_whole, counts)))
    if len(kinds) < 2 or not ordered or any(_whole(count) < 1 for count in counts):
        return False
    return len(set(map(str, kinds))) == len(kinds)


def _is_rising(kinds: list[Any]) -> bool:
    try:
        return all(one < other for one, other in pairwise(kinds))
    except TypeError:  # of kinds of several types
        return False


def _whole(value: Any) -> int:
    """Return a whole number, which may be a float or text; 0 of anything else."""
    if isinstance(value, (str, bytes)):
        return int(value) if value.isdigit() and value.isascii() else 0
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return int(value) if number and value % 1 == 0 else 0


def _pairs(first: Any) -> MeasurementError:
    return MeasurementError(
        f"pairs such as {first!r:.40}, no two of one kind, may be kinds and their counts: give dict() of "
        "them for counts, Counter() of them if each is a draw",
        "ambiguous",
    )


def _is_pair(value: Any) -> bool:
    """Return whether a value may be a kind and how often it was drawn."""
    return isinstance(value, tuple) and len(value) == 2 and is_count(value[1]) and bool(value[1] > 0)


def _is_array(value: Any) -> bool:
    """Return whether a value is an array or tensor of at least one axis."""
    return hasattr(value, "__array__") and not isinstance(value, np.generic) and getattr(value, "ndim", 1) > 0
