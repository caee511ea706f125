"""Figures beside a target: by brute force, the usual ones where all are alike, and what must be rejected."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import (
    ConstantDecoder,
    DeltaDecoder,
    QuantileLookup,
    TargetLookup,
    TargetSampler,
    UniformSampler,
    half_of,
)
from fluxttice_core.evaluation.steps import Halves, run_steps, steps_of
from fluxttice_core.metrics import aggregate_posterior, codes, posterior, reconstruction
from fluxttice_core.metrics.aggregate_posterior import aggregate_log_density, code_information
from fluxttice_core.metrics.coverage import coverage_figures
from fluxttice_core.metrics.distribution import (
    argmax_mass_outside,
    coverage_from_mass,
    divergences,
    figures_of_mass,
    generative_figures,
    generative_information,
    mass_outside,
    memorisation,
    negative_log_likelihood,
)
from fluxttice_core.metrics.mass import MassEstimate, estimate_mass
from fluxttice_core.metrics.pair import compare_samplers, set_figures
from fluxttice_core.metrics.perfect import ceiling_of, uneven
from fluxttice_core.metrics.posterior import (
    ManyPosteriors,
    Posteriors,
    distortion,
    encode_rows,
    posteriors_of,
    rate,
)
from fluxttice_core.metrics.sampling import DecoderSampler
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.total_variation import argmax_total_variation, total_variation
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from tests.measuring import by_quantity, generator
from tests.refusals import refused

SPACE = OperationSpace(2)
ROWS = [1, 4, 6, 11]
SKEWED = Target.of(SPACE, ROWS, [4.0, 2.0, 1.0, 1.0])
BITS = math.log(2)
SETTINGS = MeasurementSettings(
    draws=(20, 60), repeats=20, mass_draws=8192, aggregate_draws=64, posterior_repeats=2
)


def mass_of(p: np.ndarray) -> MassEstimate:
    """Return an estimate without noise: every group holds the same p."""
    rows = np.tile(p, (4, 1))
    return MassEstimate(SPACE, 400, rows, rows.copy(), np.zeros(4))


def leaking(share: float) -> np.ndarray:
    """The target's mass, but for a share that lies evenly outside of its support."""
    q = SKEWED.dense()
    return np.asarray((1 - share) * q + share * (q == 0) / (q == 0).sum())


def test_a_perfect_generator_of_the_target_scores_what_it_should() -> None:
    found = generative_figures(mass_of(SKEWED.dense()), SKEWED)
    assert found.nll.value == pytest.approx(1.75 * BITS)
    assert found.kl_from_uniform.value == pytest.approx(0, abs=1e-12)
    assert found.kl_to_uniform.value == pytest.approx(0, abs=1e-12)
    assert found.generative_information.value == pytest.approx(1)
    assert found.total_variation.raw == pytest.approx(0)
    assert found.argmax_total_variation.raw == pytest.approx(0)
    assert found.argmax_divergence.raw.value == pytest.approx(0, abs=1e-12)
    assert found.argmax_divergence.floor == 3 / 800


def test_what_a_generator_leaks_is_missing_on_the_support() -> None:
    mass, q = mass_of(leaking(0.25)), SKEWED.q
    assert divergences(mass.groups, SKEWED).to_target_within.raw.value == pytest.approx(0, abs=1e-12)
    assert argmax_mass_outside(mass, SKEWED).estimate == pytest.approx(0.25)
    assert argmax_mass_outside(mass, SKEWED).contains(0.22)
    assert not argmax_mass_outside(mass, SKEWED).contains(0.1)
    (shown,) = coverage_from_mass(mass, [3], SKEWED)
    assert shown.value == pytest.approx(float(np.mean(1 - (1 - 0.75 * q) ** 3)))


def test_divergences_by_brute_force() -> None:
    p = np.random.default_rng(3).dirichlet(np.full(16, 0.7))
    within = p[ROWS] / p[ROWS].sum()
    apart = divergences(np.tile(p, (2, 1)), SKEWED, 1000)
    q, share = SKEWED.q, float(p[ROWS].sum())
    assert apart.from_target.raw.value == pytest.approx(float((q * np.log(q / p[ROWS])).sum()))
    assert apart.to_target_within.raw.value == pytest.approx(float((within * np.log(within / q)).sum()))
    assert apart.to_target.raw.value == math.inf
    assert apart.from_target.floor == 3 / 2000
    assert apart.to_target_within.floor == pytest.approx(3 / 2000 / share)


