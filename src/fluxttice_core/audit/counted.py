"""Counting what files hold: how often each kind was drawn, and beside what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from fluxttice_core.audit.counts import (
    group_counts,
    is_frequencies,
    require_draws,
    tally_of_frequencies,
    tally_of_incidences,
)
from fluxttice_core.audit.draws import Grouped, Reading, group_draws, group_table, stored_table
from fluxttice_core.audit.engine import MEMORY, engine, memory_bytes
from fluxttice_core.audit.kinds import TEN, label
from fluxttice_core.audit.sources import RENAME, STANDARD_INPUT, Source, find_source
from fluxttice_core.audit.whole_file import followed, require_apart
from fluxttice_core.errors import ErrorCode, MeasurementError

if TYPE_CHECKING:
    from array import array

    import numpy as np

    from fluxttice_core.audit.arrays import Values
    from fluxttice_core.audit.beside import Overlap
    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.fit import Ends
    from fluxttice_core.audit.monitor import Monitored
    from fluxttice_core.shapes import Int64
    from fluxttice_core.statistics.tally import LawTally, Tally

    Ranked = tuple[tuple[str, int], ...]

# NumPy is loaded only where it is needed: its import takes as long as counting a million draws.
_PIECE = 2**20

EngineName = Literal["local", "ray"]
Group = Callable[["Engine", Source, Reading], Grouped]


def require_engine(name: str) -> None:
    """Refuse what no engine is called."""
    if name not in get_args(EngineName):
        raise MeasurementError(f"the engine is called 'local' or 'ray', not {name!r:.40}", "unknown_name")


@dataclass(frozen=True)
class Counted:
    """What draws are, once counted.

    Args:
        times: How often kinds were drawn, rising.
        kinds: How many kinds were drawn so often.
        most: The kinds drawn most often, ten at most, and how often.
        least: Those drawn least often, of all that were drawn.
        size: Kinds in the space that the kinds themselves name, as operations do; None if they name none.
        column: Name of the column or array that was read, where its file has others.
        left_out: Why draws were left out, and how many.
        notes: What was taken for granted when the files were read.
        law_tally: The draws beside a stated law.
        law_ends: The kinds that were drawn most and least often for what the law gives to them.
        reference: The draws beside a set of reference.
        training: The draws beside what the generator was trained on.
        units: Sampling units, if a matrix of incidences was counted.
        monitored: This run and those before it.
    """

    times: array[int] | Int64[np.ndarray, "rows"]
    kinds: array[int] | Int64[np.ndarray, "rows"]
    most: tuple[tuple[str, int], ...] = ()
    least: tuple[tuple[str, int], ...] = ()
    size: int | None = None
    column: str | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    law_tally: LawTally | None = None
    law_ends: Ends | None = None
    reference: Overlap | None = None
    training: Overlap | None = None
    units: int | None = None
    monitored: Monitored | None = None

    @classmethod
    def of(cls, tally: Tally, **known: Any) -> Counted:
        """What is known of draws that were tallied."""
        return cls(tally.times, tally.kinds, **known)

    @cached_property
    def tally(self) -> Tally:
        """How many kinds were drawn how often, in arrays, for which NumPy is loaded."""
        import numpy as np

        from fluxttice_core.statistics.tally import Tally

        # Copied: otherwise they keep C's name of the type, which checks of types take for another.
        return Tally(np.array(self.times, np.int64), np.array(self.kinds, np.int64))

    def reading(self) -> dict[str, Any]:
        """Return how the draws were read as plain values."""
        return {"left_out": self.left_out, "notes": list(self.notes)}


@dataclass(frozen=True)
class Beside:
    """Files beside which draws are counted, and where their counts are kept.

    Args:
        law: Kinds and their weights, probabilities or counts.
        reference: Kinds, one a row.
        training: Kinds, one a row.
        save_counts: A file for the counts, `.parquet`.
        monitor: A file to which the counts of this run are added.

    Raises:
        MeasurementError: If the file for the counts is not called so, as `--counts` could not read it.
    """

    law: str | None = None
    reference: str | None = None
    training: str | None = None
    save_counts: Path | None = None
    monitor: Path | None = None

    def __post_init__(self) -> None:
        if self.save_counts is not None and self.save_counts.suffix.lower() != ".parquet":
            raise MeasurementError(
                f"counts are kept as Parquet, and '{self.save_counts.name}' is not called so: give a name "
                "that ends in .parquet",
                "unknown_format",
            )

    @property
    def written(self) -> tuple[Path, ...]:
        """All that is written, with the lock of what is monitored."""
        locked = self.monitor and (self.monitor, Path(f"{followed(self.monitor)}.lock"))
        return (*((self.save_counts,) if self.save_counts else ()), *(locked or ()))


def count_samples(
    places: Sequence[str],
    reading: Reading | None = None,
    beside: Beside | None = None,
    *,
    memory: str = MEMORY,
    on: EngineName = "local",
    written: Iterable[Path] = (),
    require: Callable[[int | None], None] | None = None,
) -> Counted:
    """Count draws in files, in bounded memory.

    Args:
        places: Files, patterns, folders of files, or `-` for standard input, all of one format.
        reading: How they are read.
        beside: What they are held against.
        memory: What counting may take; beyond that it spills to the disk. On a cluster each task may.
        on: What counts: `local`, here, or `ray`, on a cluster, with equal results.
        written: What the caller is going to write, none of which may be read.
        require: What refuses a size of the space, before anything is kept of a run that is refused for it.

    Raises:
        MeasurementError: If a file is missing, damaged or of another format, it is unclear what in it is a
            draw, a file that is read would be written over, or a cluster does not answer.
        MissingExtra: If Ray is to count and is not installed.
    """
    require_engine(on)
    reading, beside = reading or Reading(), beside or Beside()
    group = group_draws if on == "local" else _on_cluster(places, reading, memory)
    if reading.holds == "counts" and len(places) == 1 and is_frequencies(places[0]):
        require_apart((), written)
        memory_bytes(memory)  # which is not needed, and refused all the same where it is none
        if reading.column is not None or reading.file_format is not None:
            raise MeasurementError(
                f"'{places[0]:.40}' is counts, not a file: leave --column and --format out", "contradictory"
            )
        return _without_kinds(Counted.of(tally_of_frequencies(places[0])), reading, beside)
    _require_files(places, reading)
    draws = find_source(places, reading.file_format)
    others = _others(beside, places)
    sources = (draws, *others.values())
    files = [path for source in sources for path in source.paths]
    given = [] if all(source.paths for source in sources) else [Path("/dev/stdin")]
    require_apart([*files, *given], (*beside.written, *written))
    files += [beside.monitor] if beside.monitor else []
    with engine(files, memory) as running:
        try:
            grouped = _group_source(running, draws, reading, group)
        except MeasurementError as error:
            refusal = error
        else:
            counted = _counted(running, grouped, others, reading, beside, require)
            return replace(counted, notes=(*draws.notes, *counted.notes))
    # With the engine closed, so that its memory can be taken anew.
    alone = _of_one_file(refusal, draws, reading, memory)
    if alone is None:
        raise refusal
    raise alone from refusal


def _require_files(places: Sequence[str], reading: Reading) -> None:
    """Refuse counts where files are expected, unless a file is called so."""
    written = next((place for place in places if is_frequencies(place) and not Path(place).exists()), None)
    if written is None:
        return
    way_out = "such counts are given as --counts"
    if reading.holds == "counts":
        way_out = "give all such counts as one, each number of draws once, as in 1:21492,2:8, without files"
    raise MeasurementError(f"there is no file '{written:.40}': {way_out}", "missing_file")


_OF_ALL: tuple[ErrorCode, ...] = ("contradictory", "disk_full", "too_few", "too_large", "unreachable")
"""Refusals that files together may bring about without a guilty one among them."""


def _of_one_file(
    refusal: MeasurementError, draws: Source, reading: Reading, memory: str
) -> MeasurementError | None:
    """Say which of several files is refused: the first that, read alone, is refused for the same reason."""
    if len(draws.paths) < 2 or refusal.code in _OF_ALL:
        return None
    with engine(draws.paths, memory) as running:
        for path in draws.paths:
            try:
                _group_source(running, replace(draws, paths=(path,)), reading, group_draws)
            except MeasurementError as alone:
                return alone if alone.code == refusal.code else None
            running.forget_tables()
    return None


def _on_cluster(places: Sequence[str], reading: Reading, memory: str) -> Group:
    from fluxttice_core.audit.units import group_apart

    if reading.holds != "draws" or STANDARD_INPUT in places:
        raise MeasurementError(
            "--engine ray counts files of draws: give --samples, or count standard input, counts and "
            "incidences with --engine local",
            "unsupported",
        )
    return lambda engine, source, how: group_apart(engine, source, how, memory)


def _group_source(engine: Engine, draws: Source, reading: Reading, group: Group) -> Grouped | Counted:
    """Count the kinds, or where counts name none, how many were drawn how often, and in how many units."""
    if reading.holds == "incidences":
        tally, units = tally_of_incidences(engine, draws, reading)
        return Counted.of(tally, units=units)
    if reading.holds == "draws":
        return group(engine, draws, reading)
    grouped = group_counts(engine, draws, reading)
    return grouped if isinstance(grouped, Grouped) else Counted.of(grouped)


def count_values(values: Values, reading: Reading | None = None, beside: Beside | None = None) -> Counted:
    """Count draws in an array: the first axis are the draws, further ones the cells of tables of operations.

    Example:
        >>> import numpy as np
        >>> counted = count_values(np.array(["----00-0+", "000000000", "----00-0+"]))
        >>> counted.most, counted.size
        ((('----00-0+', 2), ('000000000', 1)), 19683)

    Raises:
        MeasurementError: If there is no draw, or one is neither a whole number nor a string.
    """
    import numpy as np

    reading, beside = reading or Reading(), beside or Beside()
    others = _others(beside)
    files = [path for source in others.values() for path in source.paths]
    require_apart(files, beside.written)
    with engine(files + ([beside.monitor] if beside.monitor else [])) as running:
        pieces = np.array_split(np.atleast_1d(values), values.size // _PIECE + 1)
        table = stored_table(running, pieces, "the array")
        grouped = group_table(running, table, reading)
        return _counted(running, grouped, others, reading, beside)


def _others(beside: Beside, places: Sequence[str] = ()) -> dict[str, Source]:
    """Find what draws are held against; a law on standard input is a table, since lines have no weights."""
    names = ("law", "reference", "training")
    named = {name: place for name in names if (place := getattr(beside, name)) is not None}
    if [*places, *named.values()].count(STANDARD_INPUT) > 1:
        raise MeasurementError(
            "standard input is read once: give it to one option, and files to the others", "contradictory"
        )
    if beside.monitor is not None and beside.law == STANDARD_INPUT:
        raise MeasurementError(
            "--monitor knows a law by its file: give --law a file, not standard input", "contradictory"
        )
    piped = {"law": "csv"}
    return {
        name: find_source([place], piped.get(name) if place == STANDARD_INPUT else None, way_out=RENAME)
        for name, place in named.items()
    }


def _without_kinds(counted: Counted, reading: Reading, beside: Beside) -> Counted:
    if counted.units is not None and (beside != Beside() or reading.space is not None):
        raise MeasurementError(
            "--incidences notes kinds by sampling unit, which are no draws: leave out --law, --reference, "
            "--training, --save-counts, --monitor, --base and --arity",
            "contradictory",
        )
    if beside != Beside() or reading.skip or reading.canonical:
        raise MeasurementError(
            "counts alone name no kinds, which a law, a reference, saved counts, --skip and --canonical "
            "need: give a column of kinds",
            "missing_value",
        )
    return counted if reading.space is None else replace(counted, size=reading.space.size)


def require_held(counted: Counted, size: int | None) -> None:
    """Refuse a law, or a known set with what was drawn beside it, of more kinds than a known space has."""
    if size is None:
        return
    law, sets = counted.law_tally, {"the reference": counted.reference, "the training set": counted.training}
    held = [] if law is None else [("the law", law.size, 0)]
    held += [
        (said, kinds.size, counted.tally.distinct - kinds.tally.distinct)
        for said, kinds in sets.items()
        if kinds is not None
    ]
    for said, kinds, others in held:
        if kinds + others > size:
            beside = f", and {others:,} others were drawn" if others else ""
            raise MeasurementError(
                f"{said} has {kinds:,} kinds{beside}, and a space of {size:,} has no more than that: give "
                "its size, or leave out what is not of it",
                "contradictory",
            )


def _counted(
    engine: Engine,
    grouped: Grouped | Counted,
    others: dict[str, Source],
    reading: Reading,
    beside: Beside,
    require: Callable[[int | None], None] | None = None,
) -> Counted:
    if not isinstance(grouped, Grouped):
        return _without_kinds(grouped, reading, beside)
    counted = _beside_others(engine, grouped, others, reading)
    if beside.save_counts is not None or beside.monitor is not None:
        _ = counted.tally  # refuses more draws than can be counted
    size = reading.size if grouped.space is None else grouped.space.size
    require_held(counted, size)
    if require is not None:
        require(size)
    law = others.get("law")
    if beside.monitor is not None:
        from fluxttice_core.audit.monitor import monitor, require_state

        require_state(engine, grouped, beside.monitor, size, law, reading)
    # Kept last, so that nothing is kept of what is refused; what --monitor adds, which is never taken away,
    # after counts that can be written anew.
    if beside.save_counts is not None:
        kind = label(engine, grouped.space)
        rows = f"SELECT {kind} AS kind, n AS count FROM {grouped.name} ORDER BY kind"
        engine.save(rows, beside.save_counts)
    if beside.monitor is None:
        return counted
    return replace(counted, monitored=monitor(engine, grouped, beside.monitor, size, law, reading))


def _beside_others(engine: Engine, grouped: Grouped, others: dict[str, Source], reading: Reading) -> Counted:
    law, reference, training = (others.get(name) for name in ("law", "reference", "training"))
    times, kinds = engine.numbers(
        f"SELECT n AS times, count(*) AS kinds FROM {grouped.name} GROUP BY 1 ORDER BY 1"
    )
    require_draws(times)
    most, least = _ends(engine, grouped, times, kinds)
    counted = Counted(
        times=times,
        kinds=kinds,
        most=most,
        least=least,
        size=None if grouped.space is None else grouped.space.size,
        column=grouped.column,
        left_out=grouped.left_out,
        notes=(*(note for source in others.values() for note in source.notes), *grouped.notes),
    )
    if not others:
        return counted
    from fluxttice_core.audit.beside import beside_law, overlaps

    law_tally, law_ends, of_law = (
        (None, None, ()) if law is None else beside_law(engine, grouped, law, reading)
    )
    known, trained, notes = overlaps(engine, grouped, reference, training, reading)
    return replace(
        counted,
        law_tally=law_tally,
        law_ends=law_ends,
        reference=known,
        training=trained,
        notes=(*counted.notes, *of_law, *notes),
    )


def _ends(engine: Engine, grouped: Grouped, times: array[int], kinds: array[int]) -> list[Ranked]:
    """Return the kinds drawn most and least often, sorting no more than may be among them."""
    written = label(engine, grouped.space)
    rows = list(zip(times, kinds, strict=True))
    found = []
    for order, beyond, outermost in (("DESC", ">=", rows[::-1]), ("ASC", "<=", rows)):
        tenth = _tenth(outermost)
        # By kind alone the engine finds those of one number of draws without a look at most of them.
        by = "kind" if tenth == outermost[0][0] else f"n {order}, kind"
        first = f"SELECT * FROM {grouped.name} WHERE n {beyond} {tenth} ORDER BY {by}"
        shown = f"SELECT {written}::VARCHAR, n FROM ({first} LIMIT {TEN}) ORDER BY n {order}, kind"
        found.append(tuple(engine.run(shown)))
    return found


def _tenth(rows: Iterable[tuple[int, int]]) -> int:
    """How often the tenth kind was drawn, or the last where they are fewer."""
    left, reached = TEN, 0
    for times, kinds in rows:
        left, reached = left - kinds, times
        if left <= 0:
            break
    return reached
