"""What each part of a recipe contributes: runs with it and without it, of the same seeds, measured alike."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.comparison import verdict_of
from fluxttice_core.experiments.contrasts import Contrast, contrasts
from fluxttice_core.experiments.engines import EngineName, Progress, run_tasks
from fluxttice_core.experiments.study import (
    FigureRecord,
    RunRecord,
    Study,
    StudySettings,
    origin,
    recipe_digest,
    values,
)
from fluxttice_core.experiments.tasks import OWN, Task
from fluxttice_core.metrics.metric import Verdict
from fluxttice_core.metrics.settings import Direction, Half, MeasurementSettings, Unit
from fluxttice_core.model.halves import HALVES
from fluxttice_core.shapes import Float64
from fluxttice_core.statistics.intervals import Interval, paired_difference
from fluxttice_core.statistics.multiplicity import holm, paired_p_value
from fluxttice_core.training.recipe import Recipe

MEASUREMENT = MeasurementSettings(
    draws=(50_000,), repeats=2, rules=("argmax",), mass_draws=2**17, posterior_repeats=2
)
"""Less than a report's, and the same for every run of a seed: differences, not levels, are asked for."""
REHEARSAL = MEASUREMENT.model_copy(update={"draws": (10_000,), "mass_draws": 2**13})


class Ablation(Study):
    """The content of an ablation's result file: its settings and every run finished so far."""

    kind: ClassVar[str] = "ablation"

    schema_name: Literal["fluxttice/ablation"] = "fluxttice/ablation"
    parts: tuple[str, ...]

    def contrasts(self) -> list[Contrast]:
        """The parts' pairs of recipes."""
        return contrasts(self.settings.recipe, self.parts)

    def found(self, recipe: Recipe) -> dict[int, RunRecord]:
        """The finished runs of a recipe, by seed."""
        digest = recipe_digest(recipe)
        return {run.seed: run for run in self.runs if run.recipe_sha256 == digest}


Sign = Literal["helps", "hurts", "differs", "none"]
_SIGNS: dict[Verdict, Sign] = {"better": "helps", "worse": "hurts", "different": "differs", "same": "none"}


@dataclass(frozen=True)
class Effect:
    """The difference that a change makes to one figure.

    Attributes:
        interval: Interval of with - without, over pairs of runs.
        p_value: Probability of as large a difference where there is none, in this figure alone.
        adjusted: The same by Holm, for this and everything that is judged with it.
    """

    interval: Interval
    direction: Direction
    p_value: float
    adjusted: float

    @property
    def sign(self) -> Sign:
        """`helps` or `hurts` by the adjusted p-value; `differs` for a description; else `none`."""
        return self._read(self.adjusted)

    @property
    def sign_alone(self) -> Sign:
        """The same where the interval excludes 0, whatever else is judged."""
        return self._read(self.p_value)

    def _read(self, p_value: float) -> Sign:
        return _SIGNS[verdict_of(p_value, self.direction, rises=self.interval.estimate > 0)]


def effect(
    with_it: Float64[np.ndarray, "n"], without: Float64[np.ndarray, "n"], direction: Direction
) -> Effect:
    """The effect on one figure, judged alone, by runs of the same seeds with the change and without it.

    Example:
        >>> effect(np.array([0.92, 0.94, 0.93]), np.array([0.90, 0.91, 0.91]), "higher").sign
        'helps'
    """
    p_value = paired_p_value(with_it, without)
    return Effect(paired_difference(with_it, without), direction, p_value, p_value)


def verdict(signs: Iterable[Sign]) -> str:
    """What the effects on several figures come to, in words."""
    found = set(signs)
    if {"helps", "hurts"} <= found:
        return "helps and hurts"
    for sign in ("helps", "hurts", "differs"):
        if sign in found:
            return sign
    return "no difference seen"


@dataclass(frozen=True)
class PartEffect:
    """What a part does to one half.

    Attributes:
        effects: Its effect on each quantity, with the unit.
        seeds: Number of pairs.
        same_recipe: Whether the part changes no setting at all.
        same_weights: Whether every pair of runs ended with the same weights.
    """

    part: str
    half: Half
    effects: dict[str, tuple[Effect, Unit]]
    seeds: int
    same_recipe: bool
    same_weights: bool

    @property
    def judged(self) -> bool:
        """Whether there is anything to judge: the same runs twice differ in nothing."""
        return not (self.same_recipe or self.same_weights)


