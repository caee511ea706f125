"""Index arithmetic agrees with the space's own, and weights of symbols are exponentials."""

import math

import numpy as np
import pytest
import torch

from fluxttice_core.metrics.decoding import (
    LEAST_LOGIT,
    class_weights,
    decode_positions,
    indices_of,
    positions_of,
    symbols_of,
)
from fluxttice_core.metrics.settings import DECODE_RULES, DecodeRule
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.word_space import WordSpace
from tests.measuring import generator

SPACES: list[ProductSpace] = [
    *(OperationSpace(b, a) for b, a in [(2, 1), (2, 4), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2)]),
    *map(WordSpace, ("dna:6", "peptide:4", "01^3xACGT^2xABC^1", "ACGT^1xABC^2x01^5", "dna:31")),
]


def some_indices(space: ProductSpace) -> torch.Tensor:
    """Return both ends of a space and a few indices between."""
    between = torch.randint(space.size, (50,), generator=torch.Generator().manual_seed(0))
    return torch.cat((torch.tensor([0, space.size - 1]), between))


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_positions_and_symbols_are_those_of_the_space(space: ProductSpace) -> None:
    indices = some_indices(space)
    tables = space.tables(indices.numpy())
    assert np.array_equal(symbols_of(space, indices).numpy(), tables)
    assert np.array_equal(positions_of(space, indices).numpy(), tables - space.lowest)


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64])
def test_indices_return_from_positions(space: ProductSpace, dtype: torch.dtype) -> None:
    indices = some_indices(space)
    assert torch.equal(indices_of(positions_of(space, indices).to(dtype), space), indices)


def test_every_index_below_the_limit_of_float_products_is_exact() -> None:
    space = OperationSpace(2, 4)
    indices = torch.arange(space.size)
    assert torch.equal(indices_of(positions_of(space, indices), space), indices)


def test_indices_above_the_limit_of_float_products_are_exact() -> None:
    positions = torch.ones(1, 25, dtype=torch.uint8)
    assert indices_of(positions, WordSpace("bits:25")).tolist() == [2**25 - 1]


def test_symbols_come_in_single_precision() -> None:
    assert symbols_of(OperationSpace(), torch.tensor([5])).dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_are_the_exponentials(dtype: torch.dtype) -> None:
    below = torch.linspace(LEAST_LOGIT + 0.2, 0, 10_001, dtype=dtype)
    weights = class_weights(below)
    assert weights.dtype == dtype
    assert torch.equal(weights, below.exp())
    assert float(weights.min()) > 0


def test_what_is_next_to_nothing_is_nothing() -> None:
    below = torch.tensor([LEAST_LOGIT, -87.0, -103.0, -1e30, -math.inf])
    assert class_weights(below).tolist() == [0.0] * 5
    assert float(below[1].exp()) > 0


def test_a_logit_that_is_no_number_stays_one() -> None:
    assert class_weights(torch.tensor([0.0, math.nan] * 9)).isnan().tolist() == [False, True] * 9


@pytest.mark.parametrize("base", [2, 3, 5])
@pytest.mark.parametrize("rule", DECODE_RULES)
def test_positions_are_bytes_by_every_rule(base: int, rule: DecodeRule) -> None:
    logits = torch.randn(30, 4, base, generator=generator())
    found = decode_positions(logits, rule, generator=generator(1))
    assert found.dtype == torch.uint8
    assert found.shape == (30, 4)
    assert int(found.max()) < base
