"""A small random model of any space, whose every figure can also be worked out by brute force."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import torch
from jaxtyping import config
from torch import Tensor

from fluxttice_core.operations.space import OperationSpace


@dataclass(frozen=True)
class LinearModel:
    """An autoencoder of linear maps; `gain` 0 makes its decoder constant, a large one nearly certain."""

    space: OperationSpace
    to_logits: Tensor
    to_mean: Tensor
    logvar: float = -1.0

    @property
    def latent_dim(self) -> int:
        return len(self.to_logits)

    def decode_logits(self, z: Tensor) -> Tensor:
        return (z @ self.to_logits).view(len(z), self.space.cells, self.space.base)

    def encode_gaussian(self, tables: Tensor) -> tuple[Tensor, Tensor]:
        mu = tables @ self.to_mean
        return mu, torch.full_like(mu, self.logvar)


@pytest.fixture
def linear_model() -> Callable[..., LinearModel]:
    """Return a function that makes a random linear model from a seed."""

    def make(
        seed: int,
        *,
        base: int = 2,
        arity: int = 2,
        latent_dim: int = 3,
        gain: float = 2.0,
        logvar: float = -1.0,
    ) -> LinearModel:
        generator = torch.Generator().manual_seed(seed)
        space = OperationSpace(base=base, arity=arity)
        to_logits = gain * torch.randn(latent_dim, space.cells * base, generator=generator)
        to_mean = torch.randn(space.cells, latent_dim, generator=generator)
        return LinearModel(space, to_logits, to_mean, logvar)

    return make


@pytest.fixture
def unchecked_types() -> Iterator[None]:
    """Let a wrong type through to the package's own checks, as it would get through to a user's call."""
    before = config.jaxtyping_disable
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", before)
