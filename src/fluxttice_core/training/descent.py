"""One step of AdamW on the parameters that learn."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.adamw import AdamW, Decays
from fluxttice_core.training.adamw_derivative import CLIP_MARGIN, EPSILON, Move, StepDerivative
from fluxttice_core.training.recipe import OptimizerSettings

LEARNING_PARTS = ("encoder_A", "encoder_B", "decoder_A", "decoder_B")


class Descent:
    """AdamW over the two encoders and the two decoders; StateNet is left alone, as in the original system.

    Args:
        model: The network, or its parameters that learn by name.
        settings: Decay, moments and clipping.
    """

    def __init__(self, model: DualVAE | Mapping[str, Tensor], settings: OptimizerSettings) -> None:
        self._settings = settings
        named = model.named_parameters() if isinstance(model, DualVAE) else model.items()
        self._parameters = {name: tensor for name, tensor in named if name.startswith(LEARNING_PARTS)}
        decays = Decays(settings.first_moment, settings.second_moment, settings.weight_decay, EPSILON)
        self._adamw = AdamW(self._parameters, decays)
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
        """Continue from the state that `tensors` gave.

        Raises:
            TrainingError: If a parameter's state is incomplete or of another shape.
        """
        self._adamw.restore(tensors, whose="optimiser")
