"""Schedules by hand, their ranges, and the original's at every epoch against its published formulas."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fluxttice_core.training.recipe import Recipe, load_recipe
from fluxttice_core.training.schedules import (
    Constant,
    Cosine,
    Gated,
    Geometric,
    Linear,
    OneCycle,
    Rippled,
    Schedule,
    Steps,
)

levels = st.floats(-100, 100)
lines = st.dictionaries(st.floats(0, 50), levels, min_size=1, max_size=5).map(
    lambda points: Linear(points=tuple(sorted(points.items())))
)
schedules = st.one_of(
    levels.map(lambda value: Constant(value=value)),
    lines,
    lines.map(lambda line: Steps(points=line.points)),
    st.builds(Geometric, start=st.floats(0.01, 10), end=st.floats(0.01, 10), epochs=st.floats(1, 40)),
    st.builds(OneCycle, peak=st.floats(1e-4, 1), epochs=st.floats(1, 40), rise=st.floats(0.05, 0.95)),
    st.builds(Cosine, centre=levels, amplitude=levels, period=st.floats(1, 40), phase=levels),
    st.builds(Rippled, base=lines, amplitude=lines, period=st.floats(1, 40), floor=levels),
    st.builds(Gated, balanced=lines, unbalanced=lines),
)


# --- each kind -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epoch", "value"), [(0, 1.0), (1.99, 1.0), (2, 3.0), (4.9, 3.0), (5, 0.5), (99, 0.5)]
)
def test_steps_by_hand(epoch: float, value: float) -> None:
    assert Steps(points=((1, 1.0), (2, 3.0), (5, 0.5))).at(float(epoch)) == value


@pytest.mark.parametrize(
    ("epoch", "value"), [(0, 1.0), (2, 1.0), (3, 2.0), (4, 3.0), (5, 2.5), (6, 2.0), (60, 2.0)]
)
def test_linear_by_hand(epoch: float, value: float) -> None:
    assert Linear(points=((2, 1.0), (4, 3.0), (6, 2.0))).at(float(epoch)) == pytest.approx(value)


def test_geometric_by_hand() -> None:
    schedule = Geometric(start=8.0, end=1.0, epochs=3)
    assert [schedule.at(float(e)) for e in range(5)] == pytest.approx([8.0, 4.0, 2.0, 1.0, 1.0])


def test_one_cycle_by_hand() -> None:
    schedule = OneCycle(peak=1.0, epochs=10, rise=0.4, start_ratio=10, end_ratio=50)
    assert schedule.at(0.0) == pytest.approx(0.1)
    assert schedule.at(2.0) == pytest.approx((0.1 + 1.0) / 2)  # half-way up a half cosine
    assert schedule.at(4.0) == 1.0
    assert schedule.at(7.0) == pytest.approx((1.0 + 0.002) / 2)
    assert schedule.at(10.0) == schedule.at(99.0) == pytest.approx(0.1 / 50)


def test_rippled_never_falls_below_its_floor() -> None:
    schedule = Rippled(
        base=Linear(points=((0, 1.0),)), amplitude=Linear(points=((0, 2.0),)), period=4, floor=0.25
    )
    assert [schedule.at(float(e)) for e in range(4)] == pytest.approx([3.0, 1.0, 0.25, 1.0])


@given(schedule=schedules, epoch=st.floats(0, 100), balanced=st.booleans())
def test_no_schedule_leaves_its_range(schedule: Schedule, epoch: float, balanced: bool) -> None:
    low, high = schedule.range()
    slack = 1e-9 * (1 + max(abs(low), abs(high)))
    assert low - slack <= schedule.at(epoch, balanced=balanced) <= high + slack


@given(schedule=schedules)
def test_schedules_survive_json(schedule: Schedule) -> None:
    kind: TypeAdapter[Schedule] = TypeAdapter(Schedule)
    assert kind.validate_json(kind.dump_json(schedule)) == schedule


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "linear", "points": []},
        {"kind": "linear", "points": [[1, 0.1], [1, 0.2]]},
        {"kind": "linear", "points": [[2, 0.1], [1, 0.2]]},
        {"kind": "linear", "points": [[-1, 0.1]]},
        {"kind": "linear", "points": [[0, float("nan")]]},
        {"kind": "linear", "points": [[0, 0.1, 0.2]]},
        {"kind": "steps", "points": [[i, 0.1] for i in range(65)]},
        {"kind": "constant", "value": float("inf")},
        {"kind": "constant", "value": 1, "extra": 2},
        {"kind": "constant"},
        {"kind": "geometric", "start": 0, "end": 1, "epochs": 3},
        {"kind": "one_cycle", "peak": 0, "epochs": 3},
        {"kind": "one_cycle", "peak": 0.1, "epochs": 3, "rise": 1},
        {"kind": "cosine", "centre": 1, "amplitude": 1, "period": 0},
        {"kind": "sawtooth"},
        {"points": [[0, 0.1]]},
    ],
)
def test_wrong_schedules_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[Schedule](Schedule).validate_python(wrong)


# --- the original --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def original() -> Recipe:
    return load_recipe("original")


def test_original_learning_rate(original: Recipe) -> None:
    steps = {0: 1e-3, 50: 5e-4, 120: 3e-4, 180: 1e-4, 220: 5e-5, 250: 2e-5, 300: 1e-5, 350: 5e-6}
    for epoch in range(400):
        expected = [rate for start, rate in steps.items() if epoch >= start][-1]
        assert original.optimizer.rate.at(float(epoch)) == expected


@pytest.mark.parametrize("balanced", [True, False])
def test_original_coupling(original: Recipe, balanced: bool) -> None:
    for epoch in range(400):
        if epoch < 40:
            expected = 0.1
        elif epoch < 120:
            expected = 0.1 + 0.2 * (epoch - 40) / 80
        elif epoch < 250:
            expected = 0.3 + 0.4 * min((epoch - 120) / 80, 1.0) if balanced else 0.3
        else:
            expected = 0.7
        assert original.rho.at(float(epoch), balanced=balanced) == pytest.approx(expected)


def test_original_alignment(original: Recipe) -> None:
    for epoch in range(400):
        expected = 0.3 + 0.15 * math.cos(2 * math.pi * (epoch % 30) / 30 + math.pi / 2)
        assert original.alignment.at(float(epoch)) == pytest.approx(expected)


def test_original_betas(original: Recipe) -> None:
    for epoch in range(400):
        beta_a = 0.3 * epoch / 50 if epoch < 50 else 0.3 + 0.5 * (epoch - 50) / 350
        beta_b = 0.0 if epoch < 50 else beta_a * abs(math.sin(0.785))
        assert original.half_a.beta.at(float(epoch)) == pytest.approx(beta_a)
        assert original.half_b.beta.at(float(epoch)) == pytest.approx(beta_b, rel=1e-8)


def test_original_temperatures(original: Recipe) -> None:
    for epoch in range(400):
        line = 1.0 - 0.7 * epoch / 400
        amplitude = 0.1 if epoch < 250 else 0.5
        a = max(0.1, line * (1 + amplitude * math.cos(2 * math.pi * epoch / 30)))
        b = 0.3 if epoch >= 250 else 0.9 - 0.7 * max(epoch - 30, 0) / 400
        assert original.half_a.temperature.at(float(epoch)) == pytest.approx(a)
        assert original.half_b.temperature.at(float(epoch)) == pytest.approx(b)


# Read from the original program's own checkpoint after its epoch 104 (counted from 0): its coupling, and its
# learning rate and alignment weight, each with what StateNet had added in that epoch; to seven digits.
RECORDED = {"rho": 0.26, "rate": 0.0005018194, "alignment": 0.2695721}
PROPOSED = {"rate": 0.0727755, "alignment": 0.0758885}


def test_original_agrees_with_what_its_program_recorded(original: Recipe) -> None:
    assert original.rho.at(104.0, balanced=True) == pytest.approx(RECORDED["rho"])
    rate = original.optimizer.rate.at(104.0) * (1 + 0.05 * PROPOSED["rate"])
    assert rate == pytest.approx(RECORDED["rate"], rel=1e-6)
    alignment = original.alignment.at(104.0) + 0.01 * PROPOSED["alignment"]
    assert alignment == pytest.approx(RECORDED["alignment"], rel=1e-6)
