r"""StateNet in the loop: when it is asked, and how it learns from what its corrections did.

In the original system the corrections leave the graph, and StateNet never learns. Here it can. It is asked
with the state s of training and answers :math:`c = f_\phi(s)`. The answer sets the rate :math:`\eta(c)` and
the halves' weights :math:`\lambda_h(c)` of the step that takes the parameters from :math:`\theta` to
:math:`\theta'`. Let E be the evidence term of some validation rows: both halves' objective at the present
betas and temperatures, each half weighing 1 and on its own latents, without alignment. (Weights that StateNet
moves itself would let it lower E by lowering them, and cross-injection's stop-gradient would leave a part of
:math:`\nabla E` out.) Then

.. math::
    \frac{\partial E}{\partial c_\eta} =
        \eta'(c_\eta)
        \Big\langle \nabla E(\theta'), \frac{\partial \theta'}{\partial \eta} \Big\rangle, \quad
    \frac{\partial E}{\partial c_h} =
        \lambda_h'(c_h)
        \Big\langle \nabla E(\theta'), \frac{\partial \theta'}{\partial \lambda_h} \Big\rangle,
    \quad \frac{\partial E}{\partial c_\mathrm{al}} = 0,

where the derivatives of :math:`\theta'` are those of one step of AdamW (`adamw_derivative`), along
:math:`\mathrm{d}g = s_h \nabla L_h` for the weights, and no gradient flows through the alignment's
histogram. StateNet then makes a step of Adam on :math:`\langle \partial E / \partial c, f_\phi(s) \rangle`,
with the first factor held fixed. Only the first step after a consultation counts; what a correction does to
later ones is not looked at. The rows are validation rows and never held-out ones; a recipe whose StateNet
learns has seen them, so its validation loss is no longer that of unseen rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.statenet import CORRECTED, StateNet
from fluxttice_core.training.adamw import AdamW, Descent
from fluxttice_core.training.adamw_derivative import Tensors, inner
from fluxttice_core.training.loss import BatchLoss, Conditions
from fluxttice_core.training.loss_balance import Corrections, correction_slopes
from fluxttice_core.training.recipe_settings import ControllerSettings

_KEY = "steering"
_SLOPES_EPSILON = 1e-16
"""Less than AdamW's usual epsilon, for the slopes are as small as the rate times a gain."""
_HALVES = {"weight_a": ("encoder_A", "decoder_A"), "weight_b": ("encoder_B", "decoder_B")}


@dataclass(frozen=True)
class Lesson:
    """What is remembered of a consultation until its step has been made; `evidence` is the gradient of E."""

    state: Tensor
    slopes: Corrections
    before: Tensors
    evidence: Tensors
    rate: float


class StateNetControl:
    """Asks StateNet for corrections, and teaches it if its settings say so."""

    def __init__(self, net: StateNet, settings: ControllerSettings) -> None:
        self._net = net
        self.settings = settings
        self._parameters = dict(net.named_parameters())
        self._adam = AdamW(self._parameters, eps=_SLOPES_EPSILON)
        self._state: Tensor | None = None

    def asks_at(self, step: int) -> bool:
        """Whether StateNet is asked at a step, counted from 0 in every epoch."""
        every = self.settings.every
        return step == 0 if every is None else step % every == 0

    @torch.no_grad()
    def proposed(self, state: Tensor) -> Corrections:
        """StateNet's corrections for a state of training, (1, 9)."""
        self._state = state
        return Corrections(*self._net(state)[0].tolist())

    def lesson(
        self,
        descent: Descent,
        loss: BatchLoss,
        conditions: Conditions,
        corrections: Corrections,
        bounds: tuple[float, float],
    ) -> Lesson | None:
        """Remember what learning needs before the step is made; none where nothing is to be learned."""
        if self.settings.learning_rate == 0.0 or self._state is None:
            return None
        total = loss.weighted(replace(conditions, weight_a=1.0, weight_b=1.0, alignment=0.0))
        parameters = descent.parameters
        return Lesson(
            state=self._state,
            slopes=correction_slopes(conditions, corrections, self.settings, bounds),
            before={name: tensor.detach().clone() for name, tensor in parameters.items()},
            evidence=gradient(total, parameters, keep=True),
            rate=conditions.learning_rate,
        )

    def learn(self, lesson: Lesson, descent: Descent, validation: Tensor) -> None:
        """Move StateNet towards corrections after which validation rows would have cost less."""
        slopes = validation_slopes(lesson, descent, gradient(validation, descent.parameters))
        target = lesson.state.new_tensor([[getattr(slopes, name) for name in CORRECTED]])
        with torch.enable_grad():
            aim = (self._net(lesson.state) * target).sum()
            slope = gradient(aim, self._parameters)
        self._adam.step(slope, rate=self.settings.learning_rate)

    def tensors(self) -> dict[str, Tensor]:
        """The state of StateNet's optimiser, on the CPU; empty while it has not learned."""
        return {f"{_KEY}/{name}": tensor for name, tensor in self._adam.tensors().items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from the state that `tensors` gave."""
        own = {key.removeprefix(f"{_KEY}/"): t for key, t in tensors.items() if key.startswith(f"{_KEY}/")}
        self._adam.restore(own, whose="StateNet")
        missing = set(self._parameters) - {key.rpartition("/")[0] for key in own}
        if own and missing:
            raise TrainingError(
                f"the checkpoint's StateNet state does not fit {min(missing)}: "
                "resume from another checkpoint",
                "state_mismatch",
            )


def validation_slopes(lesson: Lesson, descent: Descent, validation: Tensors) -> Corrections:
    """The derivatives of the validation rows' evidence term by the four corrections."""
    derivative, slopes = descent.derivative(), lesson.slopes
    by_weight = {
        name: inner(
            validation,
            derivative.by_gradient(
                {key: tensor for key, tensor in lesson.evidence.items() if key.startswith(parts)},
                rate=lesson.rate,
            ),
        )
        for name, parts in _HALVES.items()
    }
    return Corrections(
        rate=slopes.rate * inner(validation, derivative.by_rate(lesson.before)),
        weight_a=slopes.weight_a * by_weight["weight_a"],
        weight_b=slopes.weight_b * by_weight["weight_b"],
    )


def gradient(total: Tensor, parameters: Tensors, *, keep: bool = False) -> dict[str, Tensor]:
    """The gradient of a scalar by the parameters that it depends on."""
    found = torch.autograd.grad(total, list(parameters.values()), retain_graph=keep, allow_unused=True)
    return {name: slope for name, slope in zip(parameters, found, strict=True) if slope is not None}
