"""Figures of the mass: closed forms, known generators, and errors that are as large as they say."""

import math
from dataclasses import fields

import numpy as np
import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import (
    ConstantDecoder,
    DeltaDecoder,
    HalfSupportLookup,
    QuantileLookup,
)
from fluxttice_core.metrics.distribution import (
    Floored,
    argmax_divergence,
    argmax_mass_outside,
    conditional_entropy,
    coverage_from_mass,
    divergences,
    effective_number,
    entropy,
    figures_of_mass,
    generative_figures,
    generative_information,
    mass_figures,
    mass_outside,
    memorisation,
    negative_log_likelihood,
)
from fluxttice_core.metrics.mass import MassEstimate, estimate_mass
from fluxttice_core.metrics.metric import Series
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.total_variation import Bracket
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.coverage import expected_coverage, expected_distinct
from fluxttice_core.statistics.estimate import Estimate
from tests.measuring import by_quantity, generator
from tests.refusals import refused

SPACE = OperationSpace(2)
H = 4 * math.log(2)


def mass_of(p: np.ndarray, *, conditional: float = 0.0, groups: int = 4, draws: int = 400) -> MassEstimate:
    """Return an estimate without noise: every group holds the same p."""
    rows = np.tile(p, (groups, 1))
    return MassEstimate(SPACE, draws, rows, rows.copy(), np.full(groups, conditional))


def skewed() -> np.ndarray:
    return np.random.default_rng(1).dirichlet(np.full(16, 0.7))


def noisy(seed: int, p: np.ndarray, *, groups: int = 8, each: int = 50) -> MassEstimate:
    """Return an estimate whose groups are shares of multinomial draws from p."""
    rows = np.random.default_rng(seed).multinomial(each, p, groups) / each
    return MassEstimate(SPACE, groups * each, rows, rows.copy(), np.zeros(groups))


def test_closed_forms_of_a_known_distribution() -> None:
    p = skewed()
    spread = -float((p * np.log(p)).sum())
    found = generative_figures(mass_of(p, conditional=0.5))
    assert found.nll.value == pytest.approx(-np.log(p).mean())
    assert found.nll_plug_in == pytest.approx(-np.log(p).mean())
    assert found.kl_from_uniform.value == pytest.approx(-np.log(p).mean() - H)
    assert found.kl_to_uniform.value == pytest.approx(H - spread)
    assert found.entropy.value == pytest.approx(spread)
    assert found.conditional_entropy.value == pytest.approx(0.5)
    assert found.generative_information.value == pytest.approx((spread - 0.5) / H)
    assert found.effective_number_1.value == pytest.approx(math.exp(spread))
    assert found.effective_number_2.value == pytest.approx(1 / (p**2).sum())
    assert found.total_variation.raw == pytest.approx(0.5 * np.abs(p - 1 / 16).sum())
    assert found.argmax_divergence.raw.value == pytest.approx(H - spread)
    assert found.argmax_total_variation.raw == pytest.approx(0.5 * np.abs(p - 1 / 16).sum())


def test_figures_without_noise_have_no_error() -> None:
    found = generative_figures(mass_of(skewed()))
    for field in fields(found):
        figure = getattr(found, field.name)
        estimate = figure.raw if isinstance(figure, Floored) else figure
        if isinstance(figure, Bracket):
            assert figure.lower.error == pytest.approx(0, abs=1e-12)
        if isinstance(estimate, Estimate):
            assert estimate.error == pytest.approx(0, abs=1e-12)
            assert estimate.dof == 3


def test_a_delta_decoder_has_one_operation_and_no_likelihood() -> None:
    found = generative_figures(estimate_mass(DeltaDecoder(SPACE, 3), 80, generator=generator()))
    assert (found.nll.value, found.nll.error) == (math.inf, math.inf)
    assert found.nll_plug_in == math.inf
    assert found.kl_from_uniform.value == math.inf
    assert found.entropy.value == pytest.approx(0)
    assert found.generative_information.value == pytest.approx(0)
    assert found.effective_number_1.value == pytest.approx(1)
    assert found.total_variation.raw == pytest.approx(15 / 16)
    assert found.kl_to_uniform.value == pytest.approx(H)


def test_the_oracle_scores_one_within_its_interval() -> None:
    covered = 0
    for seed in range(5):
        mass = estimate_mass(QuantileLookup(OperationSpace(3, 1)), 80_000, generator=generator(seed))
        figure = generative_information(mass)
        assert abs(figure.value - 1) < 1e-3
        covered += figure.interval(0.99).contains(1.0)
        assert argmax_divergence(mass).corrected.value == pytest.approx(0, abs=5e-4)
    assert covered >= 4


def test_half_the_support_loses_the_logarithm_of_two() -> None:
    mass = estimate_mass(HalfSupportLookup(SPACE), 80_000, generator=generator())
    found = generative_figures(mass)
    assert found.generative_information.value == pytest.approx(3 / 4, abs=1e-3)
    assert found.total_variation.raw == pytest.approx(0.5, abs=1e-2)
    assert found.nll.value == math.inf


