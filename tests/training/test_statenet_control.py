"""StateNet that learns: its gradient against finite differences, and what learning does to a run."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.adamw import Descent
from fluxttice_core.training.dataset import Rows, rows_of
from fluxttice_core.training.loss import BatchLoss, Conditions, batch_loss
from fluxttice_core.training.loss_balance import (
    Balance,
    Corrections,
    corrected_rate,
    corrected_weights,
    correction_slopes,
)
from fluxttice_core.training.recipe import Recipe
from fluxttice_core.training.recipe_settings import ControllerSettings
from fluxttice_core.training.statenet_control import StateNetControl, gradient, validation_slopes
from tests.refusals import refused
from tests.training.small_runs import SmallRuns

LEARNING: dict[str, Any] = {"controller.learning_rate": 0.01, "controller.every": 1}
BOUNDS = (0.5, 0.95)
BEFORE = Balance(weight_a=0.7, weight_b=0.8)


class Steps:
    """A small network in double precision after some steps, and the step that corrections change."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.settings = recipe.controller or ControllerSettings()
        rows = rows_of(recipe.architecture.space, torch.arange(27).numpy())
        self.rows = Rows(rows.tables.double(), rows.classes)

    def slopes(self, corrections: Corrections) -> Corrections:
        """The derivatives as StateNet is given them."""
        model, descent = self._started()
        conditions = self._conditions(corrections)
        loss = self._loss(model, self.rows[:15], conditions, seed=7)
        steering = StateNetControl(model.state_net, self.settings.model_copy(update={"learning_rate": 0.1}))
        steering.proposed(torch.zeros(1, 9, dtype=torch.float64))
        lesson = steering.lesson(descent, loss, conditions, corrections, BOUNDS)
        descent.step(loss.total, rate=conditions.learning_rate)
        assert lesson is not None
        cost = self._validation(model, conditions)
        return validation_slopes(lesson, descent, gradient(cost, descent.parameters))

    def cost(self, corrections: Corrections) -> float:
        """What the validation rows cost after the corrected step."""
        model, descent = self._started()
        conditions = self._conditions(corrections)
        descent.step(
            self._loss(model, self.rows[:15], conditions, seed=7).total, rate=conditions.learning_rate
        )
        return self._validation(model, conditions).item()

    def _started(self) -> tuple[DualVAE, Descent]:
        fresh = DualVAE.initialised(self.recipe.architecture, torch.Generator().manual_seed(0))
        model = fresh.double()
        descent = Descent(model, self.recipe.optimizer)
        for step in range(4):
            loss = self._loss(model, self.rows[:15], self._conditions(Corrections()), seed=step)
            descent.step(loss.total, rate=0.005)
        return model, descent

    def _conditions(self, corrections: Corrections) -> Conditions:
        moved = corrected_weights(BEFORE, corrections, self.settings, BOUNDS)
        return Conditions(
            learning_rate=corrected_rate(0.005, corrections, self.settings),
            rho=0.2,
            beta_a=0.3,
            beta_b=0.2,
            temperature_a=0.9,
            temperature_b=0.8,
            alignment=0.3,
            weight_a=moved.weight_a,
            weight_b=moved.weight_b,
            scale_a=1.2,
            scale_b=0.8,
        )

    def _validation(self, model: DualVAE, conditions: Conditions) -> Tensor:
        return self._loss(model, self.rows[15:], conditions.unweighted(), seed=8).total

    def _loss(self, model: DualVAE, rows: Rows, conditions: Conditions, *, seed: int) -> BatchLoss:
        outputs = model(
            rows.tables,
            rho=conditions.rho,
            temperatures=(conditions.temperature_a, conditions.temperature_b),
            noise=model.noise(len(rows), torch.Generator().manual_seed(seed)),
        )
        return batch_loss(outputs, rows.classes, self.recipe, conditions)


@pytest.mark.parametrize("clip_norm", [None, 0.05], ids=["unclipped", "clipped"])
@pytest.mark.parametrize("name", ["rate", "weight_a", "weight_b"])
def test_the_slopes_are_those_of_finite_differences(
    small: SmallRuns, name: str, clip_norm: float | None
) -> None:
    # Large gains, so that a correction's effect stands out of the rounding.
    gains = {"controller.rate_gain": 0.9, "controller.weight_gain": 0.1}
    steps = Steps(small.recipe(gains | {"optimizer.clip_norm": clip_norm}))
    at = Corrections(rate=0.2, weight_a=-0.3, weight_b=0.1, alignment=0.5)
    width = 1e-4
    above, below = (
        steps.cost(replace(at, **{name: getattr(at, name) + side * width})) for side in (1.0, -1.0)
    )
    slope = getattr(steps.slopes(at), name)
    assert abs(slope) > 1e-7
    assert slope == pytest.approx((above - below) / (2 * width), rel=1e-4)


