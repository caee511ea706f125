"""The oracle generalises in every way, a misled one in none, and impossible requests are refused."""

import pytest
import torch

from fluxttice_core.errors import MeasurementError
from fluxttice_core.measurement.controls import QuantileLookup, ShuffledLabels
from fluxttice_core.measurement.generalisation import (
    arithmetic_accuracy,
    composition_accuracy,
    interpolation_betweenness,
    noise_response,
    symmetry_response,
)
from fluxttice_core.measurement.protocol import Autoencoder
from fluxttice_core.operations.space import OperationSpace

SPACE = OperationSpace()
ORACLE = QuantileLookup(SPACE)
A, B, C = torch.randint(SPACE.size, (3, 150), generator=torch.Generator().manual_seed(0))
MISLED = ShuffledLabels(ORACLE, torch.randperm(SPACE.size, generator=torch.Generator().manual_seed(1)))


def shares(model: Autoencoder) -> tuple[float, ...]:
    generator = torch.Generator().manual_seed(2)
    return (
        composition_accuracy(model, A, B),
        noise_response(model, A, flips=2, generator=generator).to_given,
        symmetry_response(model, A).exact,
        interpolation_betweenness(model, A, B),
        arithmetic_accuracy(model, A, B, C),
    )


def test_the_oracle_generalises_in_every_way() -> None:
    assert shares(ORACLE) == (1, 1, 1, 1, 1)


def test_a_misled_encoder_does_in_none() -> None:
    *exact, cells = shares(MISLED)
    assert max(exact) < 0.05
    assert cells < 0.5


def test_turning_symbols_over_is_linear_for_the_oracle_but_not_every_permutation_is() -> None:
    assert symmetry_response(ORACLE, A).linear_fit < 0.5


@pytest.mark.parametrize("flips", [0, 10])
def test_impossible_flips_are_refused(flips: int) -> None:
    with pytest.raises(MeasurementError, match="cannot flip"):
        noise_response(ORACLE, A, flips=flips, generator=torch.Generator())


def test_too_few_operations_for_a_fit_are_refused() -> None:
    with pytest.raises(MeasurementError, match="too few"):
        symmetry_response(ORACLE, A[:30])


def test_arithmetic_that_leaves_the_symbols_everywhere_is_refused() -> None:
    top, bottom = torch.tensor([SPACE.size - 1]), torch.tensor([0])
    with pytest.raises(MeasurementError, match="no cell"):
        arithmetic_accuracy(ORACLE, top, bottom, top)
