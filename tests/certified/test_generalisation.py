"""The shipped model generalises in five ways that no untrained or mislabelled network does."""

from collections.abc import Callable, Iterator

import pytest
import torch

import fluxttice_core as fx
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

ROWS = 200
Property = Callable[[Autoencoder, torch.Tensor], bool]


def flipped(model: Autoencoder, rows: torch.Tensor, flips: int) -> bool:
    found = noise_response(model, rows, flips=flips, generator=torch.Generator().manual_seed(flips))
    return found.to_given >= 0.99 and found.to_clean == 0


PROPERTIES: dict[str, Property] = {
    "reconstruction": lambda m, rows: reconstruction_from_mean(m, rows).table_accuracy >= 0.99,
    "composition": lambda m, rows: composition_accuracy(m, rows[:ROWS], rows[ROWS : 2 * ROWS]) >= 0.99,
    "symmetry": lambda m, rows: symmetry_response(m, rows).exact >= 0.99,
    "one flip": lambda m, rows: flipped(m, rows, 1),
    "three flips": lambda m, rows: flipped(m, rows, 3),
    "interpolation": lambda m, rows: interpolation_betweenness(m, rows[:ROWS], rows[ROWS : 2 * ROWS]) >= 0.95,
    "arithmetic": lambda m, rows: arithmetic_accuracy(m, *torch.split(rows, ROWS)) >= 0.97,
}


@pytest.fixture(scope="module")
def held_out() -> torch.Tensor:
    split = fx.certified().split
    assert split is not None
    return torch.from_numpy(split.held_out)[: 3 * ROWS]


def controls() -> Iterator[Autoencoder]:
    shipped = fx.certified()
    order = torch.randperm(shipped.space.size, generator=torch.Generator().manual_seed(0))
    yield from (ShuffledLabels(half, order) for half in (shipped.vae_a, shipped.vae_b))
    for scheme in SCHEMES:
        for half in untrained_halves(shipped.model.architecture, 3, scheme).values():
            assert isinstance(half, Autoencoder)
            yield half


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_shipped_model_has_it(name: str, held_out: torch.Tensor) -> None:
    for half in (fx.certified().vae_a, fx.certified().vae_b):
        assert PROPERTIES[name](half, held_out)


@pytest.mark.parametrize("name", PROPERTIES)
def test_no_control_has_it(name: str, held_out: torch.Tensor) -> None:
    for control in controls():
        assert not PROPERTIES[name](control, held_out)


def test_permuting_symbols_is_not_linear_in_its_latents(held_out: torch.Tensor) -> None:
    for half in (fx.certified().vae_a, fx.certified().vae_b):
        assert symmetry_response(half, held_out).linear_fit < 0.5
