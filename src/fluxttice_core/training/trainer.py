"""The training loop: epochs over one resident tensor, with all of its state in the open."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.random_streams import stream
from fluxttice_core.model.threshold_table import threshold_table
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from fluxttice_core.training.adamw import Descent
from fluxttice_core.training.amortisation import amortise_both
from fluxttice_core.training.calibration import calibrate_both
from fluxttice_core.training.conditional_map import ConditionalMap
from fluxttice_core.training.dataset import Rows, rows_of, training_rows
from fluxttice_core.training.history import EpochRecord, Reach
from fluxttice_core.training.loss import BATCH_FIGURES, BatchLoss, Conditions, batch_loss, scheduled
from fluxttice_core.training.loss_balance import (
    Balance,
    Corrections,
    corrected_alignment,
    corrected_rate,
    corrected_weights,
    gradient_scales,
    initial_balance,
    next_weights,
)
from fluxttice_core.training.recipe import Recipe, steadier
from fluxttice_core.training.recipe_settings import ReachSettings
from fluxttice_core.training.run_length import require_enough
from fluxttice_core.training.statenet_control import StateNetControl
from fluxttice_core.training.transport import Targets, TransportTerm

Observer = Callable[[DualVAE, ReachSettings, torch.Generator], Reach]


@dataclass(frozen=True)
class Progress:
    """Where a run stands, besides its tensors; plain values only.

    Attributes:
        epoch: Epochs done.
        balance: The halves' weights and gradient norms.
        best_loss: Least validation loss so far, nats.
        best_epoch: The epoch that had it.
        distinct: Distinct operations of A and B when last looked at.
        finished: Whether the run is over, calibration included.
    """

    epoch: int
    balance: Balance
    best_loss: float | None = None
    best_epoch: int = 0
    distinct: tuple[int, int] | None = None
    finished: bool = False

    def as_dict(self) -> dict[str, object]:
        """The progress as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "Progress":
        """The progress that `as_dict` wrote.

        Raises:
            TrainingError: If the values are not what `as_dict` writes.
        """
        try:
            plain = dict(values)
            distinct = plain["distinct"]
            plain["distinct"] = None if distinct is None else tuple(distinct)  # type: ignore[arg-type]
            plain["balance"] = Balance(**plain["balance"])  # type: ignore[arg-type]
            return cls(**plain)  # type: ignore[arg-type]
        except (KeyError, TypeError) as error:
            raise TrainingError(
                f"the checkpoint's progress cannot be read ({error}): resume from another checkpoint",
                "state_mismatch",
            ) from None