def test_the_noise_floors_are_what_a_perfect_generator_shows() -> None:
    counts = np.random.default_rng(0).multinomial(2_000, SKEWED.dense(), (500, 2)) / 2_000
    found = [divergences(groups, SKEWED, 4_000) for groups in counts]
    for name in ("from_target", "to_target_within"):
        raw = [getattr(one, name).raw.value for one in found]
        floor = getattr(found[0], name).floor
        assert np.mean(raw) == pytest.approx(floor, abs=4 * np.std(raw) / math.sqrt(500))
        assert floor > 8 * np.std(raw) / math.sqrt(500)


def test_what_is_never_given_costs_without_end_and_nothing_on_the_support_is_nowhere() -> None:
    only = np.eye(16)[1]
    assert negative_log_likelihood(mass_of(only), SKEWED).value == math.inf
    apart = divergences(mass_of(only).groups, SKEWED)
    assert apart.to_target.raw.value == pytest.approx(BITS)
    nowhere = divergences(mass_of(leaking(0.1)).groups, SKEWED).to_target.raw
    assert (nowhere.value, nowhere.error, nowhere.dof) == (math.inf, math.inf, 3)
    outside = divergences(mass_of(np.eye(16)[0]).groups, SKEWED, 10)
    assert outside.to_target_within.raw.value == outside.from_target.raw.value == math.inf


def test_total_variation_is_bracketed_around_a_target() -> None:
    covered = 0
    for seed in range(60):
        rows = np.random.default_rng(seed).multinomial(500, leaking(0.2), 8) / 500
        mass = MassEstimate(SPACE, 4_000, rows, rows, np.zeros(8))
        covered += total_variation(mass, target=SKEWED).interval.contains(0.2)
        covered += argmax_total_variation(mass, target=SKEWED).interval.contains(0.2)
    assert covered >= 114


def test_memorisation_weighs_by_what_is_due() -> None:
    mass = mass_of(leaking(0.5))
    train, held_out = np.array([0, 1, 6]), np.array([4, 11])
    found = memorisation(mass, train=train, held_out=held_out, target=SKEWED)
    assert found.value == pytest.approx(1)
    assert memorisation(mass, train=train[1:], held_out=held_out).value == pytest.approx(5 / 3)
    with refused(MeasurementError, "too_few", "one of the sets holds none"):
        memorisation(mass, train=np.array([1]), held_out=np.array([0]), target=SKEWED)


# --- where all are alike -----------------------------------------------------------------------------------


@given(st.integers(0, 10**6))
@settings(max_examples=3)
def test_all_elements_alike_give_the_usual_figures_bit_for_bit(seed: int) -> None:
    everything = Target.everything(SPACE)
    logits = torch.randn(4, 2, generator=generator(seed))
    halves: Halves = {"a": QuantileLookup(SPACE), "b": QuantileLookup(SPACE)}
    few = MeasurementSettings(draws=(20,), repeats=2, mass_draws=1024, aggregate_draws=16, seed=seed)
    found = [
        [
            item
            for part in run_steps(steps_of(halves, few, split(SPACE), 0.2, target), device="cpu")
            for item in part
        ]
        for target in (None, everything)
    ]
    assert found[0] == found[1]
    constant = estimate_mass(ConstantDecoder(SPACE, 2, logits), 80, generator=generator(seed))
    assert list(figures_of_mass(constant, "a", few, None)) == list(
        figures_of_mass(constant, "a", few, None, everything)
    )


@given(st.integers(0, 10**6))
@settings(max_examples=20)
def test_alike_by_weights_is_alike_to_rounding(seed: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.full(16, 2.0))
    weighted = Target(SPACE, np.arange(16), np.full(16, 1 / 16))
    assert not weighted.is_everything
    due, found = generative_figures(mass_of(p)), generative_figures(mass_of(p), weighted)
    for name in ("nll", "kl_from_uniform", "kl_to_uniform", "generative_information"):
        assert getattr(found, name).value == pytest.approx(getattr(due, name).value, abs=1e-9)
    assert found.total_variation.raw == pytest.approx(due.total_variation.raw)
    assert ceiling_of(weighted, 20).expected == pytest.approx(16 * (1 - (15 / 16) ** 20))


def test_targets_that_cannot_be_measured_against_are_refused() -> None:
    with refused(MeasurementError, "space_mismatch", "give a target of the same space"):
        uneven(SKEWED, OperationSpace())
    with refused(MeasurementError, "too_few", "a target of one element"):
        uneven(Target.of(SPACE, [3]), SPACE)
    assert uneven(None, SPACE) is uneven(Target.everything(SPACE), SPACE) is None
    assert uneven(SKEWED, SPACE) is SKEWED


