"""The training loop: epochs over one resident tensor, with all of its state in the open."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.operations.split import Split, split
from fluxttice_core.training.calibration import calibrate
from fluxttice_core.training.controller import (
    Balance,
    Corrections,
    corrected_alignment,
    corrected_rate,
    corrected_weights,
    gradient_scales,
    initial_balance,
    next_weights,
)
from fluxttice_core.training.history import EpochRecord, Reach
from fluxttice_core.training.loss import BatchLoss, Conditions, batch_loss
from fluxttice_core.training.randomness import stream
from fluxttice_core.training.recipe import ReachSettings, Recipe

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
                f"the checkpoint's progress cannot be read ({error}): resume from another checkpoint"
            ) from None


class Trainer:
    """A run of a recipe: holds the model, the optimiser and the progress, and makes one epoch at a time.

    Args:
        recipe: Every setting.
        seed: Seed of the weights, the order of rows, the noise and the observations.
        device: Where to compute, such as "cpu" or "cuda".
        observe: Counts distinct operations under the prior; called as the recipe's `reach` says.
    """

    def __init__(self, recipe: Recipe, *, seed: int, observe: Observer, device: str = "cpu") -> None:
        self.recipe = recipe
        self.seed = seed
        self.device = device
        self.split = split(recipe.architecture.space, recipe.split_seed)
        self.model = DualVAE.initialised(recipe.architecture, stream(seed, "weights")).to(device)
        self.progress = Progress(epoch=0, balance=initial_balance(recipe.balance))
        self._observe = observe
        self._rows = _resident_rows(self.model, self.split, device)
        self._learning = {n: p for n, p in self.model.named_parameters() if not n.startswith("state_net.")}
        self._halves = (_names_of(self._learning, "A"), _names_of(self._learning, "B"))
        self._optimizer = torch.optim.AdamW(
            list(self._learning.values()),
            lr=1e-3,
            betas=(0.9, recipe.optimizer.second_moment),
            weight_decay=recipe.optimizer.weight_decay,
            fused=True,
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
        """Cross-injection of the last step made."""
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
        means, conditions = self._batches(epoch)
        loss = float(means[0])
        if not torch.isfinite(means).all():
            peak = conditions.learning_rate
            raise TrainingError(
                f"the loss stopped being finite in epoch {epoch} at a learning rate of {peak:.3g}: "
                "lower optimizer.rate or optimizer.clip_norm, and start again from the last checkpoint"
            )
        trained = time.perf_counter() - started
        validation = self._validation_loss(conditions)
        self._advance(epoch, validation)
        reach = self._finish_epoch(epoch)
        operations = self._rows.train.shape[0] / trained
        return EpochRecord(
            epoch=epoch + 1,
            **{name: getattr(conditions, name) for name in _RECORDED},
            loss=loss,
            distortion_a=float(means[1]),
            distortion_b=float(means[2]),
            rate_a=float(means[3]),
            rate_b=float(means[4]),
            validation_loss=validation,
            best_epoch=self.progress.best_epoch,
            efficiency_a=reach.efficiency_a if reach else None,
            efficiency_b=reach.efficiency_b if reach else None,
            operations_per_second=operations,
            seconds=time.perf_counter() - started,
        )

    def _batches(self, epoch: int) -> tuple[Tensor, Conditions]:
        """One pass over the training rows; the mean figures of its batches, and its last conditions."""
        rows, size = self._rows.train.shape[0], self.recipe.batch_size
        order = torch.randperm(rows, generator=stream(self.seed, "order", epoch)).to(self.device)
        tables, classes = self._rows.train[order], self._rows.train_classes[order]
        noise = stream(self.seed, "noise", epoch, device=self.device)
        total = torch.zeros(5, dtype=torch.float64, device=self.device)
        conditions = self._conditions(float(epoch), Corrections())
        corrections = Corrections()
        for start in range(0, rows, size):
            moment = epoch + start / rows if self.recipe.schedule_by == "step" else float(epoch)
            conditions = self._conditions(moment, corrections)
            batch = slice(start, min(start + size, rows))
            outputs = self.model(
                tables[batch],
                rho=conditions.rho,
                temperatures=(conditions.temperature_a, conditions.temperature_b),
                generator=noise,
            )
            loss = batch_loss(outputs, classes[batch], self.recipe, conditions)
            if start == 0 and self.recipe.controller is not None:
                corrections = self._consult_controller(loss, conditions)
                conditions = self._conditions(moment, corrections)
                loss = batch_loss(outputs, classes[batch], self.recipe, conditions)
            self._descend(loss, conditions)
            total += loss.figures() * (batch.stop - batch.start)
        return total / rows, conditions

    def _conditions(self, moment: float, corrections: Corrections) -> Conditions:
        recipe, balance = self.recipe, self.progress.balance
        is_balanced = recipe.balance is None or balance.is_balanced(recipe.balance)
        scale_a, scale_b = gradient_scales(balance, recipe.balance)
        rate, alignment = recipe.optimizer.rate.at(moment), recipe.alignment.at(moment)
        if recipe.controller is not None:
            rate = corrected_rate(rate, corrections, recipe.controller)
            alignment = corrected_alignment(alignment, corrections, recipe.controller)
        return Conditions(
            learning_rate=rate,
            rho=recipe.rho.at(moment, balanced=is_balanced),
            beta_a=recipe.half_a.beta.at(moment),
            beta_b=recipe.half_b.beta.at(moment),
            temperature_a=recipe.half_a.temperature.at(moment),
            temperature_b=recipe.half_b.temperature.at(moment),
            alignment=alignment,
            weight_a=balance.weight_a,
            weight_b=balance.weight_b,
            scale_a=scale_a,
            scale_b=scale_b,
        )

    @torch.no_grad()
    def _consult_controller(self, loss: BatchLoss, conditions: Conditions) -> Corrections:
        """Ask StateNet once for corrections; no gradient reaches it, as in the original system."""
        settings, balance = self.recipe.controller, self.progress.balance
        if settings is None:
            return Corrections()
        observed = [float(x) for x in (loss.entropy_a, loss.entropy_b, loss.rate_a, loss.rate_b)]
        observed += [balance.ratio, conditions.rho, balance.weight_a, balance.weight_b, conditions.alignment]
        state = torch.tensor([observed], dtype=torch.float32, device=self.device)
        corrections = Corrections(*self.model.state_net(state)[0].tolist())
        bounds = self.recipe.balance.bounds if self.recipe.balance is not None else (0.0, 1.0)
        moved = corrected_weights(balance, corrections, settings, bounds)
        self.progress = replace(self.progress, balance=moved)
        return corrections

    def _descend(self, loss: BatchLoss, conditions: Conditions) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = conditions.learning_rate
        self._optimizer.zero_grad(set_to_none=True)
        loss.total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._learning.values(), self.recipe.optimizer.clip_norm)
        if self.recipe.balance is not None:
            self._measure_gradients()
        self._optimizer.step()

    def _measure_gradients(self) -> None:
        balance = self.progress.balance
        keep = balance.momentum
        norm_a, norm_b = (self._gradient_norm(names) for names in self._halves)
        self.progress = replace(
            self.progress,
            balance=replace(
                balance,
                norm_a=keep * balance.norm_a + (1 - keep) * norm_a,
                norm_b=keep * balance.norm_b + (1 - keep) * norm_b,
            ),
        )

    def _gradient_norm(self, names: list[str]) -> float:
        gradients = [g for g in (self._learning[n].grad for n in names) if g is not None]
        return float(torch.nn.utils.get_total_norm(gradients))

    # --- after the batches -------------------------------------------------------------------------

    @torch.no_grad()
    def _validation_loss(self, conditions: Conditions) -> float:
        """The objective of the validation rows with posterior means for latents and unit gradient scales."""
        self.model.eval()
        plain = replace(conditions, scale_a=1.0, scale_b=1.0)
        tables, classes = self._rows.validation, self._rows.validation_classes
        rows, total = tables.shape[0], 0.0
        for start in range(0, rows, self.recipe.batch_size):
            batch = slice(start, start + self.recipe.batch_size)
            outputs = self.model(tables[batch], rho=conditions.rho)
            loss = batch_loss(outputs, classes[batch], self.recipe, plain)
            total += float(loss.total) * tables[batch].shape[0]
        return total / rows

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
        calibration = self.recipe.calibration
        if self.progress.finished and calibration is not None:
            for name, half in (("a", self.model.vae_a), ("b", self.model.vae_b)):
                generator = stream(self.seed, f"calibration {name}", device=self.device)
                calibrate(half, draws=calibration.draws, sweeps=calibration.sweeps, generator=generator)
        if (epoch + 1) % self.recipe.reach.every and not self.progress.finished:
            return None
        reach = self._observe(
            self.model, self.recipe.reach, stream(self.seed, "reach", epoch, device=self.device)
        )
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
        """The optimiser's state, named by parameter, on the CPU."""
        tensors: dict[str, Tensor] = {}
        for name, parameter in self._learning.items():
            for key, value in self._optimizer.state[parameter].items():
                tensors[f"{name}/{key}"] = value.detach().cpu().clone()
        return tensors

    def restore(self, model: Mapping[str, Tensor], state: Mapping[str, Tensor], progress: Progress) -> None:
        """Continue from the tensors and the progress of a checkpoint of the same recipe and seed.

        Raises:
            TrainingError: If the tensors do not belong to this recipe's network.
        """
        try:
            self.model.load_state_dict(dict(model))
            for name, parameter in self._learning.items():
                self._optimizer.state[parameter] = {
                    key: state[f"{name}/{key}"].clone().to(self.device)
                    for key in ("step", "exp_avg", "exp_avg_sq")
                }
        except (KeyError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:160]
            raise TrainingError(f"the checkpoint does not fit this recipe's network ({reason})") from None
        self.progress = progress


@dataclass(frozen=True)
class _Rows:
    train: Tensor
    train_classes: Tensor
    validation: Tensor
    validation_classes: Tensor


_RECORDED = (
    *("learning_rate", "rho", "beta_a", "beta_b", "temperature_a", "temperature_b"),
    *("alignment", "weight_a", "weight_b"),
)


def _names_of(parameters: Mapping[str, Tensor], half: str) -> list[str]:
    return [name for name in parameters if name.split(".")[0].endswith(f"_{half}")]


def _resident_rows(model: DualVAE, parts: Split, device: str) -> _Rows:
    """The tables of a split as floating-point symbols, and as positions for the cross-entropy."""
    space = model.space
    lowest = space.symbols[0]

    def pair(indices: np.ndarray) -> tuple[Tensor, Tensor]:
        tables = torch.from_numpy(space.tables(indices))
        return tables.float().to(device), (tables.long() - lowest).to(device)

    return _Rows(*pair(parts.train), *pair(parts.validation))
