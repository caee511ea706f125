"""Shared by every test: as many threads as it is told, one by itself; small models."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import Phase, settings
from torch.nn import functional

from fluxttice_core.certification.certify import certify
from fluxttice_core.certification.keys import new_private_key
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.gaussian import kl_per_dimension
from fluxttice_core.model.network_shape import NetworkShape
from fluxttice_core.spaces.split import split
from fluxttice_core.storage.atomic_write import write_json
from fluxttice_core.storage.canonical_json import json_digest
from fluxttice_core.storage.checkpoint import checkpoint_folder, read, write
from fluxttice_core.training.adamw import AdamW
from fluxttice_core.training.run import run_settings
from tests.beyond import sampled_certificate as sampled_certificate
from tests.beyond import sampled_run as sampled_run
from tests.measuring import every_message_is_a_clause as every_message_is_a_clause
from tests.measuring import linear_model as linear_model
from tests.measuring import report as report
from tests.measuring import unchecked_types as unchecked_types
from tests.targets import target_certificate as target_certificate
from tests.targets import target_run as target_run

THREADS = int(os.environ.get("FLUXTTICE_TEST_THREADS", "1"))
torch.set_num_threads(THREADS)
settings.register_profile("house", deadline=None, max_examples=50, derandomize=True)
settings.register_profile(
    "mutation", settings.get_profile("house"), phases=(Phase.explicit, Phase.generate), max_examples=20
)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def same_threads() -> None:
    """Begin every test with as many threads, whatever the one before it has left."""
    torch.set_num_threads(THREADS)


SMALL = Architecture(
    arity=1, latent_dim=3, encoder_widths=(48,), exploratory_widths=(48,), consolidating_width=48
)
"""A network for the 27 unary ternary operations."""

SMALL_RECIPE = (
    *("name=small", "epochs=3", "rho={kind: constant, value: 0.1}"),
    *(f"architecture.{name}={value}" for name, value in SMALL.model_dump(mode="json").items()),
)
"""Overrides of the standard recipe by which such a network would be trained."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--small-checkpoint", type=Path, help="the checkpoint of a small network that was trained"
    )


@pytest.fixture(scope="session")
def small_checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint folder of a small network that was really trained, on every row, for a second.

    A run of pytest that another one starts is given the other's.
    """
    given: Path | None = request.config.getoption("--small-checkpoint")
    if given is not None:
        return given
    folder = tmp_path_factory.mktemp("small") / "checkpoint"
    write_small(folder, trained_network(), trained=True)
    return folder


def trained_network(shape: Architecture = SMALL) -> DualVAE:
    """A small network that knows the few elements of its space."""
    generator = torch.Generator().manual_seed(0)
    network = DualVAE.initialised(shape, generator)
    parameters, space = dict(network.named_parameters()), shape.space
    optimizer = AdamW(parameters)
    tables = torch.from_numpy(space.all_tables().copy()).float()
    truth = (tables - space.lowest).long()
    for _ in range(250):
        loss = torch.zeros(())
        for half in network(tables, noise=network.noise(len(tables), generator)):
            loss += functional.cross_entropy(half.logits.transpose(1, 2), truth) * space.cells
            loss += 0.05 * kl_per_dimension(half.mu, half.logvar).sum(-1).mean()
        gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
        named = zip(parameters, gradients, strict=True)
        optimizer.step({name: found for name, found in named if found is not None}, rate=1e-2)
    return network


def write_small(folder: Path, network: DualVAE, *, trained: bool) -> None:
    """Write a checkpoint of a small network, whatever it is worth."""
    write(
        folder,
        network.state_dict(),
        None,
        {
            "space": {"base": 3, "arity": 1},
            "architecture": SMALL.model_dump(mode="json"),
            "recipe": "small",
            "epoch": 400 if trained else 0,
            "steps": 400,
            "seed": 0,
            "trained": trained,
            "settings_digest": None,
            "rho": 0.1,
            "split": {"seed": 42, "digest": split(SMALL.space).digest},
        },
    )


@pytest.fixture(scope="session")
def untrained_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder with random weights, whose record claims that they were trained."""
    folder = tmp_path_factory.mktemp("untrained") / "checkpoint"
    write_small(folder, DualVAE.initialised(SMALL, torch.Generator().manual_seed(7)), trained=True)
    return folder


@pytest.fixture(scope="session")
def small_run(small_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with three checkpoints: untrained, trained, and trained but with blurred decoders."""
    folder = tmp_path_factory.mktemp("run") / "small"
    settings = run_settings("standard", SMALL_RECIPE).model_dump(mode="json")
    write_json(folder / "settings.json", settings)
    trained = read(small_checkpoint)
    fresh = DualVAE.initialised(SMALL, torch.Generator().manual_seed(7)).state_dict()
    blurred = {
        name: 0.9 * tensor if name.startswith(("decoder_A.decoder.2", "decoder_B.fc_out")) else tensor
        for name, tensor in trained.model.items()
    }
    for epoch, tensors in ((1, fresh), (2, trained.model), (3, blurred)):
        record = trained.record.model_dump() | {"epoch": epoch, "settings_digest": json_digest(settings)}
        for own in ("tensor_digest", "torch_version", "format_version", "kind"):
            del record[own]
        write(checkpoint_folder(folder, epoch), tensors, None, record)
    return folder


@pytest.fixture(scope="session")
def small_settings() -> MeasurementSettings:
    """The least that a certificate can be measured with."""
    return MeasurementSettings(
        draws=(50_000,),
        repeats=2,
        long_repeats=1,
        rules=("argmax",),
        mass_draws=2**12,
        posterior_repeats=2,
        aggregate_draws=16,
        control_mass_draws=2**12,
        control_aggregate_draws=16,
    )


def coverage_drawing(report: Report) -> bytes:
    """The first of a certificate's drawings."""
    from fluxttice_core.evaluation.plot_style import encoded
    from fluxttice_core.evaluation.plots import coverage_plot

    return encoded(coverage_plot(report))


@pytest.fixture(scope="session")
def small_certificate(
    small_run: Path, small_settings: MeasurementSettings, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The certified folder of that run, unsigned; copy it before changing it."""
    folder = tmp_path_factory.mktemp("certificate") / "small"
    certify(
        small_run,
        folder,
        draw=lambda report: {"coverage.svg": coverage_drawing(report)},
        settings=small_settings,
    )
    return folder


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
    model = {
        name: torch.randn(shape, generator=generator) for name, shape in NetworkShape().tensor_shapes.items()
    }
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
