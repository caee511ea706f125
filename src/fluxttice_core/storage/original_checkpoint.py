"""Read the original program's pickled checkpoints without executing anything in them.

The names, shapes and types of what the file holds are compared with the original's layout.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.errors import CheckpointError
from fluxttice_core.model.network_shape import NetworkShape
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import bytes_digest
from fluxttice_core.storage.checkpoint_record import UNKNOWN
from fluxttice_core.storage.torch_archive import read_archive

MAXIMUM_FILE = 16 << 20
_HISTORIES = ("H_A_history", "H_B_history", "coverage_A_history", "coverage_B_history")


@dataclass(frozen=True)
class LegacyCheckpoint:
    """The original's checkpoint: the model's tensors, and what the file tells about their training.

    `histories` holds one number an epoch: latent entropies in nats, and operations among 195,000 draws.
    """

    model: dict[str, Tensor]
    epoch: int
    best_validation_loss: float
    histories: dict[str, tuple[float, ...]]
    lambdas: tuple[float, float, float]
    rho: float
    phase: int
    sha256: str
    unknown: tuple[str, ...] = UNKNOWN


def read_legacy(path: Path) -> LegacyCheckpoint:
    """Read a checkpoint of the original program, a pickle written by torch.save."""
    data = read_bounded(path, maximum=MAXIMUM_FILE, name="The checkpoint", error=CheckpointError)
    content = read_archive(data, name=str(path))
    if not isinstance(content, dict):
        raise CheckpointError(
            f"{path} holds a {type(content).__name__}; expected the original program's dictionary.",
            "alien_file",
        )
    return LegacyCheckpoint(
        model=_model(content.get("model"), path),
        epoch=_whole(content, "epoch", path),
        best_validation_loss=_number(content, "best_val_loss", path),
        histories={key: _history(content.get(key), key, path) for key in _HISTORIES},
        lambdas=(
            _number(content, "lambda1", path),
            _number(content, "lambda2", path),
            _number(content, "lambda3", path),
        ),
        rho=_number(content, "rho", path),
        phase=_whole(content, "phase", path),
        sha256=bytes_digest(data),
    )


def _model(state: Any, path: Path) -> dict[str, Tensor]:
    expected = NetworkShape().tensor_shapes  # the defaults are the original's
    if not isinstance(state, dict) or set(state) != set(expected):
        raise CheckpointError(
            f"{path} lacks the original's {len(expected)} tensors under 'model'; it is another model's.",
            "architecture_mismatch",
        )
    for key, shape in expected.items():
        numbers = state[key]
        if not isinstance(numbers, np.ndarray) or numbers.dtype != np.float32 or numbers.shape != shape:
            raise CheckpointError(
                f"{path} has another {key!r} than float32 of shape {shape}; it is another model's.",
                "architecture_mismatch",
            )
        if not np.isfinite(numbers).all():
            raise CheckpointError(
                f"{path} holds NaN or infinite numbers in {key!r}; such weights are of no use.", "not_finite"
            )
    return {key: torch.from_numpy(state[key].astype(np.float32)) for key in sorted(expected)}


def _number(content: Mapping[str, Any], key: str, path: Path) -> float:
    value = content.get(key)
    if not _is_number(value):
        raise CheckpointError(
            f"{path} has no finite number under {key!r}; it is not the original program's.", "alien_file"
        )
    return float(value)


def _whole(content: Mapping[str, Any], key: str, path: Path) -> int:
    value = content.get(key)
    if type(value) is not int or not 0 <= value < 1 << 31:
        raise CheckpointError(
            f"{path} has no count under {key!r}; it is not the original program's.", "alien_file"
        )
    return value


def _history(values: Any, key: str, path: Path) -> tuple[float, ...]:
    if not isinstance(values, list) or not all(_is_number(value) for value in values):
        raise CheckpointError(
            f"{path} has no list of numbers under {key!r}; it is not the original program's.", "alien_file"
        )
    return tuple(float(value) for value in values)


def _is_number(value: Any) -> TypeGuard[int | float]:
    return (type(value) is int and abs(value) < 1 << 53) or (type(value) is float and math.isfinite(value))
