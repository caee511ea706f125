"""Spaces that a record may name, at the bounds."""

import pytest
from pydantic import ValidationError

from fluxttice_core.storage.checkpoint_record import OperationsRecord


@pytest.mark.parametrize(("base", "arity"), [(2, 1), (2, 4), (3, 1), (3, 3), (4, 1), (4, 2)])
def test_spaces_that_fit_64_bits(base: int, arity: int) -> None:
    assert OperationsRecord(base=base, arity=arity).model_dump() == {"base": base, "arity": arity}


@pytest.mark.parametrize(("base", "arity"), [(1, 2), (5, 1), (2, 0), (2, 5), (3, 4), (4, 3), (4, 4)])
def test_spaces_that_do_not(base: int, arity: int) -> None:
    with pytest.raises(ValidationError):
        OperationsRecord(base=base, arity=arity)
