"""Combined decoders and the coupled pair, against the formulas they claim."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import ConstantDecoder, DeltaDecoder, QuantileLookup
from fluxttice_core.metrics.coupled_pair import CombinedDecoder, CoupledHalf, couple, coupled_figures
from fluxttice_core.metrics.decoding import symbols_of
from fluxttice_core.metrics.posterior import encode_rows, rate
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.target import Target
from tests.measuring import by_quantity, generator
from tests.refusals import refused


def test_combinations_are_the_products_and_means_of_probabilities(linear_model: Callable[..., Any]) -> None:
    first, second = linear_model(0, base=3), linear_model(1, base=3)
    z = torch.randn(50, 3, generator=generator())
    p, q = first.decode_logits(z).softmax(-1), second.decode_logits(z).softmax(-1)
    product = CombinedDecoder(first, second).decode_logits(z).softmax(-1)
    assert torch.allclose(product, p * q / (p * q).sum(-1, keepdim=True), atol=1e-6)
    mixture = CombinedDecoder(first, second, "mixture").decode_logits(z)
    assert torch.allclose(mixture.exp(), (p + q) / 2, atol=1e-6)
    assert torch.allclose(mixture.softmax(-1), (p + q) / 2, atol=1e-6)


def test_the_product_believes_the_more_certain_decoder() -> None:
    space = OperationSpace()
    pair = CombinedDecoder(ConstantDecoder(space), DeltaDecoder(space, 77))
    assert isinstance(pair, Decodable)
    assert not isinstance(pair, Autoencoder)
    assert (pair.space, pair.latent_dim) == (space, 16)
    z = torch.zeros(1, 16)
    assert torch.equal(pair.decode_logits(z).argmax(-1), DeltaDecoder(space, 77).decode_logits(z).argmax(-1))


def test_a_combined_decoder_cannot_pick_the_right_half() -> None:
    """Of two decoders that are each certain of another operation it gives at most one: it sees no answer."""
    space = OperationSpace()
    stuck = CombinedDecoder(DeltaDecoder(space, 0), DeltaDecoder(space, 19_682), "mixture")
    decoded = stuck.decode_logits(torch.randn(100, 16, generator=generator())).argmax(-1)
    assert len({tuple(row.tolist()) for row in decoded}) == 1


def test_a_coupled_half_reads_the_mixed_latent(linear_model: Callable[..., Any]) -> None:
    a, b = linear_model(0), linear_model(1)
    pair = couple(a, b, rho=0.3)
    z = torch.randn(20, 6, generator=generator())
    z_a, z_b = z[:, :3], z[:, 3:]
    assert torch.allclose(pair.first.decode_logits(z), a.decode_logits(0.7 * z_a + 0.3 * z_b), atol=1e-5)
    assert torch.allclose(pair.second.decode_logits(z), b.decode_logits(0.7 * z_b + 0.3 * z_a), atol=1e-5)
    assert (pair.latent_dim, pair.first.latent_dim, pair.space) == (6, 6, a.space)
    assert isinstance(pair, Autoencoder)
    assert isinstance(pair.first, Autoencoder)


def test_the_coupled_pairs_rate_is_the_sum_of_both(linear_model: Callable[..., Any]) -> None:
    a, b = linear_model(0, logvar=-1.0), linear_model(1, logvar=-2.0)
    joint = rate(encode_rows(couple(a, b, rho=0.5)))
    assert joint.per_dimension == pytest.approx(
        rate(encode_rows(a)).per_dimension + rate(encode_rows(b)).per_dimension
    )
    tables = symbols_of(a.space, torch.arange(16))
    mu, logvar = couple(a, b, rho=0.5).first.encode_gaussian(tables)
    assert torch.equal(mu[:, 3:], b.encode_gaussian(tables)[0])
    assert torch.equal(logvar[:, :3], a.encode_gaussian(tables)[1])


def test_a_coupled_oracle_still_knows_every_table() -> None:
    oracle = QuantileLookup(OperationSpace())
    pair = couple(oracle, oracle, rho=0.5, rule="mixture")
    assert reconstruction_from_mean(pair, torch.arange(500)).table_accuracy == 1


def test_the_pair_combines_its_coupled_halves(linear_model: Callable[..., Any]) -> None:
    pair = couple(linear_model(0), linear_model(1), rho=0.2, rule="mixture")
    z = torch.randn(5, 6, generator=generator())
    assert torch.equal(
        pair.decode_logits(z), CombinedDecoder(pair.first, pair.second, "mixture").decode_logits(z)
    )
    assert pair.rule == "mixture"


@pytest.mark.parametrize("rho", [-0.1, 1.1, math.nan])
def test_rho_outside_its_range_is_refused(rho: float) -> None:
    oracle = QuantileLookup(OperationSpace())
    with refused(MeasurementError, "out_of_range"):
        couple(oracle, oracle, rho=rho)


@pytest.mark.parametrize("rho", [0.0, 1.0])
def test_the_ends_of_rho_are_allowed(rho: float, linear_model: Callable[..., Any]) -> None:
    a, b = linear_model(0), linear_model(1)
    z = torch.randn(4, 6, generator=generator())
    own = z[:, :3] if rho == 0 else z[:, 3:]
    assert torch.allclose(couple(a, b, rho=rho).first.decode_logits(z), a.decode_logits(own), atol=1e-6)


@pytest.mark.usefixtures("unchecked_types")
def test_unknown_rules_and_halves_are_refused() -> None:
    oracle = QuantileLookup(OperationSpace())
    unknown: Any = "vote"
    with refused(MeasurementError, "unknown_name", "'vote' combines no decoders: choose product or mixture"):
        CombinedDecoder(oracle, oracle, unknown)
    with refused(MeasurementError, "out_of_range", 'a name "a" or "b"'):
        CoupledHalf(oracle, oracle, 0.1, unknown)


def test_halves_that_do_not_fit_are_refused(linear_model: Callable[..., Any]) -> None:
    with refused(MeasurementError, "space_mismatch", "not 3 and 4 dimensions"):
        couple(linear_model(0), linear_model(0, latent_dim=4), rho=0.1)
    with refused(MeasurementError, "space_mismatch", "not 3 and 4 dimensions"):
        CombinedDecoder(linear_model(0), linear_model(0, latent_dim=4))


def test_a_coupled_pair_is_measured_on_what_is_aimed_at(linear_model: Callable[..., Any]) -> None:
    a, b = linear_model(1), linear_model(2)
    target = Target.of(a.space, [1, 2, 3, 5, 9])
    settings = MeasurementSettings(posterior_repeats=2, aggregate_draws=16)
    found = by_quantity(coupled_figures(a, b, settings, None, 0.25, target))
    pair = couple(a, b, rho=0.25)
    due = reconstruction_from_mean(pair, torch.from_numpy(target.rows)).table_accuracy
    assert due != reconstruction_from_mean(pair, torch.arange(16)).table_accuracy
    assert found["coupled/rho=0.25/table_accuracy/mean/all"].value == due
    assert found["coupled/rho=0.25/rate"].value == rate(encode_rows(pair, target=target)).total
    assert found["coupled/rho=0.25/rate"].ceiling == math.log(5)
    assert found["coupled/rho=0.25/active_units"].ceiling == 6
