"""One step of AdamW on the parameters that learn."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.recipe import OptimizerSettings
from fluxttice_core.training.step_derivative import CLIP_MARGIN, EPSILON, Move, StepDerivative

LEARNING_PARTS = ("encoder_A", "encoder_B", "decoder_A", "decoder_B")
_KEPT = ("step", "exp_avg", "exp_avg_sq")


class Descent:
    """AdamW over the two encoders and the two decoders; StateNet is left alone, as in the original system.

    PyTorch's function is called, not its optimiser class: that one loads a compiler when it is made, which
    costs every run a second.

    Args:
        model: The network, or its parameters that learn by name.
        settings: Decay, moments and clipping.
    """

    def __init__(self, model: DualVAE | Mapping[str, Tensor], settings: OptimizerSettings) -> None:
        self._settings = settings
        named = model.named_parameters() if isinstance(model, DualVAE) else model.items()
        self._parameters = {name: tensor for name, tensor in named if name.startswith(LEARNING_PARTS)}
        self._state: dict[str, dict[str, Tensor]] = {}
        self._norms: tuple[Tensor, Tensor] | None = None
        self._total: Tensor | None = None

    def step(self, loss: Tensor, *, rate: float) -> None:
        """Move the parameters down the gradient of a loss.

        Args:
            loss: A scalar.
            rate: The learning rate.
        """
        for parameter in self._parameters.values():
            parameter.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        self._norms = None
        if self._settings.clip_norm is not None:
            self._clip(self._settings.clip_norm)
        self._move(self._names(*LEARNING_PARTS), rate)

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
            name: Move(
                gradient=gradient,
                first=self._state[name]["exp_avg"],
                second=self._state[name]["exp_avg_sq"],
                count=self._state[name]["step"].item(),
            )
            for name in self._names(*LEARNING_PARTS)
            if (gradient := self._parameters[name].grad) is not None
        }
        total = torch.zeros(()) if self._total is None else self._total
        return StepDerivative(moves, self._settings, total.item())

    def _names(self, *parts: str) -> list[str]:
        """Parameters of some parts that the last loss depended on."""
        return [
            name
            for name, parameter in self._parameters.items()
            if name.startswith(parts) and parameter.grad is not None
        ]

    def _clip(self, limit: float) -> None:
        """Shrink all gradients together to a norm of at most the limit, and keep the halves' norms."""
        norm_a, norm_b = self._measured()
        total = torch.hypot(norm_a, norm_b)
        torch.nn.utils.clip_grads_with_norm_(self._parameters.values(), limit, total)
        factor = (limit / (total + CLIP_MARGIN)).clamp(max=1.0)
        self._total = total
        self._norms = norm_a * factor, norm_b * factor

    def _measured(self) -> tuple[Tensor, Tensor]:
        halves = (self._names("encoder_A", "decoder_A"), self._names("encoder_B", "decoder_B"))
        norm_a, norm_b = (torch.nn.utils.get_total_norm(self._gradients(names)) for names in halves)
        return norm_a, norm_b

    def _gradients(self, names: list[str]) -> list[Tensor]:
        return [gradient for name in names if (gradient := self._parameters[name].grad) is not None]

    @torch.no_grad()
    def _move(self, names: list[str], rate: float) -> None:
        parameters = [self._parameters[name] for name in names]
        for name, parameter in zip(names, parameters, strict=True):
            if name not in self._state:
                self._state[name] = _fresh_state(parameter)
        steps, first, second = ([self._state[name][key] for name in names] for key in _KEPT)
        adamw(
            parameters,
            self._gradients(names),
            first,
            second,
            [],
            steps,
            fused=True,
            amsgrad=False,
            maximize=False,
            lr=rate,
            beta1=self._settings.first_moment,
            beta2=self._settings.second_moment,
            weight_decay=self._settings.weight_decay,
            eps=EPSILON,
        )

    def tensors(self) -> dict[str, Tensor]:
        """The optimiser's state by parameter, on the CPU; empty for a parameter that has made no step."""
        return {
            f"{name}/{key}": value.detach().cpu().clone()
            for name, state in self._state.items()
            for key, value in state.items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from the state that `tensors` gave.

        Raises:
            TrainingError: If a parameter's state is incomplete or of another shape.
        """
        self._state = {}
        for name, parameter in self._parameters.items():
            found = {key: tensors[f"{name}/{key}"] for key in _KEPT if f"{name}/{key}" in tensors}
            if not found:
                continue
            fresh = _fresh_state(parameter)
            if {key: value.shape for key, value in found.items()} != {k: v.shape for k, v in fresh.items()}:
                raise TrainingError(
                    f"the checkpoint's optimiser state does not fit {name}: resume from another checkpoint"
                )
            self._state[name] = {key: value.clone().to(parameter.device) for key, value in found.items()}


def _fresh_state(parameter: Tensor) -> dict[str, Tensor]:
    return {
        "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
        "exp_avg": torch.zeros_like(parameter),
        "exp_avg_sq": torch.zeros_like(parameter),
    }
