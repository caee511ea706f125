"""The spread of a recipe over its seeds: many runs, trained as one program if possible, measured alike."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from fluxttice_core.errors import MeasurementError, RecordError
from fluxttice_core.measurement.headline import headline_figures
from fluxttice_core.measurement.intervals import Interval, mean_interval
from fluxttice_core.measurement.metric import Direction, Half, Unit
from fluxttice_core.measurement.settings import MeasurementSettings
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.operations.split import Split
from fluxttice_core.provenance.ablation import FigureRecord, RunRecord, Sha256, recipe_digest, values
from fluxttice_core.provenance.atomic import write_json
from fluxttice_core.provenance.bounded import read_bounded
from fluxttice_core.provenance.canonical import json_digest, parse_json
from fluxttice_core.provenance.certificate import fixed_threads
from fluxttice_core.provenance.environment import environment_record, timestamp, tool_record
from fluxttice_core.provenance.tensor_file import tensor_digest
from fluxttice_core.provenance.watch import observe_reach
from fluxttice_core.training.loop import Trainer
from fluxttice_core.training.population import Population, steering_parts
from fluxttice_core.training.recipe import Recipe

SCHEMA = "fluxttice/sweep"
TOGETHER = 16
"""Seeds trained as one program: more gain nothing on two cores, and take their memory."""
MEASUREMENT = MeasurementSettings(draws=(50_000,), rules=("argmax",))
REHEARSAL = MEASUREMENT.model_copy(update={"draws": (10_000,), "repeats": 3, "mass_draws": 2**13})
_MAXIMUM = 64 << 20

Progress = Callable[[str, float], None]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SweepSettings(_Record):
    """What determines every run of a sweep.

    Attributes:
        recipe: The recipe.
        measurement: What every run is measured with, but for the seed, which is the run's.
        together: Seeds that are trained as one program; 1 where the recipe steers its runs.
        torch_version: The torch that computes.
    """

    recipe: Recipe
    measurement: MeasurementSettings
    together: Annotated[int, Field(ge=1, le=1_024)]
    torch_version: str = str(torch.__version__)

    def digest(self) -> str:
        """SHA-256 of the settings' canonical JSON."""
        return json_digest(self.model_dump(mode="json"))


class Sweep(_Record):
    """The content of a sweep's result file: its settings and every run finished so far."""

    schema_name: Literal["fluxttice/sweep"] = "fluxttice/sweep"
    schema_version: Literal[1] = 1
    tool: dict[str, JsonValue]
    created: str
    command: str
    environment: dict[str, JsonValue]
    settings: SweepSettings
    settings_sha256: Sha256
    runs: tuple[RunRecord, ...] = ()

    @property
    def seeds(self) -> list[int]:
        """Seeds of the finished runs, in order."""
        return sorted(run.seed for run in self.runs)


@dataclass(frozen=True)
class Spread:
    """One figure of one half over the seeds.

    Attributes:
        half: The half.
        quantity: The figure.
        unit: Its unit.
        better: Which direction is better.
        interval: Its mean over seeds with the 95 % interval.
        deviation: Standard deviation between seeds.
        least: Smallest value.
        greatest: Largest value.
        worst_seed: Seed of the value that is worst; the first, where no direction is better.
    """

    half: Half
    quantity: str
    unit: Unit
    better: Direction
    interval: Interval
    deviation: float
    least: float
    greatest: float
    worst_seed: int

    @property
    def worst(self) -> float:
        """The worst value; the largest, where no direction is better."""
        return self.least if self.better == "higher" else self.greatest


def begun(
    recipe: Recipe,
    *,
    command: str,
    measurement: MeasurementSettings = MEASUREMENT,
    together: int = TOGETHER,
) -> Sweep:
    """A sweep of which nothing has been run yet.

    Args:
        recipe: The recipe.
        command: The command that repeats it.
        measurement: What every run is measured with, but for the seed, which is the run's.
        together: Seeds that are trained as one program, if the recipe allows it.
    """
    settings = SweepSettings(
        recipe=recipe, measurement=measurement, together=1 if steering_parts(recipe) else together
    )
    return Sweep(
        tool=tool_record(),
        created=timestamp(),
        command=command,
        environment=environment_record(),
        settings=settings,
        settings_sha256=settings.digest(),
    )


def resumed(path: Path, fresh: Sweep) -> Sweep:
    """A fresh sweep with the runs that its result file holds already.

    Raises:
        MeasurementError: If the file is damaged, or of another recipe, measurement or torch.
    """
    if not path.exists():
        return fresh
    before = read_sweep(path)
    if before.settings_sha256 != fresh.settings_sha256:
        raise MeasurementError(
            f"{path} holds a sweep of another recipe, measurement or torch: name another file with --out"
        )
    return fresh.model_copy(update={"runs": before.runs})