def test_extrapolation_removes_the_bias_of_few_draws() -> None:
    p = skewed() * 0.5 + 0.5 / 16
    truth = -float(np.log(p).mean())
    estimates = [negative_log_likelihood(noisy(seed, p)) for seed in range(200)]
    plugged = [generative_figures(noisy(seed, p)).nll_plug_in for seed in range(200)]
    spread = np.std([e.value for e in estimates]) / math.sqrt(200)
    assert np.mean(plugged) - truth > 6 * spread
    assert abs(np.mean([e.value for e in estimates]) - truth) < 4.5 * spread + 0.004


def test_intervals_of_the_entropy_cover_it() -> None:
    p = skewed() * 0.5 + 0.5 / 16
    truth = -float((p * np.log(p)).sum())
    covered = sum(entropy(noisy(seed, p, each=200)).interval().contains(truth) for seed in range(400))
    assert 0.92 <= covered / 400 <= 0.98


def test_conditional_entropy_is_a_mean_with_its_error() -> None:
    mass = mass_of(skewed())
    values = np.array([1.0, 2.0, 4.0, 5.0])
    found = conditional_entropy(MassEstimate(SPACE, 400, mass.groups, mass.argmax_groups, values))
    assert found.value == pytest.approx(3)
    assert found.error == pytest.approx(values.std(ddof=1) / 2)


def test_information_carries_the_error_of_both_its_terms() -> None:
    p = skewed()
    values = np.array([1.0, 2.0, 4.0, 5.0])
    mass = MassEstimate(SPACE, 400, np.tile(p, (4, 1)), np.tile(p, (4, 1)), values)
    assert generative_information(mass).error == pytest.approx(values.std(ddof=1) / 2 / H)


def test_effective_numbers_are_offered_of_two_orders() -> None:
    with refused(MeasurementError, "unsupported", "order 1 and 2, not 0"):
        effective_number(mass_of(skewed()), order=0)


def test_the_floor_of_the_divergence_is_what_noise_shows_of_a_uniform_generator() -> None:
    uniform = np.full(16, 1 / 16)
    found = [argmax_divergence(noisy(seed, uniform)) for seed in range(200)]
    assert np.mean([one.raw.value for one in found]) == pytest.approx(found[0].floor, rel=0.15)
    assert found[0].floor == pytest.approx(15 / 800)


def test_a_floor_is_taken_off_and_the_error_kept() -> None:
    corrected = Floored(Estimate(0.75, 0.01, 7.0), 0.25).corrected
    assert corrected == Estimate(0.5, 0.01, 7.0)


def test_coverage_from_mass_is_the_expected_coverage() -> None:
    p = skewed()
    budgets = [0, 5, 50]
    values = [e.value for e in coverage_from_mass(mass_of(p), budgets)]
    assert values == pytest.approx(expected_coverage(p, budgets).tolist())
    loose = coverage_from_mass(noisy(0, p), [20])[0]
    assert 0 < loose.error < 0.05
    assert abs(loose.value - expected_coverage(p, [20])[0]) < 5 * loose.error


def test_memorisation_is_the_ratio_of_mean_masses() -> None:
    p = np.arange(1, 17) / 136
    train, held_out = np.arange(8), np.arange(12, 16)
    found = memorisation(mass_of(p), train=train, held_out=held_out)
    assert found.value == pytest.approx(p[:8].mean() / p[12:].mean())
    assert memorisation(mass_of(np.full(16, 1 / 16)), train=train, held_out=held_out).value == pytest.approx(
        1
    )


def test_what_never_gets_mass_was_never_learned() -> None:
    p = np.eye(16)[0]
    assert memorisation(mass_of(p), train=np.arange(4), held_out=np.arange(4, 8)).value == math.inf


@pytest.mark.parametrize(("train", "held_out"), [([0, 1], [1, 2]), ([], [1]), ([1], [])])
def test_memorisation_needs_two_separate_sets(train: list[int], held_out: list[int]) -> None:
    with refused(MeasurementError, "too_few", "two non-empty sets"):
        memorisation(
            mass_of(skewed()),
            train=np.array(train, dtype=np.int64),
            held_out=np.array(held_out, dtype=np.int64),
        )


BINARY = OperationSpace(base=2, arity=2)
SETTINGS = MeasurementSettings(draws=(10, 40), mass_draws=16_384)


def test_even_odds_are_the_uniform_distribution_without_information() -> None:
    found = by_quantity(mass_figures(ConstantDecoder(BINARY), "a", SETTINGS, split(BINARY)))
    for quantity in ("nll", "entropy", "conditional_entropy"):
        assert found[quantity].value == pytest.approx(BINARY.log_size, abs=1e-5)
    for quantity in ("generative_information", "kl_from_uniform", "kl_to_uniform"):
        assert found[quantity].value == pytest.approx(0, abs=1e-5)
    for order in (1, 2):
        assert found[f"effective_number_{order}"].value == pytest.approx(BINARY.size, rel=1e-5)
    assert found["argmax_divergence"].value == pytest.approx(BINARY.log_size, abs=1e-3)
    assert found["memorisation"].value == pytest.approx(1, abs=1e-5)
    for n in SETTINGS.draws:
        expected = found[f"expected_coverage/categorical/N={n}"]
        assert expected.value == pytest.approx(expected_distinct(BINARY.size, n) / BINARY.size, abs=1e-5)


