"""A number without its context cannot be made, and no metric claims to separate what it does not."""

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import ErrorCode, MeasurementError
from fluxttice_core.metrics.catalogue import base_of
from fluxttice_core.metrics.metric import (
    ControlComparison,
    Figure,
    FigureMaker,
    Floor,
    Metric,
    Score,
    Verdict,
    compared,
)
from fluxttice_core.metrics.settings import ControlName, Direction, MeasurementSettings
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval
from tests.measuring import exact, sampled
from tests.refusals import refused

finite = st.floats(-100, 100, allow_nan=False)


def metric(figure: Figure, *verdicts: tuple[ControlName, Verdict]) -> Metric:
    return Metric(
        figure=figure,
        floor=Floor(0.1, 0.0, 0.2, 5),
        control_comparisons=tuple(
            ControlComparison(control, 0.0, 0.2, verdict) for control, verdict in verdicts
        ),
    )


@pytest.mark.parametrize(
    ("figure", "change", "code", "words"),
    [
        (exact(0.5), {"ceiling": math.nan}, "contradictory", "no ceiling"),
        (exact(0.5), {"value": math.nan}, "not_finite", "not a number"),
        (
            exact(0.5),
            {"estimator": "monte_carlo", "draws": 1, "seed": 0},
            "contradictory",
            "have an interval",
        ),
        (sampled(0.5, 0.1), {"estimator": "exact"}, "contradictory", "have an interval"),
        (sampled(0.5, 0.1), {"draws": None}, "contradictory", "draws and seed"),
        (sampled(0.5, 0.1), {"seed": None}, "contradictory", "draws and seed"),
        (sampled(0.5, 0.1), {"quantity": "coverage/argmax/50000"}, "contradictory", "name the budget used"),
    ],
)
def test_a_figure_without_its_context_is_refused(
    figure: Figure, change: dict[str, Any], code: ErrorCode, words: str
) -> None:
    with refused(MeasurementError, code, words):
        dataclasses.replace(figure, **change)


def test_an_infinite_figure_has_an_interval_of_the_usual_level() -> None:
    figure = FigureMaker("a", 27, MeasurementSettings())("nll", Estimate(math.inf, 0.0, 3.0))
    assert figure.interval == Interval(math.inf, math.inf, math.inf, 0.95, "infinite")


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_a_fraction_is_finite_and_a_ratio_need_not_be(value: float) -> None:
    assert exact(value).value == value
    with refused(MeasurementError, "not_finite", "is infinite: a fraction is at most 1"):
        exact(value, unit="fraction")


def test_no_repeat_is_left_out_of_those_that_are_kept() -> None:
    kept = sampled(0.5, 0.1, repeats=3, samples=(0.4, 0.5, 0.6))
    assert len(kept.samples) == 3
    with refused(MeasurementError, "contradictory", "G was repeated 3 times and keeps 2: keep all"):
        dataclasses.replace(kept, samples=(0.5, 0.6))


def test_the_name_holds_the_draws_once() -> None:
    budgeted = sampled(0.5, 0.1, quantity="coverage/argmax/100")
    assert budgeted.name == "coverage/argmax/100"
    assert sampled(0.5, 0.1).name == "G/100"
    assert exact(0.5).name == "G"
    assert base_of(budgeted.quantity) == budgeted.base == "coverage/argmax"


def test_the_ratio_is_to_the_ceiling_where_there_is_one() -> None:
    assert exact(0.5, ceiling=2.0).ratio == 0.25
    assert exact(0.5, ceiling=0.0).ratio is None
    assert exact(math.inf).ratio is None


def test_a_floor_needs_five_networks() -> None:
    scores = [Score("G", "a", value, value, value) for value in (0.1, 0.2, 0.3, 0.4)]
    for too_few in (scores, []):
        with refused(MeasurementError, "too_few", "at least 5"):
            Floor.of(too_few)
    floor = Floor.of([*scores, Score("G", "a", 0.5, 0.5, 0.5)])
    assert (floor.low, floor.high, floor.seeds) == (0.1, 0.5, 5)
    assert floor.mean == pytest.approx(0.3)


def test_a_metric_must_have_met_untrained_networks() -> None:
    with refused(MeasurementError, "not_measured", "untrained networks"):
        metric(exact(0.5), ("oracle", "worse"))


