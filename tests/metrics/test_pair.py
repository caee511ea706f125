"""Two generators side by side: true unions, agreement, and what both reach by chance."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import (
    ConstantDecoder,
    DeltaDecoder,
    HalfSupportSampler,
    QuantileLookup,
    UniformSampler,
)
from fluxttice_core.metrics.pair import (
    Agreement,
    agreement,
    compare_samplers,
    compare_sets,
    set_figures,
)
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.measuring import by_quantity, generator
from tests.refusals import refused

samples = st.lists(st.integers(0, 2**62), max_size=40) | st.lists(st.integers(0, 9), max_size=40)


@given(samples, samples)
def test_comparison_is_that_of_pythons_sets(first: list[int], second: list[int]) -> None:
    found = compare_sets(torch.tensor(first, dtype=torch.int64), torch.tensor(second, dtype=torch.int64))
    a, b = set(first), set(second)
    assert (found.first, found.second, found.union) == (len(a), len(b), len(a | b))
    assert found.intersection == len(a & b)
    assert found.jaccard_similarity == (len(a & b) / len(a | b) if a | b else 1.0)
    assert found.jaccard_distance == 1 - found.jaccard_similarity


def test_samplers_are_compared_by_independent_draws() -> None:
    space = OperationSpace()
    found = compare_samplers(UniformSampler(space), HalfSupportSampler(space), 50_000, generator=generator())
    assert found.second <= found.intersection + space.size - found.first
    assert found.union == found.first + found.second - found.intersection
    assert 0.4 < found.jaccard_similarity < 0.55
    same = compare_samplers(UniformSampler(space), UniformSampler(space), 5000, generator=generator())
    assert same.jaccard_similarity < 0.3


def test_samplers_of_different_spaces_are_refused() -> None:
    with refused(MeasurementError, "space_mismatch", "different spaces"):
        compare_samplers(
            UniformSampler(OperationSpace(2)), UniformSampler(OperationSpace(3)), 5, generator=generator()
        )


def test_a_decoder_agrees_with_itself_and_with_no_other(linear_model: Callable[..., Any]) -> None:
    model, other = linear_model(0, base=3, latent_dim=9), linear_model(1, base=3, latent_dim=9)
    alike = agreement(model, model, 20_000, generator=generator())
    assert (alike.table_agreement, alike.trit_agreement, alike.draws) == (1.0, 1.0, 20_000)
    apart = agreement(model, other, 20_000, generator=generator())
    assert apart.table_agreement < 0.05
    assert abs(apart.trit_agreement - 1 / 3) < 0.15


def test_agreement_counts_cells() -> None:
    space = OperationSpace()
    found = agreement(DeltaDecoder(space, 0), DeltaDecoder(space, 5), 10, generator=generator())
    assert found == Agreement(draws=10, same_tables=0, same_cells=70, cells=9)
    assert found.trit_agreement == 7 / 9


@pytest.mark.parametrize(
    "other",
    [ConstantDecoder(OperationSpace(), 8), QuantileLookup(OperationSpace(3, 1))],
    ids=["latents", "space"],
)
def test_decoders_that_do_not_fit_are_refused(other: ConstantDecoder | QuantileLookup) -> None:
    with refused(MeasurementError, "space_mismatch", "the same space and latent dimensions, not 9 and"):
        agreement(QuantileLookup(OperationSpace()), other, 5, generator=generator())


def test_agreement_needs_a_latent() -> None:
    oracle = QuantileLookup(OperationSpace())
    with refused(MeasurementError, "too_few", "at least one latent"):
        agreement(oracle, oracle, 0, generator=generator())
    assert agreement(oracle, oracle, 1, generator=generator()).same_tables == 1


SPACE = OperationSpace(arity=1)
SETTINGS = MeasurementSettings(draws=(20, 40), long_repeats=200, posterior_repeats=3, aggregate_draws=32)


def test_perfect_halves_overlap_as_chance_has_it() -> None:
    found = by_quantity(set_figures(UniformSampler(SPACE), UniformSampler(SPACE), SETTINGS))
    for name in ("coverage_of_a", "coverage_of_b", "union"):
        figure = found[f"{name}/argmax/40"]
        assert figure.value == pytest.approx(figure.ceiling, abs=4 * figure.error)
    distance = found["jaccard_distance/argmax/40"]
    assert distance.value == pytest.approx(distance.ceiling, abs=0.03)
    assert distance.value == pytest.approx(1 - found["jaccard_similarity/argmax/40"].value)