# --- reach -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [TargetSampler(SKEWED), TargetLookup(SKEWED)])
def test_a_perfect_generator_reaches_the_ceiling(source: TargetSampler | TargetLookup) -> None:
    found = by_quantity(coverage_figures(source, "a", SETTINGS, SKEWED))
    for budget in (20, 60):
        figure = found[f"efficiency/argmax/{budget}"]
        assert figure.value == pytest.approx(1, abs=0.06)
        share = found[f"coverage/argmax/{budget}"]
        due = np.mean(1 - (1 - SKEWED.q) ** budget)
        assert share.ceiling == pytest.approx(due)
    equivalent = found["equivalent_target_budget/argmax/20"]
    assert equivalent.low <= 20 <= equivalent.high


def test_what_lies_outside_of_the_support_is_not_counted() -> None:
    found = by_quantity(coverage_figures(DeltaDecoder(SPACE, 0), "a", SETTINGS, SKEWED))
    assert found["coverage/argmax/60"].value == 0
    everywhere = by_quantity(coverage_figures(UniformSampler(SPACE), "a", SETTINGS, SKEWED))
    assert everywhere["coverage/argmax/60"].value <= 1
    assert by_quantity(coverage_figures(DeltaDecoder(SPACE, 4), "a", SETTINGS, SKEWED))[
        "coverage/argmax/60"
    ].value == pytest.approx(1 / 4)


def test_two_generators_are_compared_on_the_support() -> None:
    sampler = TargetSampler(SKEWED)
    both = compare_samplers(sampler, UniformSampler(SPACE), 500, generator=generator(), target=SKEWED)
    assert (both.first, both.second, both.union) == (4, 4, 4)
    found = by_quantity(set_figures(sampler, sampler, SETTINGS, SKEWED))
    assert found["union/argmax/60"].value <= 1
    assert found["union/argmax/60"].ceiling == pytest.approx(np.mean(1 - (1 - SKEWED.q) ** 120))


# --- codes -------------------------------------------------------------------------------------------------


def weighted(posteriors: Posteriors, q: np.ndarray) -> Posteriors:
    return Posteriors(posteriors.rows, posteriors.mu, posteriors.logvar, torch.from_numpy(q))


def repeated(posteriors: Posteriors, times: list[int]) -> Posteriors:
    """The same code, every row as often as its weight says."""
    place = torch.repeat_interleave(torch.arange(len(times)), torch.tensor(times))
    return Posteriors(posteriors.rows[place], posteriors.mu[place], posteriors.logvar[place])


def test_weights_are_repetitions(linear_model: Callable[..., Any]) -> None:
    model = linear_model(0)
    own = encode_rows(model, target=SKEWED)
    assert own.rows.tolist() == ROWS
    assert own.weights is not None
    assert own.weights.tolist() == SKEWED.q.tolist()
    copies = repeated(encode_rows(model, torch.tensor(ROWS)), [4, 2, 1, 1])
    z = torch.randn(50, 3, generator=generator(), dtype=torch.float64)
    assert torch.allclose(aggregate_log_density(own, z), aggregate_log_density(copies, z))


def test_a_code_that_knows_its_elements_has_the_targets_entropy() -> None:
    oracle = TargetLookup(SKEWED)
    found = code_information(encode_rows(oracle, target=SKEWED), latents=4096, generator=generator())
    information = found.mutual_information
    assert information.value == pytest.approx(1.75 * BITS, abs=4 * information.error + 1e-6)
    blind = weighted(Posteriors(torch.arange(4), *[torch.zeros(4, 2, dtype=torch.float64)] * 2), SKEWED.q)
    assert code_information(blind, latents=64, generator=generator()).mutual_information.value == (
        pytest.approx(0, abs=1e-9)
    )


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (aggregate_posterior, codes, posterior, reconstruction):
        monkeypatch.setattr(module, "MOST_ROWS", 200)


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("weights", [None, "risen"])
def test_more_rows_than_are_held_at_once_give_the_same(
    weights: str | None, linear_model: Callable[..., Any]
) -> None:
    model = linear_model(0, base=3, arity=2, latent_dim=3)
    rows = np.arange(0, 19_683, 20)
    target = Target.of(model.space, rows, None if weights is None else (rows + 1.0).tolist())
    whole, parts = encode_rows(model, target=target), posteriors_of(model, target, device=torch.device("cpu"))
    assert isinstance(parts, ManyPosteriors)
    assert len(list(parts.blocks())) == 5
    assert math.fsum(share for share, _ in parts.blocks()) == pytest.approx(1)
    assert rate(parts).per_dimension == pytest.approx(rate(whole).per_dimension)
    assert rate(parts).active == rate(whole).active
    found, due = (distortion(model, p, draws=64, generator=generator()) for p in (parts, whole))
    assert found.value == pytest.approx(due.value, abs=5 * due.error)
    assert found.error == pytest.approx(due.error, rel=0.2)
    some, all_ = (code_information(p, latents=2048, generator=generator(1)) for p in (parts, whole))
    slack = 4 * (some.mutual_information.error + all_.mutual_information.error)
    assert some.mutual_information.value > all_.mutual_information.value - slack
    assert some.mutual_information.value < min(rate(whole).total, target.entropy) + slack
    total = some.mutual_information.value + some.marginal_kl.value
    assert total == pytest.approx(rate(whole).total)