@pytest.mark.parametrize(
    ("value", "width", "better", "expected"),
    [
        (0.8, 0.05, "higher", "better"),
        (0.8, 0.05, "lower", "worse"),
        (0.8, 0.05, "neither", "different"),
        (0.1, 0.05, "lower", "better"),
        (0.1, 0.05, "higher", "worse"),
        (0.5, 0.2, "higher", "same"),
        (0.45, 0.1, "neither", "same"),
    ],
)
def test_the_verdict_asks_for_ranges_apart(
    value: float, width: float, better: Direction, expected: Verdict
) -> None:
    scores = [Score("G", "a", 0.4, 0.35, 0.45), Score("G", "a", 0.5, 0.45, 0.55)]
    assert compared(sampled(value, width, direction=better), "constant_decoder", scores).verdict == expected


def test_untrained_networks_are_ranged_over_seeds_and_not_over_their_draws() -> None:
    scores = [Score("G", "a", 0.4, -9.0, 9.0), Score("G", "a", 0.5, -9.0, 9.0)]
    found = compared(exact(0.6), "untrained", scores)
    assert (found.low, found.high, found.verdict) == (0.4, 0.5, "better")
    assert compared(exact(0.6), "constant_decoder", scores).verdict == "same"


def test_exact_figures_that_differ_by_rounding_are_the_same() -> None:
    assert compared(exact(0.1 + 0.2), "half_support", [exact(0.3).score]).verdict == "same"


def test_a_figure_that_touches_a_control_is_the_same_and_one_beyond_is_not() -> None:
    scores = [exact(0.5).score, exact(0.6).score]
    verdicts = [compared(exact(value), "untrained", scores).verdict for value in (0.49, 0.5, 0.6, 0.61)]
    assert verdicts == ["worse", "same", "same", "better"]


@given(finite, finite, st.sampled_from(["higher", "lower"]))
def test_turning_the_sign_turns_the_direction(value: float, other: float, better: Direction) -> None:
    turned: Direction = "lower" if better == "higher" else "higher"
    plain = compared(exact(value, direction=better), "half_support", [exact(other).score]).verdict
    assert compared(exact(-value, direction=turned), "half_support", [exact(-other).score]).verdict == plain


def test_only_the_oracle_may_be_better() -> None:
    assert ControlComparison("oracle", 0.9, 1.0, "worse").separates
    assert not ControlComparison("untrained", 0.9, 1.0, "worse").separates
    assert not ControlComparison("oracle", 0.9, 1.0, "same").separates


def test_a_metric_misleads_when_a_bad_generator_scores_as_well() -> None:
    reach = metric(exact(0.9), ("uniform_sampler", "same"), ("untrained", "better"), ("oracle", "same"))
    assert reach.blind_to == ("uniform_sampler",)
    assert not reach.misleads
    likelihood = metric(exact(0.9), ("uniform_sampler", "same"), ("untrained", "worse"))
    assert likelihood.blind_to == ("uniform_sampler", "untrained")
    assert likelihood.misleads


def test_a_budget_is_written_in_digits_that_make_a_number() -> None:
    """A superscript two is a digit to Python's texts, and none to its numbers."""
    assert base_of("coverage/argmax/2") == "coverage/argmax"
    assert base_of("coverage/argmax/\N{SUPERSCRIPT TWO}") == "coverage/argmax/\N{SUPERSCRIPT TWO}"


def test_what_is_given_of_a_perfect_generator_takes_the_catalogue_s_place() -> None:
    make = FigureMaker("a", 27, MeasurementSettings(draws=(20,)))
    share = Interval(0.5, 0.4, 0.6, 0.95, "some method")
    due = make("coverage/argmax/20", Estimate(0.5, 0.01), interval=share)
    assert due.ceiling_sd is not None
    assert 0 < due.ceiling_sd < 0.2
    assert make("coverage/argmax/20", Estimate(0.5, 0.01), ceiling_sd=0.7).ceiling_sd == 0.7
    assert due.interval == share
    assert make("nll", Estimate(4.0, 0.01)).ceiling_sd is None
    assert (due.quantity, due.half, due.rule, due.draws, due.seed) == (
        "coverage/argmax/20",
        "a",
        "argmax",
        20,
        0,
    )


def test_a_coupled_figure_has_its_prefix_and_an_exact_one_no_draws() -> None:
    make = FigureMaker("pair", 27, MeasurementSettings(seed=3), 6, "coupled/rho=0.5/")
    exact_one = make("active_units", 4.0)
    assert (exact_one.quantity, exact_one.ceiling) == ("coupled/rho=0.5/active_units", 6)
    assert (exact_one.estimator, exact_one.interval, exact_one.seed, exact_one.draws) == (
        "exact",
        None,
        None,
        None,
    )
    assert (exact_one.error, exact_one.dof, exact_one.repeats, exact_one.samples) == (0, math.inf, 1, ())
    drawn = make("distortion", Estimate(4.0, 0.5, 3.0))
    assert (drawn.error, drawn.dof, drawn.seed, drawn.draws) == (0.5, 3, 3, 8)
