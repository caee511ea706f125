"""The aggregate posterior: two independent routes agree, and the rate splits as it must."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import QuantileLookup
from fluxttice_core.metrics import aggregate_posterior
from fluxttice_core.metrics.aggregate_posterior import aggregate_log_density, chosen_places, code_information
from fluxttice_core.metrics.posterior import ManyPosteriors, Posteriors, encode_rows, rate
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.measuring import generator
from tests.refusals import refused


def mixture(seed: int, count: int = 50, dimensions: int = 4, *, narrow: float = 0.1) -> Posteriors:
    g = generator(seed)
    mu = torch.randn(count, dimensions, generator=g, dtype=torch.float64)
    sigma = narrow + torch.rand(count, dimensions, generator=g, dtype=torch.float64)
    return Posteriors(torch.arange(count), mu, 2 * sigma.log())


def explicit_log_density(posteriors: Posteriors, z: torch.Tensor) -> torch.Tensor:
    sigma = torch.exp(0.5 * posteriors.logvar)
    standard = (z.unsqueeze(1) - posteriors.mu) / sigma
    log_n = -0.5 * standard.square() - sigma.log() - 0.5 * math.log(2 * math.pi)
    return torch.logsumexp(log_n.sum(-1), dim=1) - math.log(len(posteriors.mu))


@pytest.mark.parametrize("direct", [True, False, None])
def test_both_routes_are_the_definition(direct: bool | None) -> None:
    posteriors = mixture(0)
    z = 3 * torch.randn(40, 4, generator=generator(1), dtype=torch.float64)
    found = aggregate_log_density(posteriors, z, direct=direct)
    assert torch.allclose(found, explicit_log_density(posteriors, z), rtol=1e-11)


def test_expanded_squares_fail_on_narrow_codes_far_out_and_are_not_used_there() -> None:
    wide = mixture(0, narrow=0.0)
    posteriors = Posteriors(wide.rows, wide.mu + 1e5, torch.full_like(wide.mu, -18.0))
    z = posteriors.draw(generator())
    truth = explicit_log_density(posteriors, z)
    assert (aggregate_log_density(posteriors, z, direct=False) - truth).abs().max() > 0.01
    chosen = aggregate_log_density(posteriors, z)
    assert torch.equal(chosen, aggregate_log_density(posteriors, z, direct=True))
    assert torch.allclose(chosen, truth, rtol=1e-11)


def test_chunks_of_latents_are_joined_in_order() -> None:
    posteriors = mixture(0, count=2000)
    z = posteriors.draw(generator())
    whole = aggregate_log_density(posteriors, z)
    parts = torch.cat([aggregate_log_density(posteriors, part) for part in (z[:700], z[700:])])
    assert torch.allclose(whole, parts, rtol=1e-12)
    assert len(whole) == 2000


def test_the_density_integrates_to_one() -> None:
    posteriors = mixture(2, dimensions=1, narrow=0.3)
    grid = torch.linspace(-12, 12, 4001, dtype=torch.float64).unsqueeze(1)
    total = float(aggregate_log_density(posteriors, grid).exp().sum()) * 24 / 4000
    assert total == pytest.approx(1, abs=1e-9)


def test_information_and_divergence_add_up_to_the_rate(linear_model: Callable[..., Any]) -> None:
    posteriors = encode_rows(linear_model(0))
    found = code_information(posteriors, latents=64, generator=generator())
    total = found.mutual_information.value + found.marginal_kl.value
    assert total == pytest.approx(rate(posteriors).total, abs=1e-10)
    assert found.mutual_information.error == found.marginal_kl.error == found.differential_entropy.error > 0
    assert found.latents == 64


def test_separate_codes_say_everything() -> None:
    mu = torch.arange(16, dtype=torch.float64).unsqueeze(1)
    posteriors = Posteriors(torch.arange(16), mu, torch.full_like(mu, 2 * math.log(0.01)))
    found = code_information(posteriors, latents=64, generator=generator())
    assert found.mutual_information.value == pytest.approx(math.log(16), abs=1e-9)


def test_the_entropy_is_the_integral_and_its_error_is_honest() -> None:
    posteriors = mixture(2, count=20, dimensions=1, narrow=0.3)
    grid = torch.linspace(-12, 12, 8001, dtype=torch.float64).unsqueeze(1)
    log_q = aggregate_log_density(posteriors, grid)
    truth = -float((log_q.exp() * log_q).sum()) * 24 / 8000
    found = [code_information(posteriors, latents=100, generator=generator(seed)) for seed in range(200)]
    values = np.array([f.differential_entropy.value for f in found])
    errors = np.array([f.differential_entropy.error for f in found])
    assert abs(values.mean() - truth) < 4.5 * values.std() / math.sqrt(200) + 0.002
    assert values.std() == pytest.approx(errors.mean(), rel=0.2)
    covered = np.mean([f.differential_entropy.interval().contains(truth) for f in found])
    assert covered > 0.92


def test_controls_make_the_error_smaller(linear_model: Callable[..., Any]) -> None:
    posteriors = encode_rows(linear_model(0, base=3, latent_dim=6))
    found = code_information(posteriors, latents=512, generator=generator())
    z = Posteriors(posteriors.rows[:512], posteriors.mu[:512], posteriors.logvar[:512]).draw(generator(1))
    plain = float(aggregate_log_density(posteriors, z).std()) / math.sqrt(512)
    assert found.differential_entropy.error < 0.8 * plain


def test_latents_come_from_every_row_before_any_comes_again() -> None:
    """With codes far apart the nearest mean gives away the row."""
    mu = 10 * torch.arange(10, dtype=torch.float64).unsqueeze(1)
    posteriors = Posteriors(torch.arange(10), mu, torch.full_like(mu, -8.0))
    for latents in (10, 25):
        found = code_information(posteriors, latents=latents, generator=generator(latents))
        assert found.mutual_information.value == pytest.approx(math.log(10), abs=1e-6)
        assert found.differential_entropy.dof >= latents - 3


def test_too_few_latents_are_refused(linear_model: Callable[..., Any]) -> None:
    with refused(MeasurementError, "too_few", "at least 8 latents"):
        code_information(encode_rows(linear_model(0)), latents=7, generator=generator())
    assert code_information(encode_rows(linear_model(0)), latents=8, generator=generator()).latents == 8


def test_the_parts_know_their_freedom_and_go_through_all_rows_before_any_comes_again() -> None:
    posteriors = encode_rows(QuantileLookup(OperationSpace(base=2)))
    found = code_information(posteriors, latents=40, generator=torch.Generator().manual_seed(0))
    parts = (found.mutual_information, found.marginal_kl, found.differential_entropy)
    assert [part.dof for part in parts] == [37.0] * 3
    torch.manual_seed(1)
    again = code_information(posteriors, latents=40, generator=torch.Generator().manual_seed(0))
    assert again == found


def test_the_product_is_used_where_each_dimension_s_own_rounding_is_small() -> None:
    """A wide dimension with far means beside a narrow one with near means: together they would look bad."""
    mu = torch.tensor([[1e4, 0.0], [-1e4, 1e-3]], dtype=torch.float64)
    logvar = torch.tensor([[math.log(1e8), math.log(1e-6)]] * 2, dtype=torch.float64)
    posteriors = Posteriors(torch.arange(2), mu, logvar)
    z = mu + 1e-4
    product, direct = (aggregate_log_density(posteriors, z, direct=way) for way in (False, True))
    chosen = aggregate_log_density(posteriors, z)
    assert torch.equal(chosen, product)
    assert not torch.equal(chosen, direct)


@pytest.mark.parametrize("weights", [None, [5.0, 1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 2.0]], ids=["alike", "risen"])
def test_as_many_others_as_there_are_give_the_whole_mixture(
    linear_model: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, weights: list[float] | None
) -> None:
    """Of all alike each other is chosen once; by weights each about as often as it is due."""
    model, rows = linear_model(0, logvar=-0.5), torch.arange(3, 11)
    known = None if weights is None else torch.tensor(weights, dtype=torch.float64) / 16
    monkeypatch.setattr(aggregate_posterior, "MOST_ROWS", 8 if weights is None else 8_000)
    encoded = encode_rows(model, rows)
    whole = Posteriors(rows, encoded.mu, encoded.logvar, known)
    many = ManyPosteriors(model, rows, known)
    found, due = (code_information(one, latents=48, generator=generator(3)) for one in (many, whole))
    for name in ("mutual_information", "marginal_kl", "differential_entropy"):
        one, other = getattr(found, name), getattr(due, name)
        close = 1e-6 if weights is None else 2e-3  # codes are single precision
        assert (one.value, one.error) == pytest.approx((other.value, other.error), abs=close)
        assert one.dof == other.dof == 45
    assert found.latents == 48


@pytest.mark.parametrize("share", [0.1, 0.25, 0.4])
def test_steps_of_the_weights_choose_each_place_as_often_as_it_is_due(share: float) -> None:
    zeros = torch.zeros(2, 1, dtype=torch.float64)
    weights = torch.tensor([share, 1 - share], dtype=torch.float64)
    posteriors = Posteriors(torch.arange(2), zeros, zeros, weights)
    found = torch.stack([chosen_places(posteriors, 10, generator(seed)) for seed in range(400)])
    assert found.shape == (400, 10)
    assert float((found == 0).double().mean()) == pytest.approx(share, abs=0.01)
    assert torch.equal(found[:, : int(10 * share)], torch.zeros(400, int(10 * share), dtype=torch.int64))
