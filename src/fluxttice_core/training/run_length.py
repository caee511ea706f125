"""What a recipe leaves open: lengths as shares of the run, and numbers that follow from the space's size.

`auto` and the missing lengths are settled before a recipe is validated, so that a run's settings say every
number.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.network_shape import LARGEST_TABLE
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT, part_sizes
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.split import rows_to_learn
from fluxttice_core.spaces.target import Target

_AUTO = "auto"
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)%")
_WHOLE_RUN = ("one_cycle", "geometric")

STEPS, AMORTISATION_STEPS = 825, 310
"""Steps of a run on ternary entries, however many elements there are: what is learnt are the thresholds
between the symbols of each entry. Larger alphabets take longer in proportion."""

_BEYOND = 2.5
"""So many times the steps where elements are too many to be listed, since a million draws are held against
the law of every pair of positions there."""

_TRANSPORT: dict[str, tuple[float | int, float | int]] = {"weight": (4.0, 60.0), "draws": (320, 8_000)}
"""Weight and draws of transport, which rise over a run where elements are too many to be listed."""

_OTHERWISE = {
    ("optimizer", "rate", "end_ratio"): (100.0, 1_000.0),
    ("transport", "amortisation", "price"): (30.0, 60.0),
    ("calibration", "draws"): (50_000, 2**18),
    ("calibration", "sweeps"): (0, 3),
}
"""Settings that are left open: usually, and where elements are too many to be listed."""

_BATCH, _AMORTISATION_BATCH, _LARGEST_BATCH, _LOOKS = 96, 256, 65_536, 5
_LEFT_OPEN, _OF = 0.45, Architecture().space.log_size
"""Nats that a code may leave open of so many; where elements are too many to be listed, of however many."""

_BY_TABLE = 0.25
"""Share of it where decoders read a table: what is left open of an entry leads to elements outside of the
support, and walls cost little more when they are steeper."""


def settled(settings: Mapping[str, Any], target: Target | None = None) -> dict[str, Any]:
    """A recipe's settings with every length in epochs and nothing left open.

    `auto` stands for what follows from the size of the space, `10%` for a share of the epochs beside it, and
    a schedule without `epochs` takes the whole run. Decoders that are `auto` are networks for a whole space
    of elements alike, and a table for any other target. A wrong architecture is left for validation to tell.
    """
    plain = _with_decoders(dict(settings), target)
    try:
        architecture = Architecture.model_validate(plain.get("architecture", {}))
    except ValidationError:
        return plain
    space = architecture.space
    require_enough(space, target)
    rows = max(rows_to_learn(space) if target is None else part_sizes(len(target.rows))[0], 1)
    beyond = target is None and space.size > ENUMERATION_LIMIT
    longer = max(1.0, space.base / 3) * (_BEYOND if beyond else 1)
    plain |= _lengths(plain, rows, round(longer * STEPS), _BATCH)
    transport = plain.get("transport")
    if isinstance(transport, dict) and isinstance(last := transport.get("amortisation"), dict):
        lengths = _lengths(last, rows, round(longer * AMORTISATION_STEPS), _AMORTISATION_BATCH)
        plain["transport"] = transport = {**transport, "amortisation": {**last, **lengths}}
    if isinstance(transport, dict):
        plain["transport"] = {name: _share(value, name, rising=beyond) for name, value in transport.items()}
    found: dict[str, Any] = _in_epochs(plain, plain.get("epochs"))
    looks = max(1, found["epochs"] // _LOOKS) if isinstance(found.get("epochs"), int) else 1
    _fill(found, ("checkpoint_every",), looks)
    for path, values in _OTHERWISE.items():
        _fill(found, path, values[beyond])
    _fill(found, ("reach", "every"), looks)
    entropy = space.log_size if target is None else target.entropy
    left_open = _LEFT_OPEN * (1.0 if beyond else entropy / _OF)
    by_table = architecture.decoders == "table"
    _fill(found, ("calibration", "conditional_entropy"), left_open * _BY_TABLE if by_table else left_open)
    return found


def require_enough(space: ProductSpace, target: Target | None) -> None:
    """Refuse a space, or rows, of which none would be kept for validation."""
    size = space.size if target is None else len(target.rows)
    if part_sizes(size)[1]:
        return
    given, advice = f"{space.describe()} are {size}", "choose a larger space, of ten or more"
    if target is not None:
        given, advice = f"the rows are {size}", "give ten different ones or more"
    raise SettingsError(f"{given}, too few to keep some for validation: {advice}", "out_of_range")


def _with_decoders(settings: dict[str, Any], target: Target | None) -> dict[str, Any]:
    """Decoders that read a table, where they are left open, for all but a whole space of elements alike."""
    architecture = settings.get("architecture")
    if not isinstance(architecture, Mapping) or architecture.get("decoders") != _AUTO:
        return settings
    others = {name: value for name, value in architecture.items() if name != "decoders"}
    whole = target is None or target.is_everything or target.space.size > LARGEST_TABLE
    return {**settings, "architecture": others if whole else {**others, "decoders": "table"}}


def _share(value: Any, name: str, *, rising: bool) -> Any:
    """A schedule of transport whose value is left open, settled; anything else as it is."""
    if not (isinstance(value, dict) and value.get("value") == _AUTO and name in _TRANSPORT):
        return value
    start, end = _TRANSPORT[name]
    return {"kind": "geometric", "start": start, "end": end} if rising else {**value, "value": start}


def _lengths(settings: Mapping[str, Any], rows: int, steps: int, batch: int) -> dict[str, int]:
    """Rows a step and epochs, where they are left open: about so many steps, of so many rows or more.

    Neither depends on the other's being given.
    """
    size = min(rows, _LARGEST_BATCH, max(batch, -(-rows // steps)))
    lengths = {"batch_size": size, "epochs": max(1, round(steps / -(-rows // size)))}
    return {name: length for name, length in lengths.items() if settings.get(name) == _AUTO}


def _fill(settings: dict[str, Any], path: tuple[str, ...], value: float | int) -> None:
    *outer, last = path
    for name in outer:
        inner = settings.get(name)
        if not isinstance(inner, dict):
            return
        settings = inner
    if settings.get(last) == _AUTO:
        settings[last] = value


def _in_epochs(value: Any, epochs: Any) -> Any:
    """Shares of a run as epochs, and schedules over all of it, in what belongs to these epochs."""
    if isinstance(value, Mapping):
        if value.get("kind") in _WHOLE_RUN:
            return {"epochs": epochs, **value}
        own = value.get("epochs", epochs)
        return {key: _in_epochs(inner, own) for key, inner in value.items()}
    if isinstance(value, list):
        return [_in_epochs(inner, epochs) for inner in value]
    if isinstance(value, str) and (share := _SHARE.fullmatch(value)) and isinstance(epochs, int):
        return float(share[1]) / 100 * epochs
    return value
