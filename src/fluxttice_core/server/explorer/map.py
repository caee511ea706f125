"""The map that is shipped with a model: a non-linear layout of its codes, and p(x) of every operation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from fluxttice_core.errors import CheckpointError, MeasurementError
from fluxttice_core.metrics.settings import DEFAULT_GROUPS
from fluxttice_core.model.forward import row_chunks
from fluxttice_core.model.halves import HALVES, HalfName
from fluxttice_core.shapes import Float32, Float64, Int16
from fluxttice_core.storage.bounded_read import read_bounded
from fluxttice_core.storage.canonical_json import parse_json
from fluxttice_core.storage.pretrained import TrainedModel
from fluxttice_core.storage.tensors import decode_tensors, encode_tensors

EXTENT = 32_000
"""Layouts are written as whole numbers from -EXTENT to EXTENT."""
_LARGEST = 4 * 1024 * 1024
_TOGETHER = 4_096
"""Draws that are decoded together."""


@dataclass(frozen=True, eq=False)
class RelativeMass:
    """Estimates of K p(x), 1 where p is uniform, and the standard error of one in the quadratic mean."""

    values: Float32[np.ndarray, "K"]
    noise: float


@dataclass(frozen=True, eq=False)
class DrawnMap:
    """What takes too long to compute while somebody waits: places of operations in the plane, and K p(x).

    `about` holds the model's digest, how the layout was drawn, and the draws behind p(x).
    """

    layout: dict[HalfName, Int16[np.ndarray, "K 2"]]
    mass: dict[HalfName, RelativeMass]
    about: dict[str, Any]

    def to_bytes(self) -> bytes:
        """Write the map as a safetensors file, the same bytes for the same map."""
        tensors: dict[str, np.ndarray] = {f"layout_{half}": self.layout[half] for half in HALVES}
        tensors |= mass_tensors(self.mass)
        return encode_tensors(tensors, json.dumps(self.about, sort_keys=True))


def map_file() -> Path:
    """Where the map of the certified model is."""
    return Path(str(resources.files("fluxttice_core") / "server" / "explorer" / "map.safetensors"))


def read_map(model: TrainedModel, path: Path | None = None) -> DrawnMap | None:
    """Read the map of a model, by default as shipped; none if the file is missing or of other weights."""
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
    shapes |= {f"noise_{half}": (1,) for half in HALVES}
    if {key: tuple(tensor.shape) for key, tensor in tensors.items()} != shapes:
        raise CheckpointError(f"{name} lacks a part: make it again with `make explorer-map`", "damaged_file")
    return DrawnMap(
        layout={half: tensors[f"layout_{half}"] for half in HALVES},
        mass={
            half: RelativeMass(tensors[f"mass_{half}"], float(tensors[f"noise_{half}"][0])) for half in HALVES
        },
        about=about,
    )


def mass_tensors(mass: Mapping[HalfName, RelativeMass]) -> dict[str, np.ndarray]:
    """Name the estimates of both halves and their noise as the page reads them."""
    tensors: dict[str, np.ndarray] = {f"mass_{half}": mass[half].values for half in HALVES}
    return tensors | {f"noise_{half}": np.array([mass[half].noise], dtype=np.float32) for half in HALVES}


def relative_mass(model: TrainedModel, draws: int, seed: int = 0) -> dict[HalfName, RelativeMass]:
    r"""Estimate K p(x) of every operation under both halves.

    .. math:: p(x) = \frac1M \sum_m \prod_c p(x_c | z_m)

    The cells are independent given a latent, so the table is parted in two, and p is one matrix product of
    the parts' probabilities. The number of draws must be a multiple of the groups that give the noise.
    """
    if draws < DEFAULT_GROUPS or draws % DEFAULT_GROUPS:
        raise MeasurementError(
            f"{draws} draws cannot be parted in {DEFAULT_GROUPS} groups: give a multiple of it",
            "out_of_range",
        )
    size = model.space.size
    found: dict[HalfName, RelativeMass] = {}
    for half in HALVES:
        source = np.random.default_rng(seed)
        groups = np.stack(
            [_mass(model, half, draws // DEFAULT_GROUPS, source) for _ in range(DEFAULT_GROUPS)]
        )
        variance = groups.var(axis=0, ddof=1).mean() / len(groups)
        found[half] = RelativeMass(
            (groups.mean(axis=0) * size).astype(np.float32), float(size * np.sqrt(variance))
        )
    return found


def _mass(
    model: TrainedModel, half: HalfName, draws: int, source: np.random.Generator
) -> Float64[np.ndarray, "K"]:
    cut = model.space.cells // 2
    total = np.zeros(1)
    for rows in row_chunks(draws, _TOGETHER):
        z = source.standard_normal((rows.stop - rows.start, model.architecture.latent_dim))
        chances = model.decode(z, vae=half, probabilities=True)
        # The first cell is the lowest digit of an index.
        total = total + (_joint(chances[:, cut:]).T @ _joint(chances[:, :cut])).ravel()
    return total / draws


def _joint(chances: Float32[np.ndarray, "n cells base"]) -> Float64[np.ndarray, "n tables"]:
    """The probability of every table of some cells, by index."""
    found = np.ones((len(chances), 1))
    for cell in chances.transpose(1, 0, 2):
        found = (cell[:, :, None] * found[:, None, :]).reshape(len(chances), -1)
    return found


def as_places(points: Float64[np.ndarray, "K 2"]) -> Int16[np.ndarray, "K 2"]:
    """Centre a layout and scale it, alike in both directions, to whole numbers up to `EXTENT`."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = (high - low).max()
    scale = 2 * EXTENT / extent if extent > 0 else 0.0
    return np.asarray(np.rint((points - (low + high) / 2) * scale), dtype=np.int16)