def test_the_alignment_has_no_slope(small: SmallRuns) -> None:
    steps = Steps(small.recipe())
    assert steps.slopes(Corrections(alignment=0.5)).alignment == 0.0
    assert steps.cost(Corrections(alignment=0.5)) == steps.cost(Corrections(alignment=-0.5))


def test_nothing_moves_at_a_bound() -> None:
    settings = ControllerSettings(rate_bounds=(0.001, 0.01), alignment_bounds=(0.2, 0.4))
    inside = Conditions(0.005, 0.0, 0.1, 0.1, 1.0, 1.0, alignment=0.3, weight_a=0.7, weight_b=0.7)
    slopes = correction_slopes(inside, Corrections(rate=1.0), settings, BOUNDS)
    assert slopes.rate == pytest.approx(0.005 / 1.05 * 0.05)
    assert (slopes.weight_a, slopes.weight_b, slopes.alignment) == pytest.approx((0.01, 0.01, 0.01))
    at_bounds = replace(inside, learning_rate=0.01, alignment=0.2, weight_a=0.5, weight_b=0.95)
    assert correction_slopes(at_bounds, Corrections(), settings, BOUNDS) == Corrections()


def test_a_lesson_moves_the_answer_down_the_slope(small: SmallRuns) -> None:
    trainer = small.trainer(LEARNING | {"controller.learning_rate": 1e-3, "epochs": 1})
    net = trainer.model.state_net
    plain, steering = StateNetControl.learn, trainer._control
    assert steering is not None
    moved: list[float] = []

    def watched(self: StateNetControl, lesson: Any, descent: Descent, validation: Tensor) -> None:
        slopes = validation_slopes(lesson, descent, gradient(validation, descent.parameters, keep=True))
        target = torch.tensor([[slopes.rate, slopes.weight_a, slopes.weight_b, slopes.alignment]])
        before = (net(lesson.state) * target).sum().item()
        plain(self, lesson, descent, validation)
        moved.append((net(lesson.state) * target).sum().item() - before)

    steering.learn = watched.__get__(steering)  # type: ignore[method-assign]
    next(trainer.epochs())
    assert len(moved) == 2
    assert moved[0] < 0.0  # the first step of Adam has no past to mix in


def state_net(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in tensors.items() if key.startswith("state_net.")}


def test_statenet_moves_when_it_learns_and_only_then(small: SmallRuns) -> None:
    fresh = state_net(small.trainer().model_tensors())
    still, learned = (
        state_net(small.train({**LEARNING, "controller.learning_rate": rate}).tensors) for rate in (0.0, 0.01)
    )
    assert all(torch.equal(fresh[key], still[key]) for key in fresh)
    assert all(not torch.equal(fresh[key], learned[key]) for key in fresh)
    assert all(bool(torch.isfinite(tensor).all()) for tensor in learned.values())


@pytest.mark.parametrize("lost", ["steering/decoder.2.bias/", "steering/decoder.2.bias/exp_avg"])
def test_state_that_lacks_a_part_is_refused(small: SmallRuns, lost: str) -> None:
    done = small.train(LEARNING).trainer
    state = {key: tensor for key, tensor in done.state_tensors().items() if not key.startswith(lost)}
    with refused(TrainingError, "state_mismatch", "StateNet state does not fit decoder.2.bias"):
        small.trainer(LEARNING).restore(done.model_tensors(), state, done.progress)


def test_it_is_asked_as_often_as_told(small: SmallRuns) -> None:
    asked = []
    for every in (None, 1, 2):
        steering = StateNetControl(small.trainer().model.state_net, ControllerSettings(every=every))
        asked.append([step for step in range(5) if steering.asks_at(step)])
    assert asked == [[0], [0, 1, 2, 3, 4], [0, 2, 4]]


def test_learning_looks_at_validation_rows_and_never_at_held_out_ones(small: SmallRuns) -> None:
    trainer = small.trainer(LEARNING)
    seen: set[int] = set()
    plain = trainer.model.forward

    def watched(tables: Tensor, **settings: Any) -> Any:
        seen.update(trainer.model.space.indices(tables.to(torch.int64).numpy()).tolist())
        return plain(tables, **settings)

    trainer.model.forward = watched  # type: ignore[method-assign]
    small.finish(trainer)
    assert not seen & set(trainer.split.held_out.tolist())
    assert set(trainer.split.validation.tolist()) <= seen
