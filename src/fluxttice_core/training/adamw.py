"""AdamW over named tensors: one step, and a state that goes into a checkpoint and comes back."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from fluxttice_core.errors import TrainingError

_KEPT = ("step", "exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class Decays:
    """What a step of AdamW is made with besides its rate.

    Attributes:
        first_moment: Decay of the running mean of gradients.
        second_moment: Decay of the running mean of squared gradients.
        weights: Decoupled decay of every parameter.
        epsilon: What is added to the root of the second moment.
    """

    first_moment: float = 0.9
    second_moment: float = 0.999
    weights: float = 0.0
    epsilon: float = 1e-8


class AdamW:
    """AdamW over tensors by name.

    PyTorch's function is called, not its optimiser class: that one loads a compiler when it is made, which
    costs every run a second.

    Args:
        parameters: What is moved, in place.
        decays: What every step is made with.

    Source:
        Loshchilov and Hutter 2019.

    Example:
        >>> weight = torch.tensor([1.0])
        >>> AdamW({"w": weight}, Decays()).step({"w": torch.tensor([5.0])}, rate=0.25)
        >>> weight.tolist()  # the first step is the rate, whatever the gradient
        [0.75]
    """

    def __init__(self, parameters: Mapping[str, Tensor], decays: Decays) -> None:
        self._parameters = dict(parameters)
        self._decays = decays
        self._state: dict[str, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self, gradients: Mapping[str, Tensor], *, rate: float) -> None:
        """Move the parameters that have a gradient.

        Args:
            gradients: Gradients by the parameters' names.
            rate: The learning rate.
        """
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
            beta1=self._decays.first_moment,
            beta2=self._decays.second_moment,
            weight_decay=self._decays.weights,
            eps=self._decays.epsilon,
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
        """Continue from the state that `tensors` gave.

        Args:
            tensors: The state; whatever else is among them is passed over.
            whose: Whose state it is, for the error.

        Raises:
            TrainingError: If a parameter's state is incomplete or of another shape.
        """
        self._state = {}
        for name, parameter in self._parameters.items():
            found = {key: tensors[f"{name}/{key}"] for key in _KEPT if f"{name}/{key}" in tensors}
            if not found:
                continue
            if _shapes(found) != _shapes(_fresh(parameter)):
                raise TrainingError(
                    f"the checkpoint's {whose} state does not fit {name}: resume from another checkpoint"
                )
            self._state[name] = {key: value.clone().to(parameter.device) for key, value in found.items()}

    @property
    def moved(self) -> set[str]:
        """Names of the parameters that have made a step."""
        return set(self._state)


def _fresh(parameter: Tensor) -> dict[str, Tensor]:
    return {
        "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
        "exp_avg": torch.zeros_like(parameter),
        "exp_avg_sq": torch.zeros_like(parameter),
    }


def _shapes(state: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    return {key: value.shape for key, value in state.items()}
