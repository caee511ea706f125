"""Draws: the three decode rules against their definitions, and counting against Python's sets."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import MeasurementError, OperationError
from fluxttice_core.evaluation.controls import ConstantDecoder, QuantileLookup, UniformSampler
from fluxttice_core.metrics.decoding import decode_positions, indices_by, indices_of
from fluxttice_core.metrics.sampling import (
    DecoderSampler,
    IndexSampler,
    cached_logits,
    count_operations,
    distinct_count,
    index_counts,
    prior_chunks,
)
from fluxttice_core.metrics.settings import DECODE_RULES, DecodeRule
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.word_space import WordSpace
from tests.measuring import Watched, generator
from tests.refusals import refused


@pytest.mark.parametrize("base", [2, 3, 4])
def test_argmax_takes_the_likeliest_and_the_first_of_equals(base: int) -> None:
    logits = torch.randint(-2, 3, (500, 4, base), generator=generator()).float()
    assert torch.equal(decode_positions(logits, "argmax").long(), logits.argmax(-1))


@pytest.mark.parametrize("base", [2, 3, 4])
def test_expectation_rounds_the_softmax_mean_of_the_positions(base: int) -> None:
    logits = 3 * torch.randn(2000, 9, base, generator=generator())
    mean = (logits.double().softmax(-1) * torch.arange(base)).sum(-1)
    clear = (mean - mean.floor() - 0.5).abs() > 1e-5
    assert torch.equal(decode_positions(logits, "expectation").double()[clear], mean.round()[clear])


def test_expectation_can_give_a_symbol_that_argmax_and_draws_never_give() -> None:
    logits = torch.tensor([[[0.0, -200.0, 0.0]]])
    assert decode_positions(logits, "expectation").item() == 1
    assert decode_positions(logits, "argmax").item() == 0
    drawn = decode_positions(logits.expand(1000, 1, 3), "categorical", generator=generator())
    assert set(drawn.flatten().tolist()) == {0, 2}


@pytest.mark.parametrize("base", [2, 3, 4])
def test_categorical_draws_follow_the_softmax(base: int) -> None:
    logits = torch.randn(base, generator=generator(base))
    n = 40_000
    drawn = decode_positions(logits.expand(n, 1, base), "categorical", generator=generator(7))
    share = torch.bincount(drawn.flatten().long(), minlength=base) / n
    p = logits.softmax(0)
    assert ((share - p).abs() < 4.5 * (p * (1 - p) / n).sqrt()).all()


def test_categorical_cells_are_independent() -> None:
    drawn = decode_positions(torch.zeros(40_000, 2, 2), "categorical", generator=generator(3)).double()
    correlation = torch.corrcoef(drawn.T)[0, 1].item()
    assert abs(correlation) < 4.5 / math.sqrt(40_000)


def test_categorical_survives_infinite_logits() -> None:
    logits = torch.tensor([[[-math.inf, 1.0, -math.inf]]]).expand(100, 1, 3)
    assert set(decode_positions(logits, "categorical", generator=generator()).flatten().tolist()) == {1}


def test_categorical_needs_a_generator_or_its_numbers() -> None:
    with refused(MeasurementError, "missing_option", "give it a generator"):
        decode_positions(torch.zeros(1, 4, 2), "categorical")
    with refused(MeasurementError, "missing_option", "give it numbers from 0 to 1"):
        indices_by("categorical", torch.zeros(1, 4, 2), None, OperationSpace(2))


@pytest.mark.usefixtures("unchecked_types")
def test_unknown_rules_are_refused_by_name() -> None:
    unknown: Any = "nearest"
    with refused(MeasurementError, "unknown_name", "'nearest' is no decode rule: choose one of argmax"):
        decode_positions(torch.zeros(1, 4, 2), unknown)
    with refused(MeasurementError, "unknown_name", "'nearest'"):
        DecoderSampler(ConstantDecoder(OperationSpace(2)), unknown).sample(3, generator())


def test_decoded_indices_are_those_of_the_space() -> None:
    space = OperationSpace()
    logits = torch.randn(300, 9, 3, generator=generator())
    tables = (logits.argmax(-1) - 1).numpy()
    assert np.array_equal(indices_of(decode_positions(logits), space).numpy(), space.indices(tables))


def test_samplers_satisfy_the_protocol() -> None:
    space = OperationSpace(2)
    assert isinstance(DecoderSampler(QuantileLookup(space)), IndexSampler)
    assert isinstance(UniformSampler(space), IndexSampler)
    assert not isinstance(QuantileLookup(space), IndexSampler)


def test_a_decoder_samples_what_it_decodes_from_the_prior(linear_model: Callable[..., Any]) -> None:
    model = linear_model(0, latent_dim=16)
    drawn = DecoderSampler(model, "argmax", chunk=64).sample(200, generator(5))
    z = torch.randn(192, 16, generator=generator(5))
    assert torch.equal(drawn[:192], indices_of(decode_positions(model.decode_logits(z)), model.space))
    assert len(drawn) == 200


@pytest.mark.parametrize("rule", DECODE_RULES)
def test_samples_do_not_depend_on_the_number_of_threads(
    rule: DecodeRule, linear_model: Callable[..., Any]
) -> None:
    sampler = DecoderSampler(linear_model(1, base=3), rule, chunk=32)
    alone = sampler.sample(500, generator(2))
    torch.set_num_threads(2)
    together = sampler.sample(500, generator(2))
    assert torch.equal(alone, together)
    assert not torch.equal(alone, sampler.sample(500, generator(3)))


def test_argmax_samples_do_not_depend_on_the_chunk(linear_model: Callable[..., Any]) -> None:
    model = linear_model(1, latent_dim=16)
    small = DecoderSampler(model, chunk=50).sample(400, generator(2))
    assert torch.equal(small, DecoderSampler(model, chunk=400).sample(400, generator(2)))


def test_no_draws_give_no_indices() -> None:
    drawn = DecoderSampler(QuantileLookup(OperationSpace())).sample(0, generator())
    assert drawn.shape == (0,)
    assert drawn.dtype == torch.int64


@pytest.mark.parametrize(("n", "chunk"), [(-1, 4), (4, 0)])
def test_prior_chunks_refuse_impossible_sizes(n: int, chunk: int) -> None:
    with refused(MeasurementError, "out_of_range", f"cannot draw {n} latents in chunks of {chunk}"):
        list(prior_chunks(2, n, generator(), chunk=chunk))


def test_the_prior_is_standard_normal() -> None:
    z = torch.cat(list(prior_chunks(4, 20_000, generator(), chunk=4096))).flatten()
    assert z.shape == (80_000,)
    assert [len(z) for z in prior_chunks(2, 3, generator(), chunk=1)] == [1, 1, 1]
    assert abs(z.mean().item()) < 4.5 / math.sqrt(len(z))
    assert abs(z.var().item() - 1) < 4.5 * math.sqrt(2 / len(z))


def test_counts_are_those_of_the_draws() -> None:
    space = OperationSpace(2)
    counts = count_operations(UniformSampler(space), 1000, generator(4), chunk=1000)
    assert torch.equal(counts, torch.bincount(UniformSampler(space).sample(1000, generator(4)), minlength=16))
    parts = count_operations(UniformSampler(space), 1001, generator(), chunk=100)
    assert (len(parts), int(parts.sum())) == (16, 1001)
    assert (parts > 20).all()


def test_counting_refuses_a_space_that_cannot_be_enumerated() -> None:
    with refused(OperationError, "not_enumerable"):
        count_operations(UniformSampler(OperationSpace(3, 3)), 10, generator())


@pytest.mark.parametrize("alien", [-1, 16])
def test_indices_of_another_space_are_refused(alien: int) -> None:
    with refused(MeasurementError, "out_of_range", "outside 0 to 15"):
        index_counts(torch.tensor([3, alien]), 16)
    with refused(MeasurementError, "out_of_range", "outside 0 to 15"):
        distinct_count(torch.tensor([3, alien]), 16)
    with refused(MeasurementError, "out_of_range", f"outside 0 to {2**40 - 1}"):
        distinct_count(torch.tensor([3, alien if alien < 0 else 2**40]), 2**40)


def test_large_spaces_are_counted_without_memory_for_each_operation() -> None:
    assert distinct_count(torch.tensor([2**62, 5, 2**62]), 2**63) == 2


@given(st.lists(st.integers(0, 30), max_size=60))
def test_distinct_counts_are_those_of_a_set(indices: list[int]) -> None:
    sample = torch.tensor(indices, dtype=torch.int64)
    assert distinct_count(sample, 31) == len(set(indices))
    assert distinct_count(sample, 2**62) == len(set(indices))
    assert int(index_counts(sample, 31).sum()) == len(indices)


def test_argmax_is_the_rule_unless_another_is_named() -> None:
    logits = 2 * torch.randn(200, 9, 3, generator=generator())
    assert torch.equal(decode_positions(logits), decode_positions(logits, "argmax"))
    assert DecoderSampler(ConstantDecoder(OperationSpace(2))).rule == "argmax"


def test_a_sampler_draws_by_its_rule() -> None:
    """Even odds: argmax gives the first operation, the rounded mean the middle one, draws give all alike."""
    even = ConstantDecoder(OperationSpace(arity=1))
    assert set(DecoderSampler(even, "argmax").sample(100, generator()).tolist()) == {0}
    assert set(DecoderSampler(even, "expectation").sample(100, generator()).tolist()) == {13}
    counts = DecoderSampler(even, "categorical").sample(27_000, generator()).bincount(minlength=27)
    assert counts.min() > 850
    assert counts.max() < 1_150


def test_latents_are_decoded_a_chunk_at_a_time_and_few_on_a_processor() -> None:
    watched, cached = Watched(OperationSpace()), Watched(OperationSpace(2))
    assert len(DecoderSampler(watched, "categorical", chunk=100).sample(250, generator())) == 250
    assert sorted(watched.sizes) == [50, 100, 100]
    assert cached_logits(cached, torch.zeros(5_000, 16)).shape == (5_000, 4, 2)
    assert cached.sizes == [2048, 2048, 904]


def test_symbols_are_drawn_with_the_generator() -> None:
    logits = torch.randn(500, 4, 3, generator=generator())
    drawn, again = (decode_positions(logits, "categorical", generator=generator(5)) for _ in range(2))
    assert torch.equal(drawn, again)


@pytest.mark.parametrize(
    ("logits", "position"),
    [
        ([0.0, 0.0, -math.inf], 1),
        ([-math.inf, 0.0, 0.0], 1),
        ([-math.inf, 0.0, 0.0, -math.inf, -math.inf], 2),
    ],
)
def test_a_mean_halfway_to_the_middle_symbol_rounds_to_it(logits: list[float], position: int) -> None:
    assert decode_positions(torch.tensor([[logits]]), "expectation").item() == position


def test_a_symbol_of_no_weight_is_not_drawn_by_the_number_0() -> None:
    logits = torch.tensor([[[-math.inf, 0.0, 0.0]]])
    assert indices_by("categorical", logits, torch.zeros(1, 1), WordSpace("-0+^1")).item() == 1
