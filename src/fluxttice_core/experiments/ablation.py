"""What each part of a recipe contributes: runs with it and without it, of the same seeds, measured alike."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from fluxttice_core.errors import MeasurementError, TrainingError
from fluxttice_core.experiments.contrasts import Contrast, contrasts
from fluxttice_core.experiments.study import (
    RunRecord,
    Study,
    StudySettings,
    measured_run,
    origin,
    recipe_digest,
    trained_alone,
    values,
)
from fluxttice_core.metrics.settings import Direction, Half, MeasurementSettings, Unit
from fluxttice_core.statistics.intervals import Interval, paired_difference
from fluxttice_core.storage.atomic_write import write_json
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


OWN = "the recipe itself"
Sign = Literal["helps", "hurts", "differs", "none"]


@dataclass(frozen=True)
class Effect:
    """The difference that a change makes to one figure.

    Attributes:
        interval: Interval of with - without, over pairs of runs.
        direction: Which direction is better.

    Example:
        >>> import numpy as np
        >>> with_it, without = np.array([0.92, 0.94, 0.93]), np.array([0.90, 0.91, 0.91])
        >>> Effect(paired_difference(with_it, without), "higher").sign
        'helps'
    """

    interval: Interval
    direction: Direction

    @property
    def sign(self) -> Sign:
        """`helps` or `hurts` where the interval excludes 0; `differs` for a description; else `none`."""
        if self.interval.lower <= 0.0 <= self.interval.upper:
            return "none"
        if self.direction == "neither":
            return "differs"
        return "helps" if (self.interval.estimate > 0.0) == (self.direction == "higher") else "hurts"


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
        part: The part.
        half: The half.
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


def new_ablation(
    recipe: Recipe,
    *,
    parts: Sequence[str] | None,
    command: str,
    measurement: MeasurementSettings = MEASUREMENT,
) -> Ablation:
    """An ablation of which nothing has been run yet; patience is left out, so that all steps are equal.

    Args:
        recipe: The recipe that parts are put into or taken out of.
        parts: Which parts; none: all.
        command: The command that repeats it.
        measurement: What every run is measured with, but for the seed, which is the run's.
    """
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
    ablation: Ablation, path: Path, seeds: Sequence[int], progress: Callable[[str, float], None]
) -> Ablation:
    """Train and measure what is due; after every run the result file is written anew, whole or not at all."""
    runs = due(ablation, seeds)
    for number, (seed, recipe, name) in enumerate(runs):
        progress(f"seed {seed}: {name}", number / len(runs))
        try:
            run = trained_and_measured(recipe, seed, ablation.settings)
        except TrainingError as error:
            parts = "" if name == OWN else "; or name the other parts with --parts"
            raise TrainingError(
                f"seed {seed}, {name}: {error}, in another file by --out{parts}", error.code
            ) from None
        ablation = ablation.model_copy(update={"runs": (*ablation.runs, run)})
        write_json(path, ablation.model_dump(mode="json"))
    progress("done", 1.0)
    return ablation


def trained_and_measured(recipe: Recipe, seed: int, settings: StudySettings) -> RunRecord:
    """Train a recipe and measure its headline figures, with one thread.

    Args:
        recipe: The recipe.
        seed: Seed of the training and of the measurement's draws.
        settings: What every run is measured with.
    """
    started = time.perf_counter()
    trainer = trained_alone(recipe, seed)
    return measured_run(
        trainer.model_tensors(),
        trainer.split,
        settings,
        recipe=recipe,
        seed=seed,
        threads=1,
        trained_seconds=time.perf_counter() - started,
    )


def part_effects(ablation: Ablation) -> Iterator[PartEffect]:
    """What every part does to each half, over the seeds for which both of its recipes were run.

    Raises:
        MeasurementError: If there are fewer than two such seeds.
    """
    for contrast in ablation.contrasts():
        with_it, without = ablation.found(contrast.with_it), ablation.found(contrast.without)
        seeds = sorted(with_it.keys() & without.keys())
        if len(seeds) < 2:
            raise MeasurementError(
                f"{contrast.part} was run for {len(seeds)} seeds: at least 2 are needed for an interval",
                "too_few",
            )
        pairs = [(with_it[seed], without[seed]) for seed in seeds]
        for half in ("a", "b"):
            yield PartEffect(
                part=contrast.part,
                half=half,
                effects=_effects(pairs, half),
                seeds=len(seeds),
                same_recipe=contrast.with_it == contrast.without,
                same_weights=all(one.tensor_sha256 == other.tensor_sha256 for one, other in pairs),
            )


def _effects(pairs: Sequence[tuple[RunRecord, RunRecord]], half: Half) -> dict[str, tuple[Effect, Unit]]:
    first = [figure for figure in pairs[0][0].figures if figure.half == half]
    return {
        figure.quantity: (
            Effect(
                paired_difference(
                    values([one for one, _ in pairs], half, figure.quantity),
                    values([other for _, other in pairs], half, figure.quantity),
                ),
                figure.direction,
            ),
            figure.unit,
        )
        for figure in first
    }
