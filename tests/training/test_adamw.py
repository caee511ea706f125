"""AdamW by hand, and its state."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.adamw import AdamW, Descent
from fluxttice_core.training.recipe_settings import OptimizerSettings


def test_steps_by_hand() -> None:
    weight = torch.tensor([1.0, -2.0], dtype=torch.float64)
    descent = AdamW({"w": weight}, beta1=0.8, beta2=0.9, weight_decay=0.3, eps=0.01)
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


SIZES = Architecture(
    arity=1,
    latent_dim=2,
    encoder_widths=(3,),
    exploratory_widths=(3,),
    consolidating_width=3,
    consolidating_blocks=1,
)


def network(seed: int = 0) -> DualVAE:
    return DualVAE.initialised(SIZES, torch.Generator().manual_seed(seed))


def settings(**changes: Any) -> OptimizerSettings:
    return OptimizerSettings.model_validate({"rate": {"kind": "constant", "value": 0.1}, **changes})


def loss_of(model: DualVAE, factor: float = 1.0) -> Tensor:
    """A loss with a known gradient: each parameter's own value, times the factor."""
    learning = [p for name, p in model.named_parameters() if not name.startswith("state_net")]
    return factor * torch.stack([0.5 * p.square().sum() for p in learning]).sum()


def part_of(model: DualVAE, part: str) -> np.ndarray:
    parameters = [p.detach().double().flatten() for p in model.get_submodule(part).parameters()]
    return torch.cat(parameters).numpy()


def test_three_steps_in_numpy() -> None:
    model, chosen = network(), settings(weight_decay=0.3, clip_norm=None, first_moment=0.8, second_moment=0.9)
    descent = Descent(model, chosen)
    value = part_of(model, "encoder_A")
    first = second = np.zeros_like(value)
    for step, rate in enumerate((0.1, 0.05, 0.2), start=1):
        descent.step(loss_of(model), rate=rate)
        gradient = value
        value = value * (1 - rate * 0.3)
        first = 0.8 * first + 0.2 * gradient
        second = 0.9 * second + 0.1 * gradient**2
        value = value - rate * (first / (1 - 0.8**step)) / (np.sqrt(second / (1 - 0.9**step)) + 1e-8)
        np.testing.assert_allclose(part_of(model, "encoder_A"), value, rtol=2e-4, atol=1e-6)


def test_the_controller_is_left_alone() -> None:
    model, before = network(), network()
    loss = loss_of(model) + torch.stack([p.sum() for p in model.state_net.parameters()]).sum()
    Descent(model, settings(weight_decay=1.0)).step(loss, rate=0.1)
    for moved, old in zip(model.state_net.parameters(), before.state_net.parameters(), strict=True):
        assert torch.equal(moved, old)


def test_parts_that_the_loss_does_not_depend_on_stay() -> None:
    model, before = network(), network()
    descent = Descent(model, settings(weight_decay=1.0))
    descent.step(sum(p.square().sum() for p in model.decoder_A.parameters()), rate=0.1)  # type: ignore[arg-type]
    assert np.array_equal(part_of(model, "encoder_A"), part_of(before, "encoder_A"))
    assert not np.array_equal(part_of(model, "decoder_A"), part_of(before, "decoder_A"))
    assert {name.split(".")[0] for name in descent.tensors()} == {"decoder_A"}
    assert descent.gradient_norms()[1] == 0.0


def half_norm(model: DualVAE, half: str) -> float:
    return math.sqrt(sum((part_of(model, f"{part}_{half}") ** 2).sum() for part in ("encoder", "decoder")))


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("limit", [1.0, 0.05, None])
def test_norms_are_measured_after_clipping(factor: float, limit: float | None) -> None:
    model = network()
    norm_a, norm_b = factor * half_norm(model, "A"), factor * half_norm(model, "B")
    total = math.hypot(norm_a, norm_b)
    shrink = 1.0 if limit is None else min(1.0, limit / total)
    descent = Descent(model, settings(clip_norm=limit))
    descent.step(loss_of(model, factor), rate=0.0)
    assert descent.gradient_norms() == pytest.approx((shrink * norm_a, shrink * norm_b), rel=1e-4)
    measured = math.sqrt(sum(p.grad.square().sum().item() for p in model.parameters() if p.grad is not None))
    assert measured == pytest.approx(shrink * total, rel=1e-4)


def test_clipping_keeps_the_direction() -> None:
    clipped, free = network(), network()
    Descent(clipped, settings(clip_norm=0.01)).step(loss_of(clipped), rate=0.0)
    Descent(free, settings(clip_norm=None)).step(loss_of(free), rate=0.0)
    pairs = [
        (p.grad.flatten(), q.grad.flatten())
        for p, q in zip(clipped.parameters(), free.parameters(), strict=True)
        if p.grad is not None and q.grad is not None
    ]
    short, long = torch.cat([p for p, _ in pairs]), torch.cat([q for _, q in pairs])
    assert torch.cosine_similarity(short, long, dim=0).item() == pytest.approx(1.0, abs=1e-5)


def test_restored_state_continues_bit_for_bit() -> None:
    one, two = network(), network(seed=1)
    first = Descent(one, settings())
    for _ in range(3):
        first.step(loss_of(one), rate=0.05)
    two.load_state_dict(one.state_dict())
    second = Descent(two, settings())
    second.restore(first.tensors())
    for descent, model in ((first, one), (second, two)):
        for _ in range(2):
            descent.step(loss_of(model), rate=0.05)
    assert all(torch.equal(p, q) for p, q in zip(one.parameters(), two.parameters(), strict=True))


def test_restoring_nothing_starts_afresh() -> None:
    model = network()
    descent = Descent(model, settings())
    descent.step(loss_of(model), rate=0.05)
    descent.restore({})
    assert descent.tensors() == {}


@pytest.mark.parametrize("spoil", ["missing", "shape", "step shape"])
def test_state_that_does_not_fit_is_refused(spoil: str) -> None:
    model = network()
    descent = Descent(model, settings())
    descent.step(loss_of(model), rate=0.05)
    tensors = descent.tensors()
    name = "decoder_B.fc_in.weight"
    if spoil == "missing":
        del tensors[f"{name}/exp_avg_sq"]
    elif spoil == "shape":
        tensors[f"{name}/exp_avg_sq"] = torch.zeros(2)
    else:
        tensors[f"{name}/step"] = torch.zeros(2)
    with pytest.raises(TrainingError, match=f"does not fit {name}: resume from another checkpoint"):
        descent.restore(tensors)
