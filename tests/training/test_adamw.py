"""AdamW by hand, and its state."""

import numpy as np
import pytest
import torch

from fluxttice_core.errors import TrainingError
from fluxttice_core.training.adamw import AdamW, Decays


def test_steps_by_hand() -> None:
    weight = torch.tensor([1.0, -2.0], dtype=torch.float64)
    descent = AdamW({"w": weight}, Decays(0.8, 0.9, weights=0.3, epsilon=0.01))
    value, first, second = weight.numpy().copy(), np.zeros(2), np.zeros(2)
    for step, rate in enumerate((0.1, 0.05), start=1):
        gradient = np.array([0.5 * step, -3.0])
        descent.step({"w": torch.from_numpy(gradient)}, rate=rate)
        first, second = 0.8 * first + 0.2 * gradient, 0.9 * second + 0.1 * gradient**2
        value = value * (1 - rate * 0.3)
        value = value - rate * (first / (1 - 0.8**step)) / (np.sqrt(second / (1 - 0.9**step)) + 0.01)
        np.testing.assert_allclose(weight.numpy(), value, rtol=1e-12)
    mean, square, count = descent.moments("w")
    np.testing.assert_allclose(mean.numpy(), first, rtol=1e-12)
    np.testing.assert_allclose(square.numpy(), second, rtol=1e-12)
    assert count == 2.0


def test_what_has_no_gradient_stays_and_has_no_state() -> None:
    still = torch.ones(3)
    descent = AdamW({"moved": torch.ones(2), "still": still}, Decays(weights=0.5))
    descent.step({"moved": torch.ones(2)}, rate=0.1)
    assert still.tolist() == [1.0, 1.0, 1.0]
    assert descent.moved == {"moved"}
    assert {key.split("/")[0] for key in descent.tensors()} == {"moved"}


@pytest.mark.parametrize("spoil", ["missing", "shape"])
def test_a_state_that_does_not_fit_is_refused_by_name(spoil: str) -> None:
    descent = AdamW({"w": torch.ones(2)}, Decays())
    descent.step({"w": torch.ones(2)}, rate=0.1)
    tensors = descent.tensors()
    if spoil == "missing":
        del tensors["w/exp_avg"]
    else:
        tensors["w/exp_avg"] = torch.ones(3)
    with pytest.raises(TrainingError, match="the checkpoint's own state does not fit w: resume from another"):
        descent.restore(tensors, whose="own")
