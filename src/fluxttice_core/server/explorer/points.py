"""What the explorer page is told of any space: its words, and a map of at most 65,536 elements."""

import json
from functools import lru_cache
from typing import Any

import numpy as np

from fluxttice_core.model.halves import HALVES
from fluxttice_core.server.explorer.data import principal_axes
from fluxttice_core.server.explorer.map import EXTENT
from fluxttice_core.server.served_model import PARTS, Served
from fluxttice_core.shapes import Float64, Int64
from fluxttice_core.storage.tensors import encode_tensors
from fluxttice_core.version import __version__

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


def space_manifest(served: Served) -> bytes:
    """The words of the space, its alphabets, and the axes of its map under both halves, as JSON."""
    model, space = served.model, served.model.space
    nouns = space.nouns
    said = ("one", "many", "part", "parts")
    words = {name: getattr(nouns, name) for name in said}
    if nouns.home:
        words |= {"part": "cell", "parts": "cells"}
    document = {
        "version": __version__,
        "model": {
            "recipe": model.recipe_name,
            "epoch": model.epoch,
            "seed": model.seed,
            "digest": model.tensor_digest,
            "parameters": model.parameters,
        },
        "space": {
            "name": space.name,
            "described": space.describe(),
            "size": space.size,
            "alphabets": space.alphabets,
            "support": space.size if model.target is None else len(model.target.rows),
            **words,
        },
        "latents": model.architecture.latent_dim,
        "parts": None if served.parts is None else PARTS,
        "first": int(shown(served)[0] if model.target is None else model.target.rows[-1]),
        "halves": {half: _axes(served)[half] for half in HALVES},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def points_pack(served: Served) -> bytes:
    """The elements on the map, their places under both halves, and the part of the split of each."""
    indices = shown(served)
    tensors: dict[str, np.ndarray] = {"index": indices.astype(np.int32)}
    for half in HALVES:
        about = _axes(served)[half]
        places = _along(served, half, about)
        tensors[f"places_{half}"] = np.rint(places * EXTENT / about["extent"]).astype(np.int16)
    parts = served.parts
    if parts is not None:
        tensors["part"] = parts[indices]
    return encode_tensors(tensors, "{}")


@lru_cache(maxsize=2)
def _axes(served: Served) -> dict[str, dict[str, Any]]:
    """The first two principal axes of the codes on the map, and how far they reach along them."""
    found: dict[str, dict[str, Any]] = {}
    for half in HALVES:
        centre, axes, shares = principal_axes(served.codebooks[half].rows(shown(served)))
        if len(axes) == 1:
            axes, shares = np.vstack([axes, 0 * axes]), np.append(shares, 0.0)
        about = {"centre": centre.tolist(), "axes": axes[:2].tolist(), "shares": shares[:2].round(4).tolist()}
        reach = np.abs(_along(served, half, about)).max()
        found[half] = {**about, "extent": float(max(reach, np.finfo(np.float32).tiny))}
    return found


def _along(served: Served, half: Any, about: dict[str, Any]) -> Float64[np.ndarray, "n 2"]:
    codes = served.codebooks[half].rows(shown(served)).astype(np.float64)
    return np.asarray((codes - np.array(about["centre"])) @ np.array(about["axes"]).T)
