"""Counting draws that are in memory: arrays, lists of anything hashable, counters, columns of frames."""

import heapq
import math
import os
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Set
from functools import partial
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from fluxttice_core.audit.arrays import plain
from fluxttice_core.audit.fit import Ends
from fluxttice_core.audit.kinds import TEN
from fluxttice_core.audit.seeming_counts import (
    is_count,
    is_of_groups,
    named_as_counts,
    refusal_of_groups,
    require_draws,
    require_no_counts,
    require_no_pairs,
)
from fluxttice_core.audit.sources import COMPRESSIONS, FORMATS
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.tally import MOST_DRAWS, LawTally, Tally, too_many_draws

Counts = dict[Hashable, int]
"""How often each kind was drawn."""

Law = Mapping[Any, float | int]
"""What weight each kind has."""

_PLAIN = {str, int, float, bool}
"""Of parts of tuples those that are what they hold."""


def count_draws(draws: Any, column: str | int | None = None) -> Counts:
    """Count how often each kind was drawn; whole numbers and their floats are one kind, missing values none.

    Example:
        >>> count_draws(["b", "a", "b"]), count_draws(np.array([[0, 1], [0, 1]])), count_draws(Counter(x=3))
        ({'b': 2, 'a': 1}, {(0, 1): 2}, {'x': 3})
    """
    values = _column(draws, column)
    if isinstance(values, Mapping):
        held: Counter[Hashable] = Counter()
        for kind, count in values.items():
            held[_kind(kind)] += _whole_count(kind, count)
        _require_kinds(held)
        return {kind: count for kind, count in held.items() if count}
    if isinstance(values, np.ndarray):
        if values.ndim == 0:
            raise MeasurementError("one number is no array of draws: give all of them", "wrong_shape")
        _require_all(values)
        values = np.asarray(values)  # a matrix would stay one whatever is taken of it
        require_no_pairs(values)
        if not values.dtype.hasobject:
            return _count_array(values)
        values = _rows(values)
    require_draws(values)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise MeasurementError(
            f"draws of type {type(values).__name__} cannot be counted: give an array, a list, a Counter, a "
            "column or a path",
            "wrong_type",
        )
    shapes: set[tuple[int, ...]] = set()
    try:
        counted = Counter(map(partial(_kind, shapes=shapes), values))
    except TypeError:
        raise MeasurementError(
            "a kind must be hashable, which one of the draws is not: give strings, numbers or tuples",
            "wrong_type",
        ) from None
    _require_alike(shapes)
    _require_kinds(counted)
    _require_no_files(counted)
    if not isinstance(values, Set):
        require_no_counts(counted)
    return dict(counted)


def count_known(known: Any, column: str | int | None, *, named: bool) -> Counts:
    """Count kinds beside draws; where `column` is named of the draws, a frame need not have it.

    Example:
        >>> count_known(["a", "b"], "kind", named=True)
        {'a': 1, 'b': 1}
    """
    names = column_names(known)
    if names is None or column is None:
        return count_draws(known)
    if named and str(column) not in map(str, names):
        if len(names) > 1:
            raise MeasurementError(
                f"a frame beside the draws has no column '{column}', but {', '.join(map(str, names))}: give "
                "that of the kinds alone",
                "unknown_column",
            )
        column = None
    return count_draws(known, column)


def require_told_apart(drawn: Counts) -> None:
    """Refuse objects that equal none but themselves, as molecules of RDKit do, where none came twice."""
    alone = [
        kind
        for kind in drawn
        if type(kind).__eq__ is object.__eq__ and type(kind).__hash__ is object.__hash__
    ]
    if len(alone) > 1 and len(alone) == sum(drawn.values()):
        raise MeasurementError(
            f"no draw of type {type(alone[0]).__name__} equals another, however alike they are: give a text, "
            "number or tuple that tells kinds apart for each",
            "wrong_type",
        )


def beside_weights(counts: Counts, law: Law) -> tuple[LawTally, Ends]:
    """Hold counts against a law, given as the weight of each kind, and rank its kinds by what they came.

    Example:
        >>> tally, ends = beside_weights({"a": 3, "c": 1}, {"a": 3, "b": 1})
        >>> tally.outside, ends.most[0], ends.least[0]
        (1, ('a', 3, 0.75), ('b', 0, 0.25))
    """
    shares = _shares(law)
    drawn = Counter((share, counts.get(kind, 0)) for kind, share in shares.items())
    probability, times = (np.array(list(part)) for part in zip(*drawn, strict=True))
    kinds = np.array(list(drawn.values()), dtype=np.int64)
    outside = sum(count for kind, count in counts.items() if kind not in shares)
    named = [(str(kind), counts.get(kind, 0), share) for kind, share in shares.items()]
    ends = Ends(
        *(
            heapq.nsmallest(TEN, named, key=lambda row: (sign * row[1] / row[2], -row[2], row[0]))
            for sign in (-1, 1)
        )
    )
    return LawTally(probability, times.astype(np.int64), kinds, outside), ends


