"""Spaces that a record may name, at the bounds."""

from typing import Any

import pytest
from pydantic import ValidationError

from fluxttice_core.storage.checkpoint_record import CheckpointRecord, OperationsRecord

RECORD: dict[str, Any] = {"format_version": 1, "kind": "fluxttice-dual-vae", "architecture": {}}
RECORD |= dict.fromkeys(("recipe", "steps", "seed", "settings_digest", "split"))
RECORD |= {"epoch": 1, "trained": True, "tensor_digest": "0" * 64, "torch_version": "2.0"}


@pytest.mark.parametrize(("base", "arity"), [(2, 1), (2, 4), (3, 1), (3, 3), (4, 1), (4, 2)])
def test_spaces_that_fit_64_bits(base: int, arity: int) -> None:
    assert OperationsRecord(base=base, arity=arity).model_dump() == {"base": base, "arity": arity}


@pytest.mark.parametrize(("base", "arity"), [(1, 2), (5, 1), (2, 0), (2, 5), (3, 4), (4, 3), (4, 4)])
def test_spaces_that_do_not(base: int, arity: int) -> None:
    with pytest.raises(ValidationError):
        OperationsRecord(base=base, arity=arity)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("space", [{"name": "dna:4"}, {"base": 2, "arity": 3}])
def test_a_record_is_written_as_it_was_read(space: dict[str, Any]) -> None:
    assert CheckpointRecord.model_validate({**RECORD, "space": space}).model_dump()["space"] == space


@pytest.mark.parametrize("space", [{"name": "dna:four"}, {"name": "dna:4", "base": 2}, {}, [], 3, None])
def test_what_names_no_space_is_refused(space: object) -> None:
    with pytest.raises(ValidationError):
        CheckpointRecord.model_validate({**RECORD, "space": space})
