"""Numbers are written in one way."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.evaluation.number_format import (
    difference_shown,
    shown,
    shown_range,
    unit_sign,
    with_interval,
)
from fluxttice_core.metrics.settings import Unit
from fluxttice_core.statistics.intervals import Interval
from tests.measuring import sampled


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.5, "fraction", "50.00"),
        (1.0, "fraction", "100.00"),
        (0.99996, "fraction", "99.996"),
        (0.999, "fraction", "99.90"),
        (0.99951, "fraction", "99.951"),
        (9.887511, "nats", "9.888"),
        (-1e-9, "nats", "0.000"),
        (-1e-9, "fraction", "0.00"),
        (19_683.4, "operations", "19,683"),
        (0.95431, "ratio", "0.9543"),
        (math.inf, "nats", "∞"),
        (-math.inf, "nats", "-∞"),
    ],
)
def test_values(value: float, unit: Unit, text: str) -> None:
    assert shown(value, unit) == text


@pytest.mark.parametrize(
    ("value", "half_width", "unit", "text"),
    [
        (0.86738, 0.00081, "fraction", "86.74 ±0.08"),
        (9.99279, 0.0011, "nats", "9.993 ±0.001"),
        (9.88801, 0.00031, "nats", "9.8880 ±0.0003"),
        (9.88801, 0.000001, "nats", "9.88801 ±0.00000"),
        (17_676.8, 17.7, "operations", "17,677 ±18"),
        (17_677.0, 0.5, "operations", "17,677.0 ±0.5"),
        (0.5, 0.000046, "fraction", "50.000 ±0.005"),
        (0.5, 0.00046, "fraction", "50.00 ±0.05"),
        (1.0, 0.0, "fraction", "100.00 ±0.00"),
        (math.inf, 0.0, "nats", "∞"),
    ],
)
def test_values_with_their_interval(value: float, half_width: float, unit: Unit, text: str) -> None:
    assert with_interval(sampled(value, half_width, unit=unit)) == text


def test_the_longer_side_of_an_interval_is_shown() -> None:
    figure = replace(sampled(1.0, 0.0, unit="fraction"), interval=Interval(1.0, 0.98, 1.0, 0.95, "Wilson"))
    assert with_interval(figure) == "100.00 ±2.00"


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (0.0, 0.0, "dimensions", "0"),
        (9.906, 9.939, "nats", "9.91–9.94"),
        (0.0015, 0.0113, "ratio", "0.0015–0.0113"),
        (0.19, 0.31, "ratio", "0.19–0.31"),
        (0.1, 0.2, "ratio", "0.10–0.20"),
        (0.01, 0.02, "fraction", "1.0–2.0"),
        (18_710.0, 19_320.0, "operations", "18,710–19,320"),
        (1.0, math.inf, "nats", "1.00–∞"),
        (-0.0001, 0.02, "nats", "0.00–0.02"),
    ],
)
def test_ranges(low: float, high: float, unit: Unit, text: str) -> None:
    assert shown_range(low, high, unit) == text


def test_differences_have_a_sign() -> None:
    assert difference_shown(Interval(0.5, 0.5, 0.5, 0.95, "exact"), "nats") == "+0.500"
    assert difference_shown(Interval(-0.5, -0.6, -0.4, 0.95, "normal"), "nats") == "-0.500 ±0.100"
    assert difference_shown(Interval(0.0, 0.0, 0.0, 0.95, "exact"), "fraction") == "+0.00"


def test_units() -> None:
    assert [unit_sign(unit) for unit in ("fraction", "nats", "ratio", "operations")] == ["%", "nats", "", ""]


@given(st.floats(0, 1))
def test_percent_reads_back_to_its_digits(value: float) -> None:
    assert float(shown(value, "fraction")) == pytest.approx(100 * value, abs=0.0051)
