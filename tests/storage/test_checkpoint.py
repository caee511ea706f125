"""A checkpoint reads back what was written, and refuses everything else with one sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import CheckpointError, ErrorCode, StorageError
from fluxttice_core.storage import checkpoint
from fluxttice_core.storage.canonical_json import canonical_json, json_digest
from fluxttice_core.storage.tensors import encode_tensors, tensor_digest
from tests.refusals import refused

RECORD: dict[str, Any] = {
    "space": {"base": 3, "arity": 2},
    "architecture": {"latent_dim": 16},
    "recipe": "standard",
    "epoch": 40,
    "steps": 2480,
    "seed": 0,
    "trained": True,
    "settings_digest": "ab" * 32,
    "split": {"seed": 42, "digest": "cd" * 32},
    "progress": {"best_loss": 0.25, "lambdas": [0.7, 0.7, 0.3]},
}


@pytest.fixture
def tensors() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "b": torch.randn(3, 5, generator=generator),
        "a": torch.randn(7, generator=generator),
        "s": torch.ones(()),
    }


@pytest.fixture
def state() -> dict[str, Tensor]:
    return {
        "step": torch.tensor(9),
        "rng": torch.arange(16, dtype=torch.uint8),
        "half": torch.ones(2, dtype=torch.float16),
    }


@pytest.fixture
def folder(tmp_path: Path, tensors: dict[str, Tensor], state: dict[str, Tensor]) -> Path:
    path = checkpoint.checkpoint_folder(tmp_path, 40)
    checkpoint.write(path, tensors, state, RECORD)
    return path


def test_reads_back_bit_for_bit(folder: Path, tensors: dict[str, Tensor], state: dict[str, Tensor]) -> None:
    found = checkpoint.read(folder)
    assert found.state is not None
    for expected, actual in ((tensors, found.model), (state, found.state)):
        assert sorted(expected) == list(actual)
        assert all(np.array_equal(expected[key].numpy(), actual[key]) for key in expected)
        assert all(expected[key].numpy().dtype == actual[key].dtype for key in expected)
    assert found.record.progress == RECORD["progress"]
    assert found.record.tensor_digest == tensor_digest(tensors)
    assert found.record.torch_version == torch.__version__


def test_repeating_a_write_gives_the_same_bytes(
    folder: Path, tmp_path: Path, tensors: Any, state: Any
) -> None:
    other = tmp_path / "other"
    checkpoint.write(other, dict(reversed(tensors.items())), state, dict(reversed(RECORD.items())))
    for name in ("model.safetensors", "state.safetensors", "checkpoint.json"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()


def test_strided_and_shared_tensors_are_written_by_value(tmp_path: Path) -> None:
    base = torch.arange(12.0).reshape(3, 4)
    checkpoint.write(tmp_path / "c", {"t": base.T, "row": base[1], "all": base}, None, RECORD)
    found = checkpoint.read(tmp_path / "c")
    assert np.array_equal(found.model["t"], base.T.numpy())
    assert np.array_equal(found.model["row"], base[1].numpy())
    assert found.state is None


def test_an_existing_checkpoint_is_not_overwritten_unless_asked(folder: Path, tensors: Any) -> None:
    with refused(StorageError, "already_exists"):
        checkpoint.write(folder, tensors, None, RECORD)
    checkpoint.write(folder, tensors, None, {**RECORD, "epoch": 41}, replace=True)
    assert checkpoint.read(folder).record.epoch == 41
    assert [path.name for path in folder.parent.iterdir()] == ["epoch_0040"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"epoch": -1}, "damaged_file", "epoch"),
        ({"epoch": True}, "damaged_file", "epoch"),
        ({"epoch": 1.0}, "damaged_file", "epoch"),
        ({"trained": 1}, "damaged_file", "trained"),
        ({"recipe": "../up"}, "damaged_file", "recipe"),
        ({"settings_digest": "AB" * 32}, "damaged_file", "settings_digest"),
        ({"space": {"base": 3, "arity": 4}}, "damaged_file", "space"),
        ({"space": {"base": 9, "arity": 2}}, "damaged_file", "space.operations.base"),
        ({"novelty": 1}, "damaged_file", "novelty"),
        ({"format_version": 2}, "contradictory", "format_version"),
        ({"tensor_digest": "00" * 32}, "contradictory", "tensor_digest"),
        ({"progress": {"loss": float("nan")}}, "not_finite", "nan"),
        ({"progress": {1: 2}}, "wrong_type", "only text as keys"),
        ({"progress": {"loss": np.float32(1)}}, "wrong_type", "float32"),
    ],
)
def test_a_wrong_record_is_not_written(
    tmp_path: Path, tensors: Any, change: dict[str, Any], code: ErrorCode, field: str
) -> None:
    with refused(CheckpointError, code, field):
        checkpoint.write(tmp_path / "c", tensors, None, {**RECORD, **change})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("field", sorted(set(RECORD) - {"progress"}))
def test_a_missing_field_is_named(tmp_path: Path, tensors: Any, field: str) -> None:
    record = {key: value for key, value in RECORD.items() if key != field}
    with refused(CheckpointError, "damaged_file", field):
        checkpoint.write(tmp_path / "c", tensors, None, record)


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(tmp_path: Path, tensors: Any, poison: float) -> None:
    tensors["b"][1, 2] = poison
    with refused(CheckpointError, "not_finite", "NaN or infinite numbers in 'b'"):
        checkpoint.write(tmp_path / "c", tensors, None, RECORD)


def test_unknown_origins_are_kept_as_unknown(tmp_path: Path, tensors: Any) -> None:
    record = {**RECORD, "split": None, "seed": None, "settings_digest": None}
    checkpoint.write(tmp_path / "c", tensors, None, record)
    assert checkpoint.read(tmp_path / "c").record.split is None


def _rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Edit the record and make its own digest true again, as somebody would who knows the format."""
    manifest = json.loads((folder / "checkpoint.json").read_bytes())
    change(manifest)
    manifest["digest"] = json_digest({"files": manifest["files"], "record": manifest["record"]})
    (folder / "checkpoint.json").write_bytes(canonical_json(manifest) + b"\n")


