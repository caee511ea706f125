"""The rows of files as elements and weights, for whoever trains on them: the same reading as draws have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxttice_core.audit.columns import KINDS, WEIGHTS
from fluxttice_core.audit.counts import number_expression
from fluxttice_core.audit.draws import Reading, as_table, no_sample
from fluxttice_core.audit.engine import MEMORY, engine
from fluxttice_core.audit.kinds import kind_expression
from fluxttice_core.audit.sources import RENAME, find_source
from fluxttice_core.errors import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fluxttice_core.shapes import Float64


@dataclass(frozen=True, eq=False)
class ElementRows:
    """What files, `said` in words, list: kinds, each once, in rising order, and the sums of their weights."""

    said: str
    kinds: tuple[str, ...] | tuple[int, ...]
    weights: Float64[np.ndarray, "n"] | None = None


def read_rows(
    places: Sequence[str], *, column: str | None = None, weights: str | None = None, memory: str = MEMORY
) -> ElementRows:
    """Read elements, one a row, and the column of their weights, if any, in any format of samples."""
    source = find_source(list(places), way_out=RENAME)
    with engine(source.paths, memory) as running:
        table = as_table(running, source, Reading(column=column))
        names = ("1",) if table.column else table.names
        weighed = None if weights is None else _place(names, weights, source.said)
        place = _place_of_kinds(names, source.said, None if table.column else column, weights)
        kind = kind_expression(table, place)
        number = "NULL" if weighed is None else number_expression(table, weighed)
        found = table.run(
            running,
            f"SELECT kind, sum(n), min(n), bool_or(n IS NULL OR NOT isfinite(n)) FROM "
            f"(SELECT {kind} AS kind, {number} AS n FROM {{table}}) GROUP BY kind ORDER BY kind",
        )
    return _element_rows(source.said, found, weights)


def _element_rows(said: str, found: list[Any], weights: str | None) -> ElementRows:
    if not found:
        raise no_sample(said)
    if any(kind is None or kind == "" for kind, *_ in found):
        raise MeasurementError(
            f"{said} has rows without an element: remove them, or name another column", "missing_value"
        )
    kinds = tuple(kind for kind, *_ in found)
    if weights is None:
        return ElementRows(said, kinds)
    wrong = next((kind for kind, _, least, alien in found if alien or least < 0), None)
    if wrong is not None:
        raise MeasurementError(
            f"the weight of {str(wrong)[:40]!r} in the column {weights!r} of {said} is no number from 0 "
            "upwards: correct it, or name another column",
            "malformed",
        )
    return ElementRows(said, kinds, np.array([total for _, total, *_ in found], dtype=np.float64))


def _place_of_kinds(names: Sequence[str], said: str, column: str | None, weights: str | None) -> int:
    """The column of the elements: the one that is named, that is usually called so, or that is left."""
    if column is not None:
        return _place(names, column, said)
    others = [place for place, name in enumerate(names) if name != weights]
    if weights is None and len(names) > 1 and (found := [n for n in names if n.strip().lower() in WEIGHTS]):
        raise MeasurementError(
            f"{said} has a column {found[0]!r}, as weighted rows have: name it as the weights, or name the "
            "column of the elements, all of which then count alike",
            "ambiguous",
        )
    usual = [place for place in others if names[place].strip().lower() in KINDS]
    left = usual if len(others) > 1 else others
    if len(left) != 1:
        raise MeasurementError(
            f"{said} has the columns {', '.join(names[:20])}: name the one with the elements", "ambiguous"
        )
    return left[0]


def _place(names: Sequence[str], column: str, said: str) -> int:
    if column not in names:
        raise MeasurementError(
            f"{said} has no column {column!r}: it has {', '.join(names[:20])}", "unknown_column"
        )
    return list(names).index(column)
