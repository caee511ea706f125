"""The spread of a recipe over its seeds: many runs, trained as one program if possible, measured alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from fluxttice_core.errors import MeasurementError, SettingsError
from fluxttice_core.experiments.engines import EngineName, Progress, run_tasks
from fluxttice_core.experiments.study import Study, StudySettings, origin, values
from fluxttice_core.experiments.tasks import Task
from fluxttice_core.metrics.settings import Direction, Half, MeasurementSettings, Unit
from fluxttice_core.metrics.threads import THREADS
from fluxttice_core.statistics.intervals import Interval, mean_interval
from fluxttice_core.training.population import steering_parts
from fluxttice_core.training.recipe import Recipe

TOGETHER = 16
"""Seeds trained as one program: more gain nothing on two cores, and take their memory."""
MEASUREMENT = MeasurementSettings(draws=(50_000,), rules=("argmax",))
REHEARSAL = MEASUREMENT.model_copy(update={"draws": (10_000,), "repeats": 3, "mass_draws": 2**13})


class SweepSettings(StudySettings):
    """What determines every run of a sweep.

    Attributes:
        together: Seeds that are trained as one program; 1 where the recipe steers its runs.
    """

    together: Annotated[int, Field(ge=1, le=1_024)]


class Sweep(Study):
    """The content of a sweep's result file: its settings and every run finished so far."""

    kind: ClassVar[str] = "sweep"

    schema_name: Literal["fluxttice/sweep"] = "fluxttice/sweep"
    settings: SweepSettings

    @property
    def seeds(self) -> list[int]:
        """Seeds of the finished runs, in order."""
        return sorted(run.seed for run in self.runs)


@dataclass(frozen=True)
class Spread:
    """One figure of one half over the seeds.

    Attributes:
        interval: Its mean over seeds with the 95 % interval.
        deviation: Standard deviation between seeds.
        worst_seed: Seed of the value that is worst; the first, where no direction is better.
    """

    half: Half
    quantity: str
    unit: Unit
    direction: Direction
    interval: Interval
    deviation: float
    least: float
    greatest: float
    worst_seed: int

    @property
    def worst(self) -> float:
        """The worst value; the largest, where no direction is better."""
        return self.least if self.direction == "higher" else self.greatest


def new_sweep(
    recipe: Recipe,
    *,
    command: str,
    measurement: MeasurementSettings = MEASUREMENT,
    together: int | None = None,
) -> Sweep:
    """A sweep of which nothing has been run yet, of as many seeds together as go as one program."""
    steered = steering_parts(recipe)
    if steered and together not in (None, 1):
        raise SettingsError(
            f"the recipe {recipe.name} steers each run by its own history ({', '.join(steered)}), so that "
            "its seeds are trained one by one: leave --together out",
            "contradictory",
        )
    together = together or (1 if steered else TOGETHER)
    settings = SweepSettings(recipe=recipe, measurement=measurement, together=together)
    return Sweep(**origin(settings, command))


def run_sweep(
    sweep: Sweep, path: Path, seeds: Sequence[int], progress: Progress, *, engine: EngineName = "local"
) -> Sweep:
    """Train and measure what is due; after every run the result file is written anew, whole or not at all.

    Seeds are trained in the same groups whatever was finished before, so that a sweep that was killed ends
    with the weights of an undisturbed one.
    """
    settings, done = sweep.settings, set(sweep.seeds)
    groups = [tuple(seeds[n : n + settings.together]) for n in range(0, len(seeds), settings.together)]
    tasks = [
        Task(settings.recipe, settings.measurement, group, missing, THREADS)
        for group in groups
        if (missing := tuple(seed for seed in group if seed not in done))
    ]
    return run_tasks(sweep, path, tasks, engine=engine, progress=progress)


def spreads(sweep: Sweep) -> Iterator[Spread]:
    """Every headline figure of both halves over the finished seeds.

    Raises:
        MeasurementError: If there are fewer than two.
    """
    runs = sorted(sweep.runs, key=lambda run: run.seed)
    if len(runs) < 2:
        raise MeasurementError(
            f"a spread needs at least 2 finished runs, and there are {len(runs)}", "too_few"
        )
    for figure in runs[0].figures:
        found = values(runs, figure.half, figure.quantity)
        place = int(np.argmin(found) if figure.direction == "higher" else np.argmax(found))
        yield Spread(
            half=figure.half,
            quantity=figure.quantity,
            unit=figure.unit,
            direction=figure.direction,
            interval=mean_interval(found),
            deviation=float(found.std(ddof=1)),
            least=float(found.min()),
            greatest=float(found.max()),
            worst_seed=runs[place if figure.direction != "neither" else 0].seed,
        )
