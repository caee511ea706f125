"""The map that is shipped with a model: a non-linear layout of its codes, and p(x) of every operation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int16

from fluxttice_core.errors import CheckpointError
from fluxttice_core.measurement.mass import estimate_mass
from fluxttice_core.model.dual_vae import HalfName
from fluxttice_core.provenance.bounded import read_bounded
from fluxttice_core.provenance.canonical import parse_json
from fluxttice_core.provenance.tensor_file import decode_tensors, encode_tensors
from fluxttice_core.provenance.trained import TrainedModel

HALVES: tuple[HalfName, ...] = ("a", "b")
EXTENT = 32_000
"""Layouts are written as whole numbers from -EXTENT to EXTENT."""
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, eq=False)
class DrawnMap:
    """What takes too long to compute while somebody waits.

    Args:
        layout: For each half, a place in the plane for each operation.
        relative_mass: For each half, K p(x) of each operation: 1 where p is uniform.
        about: The model's digest, how the layout was drawn, and the draws behind p(x).
    """

    layout: dict[HalfName, Int16[np.ndarray, "K 2"]]
    relative_mass: dict[HalfName, Float32[np.ndarray, "K"]]
    about: dict[str, Any]

    def to_bytes(self) -> bytes:
        """Write the map as a safetensors file, the same bytes for the same map."""
        tensors = {f"layout_{half}": torch.from_numpy(self.layout[half]) for half in HALVES}
        tensors |= {f"mass_{half}": torch.from_numpy(self.relative_mass[half]) for half in HALVES}
        return encode_tensors(tensors, json.dumps(self.about, sort_keys=True))


def map_file() -> Path:
    """Where the map of the certified model is."""
    return Path(str(resources.files("fluxttice_core") / "serving" / "explorer_map.safetensors"))


def read_map(model: TrainedModel, path: Path | None = None) -> DrawnMap | None:
    """Read the map of a model, if the file is of this very model.

    Args:
        model: The model.
        path: The file; none: the one shipped with the package.

    Returns:
        The map, or nothing where there is no file or it is of other weights.

    Raises:
        CheckpointError: If the file is damaged.
    """
    path = path or map_file()
    if not path.is_file():
        return None
    name = "the explorer's map"
    data = read_bounded(path, maximum=_LARGEST, name=name, error=CheckpointError)
    tensors, text = decode_tensors(data, name=name)
    about = parse_json(text.encode(), name=name)
    if not isinstance(about, dict) or about.get("model") != model.tensor_digest:
        return None
    shapes: dict[str, tuple[int, ...]] = {f"layout_{half}": (model.space.size, 2) for half in HALVES}
    shapes |= {f"mass_{half}": (model.space.size,) for half in HALVES}
    if {key: tuple(tensor.shape) for key, tensor in tensors.items()} != shapes:
        raise CheckpointError(f"{name} lacks a part: make it again with `make explorer-map`")
    return DrawnMap(
        layout={half: tensors[f"layout_{half}"].numpy() for half in HALVES},
        relative_mass={half: tensors[f"mass_{half}"].numpy() for half in HALVES},
        about=about,
    )


def relative_mass(model: TrainedModel, draws: int, seed: int = 0) -> dict[HalfName, Float32[np.ndarray, "K"]]:
    """Estimate K p(x) of every operation under both halves; 1 everywhere would be uniform.

    Args:
        model: The model.
        draws: Draws from the prior behind the estimate of each half.
        seed: Seed of the draws.

    Raises:
        MeasurementError: If the number of draws is no multiple of 8, or the decoder returns NaN.
    """
    found: dict[HalfName, Float32[np.ndarray, "K"]] = {}
    for half in HALVES:
        mass = estimate_mass(model.model.vae(half), draws, generator=torch.Generator().manual_seed(seed))
        found[half] = (mass.p * model.space.size).astype(np.float32)
    return found


def as_places(points: Float64[np.ndarray, "K 2"]) -> Int16[np.ndarray, "K 2"]:
    """Centre a layout and scale it, alike in both directions, to whole numbers up to `EXTENT`.

    Example:
        >>> as_places(np.array([[0.0, 1.0], [4.0, 3.0]])).tolist()
        [[-32000, -16000], [32000, 16000]]
    """
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max())
    scale = 2 * EXTENT / extent if extent > 0 else 0.0
    return np.asarray(np.rint((points - (low + high) / 2) * scale), dtype=np.int16)


def about_map(model: TrainedModel, layout: Mapping[str, Any], draws: int, seed: int) -> dict[str, Any]:
    """Say what a map is of and how it came about.

    Args:
        model: The model.
        layout: How the layout was drawn.
        draws: Draws behind p(x).
        seed: Their seed.
    """
    return {"model": model.tensor_digest, "layout": dict(layout), "mass": {"draws": draws, "seed": seed}}