@pytest.mark.usefixtures("few_at_once")
def test_a_part_of_the_terms_is_enough_where_codes_are_apart_or_all_alike() -> None:
    space = OperationSpace()
    rows = np.arange(0, 19_683, 20)
    oracle = QuantileLookup(space)
    apart = ManyPosteriors(oracle, torch.from_numpy(rows))
    found = code_information(apart, latents=512, generator=generator()).mutual_information
    assert found.value == pytest.approx(math.log(len(rows)), abs=0.02)
    accuracy = reconstruction.reconstruction_from_mean(oracle, torch.from_numpy(rows)).table_accuracy
    assert accuracy == 1.0


# --- controls ----------------------------------------------------------------------------------------------

TARGETS = {
    "skewed": SKEWED,
    "subset": Target.of(SPACE, range(0, 16, 3)),
    "everything, uneven": Target.of(SPACE, range(16), [float(x) for x in range(1, 17)]),
    "words": Target.of(space_of("01^1xACGT^1"), [0, 3, 5, 6], [1.0, 2.0, 3.0, 4.0]),
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_the_oracle_of_a_target_gives_it_and_reads_it_back(target: Target) -> None:
    oracle = TargetLookup(target)
    drawn = DecoderSampler(oracle).sample(40_000, generator())
    share = np.bincount(drawn, minlength=target.space.size) / 40_000
    assert np.abs(share - target.dense()).max() < 5 * math.sqrt(0.25 / 40_000)
    assert (share[target.dense() == 0] == 0).all()
    same = TargetSampler(target).sample(40_000, generator())
    assert np.abs(np.bincount(same, minlength=target.space.size) / 40_000 - target.dense()).max() < 0.0125
    codes_ = encode_rows(oracle, target=target)
    assert distortion(oracle, codes_, draws=50, generator=generator()).value == pytest.approx(0, abs=1e-6)
    assert rate(codes_).total >= target.entropy
    mass = estimate_mass(oracle, 40_000, generator=generator())
    assert generative_information(mass, target).value == pytest.approx(1, abs=0.02)
    assert mass_outside(mass, target).value == 0


def test_the_oracle_of_all_elements_is_the_quantile_lookup() -> None:
    space = OperationSpace()
    z = torch.randn(2_000, 9, generator=generator())
    found = TargetLookup(Target.everything(space)).decode_logits(z).argmax(-1)
    assert torch.equal(found, QuantileLookup(space).decode_logits(z).argmax(-1))


def test_a_bad_generator_is_rejected_where_it_should_be() -> None:
    """Each by the figures named, against the target's own oracle, which none of them rejects."""
    subset = TARGETS["subset"]

    def figures(model: Any) -> dict[str, Any]:
        mass = estimate_mass(model, 8192, generator=generator())
        return by_quantity(
            (
                *figures_of_mass(mass, "a", SETTINGS, None, subset),
                *coverage_figures(model, "a", SETTINGS, subset),
            )
        )

    oracle, constant = figures(TargetLookup(subset)), figures(ConstantDecoder(SPACE))
    everywhere, half = figures(QuantileLookup(SPACE)), figures(TargetLookup(half_of(subset)))
    assert oracle["mass_outside"].value == oracle["argmax_mass_outside"].value == 0
    assert oracle["efficiency/argmax/60"].value == pytest.approx(1, abs=0.02)
    for name in ("kl_from_target", "argmax_kl_to_target_within", "argmax_kl_from_target"):
        assert abs(oracle[name].value) < 0.01
        assert half[name].low > 0.1 or half[name].value == math.inf
    assert everywhere["mass_outside"].low > 0.5
    assert everywhere["kl_to_target"].value == everywhere["argmax_kl_to_target"].value == math.inf
    assert everywhere["efficiency/argmax/20"].value < 0.9
    assert everywhere["kl_from_target"].value == pytest.approx(math.log(16 / 6), abs=0.05)
    assert everywhere["total_variation_to_target"].low > 0.5
    assert constant["generative_information"].high < 0.01
    assert constant["mass_outside"].value == pytest.approx(10 / 16)
    assert half["mass_outside"].value == 0
    assert half["coverage/argmax/60"].value == 0.5
    assert half["kl_from_target"].value == half["nll"].value == math.inf
    assert half["total_variation_to_target"].low > 0.4
