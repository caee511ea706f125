"""Posteriors against torch.distributions and against draws."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from fluxttice_core.model.gaussian import kl_per_dimension, reparametrise

numbers = st.floats(-5, 5)


def random_posterior(rows: int = 7, dimensions: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    mu, logvar = torch.randn(2, rows, dimensions, generator=generator, dtype=torch.float64).unbind()
    return 2 * mu, 2 * logvar


@given(mu=numbers, logvar=numbers)
def test_kl_agrees_with_torch_distributions(mu: float, logvar: float) -> None:
    ours = kl_per_dimension(
        torch.tensor([[mu]], dtype=torch.float64), torch.tensor([[logvar]], dtype=torch.float64)
    )
    scale = torch.tensor(math.exp(logvar / 2), dtype=torch.float64)
    prior = Normal(torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))
    theirs = kl_divergence(Normal(torch.tensor(mu, dtype=torch.float64), scale), prior)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-9, abs=1e-12)


def test_kl_gradient() -> None:
    mu, logvar = (x.requires_grad_() for x in random_posterior())
    assert torch.autograd.gradcheck(kl_per_dimension, (mu, logvar))


def test_latents_are_the_noise_scaled_and_shifted() -> None:
    mu, logvar = random_posterior()
    noise = torch.randn(mu.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    z = reparametrise(mu, logvar, noise, temperature=0.4)
    torch.testing.assert_close(z, mu + 0.4 * (logvar / 2).exp() * noise)


def test_gradient_flows_into_mean_and_width() -> None:
    mu, logvar = (x.requires_grad_() for x in random_posterior())

    def draw(mu: Tensor, logvar: Tensor) -> Tensor:
        return reparametrise(mu, logvar, torch.full_like(mu, 1.3), temperature=0.4)

    assert torch.autograd.gradcheck(draw, (mu, logvar))
