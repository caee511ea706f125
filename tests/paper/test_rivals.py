"""Models of others: a mixture that is a distribution and learns one, and pythae's decoder read rightly."""

import itertools

import numpy as np
import torch

import fluxttice_core as fx
from paper.rivals import (
    ContinuousMixture,
    PythaeVAE,
    integration_points,
    one_hot,
    trained_mixture,
    training_rows,
)

SMALL = fx.OperationSpace(base=3, arity=1)
ALL = one_hot(torch.from_numpy(SMALL.all_tables().copy()), SMALL)


def test_the_mixture_is_a_distribution() -> None:
    torch.manual_seed(0)
    model, points = ContinuousMixture(SMALL, 4), next(integration_points(256, 4, 0))
    assert torch.isclose(model.log_likelihood(ALL, points).exp().sum(), torch.tensor(1.0), atol=1e-4)


def test_integration_points_are_normal_and_new_each_time() -> None:
    first, second = itertools.islice(integration_points(1024, 2, 0), 2)
    assert not torch.equal(first, second)
    assert first.mean(0).abs().max() < 0.02
    assert (first.std(0) - 1).abs().max() < 0.02


def test_the_mixture_learns_what_is_not_even() -> None:
    # Two tables, each half of the data: a product of even odds would give each a chance of 1/27.
    rows = ALL[[0, 26]]
    model = trained_mixture(rows, SMALL, latent_dim=2, points=128, steps=150, seed=0)
    with torch.inference_mode():
        chances = model.log_likelihood(ALL, next(integration_points(4096, 2, 9))).exp()
    assert chances[[0, 26]].min() > 0.3
    assert np.delete(chances.numpy(), [0, 26]).max() < 0.1


class Bernoullis:
    """A decoder that gives each zero and one a chance by itself."""

    def decoder(self, z: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"reconstruction": torch.tensor([0.5, 0.2, 0.9] * SMALL.cells).repeat(len(z), 1)}


def test_symbols_have_the_chances_of_one_hot_rows_given_that_they_are_such() -> None:
    found = PythaeVAE(Bernoullis(), SMALL).decode_logits(torch.zeros(2, 16)).softmax(-1)[0, 0]
    on, off = np.array([0.5, 0.2, 0.9]), 1 - np.array([0.5, 0.2, 0.9])
    chances = np.array([on[at] * np.delete(off, at).prod() for at in range(3)])
    assert np.allclose(found.numpy(), chances / chances.sum(), atol=1e-5)


def test_training_rows_are_ours() -> None:
    space = fx.OperationSpace()
    rows = training_rows(space)
    assert rows.shape == (15_746, 27)
    assert (rows.sum(1) == space.cells).all()
