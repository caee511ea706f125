"""Rows resident in memory: symbols, positions, order."""

import numpy as np
import pytest
import torch

from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.training.dataset import rows_of


@pytest.mark.parametrize(("base", "arity"), [(2, 2), (3, 1), (3, 2), (4, 1)])
def test_rows_are_the_tables(base: int, arity: int) -> None:
    space = OperationSpace(base=base, arity=arity)
    indices = np.array([space.size - 1, 0, 1])
    rows = rows_of(space, indices)
    assert torch.equal(rows.tables, torch.from_numpy(space.tables(indices)).float())
    assert rows.classes.min().item() == 0
    assert rows.classes.max().item() == base - 1
    assert torch.equal(torch.tensor(space.symbols)[rows.classes].float(), rows.tables)
    assert len(rows) == 3
    assert torch.equal(rows[1:].tables, rows.tables[1:])


def test_shuffling_is_a_permutation_that_the_generator_decides() -> None:
    rows = rows_of(OperationSpace(arity=1), np.arange(27))
    one, same, other = (rows.shuffled(torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(one.tables, same.tables)
    assert not torch.equal(one.tables, other.tables)
    assert torch.equal(one.classes.float() - 1, one.tables)
    assert sorted(map(tuple, one.classes.tolist())) == sorted(map(tuple, rows.classes.tolist()))
