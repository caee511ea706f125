"""Draws beside other files: a stated law, a set of reference, what the generator was trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fluxttice_core.audit.columns import WEIGHTS, choose_counts
from fluxttice_core.audit.counts import group_pairs, number_expression
from fluxttice_core.audit.draws import Grouped, Reading, as_table, group_draws
from fluxttice_core.audit.kinds import TEN, kept_type, label, settle
from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.tally import LawTally, Tally

if TYPE_CHECKING:
    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.fit import Ends
    from fluxttice_core.audit.sources import Source
    from fluxttice_core.audit.tables import Table

_PROBABILITIES = ("probability", "probabilities", "p")


@dataclass(frozen=True)
class Overlap:
    """Drawn kinds that are in a set of kinds.

    Args:
        size: Kinds in the set.
        tally: How often those of them were drawn that were drawn at all.
        shared: How many of them the set of reference has, too; None where there is none.
    """

    size: int
    tally: Tally
    shared: int | None = None


def overlaps(
    engine: Engine, draws: Grouped, reference: Source | None, training: Source | None, reading: Reading
) -> tuple[Overlap | None, Overlap | None, tuple[str, ...]]:
    """Hold draws against files of kinds, which may stand there several times, and one against the other.

    With the overlaps come notes of how the files were read.
    """
    known, beside, of_known = _held(engine, draws, reference, reading)
    trained, seen, of_trained = _held(engine, draws, training, reading)
    notes = of_known + of_trained
    if known is None or trained is None or seen is None:
        return beside, seen, notes
    return beside, replace(seen, shared=_overlap(engine, trained, known).tally.distinct), notes


def _held(
    engine: Engine, draws: Grouped, source: Source | None, reading: Reading
) -> tuple[Grouped | None, Overlap | None, tuple[str, ...]]:
    """Hold draws against a file of kinds, with notes of what was taken for granted of it and left out."""
    if source is None:
        return None, None, ()
    known = group_draws(engine, source, _alike(draws, reading))
    overlap, notes = _overlap(engine, draws, known), known.notes
    if known.left_out:
        left_out = ", ".join(f"{number:,} that are {why}" for why, number in known.left_out.items())
        notes += (f"left out of {source.said}: {left_out}",)
    if not overlap.tally.distinct:
        notes += _none_alike(engine, draws, known.name, source.said)
    return known, overlap, notes


def _overlap(engine: Engine, draws: Grouped, known: Grouped) -> Overlap:
    size = engine.row(f"SELECT count(*) FROM {known.name}")[0]
    found = engine.arrays(
        f"SELECT draws.n AS times, count(*) AS kinds FROM {draws.name} AS draws "
        f"SEMI JOIN {known.name} AS known ON {_same(engine, draws, known.name)} GROUP BY 1 ORDER BY 1"
    )
    return Overlap(size, Tally(found["times"].astype(np.int64), found["kinds"].astype(np.int64)))


def beside_law(
    engine: Engine, draws: Grouped, source: Source, reading: Reading
) -> tuple[LawTally, Ends, tuple[str, ...]]:
    """Hold draws against a file of kinds and their weights, with notes of how it was read."""
    from fluxttice_core.audit.fit import Ends

    table = as_table(engine, source, replace(reading, column=None, holds="weights"))
    law, probabilities, notes = _read_law(engine, table, reading)
    settle(engine, law, table.said, draws.space, guess=False)
    joined = (
        f"FROM {law} AS law LEFT JOIN {draws.name} AS draws ON {_same(engine, draws, law, 'law')} "
        "WHERE law.n > 0"
    )
    found = engine.arrays(
        f"SELECT law.n AS weight, coalesce(draws.n, 0) AS times, count(*) AS kinds {joined} "
        "GROUP BY ALL ORDER BY ALL"
    )
    weights, times, kinds = found["weight"], found["times"].astype(np.int64), found["kinds"].astype(np.int64)
    total = _total(weights * kinds, table.said, probabilities=probabilities)
    drawn = engine.row(f"SELECT coalesce(sum(n), 0) FROM {draws.name}")[0]
    written = label(engine, draws.space, "law.kind")
    ends = [
        engine.run(
            f"SELECT {written}::VARCHAR, coalesce(draws.n, 0), law.n / {total!r} {joined} "
            f"ORDER BY coalesce(draws.n, 0) / law.n {order}, law.n DESC, law.kind LIMIT {TEN}"
        )
        for order in ("DESC", "ASC")
    ]
    tally = LawTally(weights / total, times, kinds, int(drawn) - int(times @ kinds))
    if drawn and not times.any():
        notes += _none_alike(engine, draws, law, table.said)
    return tally, Ends(*ends), notes


def _none_alike(engine: Engine, draws: Grouped, other: str, said: str) -> tuple[str, ...]:
    """Say that no kind of a file was drawn, with one of either: both may be written otherwise."""
    written = label(engine, draws.space)
    drawn, named = (
        engine.row(f"SELECT min({written}::VARCHAR) FROM {name}")[0] for name in (draws.name, other)
    )
    return (f"no draw is of a kind in {said}: of the draws '{drawn:.40}', in {said} '{named:.40}'",)


def _read_law(engine: Engine, table: Table, reading: Reading) -> tuple[str, bool, tuple[str, ...]]:
    """Return the name of a table of kinds and weights, whether those are called probabilities, and notes.

    Spellings of one molecule are one kind, of their weights together.
    """
    kind, place = choose_counts(table.names, table.said, None, WEIGHTS)
    if kind is None:
        raise MeasurementError(
            f"{table.said} has weights without kinds: give a column of kinds beside them", "missing_value"
        )
    cell = number_expression(table, place)
    weight = f"CASE WHEN {cell} >= 0 AND isfinite({cell}) THEN {cell} END"
    law = group_pairs(engine, table, kind, place, weight, "DOUBLE")
    _require_single(engine, law, table.said)
    _settle_alike(engine, law, table.said, reading)
    notes: tuple[str, ...] = ()
    if table.named and sum(name.strip().lower() in WEIGHTS for name in table.names) > 1:
        notes = (f"weights of {table.said} are those of the column '{table.names[place]}'",)
    elif not (table.named or table.stored):
        notes = (f"the first row of {table.said} was read as a kind and its weight",)
    return law, table.names[place].strip().lower() in _PROBABILITIES, notes


def _total(weights: Float64[np.ndarray, "rows"], said: str, *, probabilities: bool) -> float | int:
    total = math.fsum(weights)
    if not total > 0:
        raise MeasurementError(f"{said} gives no kind a weight above 0", "out_of_range")
    if probabilities and abs(total - 1) > 1e-6:
        raise MeasurementError(
            f"the probabilities of {said} add to {total:.6g}, not 1: list every kind, or call them weights",
            "contradictory",
        )
    return total


def _require_single(engine: Engine, law: str, said: str) -> None:
    twice = engine.run(f"SELECT kind FROM {law} WHERE rows > 1 OR kind IS NULL ORDER BY kind LIMIT 1")
    if twice:
        raise MeasurementError(
            f"{said} names the kind '{twice[0][0]!s:.40}' more than once, or none: give each one weight",
            "contradictory",
        )


def _settle_alike(engine: Engine, law: str, said: str, reading: Reading) -> None:
    """Write SMILES as those of the draws were, and refuse weights of what was left out of these."""
    weights = {}
    if reading.skip:
        skipped = engine.constant(list(reading.skip))
        of_skipped = f"SELECT coalesce(sum(n), 0) FROM {law} WHERE list_contains({skipped}, kind::VARCHAR)"
        weights["is skipped"] = engine.row(of_skipped)[0]
    if reading.canonical:
        from fluxttice_core.audit.molecules import canonicalise

        weights["is no valid SMILES"] = canonicalise(engine, law)
    for reason, weight in weights.items():
        if weight:
            raise MeasurementError(
                f"{said} gives a weight of {weight:.6g} to what {reason}, and so is left out of the draws: "
                "leave it out of the law as well",
                "contradictory",
            )


def _alike(draws: Grouped, reading: Reading) -> Reading:
    """Return how a file beside the draws is read: its kinds must come out as those of the draws did."""
    return Reading(space=draws.space, skip=reading.skip, canonical=reading.canonical, guess=False)


def _same(engine: Engine, draws: Grouped, other: str, alias: str = "known") -> str:
    """Return the condition that two kinds are one; a number is the same written as a string."""
    types = {kept_type(engine, name) for name in (draws.name, other)}
    cast = "::VARCHAR" if len(types) > 1 and "VARCHAR" in types else ""
    return f"draws.kind{cast} = {alias}.kind{cast}"
