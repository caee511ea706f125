"""A toy that must be learned: if it is not, something between the rows and the step is broken."""

from typing import Any

import numpy as np
import pytest
import torch

from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.halves import HalfName
from fluxttice_core.training.dataset import rows_of
from tests.training.small_runs import SmallRuns

PLAIN_VAE: dict[str, Any] = {
    "balance": None,
    "controller": None,
    "transport": None,
    "calibration": None,
    "rho": {"kind": "constant", "value": 0.0},
    "optimizer.clip_norm": None,
    "epochs": 100,
    "architecture.encoder_widths": [32, 32],
    "architecture.exploratory_widths": [32],
    "architecture.consolidating_width": 32,
    "optimizer.rate": {"kind": "one_cycle", "peak": 0.02, "epochs": 100, "rise": 0.3},
    "reach.every": 1000,
}
PLAIN_VAE |= {
    f"half_{half}.{name}": value
    for half in "ab"
    for name, value in {
        "beta": {"kind": "constant", "value": 0.02},
        "temperature": {"kind": "constant", "value": 1.0},
        "free_bits": 0.0,
        "output_entropy": 0.0,
        "repulsion": 0.0,
    }.items()
}


@torch.no_grad()
def share_exact(model: DualVAE, half: HalfName, indices: np.ndarray) -> float:
    """Tables that come back exactly from their posterior mean."""
    rows, vae = rows_of(model.space, indices), model.vae(half)
    decoded = vae.decode_logits(vae.encode_gaussian(rows.tables)[0]).argmax(-1)
    return float((decoded == rows.classes).all(1).float().mean())


@pytest.mark.parametrize("seed", [0, 1])
def test_a_plain_vae_learns_27_operations(small: SmallRuns, seed: int) -> None:
    trainer = small.trainer(PLAIN_VAE, seed=seed)
    halves: tuple[HalfName, ...] = ("a", "b")
    assert all(share_exact(trainer.model, half, np.arange(27)) < 0.5 for half in halves)
    small.finish(trainer)
    assert all(share_exact(trainer.model, half, trainer.split.train) == 1.0 for half in halves)


def test_nothing_is_learned_at_a_rate_of_nothing(small: SmallRuns) -> None:
    still = PLAIN_VAE | {"optimizer.rate": {"kind": "constant", "value": 0.0}, "epochs": 3}
    trainer = small.finish(small.trainer(still)).trainer
    assert share_exact(trainer.model, "b", np.arange(27)) < 0.5
