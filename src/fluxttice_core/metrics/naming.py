"""What a metric's name settles: its row, words and scale; which metrics a report holds and what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics import catalogue
from fluxttice_core.metrics.catalogue import CATALOGUE, CODES, DISTRIBUTION, PAIR, REACH, Case, Entry, Need
from fluxttice_core.metrics.settings import DecodeRule, Direction, Half, MeasurementSettings, Unit
from fluxttice_core.spaces.nouns import TERNARY, Nouns

if TYPE_CHECKING:
    from fluxttice_core.spaces.target import Target

_NAME = re.compile(r"(coupled/rho=[^/]+/)?(?P<base>.+?)(/(N=)?(?P<budget>[1-9][0-9]{0,9}))?")


@dataclass(frozen=True)
class Scale:
    """What a metric's row comes to in one report; without draws it is exact."""

    unit: Unit
    direction: Direction
    ceiling: float
    draws: int | None = None
    rule: DecodeRule | None = None
    ceiling_sd: float | None = None


def entry_of(name: str) -> Entry:
    """The row of a metric, named as in reports."""
    match = _NAME.fullmatch(name)
    entry = None if match is None else CATALOGUE.get(match["base"])
    if match is None or entry is None or name != (match[1] or "") + entry.name.format(n=match["budget"]):
        raise MeasurementError(
            f"{name} is no figure of a report: see fluxttice_core.metrics.catalogue", "unknown_name"
        )
    return entry


def scale_of(
    name: str, *, size: int, dimensions: int, settings: MeasurementSettings, target: Target | None = None
) -> Scale:
    """What a metric's name settles, in a report of a dual VAE; `dimensions` of both halves for the pair."""
    entry = entry_of(name)
    target = None if target is None or target.is_everything else target
    budget = int(name.rpartition("/")[2].removeprefix("N=")) if "{n}" in entry.name else 0
    draws = None if entry.draws is None else budget
    if entry.draws is not None and entry.draws != "budget":
        draws = getattr(settings, entry.draws)
    case = Case(size if target is None else len(target.rows), dimensions, budget or draws or 0, target)
    return Scale(
        unit=entry.unit,
        direction="neither" if target is not None and entry.even else entry.direction,
        ceiling=entry.perfect(case) if callable(entry.perfect) else entry.perfect,
        draws=draws,
        rule=entry.rule,
        ceiling_sd=None if entry.perfect_sd is None else entry.perfect_sd(case),
    )


def require_known(metric_set: int) -> None:
    """Refuse what was measured by a later program's metric set."""
    if metric_set > catalogue.METRIC_SET:
        raise MeasurementError(
            f"metric set {metric_set} is newer than this program, which knows {catalogue.METRIC_SET}: "
            "install the newest one",
            "wrong_version",
        )


def due_metrics(
    settings: MeasurementSettings,
    *,
    ternary: bool,
    split_known: bool,
    validated: bool = True,
    rho: float,
    metric_set: int | None = None,
    has_target: bool = False,
) -> frozenset[tuple[str, Half]]:
    """Name and half of each metric that a full report holds, of the latest set unless told.

    `validated` where the split has validation rows, which that of the smallest spaces has not.
    """
    lacking: set[Need] = {"no split"} if split_known else {"split", "validation"}
    lacking.add("no target" if has_target else "target")
    if not validated:
        lacking.add("validation")
    if has_target or not ternary:
        lacking.add("ternary")
    latest = catalogue.METRIC_SET if metric_set is None else metric_set
    require_known(latest)
    found: set[tuple[str, Half]] = set()
    for entry in CATALOGUE.values():
        if entry.since > latest or entry.needs in lacking:
            continue
        names = entry.names(settings)
        if "half" in entry.of:
            found |= {(name, half) for name in names for half in ("a", "b")}
        if "pair" in entry.of:
            found |= {(name, "pair") for name in names}
        if "coupled" in entry.of:
            found |= {(f"coupled/rho={rho:g}/{name}", "pair") for name in names}
    return frozenset(found)


@dataclass(frozen=True)
class Section:
    """Metrics that answer one question."""

    title: str
    names: tuple[str, ...]


def sections(settings: MeasurementSettings, rho: float) -> Iterator[Section]:
    """What a report shows, in order; whatever was not measured is passed over by the caller."""
    for title in (REACH, CODES, DISTRIBUTION, PAIR):
        shown = [entry for entry in CATALOGUE.values() if entry.section == title]
        yield Section(title, tuple(name for entry in shown for name in entry.shown(settings)))
    coupled = [entry.name for entry in CATALOGUE.values() if "coupled" in entry.of]
    yield Section(f"Coupled pair, rho = {rho:g}", tuple(f"coupled/rho={rho:g}/{name}" for name in coupled))


def headline_names(settings: MeasurementSettings) -> tuple[str, ...]:
    """The metrics that stand for a model, as far as they were measured, in order."""
    return tuple(name for entry in CATALOGUE.values() if entry.headline for name in entry.shown(settings))


def control_columns(settings: MeasurementSettings) -> tuple[tuple[str, str], ...]:
    """Heading and metric of each column in which controls are compared, at the headline budget."""
    entries = [entry for entry in CATALOGUE.values() if entry.column is not None]
    return tuple((str(entry.column), entry.name.format(n=settings.headline)) for entry in entries)


def label(name: str, nouns: Nouns = TERNARY, *, budget: bool = True) -> str:
    """A metric in words, those of a space; one that this program does not know by its name."""
    try:
        words, at_budget = nouns.own(entry_of(name).label), "{n}" in entry_of(name).name
    except MeasurementError:
        return name
    draws = name.rpartition("/")[2].removeprefix("N=")
    return f"{words}, N = {int(draws):,}" if budget and at_budget else words
