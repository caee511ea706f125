"""A small report, measured once: unary ternary operations, an untrained model."""

import pytest
import torch

from fluxttice_core.measurement.figures import Halves
from fluxttice_core.measurement.measure import measure
from fluxttice_core.measurement.report import Report
from fluxttice_core.measurement.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.operations.split import split

ARCHITECTURE = Architecture(arity=1, latent_dim=5)
SETTINGS = MeasurementSettings(
    draws=(20, 50),
    repeats=3,
    long_repeats=2,
    mass_draws=1024,
    posterior_repeats=2,
    aggregate_draws=16,
    control_mass_draws=1024,
    control_aggregate_draws=16,
)


@pytest.fixture(scope="session")
def report() -> Report:
    def untrained(seed: int) -> Halves:
        network = DualVAE.initialised(ARCHITECTURE, torch.Generator().manual_seed(seed)).eval()
        return {"a": network.vae_a, "b": network.vae_b}

    return measure(
        untrained(99), untrained=untrained, settings=SETTINGS, split=split(ARCHITECTURE.space), title="small"
    )
