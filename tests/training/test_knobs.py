"""Every setting of a recipe does something: each is turned, and the run must change.

The settings are read off the models themselves, so a new one fails here until it is turned too.
"""

import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from fluxttice_core.training import schedules
from fluxttice_core.training.recipe import Recipe, validate_recipe
from fluxttice_core.training.run import Run, RunSettings
from tests.training.small_runs import Outcome, SmallRuns


def constant(value: float) -> dict[str, Any]:
    return {"kind": "constant", "value": value}


UNBALANCED = {"balance.band": [0.0, 1e-6]}
NARROW = {
    "latent_dim": 4,
    "encoder_widths": [8, 6],
    "exploratory_widths": [6],
    "consolidating_width": 6,
    "consolidating_blocks": 1,
}
RISING = {"kind": "linear", "points": [[0, 0.0], [3, 9.0]]}
BALANCED = {"balance.band": [0.0, 1000.0]}

HALF_KNOBS = {
    "beta": constant(0.2),
    "temperature": constant(0.7),
    "free_bits": 0.2,
    "output_entropy": 0.1,
    "repulsion": 0.2,
    "repulsion_scale": 0.6,
}
# Setting -> its other value, and what must hold in both runs for the setting to bite.
KNOBS: dict[str, tuple[Any, dict[str, Any]]] = {
    "architecture.space": ("dna:3", {"architecture": {"space": "dna:2", **NARROW}}),
    "architecture.base": (4, {}),
    "architecture.arity": (2, {"architecture.base": 2, "architecture.arity": 3, "transport": None}),
    "architecture.latent_dim": (5, {}),
    "architecture.encoder_widths": ([8, 7], {}),
    "architecture.exploratory_widths": ([7], {}),
    "architecture.consolidating_width": (7, {}),
    "architecture.consolidating_blocks": (2, {}),
    "architecture.decoders": ("table", {"calibration.sweeps": 0}),
    "split_seed": (43, {}),
    "epochs": (3, {}),
    "batch_size": (10, {}),
    "patience": (1, {"epochs": 4, "half_a.beta": RISING, "half_b.beta": RISING}),
    "schedule_by": ("epoch", {}),
    "initialisation": ("mirrored", {}),
    "optimizer.rate": (constant(0.004), {}),
    "optimizer.weight_decay": (0.02, {}),
    "optimizer.clip_norm": (None, {}),
    "optimizer.first_moment": (0.8, {}),
    "optimizer.second_moment": (0.9, {}),
    "rho": (constant(0.2), {}),
    **{f"half_{half}.{name}": (value, {}) for half in "ab" for name, value in HALF_KNOBS.items()},
    "alignment": (constant(0.4), {}),
    "balance.start": (0.8, {}),
    "balance.bounds.0": (0.69, UNBALANCED),
    "balance.bounds.1": (0.71, UNBALANCED),
    "balance.band.0": (1e3, {"balance.band": [0.0, 1e3]}),
    "balance.band.1": (1e-6, {"balance.band": [0.0, 1e3]}),
    "balance.momenta.0": (0.6, UNBALANCED),
    "balance.momenta.1": (0.9, BALANCED),
    "balance.step": (0.03, UNBALANCED),
    "balance.coverage_band.0": (0.0, BALANCED | {"balance.coverage_band": [1e3, 1e3]}),
    "balance.coverage_band.1": (1e3, BALANCED | {"balance.coverage_band": [0.0, 0.0]}),
    "balance.coverage_factor": (1.1, BALANCED | {"balance.coverage_band": [1e3, 1e3]}),
    "balance.scale_bounds.0": (0.5, {"balance.scale_bounds": [1.0, 1.0]}),
    "balance.scale_bounds.1": (2.0, {"balance.scale_bounds": [1.0, 1.0]}),
    "controller.rate_gain": (0.1, {}),
    "controller.weight_gain": (0.05, {}),
    "controller.rate_bounds.0": (0.009, {}),
    "controller.rate_bounds.1": (0.001, {}),
    "controller.alignment_bounds.0": (0.5, {}),
    "controller.alignment_bounds.1": (0.2, {}),
    "controller.every": (1, {}),
    "controller.learning_rate": (0.01, {}),
    "transport.weight": (constant(0.5), {}),
    "transport.draws": (constant(17), {}),
    "transport.start": (1.5, {}),
    "transport.focus": (0.6, {}),
    "transport.focus_width": (0.3, {}),
    "transport.assignment_rows": (4, {}),
    "transport.amortisation.epochs": (3, {}),
    "transport.amortisation.batch_size": (8, {}),
    "transport.amortisation.rate": (constant(0.02), {}),
    "transport.amortisation.price": (20.0, {}),
    "calibration.draws": (1001, {}),
    "calibration.sweeps": (0, {}),
    "calibration.conditional_entropy": (2.0, {}),
    "reach.draws": (61, {}),
    "reach.rule": ("categorical", {}),
    "reach.every": (2, {}),
}
# Whole parts can be left out.
PARTS = ("balance", "controller", "transport", "transport.amortisation", "calibration")
# These change what a run folder holds, not the weights.
FOLDER_KNOBS: dict[str, Any] = {"name": "other", "checkpoint_every": 2}


