"""Checkpoints: a folder of tensors and canonical JSON that appears whole, and is read with every check.

`checkpoint.json` holds `{"digest", "files", "record"}`: the record, the size and SHA-256 of each tensor file,
and the SHA-256 of the canonical JSON of these two. So a byte changed by accident anywhere in the folder is
found when it is read; against changes on purpose, folders are signed.
The header of `model.safetensors` repeats the record without its `progress`, so that the file explains itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from fluxttice_core.errors import CheckpointError, RecordError, StorageError
from fluxttice_core.storage.atomic_write import new_folder
from fluxttice_core.storage.bounded_read import reachable, read_bounded
from fluxttice_core.storage.canonical_json import bytes_digest, canonical_json, json_digest, parse_json
from fluxttice_core.storage.checkpoint_record import (
    FORMAT_VERSION,
    KIND,
    CheckpointRecord,
    FileRecord,
    Manifest,
)
from fluxttice_core.storage.format_version import require_known_format
from fluxttice_core.storage.tensors import as_arrays, decode_tensors, encode_tensors, tensor_digest

MODEL, STATE, RECORD = "model.safetensors", "state.safetensors", "checkpoint.json"
CHECKPOINTS = "checkpoints"
MAXIMUM_MODEL = 256 << 20
MAXIMUM_STATE = 1 << 30
MAXIMUM_RECORD = 4 << 20
_Kind = TypeVar("_Kind", bound=BaseModel)
_EPOCH = re.compile(r"epoch_(\d{4,9})")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read: every check has passed."""

    model: dict[str, np.ndarray] = field(repr=False)
    state: dict[str, np.ndarray] | None = field(repr=False)
    record: CheckpointRecord
    files: dict[str, FileRecord]


def checkpoint_folder(run_folder: Path, epoch: int) -> Path:
    """The folder of an epoch's checkpoint.

    Example:
        >>> checkpoint_folder(Path("runs/mine"), 40).as_posix()
        'runs/mine/checkpoints/epoch_0040'
    """
    return run_folder / CHECKPOINTS / f"epoch_{epoch:04d}"


def write(
    folder: Path,
    model_tensors: Mapping[str, Any],
    state_tensors: Mapping[str, Any] | None,
    record: Mapping[str, Any],
    *,
    replace: bool = False,
) -> None:
    """Write a checkpoint folder; killed at any moment, it leaves all of it or a temporary one never read.

    The state is what a resumed run needs besides: moments of the optimizer, states of generators. Versions,
    kind and tensor digest of the record are filled in, though the torch that made the weights may be named.
    """
    complete = _complete(record, model_tensors)
    contents = {MODEL: encode_tensors(model_tensors, _described(complete))}
    if state_tensors is not None:
        contents[STATE] = encode_tensors(state_tensors, _described(complete))
    files = {name: {"bytes": len(data), "sha256": bytes_digest(data)} for name, data in contents.items()}
    body = {"files": files, "record": complete.model_dump()}
    contents[RECORD] = canonical_json({**body, "digest": json_digest(body)}) + b"\n"
    with new_folder(folder, replace=replace) as temporary:
        for name, data in contents.items():
            (temporary / name).write_bytes(data)


def read(folder: Path, *, with_state: bool = True) -> Checkpoint:
    """Read a checkpoint folder and check every byte of it; the state, too, where it has not been pruned."""
    manifest = _read_manifest(folder / RECORD)
    model, described = _read_tensors(folder / MODEL, manifest, MAXIMUM_MODEL)
    _require_consistent(folder / MODEL, model, described, manifest.record)
    state = None
    if with_state and STATE in manifest.files and (folder / STATE).exists():
        state, described = _read_tensors(folder / STATE, manifest, MAXIMUM_STATE)
        if described != _described(manifest.record):
            raise CheckpointError(
                f"{folder / STATE} belongs to another checkpoint; restore the folder from a copy.",
                "digest_mismatch",
            )
    return Checkpoint(model, state, manifest.record, manifest.files)


def encode_model(model_tensors: Mapping[str, Any], record: Mapping[str, Any]) -> bytes:
    """Encode a self-describing `model.safetensors`: the record is as in `write`, without its `progress`."""
    complete = _complete({**record, "progress": {}}, model_tensors)
    return encode_tensors(model_tensors, _described(complete))


def read_model(path: Path) -> Checkpoint:
    """Read one self-describing `model.safetensors`, checking its tensors against the digest in its header.

    The header itself is vouched for by nothing here: use `read`, or a signed folder, where that matters.
    """
    data = read_bounded(path, maximum=MAXIMUM_MODEL, name="The model file", error=CheckpointError)
    model, described = decode_tensors(data, name=str(path))
    value = parse_json(described.encode(), name=str(path), error=CheckpointError)
    require_known_format(value, "format_version", FORMAT_VERSION, name=str(path), error=CheckpointError)
    record = _validated(CheckpointRecord, value, str(path))
    _require_consistent(path, model, described, record)
    files = {MODEL: FileRecord(bytes=len(data), sha256=bytes_digest(data))}
    return Checkpoint(model, None, record, files)


