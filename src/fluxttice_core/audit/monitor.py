"""Counts of many runs in one file, and evidence against a law that may be looked at after each of them."""

from __future__ import annotations

import hashlib
import json
import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fluxttice_core.audit.beside import beside_law
from fluxttice_core.audit.counts import require_room, tally_of
from fluxttice_core.audit.fit import fit_of
from fluxttice_core.audit.verdicts import Finding, Verdict
from fluxttice_core.audit.whole_file import followed
from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.tally import LawTally, Tally

if TYPE_CHECKING:
    from pathlib import Path

    from fluxttice_core.audit.draws import Grouped, Reading
    from fluxttice_core.audit.engine import Engine
    from fluxttice_core.audit.sources import Source

_KEY = "fluxttice_monitor"

_MOST_DRAWS = 10**13
"""Of more draws the terms of the evidence are so large that rounding makes an alarm."""


@dataclass(frozen=True)
class Monitored:
    """All runs so far.

    Args:
        tally: How often kinds were drawn in all of them.
        looks: Number of runs, each of which was looked at.
        log_evidence: Logarithm of the evidence against the law now.
        log_greatest: The greatest that it ever was.
        size: Kinds of the uniform law; None with a stated law.
        beside: The draws of all runs beside a stated law.
    """

    tally: Tally
    looks: int
    log_evidence: float | int
    log_greatest: float | int
    size: int | None = None
    beside: LawTally | None = None

    def finding(self, significance: float | int, law: str) -> Finding:
        """Return the verdict, whose false alarms are as rare as told however often one looks.

        Without an alarm the law is passed only if all draws so far would pass it in one look.

        Source: Ville 1939, Étude critique de la notion de collectif.
        """
        limit = -math.log(significance)
        alarm = self.log_greatest >= limit
        claim = f"{self.tally.draws:,} draws in {self.looks:,} looks"
        sentence = (
            f"the evidence against {law} was {_times(self.log_greatest)} at most and is "
            f"{_times(self.log_evidence)}; {_times(limit)} is an alarm, at any time"
        )
        verdict = Verdict.NOT_UNIFORM
        if not alarm:
            judged = fit_of(self.beside or self.tally, self.size, significance, law).finding
            passed = judged.verdict is Verdict.CONSISTENT
            verdict = Verdict.CONSISTENT if passed else Verdict.NOT_ENOUGH_SAID
            sentence += "" if passed else f"; of all draws so far: {judged.sentence}"
        p_value = math.exp(-max(self.log_greatest, 0.0))
        return Finding(
            claim, verdict, f"test martingale of {law}", None, None, "count", p_value, sentence, law
        )


def _times(log: float | int) -> str:
    if math.isinf(log):
        return "infinite" if log > 0 else "0"
    if abs(log) > 20:
        return f"10^{log / math.log(10):,.1f}"
    return f"{math.exp(log):,.0f}" if log > math.log(100) else f"{math.exp(log):.3g}"


def monitor(
    engine: Engine, draws: Grouped, state: Path, size: int | None, law: Source | None, reading: Reading
) -> Monitored:
    """Add the counts of a run to those of the runs before it, and look at them all.

    The file is locked meanwhile and replaced at once, so that runs at the same time wait for one another and
    one that is killed, or refused, has counted wholly or not at all.

    Raises:
        MeasurementError: If the file is of another law or space or no state at all, or all runs together
            drew more kinds than the space has.
    """
    from filelock import FileLock

    from fluxttice_core.statistics.anytime import log_mixture_evidence

    null = _null(draws, size, law, reading)
    state = followed(state)  # whatever links it is named by, there is one lock
    with FileLock(f"{state}.lock"):
        for abandoned in state.parent.glob(f".{state.name}.new-*.tmp"):
            abandoned.unlink()
        before = _before(engine, state, null)
        name = engine.new_name()
        runs = [f"SELECT kind::VARCHAR AS kind, n FROM {draws.name}"]
        if before:
            runs.append(f"SELECT kind, count FROM read_parquet({engine.constant(engine.link(state))})")
        engine.run(
            f"CREATE TEMP TABLE {name} AS SELECT kind, sum(n)::BIGINT AS n "
            f"FROM ({' UNION ALL '.join(runs)}) GROUP BY 1",
            f"'{state.name}'",
        )
        tally = tally_of(engine, f"SELECT n AS times, count(*) AS kinds FROM {name} GROUP BY 1 ORDER BY 1")
        require_room(tally.distinct, size)
        if tally.draws > _MOST_DRAWS:
            raise MeasurementError(
                f"with this run '{state.name}' has {tally.draws:,} draws, and beyond {_MOST_DRAWS:,} "
                "evidence is lost to rounding: begin another file",
                "too_large",
            )
        beside = None if law is None else beside_law(engine, replace(draws, name=name), law, reading)[0]
        evidence = log_mixture_evidence(tally, size) if beside is None else log_mixture_evidence(beside)
        greatest = max(evidence, float(before.get("log_greatest", "-inf")))
        looks = int(before.get("looks", 0)) + 1
        kinds = size if beside is None else None
        monitored = Monitored(tally, looks, evidence, greatest, kinds, beside)
        kept = json.dumps({**null, "looks": looks, "log_greatest": repr(greatest)})
        rows = f"SELECT kind, n AS count FROM {name} ORDER BY kind"
        engine.save(rows, state, f", KV_METADATA {{{_KEY}: {engine.quoted(kept)}}}")
    return monitored


def require_state(
    engine: Engine, draws: Grouped, state: Path, size: int | None, law: Source | None, reading: Reading
) -> None:
    """Refuse what `monitor` would, of another law or no state at all, before anything else is kept."""
    _before(engine, state, _null(draws, size, law, reading))


def _null(draws: Grouped, size: int | None, law: Source | None, reading: Reading) -> dict[str, Any]:
    """Return what the evidence is against, as it is kept, and how the draws of all runs are read."""
    if law is None and size is None:
        raise MeasurementError("--monitor needs a law: give --space-size or --law", "missing_option")
    digest = None if law is None else " ".join(map(_digest, law.paths))
    space = None if draws.space is None else [draws.space.base, draws.space.arity]
    null = {"law": digest, "size": None if law is not None else size, "space": space}
    return null | {"canonical": reading.canonical, "skip": sorted(set(reading.skip))}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _before(engine: Engine, state: Path, null: dict[str, Any]) -> dict[str, Any]:
    """Return what the runs before this one left, or nothing before the first."""
    if not state.exists():
        return {}
    kept: dict[str, Any] = {}
    rows = engine.run(
        f"SELECT value FROM parquet_kv_metadata({engine.constant(engine.link(state))}) "
        f"WHERE key = '{_KEY}'::BLOB",
        f"'{state.name}'",
    )
    with suppress(ValueError):
        kept = json.loads(rows[0][0]) if rows else {}
    if isinstance(kept, dict):
        kept = {name: null[name] for name in ("canonical", "skip")} | kept  # which states of before have not
    if not isinstance(kept, dict) or not {"looks", "log_greatest", *null} <= set(kept):
        raise MeasurementError(f"'{state}' is no state of --monitor: name another file", "alien_file")
    if any(kept[name] != value for name, value in null.items()):
        raise MeasurementError(
            f"'{state}' monitors another law or space, or draws read otherwise (--canonical, --skip): name a "
            "file of its own for each",
            "contradictory",
        )
    return kept
