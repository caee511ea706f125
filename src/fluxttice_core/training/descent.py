"""One step of AdamW on the parameters that learn, with a rate of its own for each part of the network."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.recipe import OptimizerSettings

_KEPT = ("step", "exp_avg", "exp_avg_sq")
_CLIP_MARGIN = 1e-6
"""What `torch.nn.utils.clip_grads_with_norm_` adds to a norm before it divides by it."""


class Descent:
    """AdamW over the two encoders and the two decoders; StateNet is left alone, as in the original system.

    Args:
        model: The network.
        settings: Rates, decay and clipping.
    """

    def __init__(self, model: DualVAE, settings: OptimizerSettings) -> None:
        self._settings = settings
        factors = {
            "encoder_A": settings.encoder_factor,
            "encoder_B": settings.encoder_factor,
            "decoder_A": settings.decoder_a_factor,
            "decoder_B": settings.decoder_b_factor,
        }
        self._parameters = {
            f"{part}.{name}": parameter
            for part in factors
            for name, parameter in model.get_submodule(part).named_parameters()
        }
        groups = [
            {"params": list(model.get_submodule(part).parameters()), "factor": factor}
            for part, factor in factors.items()
        ]
        self._halves = [
            [
                p
                for name, p in self._parameters.items()
                if name.startswith((f"encoder_{half}", f"decoder_{half}"))
            ]
            for half in "AB"
        ]
        self._norms: tuple[Tensor, Tensor] | None = None
        self._optimizer = torch.optim.AdamW(
            groups,
            lr=1.0,
            betas=(settings.first_moment, settings.second_moment),
            weight_decay=settings.weight_decay,
            fused=True,
        )

    def step(self, loss: Tensor, *, rate: float) -> None:
        """Move the parameters down the gradient of a loss.

        Args:
            loss: A scalar.
            rate: The learning rate, before each part's factor.
        """
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._norms = None
        if self._settings.clip_norm is not None:
            self._clip(self._settings.clip_norm)
        self._optimizer.step()

    def gradient_norms(self) -> tuple[float, float]:
        """Norms of the gradients of halves A and B in the last step, after clipping."""
        norm_a, norm_b = self._norms if self._norms is not None else self._measured()
        return norm_a.item(), norm_b.item()

    def _clip(self, limit: float) -> None:
        """Shrink all gradients together to a norm of at most the limit, and keep the halves' norms."""
        norm_a, norm_b = self._measured()
        total = torch.hypot(norm_a, norm_b)
        torch.nn.utils.clip_grads_with_norm_(self._parameters.values(), limit, total)
        factor = (limit / (total + _CLIP_MARGIN)).clamp(max=1.0)
        self._norms = norm_a * factor, norm_b * factor

    def _measured(self) -> tuple[Tensor, Tensor]:
        norm_a, norm_b = (
            torch.nn.utils.get_total_norm([p.grad for p in half if p.grad is not None])
            for half in self._halves
        )
        return norm_a, norm_b

    def tensors(self) -> dict[str, Tensor]:
        """The optimiser's state by parameter, on the CPU; empty for a parameter that has made no step."""
        tensors: dict[str, Tensor] = {}
        for name, parameter in self._parameters.items():
            for key, value in self._optimizer.state[parameter].items():
                tensors[f"{name}/{key}"] = value.detach().cpu().clone()
        return tensors

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Continue from the state that `tensors` gave.

        Raises:
            TrainingError: If a parameter's state is incomplete or of another shape.
        """
        for name, parameter in self._parameters.items():
            found = {key: tensors[f"{name}/{key}"] for key in _KEPT if f"{name}/{key}" in tensors}
            if not found:
                continue
            if set(found) != set(_KEPT) or found["exp_avg"].shape != parameter.shape:
                raise TrainingError(
                    f"the checkpoint's optimiser state does not fit {name}: resume from another checkpoint"
                )
            self._optimizer.state[parameter] = {
                key: value.clone().to(parameter.device) for key, value in found.items()
            }
