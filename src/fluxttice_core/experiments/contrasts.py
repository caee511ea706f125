"""The parts of a recipe that can be put in or taken out: each makes two recipes that differ by it alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from fluxttice_core.errors import SettingsError
from fluxttice_core.training.recipe import Recipe, load_recipe, validate_recipe
from fluxttice_core.training.recipe_settings import BalanceSettings
from fluxttice_core.training.schedules import Constant, Geometric, Schedule

Changes = Mapping[str, Any]
_COUPLING = 0.1
_FREE_BITS = 0.5
_CONSULTATION = 8
_LEARNING_RATE = 1e-3
_NEVER_BINDING = 2.0
_HALVES = ("half_a", "half_b")


@dataclass(frozen=True)
class Contrast:
    """Two recipes that differ by one part: one that has it, and one that has not."""

    part: str
    with_it: Recipe
    without: Recipe


@dataclass(frozen=True)
class Part:
    """One part of a recipe.

    Attributes:
        description: What the contrast compares.
        put_in: Settings that put it into a recipe; nothing where it is there already.
        take_out: Settings that take it out.
    """

    name: str
    description: str
    put_in: Callable[[Recipe], Changes]
    take_out: Callable[[Recipe], Changes]

    def contrast(self, base: Recipe) -> Contrast:
        """The recipe with the part, and the recipe without it."""
        return Contrast(self.name, _changed(base, self.put_in(base)), _changed(base, self.take_out(base)))


def contrasts(base: Recipe, parts: Iterable[str] | None = None) -> list[Contrast]:
    """What each part makes of a recipe."""
    known = {part.name: part for part in PARTS}
    names = list(known) if parts is None else list(dict.fromkeys(parts))
    for name in names:
        if name not in known:
            raise SettingsError(f"no part is called {name!r}: use some of {', '.join(known)}", "unknown_name")
    return [known[name].contrast(base) for name in names]


def _changed(base: Recipe, changes: Changes) -> Recipe:
    plain = base.model_dump(mode="json")
    for path, value in changes.items():
        *parents, last = path.split(".")
        target = plain
        for parent in parents:
            target = target[parent]
        target[last] = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    return validate_recipe(plain, source=base.name)


def _flat(value: float) -> Constant:
    return Constant(value=value)


def _peak(schedule: Schedule) -> float:
    return schedule.range()[1]


# --- each part ---------------------------------------------------------------------------------


def _controlled(base: Recipe, learning_rate: float) -> Changes:
    """StateNet with the original's gains, asked more often than once in these few epochs' time."""
    if base.controller is not None:
        return {"controller.learning_rate": learning_rate}
    return {
        "controller": {
            "rate_bounds": [0.0, min(1.0, _NEVER_BINDING * _peak(base.optimizer.rate))],
            "alignment_bounds": [0.0, _NEVER_BINDING * max(1.0, _peak(base.alignment))],
            "every": _CONSULTATION,
            "learning_rate": learning_rate,
        }
    }


def _unlearned(base: Recipe) -> Changes:
    return _controlled(base, 0.0)


def _learned(base: Recipe) -> Changes:
    there = base.controller.learning_rate if base.controller is not None else 0.0
    return _controlled(base, there or _LEARNING_RATE)


def _phased(base: Recipe) -> Changes:
    """The original's phases of coupling, temperatures and betas, at this run's length."""
    if _has_phases(base):
        return {}
    original = load_recipe("original")
    return {
        path: stretched(attrgetter(path)(original), base.epochs / original.epochs)
        for path in ("rho", "half_a.beta", "half_a.temperature", "half_b.beta", "half_b.temperature")
    }


def _unphased(base: Recipe) -> Changes:
    if not _has_phases(base):
        return {}
    falling = Geometric(start=0.3, end=0.05, epochs=base.epochs)
    steady: dict[str, Schedule] = {"rho": _flat(_COUPLING)}
    for half in _HALVES:
        steady |= {f"{half}.temperature": _flat(1.0), f"{half}.beta": falling}
    return steady


def _has_phases(recipe: Recipe) -> bool:
    return not isinstance(recipe.half_a.temperature, Constant)


def _amortised(base: Recipe) -> Changes:
    """Nothing without transport, whose axes it needs."""
    if base.transport is None or base.transport.amortisation is not None:
        return {}
    standard = load_recipe("standard").transport
    return {"transport.amortisation": standard and standard.amortisation}


_ALONE: Changes = {
    "rho": _flat(0.0),
    "alignment": _flat(0.0),
    **dict.fromkeys(("balance", "controller", "optimizer.clip_norm")),
}
"""Without everything through which one half feels the other; what is left trains each as if alone."""


PARTS: Sequence[Part] = (
    Part(
        "cross_injection",
        "coupling of .1 against none",
        lambda base: {} if _peak(base.rho) > 0.0 else {"rho": _flat(_COUPLING)},
        lambda _: {"rho": _flat(0.0)},
    ),
    Part("statenet", "StateNet that never learns against none", _unlearned, lambda _: {"controller": None}),
    Part("statenet_learned", "StateNet that learns against none", _learned, lambda _: {"controller": None}),
    Part("statenet_learning", "StateNet that learns against one that never does", _learned, _unlearned),
    Part(
        "gradient_balance",
        "adaptive weights of the halves against none",
        lambda base: {"balance": base.balance or BalanceSettings()},
        lambda _: {"balance": None},
    ),
    Part(
        "free_bits",
        "half a nat free in every dimension against none",
        lambda base: {f"{half}.free_bits": getattr(base, half).free_bits or _FREE_BITS for half in _HALVES},
        lambda _: {f"{half}.free_bits": 0.0 for half in _HALVES},
    ),
    Part("phases", "the original's phases at this run's length against none", _phased, _unphased),
    Part(
        "transport",
        "transport against none",
        lambda base: {"transport": base.transport or load_recipe("standard").transport},
        lambda _: {"transport": None},
    ),
    Part(
        "amortisation",
        "the last descent of the encoders against none",
        _amortised,
        lambda base: {} if base.transport is None else {"transport.amortisation": None},
    ),
    Part(
        "calibration",
        "the logits' last scaling against none",
        lambda base: {"calibration": base.calibration or load_recipe("standard").calibration},
        lambda _: {"calibration": None},
    ),
    Part("second_half", "each half beside the other against each alone", lambda _: {}, lambda _: _ALONE),
)
"""Every part, in the order of the table."""


def stretched(schedule: Schedule, factor: float) -> dict[str, Any]:
    """A schedule as plain values whose every moment is multiplied by a factor."""
    return _in_time(schedule.model_dump(mode="json"), factor)


def _in_time(plain: dict[str, Any], factor: float) -> dict[str, Any]:
    moved: dict[str, Any] = {
        key: _in_time(value, factor) if isinstance(value, dict) else value for key, value in plain.items()
    }
    for key in {"period", "epochs"} & moved.keys():
        moved[key] = moved[key] * factor
    if "points" in moved:
        moved["points"] = [[moment * factor, level] for moment, level in moved["points"]]
    return moved
