import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import Split, permutation, split
from tests.refusals import refused


def torch_permutation(n: int, seed: int) -> list[int]:
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed)).tolist()


def test_the_ternary_split_is_the_one_of_the_original_recipe() -> None:
    order = torch_permutation(19683, 42)
    parts = split(OperationSpace())
    assert parts.seed == 42
    assert parts.train.tolist() == order[:15746]
    assert parts.validation.tolist() == order[15746:17714]
    assert parts.held_out.tolist() == order[17714:]


@given(n=st.integers(0, 400), seed=st.integers(0, 2**32 - 1))
def test_the_permutation_is_the_one_of_torch(n: int, seed: int) -> None:
    assert permutation(n, seed).tolist() == torch_permutation(n, seed)


@pytest.mark.parametrize(("base", "arity"), [(2, 1), (2, 3), (2, 4), (3, 1), (3, 2), (4, 1)])
def test_the_parts_are_disjoint_and_cover_the_space(base: int, arity: int) -> None:
    space = OperationSpace(base, arity)
    parts = split(space, seed=7)
    joined = np.concatenate([parts.train, parts.validation, parts.held_out])
    assert sorted(joined.tolist()) == list(range(space.size))
    assert parts.train.size == int(0.8 * space.size)
    assert parts.validation.size == int(0.1 * space.size)


def test_the_digest_is_of_the_contents() -> None:
    one, same, other = split(OperationSpace()), split(OperationSpace(), 42), split(OperationSpace(), 43)
    assert one.digest == same.digest != other.digest
    moved = Split(one.train[:-1], np.append(one.train[-1:], one.validation), one.held_out, seed=42)
    assert moved.digest != one.digest


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_the_generator_would_fold_is_refused(seed: int) -> None:
    with refused(OperationError, "out_of_range", "the seed of a split", f"not {seed}"):
        split(OperationSpace(), seed)


def test_a_space_or_count_that_cannot_be_shuffled_is_refused() -> None:
    with refused(OperationError, "not_enumerable"):
        split(OperationSpace(4, 2))
    with refused(OperationError, "out_of_range", "cannot shuffle -1 items"):
        permutation(-1, 0)
