"""Fresh weights: uniform within 1/sqrt(inputs), or mirrored so that the networks are linear maps."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.initialisation import DECODER_GAIN, LOGVAR_BIAS, mirror


def fresh(scheme: str, seed: int = 0) -> DualVAE:
    return DualVAE.initialised(Architecture(), torch.Generator().manual_seed(seed), scheme)  # type: ignore[arg-type]


def linear_layers(model: nn.Module) -> list[nn.Linear]:
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear)]


def test_independent_weights_are_uniform_within_their_bound() -> None:
    for layer in linear_layers(fresh("independent")):
        bound = 1 / math.sqrt(layer.in_features)
        for drawn in (layer.weight, layer.bias):
            assert 0.3 * bound < drawn.abs().max().item() <= bound
        n = layer.weight.numel()
        # sd of the mean is bound / sqrt(3 n); of the mean square bound^2 sqrt(4/45/n)
        assert abs(layer.weight.mean().item()) < 5 * bound / math.sqrt(3 * n)
        assert layer.weight.square().mean().item() == pytest.approx(
            bound**2 / 3, abs=5 * bound**2 * math.sqrt(4 / 45 / n)
        )


def test_normalisations_start_as_the_identity() -> None:
    norms = [layer for layer in fresh("independent").modules() if isinstance(layer, nn.LayerNorm)]
    assert len(norms) == 1
    assert norms[0].weight.tolist() == [1.0] * 32
    assert norms[0].bias.tolist() == [0.0] * 32


def bend(f: Callable[[Tensor], Tensor], x: Tensor, y: Tensor) -> float:
    """How far f(x + y) is from f(x) + f(y) - f(0); 0 for a straight map."""
    return (f(x + y) - f(x) - f(y) + f(torch.zeros_like(x))).abs().max().item()


def pair(width: int, seed: int = 1) -> tuple[Tensor, Tensor]:
    x, y = torch.randn(2, 50, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x, y


@pytest.mark.parametrize("half", ["a", "b"])
def test_mirrored_networks_are_linear_maps(half: Literal["a", "b"]) -> None:
    mirrored, independent = fresh("mirrored").double().vae(half), fresh("independent").double().vae(half)
    assert bend(lambda x: mirrored.encode_gaussian(x)[0], *pair(9)) < 1e-12
    assert bend(mirrored.decode_logits, *pair(16)) < 1e-12
    assert bend(lambda x: independent.encode_gaussian(x)[0], *pair(9)) > 1e-3
    assert bend(independent.decode_logits, *pair(16)) > 1e-3


@pytest.mark.parametrize("half", ["a", "b"])
def test_mirrored_networks_lose_no_entry_and_stretch_none(half: Literal["a", "b"]) -> None:
    vae = fresh("mirrored").double().vae(half)
    encoding = torch.linalg.svdvals(vae.encode_gaussian(torch.eye(9, dtype=torch.float64))[0])
    decoding = torch.linalg.svdvals(vae.decode_logits(torch.eye(16, dtype=torch.float64)).flatten(1))
    assert 0.05 < encoding.min().item() <= encoding.max().item() <= 1 + 1e-6
    assert 0.05 < decoding.min().item() <= decoding.max().item() <= DECODER_GAIN * (1 + 1e-6)


def test_mirrored_posteriors_start_narrow() -> None:
    _, logvar = fresh("mirrored").vae_a.encode_gaussian(torch.eye(9))
    assert logvar.mean().item() == pytest.approx(LOGVAR_BIAS, abs=0.1)
    assert logvar.std().item() < 0.1


@pytest.mark.parametrize("widths", [(4, 10, 3), (4, 11, 3), (4, 11, 7, 3), (3, 1, 2), (5, 2, 2, 2, 4)])
def test_mirrored_layers_are_linear_whatever_their_widths(widths: tuple[int, ...]) -> None:
    layers = [nn.Linear(i, o) for i, o in pairwise(widths)]
    mirror(layers, torch.Generator().manual_seed(0))

    def network(x: Tensor) -> Tensor:
        for layer in layers[:-1]:
            x = layer(x).relu()
        return layers[-1](x)  # type: ignore[no-any-return]

    x, y = torch.randn(2, 30, widths[0], generator=torch.Generator().manual_seed(1)).unbind()
    assert bend(network, x, y) < 1e-5
    if min(widths[1:-1]) >= 2:
        assert network(x).abs().max() > 0.1
