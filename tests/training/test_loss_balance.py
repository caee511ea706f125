"""The adaptive weights and StateNet's corrections, recursion by recursion."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.training.loss_balance import (
    Balance,
    Corrections,
    corrected_alignment,
    corrected_rate,
    corrected_weights,
    gradient_scales,
    initial_balance,
    next_weights,
)
from fluxttice_core.training.recipe_settings import BalanceSettings, ControllerSettings

SETTINGS = BalanceSettings()
norms = st.floats(1e-6, 1e3)


def at(ratio: float, weight_a: float = 0.7, weight_b: float = 0.7) -> Balance:
    return Balance(weight_a=weight_a, weight_b=weight_b, norm_a=1.0, norm_b=ratio)


def test_a_run_starts_with_equal_weights_unit_norms_and_momentum_of_point_nine() -> None:
    start = initial_balance(SETTINGS)
    assert (start.weight_a, start.weight_b, start.norm_a, start.norm_b) == (0.7, 0.7, 1.0, 1.0)
    assert start.momentum == 0.9
    assert not start.balanced
    fixed = initial_balance(None)
    assert (fixed.weight_a, fixed.weight_b) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("ratio", "momentum"),
    [(0.1, 0.5), (0.8, 0.5), (0.81, 0.95), (1.0, 0.95), (1.19, 0.95), (1.2, 0.5), (7.0, 0.5)],
)
def test_momentum_follows_the_gradient_ratio(ratio: float, momentum: float) -> None:
    after = next_weights(at(ratio), SETTINGS, distinct=None)
    assert after.momentum == momentum
    assert after.balanced == (momentum == 0.95)


@pytest.mark.parametrize("ratio", [0.1, 1.0, 9.0])
def test_the_first_epoch_leaves_the_weights(ratio: float) -> None:
    after = next_weights(at(ratio), SETTINGS, distinct=None)
    assert (after.weight_a, after.weight_b) == (0.7, 0.7)


@pytest.mark.parametrize(
    ("ratio", "distinct", "weight_a", "weight_b"),
    [
        (0.79, (100, 100), 0.72, 0.68),
        (1.21, (100, 100), 0.68, 0.72),
        (0.8, (100, 300), 0.7, 0.7),  # neither outside nor balanced: nothing moves
        (1.2, (100, 300), 0.7, 0.7),
        (1.0, (100, 100), 0.7, 0.7),
        (1.0, (100, 150), 0.7, 0.7),
        (1.0, (100, 151), 0.735, 0.665),
        (1.0, (100, 67), 0.7, 0.7),
        (1.0, (100, 66), 0.665, 0.735),
        (1.0, (0, 5), 0.735, 0.665),  # a half that reaches nothing
        (1.0, (0, 0), 0.665, 0.735),
        (0.79, (100, 151), 0.72, 0.68),  # gradients come before coverage
    ],
)
def test_weights_by_hand(ratio: float, distinct: tuple[int, int], weight_a: float, weight_b: float) -> None:
    after = next_weights(at(ratio), SETTINGS, distinct=distinct)
    assert (after.weight_a, after.weight_b) == pytest.approx((weight_a, weight_b))


@given(
    weight_a=st.floats(0.5, 0.95),
    weight_b=st.floats(0.5, 0.95),
    norm_a=norms,
    norm_b=norms,
    distinct=st.tuples(st.integers(0, 100), st.integers(0, 100)),
)
def test_weights_stay_within_their_bounds(
    weight_a: float, weight_b: float, norm_a: float, norm_b: float, distinct: tuple[int, int]
) -> None:
    before = Balance(weight_a=weight_a, weight_b=weight_b, norm_a=norm_a, norm_b=norm_b)
    after = next_weights(before, SETTINGS, distinct=distinct)
    assert 0.5 <= after.weight_a <= 0.95
    assert 0.5 <= after.weight_b <= 0.95
    assert (after.norm_a, after.norm_b) == (norm_a, norm_b)


@pytest.mark.parametrize(
    ("ratio", "scale_a", "scale_b"),
    [(1.0, 1.0, 1.0), (1.25, 1.25, 0.8), (4.0, 2.0, 0.5), (0.1, 0.5, 2.0), (0.0, 0.5, 2.0)],
)
def test_scales_by_hand(ratio: float, scale_a: float, scale_b: float) -> None:
    assert gradient_scales(at(ratio), SETTINGS) == pytest.approx((scale_a, scale_b))


def test_scales_are_one_without_adaptive_weights() -> None:
    assert gradient_scales(at(3.0), None) == (1.0, 1.0)


def test_a_vanished_gradient_makes_no_infinity() -> None:
    dead = Balance(norm_a=0.0, norm_b=0.0)
    assert math.isfinite(dead.ratio)
    assert all(math.isfinite(scale) for scale in gradient_scales(dead, SETTINGS))


def test_corrections_by_hand() -> None:
    settings = ControllerSettings()
    proposed = Corrections(rate=0.4, weight_a=-1.0, weight_b=0.5, alignment=-0.2)
    assert corrected_rate(1e-3, proposed, settings) == pytest.approx(1e-3 * 1.02)
    assert corrected_alignment(0.3, proposed, settings) == pytest.approx(0.298)
    moved = corrected_weights(at(1.0), proposed, settings, (0.5, 0.95))
    assert (moved.weight_a, moved.weight_b) == pytest.approx((0.69, 0.705))


@pytest.mark.parametrize(
    ("sign", "rate", "alignment", "weight"), [(1, 0.01, 0.75, 0.95), (-1, 1e-6, 0.15, 0.5)]
)
def test_corrections_are_clamped(sign: int, rate: float, alignment: float, weight: float) -> None:
    settings, proposed = ControllerSettings(), Corrections(*[float(sign)] * 4)
    assert corrected_rate(rate, proposed, settings) == rate
    assert corrected_alignment(alignment, proposed, settings) == alignment
    moved = corrected_weights(at(1.0, weight, weight), proposed, settings, (0.5, 0.95))
    assert (moved.weight_a, moved.weight_b) == (weight, weight)
