"""Every term of the objective against an independent computation, and where it degenerates."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Categorical

from fluxttice_core.training import loss_terms as objective

seeds = st.integers(0, 10_000)


def random_logits(seed: int, rows: int = 6, cells: int = 4, base: int = 3, scale: float = 2.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(rows, cells, base, generator=generator, dtype=torch.float64)


def random_classes(seed: int, rows: int = 6, cells: int = 4, base: int = 3) -> Tensor:
    return torch.randint(base, (rows, cells), generator=torch.Generator().manual_seed(seed + 1))


def random_latents(seed: int, rows: int = 40, dimensions: int = 3, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(rows, dimensions, generator=generator, dtype=torch.float64)


# --- distortion ----------------------------------------------------------------------------------


@given(seed=seeds)
def test_distortion_agrees_with_torch_distributions(seed: int) -> None:
    logits, classes = random_logits(seed), random_classes(seed)
    expected = -Categorical(logits=logits).log_prob(classes).sum(1).mean()  # type: ignore[no-untyped-call]
    assert objective.distortion(logits, classes).item() == pytest.approx(expected.item(), rel=1e-12)


def test_distortion_of_confident_outputs() -> None:
    logits = torch.full((1, 2, 3), -1e4)
    logits[:, :, 0] = 1e4
    right, wrong = torch.zeros(1, 2, dtype=torch.int64), torch.ones(1, 2, dtype=torch.int64)
    assert objective.distortion(logits, right).item() == 0.0
    assert objective.distortion(logits, wrong).item() == pytest.approx(4e4)


# --- rate ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("free_bits", [0.0, 0.5, 2.0])
def test_rate_agrees_with_numpy(free_bits: float) -> None:
    mu, logvar = random_latents(0), random_latents(1)
    m, v = mu.numpy(), logvar.numpy()
    divergence = 0.5 * (m**2 + np.exp(v) - v - 1)
    expected = np.maximum(divergence, free_bits).sum(1).mean()
    assert objective.rate(mu, logvar, free_bits=free_bits).item() == pytest.approx(expected, rel=1e-12)


def test_free_bits_hold_for_every_row_and_dimension() -> None:
    # One far row and one row at the prior: a floor under the batch mean would cost 2.25, this costs 2.5.
    mu = torch.tensor([[3.0], [0.0]], dtype=torch.float64)
    found = objective.rate(mu, torch.zeros(2, 1, dtype=torch.float64), free_bits=0.5).item()
    assert found == pytest.approx((4.5 + 0.5) / 2)


def test_free_bits_of_sixteen_dimensions_cost_at_least_eight_nats() -> None:
    mu, logvar = random_latents(0, dimensions=16, scale=0.1), random_latents(1, dimensions=16, scale=0.1)
    assert objective.rate(mu, logvar, free_bits=0.5).item() == 8.0
    assert objective.rate(mu, logvar).item() < 1.0


def test_rate_passes_no_gradient_below_the_floor() -> None:
    mu = torch.tensor([[0.1, 3.0]], requires_grad=True)
    objective.rate(mu, torch.zeros(1, 2), free_bits=0.5).backward()  # type: ignore[no-untyped-call]
    assert mu.grad is not None
    assert mu.grad.tolist() == [[0.0, 3.0]]


# --- output entropy ------------------------------------------------------------------------------


@given(seed=seeds)
def test_output_entropy_agrees_with_torch_distributions(seed: int) -> None:
    logits = random_logits(seed)
    expected = Categorical(probs=logits.softmax(-1).mean(0)).entropy().sum()  # type: ignore[no-untyped-call]
    assert objective.output_entropy(logits).item() == pytest.approx(expected.item(), rel=1e-9)


def test_output_entropy_of_confident_outputs_has_a_finite_slope() -> None:
    logits = torch.zeros(4, 2, 3)
    logits[:, :, 0] = 1e4  # softmax gives exact zeros, where the slope of -p ln p is infinite
    logits.requires_grad_()
    entropy = objective.output_entropy(logits)
    entropy.backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert entropy.item() == pytest.approx(0.0, abs=1e-6)


# --- repulsion -----------------------------------------------------------------------------------


@given(seed=seeds, scale=st.floats(0.3, 3.0))
def test_repulsion_agrees_with_a_double_loop(seed: int, scale: float) -> None:
    z = random_latents(seed, rows=5)
    rows = z.tolist()
    pairs = [
        math.exp(-sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / scale**2)
        for i, x in enumerate(rows)
        for j, y in enumerate(rows)
        if i != j
    ]
    assert objective.repulsion(z, scale=scale).item() == pytest.approx(sum(pairs) / len(pairs), rel=1e-9)


def test_repulsion_of_one_row_is_zero() -> None:
    assert objective.repulsion(torch.ones(1, 4), scale=0.5).item() == 0.0


def test_repulsion_of_coinciding_rows_has_a_finite_slope() -> None:
    z = torch.zeros(3, 4, requires_grad=True)
    closeness = objective.repulsion(z, scale=0.5)
    closeness.backward()  # type: ignore[no-untyped-call]
    assert closeness.item() == 1.0
    assert z.grad is not None
    assert torch.isfinite(z.grad).all()


# --- histogram entropy ---------------------------------------------------------------------------


def numpy_histogram_entropy(z: np.ndarray) -> float:
    total = 0.0
    for column in z.T:
        counts, _ = np.histogram(column, bins=50, range=(-3.0, 3.0))
        shares = counts[counts > 0] / max(counts.sum(), 1)
        total -= float((shares * np.log(shares)).sum())
    return float(total / z.shape[1])


@given(seed=seeds, scale=st.floats(0.05, 3.0))
def test_histogram_entropy_agrees_with_numpy(seed: int, scale: float) -> None:
    z = random_latents(seed, rows=200, scale=scale)
    found = objective.histogram_entropy(z).item()
    assert found == pytest.approx(numpy_histogram_entropy(z.numpy()), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.01] * 8, 0.0),
        ([0.01, 1.0] * 4, math.log(2)),
        ([-3.0, 3.0], math.log(2)),  # both ends belong to a bin
        ([0.01, 1.0, 5.0, -7.0], math.log(2)),  # what lies outside is left out
        ([9.0, -9.0], 0.0),  # nothing inside
        ([math.nan, 0.01], 0.0),
        ([math.inf, -math.inf, 0.01, 1.0], math.log(2)),
        ([0.5], 0.0),
    ],
)
def test_histogram_entropy_by_hand(values: list[float], expected: float) -> None:
    assert objective.histogram_entropy(torch.tensor(values)[:, None]).item() == pytest.approx(expected)


def test_histogram_entropy_passes_no_gradient() -> None:
    z = random_latents(0).requires_grad_()
    assert not objective.histogram_entropy(z).requires_grad


# --- all -----------------------------------------------------------------------------------------


TERMS_OF_ONE_ROW: dict[str, Callable[[], Tensor]] = {
    "distortion": lambda: objective.distortion(torch.zeros(1, 4, 3), torch.zeros(1, 4, dtype=torch.int64)),
    "rate": lambda: objective.rate(torch.zeros(1, 3), torch.zeros(1, 3), free_bits=0.5),
    "output entropy": lambda: objective.output_entropy(torch.zeros(1, 4, 3)),
    "repulsion": lambda: objective.repulsion(torch.zeros(1, 3), scale=0.5),
    "histogram entropy": lambda: objective.histogram_entropy(torch.zeros(1, 3)),
}


SLOPES: dict[str, tuple[Callable[..., Tensor], tuple[Tensor, ...]]] = {
    "distortion": (lambda x: objective.distortion(x, random_classes(0)), (random_logits(0),)),
    "rate": (
        lambda m, v: objective.rate(m, v, free_bits=0.3),
        (random_latents(0, rows=5), random_latents(1, rows=5)),
    ),
    "output entropy": (objective.output_entropy, (random_logits(0),)),
    "repulsion": (lambda x: objective.repulsion(x, scale=0.7), (random_latents(0, rows=5),)),
}


@pytest.mark.parametrize("name", SLOPES)
def test_every_term_has_the_gradient_of_finite_differences(name: str) -> None:
    term, at = SLOPES[name]
    assert torch.autograd.gradcheck(term, tuple(point.requires_grad_() for point in at))


@pytest.mark.parametrize("name", TERMS_OF_ONE_ROW)
def test_every_term_of_one_row_is_a_finite_scalar(name: str) -> None:
    value = TERMS_OF_ONE_ROW[name]()
    assert value.shape == ()
    assert math.isfinite(value.item())
