"""The mass of every operation: exact where it is known, unbiased where it is drawn."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError, OperationError
from fluxttice_core.evaluation.controls import (
    ConstantDecoder,
    DeltaDecoder,
    HalfSupportLookup,
    QuantileLookup,
)
from fluxttice_core.metrics import mass as module
from fluxttice_core.metrics.decoding import positions_of
from fluxttice_core.metrics.distribution import generative_figures
from fluxttice_core.metrics.mass import _Workspace, chunk_of, estimate_mass, memory_of, outer_product
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.sampling import DecoderSampler, prior_chunks
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from tests.measuring import Watched, generator
from tests.refusals import refused

SPACES = [(2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (4, 1)]


def explicit_mass(model: Decodable, z: Tensor) -> Tensor:
    """Return p(x|z) of every operation for every latent by multiplying nine numbers, in double precision."""
    log_p = model.decode_logits(z).double().log_softmax(-1)
    positions = positions_of(model.space, torch.arange(model.space.size))
    cells = torch.arange(model.space.cells)
    return log_p[:, cells, positions].sum(-1).exp()


@pytest.mark.parametrize(("base", "arity"), SPACES)
def test_few_latents_give_the_explicit_products(
    base: int, arity: int, linear_model: Callable[..., Any]
) -> None:
    model = linear_model(0, base=base, arity=arity, latent_dim=16)
    mass = estimate_mass(model, 6, generator=generator(3), groups=2)
    expected = explicit_mass(model, torch.randn(6, 16, generator=generator(3))[:3])
    assert torch.allclose(torch.from_numpy(mass.groups[0]), expected.mean(0), rtol=1e-4, atol=1e-9)
    entropy = torch.special.entr(expected).sum(1).mean()
    assert mass.conditional_entropies[0] == pytest.approx(float(entropy), rel=1e-4)


def test_a_delta_decoder_gives_a_delta() -> None:
    mass = estimate_mass(DeltaDecoder(OperationSpace(), 1234), 64, generator=generator())
    assert mass.p[1234] == 1.0
    assert np.delete(mass.p, 1234).max() == 0.0
    assert mass.p_argmax[1234] == 1.0
    assert mass.conditional_entropies.max() == 0.0


def test_constant_logits_give_one_in_k() -> None:
    mass = estimate_mass(ConstantDecoder(OperationSpace()), 4096, generator=generator())
    assert np.allclose(mass.p, 1 / 19_683, rtol=1e-6)
    assert mass.conditional_entropies == pytest.approx(9 * math.log(3), rel=1e-6)
    assert mass.p_argmax[0] == 1.0


class OneLatent:
    """Two Boolean cells that follow one latent: p(x) is a one-dimensional integral."""

    space = OperationSpace(2, 1)
    latent_dim = 1

    def decode_logits(self, z: Tensor) -> Tensor:
        slope = torch.tensor([[[0.0, 3.0], [0.0, -1.5]]])
        return z.view(-1, 1, 1) * slope + torch.tensor([0.0, 0.5])


class Steep:
    """Sure of its symbols to one part in 10^9: products of its small probabilities are below 1e-38."""

    space, latent_dim = OperationSpace(), 9

    def decode_logits(self, z: Tensor) -> Tensor:
        """Logits that part 20 apart."""
        return torch.stack([-20 * (z - 1).abs(), -20 * z.abs(), -20 * (z + 1).abs()], 2)


def test_products_too_small_to_matter_are_left_out_and_change_no_figure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They cost some processors ten times the time of all else."""

    def figures() -> tuple[Any, Any]:
        found = estimate_mass(Steep(), 4_096, generator=torch.Generator().manual_seed(0))
        return found.p, found.p_argmax

    flushed = figures()
    tiny, product = [], torch.mul

    def watched(*factors: Any, **others: Any) -> Tensor:
        found = product(*factors, **others)
        bits = found.contiguous().view(torch.int32)  # since as numbers they may be taken for 0
        tiny.append(int(((bits > 0) & (bits < 2**23)).sum()))
        return found

    monkeypatch.setattr(torch, "mul", watched)
    figures()
    assert sum(tiny) == 0
    monkeypatch.setattr("fluxttice_core.metrics.mass.flushed_denormals", nullcontext)
    kept = figures()
    assert sum(tiny) > 10_000
    assert all(np.array_equal(one, other) for one, other in zip(flushed, kept, strict=True))


