"""A model of a space that cannot be written out, made by hand and certified, for tests that ask for one."""

from pathlib import Path

import pytest
import torch

from fluxttice_core.certification.certify import certify
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.spaces.space_name import space_record
from fluxttice_core.spaces.split import split
from fluxttice_core.storage import checkpoint
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.canonical_json import json_digest
from fluxttice_core.storage.checkpoint import checkpoint_folder
from fluxttice_core.training.run import run_settings

BITS = 25
NAME = f"01^{BITS}"
WIDTHS = {"encoder_widths": [2 * BITS], "exploratory_widths": [2 * BITS], "consolidating_width": 2 * BITS}
SETTINGS = MeasurementSettings(draws=(100_000,))
EPOCHS = 3
_MIDDLE = 0.6745
"""Half of the prior lies farther from 0."""


def quantile_network() -> DualVAE:
    """A network whose latents are read by their signs, and whose codes lie in the middle of each side."""
    network = DualVAE(Architecture.model_validate({"space": NAME, **WIDTHS}))
    both = torch.cat([torch.eye(BITS), -torch.eye(BITS)])  # max(0, x) - max(0, -x) = x
    signs = torch.kron(torch.eye(BITS), torch.tensor([[-1.0, 1.0]]))
    known = {
        **dict.fromkeys(("encoder_A.encoder.0.weight", "encoder_B.encoder.0.weight"), both @ signs),
        **dict.fromkeys(("encoder_A.fc_mu.weight", "encoder_B.fc_mu.weight"), _MIDDLE * both.T),
        **dict.fromkeys(("encoder_A.fc_logvar.bias", "encoder_B.fc_logvar.bias"), torch.tensor(-6.0)),
        **dict.fromkeys(("decoder_A.decoder.0.weight", "decoder_B.fc_in.weight"), both),
        **dict.fromkeys(("decoder_A.decoder.2.weight", "decoder_B.fc_out.weight"), 20 * signs.T @ both.T),
    }
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            tensor.copy_(known.get(name, torch.tensor(0.0)))
    return network


def write_run(folder: Path, network: DualVAE, *, epoch: int = EPOCHS, split_known: bool = True) -> None:
    """A run folder whose last checkpoint holds a network."""
    shape = network.architecture.model_dump(mode="json")
    overrides = (*(f"architecture.{key}={value}" for key, value in shape.items()), f"epochs={EPOCHS}")
    settings = run_settings("standard", overrides).model_dump(mode="json")
    write_json(folder / "settings.json", settings)
    record = {
        "space": space_record(network.space),
        "architecture": shape,
        "recipe": "standard",
        "epoch": epoch,
        "steps": 1,
        "seed": 0,
        "trained": True,
        "settings_digest": json_digest(settings),
        "rho": 0.0,
        "split": {"seed": 42, "digest": split(network.space).digest} if split_known else None,
    }
    checkpoint.write(checkpoint_folder(folder, epoch), network.state_dict(), None, record)


@pytest.fixture(scope="session")
def sampled_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of it."""
    folder = tmp_path_factory.mktemp("beyond") / "run"
    write_run(folder, quantile_network())
    return folder


@pytest.fixture(scope="session")
def sampled_certificate(sampled_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certified folder of that run, unsigned; copy it before changing it."""
    folder = tmp_path_factory.mktemp("sampled certificate") / "certified"
    certify(sampled_run, folder, draw=lambda _: {}, settings=SETTINGS)
    return folder
