import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import OperationError
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.split import PARTS, HashedSplit, Split, permutation, split
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


# --- spaces that cannot be written out: a keyed hash says the part of every element ------------------


def hashed(name: str, seed: int = 42) -> HashedSplit:
    found = split(space_of(name), seed)
    assert isinstance(found, HashedSplit)
    return found


def test_a_hash_parts_elements_eight_to_one_to_one_and_every_sample_is_of_its_part() -> None:
    parts = hashed("dna:16")
    shares = np.bincount(parts.parts_of(np.arange(100_000)), minlength=3) / 100_000
    assert np.abs(shares - (0.8, 0.1, 0.1)).max() < 0.005
    assert [len(getattr(parts, part)) for part in PARTS] == [16_384, 2_048, 2_048]
    for place, part in enumerate(PARTS):
        assert (parts.parts_of(getattr(parts, part)) == place).all()
        assert (parts.parts_of(parts.draw(part, 500, seed=1)) == place).all()


def test_the_part_of_an_element_depends_on_the_key_and_on_nothing_else() -> None:
    one, other, few = hashed("dna:16"), hashed("dna:16", 43), np.arange(1_000)
    assert (one.parts_of(few) == one.parts_of(np.append(5, few))[1:]).all()
    assert 200 < (one.parts_of(few) != other.parts_of(few)).sum() < 500  # 34 % by chance
    digests = {one.digest, other.digest, hashed("dna:17").digest}
    assert len(digests) == 3
    assert one.digest == hashed("dna:16").digest


@pytest.mark.parametrize("name", ["ternary:3", "dna:31", "01^40xACG^5"])
def test_draws_of_a_part_reach_every_symbol_of_every_position_alike(name: str) -> None:
    space, n = space_of(name), 20_000
    tables = space.tables(hashed(name).draw("held_out", n, seed=3)) - space.lowest
    for column, base in zip(tables.T, space.bases, strict=True):
        assert np.abs(np.bincount(column, minlength=base) / n - 1 / base).max() < 0.015