def test_the_estimate_is_unbiased() -> None:
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    exact = weights / weights.sum() @ explicit_mass(OneLatent(), torch.tensor(nodes)[:, None].float()).numpy()
    for seed in range(3):
        mass = estimate_mass(OneLatent(), 160_000, generator=generator(seed), groups=16)
        error = mass.groups.std(0, ddof=1) / 4
        assert (np.abs(mass.p - exact) < 5 * error).all()
        assert (error < 0.002).all()


@pytest.mark.parametrize("seed", range(3))
def test_mass_is_mass(seed: int, linear_model: Callable[..., Any]) -> None:
    mass = estimate_mass(linear_model(seed, base=3, gain=5.0), 4096, generator=generator(seed))
    assert np.allclose(mass.groups.sum(1), 1, atol=1e-6)
    assert np.allclose(mass.argmax_groups.sum(1), 1, atol=1e-12)
    assert mass.groups.min() >= 0
    assert mass.groups.dtype == mass.argmax_groups.dtype == mass.conditional_entropies.dtype == np.float64
    assert mass.p == pytest.approx(mass.groups.mean(0))
    assert mass.p_argmax == pytest.approx(mass.argmax_groups.mean(0))


def test_argmax_counts_are_those_of_the_sampler(linear_model: Callable[..., Any]) -> None:
    model = linear_model(2, base=3, latent_dim=16)
    mass = estimate_mass(model, 4096, generator=generator(9), groups=2)
    drawn = DecoderSampler(model, "argmax").sample(4096, generator(9))
    counts = np.bincount(drawn[:2048], minlength=19_683)
    assert np.array_equal(mass.argmax_groups[0] * 2048, counts)


def test_the_chunk_changes_rounding_only(linear_model: Callable[..., Any]) -> None:
    model = linear_model(1, base=3, latent_dim=16)
    few = estimate_mass(model, 800, generator=generator(), groups=2, chunk=100)
    whole = estimate_mass(model, 800, generator=generator(), groups=2, chunk=400)
    assert np.allclose(few.groups, whole.groups, rtol=1e-4, atol=1e-10)
    assert np.array_equal(few.argmax_groups, whole.argmax_groups)
    assert few.conditional_entropies == pytest.approx(whole.conditional_entropies, rel=1e-6)


def test_latents_are_decoded_in_chunks_that_suit_the_device_or_as_asked() -> None:
    few, many = Watched(OperationSpace(2)), Watched(OperationSpace(2))
    estimate_mass(many, 10_000, generator=generator(), groups=2)
    assert sorted(many.sizes) == [904, 904, 4096, 4096]
    estimate_mass(few, 10, generator=generator(), groups=2, chunk=3)
    assert sorted(few.sizes) == [2, 2, 3, 3]


def test_the_number_of_threads_changes_nothing(linear_model: Callable[..., Any]) -> None:
    model = linear_model(1, base=3)
    alone = estimate_mass(model, 4096, generator=generator(), chunk=256)
    torch.set_num_threads(2)
    together = estimate_mass(model, 4096, generator=generator(), chunk=256)
    assert np.array_equal(alone.groups, together.groups)
    assert np.array_equal(alone.conditional_entropies, together.conditional_entropies)


def test_groups_are_independent_and_seeded(linear_model: Callable[..., Any]) -> None:
    model = linear_model(1)
    mass = estimate_mass(model, 400, generator=generator())
    assert (mass.draws, mass.groups.shape, mass.space) == (400, (8, 16), model.space)
    assert len(np.unique(mass.conditional_entropies)) == 8
    assert np.array_equal(mass.groups, estimate_mass(model, 400, generator=generator()).groups)
    assert not np.array_equal(mass.groups, estimate_mass(model, 400, generator=generator(1)).groups)


@pytest.mark.parametrize("low", [-math.inf, -1e30])
def test_impossible_symbols_get_no_mass_and_no_entropy(low: float) -> None:
    logits = torch.tensor([[0.0, low], [low, 3.0], [1.0, low], [0.0, 0.0]])
    mass = estimate_mass(ConstantDecoder(OperationSpace(2), 2, logits), 16, generator=generator())
    assert np.flatnonzero(mass.p).tolist() == [2, 10]
    assert mass.p[[2, 10]] == pytest.approx([0.5, 0.5])
    assert mass.conditional_entropies == pytest.approx(math.log(2))


