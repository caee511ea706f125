"""What the tests of measurements share: a model that can be worked out by brute force, and a small report."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import torch
from jaxtyping import config
from torch import Tensor

from fluxttice_core.errors import ErrorCode, FluxtticeError, MeasurementError
from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.controls import ConstantDecoder
from fluxttice_core.evaluation.measure import measure
from fluxttice_core.evaluation.report import Report
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split
from fluxttice_core.statistics.intervals import Interval


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def by_quantity(found: Iterable[object]) -> dict[str, Figure]:
    """The figures among what was measured, by what they are of."""
    return {item.quantity: item for item in found if isinstance(item, Figure)}


def exact(value: float, **others: Any) -> Figure:
    """A figure that is known without error, whatever else is said of it."""
    usual = {"quantity": "G", "half": "a", "unit": "ratio", "direction": "higher", "ceiling": 1.0}
    return Figure(value=value, **{**usual, **others})


def sampled(value: float, width: float, **others: Any) -> Figure:
    """A figure with the half-width of its interval."""
    drawn = {"estimator": "monte_carlo", "draws": 100, "seed": 0}
    interval = Interval(value, value - width, value + width, 0.95, "normal")
    return exact(value, interval=interval, **{**drawn, **others})


@dataclass(frozen=True)
class Watched(ConstantDecoder):
    """A constant decoder that notes how many latents it is given at a time."""

    sizes: list[int] = field(default_factory=list)

    def decode_logits(self, z: Tensor) -> Tensor:
        self.sizes.append(len(z))
        return super().decode_logits(z)


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


MIXED = re.compile(r"[a-z.][A-Z]|[A-Z]{2}[a-z]|[a-z]\.$")
"""Capitals inside a word, or a full stop: no sentence of ours has them, but for names and what it quotes."""

NAMES = re.compile(r"NaN|NumPy|^'.*?'")


@pytest.fixture
def every_message_is_a_clause(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is refused during a test is refused in words that fit behind a program's name and a colon."""
    messages: list[str] = []

    def noted(error: MeasurementError, sentence: str, code: ErrorCode) -> None:
        FluxtticeError.__init__(error, sentence, code)
        messages.append(str(error))

    monkeypatch.setattr(MeasurementError, "__init__", noted)
    yield
    assert [message for message in messages if MIXED.search(NAMES.sub("", message))] == []


@pytest.fixture
def unchecked_types() -> Iterator[None]:
    """Let a wrong type through to the package's own checks, as it would get through to a user's call."""
    before = config.jaxtyping_disable
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", before)


ARCHITECTURE = Architecture(arity=1, latent_dim=5)
SETTINGS = MeasurementSettings(
    draws=(20, 50),
    repeats=3,
    long_repeats=2,
    mass_draws=1024,
    posterior_repeats=2,
    aggregate_draws=16,
    control_mass_draws=1024,
    control_aggregate_draws=16,
)


@pytest.fixture(scope="session")
def report() -> Report:
    untrained = partial(untrained_halves, ARCHITECTURE)
    return measure(
        untrained(99), untrained=untrained, settings=SETTINGS, split=split(ARCHITECTURE.space), title="small"
    )
