"""Coverage at every budget and by every rule: right for generators that are known, and drawn in full."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import (
    ConstantDecoder,
    DeltaDecoder,
    HalfSupportLookup,
    QuantileLookup,
    UniformSampler,
)
from fluxttice_core.metrics.coverage import coverage_figures
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.measuring import Watched, by_quantity
from tests.refusals import refused

SPACE = OperationSpace(base=2, arity=3)
SETTINGS = MeasurementSettings(draws=(100, 400), repeats=6, repeated_up_to=100, long_repeats=4)


@dataclass(frozen=True)
class ShortSampler:
    """A sampler that draws fewer than it is asked for."""

    space: OperationSpace

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randint(self.space.size, (n - 1,), generator=generator)


@dataclass(frozen=True)
class AlienSampler:
    """A sampler of another space."""

    space: OperationSpace

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.full((n,), self.space.size, device=generator.device)


@pytest.mark.parametrize("source", [QuantileLookup(SPACE), UniformSampler(SPACE)])
def test_a_perfect_generator_reaches_its_ceiling(source: QuantileLookup | UniformSampler) -> None:
    inside = 0
    for seed in range(20):
        settings = SETTINGS.with_only(seed=seed)
        found = by_quantity(coverage_figures(source, "a", settings))["efficiency/argmax/400"]
        inside += found.low <= 1 <= found.high
    assert inside >= 16


@pytest.mark.parametrize("rule", ["argmax", "categorical", "expectation"])
def test_a_collapsed_generator_scores_low(rule: str) -> None:
    found = by_quantity(coverage_figures(DeltaDecoder(SPACE, 5), "a", SETTINGS))
    assert found[f"coverage/{rule}/400"].value == 1 / SPACE.size
    assert found[f"efficiency/{rule}/400"].high < 0.01
    assert found[f"equivalent_uniform_budget/{rule}/400"].value == pytest.approx(1.0)


def test_a_generator_of_half_the_space_never_reaches_more() -> None:
    found = by_quantity(coverage_figures(HalfSupportLookup(SPACE), "a", SETTINGS))
    assert found["coverage/argmax/400"].high <= 0.5


def test_a_constant_decoder_is_perfect_by_categorical_decoding_alone() -> None:
    found = by_quantity(coverage_figures(ConstantDecoder(SPACE), "a", SETTINGS))
    assert found["efficiency/categorical/400"].value > 0.95
    assert found["efficiency/argmax/400"].value < 0.01
    assert found["efficiency/expectation/400"].value < 0.01


def test_the_number_of_threads_changes_nothing() -> None:
    source = QuantileLookup(OperationSpace())
    settings = MeasurementSettings(draws=(40_000,), repeats=2)
    alone = list(coverage_figures(source, "a", settings))
    torch.set_num_threads(3)
    assert list(coverage_figures(source, "a", settings)) == alone


def test_a_sample_smaller_than_its_budget_is_refused() -> None:
    with refused(MeasurementError, "contradictory", "99 operations were drawn for a budget of 100"):
        list(coverage_figures(ShortSampler(SPACE), "a", SETTINGS))


def test_samples_of_another_space_are_refused() -> None:
    message = "an index lies outside 0 to 255: these samples belong to another space"
    with refused(MeasurementError, "out_of_range", message):
        list(coverage_figures(AlienSampler(SPACE), "a", SETTINGS))


def test_one_repeat_does_not_know_its_error() -> None:
    settings = SETTINGS.model_copy(update={"long_repeats": 1})
    found = by_quantity(coverage_figures(QuantileLookup(SPACE), "a", settings))
    assert (found["coverage/argmax/400"].error, found["coverage/argmax/400"].dof) == (math.inf, 0)
    assert found["coverage/argmax/100"].error < math.inf


def test_latents_are_decoded_in_parts_that_fill_every_core() -> None:
    watched = Watched(SPACE)
    assert list(coverage_figures(watched, "a", MeasurementSettings(draws=(5_000,), repeats=2)))
    # On several threads the parts end in any order.
    assert sorted(watched.sizes) == [904, 904, 2048, 2048, 2048, 2048]