def note_alien(counts: Counts, others: Mapping[str, Collection[Any] | None]) -> tuple[str, ...]:
    """Tell of what is held against draws and names none of their kinds, as where it has them as text.

    Example:
        >>> note_alien({1: 3}, {"the law": ["1"], "the reference": [1]})
        ("no draw is of a kind that the law names: of the draws 1, of the law '1'",)
    """
    drawn = repr(next(iter(counts)))
    named = {
        said: min(repr(_kind(kind)) for kind in kinds)  # the same whatever the order of a set is
        for said, kinds in others.items()
        if kinds and counts.keys().isdisjoint(map(_kind, kinds))
    }
    return tuple(
        f"no draw is of a kind that {said} names: of the draws {drawn:.40}, of {said} {kind:.40}"
        for said, kind in named.items()
    )


def tally_of(counts: Counts) -> Tally:
    """Return how many kinds were drawn how often."""
    if sum(counts.values()) > MOST_DRAWS:
        raise too_many_draws("what was counted")
    return Tally.of_counts(np.fromiter(counts.values(), dtype=np.int64, count=len(counts)))


def _column(draws: Any, column: str | int | None) -> Any:
    """Return the column of a frame, or a tensor, as an array or list; anything else as it is."""
    if (names := column_names(draws)) is not None:
        draws = draws[_name(names, column)]
        if column is None and is_of_groups(draws):
            raise refusal_of_groups()
    elif column is not None:
        raise MeasurementError(
            "column= names a column of a frame or a file: leave it out of other draws", "wrong_type"
        )
    elif named_as_counts(name := getattr(draws, "name", None)):
        raise MeasurementError(
            f"the draws are called '{name}', as counts are: give counts as a dict of kinds to them, or draws "
            "as an array",
            "ambiguous",
        )
    elif is_of_groups(draws):
        raise refusal_of_groups()
    if hasattr(draws, "to_pylist"):  # Arrow, whose conversion to an array may refuse to copy
        return draws.to_pylist()
    if hasattr(draws, "to_numpy"):
        return draws.to_numpy()
    return _array(draws) if hasattr(draws, "__array__") else draws


def column_names(draws: Any) -> list[Any] | None:
    """Return the names of a frame's columns, which need not be strings; None of what is no frame."""
    names = getattr(draws, "column_names", getattr(draws, "columns", None))
    return None if names is None or isinstance(draws, (Mapping, np.ndarray)) else list(names)


def _name(names: list[Any], column: str | int | None) -> Any:
    """Return the name of the column of the kinds, which need not be a string."""
    counts = [name for name in names if column is None and named_as_counts(name)]
    if counts:
        raise MeasurementError(
            f"a frame has a column '{counts[0]}', as tables of counts have: give a dict of kinds to "
            "counts, or name the column of kinds by column=",
            "ambiguous",
        )
    found = names if column is None else [name for name in names if str(name) == str(column)]
    if len(found) == 1:
        return found[0]
    if column is not None and found:
        raise MeasurementError(
            f"a frame has {len(found)} columns called '{column}': rename those that are called alike",
            "ambiguous",
        )
    listed = f"the columns {', '.join(map(str, names))}" if names else "no columns"
    raise MeasurementError(
        f"a frame has no column '{column}', but {listed}: name one of these, or give it alone"
        if column is not None and names
        else f"a frame has {listed}: give that of the kinds alone, or name it by column="
        if names
        else "a frame has no columns: give one with the kinds",
        "unknown_column",
    )


def _array(values: Any) -> np.ndarray:
    """Return a tensor as an array: its rows compare as objects, not as what they hold."""
    try:
        return values if isinstance(values, np.ndarray) else np.asarray(values)
    except (TypeError, RuntimeError) as error:  # such as of a tensor on a GPU
        raise MeasurementError(
            f"draws of type {type(values).__name__} cannot be read as an array: {error}", "wrong_type"
        ) from error


def _require_all(values: np.ndarray) -> None:
    """Refuse an array with masked or missing values, such as NaT; floats and objects are looked at later."""
    known = values.dtype.hasobject or values.dtype.kind in "biufSU"
    if np.ma.is_masked(values) or (not known and np.any(values != values)):
        raise _missing()


def _require_alike(shapes: set[tuple[int, ...]]) -> None:
    """Refuse arrays of several shapes, as batches of draws are of which the last is shorter."""
    if len(shapes) > 1:
        first, other = sorted(shapes)[:2]
        raise MeasurementError(
            f"arrays of the shapes {first} and {other} side by side may be batches of draws: join them by "
            "np.concatenate, or give a tuple for each if each is a draw",
            "ambiguous",
        )
    if any(0 in shape for shape in shapes):
        raise MeasurementError("arrays without entries are no draws: leave them out", "too_few")


def _rows(values: np.ndarray) -> list[Any]:
    """Return the rows of an array along its first axis, as tuples where they have several cells."""
    values = _flat(values)
    return values.tolist() if values.ndim == 1 else [tuple(row.ravel().tolist()) for row in values]


