"""Drawing the explorer's map anew, after the certified model changed: `make explorer-map`.

It needs the extra `layout` (umap-learn), which nothing else does.
"""

import sys
import warnings
from importlib.metadata import version
from typing import Any

import numpy as np

from fluxttice_core.model.halves import HALVES
from fluxttice_core.server.explorer.map import DrawnMap, as_places, map_file, relative_mass
from fluxttice_core.shapes import Float32, Float64
from fluxttice_core.storage.atomic_write import write_bytes
from fluxttice_core.storage.pretrained import TrainedModel, certified

SETTINGS: dict[str, Any] = {"n_neighbors": 15, "min_dist": 0.25, "init": "pca", "random_state": 42}
MASS_DRAWS = 2**23
_SEED = 0


def draw_layout(means: Float32[np.ndarray, "K d"]) -> Float64[np.ndarray, "K 2"]:
    """Lay codes out in the plane by UMAP, on one thread and with a fixed seed.

    Source: McInnes, Healy and Melville, UMAP (2018), as implemented by umap-learn.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # compiling its dependencies prints deprecations of other packages
        from umap import UMAP

        found = UMAP(n_components=2, n_jobs=1, **SETTINGS).fit_transform(means)
    return np.asarray(found, dtype=np.float64)


def draw_map(model: TrainedModel, draws: int = MASS_DRAWS) -> DrawnMap:
    """Draw the map of a model, with so many draws behind p(x): some minutes."""
    everything = np.arange(model.space.size)
    layout = {"method": "UMAP", "umap-learn": version("umap-learn"), **SETTINGS}
    return DrawnMap(
        layout={half: as_places(draw_layout(model.encode(everything, vae=half))) for half in HALVES},
        mass=relative_mass(model, draws, _SEED),
        about={"model": model.tensor_digest, "layout": layout, "mass": {"draws": draws, "seed": _SEED}},
    )


def main() -> None:
    """Draw the certified model's map and write it into the package."""
    drawn = draw_map(certified()).to_bytes()
    write_bytes(map_file(), drawn)
    sys.stdout.write(f"wrote {map_file().name}: {len(drawn):,} bytes\n")


if __name__ == "__main__":
    main()
