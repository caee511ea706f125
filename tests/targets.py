"""A small model of a target, trained and certified, for every test that asks for one."""

from pathlib import Path

import pytest

import fluxttice_core as fx
from fluxttice_core.certification.certify import certify
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target

CODONS = space_of("codons")
SOME = Target.of(CODONS, range(0, 60, 2), [1.0 + n % 4 for n in range(30)])
"""Every second codon, some of them four times as likely as others."""

SETTINGS = MeasurementSettings(
    draws=(100, 2_000),
    repeats=3,
    rules=("argmax", "categorical"),
    mass_draws=2_048,
    posterior_repeats=2,
    aggregate_draws=16,
    control_mass_draws=2_048,
    control_aggregate_draws=16,
)
SHORT = ("epochs=3", "reach.draws=100", "calibration.draws=1000", "transport.amortisation=null")


@pytest.fixture(scope="session")
def target_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of that target, whose decoders read its table."""
    folder = tmp_path_factory.mktemp("of a target") / "run"
    fx.train(space=CODONS, data=SOME, overrides=SHORT, out=folder)
    return folder


@pytest.fixture(scope="session")
def target_certificate(target_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certified folder of that run, unsigned and without drawings; copy it before changing it."""
    folder = tmp_path_factory.mktemp("target certificate") / "certified"
    certify(target_run, folder, draw=lambda _: {}, settings=SETTINGS)
    return folder
