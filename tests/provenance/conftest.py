"""Stand-ins for what people keep: a checkpoint of the original program, a folder to sign, a key."""

from pathlib import Path
from typing import Any

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric import ec

from fluxttice_core.provenance.keys import new_private_key
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files at two depths."""
    path = tmp_path / "model"
    (path / "figures").mkdir(parents=True)
    (path / "model.safetensors").write_bytes(bytes(range(256)) * 8)
    (path / "report.json").write_text('{"coverage":0.92}\n')
    (path / "figures" / "a.svg").write_text("<svg/>")
    (path / "figures-note.txt").write_text("sorted after the folder by its parts, before it by its letters")
    return path


@pytest.fixture(scope="session")
def key() -> ec.EllipticCurvePrivateKey:
    return new_private_key()