def settings_in(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Dotted paths of all settings; the ends of an interval apart, a schedule as one."""
    for name, field in model.model_fields.items():
        yield from _paths(field.annotation, f"{prefix}{field.alias or name}")


def _paths(annotation: Any, path: str) -> Iterator[str]:
    choices = [choice for choice in _choices(annotation) if choice is not type(None)]
    inner = choices[0]
    if set(choices) == set(KINDS):
        yield path
    elif isinstance(inner, type) and issubclass(inner, BaseModel):
        yield from settings_in(inner, f"{path}.")
    elif get_origin(inner) is tuple and Ellipsis not in get_args(inner):
        yield from (f"{path}.{place}" for place in range(len(get_args(inner))))
    else:
        yield path


def _choices(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _choices(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for choice in get_args(annotation) for inner in _choices(choice)]
    return [annotation]


KINDS = _choices(schedules.Schedule)


def test_every_setting_has_its_turn() -> None:
    assert set(KNOBS) | set(FOLDER_KNOBS) == set(settings_in(Recipe))


def test_a_setting_without_its_turn_would_be_seen() -> None:
    class Longer(Recipe):
        extra: Annotated[tuple[float, float], "an interval"] | None = None

    assert set(settings_in(Longer)) - set(settings_in(Recipe)) == {"extra.0", "extra.1"}


@pytest.fixture(scope="module")
def run_once(small: SmallRuns) -> Any:
    """Runs by their changes, each made once."""

    @cache
    def run(changes: str) -> Outcome:
        return small.train(eval(changes))  # noqa: S307 - the text is repr of a literal above

    return lambda changes: run(repr(changes))


@pytest.mark.parametrize("path", KNOBS)
def test_turning_a_setting_changes_the_run(path: str, run_once: Any) -> None:
    value, given = KNOBS[path]
    before, after = run_once(given), run_once(given | {path: value})
    assert not (before.same_weights(after) and before.same_records(after))


@pytest.mark.parametrize("part", PARTS)
def test_leaving_a_part_out_changes_the_run(part: str, run_once: Any) -> None:
    before, after = run_once({}), run_once({part: None})
    assert not before.same_weights(after)


@pytest.mark.parametrize("path", FOLDER_KNOBS)
def test_turning_a_setting_changes_the_run_folder(path: str, small: SmallRuns, tmp_path: Path) -> None:
    folders = [tmp_path / "before", tmp_path / "after"]
    for folder, changes in zip(folders, ({}, {path: FOLDER_KNOBS[path]}), strict=True):
        Run.start(folder, RunSettings(recipe=small.recipe(changes), seed=0)).train()
    before, after = (
        {
            str(file.relative_to(folder)): file.read_bytes()
            for file in sorted((folder / "checkpoints").rglob("*"))
            if file.is_file()
        }
        for folder in folders
    )
    assert before != after


# --- the numbers inside a schedule ---------------------------------------------------------------

LINE = {"points": [[0, 0.2], [5, 0.8]]}
SCHEDULES: dict[str, dict[str, Any]] = {
    "constant": {"value": 0.5},
    "steps": LINE,
    "linear": LINE,
    "geometric": {"start": 0.4, "end": 0.1, "epochs": 6},
    "one_cycle": {"peak": 0.5, "epochs": 9, "rise": 0.3, "start_ratio": 25, "end_ratio": 400},
    "cosine": {"centre": 0.5, "amplitude": 0.2, "period": 7, "phase": 0.3},
    "rippled": {"base": LINE, "amplitude": {"points": [[0, 0.3]]}, "period": 7, "floor": 0.25},
    "gated": {"balanced": LINE, "unbalanced": {"points": [[0, 0.1]]}},
}
SCHEDULE_KNOBS: dict[str, Any] = {
    "constant.value": 0.6,
    "steps.points": [[0, 0.2], [4, 0.8]],
    "linear.points": [[0, 0.2], [5, 0.9]],
    "geometric.start": 0.5,
    "geometric.end": 0.2,
    "geometric.epochs": 7,
    "one_cycle.peak": 0.6,
    "one_cycle.epochs": 8,
    "one_cycle.rise": 0.4,
    "one_cycle.start_ratio": 20,
    "one_cycle.end_ratio": 300,
    "cosine.centre": 0.6,
    "cosine.amplitude": 0.3,
    "cosine.period": 6,
    "cosine.phase": 0.4,
    "rippled.base": {"points": [[0, 0.3]]},
    "rippled.amplitude": {"points": [[0, 0.4]]},
    "rippled.period": 6,
    "rippled.floor": 0.3,
    "gated.balanced": {"points": [[0, 0.3]]},
    "gated.unbalanced": {"points": [[0, 0.4]]},
}


def values_of(kind: str, settings: dict[str, Any]) -> list[float]:
    recipe = validate_recipe(
        {
            "name": "x",
            "epochs": 1,
            "batch_size": 1,
            "schedule_by": "epoch",
            "optimizer": {"rate": constant(0.1)},
            "half_a": {"beta": {"kind": kind, **settings}},
            "half_b": {"beta": constant(0.0)},
        },
        source="x",
    )
    beta = recipe.half_a.beta
    return [beta.at(step / 2, balanced=balanced) for step in range(24) for balanced in (True, False)]


def test_every_number_of_every_schedule_has_its_turn() -> None:
    fields = {
        f"{kind.model_fields['kind'].default}.{name}"
        for kind in KINDS
        for name in kind.model_fields
        if name != "kind"
    }
    assert set(SCHEDULE_KNOBS) == fields


@pytest.mark.parametrize("path", SCHEDULE_KNOBS)
def test_turning_a_number_changes_the_schedule(path: str) -> None:
    kind, name = path.split(".")
    before = SCHEDULES[kind]
    assert values_of(kind, before) != values_of(kind, before | {name: SCHEDULE_KNOBS[path]})
