"""The halves by name, the mixing of latents, and the evaluation mode."""

from typing import Any

import pytest
import torch

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from tests.refusals import refused


@pytest.fixture(scope="module")
def model() -> DualVAE:
    return DualVAE.initialised(Architecture(), torch.Generator().manual_seed(0))


def test_halves_by_name(model: DualVAE) -> None:
    assert model.vae("a").decoder is model.decoder_A
    assert model.vae("b").encoder is model.encoder_B


@pytest.mark.parametrize("name", ["A", "c", "", "ab"])
def test_a_name_of_no_half_is_refused(name: Any, model: DualVAE) -> None:
    unchecked = getattr(DualVAE.vae, "__wrapped__", DualVAE.vae)  # tests check annotations first
    with refused(SettingsError, "unknown_name", "names no half of a dual VAE"):
        unchecked(model, name)


def test_without_noise_latents_are_posterior_means(model: DualVAE) -> None:
    a, b = model(torch.zeros(2, 9), temperatures=(0.1, 9.0))
    assert torch.equal(a.z, a.mu)
    assert torch.equal(b.z, b.mu)


def test_each_half_has_its_own_noise_and_temperature(model: DualVAE) -> None:
    x = torch.zeros(2_000, 9)
    noise = model.noise(2_000, torch.Generator().manual_seed(1))
    a, b = model(x, temperatures=(1.0, 0.5), noise=noise)
    noise_a = (a.z - a.mu) / (a.logvar / 2).exp()
    noise_b = (b.z - b.mu) / (b.logvar / 2).exp()
    assert noise_a.std().item() == pytest.approx(1.0, abs=0.02)
    assert noise_b.std().item() == pytest.approx(0.5, abs=0.01)
    correlation = torch.corrcoef(torch.stack([noise_a.flatten(), noise_b.flatten()]))[0, 1]
    assert abs(correlation.item()) < 0.03


def test_prior_draws_are_decoded_as_they_are_beside_the_batch(model: DualVAE) -> None:
    x, noise = torch.ones(3, 9), model.noise(3, torch.Generator().manual_seed(1))
    prior = model.noise(5, torch.Generator().manual_seed(2))
    alone, beside = model(x, rho=0.3, noise=noise), model(x, rho=0.3, noise=noise, prior=prior)
    for half, without, with_draws, z in zip((model.vae_a, model.vae_b), alone, beside, prior, strict=True):
        assert without.prior_logits is None
        torch.testing.assert_close(with_draws.logits, without.logits)
        torch.testing.assert_close(with_draws.prior_logits, half.decode_logits(z))


def test_integer_tables_are_encoded(model: DualVAE) -> None:
    tables = torch.tensor([[-1, 0, 1, 0, 1, 0, -1, -1, 1]])
    exact = model.vae_a.encode_gaussian(tables.float())[0]
    assert torch.equal(model.vae_a.encode_gaussian(tables.to(torch.int8))[0], exact)
