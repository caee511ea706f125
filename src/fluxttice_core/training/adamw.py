"""AdamW over named tensors, and one step of it on the parameters that learn."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.adamw_derivative import CLIP_MARGIN, EPSILON, Move, StepDerivative
from fluxttice_core.training.recipe_settings import OptimizerSettings

_KEPT = ("step", "exp_avg", "exp_avg_sq")


class AdamW:
    """AdamW over tensors by name.

    PyTorch's function is called, not its optimiser class: that one loads a compiler when it is made, which
    costs every run a second.

    Source:
        Loshchilov and Hutter 2019.
    """

    def __init__(
        self,
        parameters: Mapping[str, Tensor],
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        weight_decay: float = 0.0,
        eps: float = EPSILON,
    ) -> None:
        self._parameters = dict(parameters)
        self._constants: dict[str, Any] = {
            "beta1": beta1,
            "beta2": beta2,
            "weight_decay": weight_decay,
            "eps": eps,
        }
        self._state: dict[str, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self, gradients: Mapping[str, Tensor], *, rate: float) -> None:
        """Move the parameters that have a gradient."""
        for name in gradients:
            if name not in self._state:
                self._state[name] = _fresh(self._parameters[name])
        steps, first, second = ([self._state[name][key] for name in gradients] for key in _KEPT)
        adamw(
            [self._parameters[name] for name in gradients],
            list(gradients.values()),
            first,
            second,
            [],
            steps,
            fused=True,
            amsgrad=False,
            maximize=False,
            lr=rate,
            **self._constants,
        )

    def moments(self, name: str) -> tuple[Tensor, Tensor, float]:
        """The running means of a parameter's gradients and of their squares, and the steps it has made."""
        state = self._state[name]
        return state["exp_avg"], state["exp_avg_sq"], state["step"].item()

    def tensors(self) -> dict[str, Tensor]:
        """The state by parameter, on the CPU; empty for a parameter that has made no step."""
        return {
            f"{name}/{key}": value.detach().cpu().clone()
            for name, state in self._state.items()
            for key, value in state.items()
        }

    def restore(self, tensors: Mapping[str, Tensor], *, whose: str) -> None:
        """Continue from the state that `tensors` gave."""
        self._state = {}
        for name, parameter in self._parameters.items():
            found = {key: tensors[f"{name}/{key}"] for key in _KEPT if f"{name}/{key}" in tensors}
            if not found:
                continue
            if _shapes(found) != _shapes(_fresh(parameter)):
                raise TrainingError(
                    f"the checkpoint's {whose} state does not fit {name}: resume from another checkpoint",
                    "state_mismatch",
                )
            self._state[name] = {key: value.clone().to(parameter.device) for key, value in found.items()}


def _fresh(parameter: Tensor) -> dict[str, Tensor]:
    return {
        "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
        "exp_avg": torch.zeros_like(parameter),
        "exp_avg_sq": torch.zeros_like(parameter),
    }


def _shapes(state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in state.items()}


LEARNING_PARTS = ("encoder_A", "encoder_B", "decoder_A", "decoder_B")


class Descent:
    """AdamW over the two encoders and the two decoders; StateNet is left alone, as in the original system."""

    def __init__(self, model: DualVAE | Mapping[str, Tensor], settings: OptimizerSettings) -> None:
        self._settings = settings
        named = model.named_parameters() if isinstance(model, DualVAE) else model.items()
        self._parameters = {name: tensor for name, tensor in named if name.startswith(LEARNING_PARTS)}
        self._adamw = AdamW(
            self._parameters,
            beta1=settings.first_moment,
            beta2=settings.second_moment,
            weight_decay=settings.weight_decay,
        )
        self._norms: tuple[Tensor, Tensor] | None = None
        self._total: Tensor | None = None

    def step(self, loss: Tensor, *, rate: float) -> None:
        """Move the parameters down the gradient of a loss."""
        for parameter in self._parameters.values():
            parameter.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        self._norms = None
        if self._settings.clip_norm is not None:
            self._clip(self._settings.clip_norm)
        self._adamw.step(self._gradients(*LEARNING_PARTS), rate=rate)

    def gradient_norms(self) -> tuple[float, float]:
        """Norms of the gradients of halves A and B in the last step, after clipping."""
        norm_a, norm_b = self._norms if self._norms is not None else self._measured()
        return norm_a.item(), norm_b.item()

    @property
    def parameters(self) -> Mapping[str, Tensor]:
        """The parameters that learn, by name."""
        return self._parameters

    def derivative(self) -> StepDerivative:
        """How the parameters depend on rate and gradient of the step just made; valid until the next."""
        moves = {
            name: Move(gradient, *self._adamw.moments(name))
            for name, gradient in self._gradients(*LEARNING_PARTS).items()
        }
        total = torch.zeros(()) if self._total is None else self._total
        return StepDerivative(moves, self._settings, total.item())

    def _gradients(self, *parts: str) -> dict[str, Tensor]:
        """Gradients of the parameters of some parts that the last loss depended on."""
        return {
            name: parameter.grad
            for name, parameter in self._parameters.items()
            if name.startswith(parts) and parameter.grad is not None
        }

    def _clip(self, limit: float) -> None:
        """Shrink all gradients together to a norm of at most the limit, and keep the halves' norms."""
        norm_a, norm_b = self._measured()
        total = torch.hypot(norm_a, norm_b)
        torch.nn.utils.clip_grads_with_norm_(self._parameters.values(), limit, total)
        factor = (limit / (total + CLIP_MARGIN)).clamp(max=1.0)
        self._total = total
        self._norms = norm_a * factor, norm_b * factor

    def _measured(self) -> tuple[Tensor, Tensor]:
        halves = (("encoder_A", "decoder_A"), ("encoder_B", "decoder_B"))
        norm_a, norm_b = (
            torch.nn.utils.get_total_norm(list(self._gradients(*parts).values())) for parts in halves
        )
        return norm_a, norm_b

    def tensors(self) -> dict[str, Tensor]:
        """The optimiser's state by parameter, on the CPU; empty for a parameter that has made no step."""
        return self._adamw.tensors()

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from the state that `tensors` gave."""
        self._adamw.restore(tensors, whose="optimiser")
