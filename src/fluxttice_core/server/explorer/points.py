"""What the explorer page is told of any space: its words, and a map of at most 65,536 elements."""

import json
from typing import Any

import numpy as np

from fluxttice_core.model.halves import HALVES
from fluxttice_core.server.explorer.data import model_facts, principal_axes
from fluxttice_core.server.explorer.map import EXTENT
from fluxttice_core.server.explorer.once import once
from fluxttice_core.server.served_model import PARTS, Served
from fluxttice_core.shapes import Float32, Int16, Int64
from fluxttice_core.storage.tensors import encode_tensors

MOST_POINTS = 2**16
"""Elements on the map: of larger spaces some, so that its bytes and its time are bounded."""
_OF_SUPPORT = 0.75
_SEED = 0


def shown(served: Served) -> Int64[np.ndarray, "n"]:
    """The elements on the map: all of them, or some of the support and some of what is outside of it."""
    size, target = served.model.space.size, served.model.target
    if size <= MOST_POINTS:
        return np.arange(size)
    rows = np.arange(size) if target is None else target.rows
    outside = size - len(rows)
    source, most = np.random.default_rng(_SEED), max(int(_OF_SUPPORT * MOST_POINTS), MOST_POINTS - outside)
    inside = source.choice(rows, min(most, len(rows)), replace=False)
    absent = np.setdiff1d(np.arange(size), rows) if outside else rows[:0]
    rest = source.choice(absent, min(MOST_POINTS - len(inside), outside), replace=False)
    return np.sort(np.concatenate([inside, rest]))


class SpaceMap:
    """The map of one model, computed when it is first asked for."""

    def __init__(self, served: Served) -> None:
        self._served, self._indices = served, once(lambda: shown(served))
        self._drawn = once(
            lambda: {half: _projected(served.codebooks[half].rows(self._indices())) for half in HALVES}
        )

    def manifest(self) -> bytes:
        """The words of the space, its alphabets, and the axes of its map under both halves, as JSON."""
        served, model, space = self._served, self._served.model, self._served.model.space
        words = {name: getattr(space.nouns, name) for name in ("one", "many", "part", "parts")}
        rows = None if model.target is None else model.target.rows
        document = {
            "model": model_facts(model),
            "space": {
                "name": space.name,
                "described": space.describe(),
                "size": space.size,
                "alphabets": space.alphabets,
                "support": space.size if rows is None else len(rows),
                **words,
            },
            "parts": None if served.parts is None else PARTS,
            "first": 0 if rows is None else int(rows[0]),
            "halves": {half: about for half, (about, _) in self._drawn().items()},
        }
        return json.dumps(document, separators=(",", ":")).encode()

    def points(self) -> bytes:
        """The elements on the map, their places under both halves, and the part of the split of each."""
        indices, parts = self._indices(), self._served.parts
        tensors: dict[str, np.ndarray] = {"index": indices.astype(np.int32)}
        tensors |= {f"places_{half}": places for half, (_, places) in self._drawn().items()}
        if parts is not None:
            tensors["part"] = parts[indices]
        return encode_tensors(tensors, "{}")


def _projected(means: Float32[np.ndarray, "n d"]) -> tuple[dict[str, Any], Int16[np.ndarray, "n 2"]]:
    """Codes along their first two principal axes, as whole numbers up to `EXTENT`, and what says how."""
    centre, axes = principal_axes(means)
    if len(axes) == 1:
        axes = np.vstack([axes, 0 * axes])
    along = (means.astype(np.float64) - centre) @ axes[:2].T
    extent = max(float(np.abs(along).max()), float(np.finfo(np.float32).tiny))
    about = {"centre": centre.tolist(), "axes": axes[:2].tolist(), "extent": extent}
    return about, np.rint(along * (EXTENT / extent)).astype(np.int16)
