"""Laws: kept by every random world, and each broken by a figure that lies."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import LawViolation, MeasurementError
from fluxttice_core.evaluation.laws import ERROR_TAIL, LAWS, Figures, Law, examine, obey
from fluxttice_core.metrics.rate_distortion import gaussian_frontier
from fluxttice_core.metrics.reach_frontier import reach_frontier
from fluxttice_core.statistics.coverage import expected_coverage
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.uniform_moments import expected_share, uniform_moments
from tests.refusals import refused

CELLS = 3
"""A world of 27 elements is taken for tables of three trits."""

BUDGETS = (1, 3, 10, 40, 100)
seeds = st.integers(0, 2**32 - 1)
concentrations = st.sampled_from([0.05, 0.3, 1.0, 30.0])


def entropy(p: np.ndarray) -> float:
    """Return the entropy of each row in nats."""
    return float(-np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1).mean())


def divergence(q: np.ndarray, p: np.ndarray) -> float:
    """Return the mean KL divergence of the rows of q from p in nats."""
    ratio = np.where(q > 0, q, 1.0) / p
    return float(np.sum(q * np.log(ratio), axis=-1).mean())


def true_figures(seed: int, concentration: float, size: int = 27, codes: int = 8) -> Figures:
    """Return every figure of a random world: discrete codes, a random encoder, prior and decoder."""
    generator = np.random.default_rng(seed)
    floor = 1e-6
    prior = generator.dirichlet(np.full(codes, 1.0)) + floor
    prior /= prior.sum()
    decoder = generator.dirichlet(np.full(size, concentration), codes) + floor
    decoder /= decoder.sum(1, keepdims=True)
    encoder = generator.dirichlet(np.full(codes, concentration), size) + floor
    encoder /= encoder.sum(1, keepdims=True)
    p, aggregate = prior @ decoder, encoder.mean(0)
    first, second = generator.random((2, size)) < 0.6
    first[0] = True
    shared, either = np.sum(first & second), np.sum(first | second)
    draws = generator.choice(size, 40, p=p)
    rate = divergence(encoder, prior)
    distortion = float(-np.sum(encoder * np.log(decoder.T), axis=1).mean())
    free, reach = gaussian_frontier(), reach_frontier()
    return Figures(
        size=size,
        counted=((10, len(set(draws[:10].tolist()))), (40, len(set(draws.tolist())))),
        expected=tuple(zip(BUDGETS, map(float, expected_coverage(p, BUDGETS)), strict=True)),
        first=float(first.mean()),
        second=float(second.mean()),
        union=float(either / size),
        similarity=float(shared / either),
        rate=rate,
        distortion=distortion,
        rate_above_frontier=free.rate_above(rate, distortion, CELLS),
        lagrangian_gap=free.lagrangian_gap(rate, distortion, cells=CELLS),
        rate_above_reach_frontier=reach.rate_above(rate, distortion, CELLS),
        nll=float(-np.log(p).mean()),
        code_information=divergence(encoder, aggregate),
        marginal_divergence=divergence(aggregate[None], prior),
        generative_information=entropy(p[None]) - float(prior @ [entropy(row[None]) for row in decoder]),
        model_entropy=entropy(p[None]),
        total_mass=float(p.sum()),
        divergence_from_uniform=float(-np.log(p).mean()) - math.log(size),
        divergence_to_uniform=math.log(size) - entropy(p[None]),
        expected_figures=((10, Estimate(float(expected_coverage(p, [10])[0]), 0.0)),),
        repeats=((0.5, (0.25 + 0.75) / 2),),
        reaches=((1.2 * expected_share(size, 10), 1.2 * expected_share(size, 10)),),
        overlaps=((1 - float(shared / either), float(shared / either)),),
    )


def aimed_figures(seed: int, concentration: float, size: int = 27, codes: int = 8) -> Figures:
    """Return the figures of a random world beside a random target, whose support is part of the space."""
    generator = np.random.default_rng(seed)
    rows = generator.choice(size, size - 7, replace=False)
    q = generator.dirichlet(np.full(len(rows), concentration)) + 1e-6
    q /= q.sum()
    prior = np.full(codes, 1 / codes)
    decoder = generator.dirichlet(np.full(size, concentration), codes) + 1e-6
    decoder /= decoder.sum(1, keepdims=True)
    encoder = generator.dirichlet(np.full(codes, concentration), len(rows)) + 1e-6
    encoder /= encoder.sum(1, keepdims=True)
    p, aggregate = prior @ decoder, q @ encoder
    nll, information = -float(q @ np.log(p[rows])), (encoder * np.log(encoder / aggregate)).sum(1)
    return Figures(
        size=len(rows),
        target_entropy=entropy(q[None]),
        space_entropy=math.log(size),
        counted=((40, len(set(generator.choice(size, 40, p=p).tolist()) & set(rows.tolist()))),),
        expected=tuple(zip(BUDGETS, map(float, expected_coverage(p[rows], BUDGETS)), strict=True)),
        rate=float(q @ (encoder * np.log(encoder / prior)).sum(1)),
        distortion=-float(q @ (encoder * np.log(decoder.T[rows])).sum(1)),
        nll=nll,
        code_information=float(q @ information),
        marginal_divergence=divergence(aggregate[None], prior),
        generative_information=entropy(p[None]) - float(prior @ [entropy(row[None]) for row in decoder]),
        model_entropy=entropy(p[None]),
        total_mass=float(p.sum()),
        divergence_from_target=divergence(q[None], p[rows]),
    )


OF_TARGETS = {"H(p) <= ln of the space", "KL(target || p) = NLL - H"}


@given(seeds, concentrations)
def test_every_random_world_obeys_every_law(seed: int, concentration: float) -> None:
    checks = obey(true_figures(seed, concentration))
    assert [check.law for check in checks] == [law.name for law in LAWS if law.name not in OF_TARGETS]
    assert all(check.slack >= -check.tolerance for check in checks)


@given(seeds, concentrations)
def test_every_random_world_beside_a_target_obeys_the_laws_of_targets(
    seed: int, concentration: float
) -> None:
    found = {check.law for check in obey(aimed_figures(seed, concentration))}
    assert {*OF_TARGETS, "R + D >= NLL", "NLL >= H", "I_q >= H - D", "I_q <= H", "I_p <= H(p)"} <= found
    assert not found & {"H(p) <= H", "KL(p || uniform) = H - H(p)", "KL(uniform || p) = NLL - H"}


WORLD, AIMED = true_figures(1, 0.3), aimed_figures(1, 0.3)
SLACK = {check.law: check.slack for check in examine(WORLD)}
H = WORLD.data_entropy


def beyond(name: str, field: str, sign: float) -> Figures:
    """Return the world with one figure moved just beyond what a law allows."""
    moved = getattr(WORLD, field) + sign * (SLACK[name] + 1e-3)
    changes: dict[str, Any] = {field: moved}
    return replace(WORLD, **changes)


GAP = "Lagrangian gap >= rate above the frontier"
RATE_OF_REACH = "rate above the frontier >= with a demanded reach"
LIES = {
    "distinct <= min(N, K)": replace(WORLD, counted=((10, 11),)),
    "distinct <= uniform draws": replace(WORLD, size=1_000, counted=((1_000, 800),)),
    "E[coverage](N) <= 1 - (1 - 1/K)^N": replace(WORLD, expected=((10, 1 - (26 / 27) ** 10 + 1e-6),)),
    "E[coverage] rises with N": replace(WORLD, expected=((10, 0.2), (20, 0.19))),
    "ln unseen is convex in N": replace(WORLD, expected=((10, 0.1), (20, 0.4))),
    **{
        name: beyond(name, field, sign)
        for name, field, sign in (
            ("union >= a", "union", -1),
            ("union >= b", "union", -1),
            ("union <= a + b", "union", 1),
            ("Jaccard similarity >= a + b - 1", "similarity", -1),
            ("Jaccard similarity = (a + b - union)/union", "similarity", 1),
            ("R + D >= NLL", "distortion", -1),
            ("R + D >= H", "rate", -1),
            (GAP, "rate_above_frontier", 1),
            (RATE_OF_REACH, "rate_above_reach_frontier", 1),
            ("NLL >= H", "nll", -1),
            ("I_q >= H - D", "code_information", -1),
            ("I_q <= R", "code_information", 1),
            ("I_q <= H", "code_information", 1),
            ("R = I_q + KL(q(z) || p(z))", "rate", 1),
            ("I_p >= 0", "generative_information", -1),
            ("I_p <= H(p)", "generative_information", 1),
            ("H(p) <= H", "model_entropy", 1),
            ("KL(uniform || p) = NLL - H", "divergence_from_uniform", 1),
            ("KL(p || uniform) = H - H(p)", "divergence_to_uniform", -1),
        )
    },
    "value = mean of its repeats": replace(WORLD, repeats=((0.5, 0.5), (0.5, 0.5 + 1e-6))),
    "efficiency = coverage / ceiling": replace(WORLD, reaches=((0.8, 0.8 - 1e-6),)),
    "Jaccard distance = 1 - similarity": replace(WORLD, overlaps=((0.25, 0.75 + 1e-6),)),
    "sum p = 1": replace(WORLD, total_mass=1 + 1e-6),
    "H(p) <= ln of the space": replace(AIMED, model_entropy=math.log(27) + 1e-3),
    "KL(target || p) = NLL - H": replace(AIMED, divergence_from_target=Estimate(0.5, 0.01)),
}


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_each_law_refuses_its_lie(law: Law) -> None:
    check = law.examine(LIES[law.name])
    assert check is not None
    assert not check.holds
    with refused(LawViolation, "law_broken", "the figures break the law"):
        obey(LIES[law.name])


def test_refusal_names_the_law_and_its_slack() -> None:
    with refused(LawViolation, "law_broken", "the law NLL >= H: its slack is -0.25 nats"):
        obey(Figures(27, nll=H - 0.25))


@pytest.mark.parametrize("field", ["rate", "distortion", "nll", "code_information", "total_mass"])
@pytest.mark.parametrize("value", [math.nan, Estimate(H + 1, math.nan)])
def test_what_is_not_a_number_is_refused(field: str, value: float | Estimate) -> None:
    changes: dict[str, Any] = {field: value}
    with refused(LawViolation, "law_broken"):
        obey(replace(WORLD, **changes))


def test_nothing_examined_is_not_approved() -> None:
    with refused(MeasurementError, "not_measured", "no law concerns these figures"):
        obey(Figures(27))


def test_laws_without_their_figures_are_left_out() -> None:
    assert [check.law for check in examine(Figures(27, nll=4.0))] == ["NLL >= H"]


def test_worst_of_several_points_is_reported() -> None:
    (check, *_) = examine(Figures(27, counted=((10, 5), (10, 9), (40, 20))))
    assert check.slack == 1


def test_sampling_error_widens_the_tolerance() -> None:
    assert not examine(Figures(27, nll=Estimate(H - 0.1, 0.01)))[0].holds
    assert examine(Figures(27, nll=Estimate(H - 0.1, 0.03)))[0].holds


def test_an_honest_estimate_of_a_tight_figure_is_hardly_ever_refused() -> None:
    refused, repetitions = 0, 1_000
    for seed in range(repetitions):
        groups = np.random.default_rng(seed).normal(H, 0.05, 8)
        nll = Estimate(float(groups.mean()), float(groups.std(ddof=1) / math.sqrt(8)), dof=7.0)
        refused += not examine(Figures(27, nll=nll))[0].holds
    assert refused <= repetitions * ERROR_TAIL * 100


def test_endless_figures_are_compared_as_such() -> None:
    assert obey(Figures(27, rate=1.0, distortion=math.inf, nll=math.inf))
    assert obey(Figures(27, rate=9.0, distortion=9.0, nll=Estimate(math.inf, math.inf, 7.0)))
    with refused(LawViolation, "law_broken", "R + D >= NLL"):
        obey(Figures(27, rate=9.0, distortion=9.0, nll=math.inf))


def test_error_of_overlaps_widens_their_identity() -> None:
    exact = {"first": 0.5, "second": 0.5, "union": 0.75}
    off: dict[str, Any] = {**exact, "similarity": Estimate(1 / 3 + 0.01, 0.0015)}
    law = "Jaccard similarity = (a + b - union)/union"
    (check,) = [check for check in examine(Figures(100, **off)) if check.law == law]
    assert check.holds
    assert check.tolerance == pytest.approx(2 * 4.2649 * 0.0015, rel=1e-3)
    assert check.slack == pytest.approx(-0.0075)


def test_convexity_counts_from_no_draws_on() -> None:
    (check,) = [
        check
        for check in examine(Figures(100, expected=((10, 0.5), (20, 0.75))))
        if check.law == "ln unseen is convex in N"
    ]
    assert check.slack == pytest.approx(0, abs=1e-12)


def test_clamped_rate_is_found_out() -> None:
    """A rate with free bits exceeds its parts, though no inequality notices."""
    assert obey(replace(WORLD, rate=8.0, marginal_divergence=None))
    with refused(LawViolation, "law_broken", "R = I_q"):
        obey(replace(WORLD, rate=8.0))


def test_perfect_generator_obeys_without_slack() -> None:
    checks = obey(
        Figures(
            27,
            rate=H,
            distortion=0.0,
            nll=H,
            code_information=H,
            marginal_divergence=0.0,
            generative_information=H,
            model_entropy=H,
            total_mass=1.0,
        )
    )
    assert all(check.slack == pytest.approx(0, abs=1e-12) for check in checks if check.law != "I_p >= 0")


def test_points_beyond_precision_do_not_bend_the_curve() -> None:
    p = np.full(27, 1 / 27)
    budgets = (10, 100, 1_000, 5_000)
    curve = tuple(zip(budgets, map(float, expected_coverage(p, budgets)), strict=True))
    assert obey(Figures(27, expected=curve))


def test_expected_coverage_with_an_error_may_exceed_the_ceiling_by_no_more_than_that() -> None:
    best = expected_share(27, 10)
    allowed = Figures(27, expected_figures=((10, Estimate(best + 0.004, 0.001)),))
    assert [check.law for check in obey(allowed)] == ["E[coverage](N) <= 1 - (1 - 1/K)^N"]
    with refused(LawViolation, "law_broken", "E[coverage]"):
        obey(Figures(27, expected_figures=((10, Estimate(best + 0.005, 0.001)),)))


@pytest.mark.parametrize(
    ("degrees", "quantile"), [(math.inf, 4.264891), (3.0, 47.927725)], ids=["known", "estimated"]
)
def test_the_error_allowed_for_is_exceeded_once_in_100_000_times(degrees: float, quantile: float) -> None:
    figure = Estimate(H - 2.0, 1.0, degrees)
    (check,) = examine(Figures(27, nll=figure))
    assert check.tolerance == pytest.approx(quantile, abs=1e-4)


def test_a_run_may_exceed_uniform_draws_by_six_deviations_and_rounding() -> None:
    moments = uniform_moments(19_683, 10_000)
    _, check = examine(Figures(19_683, counted=((10_000, 8_000),)))
    assert check.slack == pytest.approx(10_000 - moments.repeated - 8_000)
    assert check.tolerance == 6 * math.sqrt(moments.variance) + 1e-9 * 10_000


def test_points_of_one_budget_say_nothing_of_convexity() -> None:
    curve = ((10, 0.1), (10, 0.1), (20, 0.19), (20, 0.19))
    checks = {check.law: check for check in examine(Figures(1_000, expected=curve))}
    assert checks["ln unseen is convex in N"].holds
