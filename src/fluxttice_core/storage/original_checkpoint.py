"""Read the original program's pickled checkpoints without executing anything in them.

The names, shapes and types of what the file holds are compared with the original's layout.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.errors import CheckpointError
from fluxttice_core.model.network_shape import NetworkShape
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import bytes_digest
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


def read_legacy(path: Path) -> LegacyCheckpoint:
    """Read a checkpoint of the original program, a pickle written by torch.save."""
    data = read_bounded(path, maximum=MAXIMUM_FILE, name="The checkpoint", error=CheckpointError)
    content = read_archive(data, name=str(path))
    if not isinstance(content, dict):
        raise CheckpointError(
            f"{path} holds a {type(content).__name__}; expected the original program's dictionary.",
            "alien_file",
        )
    number = partial(_taken, content, "finite number", _is_number, path=path)
    count = partial(_taken, content, "count", _is_count, path=path)
    numbers = partial(_taken, content, "list of numbers", _are_numbers, path=path)
    return LegacyCheckpoint(
        model=_model(content.get("model"), path),
        epoch=count("epoch"),
        best_validation_loss=float(number("best_val_loss")),
        histories={key: tuple(map(float, numbers(key))) for key in _HISTORIES},
        lambdas=(float(number("lambda1")), float(number("lambda2")), float(number("lambda3"))),
        rho=float(number("rho")),
        phase=count("phase"),
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


def _taken(
    content: Mapping[str, Any], what: str, fits: Callable[[Any], bool], key: str, *, path: Path
) -> Any:
    value = content.get(key)
    if not fits(value):
        raise CheckpointError(
            f"{path} has no {what} under {key!r}; it is not the original program's.", "alien_file"
        )
    return value


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 31


def _is_number(value: Any) -> bool:
    return (type(value) is int and abs(value) < 1 << 53) or (type(value) is float and math.isfinite(value))


def _are_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(map(_is_number, values))
