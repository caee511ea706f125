"""The map onto any target: every element gets its mass, whatever is outside of the support none."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, norm

from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from fluxttice_core.training.conditional_map import ConditionalMap
from fluxttice_core.training.transport import Assignment, quantile_cells

MIXED = space_of("01^3xACGT^2xABC^1")


def some(space: ProductSpace, n: int, seed: int = 0) -> Target:
    generator = np.random.default_rng(seed)
    chosen = generator.choice(space.size, n, replace=False)
    return Target.of(space, chosen, generator.exponential(size=n) + 0.05)


def prior(n: int, space: ProductSpace) -> torch.Tensor:
    return torch.randn(n, space.cells, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [1, 2, 60, MIXED.size])
def test_every_element_gets_its_mass_and_none_falls_outside(size: int) -> None:
    target, n = some(MIXED, size), 200_000
    cells = ConditionalMap(target).cells(prior(n, MIXED))
    counts = np.bincount(MIXED.indices(cells.numpy()), minlength=MIXED.size)
    assert counts.sum() == counts[target.rows].sum() == n
    expected = n * target.q
    assert ((counts[target.rows] - expected) ** 2 / expected).sum() < chi2.isf(1e-6, max(size - 1, 1))


def test_an_even_target_has_the_quantile_cells_of_a_whole_space() -> None:
    space = space_of("ACGT^3")
    z = prior(5_000, space)
    own = Assignment(torch.arange(3), torch.ones(3))
    found = ConditionalMap(Target.of(space, range(space.size))).cells(z)
    assert (found == quantile_cells(z, own, bases=space.bases)).double().mean() > 0.9999


def test_an_element_is_the_box_of_the_latents_that_give_it() -> None:
    target = some(MIXED, 60)
    mapped, z = ConditionalMap(target), prior(20_000, MIXED)
    low, high = mapped.edges(mapped.cells(z))
    assert ((z >= low - 1e-4) & (z <= high + 1e-4)).all()
    other = mapped.edges(mapped.cells(z).roll(1, 0))
    assert not ((z >= other[0] - 1e-4) & (z <= other[1] + 1e-4)).all()


@given(st.integers(1, 60), st.integers(0, 1_000))
@settings(max_examples=20)
def test_the_boxes_of_a_target_hold_its_probabilities(size: int, seed: int) -> None:
    target = some(MIXED, size, seed)
    tables = torch.from_numpy(MIXED.tables(target.rows).astype(np.int64))
    low, high = (edge.double().numpy() for edge in ConditionalMap(target).edges(tables))
    assert np.allclose((norm.cdf(high) - norm.cdf(low)).prod(1), target.q, atol=1e-5)


def test_focus_moves_numbers_next_to_thresholds_that_are_there() -> None:
    space = space_of("01^2")
    mapped = ConditionalMap(Target.of(space, [0, 2, 3], [2.0, 1.0, 1.0]))  # 00, 01, 11
    z = prior(20_000, space)
    moved = mapped.focused(z, focus=1.0, width=1e-6, generator=torch.Generator().manual_seed(1))
    assert {round(value, 3) for value in moved[:, 0].tolist()} == {round(float(norm.ppf(0.75)), 3)}
    first = mapped.cells(moved)[:, 0]
    assert {round(value, 3) for value in moved[first == 0, 1].tolist()} == {round(float(norm.ppf(2 / 3)), 3)}
    assert torch.equal(moved[first == 1, 1], z[first == 1, 1])  # after 1 comes 1: no threshold
    same = mapped.focused(z, focus=0.0, width=0.1, generator=torch.Generator().manual_seed(1))
    assert torch.equal(same, z)


def test_crossings_are_the_density_of_the_thresholds() -> None:
    even = ConditionalMap(Target.of(space_of("ACGT^2"), range(16)))
    cuts = norm.ppf([0.25, 0.5, 0.75])
    assert even.crossings == pytest.approx(2 * norm.pdf(cuts).sum(), rel=1e-6)
    two = ConditionalMap(Target.of(space_of("01^2"), [0, 2, 3], [2.0, 1.0, 1.0]))
    expected = norm.pdf(norm.ppf(0.75)) + 0.75 * norm.pdf(norm.ppf(2 / 3))
    assert two.crossings == pytest.approx(expected, rel=1e-6)
    assert ConditionalMap(Target.of(space_of("01^2"), [3])).crossings == pytest.approx(0.0, abs=math.ulp(1))