def new_ablation(
    recipe: Recipe,
    *,
    parts: Sequence[str] | None,
    command: str,
    measurement: MeasurementSettings = MEASUREMENT,
) -> Ablation:
    """An ablation of which nothing has been run yet; patience is left out, so that all steps are equal."""
    equal = recipe.model_copy(update={"patience": None})
    settings = StudySettings(recipe=equal, measurement=measurement)
    parts = tuple(contrast.part for contrast in contrasts(equal, parts))
    return Ablation(parts=parts, **origin(settings, command))


def due(ablation: Ablation, seeds: Sequence[int]) -> list[tuple[int, Recipe, str]]:
    """The runs still to be made, seed by seed, each with what it is called."""
    named: dict[str, tuple[Recipe, str]] = {
        recipe_digest(ablation.settings.recipe): (ablation.settings.recipe, OWN)
    }
    for contrast in ablation.contrasts():
        for recipe, word in ((contrast.with_it, "with"), (contrast.without, "without")):
            named.setdefault(recipe_digest(recipe), (recipe, f"{word} {contrast.part}"))
    done = {(run.recipe_sha256, run.seed) for run in ablation.runs}
    return [
        (seed, recipe, name)
        for seed in seeds
        for digest, (recipe, name) in named.items()
        if (digest, seed) not in done
    ]


def run_ablation(
    ablation: Ablation, path: Path, seeds: Sequence[int], progress: Progress, *, engine: EngineName = "local"
) -> Ablation:
    """Train and measure what is due, each run with one thread; after each the result file is written anew."""
    measurement = ablation.settings.measurement
    tasks = [
        Task(recipe, measurement, (seed,), (seed,), 1, name) for seed, recipe, name in due(ablation, seeds)
    ]
    return run_tasks(ablation, path, tasks, engine=engine, progress=progress)


def part_effects(ablation: Ablation) -> list[PartEffect]:
    """What every part does to each half, over the seeds for which both of its recipes were run.

    All effects are judged together, so that a table of parts that do nothing has a verdict at most five times
    in a hundred.

    Raises:
        MeasurementError: If there are fewer than two such seeds.
    """
    return judged_together([effect for one in ablation.contrasts() for effect in _of_halves(ablation, one)])


def judged_together(found: Sequence[PartEffect]) -> list[PartEffect]:
    """The same effects with their p-values adjusted by Holm over all that are judged."""
    family = [effect.p_value for one in found if one.judged for effect, _ in one.effects.values()]
    adjusted = iter(holm(np.array(family)).tolist())

    def together(effects: dict[str, tuple[Effect, Unit]]) -> dict[str, tuple[Effect, Unit]]:
        return {name: (replace(one, adjusted=next(adjusted)), unit) for name, (one, unit) in effects.items()}

    return [replace(one, effects=together(one.effects)) if one.judged else one for one in found]


def _of_halves(ablation: Ablation, contrast: Contrast) -> Iterator[PartEffect]:
    with_it, without = ablation.found(contrast.with_it), ablation.found(contrast.without)
    seeds = sorted(with_it.keys() & without.keys())
    if len(seeds) < 2:
        raise MeasurementError(
            f"{contrast.part} was run for {len(seeds)} seeds: at least 2 are needed for an interval",
            "too_few",
        )
    pairs = [(with_it[seed], without[seed]) for seed in seeds]
    for half in HALVES:
        yield PartEffect(
            part=contrast.part,
            half=half,
            effects=_effects(pairs, half),
            seeds=len(seeds),
            same_recipe=contrast.with_it == contrast.without,
            same_weights=all(one.tensor_sha256 == other.tensor_sha256 for one, other in pairs),
        )


def _effects(pairs: Sequence[tuple[RunRecord, RunRecord]], half: Half) -> dict[str, tuple[Effect, Unit]]:
    def judged(figure: FigureRecord) -> Effect:
        with_it, without = (values(runs, half, figure.quantity) for runs in zip(*pairs, strict=True))
        return effect(with_it, without, figure.direction)

    figures = [figure for figure in pairs[0][0].figures if figure.half == half]
    return {figure.quantity: (judged(figure), figure.unit) for figure in figures}
