"""Measure what the shipped model's codes do beyond their own operation: `python -m docs.generalisation`."""

from pathlib import Path
from typing import Any

import torch

from fluxttice_core.evaluation.benchmark import SCHEMES, untrained_halves
from fluxttice_core.evaluation.controls import ShuffledLabels
from fluxttice_core.metrics.generalisation import (
    arithmetic_accuracy,
    composition_accuracy,
    interpolation_betweenness,
    noise_response,
    symmetry_response,
)
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.pretrained import TrainedModel, certified

RESULT = Path(__file__).parent / "results" / "generalisation.json"
ROWS = 200
FLIPS = (1, 2, 3, 5, 9)
_UNTRAINED_SEED = 3


def shares(model: Autoencoder, rows: torch.Tensor) -> dict[str, float]:
    """Every property of one half on three times `ROWS` operations, by name."""
    first, second, third = torch.split(rows, ROWS)
    symmetry = symmetry_response(model, rows)
    found = {
        "reconstruction": reconstruction_from_mean(model, rows).table_accuracy,
        "composition": composition_accuracy(model, first, second),
        "symmetry": symmetry.exact,
        "linear fit": symmetry.linear_fit,
        "interpolation": interpolation_betweenness(model, first, second),
        "arithmetic": arithmetic_accuracy(model, first, second, third),
    }
    for flips in FLIPS:
        noise = noise_response(model, rows, flips=flips, generator=torch.Generator().manual_seed(flips))
        found[f"flips/{flips}/to given"] = noise.to_given
        found[f"flips/{flips}/to clean"] = noise.to_clean
    return found


def held_out(model: TrainedModel) -> torch.Tensor:
    """The operations measured: the first that the model was not trained on."""
    if model.split is None:
        raise SystemExit("the certified model records no split: nothing can be held out")
    return torch.from_numpy(model.split.held_out)[: 3 * ROWS]


def controls(model: TrainedModel) -> dict[str, Autoencoder]:
    """What must fail: untrained networks however drawn, and the model misled about its operations."""
    order = torch.randperm(model.space.size, generator=torch.Generator().manual_seed(0))
    found: dict[str, Autoencoder] = {
        f"shuffled labels, {name}": ShuffledLabels(half, order)
        for name, half in (("A", model.vae_a), ("B", model.vae_b))
    }
    for scheme in SCHEMES:
        for name, half in untrained_halves(model.model.architecture, _UNTRAINED_SEED, scheme).items():
            if isinstance(half, Autoencoder):
                found[f"untrained, {scheme}, {name.upper()}"] = half
    return found


def measured() -> dict[str, Any]:
    """The whole result, with the digest of the weights that it is of."""
    model = certified()
    rows = held_out(model)
    return {
        "tensor_sha256": model.tensor_digest,
        "operations": len(rows),
        "model": {"A": shares(model.vae_a, rows), "B": shares(model.vae_b, rows)},
        "controls": {name: shares(control, rows) for name, control in controls(model).items()},
    }


if __name__ == "__main__":
    write_json(RESULT, measured())
