"""A stand-in for what people keep: a checkpoint of the original program."""

from typing import Any

import pytest
import torch

from fluxttice_core.provenance.legacy import original_shapes


@pytest.fixture
def original() -> dict[str, Any]:
    """The dictionary that the original program saves, after two epochs."""
    generator = torch.Generator().manual_seed(0)
    model = {name: torch.randn(shape, generator=generator) for name, shape in original_shapes().items()}
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.AdamW([weight])
    weight.grad = torch.ones(3)
    optimizer.step()
    return {
        "epoch": 1,
        "model": model,
        "optimizer": optimizer.state_dict(),
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