@pytest.mark.parametrize("rounding", [1 - 6e-7, 1 + 3e-8, 1 + 6e-7])
def test_rounding_does_not_lift_the_curve_above_what_is_possible(rounding: float) -> None:
    p = np.full((16, BINARY.size), rounding / BINARY.size)
    mass = MassEstimate(BINARY, 1_024, p, p, np.zeros(16))
    found = list(figures_of_mass(mass, "a", SETTINGS, None))
    (curve,) = (
        item for item in found if isinstance(item, Series) and item.name == "expected_coverage/categorical"
    )
    best = [expected_distinct(BINARY.size, round(n)) / BINARY.size for n in curve.x]
    assert all(share <= most + 1e-15 for share, most in zip(curve.y, best, strict=True))
    assert curve.y == pytest.approx(best, rel=1e-6)


def test_figures_go_by_the_names_of_what_they_are() -> None:
    mass = noisy(0, skewed())
    named, due = by_quantity(figures_of_mass(mass, "a", SETTINGS, None)), generative_figures(mass)
    for name in (field.name for field in fields(due) if field.name != "nll_plug_in"):
        figure = getattr(due, name)
        estimate = figure.corrected if isinstance(figure, Floored) else getattr(figure, "estimate", figure)
        assert named[name].estimate == estimate
        assert not isinstance(figure, Bracket) or named[name].interval == figure.interval


def test_the_curve_of_expected_coverage_ends_at_the_largest_budget() -> None:
    settings = SETTINGS.with_only(draws=[2])
    *_, curve = mass_figures(ConstantDecoder(BINARY), "a", settings, None)
    assert isinstance(curve, Series)
    assert curve.x == (1.0, 2.0)


TARGET = Target.of(SPACE, [1, 4, 6, 11], [4.0, 2.0, 1.0, 1.0])


def test_mass_of_a_target_by_its_elements() -> None:
    p = skewed()
    mass, q, rows = mass_of(p, conditional=0.5), TARGET.q, TARGET.rows
    found = generative_figures(mass, TARGET)
    nll = -float(q @ np.log(p[rows]))
    assert (found.nll.value, found.nll_plug_in) == pytest.approx((nll, nll))
    assert found.kl_from_uniform.value == pytest.approx(nll - 1.75 * math.log(2))
    assert (found.kl_to_uniform.value, found.kl_to_uniform.dof) == (math.inf, 3)
    spread = -float((p * np.log(p)).sum())
    assert found.generative_information.value == pytest.approx((spread - 0.5) / (1.75 * math.log(2)))
    assert found.total_variation.raw == pytest.approx(0.5 * float(np.abs(p - TARGET.dense()).sum()))
    outside = float(np.delete(p, rows).sum())
    assert mass_outside(mass, TARGET).value == pytest.approx(outside)
    counted = argmax_mass_outside(mass, TARGET)
    assert counted.estimate == round(outside * 400) / 400
    apart = divergences(mass.groups, TARGET, 400)
    within = p[rows] / p[rows].sum()
    assert apart.to_target_within.raw.value == pytest.approx(float((within * np.log(within / q)).sum()))
    assert apart.to_target_within.floor == pytest.approx(3 / 800 / p[rows].sum())
    assert (apart.from_target.floor, apart.to_target.floor) == (3 / 800, 3 / 800)
    assert divergences(mass.groups, TARGET).from_target.floor == 0
    train, held_out = np.array([1, 2, 4]), np.array([6, 7])
    due = (p[[1, 4]].sum() / q[:2].sum()) / (p[6] / q[2])
    assert memorisation(mass, train=train, held_out=held_out, target=TARGET).value == pytest.approx(due)


def test_single_precision_is_added_up_in_double() -> None:
    rows = np.random.default_rng(2).dirichlet(np.full(16, 0.7), 8).astype(np.float32)
    single = MassEstimate(SPACE, 400, rows, rows, np.zeros(8))
    double = MassEstimate(SPACE, 400, rows.astype(np.float64), rows.astype(np.float64), np.zeros(8))
    train, held_out = np.arange(7), np.arange(7, 16)
    for found, due in (
        (mass_outside(single, TARGET), mass_outside(double, TARGET)),
        (
            memorisation(single, train=train, held_out=held_out),
            memorisation(double, train=train, held_out=held_out),
        ),
        (
            memorisation(single, train=train, held_out=held_out, target=TARGET),
            memorisation(double, train=train, held_out=held_out, target=TARGET),
        ),
    ):
        assert (found.value, found.error) == pytest.approx((due.value, due.error), rel=1e-12)
    assert single.p.tolist() == pytest.approx(double.p.tolist(), rel=1e-14)
    assert single.p_argmax.tolist() == pytest.approx(double.p_argmax.tolist(), rel=1e-14)
    within = [divergences(mass.groups, TARGET, 400).to_target_within.floor for mass in (single, double)]
    assert within[0] == pytest.approx(within[1], rel=1e-14)