def list_checkpoints(run_folder: Path) -> list[Path]:
    """The checkpoint folders of a run, by epoch; unfinished ones are passed over.

    Raises:
        CheckpointError: If this user may not look there.
    """
    folder = run_folder / CHECKPOINTS
    with reachable(folder, error=CheckpointError):
        if not folder.is_dir():
            return []
        found = [(_EPOCH.fullmatch(entry.name), entry) for entry in folder.iterdir() if entry.is_dir()]
    return [entry for _, entry in sorted((int(match[1]), entry) for match, entry in found if match)]


def latest(run_folder: Path) -> Path:
    """The run's last checkpoint folder."""
    folders = list_checkpoints(run_folder)
    if not folders:
        raise CheckpointError(
            f"{run_folder} holds no checkpoint; train one, or give another run folder.", "missing_checkpoint"
        )
    return folders[-1]


def prune_state(run_folder: Path, keep: int) -> None:
    """Remove the state of all but the last `keep` checkpoints; their models stay."""
    folders = list_checkpoints(run_folder)
    for path in (folder / STATE for folder in folders[: max(len(folders) - keep, 0)]):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{path} could not be removed: {error.strerror}; check the permissions.", "unwritable"
            ) from error


def _complete(record: Mapping[str, Any], model_tensors: Mapping[str, Any]) -> CheckpointRecord:
    _require_finite(model_tensors, "The model")
    filled = {
        "format_version": FORMAT_VERSION,
        "kind": KIND,
        "tensor_digest": tensor_digest(model_tensors),
        "torch_version": record.get("torch_version") or version("torch"),
    }
    conflicts = sorted(key for key, value in filled.items() if record.get(key, value) != value)
    if conflicts:
        raise CheckpointError(
            f"The record's {', '.join(conflicts)} cannot be chosen; leave it to the checkpoint.",
            "contradictory",
        )
    try:
        plain = parse_json(canonical_json({**record, **filled}), name="The record")
    except RecordError as error:
        raise CheckpointError(str(error), error.code) from error
    return _validated(CheckpointRecord, plain, "The record")


def _described(record: CheckpointRecord) -> str:
    """The text in a tensor file's header."""
    return canonical_json({**record.model_dump(), "progress": {}}).decode()


def _read_manifest(path: Path) -> Manifest:
    data = read_bounded(path, maximum=MAXIMUM_RECORD, name="The checkpoint's record", error=CheckpointError)
    value = parse_json(data, name=str(path), error=CheckpointError)
    record = value.get("record") if isinstance(value, dict) else None
    require_known_format(record, "format_version", FORMAT_VERSION, name=str(path), error=CheckpointError)
    manifest = _validated(Manifest, value, str(path))
    body = {key: item for key, item in value.items() if key != "digest"}
    if manifest.digest != json_digest(body) or data != canonical_json(value) + b"\n":
        raise CheckpointError(
            f"{path} was changed after it was written; restore it from a copy.", "digest_mismatch"
        )
    if not {MODEL} <= set(manifest.files) <= {MODEL, STATE}:
        raise CheckpointError(
            f"{path} names other files than {MODEL} and {STATE}; expected those two.", "damaged_file"
        )
    return manifest


def _read_tensors(path: Path, manifest: Manifest, maximum: int) -> tuple[dict[str, np.ndarray], str]:
    data = read_bounded(path, maximum=maximum, name="The tensor file", error=CheckpointError)
    tensors, described = decode_tensors(data, name=str(path))
    expected = manifest.files[path.name]
    if len(data) != expected.bytes or bytes_digest(data) != expected.sha256:
        raise CheckpointError(
            f"{path} is not the file that its record names (SHA-256 differs); restore it from a copy.",
            "digest_mismatch",
        )
    return tensors, described


def _require_consistent(
    path: Path, model: Mapping[str, np.ndarray], described: str, record: CheckpointRecord
) -> None:
    if described != _described(record):
        raise CheckpointError(
            f"{path} describes itself otherwise than its record; restore the folder from a copy.",
            "digest_mismatch",
        )
    if tensor_digest(model) != record.tensor_digest:
        raise CheckpointError(
            f"{path} holds other weights than its record names; restore it from a copy.", "digest_mismatch"
        )
    _require_finite(model, str(path))


def _require_finite(tensors: Mapping[str, Any], name: str) -> None:
    for key, array in as_arrays(tensors).items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise CheckpointError(
                f"{name} holds NaN or infinite numbers in {key!r}; such weights are of no use.", "not_finite"
            )


def _validated(kind: type[_Kind], value: Any, name: str) -> _Kind:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "record"
        raise CheckpointError(
            f"{name} has a wrong field {where!r}: {first['msg']}.", "damaged_file"
        ) from error
