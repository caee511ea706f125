r"""Population training: many seeds of one recipe as one batched program.

The networks' weights are stacked along a first axis, and every matrix product of a step becomes one product
of stacks. A run of the population equals the run that `Trainer` makes with its seed, up to rounding: it has
its own fresh weights, order of rows, noise, transport draws, clipping and calibration, from the same streams.

What steers a run by its own history (gradient balance, StateNet, patience) or has no gradient of its own to
batch (the alignment's histogram) is refused.
"""

import ctypes
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from fluxttice_core.errors import SettingsError, TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.random_streams import stream
from fluxttice_core.shapes import Float, Int64
from fluxttice_core.spaces.split import split
from fluxttice_core.training.adamw import LEARNING_PARTS, Descent
from fluxttice_core.training.adamw_derivative import CLIP_MARGIN
from fluxttice_core.training.amortisation import amortise_both
from fluxttice_core.training.calibration import calibrate_both
from fluxttice_core.training.dataset import rows_of
from fluxttice_core.training.loss import Conditions, batch_loss, scheduled
from fluxttice_core.training.recipe import Recipe, steadier
from fluxttice_core.training.recipe_cost import population_excess
from fluxttice_core.training.transport import TransportTerm


@dataclass(frozen=True)
class PopulationEpoch:
    """An epoch of a population, with the mean objective of each run in nats, and the wall time."""

    epoch: int
    losses: tuple[float, ...]
    seconds: float


class Population:
    """Runs of a recipe that differ in their seed, trained together.

    Args:
        recipe: Every setting; `reach` and `checkpoint_every` have no part in it.
        seeds: A seed a run.
        device: Where to compute, such as "cpu" or "cuda".

    Raises:
        SettingsError: Without seeds, for a seed that comes twice, for a recipe that steers its runs, and for
            more seeds than memory is sure to hold.

    Example:
        >>> from fluxttice_core.training.recipe import load_recipe
        >>> small = ["architecture.arity=1", "epochs=1", "transport=null", "calibration=null"]
        >>> population = Population(load_recipe("standard", small), seeds=[0, 1])
        >>> [epoch.epoch for epoch in population.epochs()], len(population.models)
        ([1], 2)
    """

    def __init__(self, recipe: Recipe, seeds: Sequence[int], *, device: str = "cpu") -> None:
        if not seeds or len(set(seeds)) != len(seeds):
            raise SettingsError(
                f"a population needs different seeds, at least one, not {list(seeds)}", "contradictory"
            )
        if found := steering_parts(recipe):
            raise SettingsError(
                f"the recipe {recipe.name} steers each run by its own history ({', '.join(found)}), so that "
                "its seeds cannot be trained as one program: train them one by one, or leave those settings "
                "out",
                "unsupported",
            )
        if (asked := population_excess(recipe, len(seeds))) is not None:
            raise SettingsError(asked, "too_costly")
        space = recipe.architecture.space
        self.recipe = recipe
        self.seeds = tuple(seeds)
        self.device = device
        self.split = split(space, recipe.split_seed)
        self.models = [
            DualVAE.initialised(recipe.architecture, stream(seed, "weights"), recipe.initialisation).to(
                device
            )
            for seed in seeds
        ]
        self._rows = rows_of(space, self.split.train, device=device)
        self._transport = [TransportTerm(recipe.transport, self._rows) for _ in seeds]
        self._weights = _stacked(self.models)
        self._descent = _PopulationDescent(self._weights, recipe.optimizer)

    def epochs(self) -> Iterator[PopulationEpoch]:
        """Train all runs to the recipe's end; yields after every epoch, the last one calibrated.

        Raises:
            TrainingError: When a run's loss is no longer finite; it names the seed.
        """
        keep_freed_memory()
        for epoch in range(self.recipe.epochs):
            started = time.perf_counter()
            losses = self._epoch(epoch)
            self._require_finite(losses, epoch)
            if epoch + 1 == self.recipe.epochs:
                self._conclude()
            yield PopulationEpoch(epoch + 1, tuple(losses), time.perf_counter() - started)

    def tensors(self, seed: int) -> dict[str, Tensor]:
        """One run's weights and buffers, on the CPU, as its own trainer would give them."""
        model = self.models[self.seeds.index(seed)]
        return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}

    def _epoch(self, epoch: int) -> list[float]:
        size, total = self.recipe.batch_size, len(self._rows)
        orders = torch.stack(
            [torch.randperm(total, generator=stream(seed, "order", epoch)) for seed in self.seeds]
        ).to(self.device)
        noise = [stream(seed, "noise", epoch, device=self.device) for seed in self.seeds]
        sums = torch.zeros(len(self.seeds), dtype=torch.float64, device=self.device)
        for start in range(0, total, size):
            moment = epoch + start / total if self.recipe.schedule_by == "step" else float(epoch)
            conditions = replace(scheduled(self.recipe, moment), transport=self._transport[0].weight(moment))
            order = orders[:, start : start + size]
            losses = self._losses(order, moment, noise, conditions)
            self._descent.step(losses.sum(), rate=conditions.learning_rate)
            sums += losses.detach() * order.shape[1]
        found: list[float] = (sums / total).tolist()
        return found

    def _losses(
        self,
        order: Int64[Tensor, "S n"],
        moment: float,
        noise: Sequence[torch.Generator],
        conditions: Conditions,
    ) -> Float[Tensor, "S"]:
        """Every run's objective, its noise and draws taken in the order of its own run."""
        drawn, targets = [], []
        for model, term, source in zip(self.models, self._transport, noise, strict=True):
            drawn.append(model.noise(order.shape[1], source))
            targets.append(term.targets(model, moment, source))
        found = [target for target in targets if target is not None]
        latents, cells = map(_both, zip(*found, strict=True)) if found else (None, None)
        template = self.models[0]

        def of_one(
            weights: dict[str, Tensor],
            tables: Tensor,
            classes: Tensor,
            noise: tuple[Tensor, Tensor],
            latents: tuple[Tensor, Tensor] | None,
            cells: tuple[Tensor, Tensor] | None,
        ) -> Tensor:
            settings = {
                "rho": conditions.rho,
                "temperatures": (conditions.temperature_a, conditions.temperature_b),
                "noise": noise,
                "prior": latents,
            }
            outputs = functional_call(template, weights, (tables,), settings)
            return batch_loss(outputs, classes, self.recipe, conditions, cells).total

        labelled = 0 if found else None
        losses: Tensor = vmap(of_one, in_dims=(0, 0, 0, 0, labelled, labelled))(
            self._weights, self._rows.tables[order], self._rows.classes[order], _both(drawn), latents, cells
        )
        return losses

    def _conclude(self) -> None:
        for model, transport, seed in zip(self.models, self._transport, self.seeds, strict=True):
            calibrate_both(model.eval(), self.recipe.calibration, seed=seed, device=self.device)
            amortise_both(model, transport, self._rows, self.recipe, seed=seed)

    def _require_finite(self, losses: Sequence[float], epoch: int) -> None:
        lost = [seed for seed, loss in zip(self.seeds, losses, strict=True) if not math.isfinite(loss)]
        if lost:
            rate = self.recipe.optimizer.rate.at(float(epoch))
            raise TrainingError(
                f"the loss of seed {lost[0]} stopped being finite in epoch {epoch + 1} at a learning rate of "
                f"{rate:.3g}: {steadier(self.recipe)}",
                "loss_not_finite",
            )


