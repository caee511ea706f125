"""What each part of a recipe contributes: runs with it and without it, of the same seeds, measured alike."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from jaxtyping import Float64
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from fluxttice_core.errors import MeasurementError, RecordError, TrainingError
from fluxttice_core.measurement.effect import Effect, effect
from fluxttice_core.measurement.headline import headline_figures
from fluxttice_core.measurement.metric import Direction, Half, Unit
from fluxttice_core.measurement.settings import MeasurementSettings
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.provenance.atomic import write_json
from fluxttice_core.provenance.bounded import read_bounded
from fluxttice_core.provenance.canonical import json_digest, parse_json
from fluxttice_core.provenance.certificate import fixed_threads
from fluxttice_core.provenance.environment import environment_record, timestamp, tool_record
from fluxttice_core.provenance.tensor_file import tensor_digest
from fluxttice_core.provenance.watch import observe_reach
from fluxttice_core.training.history import Reach
from fluxttice_core.training.loop import Trainer
from fluxttice_core.training.parts import Contrast, contrasts
from fluxttice_core.training.recipe import ReachSettings, Recipe

SCHEMA = "fluxttice/ablation"
_MAXIMUM = 64 << 20
MEASUREMENT = MeasurementSettings(
    draws=(50_000,), repeats=2, rules=("argmax",), mass_draws=2**17, posterior_repeats=2
)
"""Less than a report's, and the same for every run of a seed: differences, not levels, are asked for."""
REHEARSAL = MEASUREMENT.model_copy(update={"draws": (10_000,), "mass_draws": 2**13})

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FigureRecord(_Record):
    """One figure of one half of a run."""

    half: Literal["a", "b"]
    quantity: str
    unit: Unit
    better: Direction
    value: float


class RunRecord(_Record):
    """A run that was trained and measured.

    Attributes:
        recipe_sha256: Which recipe, by the digest of its settings.
        seed: Seed of its training and of its measurement.
        tensor_sha256: The weights that it ended with.
        figures: What was measured of it.
        statenet_moved: How far StateNet's weights went, over the norm that they began with.
        seconds: Time that training and measuring took.
    """

    recipe_sha256: Sha256
    seed: int
    tensor_sha256: Sha256
    figures: tuple[FigureRecord, ...]
    statenet_moved: float
    seconds: float


class AblationSettings(_Record):
    """What determines every run of an ablation.

    Attributes:
        recipe: The recipe that parts are put into or taken out of.
        measurement: What every run is measured with, but for the seed, which is the run's.
        torch_version: The torch that computes.
    """

    recipe: Recipe
    measurement: MeasurementSettings
    torch_version: str = str(torch.__version__)

    def digest(self) -> str:
        """SHA-256 of the settings' canonical JSON."""
        return json_digest(self.model_dump(mode="json"))


class Ablation(_Record):
    """The content of an ablation's result file: its settings and every run finished so far."""

    schema_name: Literal["fluxttice/ablation"] = "fluxttice/ablation"
    schema_version: Literal[1] = 1
    tool: dict[str, JsonValue]
    created: str
    command: str
    environment: dict[str, JsonValue]
    settings: AblationSettings
    settings_sha256: Sha256
    parts: tuple[str, ...]
    runs: tuple[RunRecord, ...] = ()

    def contrasts(self) -> list[Contrast]:
        """The parts' pairs of recipes."""
        return contrasts(self.settings.recipe, self.parts)

    def found(self, recipe: Recipe) -> dict[int, RunRecord]:
        """The finished runs of a recipe, by seed."""
        digest = recipe_digest(recipe)
        return {run.seed: run for run in self.runs if run.recipe_sha256 == digest}


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


def recipe_digest(recipe: Recipe) -> str:
    """SHA-256 of a recipe's settings."""
    return json_digest(recipe.model_dump(mode="json"))


