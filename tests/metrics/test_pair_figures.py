"""Two halves together: the same decoder twice agrees with itself, and perfect halves overlap by chance."""

from collections.abc import Callable

import pytest

from fluxttice_core.evaluation.controls import (
    ConstantDecoder,
    HalfSupportSampler,
    QuantileLookup,
    UniformSampler,
)
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.pair_figures import agreement_figures, coupled_figures, set_figures
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split

SPACE = OperationSpace(arity=1)
SETTINGS = MeasurementSettings(draws=(20, 40), long_repeats=200, posterior_repeats=3, aggregate_draws=32)


def by_quantity(found: object) -> dict[str, Figure]:
    return {figure.quantity: figure for figure in found}  # type: ignore[attr-defined]


def test_perfect_halves_overlap_as_chance_has_it() -> None:
    found = by_quantity(set_figures(UniformSampler(SPACE), UniformSampler(SPACE), SETTINGS))
    for name in ("coverage_of_a", "coverage_of_b", "union"):
        figure = found[f"{name}/argmax/40"]
        assert figure.value == pytest.approx(figure.ceiling, abs=4 * figure.error)
    distance = found["jaccard_distance/argmax/40"]
    assert distance.value == pytest.approx(distance.ceiling, abs=0.03)
    assert distance.value == pytest.approx(1 - found["jaccard_similarity/argmax/40"].value)


def test_the_union_is_of_both_and_not_the_larger() -> None:
    found = by_quantity(set_figures(HalfSupportSampler(SPACE), UniformSampler(SPACE), SETTINGS))
    assert found["coverage_of_a/argmax/40"].value < 0.52
    assert found["union/argmax/40"].value > found["coverage_of_b/argmax/40"].value


def test_a_decoder_agrees_with_itself() -> None:
    oracle = QuantileLookup(SPACE)
    settings = SETTINGS.with_only(repeats=3)
    found = by_quantity(agreement_figures(oracle, oracle, settings))
    assert found["agreement/tables/40"].value == found["agreement/trits/40"].value == 1


def test_a_decoder_does_not_agree_with_a_constant_one() -> None:
    settings = SETTINGS.with_only(repeats=3)
    found = by_quantity(
        agreement_figures(QuantileLookup(SPACE), ConstantDecoder(SPACE, latent_dim=3), settings)
    )
    assert found["agreement/tables/40"].value < 0.2


def test_the_coupled_pair_names_its_rho_and_its_rate_is_both_rates() -> None:
    oracle = QuantileLookup(SPACE)
    found = by_quantity(coupled_figures(oracle, oracle, SETTINGS, split(SPACE), 0.25))
    assert all(quantity.startswith("coupled/rho=0.25/") for quantity in found)
    assert found["coupled/rho=0.25/table_accuracy/mean/held_out"].value == 1
    alone = by_quantity(coupled_figures(oracle, oracle, SETTINGS, None, 0.0))
    assert found["coupled/rho=0.25/rate"].value == alone["coupled/rho=0/rate"].value


def test_uncoupled_halves_lose_what_they_lose_alone(linear_model: Callable[..., Autoencoder]) -> None:
    first, second = linear_model(1), linear_model(2)
    settings = SETTINGS.model_copy(update={"posterior_repeats": 40})
    alone = by_quantity(coupled_figures(first, second, settings, None, 0.0))
    mixed = by_quantity(coupled_figures(first, second, settings, None, 1.0))
    of_a, of_b = alone["coupled/rho=0/distortion_of_a"], alone["coupled/rho=0/distortion_of_b"]
    assert of_a.value != pytest.approx(of_b.value, abs=of_a.error)
    assert mixed["coupled/rho=1/distortion_of_a"].value != pytest.approx(of_a.value, abs=of_a.error)
