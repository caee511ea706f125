"""Every parameter that is meant to learn gets a gradient, and none gets one that it is not meant to."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.network_shape import Scheme
from fluxttice_core.training.adamw import Descent
from fluxttice_core.training.loss import batch_loss, scheduled
from fluxttice_core.training.recipe import Recipe, load_recipe

SPACES = [(2, 2), (3, 1), (3, 2), (4, 1)]
LEARNING = ("encoder_A", "encoder_B", "decoder_A", "decoder_B")


def architecture(base: int, arity: int) -> Architecture:
    if (base, arity) == (3, 2):
        return Architecture()
    return Architecture(base=base, arity=arity, encoder_widths=(24, 16), latent_dim=6, consolidating_width=20)


def batch(model: DualVAE, rows: int = 64) -> tuple[Tensor, Tensor]:
    space = model.space
    positions = torch.randint(space.base, (rows, space.cells), generator=torch.Generator().manual_seed(1))
    return (positions + space.symbols[0]).float(), positions


def total(model: DualVAE, recipe: Recipe, rho: float = 0.1) -> Tensor:
    x, classes = batch(model)
    at = replace(scheduled(recipe, 60.0), rho=rho)  # where no beta is 0
    noise = model.noise(len(x), torch.Generator().manual_seed(2))
    outputs = model(x, rho=rho, temperatures=(1.0, 0.9), noise=noise)
    return batch_loss(outputs, classes, recipe, at).total


@pytest.mark.parametrize(("base", "arity"), SPACES)
@pytest.mark.parametrize("recipe", ["original", "standard"])
@pytest.mark.parametrize("scheme", ["independent", "mirrored"])
def test_every_parameter_that_is_meant_to_learn_gets_a_gradient(
    base: int, arity: int, recipe: str, scheme: Scheme
) -> None:
    model = DualVAE.initialised(architecture(base, arity), torch.Generator().manual_seed(0), scheme)
    settings = load_recipe(recipe)
    descent, moved = Descent(model, settings.optimizer), set()
    for _ in range(3):  # a closed residual block passes its gradient on from the second step only
        descent.step(total(model, settings), rate=1e-2)
        moved |= {n for n, p in model.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
    learning = {name for name, _ in model.named_parameters() if name.split(".")[0] in LEARNING}
    assert moved == learning


@pytest.mark.parametrize("half", [0, 1])
def test_cross_injection_stops_the_gradient(half: int) -> None:
    model = DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0))
    x, _ = batch(model)
    outputs = model(x, rho=0.4, noise=model.noise(len(x), torch.Generator().manual_seed(2)))
    outputs[half].logits.square().sum().backward()
    own, other = ("A", "B") if half == 0 else ("B", "A")
    for name, parameter in model.named_parameters():
        part = name.split(".")[0]
        if part == f"encoder_{own}" or part == f"decoder_{own}":
            assert parameter.grad is not None
        elif part.endswith(other):
            assert parameter.grad is None


def test_cross_injection_shows_each_decoder_the_other_half() -> None:
    model = DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0)).double()
    x = batch(model)[0].double()
    for rho in (0.0, 0.1, 0.7, 1.0):
        a, b = model(x, rho=rho, noise=model.noise(len(x), torch.Generator().manual_seed(2)))
        mixed_a, mixed_b = (1 - rho) * a.z + rho * b.z, (1 - rho) * b.z + rho * a.z
        torch.testing.assert_close(a.logits, model.decoder_A(mixed_a), rtol=0, atol=1e-12)
        torch.testing.assert_close(b.logits, model.decoder_B(mixed_b), rtol=0, atol=1e-12)