def begun(
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

    Raises:
        SettingsError: If a part is unknown, or cannot be put into this recipe.
    """
    equal = recipe.model_copy(update={"patience": None})
    settings = AblationSettings(recipe=equal, measurement=measurement)
    with fixed_threads(1):
        environment = environment_record()
    return Ablation(
        tool=tool_record(),
        created=timestamp(),
        command=command,
        environment=environment,
        settings=settings,
        settings_sha256=settings.digest(),
        parts=tuple(contrast.part for contrast in contrasts(equal, parts)),
    )


def resumed(path: Path, fresh: Ablation) -> Ablation:
    """A fresh ablation with the runs that its result file holds already.

    Raises:
        MeasurementError: If the file is damaged, or of another recipe, measurement or torch.
    """
    if not path.exists():
        return fresh
    before = read_ablation(path)
    if before.settings_sha256 != fresh.settings_sha256:
        raise MeasurementError(
            f"{path} holds an ablation of another recipe, measurement or torch: name another file with --out"
        )
    return fresh.model_copy(update={"runs": before.runs})


def read_ablation(path: Path) -> Ablation:
    """Read an ablation's result file and check it.

    Raises:
        MeasurementError: If it is missing, damaged or contradicts itself.
    """
    data = read_bounded(path, maximum=_MAXIMUM, name="The ablation", error=MeasurementError)
    try:
        found = Ablation.model_validate(parse_json(data, name=str(path)))
    except RecordError as error:
        raise MeasurementError(str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "/".join(str(part) for part in first["loc"])
        raise MeasurementError(f"{path} is no ablation ({where}: {first['msg']}): run it again") from None
    if found.settings.digest() != found.settings_sha256:
        raise MeasurementError(f"{path} contradicts itself: its settings are not those of settings_sha256")
    return found


def due(ablation: Ablation, seeds: Sequence[int]) -> list[tuple[int, Recipe, str]]:
    """The runs still to be made, seed by seed, each with what it is called."""
    named: dict[str, tuple[Recipe, str]] = {
        recipe_digest(ablation.settings.recipe): (ablation.settings.recipe, "the recipe itself")
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


def carried_out(
    ablation: Ablation, path: Path, seeds: Sequence[int], progress: Callable[[str, float], None]
) -> Ablation:
    """Train and measure what is due; after every run the result file is written anew, whole or not at all.

    Args:
        ablation: The ablation, with the runs that there are.
        path: The result file.
        seeds: Seeds of the runs.
        progress: Called with what comes next and the share that is done.

    Raises:
        TrainingError: If a run cannot go on; those before it are kept.
        StorageError: If the file cannot be written.
    """
    runs = due(ablation, seeds)
    for number, (seed, recipe, name) in enumerate(runs):
        progress(f"seed {seed}: {name}", number / len(runs))
        try:
            run = trained_and_measured(recipe, seed, ablation.settings.measurement)
        except TrainingError as error:
            raise TrainingError(f"seed {seed}, {name}: {error}; leave that part out with --parts") from None
        ablation = ablation.model_copy(update={"runs": (*ablation.runs, run)})
        write_json(path, ablation.model_dump(mode="json"))
    progress("done", 1.0)
    return ablation


def trained_and_measured(recipe: Recipe, seed: int, measurement: MeasurementSettings) -> RunRecord:
    """Train a recipe with one thread, and measure its headline figures.

    Args:
        recipe: The recipe.
        seed: Seed of the training and of the measurement's draws.
        measurement: Everything else that the measurement is made with.

    Raises:
        TrainingError: If the loss stops being finite.
    """
    started = time.perf_counter()
    with fixed_threads(1):
        # Only adaptive weights look at the reach, and looking takes longer than learning.
        trainer = Trainer(recipe, seed=seed, observe=_unwatched if recipe.balance is None else observe_reach)
        before = _statenet(trainer.model)
        for _ in trainer.epochs():
            continue
        moved = float((_statenet(trainer.model) - before).norm() / before.norm())
        figures = tuple(_figures(trainer, measurement.model_copy(update={"seed": seed})))
    return RunRecord(
        recipe_sha256=recipe_digest(recipe),
        seed=seed,
        tensor_sha256=tensor_digest(trainer.model_tensors()),
        figures=figures,
        statenet_moved=moved,
        seconds=round(time.perf_counter() - started, 3),
    )


def _figures(trainer: Trainer, measurement: MeasurementSettings) -> Iterator[FigureRecord]:
    model = trainer.model.eval()
    halves: tuple[tuple[Literal["a", "b"], Any], ...] = (("a", model.vae_a), ("b", model.vae_b))
    for half, vae in halves:
        for figure in headline_figures(vae, half, measurement, trainer.split):
            yield FigureRecord(
                half=half,
                quantity=figure.quantity,
                unit=figure.unit,
                better=figure.better,
                value=figure.value,
            )


def _statenet(model: DualVAE) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten().clone() for parameter in model.state_net.parameters()])


def _unwatched(_model: DualVAE, _settings: ReachSettings, _generator: torch.Generator) -> Reach:
    return Reach(distinct_a=0, distinct_b=0, expected=1.0)


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
                f"{contrast.part} was run for {len(seeds)} seeds: at least 2 are needed for an interval"
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
            effect(
                values([one for one, _ in pairs], half, figure.quantity),
                values([other for _, other in pairs], half, figure.quantity),
                better=figure.better,
            ),
            figure.unit,
        )
        for figure in first
    }


def values(runs: Sequence[RunRecord], half: Half, quantity: str) -> Float64[np.ndarray, "n"]:
    """One figure of several runs.

    Args:
        runs: The runs.
        half: The half.
        quantity: The figure.
    """
    return np.array(
        [
            figure.value
            for run in runs
            for figure in run.figures
            if (figure.half, figure.quantity) == (half, quantity)
        ]
    )