def _flat(values: np.ndarray) -> np.ndarray:
    """Return rows of one cell as that cell, as in files."""
    return values.reshape(-1) if values.size in (0, len(values)) else values


def _count_array(values: np.ndarray) -> Counts:
    if values.dtype.kind == "f":
        digits = min(np.finfo(values.dtype).nmant + 1, 53)
        if not np.array_equal(values, np.trunc(values)) or np.any(np.abs(values) >= 2.0**digits):
            raise MeasurementError(
                f"kinds are strings or whole numbers, as such floats below 2^{digits}, but the array holds "
                "others or missing values: drop or convert them first",
                "not_finite",
            )
        values = values.astype(np.int64)
    if values.dtype.kind == "S":  # text, as where it lies in a file
        values = plain(values).astype(str)
    kinds, counts = np.unique(_flat(values), axis=0, return_counts=True)
    return dict(zip(_rows(kinds), counts.tolist(), strict=True))


def _kind(value: Any, shapes: set[tuple[int, ...]] | None = None) -> Any:
    """Return a value as a kind: scalars and arrays as what they hold, so that equal ones are one kind.

    The shapes of arrays are added to `shapes`.
    """
    if isinstance(value, np.generic):
        if _is_missing(value):  # NaT in nanoseconds is a whole number to Python
            raise _missing()
        return str(plain(np.array([value]))[0]) if isinstance(value, np.bytes_) else value.item()
    if isinstance(value, bytes) and value.isascii():  # as in arrays, so that a law of either names both
        return value.decode()
    # What most draws are is not asked for what it has not, which takes three times as long.
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, tuple):
        return value if _PLAIN.issuperset(map(type, value)) else tuple(map(_part, value))
    if not hasattr(value, "__array__"):
        return value.as_py() if hasattr(value, "as_py") else value  # of Arrow, which equals no plain value
    if column_names(value) is not None:
        raise MeasurementError(
            "a draw is a frame: give one frame of all draws, as by pandas.concat, or a tuple for each if "
            "each is a draw",
            "wrong_type",
        )
    held = _array(value)
    _require_all(held)
    if shapes is not None:
        shapes.add(held.shape)
    return _kind(held.reshape(-1)[0]) if held.size == 1 else tuple(held.ravel().tolist())


def _part(value: Any) -> Any:
    """Return a part of a tuple as a kind; what is not hashable stays so."""
    return value if type(value).__hash__ is None else _kind(value)


def _require_kinds(kinds: Iterable[Any]) -> None:
    """Refuse kinds that stand for a missing value."""
    if any(map(_is_missing, kinds)):
        raise _missing()


def _require_no_files(kinds: Iterable[Any]) -> None:
    """Refuse paths, and strings that all read as names of files, some of which are there."""
    if any(isinstance(kind, PurePath) for kind in kinds):
        raise MeasurementError(
            "a draw is a path: give a list of paths alone for what is in the files, or a Counter of their "
            "names as draws",
            "wrong_type",
        )
    if not all(isinstance(kind, str) and _is_named_as_file(kind) for kind in kinds):
        return
    found = next((kind for kind in kinds if os.path.isfile(kind)), None)  # noqa: PTH113 - of any length
    if found is not None:
        raise MeasurementError(
            f"the draw {found!r:.80} is a file: give a list of pathlib's Path for what is in the files, or a "
            "Counter of their names as draws",
            "ambiguous",
        )


def _is_named_as_file(kind: str) -> bool:
    return Path(kind).suffix.lower().removeprefix(".") in (*FORMATS, *COMPRESSIONS)


def _is_missing(kind: Any) -> bool:
    """Return whether a kind, or a part of it, is None or differs from itself."""
    if isinstance(kind, (tuple, frozenset)):
        return any(map(_is_missing, kind))
    try:
        return kind is None or bool(kind != kind)
    except TypeError:  # of the NA of pandas, which says neither
        return True


def _missing() -> MeasurementError:
    return MeasurementError(
        "a draw is missing (None, NaN, NA or masked): leave such draws out, and say how many they were",
        "missing_value",
    )


def _shares(law: Law) -> dict[Any, float | int]:
    """Return the probability of each kind to which a law gives one."""
    kinds = [_kind(kind) for kind in law]
    _require_kinds(kinds)
    try:
        weights = dict(zip(kinds, map(float, law.values()), strict=True))
        total = math.fsum(weights.values())
    except (TypeError, ValueError, OverflowError):
        weights, total = {}, math.nan
    if not (0 < total < math.inf and min(weights.values()) >= 0):
        raise MeasurementError(
            "the weights of a law are finite numbers, none below 0 and one above: give probabilities or "
            "counts",
            "out_of_range",
        )
    if len(weights) < len(law):
        raise MeasurementError("the law names a kind more than once: give each one weight", "contradictory")
    return {kind: weight / total for kind, weight in weights.items() if weight}


def _whole_count(kind: object, count: Any) -> int:
    if not is_count(count):
        raise MeasurementError(
            f"the kind {kind!r:.40} has the count {count!r:.20}: counts are whole numbers of at least 0",
            "wrong_type",
        )
    return int(count)
