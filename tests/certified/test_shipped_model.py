"""The shipped model is what its report says, and nothing untrained or mislabelled passes for it."""

from pathlib import Path

import numpy as np
import pytest
import torch

import fluxttice_core as fx
from fluxttice_core.errors import CheckpointError
from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.controls import ConstantDecoder, QuantileLookup, ShuffledLabels
from fluxttice_core.metrics.distribution import generative_information
from fluxttice_core.metrics.mass import estimate_mass
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.reconstruction import reconstruction_from_mean
from fluxttice_core.metrics.sampling import DecoderSampler, distinct_count
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.halves import HalfName
from fluxttice_core.model.network_shape import Scheme
from fluxttice_core.spaces.split import split
from fluxttice_core.statistics.coverage import efficiency
from fluxttice_core.storage.pretrained import TrainedModel, certified
from tests.refusals import refused

DRAWS = 50_000
PER_TRIT, EXACT, COVERED, EFFICIENT, INFORMED = 0.99, 1.0, 0.915, 0.995, 0.93


@pytest.fixture(scope="module")
def shipped() -> TrainedModel:
    return fx.certified()


def held_out(model: TrainedModel) -> torch.Tensor:
    assert model.split is not None
    return torch.from_numpy(model.split.held_out)


def reconstructs(half: Autoencoder, rows: torch.Tensor) -> bool:
    found = reconstruction_from_mean(half, rows)
    return found.trit_accuracy > PER_TRIT and found.table_accuracy == EXACT


def reaches(half: Autoencoder) -> bool:
    size = half.space.size
    drawn = DecoderSampler(half, "argmax").sample(DRAWS, torch.Generator().manual_seed(0))
    distinct = distinct_count(drawn, size)
    return distinct / size >= COVERED and efficiency(distinct, size, DRAWS) >= EFFICIENT


def informs(half: Decodable) -> bool:
    mass = estimate_mass(half, 2**18, generator=torch.Generator().manual_seed(0))
    return generative_information(mass).value >= INFORMED


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_half_knows_what_was_held_out_reaches_the_space_evenly_and_informs(
    shipped: TrainedModel, name: str
) -> None:
    half, rows = getattr(shipped, f"vae_{name}"), held_out(shipped)
    assert reconstructs(half, rows)
    assert reaches(half)
    assert informs(half)
    order = torch.randperm(shipped.space.size, generator=torch.Generator().manual_seed(0))
    assert not reconstructs(ShuffledLabels(half, order), rows), "shuffled labels fail to reconstruct"


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scheme", ["independent", "mirrored"])
def test_an_untrained_network_fails_them_all(seed: int, scheme: Scheme) -> None:
    half = untrained_halves(Architecture(), seed, scheme)["b" if seed % 2 else "a"]
    assert isinstance(half, Autoencoder)
    assert not reconstructs(half, torch.from_numpy(split(half.space).held_out))
    assert not reaches(half)
    assert not informs(half)


def test_a_constant_decoder_fails_to_reach(shipped: TrainedModel) -> None:
    drawn = DecoderSampler(ConstantDecoder(shipped.space)).sample(DRAWS, torch.Generator().manual_seed(0))
    assert distinct_count(drawn, shipped.space.size) == 1
    assert not informs(ConstantDecoder(shipped.space))


def test_the_oracle_reaches(shipped: TrainedModel) -> None:
    assert reaches(QuantileLookup(shipped.space))
    assert informs(QuantileLookup(shipped.space))


def test_every_operation_comes_back_from_its_code(shipped: TrainedModel) -> None:
    space = shipped.space
    halves: tuple[HalfName, ...] = ("a", "b")
    for vae in halves:
        decoded = shipped.decode(shipped.encode(np.arange(space.size), vae=vae), vae=vae)
        assert np.array_equal(decoded, space.all_tables())


def test_the_shipped_model_is_that_of_the_standard_recipe(shipped: TrainedModel) -> None:
    assert shipped.recipe_name == "standard"
    assert shipped.parameters == 168_770
    assert shipped.trained


def test_a_package_without_its_model_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    certified.cache_clear()
    monkeypatch.setattr("fluxttice_core.storage.pretrained.resources.files", lambda _: tmp_path)
    with refused(CheckpointError, "missing_checkpoint", "lacks its certified model"):
        certified()
    certified.cache_clear()