def read_sweep(path: Path) -> Sweep:
    """Read a sweep's result file and check it.

    Raises:
        MeasurementError: If it is missing, damaged or contradicts itself.
    """
    data = read_bounded(path, maximum=_MAXIMUM, name="The sweep", error=MeasurementError)
    try:
        found = Sweep.model_validate(parse_json(data, name=str(path)))
    except RecordError as error:
        raise MeasurementError(str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        raise MeasurementError(f"{path} is no sweep ({where}: {first['msg']}): run it again") from None
    if found.settings.digest() != found.settings_sha256:
        raise MeasurementError(f"{path} contradicts itself: its settings are not those of settings_sha256")
    if len(set(found.seeds)) != len(found.runs):
        raise MeasurementError(f"{path} contradicts itself: a seed comes twice")
    return found


def carried_out(sweep: Sweep, path: Path, seeds: Sequence[int], progress: Progress) -> Sweep:
    """Train and measure what is due; after every run the result file is written anew, whole or not at all.

    Seeds are trained in the same groups whatever was finished before, so that a sweep that was killed ends
    with the weights of an undisturbed one.

    Args:
        sweep: The sweep, with the runs that there are.
        path: The result file.
        seeds: Seeds of the runs.
        progress: Called with what comes next and the share that is done.

    Raises:
        TrainingError: If a run cannot go on; those before it are kept.
        StorageError: If the file cannot be written.
    """
    size, done = sweep.settings.together, set(sweep.seeds)
    due = [seed for seed in seeds if seed not in done]
    finished = 0
    for start in range(0, len(seeds), size):
        group = seeds[start : start + size]
        missing = [seed for seed in group if seed not in done]
        if not missing:
            continue
        progress(f"training {_named(group)}", finished / len(due))
        started = time.perf_counter()
        trained, split = _trained(sweep.settings.recipe, group)
        spent = (time.perf_counter() - started) / len(group)
        for seed in missing:
            progress(f"measuring seed {seed}", finished / len(due))
            run = _measured(trained[seed], split, sweep.settings, seed, spent)
            sweep = sweep.model_copy(update={"runs": (*sweep.runs, run)})
            write_json(path, sweep.model_dump(mode="json"))
            finished += 1
    progress("done", 1.0)
    return sweep


def _trained(recipe: Recipe, seeds: Sequence[int]) -> tuple[dict[int, DualVAE], Split]:
    if steering_parts(recipe):
        (seed,) = seeds
        with fixed_threads():
            trainer = Trainer(recipe, seed=seed, observe=observe_reach)
            for _ in trainer.epochs():
                continue
        return {seed: trainer.model.eval()}, trainer.split
    population = Population(recipe, seeds)
    for _ in population.epochs():
        continue
    return dict(zip(seeds, population.models, strict=True)), population.split


def _measured(model: DualVAE, split: Split, settings: SweepSettings, seed: int, trained: float) -> RunRecord:
    started = time.perf_counter()
    measurement = settings.measurement.model_copy(update={"seed": seed})
    halves: tuple[tuple[Literal["a", "b"], Any], ...] = (("a", model.vae_a), ("b", model.vae_b))
    with fixed_threads():
        figures = tuple(
            FigureRecord(half=half, quantity=f.quantity, unit=f.unit, better=f.better, value=f.value)
            for half, vae in halves
            for f in headline_figures(vae, half, measurement, split)
        )
    return RunRecord(
        recipe_sha256=recipe_digest(settings.recipe),
        seed=seed,
        tensor_sha256=tensor_digest({name: t.detach().cpu() for name, t in model.state_dict().items()}),
        figures=figures,
        statenet_moved=0.0,
        seconds=round(trained + time.perf_counter() - started, 3),
    )


def _named(seeds: Sequence[int]) -> str:
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]} together"


def spreads(sweep: Sweep) -> Iterator[Spread]:
    """Every headline figure of both halves over the finished seeds.

    Raises:
        MeasurementError: If there are fewer than two.
    """
    runs = sorted(sweep.runs, key=lambda run: run.seed)
    if len(runs) < 2:
        raise MeasurementError(f"a spread needs at least 2 finished runs, and there are {len(runs)}")
    for figure in runs[0].figures:
        found = values(runs, figure.half, figure.quantity)
        place = int(np.argmin(found) if figure.better == "higher" else np.argmax(found))
        yield Spread(
            half=figure.half,
            quantity=figure.quantity,
            unit=figure.unit,
            better=figure.better,
            interval=mean_interval(found),
            deviation=float(found.std(ddof=1)),
            least=float(found.min()),
            greatest=float(found.max()),
            worst_seed=runs[place if figure.better != "neither" else 0].seed,
        )
