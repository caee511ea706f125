"""A stand-in for what people keep: a checkpoint of the original program."""

from typing import Any

import pytest
import torch

from fluxttice_core.provenance.legacy import original_shapes

ADAMW = {
    "state": {
        0: {"step": torch.tensor(1.0), "exp_avg": torch.ones(3) / 10, "exp_avg_sq": torch.ones(3) / 1000}
    },
    "param_groups": [
        {
            "lr": 0.001,
            "betas": (0.9, 0.999),
            "eps": 1e-08,
            "weight_decay": 0.01,
            "amsgrad": False,
            "maximize": False,
            "foreach": None,
            "capturable": False,
            "differentiable": False,
            "fused": None,
            "decoupled_weight_decay": True,
            "params": [0],
        }
    ],
}
"""The state of `torch.optim.AdamW` after a step on three weights; making one loads a compiler."""


@pytest.fixture
def original() -> dict[str, Any]:
    """The dictionary that the original program saves, after two epochs."""
    generator = torch.Generator().manual_seed(0)
    model = {name: torch.randn(shape, generator=generator) for name, shape in original_shapes().items()}
    return {
        "epoch": 1,
        "model": model,
        "optimizer": ADAMW,
        "best_val_loss": 0.5,
        "H_A_history": [2.5, 3.0],
        "H_B_history": [2.0, 1.5],
        "coverage_A_history": [52, 13783],
        "coverage_B_history": [8700, 11766],
        "lambda1": 0.75,
        "lambda2": 0.5,
        "lambda3": 0.25,
        "rho": 0.125,
        "phase": 1,
        "grad_balance_achieved": True,
        "statenet_corrections": {"delta_lr": [0.5, 0.25]},
    }
