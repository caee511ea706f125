"""Figures of p(x) for generators whose distribution is known."""

from collections.abc import Iterable

import numpy as np
import pytest

from fluxttice_core.evaluation.controls import (
    ConstantDecoder,
    DeltaDecoder,
    HalfSupportLookup,
    QuantileLookup,
)
from fluxttice_core.metrics.mass import MassEstimate
from fluxttice_core.metrics.mass_figures import figures_of_mass, mass_figures
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.series import TOTAL_MASS, Series
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split
from fluxttice_core.statistics.coverage import expected_distinct

SPACE = OperationSpace(base=2, arity=2)
SETTINGS = MeasurementSettings(draws=(10, 40), mass_draws=16_384)


def by_quantity(found: Iterable[Figure | Series]) -> dict[str, Figure]:
    return {item.quantity: item for item in found if isinstance(item, Figure)}


def test_even_odds_are_the_uniform_distribution_without_information() -> None:
    found = by_quantity(mass_figures(ConstantDecoder(SPACE), "a", SETTINGS, split(SPACE)))
    for quantity in ("nll", "entropy", "conditional_entropy"):
        assert found[quantity].value == pytest.approx(SPACE.log_size, abs=1e-5)
    for quantity in ("generative_information", "kl_from_uniform", "kl_to_uniform"):
        assert found[quantity].value == pytest.approx(0, abs=1e-5)
    assert found["effective_number_1"].value == pytest.approx(SPACE.size, rel=1e-5)
    assert found["memorisation"].value == pytest.approx(1, abs=1e-5)
    for n in SETTINGS.draws:
        expected = found[f"expected_coverage/categorical/N={n}"]
        assert expected.value == pytest.approx(expected_distinct(SPACE.size, n) / SPACE.size, abs=1e-5)


@pytest.mark.parametrize("rounding", [1 - 6e-7, 1 + 3e-8, 1 + 6e-7])
def test_rounding_does_not_lift_the_curve_above_what_is_possible(rounding: float) -> None:
    p = np.full((16, SPACE.size), rounding / SPACE.size)
    mass = MassEstimate(SPACE, 1_024, p, p, np.zeros(16))
    found = list(figures_of_mass(mass, "a", SETTINGS, None))
    (curve,) = (
        item for item in found if isinstance(item, Series) and item.name == "expected_coverage/categorical"
    )
    best = [expected_distinct(SPACE.size, round(n)) / SPACE.size for n in curve.x]
    assert all(share <= most + 1e-15 for share, most in zip(curve.y, best, strict=True))
    assert curve.y == pytest.approx(best, rel=1e-6)


def test_the_oracle_s_information_is_all_there_is() -> None:
    found = by_quantity(mass_figures(QuantileLookup(SPACE), "a", SETTINGS, None))
    assert found["generative_information"].value == pytest.approx(1, abs=0.01)
    assert found["conditional_entropy"].value == pytest.approx(0, abs=1e-6)
    assert found["argmax_divergence"].value == pytest.approx(0, abs=0.01)
    assert found["kl_from_uniform"].value == pytest.approx(0, abs=0.01)


def test_a_collapsed_generator_has_one_effective_operation() -> None:
    found = by_quantity(mass_figures(DeltaDecoder(SPACE, 5), "a", SETTINGS, None))
    assert found["effective_number_2"].value == pytest.approx(1)
    assert found["generative_information"].value == pytest.approx(0, abs=1e-6)
    assert found["argmax_divergence"].value == pytest.approx(SPACE.log_size, abs=0.01)


def test_half_of_the_space_is_infinitely_surprising() -> None:
    found = by_quantity(mass_figures(HalfSupportLookup(SPACE), "a", SETTINGS, None))
    nll = found["nll"]
    assert (nll.value, nll.low, nll.high) == (float("inf"),) * 3
    assert found["effective_number_1"].value == pytest.approx(SPACE.size / 2, rel=0.01)


def test_memorisation_is_known_only_with_the_split() -> None:
    assert "memorisation" not in by_quantity(mass_figures(ConstantDecoder(SPACE), "a", SETTINGS, None))


def test_the_curves_are_those_of_the_distribution() -> None:
    series = {
        s.name: s for s in mass_figures(ConstantDecoder(SPACE), "a", SETTINGS, None) if isinstance(s, Series)
    }
    assert series[TOTAL_MASS].y[0] == pytest.approx(1)
    assert set(series["sorted_mass/categorical"].y) == {1.0}
    coverage = series["expected_coverage/categorical"]
    assert coverage.x[0] == 1
    assert coverage.x[-1] == 40
    assert coverage.y[0] == pytest.approx(1 / SPACE.size)
    assert list(coverage.y) == sorted(coverage.y)


def test_the_curve_of_expected_coverage_ends_at_the_largest_budget() -> None:
    settings = SETTINGS.with_only(draws=[2])
    *_, curve = mass_figures(ConstantDecoder(SPACE), "a", settings, None)
    assert isinstance(curve, Series)
    assert curve.x == (1.0, 2.0)
