"""A model file's record and digests, read without torch, are those that torch would give."""

from pathlib import Path

import pytest

from fluxttice_core.errors import CheckpointError
from fluxttice_core.storage import checkpoint
from fluxttice_core.storage.canonical_json import bytes_digest
from fluxttice_core.storage.model_file import read_stored
from fluxttice_core.storage.tensors import encode_tensors, tensor_digest
from tests.refusals import refused


def test_it_agrees_with_the_checkpoint(small_checkpoint: Path) -> None:
    path = small_checkpoint / "model.safetensors"
    found, stored = checkpoint.read(small_checkpoint), read_stored(path.read_bytes(), name="it")
    assert stored.record == found.record.model_copy(update={"progress": {}})
    assert stored.tensor_digest == tensor_digest(found.model) == found.record.tensor_digest
    assert stored.file_digest == bytes_digest(path.read_bytes())


@pytest.mark.parametrize("metadata", ["", "{}", '{"epoch": 1}', "[1"])
def test_a_file_that_does_not_describe_itself_is_refused(small_checkpoint: Path, metadata: str) -> None:
    data = encode_tensors(checkpoint.read(small_checkpoint).model, metadata)
    with refused(CheckpointError, "alien_file", "describe itself"):
        read_stored(data, name="it")
