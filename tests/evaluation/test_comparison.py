"""Differences have intervals: equal models do not differ, and better ones are found better."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.comparison import comparison_table, difference, differences
from fluxttice_core.evaluation.controls import DeltaDecoder, HalfSupportLookup, QuantileLookup
from fluxttice_core.evaluation.measure import measure
from fluxttice_core.evaluation.reference import measured_controls
from fluxttice_core.evaluation.report import Report
from fluxttice_core.evaluation.terminal import as_text
from fluxttice_core.metrics.coupled_pair import CombinedDecoder
from fluxttice_core.metrics.metric import Figure, Metric
from fluxttice_core.metrics.settings import Direction, MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.space_name import space_of
from tests.evaluation.conftest import changed
from tests.measuring import exact, sampled
from tests.refusals import refused

SPACE = OperationSpace(base=2, arity=2)
SETTINGS = MeasurementSettings(
    draws=(20, 60), repeats=8, mass_draws=4096, control_mass_draws=1024, control_repeats=2
)


def drawn(value: float, error: float, **others: Any) -> Figure:
    usual = {"quantity": "nll", "unit": "nats", "error": error, "draws": 10}
    return sampled(value, 2 * error, **{**usual, **others})


@pytest.fixture(scope="module")
def reports() -> tuple[Report, Report]:
    """Of half the space, and of the whole."""
    controls = measured_controls(SPACE, lambda seed: {"a": DeltaDecoder(SPACE, seed)}, SETTINGS, None)
    half, whole = (
        measure({"a": CombinedDecoder(model, model)}, controls=controls, settings=SETTINGS)
        for model in (HalfSupportLookup(SPACE), QuantileLookup(SPACE))
    )
    return half, whole


def test_a_better_generator_is_found_better_and_the_other_way_worse(reports: tuple[Report, Report]) -> None:
    half, whole = reports
    assert {one.verdict for one in differences(half, half)} == {"same"}
    forwards = {one.first.quantity: one.verdict for one in differences(half, whole)}
    backwards = {one.first.quantity: one.verdict for one in differences(whole, half)}
    for quantity in ("coverage/argmax/60", "generative_information", "effective_number_1"):
        assert forwards[quantity] == "better"
        assert backwards[quantity] == "worse"


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.001, 1), st.sampled_from(["higher", "lower"]))
def test_the_order_of_two_models_only_turns_the_sign(
    first: float, other: float, error: float, better: Direction
) -> None:
    one, two = drawn(first, error, direction=better), drawn(other, error, direction=better)
    there, back = difference(one, two), difference(two, one)
    assert there.interval.estimate == -back.interval.estimate
    assert {"better": "worse", "worse": "better", "same": "same"}[there.verdict] == back.verdict


def test_errors_add_up_in_squares() -> None:
    interval = difference(drawn(1.0, 0.3), drawn(2.0, 0.4)).interval
    assert interval.upper - interval.estimate == pytest.approx(1.96 * 0.5, rel=1e-3)


def test_repeats_of_the_same_draws_are_paired() -> None:
    first = drawn(1.0, 0.5, samples=(0.5, 1.0, 1.5), repeats=3)
    other = drawn(1.1, 0.5, samples=(0.6, 1.1, 1.61), repeats=3)
    paired = difference(first, other)
    assert paired.verdict == "better"
    assert difference(first, replace(other, seed=1)).verdict == "same"


def test_exact_figures_differ_exactly() -> None:
    first = exact(1.0, quantity="rate", direction="neither")
    assert difference(first, replace(first, value=1.0 + 1e-12)).verdict == "different"
    assert difference(first, first).verdict == "same"


def test_other_draws_cannot_be_compared() -> None:
    with refused(MeasurementError, "settings_mismatch", "the same settings"):
        difference(drawn(1.0, 0.1), drawn(1.0, 0.1, draws=20))


def test_the_table_names_both_and_its_units_says_what_its_signs_mean_and_fits_100_columns(
    reports: tuple[Report, Report],
) -> None:
    table = comparison_table(*reports, names=("runs/one", "runs/two"))
    text = as_text(table)
    assert "runs/one" in text
    assert "runs/two" in text
    assert max(map(len, text.splitlines())) <= 100
    drawn = sum(one.first.estimator == "monte_carlo" for one in differences(*reports))
    assert drawn > 20
    assert str(table.caption) == (
        f"+ better, − worse, ≠ different, all {drawn} that were drawn judged together (Holm, 5 %); (+), (−), "
        "(≠) by the 95 % interval of these draws alone. Other training runs may differ by more."
    )
    words = {"argmax coverage, N = 60, %", "entropy H(p), nats", "argmax efficiency, N = 60"}
    assert words <= set(table.columns[0].cells)


def test_single_samples_are_not_paired() -> None:
    def repeated(value: float, *samples: float) -> Figure:
        return drawn(value, 0.05, repeats=len(samples), samples=samples)

    alone = difference(repeated(0.5, 0.5), repeated(0.6, 0.6)).interval
    assert alone.estimate == pytest.approx(0.1)
    assert "pairs" not in alone.method
    assert "pairs" in difference(repeated(0.5, 0.4, 0.6), repeated(0.6, 0.5, 0.7)).interval.method


def test_a_difference_has_the_fewer_degrees_of_freedom() -> None:
    first, other = drawn(1.0, 0.3, dof=7.0), drawn(2.0, 0.4, dof=4.0)
    interval = difference(first, other).interval
    assert interval.upper - interval.estimate == pytest.approx(2.776445 * 0.5, rel=1e-6)


def test_infinite_figures_are_left_out(reports: tuple[Report, Report]) -> None:
    for one, other in (reports, reports[::-1]):
        assert "nll" not in {difference.first.quantity for difference in differences(one, other)}


def test_models_of_different_spaces_are_not_compared(report: Report) -> None:
    assert differences(report, replace(report, title="the same space"))
    other = replace(report, space=space_of("ABC^3"))
    with refused(MeasurementError, "space_mismatch", "the words of ABC^3", "compare models of one space"):
        differences(report, other)


def redrawn(report: Report, generator: np.random.Generator) -> Report:
    """Every drawn figure anew around its value, as another measurement of the same model would find it."""

    def anew(metric: Metric) -> Metric:
        figure = metric.figure
        if figure.error == 0 or not math.isfinite(figure.error):
            return metric
        value = figure.value + figure.error * generator.standard_t(min(figure.dof, 1e6))
        return replace(metric, figure=replace(figure, value=value, samples=()))

    return replace(report, metrics=tuple(map(anew, report.metrics)))


def test_of_equal_models_at_most_five_tables_in_a_hundred_have_a_verdict(
    reports: tuple[Report, Report],
) -> None:
    """Figures of one measurement against themselves, drawn anew; without Holm nearly every table has one."""
    generator, tables = np.random.default_rng(5), 200
    whole = reports[1]
    found = [differences(*(redrawn(whole, generator) for _ in range(2))) for _ in range(tables)]
    together = sum(any(one.verdict != "same" for one in table) for table in found)
    alone = sum(any(one.verdict_alone != "same" for one in table) for table in found)
    assert together <= binom.ppf(1 - 1e-4, tables, 0.05)
    assert alone > tables / 2


def test_what_is_exact_is_judged_by_itself(reports: tuple[Report, Report]) -> None:
    found = [one for one in differences(*reports) if one.first.estimator != "monte_carlo"]
    assert {one.adjusted for one in found} <= {0.0, 1.0}
    assert all(one.adjusted == one.p_value for one in found)


def test_a_difference_that_is_none_among_many_is_shown_in_brackets(reports: tuple[Report, Report]) -> None:
    half, quantity = reports[0], "coverage/argmax/20"
    other = changed(half, quantity, lambda f: replace(f, value=f.value + 4 * f.error, samples=()))
    (one,) = [d for d in differences(half, other) if d.first.name == quantity]
    assert (one.verdict, one.verdict_alone) == ("same", "better")
    assert "(+)" in list(comparison_table(half, other, names=("a", "b")).columns[5].cells)
    assert difference(one.first, one.other).verdict == "better"
