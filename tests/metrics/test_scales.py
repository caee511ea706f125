"""Scales: what a figure's name settles, against values known otherwise and against every figure measured."""

import math
from itertools import pairwise

import pytest
from scipy.stats import norm

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.scales import Scale, histogram_entropy_of_prior, scale_of
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.statistics.coverage import ceiling

K = 19_683
SETTINGS = MeasurementSettings()


def scale(quantity: str, dimensions: int = 16) -> Scale:
    return scale_of(quantity, size=K, dimensions=dimensions, settings=SETTINGS)


@pytest.mark.parametrize(
    ("quantity", "due"),
    [
        ("generative_information", Scale("ratio", "higher", 1.0, 2**20)),
        ("nll", Scale("nats", "lower", math.log(K), 2**20)),
        ("entropy", Scale("nats", "higher", math.log(K), 2**20)),
        ("effective_number_1", Scale("operations", "higher", float(K), 2**20)),
        ("effective_number_2", Scale("operations", "higher", float(K), 2**20)),
        ("memorisation", Scale("ratio", "neither", 1.0, 2**20)),
        ("kl_from_uniform", Scale("nats", "lower", 0.0, 2**20)),
        ("total_variation", Scale("fraction", "lower", 0.0, 2**20)),
        ("rate", Scale("nats", "neither", math.log(K))),
        ("rate_per_dimension", Scale("nats", "neither", math.log(K) / 16)),
        ("active_units", Scale("dimensions", "neither", 16.0)),
        ("distortion", Scale("nats", "lower", 0.0, 8)),
        ("rate_plus_distortion", Scale("nats", "lower", math.log(K), 8)),
        ("code_information", Scale("nats", "higher", math.log(K), 2_048)),
        ("marginal_kl", Scale("nats", "lower", 0.0, 2_048)),
        ("table_accuracy/mean/held_out", Scale("fraction", "higher", 1.0, None, "argmax")),
        ("trit_accuracy/draw/all", Scale("fraction", "higher", 1.0, 8, "argmax")),
        ("coupled/rho=0.26/distortion_of_b", Scale("nats", "lower", 0.0, 8)),
        ("equivalent_uniform_budget/argmax/10000", Scale("draws", "higher", 10_000.0, 10_000, "argmax")),
        ("agreement/trits/50000", Scale("fraction", "neither", 1.0, 50_000, "argmax")),
    ],
)
def test_the_name_settles_the_rest(quantity: str, due: Scale) -> None:
    assert scale(quantity) == due


@pytest.mark.parametrize("budget", [1, 10_000, 195_000])
def test_the_ceiling_of_a_count_is_what_uniform_draws_show(budget: int) -> None:
    best = ceiling(K, budget)
    found = scale(f"coverage/categorical/{budget}")
    assert (found.unit, found.better, found.draws, found.rule) == (
        "fraction",
        "higher",
        budget,
        "categorical",
    )
    assert math.isclose(found.ceiling, best.fraction, rel_tol=1e-12)
    assert found.ceiling_sd is not None
    assert math.isclose(found.ceiling_sd, best.sd / K, rel_tol=1e-9, abs_tol=1e-12)
    efficiency = scale(f"efficiency/categorical/{budget}")
    assert (efficiency.unit, efficiency.ceiling) == ("ratio", 1.0)
    assert efficiency.ceiling_sd == pytest.approx(best.sd / best.expected, abs=1e-12)
    expected = scale(f"expected_coverage/categorical/N={budget}")
    assert (expected.ceiling, expected.draws, expected.rule) == (found.ceiling, SETTINGS.mass_draws, None)


def test_the_ceilings_of_two_sets_are_those_of_uniform_draws() -> None:
    one, both = ceiling(K, 50_000).fraction, ceiling(K, 100_000).fraction
    assert scale("coverage_of_b/argmax/50000").ceiling == pytest.approx(one)
    assert scale("union/argmax/50000").ceiling == pytest.approx(both)
    common = 2 * one - both
    assert scale("jaccard_similarity/argmax/50000").ceiling == pytest.approx(common / both)
    assert scale("jaccard_distance/argmax/50000").ceiling == pytest.approx(1 - common / both)


def test_the_entropies_of_latents_are_those_of_the_prior() -> None:
    assert scale("latent_entropy/differential", 3).ceiling == pytest.approx(3 * norm.entropy())
    edges = [norm.cdf(-3 + 0.12 * k) for k in range(51)]
    masses = [(b - a) / (edges[-1] - edges[0]) for a, b in pairwise(edges)]
    assert histogram_entropy_of_prior() == pytest.approx(-sum(p * math.log(p) for p in masses))
    assert scale("latent_entropy/histogram").ceiling == histogram_entropy_of_prior()


@pytest.mark.parametrize(
    "quantity",
    [
        *("", "weather", "rate/10", "coverage/argmax", "coverage/argmax/", "coverage/argmax/05", "union/10"),
        *("coverage/best/10", "coupled/rho=0/weather", "coupled/rho=/x/rate", "agreement/argmax/10"),
        *("table_accuracy/mean/other", "expected_coverage/argmax/N=5", "coverage/argmax/99999999999"),
    ],
)
def test_no_report_holds_another_figure(quantity: str) -> None:
    with pytest.raises(MeasurementError, match="is no figure of a report"):
        scale(quantity)
