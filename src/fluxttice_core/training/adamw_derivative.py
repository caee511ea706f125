r"""The derivative of one step of AdamW: where the parameters would be after another rate or gradient.

A step moves a parameter from :math:`\theta` to

.. math::
    \theta' = (1 - \eta \omega)\,\theta - \eta u, \quad
    u = \frac{m / b_1}{\sqrt{v / b_2} + \epsilon}, \quad
    m = \beta_1 m_0 + (1 - \beta_1) \hat g, \quad v = \beta_2 v_0 + (1 - \beta_2) \hat g^2

with rate :math:`\eta`, decay :math:`\omega`, bias corrections
:math:`b_i = 1 - \beta_i^t`, and the clipped gradient :math:`\hat g = \kappa g`. So

.. math::
    \frac{\partial \theta'}{\partial \eta} = -(u + \omega \theta), \qquad
    \mathrm{d}\theta' = -\eta\,\mathrm{d}u, \quad
    \mathrm{d}u = \frac{(1 - \beta_1)\,\mathrm{d}\hat g}{b_1 (s + \epsilon)}
      - \frac{m}{b_1 (s + \epsilon)^2} \cdot \frac{(1 - \beta_2)\,\hat g\,\mathrm{d}\hat g}{b_2 s},
    \quad s = \sqrt{v / b_2}.

The second term must not be left out: AdamW divides by the gradient's own size, so that a gradient which is
larger throughout moves nothing further. Clipping to a norm C takes part too,

.. math::
    \mathrm{d}\hat g = \kappa\,\mathrm{d}g
      - \frac{\langle g, \mathrm{d}g \rangle}{|g| (|g| + \delta)}\,\hat g
    \quad \text{where } \kappa = \frac{C}{|g| + \delta} < 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fluxttice_core.training.recipe_settings import OptimizerSettings

EPSILON = 1e-8
CLIP_MARGIN = 1e-6
"""What `torch.nn.utils.clip_grads_with_norm_` adds to a norm before it divides by it."""

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Move:
    """One parameter's part in a step just made: its clipped gradient, and means and count after the step."""

    gradient: Tensor
    first: Tensor
    second: Tensor
    count: float


@dataclass(frozen=True)
class StepDerivative:
    """How the parameters after a step depend on its rate and its gradient, of this norm before clipping."""

    moves: Mapping[str, Move]
    settings: OptimizerSettings
    norm: float

    def by_rate(self, before: Tensors) -> dict[str, Tensor]:
        r"""The derivative by the rate, :math:`-(u + \omega \theta)`, of each parameter that moved."""
        decay = self.settings.weight_decay
        return {name: -(self._direction(move) + decay * before[name]) for name, move in self.moves.items()}

    def by_gradient(self, change: Tensors, *, rate: float) -> dict[str, Tensor]:
        r"""The derivative along a change :math:`\mathrm{d}g` of the gradient before clipping."""
        none = {name: torch.zeros_like(move.gradient) for name, move in self.moves.items()}
        clipped = self._clipped({**none, **change})
        return {name: -rate * self._turned(move, clipped[name]) for name, move in self.moves.items()}

    def _clipped(self, change: Tensors) -> dict[str, Tensor]:
        limit = self.settings.clip_norm
        padded = self.norm + CLIP_MARGIN
        if limit is None or limit >= padded:
            return dict(change)
        factor = limit / padded
        gradients = {name: move.gradient for name, move in self.moves.items()}
        along = inner(gradients, change) / factor  # the gradients are the clipped ones
        share = along / (self.norm * padded)
        return {name: factor * change[name] - share * gradients[name] for name in self.moves}

    def _corrections(self, move: Move) -> tuple[float, float]:
        settings = self.settings
        return 1.0 - settings.first_moment**move.count, 1.0 - settings.second_moment**move.count

    def _direction(self, move: Move) -> Tensor:
        first, second = self._corrections(move)
        return move.first / first / ((move.second / second).sqrt() + EPSILON)

    def _turned(self, move: Move, change: Tensor) -> Tensor:
        """The change of the direction u."""
        settings = self.settings
        first, second = self._corrections(move)
        size = (move.second / second).sqrt()
        padded = size + EPSILON
        fresher = (1.0 - settings.first_moment) * change / (first * padded)
        growth = (1.0 - settings.second_moment) * move.gradient * change / second
        # A parameter whose gradients were all 0 has size 0, and no slope there.
        larger = move.first / (first * padded.square()) * growth / size
        return fresher - torch.where(size > 0.0, larger, torch.zeros_like(larger))


def inner(left: Tensors, right: Tensors) -> float:
    """The sum of products over the tensors that both have."""
    return sum(float((left[name] * right[name]).sum()) for name in left if name in right)
