"""What one process makes by itself: runs of a recipe, trained as one program or alone, and measured."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version

import torch
from torch import Tensor

from fluxttice_core.errors import FluxtticeError, MeasurementError, TrainingError
from fluxttice_core.evaluation.headline import headline_figures
from fluxttice_core.experiments.study import FigureRecord, RunRecord, recipe_digest
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.threads import fixed_threads
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.halves import HALVES
from fluxttice_core.model.random_streams import stream
from fluxttice_core.spaces.split import Split
from fluxttice_core.storage.arithmetic import arithmetic_record
from fluxttice_core.storage.tensors import tensor_digest
from fluxttice_core.training.coverage_monitor import observe_reach
from fluxttice_core.training.history import Reach
from fluxttice_core.training.population import Population, steering_parts
from fluxttice_core.training.recipe import Recipe
from fluxttice_core.training.recipe_settings import ReachSettings
from fluxttice_core.training.trainer import Trainer
from fluxttice_core.version import __version__

Show = Callable[[str], None]


OWN = "the recipe itself"
"""What an ablation calls the recipe whose parts it varies."""


@dataclass(frozen=True)
class Task:
    """Runs of one recipe that one process makes by itself, whatever others do.

    Attributes:
        seeds: Seeds that are trained, as one program where the recipe allows it.
        missing: Those of them that are measured; the others were before.
        threads: Threads that measure.
        variant: What an ablation calls the recipe, whose runs are trained alone; none in a sweep.
    """

    recipe: Recipe
    measurement: MeasurementSettings
    seeds: tuple[int, ...]
    missing: tuple[int, ...]
    threads: int
    variant: str | None = None

    @property
    def name(self) -> str:
        """What is made, in words."""
        first, last = self.seeds[0], self.seeds[-1]
        if self.variant is not None:
            return f"seed {first}: {self.variant}"
        return f"seed {first}" if first == last else f"seeds {first} to {last} together"

    def runs(self, show: Show) -> Iterator[RunRecord]:
        """Train what is to be trained, and yield the missing runs as they are measured."""
        show(self.name if self.variant else f"training {self.name}")
        started = time.perf_counter()
        try:
            trained, split = self._trained()
        except TrainingError as error:
            whose = "" if self.variant is None else f"seed {self.seeds[0]}, {self.variant}: "
            others = "" if self.variant in (None, OWN) else "; or name the other parts with --parts"
            raise TrainingError(f"{whose}{error}, in another file by --out{others}", error.code) from None
        spent = (time.perf_counter() - started) / len(self.seeds)
        for seed in self.missing:
            if self.variant is None:
                show(f"measuring seed {seed}")
            yield measured_run(self, seed, trained[seed], split, spent)

    def _trained(self) -> tuple[dict[int, Mapping[str, Tensor]], Split]:
        """The weights and buffers that each seed ends with, and the split of all."""
        if self.variant is None and not steering_parts(self.recipe):
            population = Population(self.recipe, self.seeds)
            with fixed_threads():
                for _ in population.epochs():
                    continue
            return {seed: population.tensors(seed) for seed in self.seeds}, population.split
        trainers = {seed: trained_alone(self.recipe, seed) for seed in self.seeds}
        return {seed: one.model_tensors() for seed, one in trainers.items()}, trainers[self.seeds[0]].split


def made_elsewhere(task: Task, here: Mapping[str, str]) -> list[RunRecord] | FluxtticeError:
    """Do a task on a machine of a cluster; what refuses it is returned, since not all carry errors whole."""
    try:
        _require_alike(here, machine_record())
        return list(task.runs(lambda _label: None))
    except FluxtticeError as error:
        return error


def machine_record() -> dict[str, str]:
    """What decides weights and figures to the last bit beside a study's settings and threads."""
    packages = {name: version(name) for name in ("torch", "numpy")}
    return {"fluxttice-core": __version__, **packages, **arithmetic_record()}


def _require_alike(here: Mapping[str, str], there: Mapping[str, str]) -> None:
    for name in sorted({*here, *there}):
        if here.get(name) != there.get(name):
            raise MeasurementError(
                f"a machine of the cluster has {name} {there.get(name)}, where {here.get(name)} asks, and "
                "would end with other bits: start the command on a machine like those that compute, with the "
                "same versions",
                "unreachable",
            )


def trained_alone(recipe: Recipe, seed: int) -> Trainer:
    """Train a recipe to its end, with one thread."""
    with fixed_threads(1):
        # Only adaptive weights look at the reach, and looking takes longer than learning.
        trainer = Trainer(recipe, seed=seed, observe=_unwatched if recipe.balance is None else observe_reach)
        for _ in trainer.epochs():
            continue
    return trainer


def _unwatched(_model: DualVAE, _settings: ReachSettings, _generator: torch.Generator) -> Reach:
    return Reach(distinct_a=0, distinct_b=0, expected=1.0)


def measured_run(
    task: Task, seed: int, tensors: Mapping[str, Tensor], split: Split, trained_seconds: float
) -> RunRecord:
    """Measure the headline figures of a run by the weights and buffers that its training ended with."""
    started, recipe = time.perf_counter(), task.recipe
    fresh = DualVAE.initialised(recipe.architecture, stream(seed, "weights"), recipe.initialisation)
    before = _statenet(fresh)
    fresh.load_state_dict(dict(tensors))
    model, measurement = fresh.eval(), task.measurement.model_copy(update={"seed": seed})
    with fixed_threads(task.threads):
        figures = tuple(
            FigureRecord.model_validate(figure, from_attributes=True)
            for half in HALVES
            for figure in headline_figures(model.vae(half), half, measurement, split)
        )
    return RunRecord(
        recipe_sha256=recipe_digest(recipe),
        seed=seed,
        tensor_sha256=tensor_digest(tensors),
        figures=figures,
        statenet_moved=float((_statenet(model) - before).norm() / before.norm()),
        seconds=round(trained_seconds + time.perf_counter() - started, 3),
    )


def _statenet(model: DualVAE) -> Tensor:
    return torch.cat([parameter.detach().flatten().clone() for parameter in model.state_net.parameters()])