def test_a_decoders_own_tensors_are_left_alone() -> None:
    logits = torch.randn(4, 2, generator=generator())
    before = logits.clone()
    estimate_mass(ConstantDecoder(OperationSpace(2), 2, logits), 2, generator=generator(), groups=2, chunk=1)
    assert torch.equal(logits, before)


def test_the_oracle_spreads_its_mass_evenly() -> None:
    mass = estimate_mass(QuantileLookup(OperationSpace(2)), 160_000, generator=generator())
    assert np.abs(mass.p - 1 / 16).max() < 5 * math.sqrt(1 / 16 / 160_000)
    assert np.array_equal(mass.p, mass.p_argmax)


def test_a_decoder_that_returns_nan_is_refused() -> None:
    broken = ConstantDecoder(OperationSpace(2), 2, torch.full((4, 2), math.nan))
    with refused(MeasurementError, "not_finite", "not finite"):
        estimate_mass(broken, 16, generator=generator())


@pytest.mark.parametrize(("draws", "groups"), [(16, 1), (15, 8), (4, 8), (0, 2)])
def test_draws_that_cannot_be_shared_out_are_refused(draws: int, groups: int) -> None:
    constant = ConstantDecoder(OperationSpace(2))
    with refused(MeasurementError, "out_of_range", f"{draws} draws cannot be shared out to {groups} groups"):
        estimate_mass(constant, draws, generator=generator(), groups=groups)
    assert estimate_mass(constant, 8, generator=generator()).draws == 8


def test_a_space_that_cannot_be_enumerated_is_refused() -> None:
    with refused(OperationError, "not_enumerable"):
        estimate_mass(ConstantDecoder(OperationSpace(4, 2)), 16, generator=generator())


def test_outer_products_run_with_the_first_cell_fastest() -> None:
    cells = torch.rand(5, 3, 7, generator=generator())
    product = outer_product(list(cells))
    assert product.shape == (243, 7)
    index = 2 + 3 * 0 + 9 * 1 + 27 * 2 + 81 * 1
    expected = cells[0, 2] * cells[1, 0] * cells[2, 1] * cells[3, 2] * cells[4, 1]
    assert torch.allclose(product[index], expected)


def test_outer_products_are_written_where_they_are_told() -> None:
    cells, room = torch.rand(3, 2, 5, generator=generator()), torch.zeros(8, 5)
    product = outer_product(list(cells), out=room)
    assert product.data_ptr() == room.data_ptr()
    assert torch.equal(room, outer_product(list(cells)))


def test_each_factor_keeps_its_own_room() -> None:
    workspace, cells = _Workspace(), torch.rand(3, 2, 5, generator=generator())
    first, other = workspace.product("first", list(cells), 5), workspace.product("other", list(cells), 5)
    assert workspace.product("first", list(cells + 1), 5).data_ptr() == first.data_ptr() != other.data_ptr()
    assert torch.equal(first, outer_product(list(cells + 1)))
    assert torch.equal(other, outer_product(list(cells)))
    assert workspace.product("first", list(cells[..., :3]), 3).shape == (8, 3)


@pytest.mark.parametrize("lookup", [QuantileLookup, HalfSupportLookup])
def test_what_is_certain_is_counted_and_not_multiplied(
    lookup: type[QuantileLookup], monkeypatch: pytest.MonkeyPatch, linear_model: Callable[..., Any]
) -> None:
    space = OperationSpace(3, 1)
    by_products = np.zeros(space.size)
    own = generator()
    for _ in range(8):
        for z in prior_chunks(space.cells, 100, own, chunk=100):
            by_products += explicit_mass(lookup(space), z).sum(0).numpy()
    monkeypatch.setattr("fluxttice_core.metrics.mass.outer_product", None)
    mass = estimate_mass(lookup(space), 800, generator=generator(), chunk=100)
    assert np.allclose(mass.p, by_products / 800, rtol=0, atol=1e-15)
    with pytest.raises(TypeError):
        estimate_mass(linear_model(0), 800, generator=generator())


CPU = torch.device("cpu")