def test_a_record_of_other_weights_is_refused(folder: Path) -> None:
    _rewrite(folder, lambda manifest: manifest["record"].update(tensor_digest="00" * 32))
    with refused(CheckpointError, "digest_mismatch", "describes itself otherwise"):
        checkpoint.read(folder)


def test_weights_other_than_their_digest_are_refused(folder: Path, tensors: Any) -> None:
    record = checkpoint.read(folder).record
    text = canonical_json({**record.model_dump(), "progress": {}}).decode()
    data = encode_tensors({**tensors, "a": tensors["a"] + 1}, text)
    (folder / "model.safetensors").write_bytes(data)
    with refused(CheckpointError, "digest_mismatch", "SHA-256 differs"):
        checkpoint.read(folder)
    with refused(CheckpointError, "digest_mismatch", "other weights"):
        checkpoint.read_model(folder / "model.safetensors")


def test_the_model_of_another_checkpoint_is_refused(folder: Path, tmp_path: Path, tensors: Any) -> None:
    other = tmp_path / "other"
    checkpoint.write(other, tensors, None, {**RECORD, "seed": 1})
    shutil.copy(other / "model.safetensors", folder)
    with refused(CheckpointError, "digest_mismatch"):
        checkpoint.read(folder)


def test_a_state_or_file_too_many_is_refused(folder: Path) -> None:
    _rewrite(
        folder, lambda manifest: manifest["files"].update({"../x": manifest["files"]["model.safetensors"]})
    )
    with refused(CheckpointError, "damaged_file", "other files"):
        checkpoint.read(folder)


def test_missing_things_are_named(tmp_path: Path, folder: Path) -> None:
    with refused(CheckpointError, "missing_file"):
        checkpoint.read(tmp_path / "nowhere")
    (folder / "model.safetensors").unlink()
    with refused(CheckpointError, "missing_file", "model.safetensors"):
        checkpoint.read(folder)


def test_a_model_file_alone_describes_itself(tmp_path: Path, tensors: Any) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(checkpoint.encode_model(tensors, RECORD))
    found = checkpoint.read_model(path)
    assert found.record.tensor_digest == tensor_digest(tensors)
    assert found.record.model_dump().items() >= {**RECORD, "progress": {}}.items()
    assert found.files["model.safetensors"].bytes == path.stat().st_size


def test_the_checkpoints_of_a_run_come_by_epoch(tmp_path: Path, tensors: Any, state: Any) -> None:
    assert checkpoint.list_checkpoints(tmp_path) == []
    with refused(CheckpointError, "missing_checkpoint", "holds no checkpoint"):
        checkpoint.latest(tmp_path)
    for epoch in (10000, 5, 40):
        checkpoint.write(
            checkpoint.checkpoint_folder(tmp_path, epoch), tensors, state, {**RECORD, "epoch": epoch}
        )
    (tmp_path / "checkpoints" / ".epoch_0041.new-0123456789abcdef.tmp").mkdir()
    (tmp_path / "checkpoints" / "epoch_0042").touch()
    names = [path.name for path in checkpoint.list_checkpoints(tmp_path)]
    assert names == ["epoch_0005", "epoch_0040", "epoch_10000"]
    assert checkpoint.latest(tmp_path).name == "epoch_10000"


def test_pruning_keeps_the_last_states_and_every_model(tmp_path: Path, tensors: Any, state: Any) -> None:
    for epoch in range(4):
        checkpoint.write(
            checkpoint.checkpoint_folder(tmp_path, epoch), tensors, state, {**RECORD, "epoch": epoch}
        )
    for keep in (1, 9):
        checkpoint.prune_state(tmp_path, keep)
        found = [checkpoint.read(folder).state is None for folder in checkpoint.list_checkpoints(tmp_path)]
        assert found == [True, True, True, False]
