"""What every network of the package promises, whatever its sizes: one contract, many networks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import VAE, DualVAE
from fluxttice_core.model.network_shape import Scheme

SMALL = {"latent_dim": 5, "encoder_widths": (12, 8), "exploratory_widths": (7,), "consolidating_width": 10}
ARCHITECTURES = {
    "original": Architecture(),
    "2/2": Architecture(base=2, arity=2, **SMALL),
    "3/1": Architecture(base=3, arity=1, **SMALL),
    "4/1": Architecture(base=4, arity=1, **SMALL),
    "2/4": Architecture(base=2, arity=4, **SMALL),
    "no block": Architecture(base=3, arity=1, **SMALL, consolidating_blocks=0),
    "many layers": Architecture(
        base=3,
        arity=1,
        latent_dim=5,
        encoder_widths=(9, 8, 7, 6),
        exploratory_widths=(5, 6, 7),
        consolidating_width=4,
        consolidating_blocks=3,
    ),
}
SCHEMES: tuple[Scheme, ...] = ("independent", "mirrored")


@dataclass(frozen=True)
class Network:
    """A network within a dual VAE: what goes in, and what shapes come out for n rows."""

    part: Callable[[DualVAE], nn.Module]
    call: Callable[[nn.Module, Tensor], tuple[Tensor, ...]]
    inputs: Callable[[DualVAE, int, torch.Generator], Tensor]
    shapes: Callable[[DualVAE, int], tuple[tuple[int, ...], ...]]


def tables(model: DualVAE, n: int, generator: torch.Generator) -> Tensor:
    symbols = torch.tensor(model.space.symbols, dtype=torch.float32)
    return symbols[torch.randint(model.space.base, (n, model.space.cells), generator=generator)]


def latents(model: DualVAE, n: int, generator: torch.Generator) -> Tensor:
    return torch.randn(n, model.architecture.latent_dim, generator=generator)


def posterior_shapes(model: DualVAE, n: int) -> tuple[tuple[int, ...], ...]:
    return ((n, model.architecture.latent_dim),) * 2


def logit_shapes(model: DualVAE, n: int) -> tuple[tuple[int, ...], ...]:
    return ((n, model.space.cells, model.space.base),)


def autoencode(half: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
    assert isinstance(half, VAE)
    mu, logvar = half.encode_gaussian(x)
    return mu, logvar, half.decode_logits(mu)


def both_halves(model: nn.Module, x: Tensor) -> tuple[Tensor, ...]:
    a, b = model(x, rho=0.25)
    return a.mu, a.logvar, a.logits, b.mu, b.logvar, b.logits


NETWORKS = {
    "encoder A": Network(lambda m: m.encoder_A, lambda f, x: f(x), tables, posterior_shapes),
    "encoder B": Network(lambda m: m.encoder_B, lambda f, x: f(x), tables, posterior_shapes),
    "decoder A": Network(lambda m: m.decoder_A, lambda f, z: (f(z),), latents, logit_shapes),
    "decoder B": Network(lambda m: m.decoder_B, lambda f, z: (f(z),), latents, logit_shapes),
    "StateNet": Network(
        lambda m: m.state_net,
        lambda f, x: (f(x),),
        lambda _, n, g: torch.randn(n, 9, generator=g),
        lambda _, n: ((n, 4),),
    ),
    "half A": Network(
        lambda m: m.vae_a, autoencode, tables, lambda m, n: posterior_shapes(m, n) + logit_shapes(m, n)
    ),
    "half B": Network(
        lambda m: m.vae_b, autoencode, tables, lambda m, n: posterior_shapes(m, n) + logit_shapes(m, n)
    ),
    "whole": Network(
        lambda m: m, both_halves, tables, lambda m, n: (posterior_shapes(m, n) + logit_shapes(m, n)) * 2
    ),
}

every_network = pytest.mark.parametrize("name", NETWORKS)
every_architecture = pytest.mark.parametrize("sizes", ARCHITECTURES)
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def built(sizes: str, seed: int = 0, scheme: Scheme = "independent") -> DualVAE:
    generator = torch.Generator().manual_seed(seed)
    return DualVAE.initialised(ARCHITECTURES[sizes], generator, scheme).eval()


def identical(left: tuple[Tensor, ...], right: tuple[Tensor, ...]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


@every_network
@every_architecture
def test_shapes(name: str, sizes: str) -> None:
    network, model = NETWORKS[name], built(sizes)
    for rows in (0, 1, 6):
        x = network.inputs(model, rows, torch.Generator().manual_seed(1))
        outputs = network.call(network.part(model), x)
        assert tuple(tuple(output.shape) for output in outputs) == network.shapes(model, rows)
        assert all(torch.isfinite(output).all() for output in outputs)


@every_network
@every_architecture
def test_evaluation_is_deterministic_and_leaves_no_trace(name: str, sizes: str) -> None:
    network, model = NETWORKS[name], built(sizes)
    x = network.inputs(model, 6, torch.Generator().manual_seed(1))
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    first = network.call(network.part(model), x)
    assert identical(first, network.call(network.part(model), x))
    assert all(torch.equal(before[key], tensor) for key, tensor in model.state_dict().items())


@every_network
@every_architecture
def test_rows_do_not_see_each_other(name: str, sizes: str) -> None:
    network, model = NETWORKS[name], built(sizes).double()
    x = network.inputs(model, 6, torch.Generator().manual_seed(1)).double()
    together = network.call(network.part(model), x)
    apart = [network.call(network.part(model), row) for row in torch.split(x, 1)]
    for whole, parts in zip(together, zip(*apart, strict=True), strict=True):
        torch.testing.assert_close(whole, torch.cat(parts), rtol=0, atol=1e-12)


@every_network
@every_architecture
def test_saved_and_loaded_weights_give_bit_identical_outputs(name: str, sizes: str) -> None:
    network, model, other = NETWORKS[name], built(sizes, seed=0), built(sizes, seed=1)
    x = network.inputs(model, 6, torch.Generator().manual_seed(1))
    before = network.call(network.part(model), x)
    assert not identical(before, network.call(network.part(other), x))
    file = safetensors.torch.save({key: tensor.clone() for key, tensor in model.state_dict().items()})
    other.load_state_dict(safetensors.torch.load(file))
    assert identical(before, network.call(network.part(other), x))


@every_architecture
@every_scheme
def test_the_generator_alone_decides_the_weights(sizes: str, scheme: Scheme) -> None:
    before = torch.get_rng_state()
    one, same, other = (built(sizes, seed, scheme).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[key], same[key]) for key in one)
    drawn = [key for key in one if one[key].unique().numel() > 1]
    assert drawn
    assert all(not torch.equal(one[key], other[key]) for key in drawn)
    assert torch.equal(torch.get_rng_state(), before)


@every_architecture
def test_drawing_latents_leaves_the_global_random_state_alone(sizes: str) -> None:
    model = built(sizes).train()
    x = tables(model, 6, torch.Generator().manual_seed(1))
    before = torch.get_rng_state()
    generators = [torch.Generator().manual_seed(seed) for seed in (0, 0, 1)]
    draws = [model(x, noise=model.noise(len(x), generator)) for generator in generators]
    assert torch.equal(torch.get_rng_state(), before)
    for half in (0, 1):
        assert torch.equal(draws[0][half].z, draws[1][half].z)
        assert not torch.equal(draws[0][half].z, draws[2][half].z)
        assert not torch.equal(draws[0][half].z, draws[0][half].mu)


@every_architecture
def test_both_halves_offer_what_measurement_asks_for(sizes: str) -> None:
    model = built(sizes)
    for half in (model.vae_a, model.vae_b):
        assert isinstance(half, Autoencoder)
        mu, _ = half.encode_gaussian(torch.from_numpy(model.space.tables(np.arange(4))))
        assert half.latent_dim == mu.shape[1] == model.architecture.latent_dim
        assert half.space == model.space


@every_architecture
def test_halves_share_the_weights_of_the_whole(sizes: str) -> None:
    model = built(sizes)
    inside = {id(parameter) for parameter in model.parameters()}
    for half in (model.vae_a, model.vae_b):
        assert {id(parameter) for parameter in half.parameters()} < inside
