"""The objective of a batch against its formula, term by term, and what it passes a gradient through."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from fluxttice_core.model.dual_vae import DualVAE, HalfOutput
from fluxttice_core.training import loss_terms as objective
from fluxttice_core.training.loss import BATCH_FIGURES, Conditions, batch_loss
from fluxttice_core.training.recipe import Recipe, load_recipe
from fluxttice_core.training.recipe_settings import HalfSettings
from tests.training.small_runs import SmallRuns

AT = Conditions(
    learning_rate=1e-3,
    rho=0.2,
    beta_a=0.3,
    beta_b=0.4,
    temperature_a=1.0,
    temperature_b=0.9,
    alignment=0.35,
    weight_a=0.7,
    weight_b=0.6,
    scale_a=1.5,
    scale_b=0.8,
)


@pytest.fixture
def model(small: SmallRuns) -> DualVAE:
    recipe = small.recipe()
    return DualVAE.initialised(recipe.architecture, torch.Generator().manual_seed(0)).double()


def outputs_of(model: DualVAE) -> tuple[tuple[HalfOutput, HalfOutput], Tensor]:
    classes = torch.randint(3, (20, 3), generator=torch.Generator().manual_seed(1))
    noise = model.noise(len(classes), torch.Generator().manual_seed(2))
    outputs = model((classes - 1).double(), rho=0.2, noise=noise)
    return outputs, classes


def half_by_hand(half: HalfOutput, classes: Tensor, settings: HalfSettings, beta: float) -> float:
    probabilities = half.logits.softmax(-1)
    right = probabilities.gather(-1, classes[..., None])[..., 0]
    distortion = -right.log().sum(1).mean()
    kl = 0.5 * (half.mu**2 + half.logvar.exp() - half.logvar - 1)
    rate = kl.clamp(min=settings.free_bits).sum(1).mean()
    mean = probabilities.mean(0)
    entropy = -(mean * mean.log()).sum()
    rows = half.z.shape[0]
    distance = torch.cdist(half.z, half.z).square()
    closeness = (torch.exp(-distance / settings.repulsion_scale**2).sum() - rows) / (rows * (rows - 1))
    total = distortion + beta * rate - settings.output_entropy * entropy + settings.repulsion * closeness
    return float(total.detach())


def test_the_objective_by_hand(model: DualVAE, small: SmallRuns) -> None:
    (a, b), classes = outputs_of(model)
    recipe = small.recipe({"half_b.output_entropy": 0.3, "half_b.repulsion": 0.7, "half_a.free_bits": 0.02})
    found = batch_loss((a, b), classes, recipe, AT)
    loss_a = half_by_hand(a, classes, recipe.half_a, 0.3)
    loss_b = half_by_hand(b, classes, recipe.half_b, 0.4)
    gap = abs(objective.histogram_entropy(a.z).item() - objective.histogram_entropy(b.z).item())
    expected = 0.7 * 1.5 * loss_a + 0.6 * 0.8 * loss_b + 0.35 * gap
    assert found.total.item() == pytest.approx(expected, rel=1e-9)


def test_figures_by_name(model: DualVAE, small: SmallRuns) -> None:
    outputs, classes = outputs_of(model)
    loss = batch_loss(outputs, classes, small.recipe(), AT)
    figures = loss.figures()
    named = dict(zip(BATCH_FIGURES, figures.tolist(), strict=True))
    assert not figures.requires_grad
    assert named["loss"] == loss.total.item()
    for name in ("transport", "distortion_a", "distortion_b", "rate_a", "rate_b"):
        assert named[name] == getattr(loss, name).item()


def test_entropies_are_left_out_where_nobody_asks(model: DualVAE, small: SmallRuns) -> None:
    outputs, classes = outputs_of(model)
    without: dict[str, Any] = {"controller": None}
    recipe: Recipe = small.recipe(without)
    assert batch_loss(outputs, classes, recipe, replace(AT, alignment=0.0)).entropy_a.item() == 0.0
    assert batch_loss(outputs, classes, small.recipe(), replace(AT, alignment=0.0)).entropy_a.item() > 0.0


def test_transport_is_the_cross_entropy_of_both_decoders_on_prior_draws(model: DualVAE) -> None:
    classes = torch.randint(3, (6, model.space.cells), generator=torch.Generator().manual_seed(1))
    prior = model.noise(50, torch.Generator().manual_seed(3))
    a, b = torch.randint(3, (2, 50, model.space.cells), generator=torch.Generator().manual_seed(4))
    cells = (a, b)
    outputs = model((classes - 1).double(), rho=0.2, prior=prior)
    recipe, expected = load_recipe("original"), 0.0
    for half, z, wanted in zip((model.vae_a, model.vae_b), prior, cells, strict=True):
        right = half.decode_logits(z).log_softmax(-1).gather(-1, wanted[..., None])
        expected -= 2.5 * right.sum().item() / 50
    found = batch_loss(outputs, classes, recipe, replace(AT, transport=2.5), cells)
    without = batch_loss(outputs, classes, recipe, AT)
    assert found.transport.item() == pytest.approx(expected, rel=1e-6)
    assert found.total.item() - without.total.item() == pytest.approx(expected, rel=1e-6)
    assert without.transport.item() == 0.0
    found.transport.backward()  # type: ignore[no-untyped-call]
    taught = {n.split(".")[0] for n, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert taught == {"decoder_A", "decoder_B"}