class _PopulationDescent(Descent):
    """AdamW over stacks of weights, each run clipped by its own norm."""

    def _clip(self, limit: float) -> None:
        gradients = list(self._gradients(*LEARNING_PARTS).values())
        squares = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients])
        factor = (limit / (squares.sum(0).sqrt() + CLIP_MARGIN)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(factor.view(-1, *[1] * (gradient.dim() - 1)))


def _stacked(models: Sequence[DualVAE]) -> dict[str, Tensor]:
    """The models' weights as one stack a name, of which the models' own become views."""
    named = [dict(model.named_parameters()) for model in models]
    stacks = {
        name: torch.stack([weights[name].detach() for weights in named]).requires_grad_() for name in named[0]
    }
    for position, weights in enumerate(named):
        for name, parameter in weights.items():
            parameter.data = stacks[name].detach()[position]
    return stacks


def _both(pairs: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """The runs' tensors of A and of B, stacked."""
    a, b = (torch.stack(tensors) for tensors in zip(*pairs, strict=True))
    return a, b


def steering_parts(recipe: Recipe) -> list[str]:
    """The parts of a recipe that steer each run by its own history, which a population does not allow."""
    steering = {
        "balance": recipe.balance is not None,
        "controller": recipe.controller is not None,
        "architecture.decoders": recipe.architecture.decoders == "table",
        "patience": recipe.patience is not None,
        "alignment": recipe.alignment.range()[1] > 0.0,
    }
    return [name for name, is_set in steering.items() if is_set]


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 1 << 30


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for the process; where there is no glibc nothing is done.

    By default it gives large blocks back to the system, which hands them out again page by page, zeroed.

    Source: the GNU C library's manual, "Malloc Tunable Parameters".
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        library.mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