class Trainer:
    """A run of a recipe: holds the model, the optimiser and the progress, and makes one epoch at a time.

    Args:
        recipe: Every setting.
        seed: Seed of the weights, the order of rows, the noise and the observations.
        device: Where to compute, such as "cpu" or "cuda".
        observe: Counts distinct elements under the prior; called as the recipe's `reach` says.
        target: What is to be learnt; none: all elements of the recipe's space alike.

    Raises:
        SettingsError: If the space has too few operations to be split.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        seed: int,
        observe: Observer,
        device: str = "cpu",
        target: Target | None = None,
    ) -> None:
        self.recipe = recipe
        self.seed = seed
        self.device = device
        space = recipe.architecture.space
        require_enough(space, target)
        everything = target is None or target.is_everything
        self.split = split(space, recipe.split_seed, rows=None if target is None else target.rows)
        fresh = DualVAE.initialised(recipe.architecture, stream(seed, "weights"), recipe.initialisation)
        if recipe.architecture.decoders == "table":
            fresh.tabulate(torch.from_numpy(threshold_table(target or Target.everything(space))))
        self.model = fresh.to(device)
        self.progress = Progress(epoch=0, balance=initial_balance(recipe.balance))
        self._observe = observe
        self._train = training_rows(space, self.split, target, device=device)
        self._validation = rows_of(space, self.split.validation, device=device)
        self._descent = Descent(self.model, recipe.optimizer)
        conditional = None if everything or target is None else ConditionalMap(target, device)
        self._transport = TransportTerm(recipe.transport, self._train, conditional)
        self._control = (
            StateNetControl(self.model.state_net, recipe.controller) if recipe.controller else None
        )

    def epochs(self) -> Iterator[EpochRecord]:
        """Train until the recipe says stop; yields after every epoch, the last one calibrated.

        Raises:
            TrainingError: When the loss is no longer finite.
        """
        while not self.progress.finished:
            yield self._epoch()

    @property
    def rho(self) -> float:
        """Cross-injection at the start of the last epoch made."""
        done = max(self.progress.epoch - 1, 0)
        return self._conditions(float(done), Corrections()).rho

    # --- one epoch ---------------------------------------------------------------------------------

    def _epoch(self) -> EpochRecord:
        started = time.perf_counter()
        epoch = self.progress.epoch
        if self.recipe.balance is not None:
            balance = next_weights(
                self.progress.balance, self.recipe.balance, distinct=self.progress.distinct
            )
            self.progress = replace(self.progress, balance=balance)
        self.model.train()
        figures, conditions = self._batches(epoch)
        trained = time.perf_counter() - started
        validation = self._validation_loss(conditions)
        if not all(math.isfinite(value) for value in (*figures.values(), validation)):
            rate = self.recipe.optimizer.rate.at(float(epoch))
            raise TrainingError(
                f"the loss stopped being finite in epoch {epoch + 1} at a learning rate of {rate:.3g}: "
                f"{steadier(self.recipe)}",
                "loss_not_finite",
            )
        self._advance(epoch, validation)
        reach = self._finish_epoch(epoch)
        return EpochRecord(
            epoch=epoch + 1,
            **{name: getattr(conditions, name) for name in _RECORDED},
            **figures,
            validation_loss=validation,
            best_epoch=self.progress.best_epoch,
            efficiency_a=reach.efficiency_a if reach else None,
            efficiency_b=reach.efficiency_b if reach else None,
            operations_per_second=len(self._train) / trained,
            seconds=time.perf_counter() - started,
        )

    def _batches(self, epoch: int) -> tuple[dict[str, float], Conditions]:
        """One pass over the training rows; the mean figures of its batches, and its last conditions."""
        size, total = self.recipe.batch_size, len(self._train)
        rows = self._train.shuffled(stream(self.seed, "order", epoch))
        noise = stream(self.seed, "noise", epoch, device=self.device)
        sums = torch.zeros(len(BATCH_FIGURES), dtype=torch.float64, device=self.device)
        corrections = Corrections()
        conditions = self._conditions(float(epoch), corrections)
        for step, start in enumerate(range(0, total, size)):
            batch = rows[start : start + size]
            moment = epoch + start / total if self.recipe.schedule_by == "step" else float(epoch)
            control = self._control if self._control is not None and self._control.asks_at(step) else None
            if control is not None:
                corrections = Corrections()
            conditions = self._conditions(moment, corrections)
            drawn = self.model.noise(len(batch), noise)
            loss = self._loss(batch, conditions, drawn, self._transport.targets(self.model, moment, noise))
            lesson = None
            if control is not None:
                corrections = self._consult(control, loss, conditions)
                conditions = self._conditions(moment, corrections)
                loss = loss.under(conditions)
                lesson = control.lesson(self._descent, loss, conditions, corrections, self._weight_bounds)
            self._descend(loss.total, conditions)
            if control is not None and lesson is not None:
                cost = self._validation_cost(conditions, epoch, step)
                control.learn(lesson, self._descent, cost)
            sums += loss.figures() * len(batch)
        return dict(zip(BATCH_FIGURES, (sums / total).tolist(), strict=True)), conditions

    def _conditions(self, moment: float, corrections: Corrections) -> Conditions:
        recipe, balance = self.recipe, self.progress.balance
        balanced = recipe.balance is None or balance.balanced
        planned = scheduled(recipe, moment, balanced=balanced)
        scale_a, scale_b = gradient_scales(balance, recipe.balance)
        if recipe.controller is not None:
            planned = replace(
                planned,
                learning_rate=corrected_rate(planned.learning_rate, corrections, recipe.controller),
                alignment=corrected_alignment(planned.alignment, corrections, recipe.controller),
            )
        return replace(
            planned,
            weight_a=balance.weight_a,
            weight_b=balance.weight_b,
            scale_a=scale_a,
            scale_b=scale_b,
            transport=self._transport.weight(moment),
        )

    def _loss(
        self,
        batch: Rows,
        conditions: Conditions,
        noise: tuple[Tensor, Tensor] | None,
        targets: Targets | None = None,
    ) -> BatchLoss:
        latents, cells = (None, None) if targets is None else targets
        outputs = self.model(
            batch.tables,
            rho=conditions.rho,
            temperatures=(conditions.temperature_a, conditions.temperature_b),
            noise=noise,
            prior=latents,
        )
        return batch_loss(outputs, batch.classes, self.recipe, conditions, cells)

    def _consult(self, control: StateNetControl, loss: BatchLoss, conditions: Conditions) -> Corrections:
        """Ask StateNet once for corrections."""
        balance = self.progress.balance
        observed = [x.item() for x in (loss.entropy_a, loss.entropy_b, loss.rate_a, loss.rate_b)]
        observed += [balance.ratio, conditions.rho, balance.weight_a, balance.weight_b, conditions.alignment]
        state = torch.tensor([observed], dtype=torch.float32, device=self.device)
        corrections = control.proposed(state)
        moved = corrected_weights(balance, corrections, control.settings, self._weight_bounds)
        self.progress = replace(self.progress, balance=moved)
        return corrections

    @property
    def _weight_bounds(self) -> tuple[float, float]:
        return self.recipe.balance.bounds if self.recipe.balance is not None else (0.0, 1.0)

    def _validation_cost(self, conditions: Conditions, epoch: int, step: int) -> Tensor:
        """What some validation rows cost after a step, from which StateNet learns."""
        moment = epoch * -(-len(self._train) // self.recipe.batch_size) + step
        rows = self._validation.shuffled(stream(self.seed, "steering rows", moment))
        batch = rows[: self.recipe.batch_size]
        noise = self.model.noise(len(batch), stream(self.seed, "steering noise", moment, device=self.device))
        return self._loss(batch, conditions.unweighted(), noise).total

    def _descend(self, total: Tensor, conditions: Conditions) -> None:
        self._descent.step(total, rate=conditions.learning_rate)
        if self.recipe.balance is None:
            return
        balance = self.progress.balance
        norm_a, norm_b = self._descent.gradient_norms()
        keep = balance.momentum
        moved = replace(
            balance,
            norm_a=keep * balance.norm_a + (1 - keep) * norm_a,
            norm_b=keep * balance.norm_b + (1 - keep) * norm_b,
        )
        self.progress = replace(self.progress, balance=moved)

    # --- after the batches -------------------------------------------------------------------------

    @torch.no_grad()
    def _validation_loss(self, conditions: Conditions) -> float:
        """The objective of the validation rows: latents are posterior means, and the scales are 1."""
        self.model.eval()
        plain = replace(conditions, scale_a=1.0, scale_b=1.0)
        rows, size, total = self._validation, self.recipe.batch_size, 0.0
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            total += float(self._loss(batch, plain, None).total) * len(batch)
        return total / len(rows)

    def _advance(self, epoch: int, validation: float) -> None:
        best = self.progress.best_loss
        if best is None or validation < best:
            self.progress = replace(self.progress, best_loss=validation, best_epoch=epoch + 1)
        waited = epoch + 1 - self.progress.best_epoch
        patience = self.recipe.patience
        over = epoch + 1 >= self.recipe.epochs or (patience is not None and waited >= patience)
        self.progress = replace(self.progress, epoch=epoch + 1, finished=over)

    def _finish_epoch(self, epoch: int) -> Reach | None:
        self.model.eval()
        if self.progress.finished:
            calibrate_both(self.model, self.recipe.calibration, seed=self.seed, device=self.device)
            amortise_both(self.model, self._transport, self._train, self.recipe, seed=self.seed)
        if (epoch + 1) % self.recipe.reach.every and not self.progress.finished:
            return None
        generator = stream(self.seed, "reach", epoch, device=self.device)
        reach = self._observe(self.model, self.recipe.reach, generator)
        self.progress = replace(self.progress, distinct=(reach.distinct_a, reach.distinct_b))
        return reach

    # --- state -------------------------------------------------------------------------------------

    def model_tensors(self) -> dict[str, Tensor]:
        """The model's weights and buffers, on the CPU; the gradient norms among them are the running ones."""
        balance = self.progress.balance
        with torch.no_grad():
            self.model.grad_norm_A_ema.fill_(balance.norm_a)
            self.model.grad_norm_B_ema.fill_(balance.norm_b)
        return {name: tensor.detach().cpu().clone() for name, tensor in self.model.state_dict().items()}

    def state_tensors(self) -> dict[str, Tensor]:
        """What a resumed run needs besides the model: optimisers and transport, on the CPU."""
        steering = self._control.tensors() if self._control is not None else {}
        return {**self._descent.tensors(), **self._transport.tensors(), **steering}

    def restore(self, model: Mapping[str, Tensor], state: Mapping[str, Tensor], progress: Progress) -> None:
        """Continue from the tensors and the progress of a checkpoint of the same recipe and seed.

        Raises:
            TrainingError: If the tensors do not belong to this recipe's network.
        """
        try:
            self.model.load_state_dict(dict(model))
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:160]
            raise TrainingError(
                f"the checkpoint does not fit this recipe's network ({reason})", "state_mismatch"
            ) from None
        self._descent.restore(state)
        self._transport.restore(state)
        if self._control is not None:
            self._control.restore(state)
        self.progress = progress


_RECORDED = (
    *("learning_rate", "rho", "beta_a", "beta_b", "temperature_a", "temperature_b"),
    *("alignment", "weight_a", "weight_b"),
)