def test_fewer_latents_are_taken_at_a_time_where_factors_are_large() -> None:
    assert chunk_of(OperationSpace(), CPU) == 4096
    assert chunk_of(space_of("peptide:5"), CPU) == 2**22 // (20**2 + 20**3)
    assert chunk_of(OperationSpace(), torch.device("cuda")) == 65_536
    assert chunk_of(space_of("bits:24"), CPU) == 2**22 // 2**13


def test_memory_is_bounded_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    space = space_of("peptide:5")
    assert 0.3e9 < memory_of(space, 8, chunk_of(space, CPU)) < 0.6e9
    largest = space_of("bits:24")
    assert memory_of(largest, 8, chunk_of(largest, CPU)) < module.LARGEST_MEMORY
    taken = AssertionError("memory was taken")
    monkeypatch.setattr(module, "_empty", lambda *_: (_ for _ in ()).throw(taken))
    constant = ConstantDecoder(largest)
    with refused(MeasurementError, "too_costly", "GB, and 4 are the most: give fewer groups"):
        estimate_mass(constant, 64, generator=generator(), groups=64)
    with refused(MeasurementError, "too_costly", "or a smaller chunk"):
        estimate_mass(constant, 8, generator=generator(), chunk=10**6)
    with pytest.raises(AssertionError, match="memory was taken"):
        estimate_mass(constant, 8, generator=generator())


def test_large_spaces_are_kept_in_single_precision_to_the_same_figures(
    monkeypatch: pytest.MonkeyPatch, linear_model: Callable[..., Any]
) -> None:
    model = linear_model(1, base=3)
    double = estimate_mass(model, 4096, generator=generator())
    monkeypatch.setattr(module, "_LARGEST_IN_DOUBLE", 100)
    single = estimate_mass(model, 4096, generator=generator())
    assert single.groups.dtype == single.argmax_groups.dtype == np.float32
    assert np.allclose(single.groups, double.groups, rtol=1e-5, atol=1e-12)
    assert single.p.dtype == single.p_argmax.dtype == np.float64
    found, due = (generative_figures(mass) for mass in (single, double))
    for name in ("nll", "entropy", "generative_information", "effective_number_2"):
        one, other = getattr(found, name), getattr(due, name)
        assert one.value == pytest.approx(other.value, rel=1e-5)
        assert one.error == pytest.approx(other.error, rel=1e-3)
    brackets = (found.total_variation, due.total_variation)
    assert brackets[0].raw == pytest.approx(brackets[1].raw, rel=1e-5)
    assert brackets[0].lower.value == pytest.approx(brackets[1].lower.value, rel=1e-4)


@pytest.mark.parametrize("name", ["01^2xACG^1xACGT^2", "ACGT^3x01^1xACG^2", "01^5"])
def test_cells_are_parted_where_the_tables_of_both_parts_are_fewest(name: str) -> None:
    space = space_of(name)
    bases = space.bases
    least = min(math.prod(bases[:cut]) + math.prod(bases[cut:]) for cut in range(len(bases)))
    assert memory_of(space, 3, 10) == 2 * 3 * space.size * 8 + 4 * 8 * space.size + 12 * least * 10


@dataclass(frozen=True)
class OnePosition:
    """A decoder of a single position, whose logits are the latent and 0."""

    space: ProductSpace
    latent_dim: int = 1

    def decode_logits(self, z: Tensor) -> Tensor:
        return torch.stack([z[:, 0], torch.zeros(len(z)), 2 * z[:, 0]], dim=-1).unsqueeze(1)


def test_a_space_of_one_position_has_the_mean_of_its_softmax() -> None:
    space = space_of("ACG^1")
    mass = estimate_mass(OnePosition(space), 64, generator=generator(2), groups=2, chunk=10)
    stream = generator(2)
    z = torch.cat([z for _ in range(2) for z in prior_chunks(1, 32, stream, chunk=10)])
    p = OnePosition(space).decode_logits(z)[:, 0].double().softmax(-1)
    assert mass.p.tolist() == pytest.approx(p.mean(0).tolist(), rel=1e-5)
    assert mass.groups[0].tolist() == pytest.approx(p[:32].mean(0).tolist(), rel=1e-5)
    entropy = -(p * p.log()).sum(-1)
    assert mass.conditional_entropies.tolist() == pytest.approx(
        [float(entropy[:32].mean()), float(entropy[32:].mean())], rel=1e-5
    )
    assert mass.p_argmax.tolist() == pytest.approx((p.argmax(-1).bincount(minlength=3) / 64).tolist())
