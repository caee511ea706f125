"""Every figure with its interval: by which method, at which level, and what follows from what."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from fluxttice_core.evaluation.steps import Halves, run_steps, steps_of
from fluxttice_core.metrics.catalogue import base_of
from fluxttice_core.metrics.coverage import coverage_figures
from fluxttice_core.metrics.distribution import (
    argmax_mass_outside,
    coverage_from_mass,
    divergences,
    figures_of_mass,
    generative_figures,
    mass_outside,
    memorisation,
)
from fluxttice_core.metrics.mass import MassEstimate
from fluxttice_core.metrics.metric import (
    TOTAL_MASS,
    Figure,
    FigureMaker,
    Series,
    equivalent_budget,
    share_interval,
)
from fluxttice_core.metrics.naming import scale_of
from fluxttice_core.metrics.perfect import ceiling_of
from fluxttice_core.metrics.settings import BRACKETED, MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.coverage import ceiling, equivalent_law_budget, equivalent_uniform_budget
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval, coverage_interval
from tests.measuring import by_quantity

SPACE = OperationSpace(base=2)
SETTINGS = MeasurementSettings(
    draws=(6, 20),
    repeats=4,
    repeated_up_to=10,
    long_repeats=3,
    mass_draws=1024,
    posterior_repeats=5,
    aggregate_draws=40,
    seed=7,
)
ROWS = [1, 2, 3, 4, 6, 8, 11, 12, 14]
SKEWED = Target.of(SPACE, ROWS, [5.0, 1.0, 1.0, 2.0, 1.0, 1.0, 2.0, 1.0, 2.0])


@pytest.fixture
def halves(linear_model: Callable[..., Any]) -> Halves:
    return {"a": linear_model(1, logvar=0.5, gain=0.5), "b": linear_model(2, logvar=0.5, gain=0.5)}


MEASURED: dict[bool, list[Figure]] = {}
"""Beside all elements alike, and beside the target: measured once for all tests."""


def measured(halves: Halves, target: Target | None) -> list[Figure]:
    if (target is None) not in MEASURED:
        steps = steps_of(halves, SETTINGS, split(SPACE), 0.25, target)
        found = [item for part in run_steps(steps, device="cpu") for item in part]
        MEASURED[target is None] = [item for item in found if isinstance(item, Figure)]
    return MEASURED[target is None]


def method_of(figure: Figure) -> str:
    """The method that is due, by what is measured."""
    base = base_of(figure.quantity.removeprefix("coupled/rho=0.25/"))
    if base.startswith(("coverage/", "efficiency/", "equivalent_")):
        return "Student's t, 4 repeats" if figure.draws == 6 else "Student's t, 3 repeats"
    if figure.half == "pair" and base.endswith(("/argmax", "/tables", "/trits")):
        return "Student's t, 3 repeats"
    if "/draw/" in base:
        return "Student's t, 5 repeats"
    if "total_variation" in base:
        return BRACKETED
    if math.isinf(figure.value):
        return "infinite"
    if base == "argmax_mass_outside":
        return "Clopper-Pearson"
    freedom = {1024: "7", 40: "37", 5: "4" if base == "latent_entropy/histogram" else "inf"}
    return f"Student's t, {freedom[figure.draws or 0]} degrees of freedom"


@pytest.mark.parametrize("target", [None, SKEWED], ids=["alike", "target"])
def test_every_figure_has_the_interval_of_its_method(halves: Halves, target: Target | None) -> None:
    found = measured(halves, target)
    assert len(found) > 100
    for figure in found:
        if figure.estimator == "exact":
            assert (figure.interval, figure.error, figure.draws, figure.seed) == (None, 0, None, None)
            assert figure.low == figure.value == figure.high
            continue
        assert figure.interval is not None
        assert (figure.interval.method, figure.interval.level) == (method_of(figure), 0.95), figure.quantity
        assert figure.low <= figure.value <= figure.high
        assert figure.interval.estimate == figure.value
        assert (figure.low, figure.high) == (figure.interval.lower, figure.interval.upper)
        assert figure.seed == 7


@pytest.mark.parametrize("target", [None, SKEWED], ids=["alike", "target"])
def test_a_figure_of_repeats_has_the_interval_of_its_samples(halves: Halves, target: Target | None) -> None:
    kept = [figure for figure in measured(halves, target) if figure.samples]
    assert len(kept) > 20
    for figure in kept:
        values, n = np.array(figure.samples), len(figure.samples)
        error = float(values.std(ddof=1)) / math.sqrt(n)
        width = float(stats.t(n - 1).ppf(0.975)) * error
        assert figure.value == pytest.approx(values.mean())
        assert figure.error == pytest.approx(error)
        assert (figure.dof, figure.repeats) == (n - 1, n)
        assert figure.low == pytest.approx(max(figure.value - width, 0))
        assert figure.high == pytest.approx(min(figure.value + width, 1))


@pytest.mark.parametrize("target", [None, SKEWED], ids=["alike", "target"])
def test_any_other_sampled_figure_has_the_interval_of_its_error(
    halves: Halves, target: Target | None
) -> None:
    special = ("efficiency/", "equivalent_", "total_variation", "argmax_total_variation", "mass_outside")
    found = [
        figure
        for figure in measured(halves, target)
        if figure.estimator != "exact"
        and not figure.samples
        and math.isfinite(figure.value)
        and not figure.quantity.startswith((*special, "argmax_mass_outside"))
    ]
    assert len(found) > 30
    for figure in found:
        assert figure.error > 0
        assert figure.interval == Estimate(figure.value, figure.error, figure.dof).interval(0.95)
        assert figure.repeats == 1


@pytest.mark.parametrize("target", [None, SKEWED, Target.of(SPACE, ROWS)], ids=["alike", "target", "some"])
def test_efficiency_and_equivalent_budget_follow_from_the_coverage(
    halves: Halves, target: Target | None
) -> None:
    found = by_quantity(coverage_figures(halves["a"], "a", SETTINGS, target))
    size = 16 if target is None else 9
    for rule in SETTINGS.rules:
        for n in SETTINGS.draws:
            share = found[f"coverage/{rule}/{n}"]
            best = ceiling(16, n) if target is None else ceiling_of(target, n)
            assert share.ceiling == best.fraction
            assert share.ceiling_sd == pytest.approx(best.sd / size)
            distinct = np.rint(np.array(share.samples) * size).astype(np.int64)
            assert share.interval == coverage_interval(distinct, size)
            even = found[f"efficiency/{rule}/{n}"]
            assert share.interval is not None
            assert even.interval == share.interval.scaled(1 / best.fraction)
            assert (even.error, even.dof, even.repeats) == pytest.approx(
                (share.error / best.fraction, share.dof, share.repeats)
            )
            assert even.ceiling_sd == pytest.approx(best.sd / size / best.fraction)
            kind = "uniform" if target is None else "target"
            budget = found[f"equivalent_{kind}_budget/{rule}/{n}"]
            assert budget.interval == equivalent_budget(share.interval, size, target)
            assert (budget.ceiling, budget.dof, budget.repeats) == (n, share.dof, share.repeats)
            if math.isfinite(budget.value):
                slope = slope_at(budget.value, size, target)
                if target is not SKEWED:  # to the first order in 1/K
                    assert size / (1 - share.value) == pytest.approx(slope, rel=0.07)
                    slope = size / (1 - share.value)
                assert budget.error == pytest.approx(share.error * slope, rel=1e-3)
                assert budget.ceiling_sd == pytest.approx(best.sd / size * slope, rel=1e-3)


def slope_at(draws: float, size: int, target: Target | None) -> float:
    """How many more draws show a share more, by a difference of what is expected."""
    q = np.full(size, 1 / size) if target is None else target.q

    def shown(n: float) -> float:
        return float(np.mean(1 - (1 - q) ** n))

    return 0.02 / (shown(draws + 0.01) - shown(draws - 0.01))


def test_an_equivalent_budget_is_that_of_each_end() -> None:
    share = Interval(0.5, 0.25, 1.0, 0.9, "some method")
    for target in (None, Target.of(SPACE, ROWS), SKEWED):
        due = [
            equivalent_law_budget(9 * c, SKEWED.q) if target is SKEWED else equivalent_uniform_budget(c, 9)
            for c in (0.5, 0.25)
        ]
        found = equivalent_budget(share, 9, target)
        assert [found.estimate, found.lower] == pytest.approx(due)
        assert (found.upper, found.level, found.method) == (math.inf, 0.9, "some method")


def test_a_count_of_all_elements_has_an_endless_budget_and_a_finite_error() -> None:
    """The slope is cut where one element is left."""
    at_once = SETTINGS.with_only(draws=[20])
    mark = by_quantity(coverage_figures(Everything(SPACE), "a", at_once))
    budget = mark["equivalent_uniform_budget/argmax/20"]
    assert (budget.value, budget.low, budget.high) == (math.inf,) * 3
    assert budget.error == 0
    best = ceiling(16, 20)
    assert budget.ceiling_sd == pytest.approx(best.sd / 16 * 16 * 16)
    whole = Target.of(SPACE, ROWS, [float(n + 1) for n in range(9)])
    beside = by_quantity(coverage_figures(Everything(SPACE), "a", at_once, whole))
    assert beside["equivalent_target_budget/argmax/20"].value == math.inf
    assert beside["coverage/argmax/20"].value == 1


class Everything:
    """A sampler that goes through all elements in turn."""

    def __init__(self, space: OperationSpace) -> None:
        self.space = space

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        return torch.arange(n, device=generator.device) % self.space.size


def test_shares_have_student_s_interval_cut_to_what_shares_are() -> None:
    values = np.array([0.02, 0.2, 0.1])
    width = float(stats.t(2).ppf(0.975)) * float(values.std(ddof=1)) / math.sqrt(3)
    found = share_interval(values)
    assert (found.estimate, found.lower, found.upper) == pytest.approx(
        (values.mean(), max(values.mean() - width, 0), values.mean() + width)
    )
    assert (found.level, found.method) == (0.95, "Student's t, 3 repeats")
    assert share_interval(1 - values).upper == 1
    made = FigureMaker("b", 16, SETTINGS).shares("union/argmax/20", values.tolist())
    assert made.interval == found
    assert (made.half, made.samples, made.repeats, made.dof) == ("b", (0.02, 0.2, 0.1), 3, 2)
    assert made.error == pytest.approx(float(values.std(ddof=1)) / math.sqrt(3))


def test_figures_beside_a_target_are_those_of_its_functions() -> None:
    """A little mass lies outside, so that its interval is cut at 0."""
    p = np.where(SKEWED.dense() > 0, 0.999 * SKEWED.dense(), 0.001 / 7)
    rows = np.random.default_rng(5).multinomial(128, p, 8) / 128
    mass = MassEstimate(SPACE, 1024, rows, rows[::-1].copy(), np.zeros(8))
    parts = split(SPACE)
    found = by_quantity(figures_of_mass(mass, "b", SETTINGS, parts, SKEWED))
    due, argmax = generative_figures(mass, SKEWED), divergences(mass.argmax_groups, SKEWED, 1024)
    assert found["total_variation_to_target"].interval == due.total_variation.interval
    assert found["argmax_total_variation"].interval == due.argmax_total_variation.interval
    assert found["kl_from_target"].estimate == due.kl_from_uniform
    assert found["kl_to_target"].estimate == due.kl_to_uniform
    within = divergences(mass.groups, SKEWED).to_target_within
    assert found["kl_to_target_within"].estimate == within.raw
    assert found["argmax_kl_from_target"].estimate == argmax.from_target.corrected
    assert found["argmax_kl_to_target"].estimate == argmax.to_target.corrected
    assert found["argmax_kl_to_target_within"].estimate == argmax.to_target_within.corrected
    again = memorisation(mass, train=parts.train, held_out=parts.held_out, target=SKEWED)
    assert found["memorisation"].estimate == again
    shares = coverage_from_mass(mass, SETTINGS.draws, SKEWED)
    expected = [found[f"expected_coverage/categorical/N={n}"].estimate for n in SETTINGS.draws]
    assert expected == list(shares)
    share, outside = mass_outside(mass, SKEWED), found["mass_outside"]
    assert outside.estimate == share
    assert share.interval().lower < 0 == outside.low
    assert outside.high == share.interval().upper
    counted, shown = argmax_mass_outside(mass, SKEWED), found["argmax_mass_outside"]
    assert shown.interval == counted
    assert shown.error == pytest.approx(math.sqrt(counted.estimate * (1 - counted.estimate) / 1024))
    assert {figure.half for figure in found.values()} == {"b"}


@pytest.mark.parametrize("target", [None, SKEWED], ids=["alike", "target"])
def test_every_figure_is_on_the_scale_of_its_name_beside_what_is_aimed_at(
    halves: Halves, target: Target | None
) -> None:
    for figure in measured(halves, target):
        name = figure.quantity.removeprefix("coupled/rho=0.25/")
        dimensions = 6 if name != figure.quantity else 3
        due = scale_of(name, size=16, dimensions=dimensions, settings=SETTINGS, target=target)
        found = (figure.unit, figure.direction, figure.ceiling, figure.draws, figure.rule)
        assert found == (due.unit, due.direction, due.ceiling, due.draws, due.rule), figure.quantity


def test_curves_beside_a_target_are_of_its_elements() -> None:
    p = np.random.default_rng(1).dirichlet(np.full(16, 2.0))
    mass = MassEstimate(SPACE, 64, np.tile(p, (2, 1)), np.tile(p[::-1], (2, 1)), np.zeros(2))
    for target, rows, q in ((None, np.arange(16), np.full(16, 1 / 16)), (SKEWED, SKEWED.rows, SKEWED.q)):
        curves = {
            item.name: item
            for item in figures_of_mass(mass, "b", SETTINGS, None, target)
            if isinstance(item, Series)
        }
        levels = np.linspace(0, 1, 201)
        for name, shares in (("categorical", p), ("argmax", p[::-1])):
            curve = curves[f"sorted_mass/{name}"]
            assert curve.x == pytest.approx(levels)
            assert curve.y == pytest.approx(np.quantile(shares[rows] / q, levels), rel=1e-5)
        reached = curves["expected_coverage/categorical"]
        assert (reached.x[0], reached.x[-1]) == (1, 20)
        assert reached.y == pytest.approx([float(np.mean(1 - (1 - p[rows]) ** n)) for n in reached.x])
        assert curves[TOTAL_MASS].y == pytest.approx([1])
        assert {curve.half for curve in curves.values()} == {"b"}
