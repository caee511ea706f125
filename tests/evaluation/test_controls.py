"""Controls: each is exactly as good, or as bad, as it claims."""

import math

import pytest
import torch
from torch import Tensor

from fluxttice_core.evaluation.controls import (
    CERTAIN,
    ConstantDecoder,
    DeltaDecoder,
    HalfSupportLookup,
    HalfSupportSampler,
    QuantileLookup,
    ShuffledLabels,
    UniformSampler,
)
from fluxttice_core.metrics.decoding import decode_positions, indices_of, symbols_of
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.sampling import DecoderSampler, IndexSampler, count_operations
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.measuring import generator

SPACES = [OperationSpace(2, 2), OperationSpace(3, 1), OperationSpace(4, 1)]


def chi_square(counts: Tensor, expected: Tensor) -> float:
    """Return the statistic in standard deviations above its mean."""
    degrees = len(counts) - 1
    return (float(((counts - expected) ** 2 / expected).sum()) - degrees) / math.sqrt(2 * degrees)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_uniform_generators_are_uniform(space: OperationSpace) -> None:
    samplers: list[IndexSampler] = [UniformSampler(space), DecoderSampler(QuantileLookup(space))]
    for sampler in samplers:
        for rule_free in range(2):
            counts = count_operations(sampler, 100_000, generator(rule_free))
            assert chi_square(counts, torch.full((space.size,), 100_000 / space.size)) < 5


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_half_supports_are_uniform_on_the_even_half(space: OperationSpace) -> None:
    assert HalfSupportSampler(space).support == math.ceil(space.size / 2)
    counts = count_operations(HalfSupportSampler(space), 100_000, generator())
    assert counts[1::2].sum() == 0
    assert chi_square(counts[::2], torch.full((len(counts[::2]),), 100_000 / len(counts[::2]))) < 5
    folded = count_operations(DecoderSampler(HalfSupportLookup(space)), 100_000, generator())
    assert folded[1::2].sum() == 0
    mass = torch.full((space.size,), 1 / space.size)
    pairs = mass[::2].clone()
    pairs[: space.size // 2] += mass[1::2]
    assert chi_square(folded[::2], 100_000 * pairs) < 5


def test_samplers_reach_the_ends_of_a_space_that_cannot_be_enumerated() -> None:
    space = OperationSpace(3, 3)
    drawn = UniformSampler(space).sample(10_000, generator())
    assert drawn.min() >= 0
    assert drawn.max() < space.size
    assert drawn.double().mean() == pytest.approx(space.size / 2, rel=0.05)
    assert HalfSupportSampler(space).sample(10_000, generator()).max() < space.size


def test_the_oracles_cells_are_cut_at_the_quantiles() -> None:
    """The thirds of the normal distribution end at -.4307 and .4307 (four decimals)."""
    oracle = QuantileLookup(OperationSpace(3, 1))
    z = torch.tensor([[-0.4308, -0.4306, 0.4306], [0.4308, -9.0, 9.0]])
    assert oracle.decode_positions(z).tolist() == [[0, 1, 1], [2, 0, 2]]
    logits = oracle.decode_logits(z)
    assert torch.equal(logits.argmax(-1), oracle.decode_positions(z))
    assert (logits.softmax(-1).max(-1).values == 1).all()


@pytest.mark.parametrize("space", [*SPACES, OperationSpace()], ids=str)
def test_the_oracle_encodes_what_it_decodes(space: OperationSpace) -> None:
    oracle = QuantileLookup(space)
    assert isinstance(oracle, Autoencoder)
    tables = symbols_of(space, torch.arange(space.size))
    mu, logvar = oracle.encode_gaussian(tables)
    decoded = oracle.decode_positions(mu) + space.symbols[0]
    assert torch.equal(decoded.float(), tables)
    assert torch.allclose(logvar, torch.tensor(0.05).log() * 2)


def test_decoders_have_the_latents_they_say() -> None:
    space = OperationSpace()
    lookups = (QuantileLookup(space), HalfSupportLookup(space))
    assert [lookup.latent_dim for lookup in lookups] == [9, 9]
    assert (ConstantDecoder(space).latent_dim, DeltaDecoder(space, 1).latent_dim) == (16, 16)
    for model in (*lookups, ConstantDecoder(space), DeltaDecoder(space, 1), ConstantDecoder(space, 4)):
        assert isinstance(model, Decodable)
        assert model.decode_logits(torch.zeros(5, model.latent_dim)).shape == (5, 9, 3)


def test_a_constant_decoder_returns_the_logits_it_was_given() -> None:
    logits = torch.randn(4, 2, generator=generator())
    decoded = ConstantDecoder(OperationSpace(2), 3, logits).decode_logits(torch.ones(2, 3))
    assert torch.equal(decoded, torch.stack((logits, logits)))


def test_a_delta_decoder_is_certain_of_its_operation() -> None:
    logits = DeltaDecoder(OperationSpace(), 11).decode_logits(torch.zeros(2, 16))
    assert logits[1].argmax(-1).tolist() == [2, 0, 1, 0, 0, 0, 0, 0, 0]
    assert logits.max() == CERTAIN
    assert (logits.softmax(-1).max(-1).values == 1).all()


def test_shuffled_labels_show_the_permuted_operation() -> None:
    space = OperationSpace(3, 1)
    oracle = QuantileLookup(space)
    permutation = torch.randperm(space.size, generator=generator())
    shuffled = ShuffledLabels(oracle, permutation)
    mu, logvar = shuffled.encode_gaussian(symbols_of(space, torch.arange(space.size)))
    expected_mu, expected_logvar = oracle.encode_gaussian(symbols_of(space, permutation))
    assert torch.equal(mu, expected_mu)
    assert torch.equal(logvar, expected_logvar)
    z = torch.randn(3, 3, generator=generator())
    assert torch.equal(shuffled.decode_logits(z), oracle.decode_logits(z))
    assert (shuffled.space, shuffled.latent_dim) == (space, 3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_logits_are_as_precise_as_their_latents(dtype: torch.dtype) -> None:
    space = OperationSpace()
    for control in (DeltaDecoder(space, 3), QuantileLookup(space), HalfSupportLookup(space)):
        assert control.decode_logits(torch.zeros(2, control.latent_dim, dtype=dtype)).dtype == dtype


def test_half_of_the_space_comes_back_from_its_code() -> None:
    space = OperationSpace(arity=1)
    half = HalfSupportLookup(space)
    rows = torch.arange(space.size)
    mu, logvar = half.encode_gaussian(symbols_of(space, rows))
    assert torch.equal(indices_of(decode_positions(half.decode_logits(mu)), space), rows - rows % 2)
    oracle = QuantileLookup(space)
    assert torch.equal(mu, oracle.encode_gaussian(symbols_of(space, rows - rows % 2))[0])
    assert torch.equal(logvar, oracle.encode_gaussian(symbols_of(space, rows))[1])
