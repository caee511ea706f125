"""Total variation: exact without noise, bracketed with it, and covered at least as often as promised."""

import math
import sys
from collections.abc import Callable

import numpy as np
import pytest

from fluxttice_core.metrics.mass import MassEstimate
from fluxttice_core.metrics.settings import BRACKETED
from fluxttice_core.metrics.total_variation import (
    Bracket,
    _folded,
    _less_noise,
    argmax_total_variation,
    total_variation,
)
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.estimate import Estimate, jackknife
from fluxttice_core.statistics.intervals import Interval

SPACE = OperationSpace(base=2, arity=3)
SIZE = SPACE.size
EVEN = np.full(SIZE, 1 / SIZE)


def skewed(concentration: float) -> np.ndarray:
    return np.random.default_rng(7).dirichlet(np.full(SIZE, concentration))


GENERATORS = {"even": EVEN, "nearly": skewed(50.0), "skewed": skewed(5.0), "sparse": skewed(0.5)}


def distance(p: np.ndarray) -> float:
    return 0.5 * float(np.abs(p - 1 / SIZE).sum())


def noisy(seed: int, p: np.ndarray, *, groups: int = 8, each: int = 500) -> MassEstimate:
    """Groups of probabilities with normal errors, and of shares of draws."""
    generator = np.random.default_rng(seed)
    soft = generator.normal(p, 0.3 * p, (groups, SIZE))
    counted = generator.multinomial(each, p, groups) / each
    return MassEstimate(SPACE, groups * each, soft, counted, np.zeros(groups))


def without_noise(p: np.ndarray) -> MassEstimate:
    same = np.tile(p, (8, 1))
    return MassEstimate(SPACE, 10**12, same, same, np.zeros(8))


def test_without_noise_it_is_the_distance() -> None:
    p = skewed(1.0)
    found = total_variation(without_noise(p))
    assert found.raw == pytest.approx(distance(p))
    assert found.floor == pytest.approx(0)
    assert found.interval.lower == pytest.approx(distance(p))
    assert found.interval.upper == pytest.approx(distance(p))
    assert found.estimate.value == pytest.approx(distance(p))
    assert found.estimate.error == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("p", GENERATORS.values(), ids=GENERATORS)
@pytest.mark.parametrize("measure", [total_variation, argmax_total_variation])
def test_the_interval_covers_the_distance_as_often_as_it_says(
    measure: Callable[[MassEstimate], Bracket], p: np.ndarray
) -> None:
    found = [measure(noisy(seed, p)) for seed in range(400)]
    covered = sum(one.interval.contains(distance(p)) for one in found)
    assert covered / 400 >= 0.95


@pytest.mark.parametrize("p", GENERATORS.values(), ids=GENERATORS)
def test_the_distance_lies_between_cross_fit_and_plug_in(p: np.ndarray) -> None:
    found = [argmax_total_variation(noisy(seed, p)) for seed in range(200)]
    error = 0.002
    assert np.mean([one.lower.value for one in found]) < distance(p) + error
    assert np.mean([one.upper.estimate for one in found]) > distance(p) - error
    assert np.mean([one.raw for one in found]) > distance(p) - error
    assert all(one.upper.estimate <= one.raw for one in found)


def test_a_plug_in_alone_would_not_cover() -> None:
    """The control: the plug-in's own limits miss the distance of a nearly even generator every time."""
    p = skewed(50.0)
    raws = [argmax_total_variation(noisy(seed, p)).raw for seed in range(100)]
    assert min(raws) > distance(p) + 0.03


def test_the_floor_is_what_a_uniform_generator_shows() -> None:
    found = [
        (total_variation(mass), argmax_total_variation(mass)) for mass in (noisy(s, EVEN) for s in range(100))
    ]
    for place in (0, 1):
        shown = np.mean([pair[place].raw for pair in found])
        assert shown == pytest.approx(np.mean([pair[place].floor for pair in found]), rel=0.02)


def test_no_distance_exceeds_the_largest() -> None:
    rows = np.zeros((8, SIZE))
    rows[:, 3] = 1.0
    found = argmax_total_variation(MassEstimate(SPACE, 8, rows, rows, np.zeros(8)))
    assert (found.raw, found.interval.upper) == pytest.approx((1 - 1 / SIZE,) * 2)
    assert found.floor == 1 - 1 / SIZE
    spikes = np.eye(SIZE)[:8] * 50.0
    assert total_variation(MassEstimate(SPACE, 8, spikes, spikes, np.zeros(8))).floor == 1 - 1 / SIZE


def test_too_few_groups_for_an_error_leave_the_lower_end_open() -> None:
    found = total_variation(noisy(0, skewed(0.5), groups=2))
    assert found.lower.error == math.inf
    assert found.interval.lower == 0
    assert total_variation(noisy(0, skewed(0.5), groups=4)).interval.lower > 0.2


def test_the_figure_has_the_error_of_its_interval() -> None:
    found = argmax_total_variation(noisy(0, skewed(5.0)))
    assert found.estimate.interval().lower == pytest.approx(found.interval.lower)
    assert found.estimate.interval().upper == pytest.approx(found.interval.upper)
    assert (found.interval.method, found.interval.level) == (BRACKETED, 0.95)
    wide, narrow = (argmax_total_variation(noisy(0, skewed(5.0)), level).interval for level in (0.99, 0.5))
    assert wide.lower < narrow.lower < narrow.upper < wide.upper


def test_an_interval_is_never_turned_round() -> None:
    """Noise can carry the cross-fit's limit past the plug-in's."""
    upper = Interval(0.1, 0.05, 0.15, 0.95, BRACKETED)
    crossed = Bracket(lower=Estimate(0.2, 0.0, 3.0), upper=upper, raw=0.1, floor=0.0)
    assert (crossed.interval.lower, crossed.interval.upper) == (0.2, 0.2)


@pytest.mark.parametrize("t", [0.0, 0.5, 2.0, 5.0])
def test_noise_is_taken_off_as_it_was_added(t: float) -> None:
    noise = 0.3
    assert _less_noise(noise / 2 * _folded(t), noise) == pytest.approx(noise / 2 * t, abs=1e-6)
    draws = np.random.default_rng(0).normal(t, 1.0, 200_000)
    assert _folded(t) == pytest.approx(np.abs(draws).mean(), rel=0.005)


def test_less_than_noise_shows_is_nothing_and_far_more_is_all_distance() -> None:
    assert _less_noise(0.1, 0.3) == 0.0
    assert _less_noise(0.4, 0.0) == 0.4
    assert _less_noise(0.4, 0.01) == 0.4


@pytest.mark.parametrize("target", [None, Target.of(SPACE, range(200), [1.0 + n % 3 for n in range(200)])])
@pytest.mark.parametrize("measure", [total_variation, argmax_total_variation])
def test_elements_are_summed_a_part_at_a_time(
    measure: Callable[..., Bracket], target: Target | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    mass = noisy(3, GENERATORS["skewed"])
    due = measure(mass, target=target)
    monkeypatch.setattr(sys.modules[total_variation.__module__], "_AT_A_TIME", 50)
    found = measure(mass, target=target)
    assert (found.raw, found.floor) == pytest.approx((due.raw, due.floor), rel=1e-12)
    assert found.lower.value == pytest.approx(due.lower.value, rel=1e-12)
    assert found.lower.error == pytest.approx(due.lower.error, rel=1e-9)
    assert found.upper.upper == pytest.approx(due.upper.upper, rel=1e-12)


def folded(t: float) -> float:
    """The mean of |t + e|, by a sum over a standard normal e."""
    e = np.linspace(-9, 9, 200_001)
    return float((np.abs(t + e) * np.exp(-(e**2) / 2)).sum() / np.exp(-(e**2) / 2).sum())


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_upper_estimate_is_the_distance_whose_noise_shows_as_much(level: float) -> None:
    mass = noisy(3, GENERATORS["skewed"])
    p, m = mass.p_argmax, mass.draws
    found = argmax_total_variation(mass, level)
    total = float(np.sqrt(p * (1 - p) / m).sum())
    spread = jackknife(distance, mass.argmax_groups)
    limits = Estimate(distance(p), spread.error, 7.0).interval(level)
    assert found.raw == pytest.approx(distance(p))
    assert found.floor == pytest.approx(math.sqrt(SIZE / (2 * math.pi * m)))
    for end, shown in (
        (found.upper.estimate, distance(p)),
        (found.upper.lower, limits.lower),
        (found.upper.upper, limits.upper),
    ):
        assert 0 < end < shown
        assert total / 2 * folded(2 * end / total) == pytest.approx(shown, rel=1e-6)
    assert (found.upper.level, found.upper.method) == (level, BRACKETED)


@pytest.mark.parametrize("measure", [total_variation, argmax_total_variation])
def test_the_lower_estimate_has_the_signs_of_the_other_half(
    measure: Callable[[MassEstimate], Bracket],
) -> None:
    mass = noisy(4, GENERATORS["skewed"], groups=7)
    groups = mass.groups if measure is total_variation else mass.argmax_groups
    off, values, errors = groups - 1 / SIZE, [], []
    for signs_of, judged in ((off[::2], off[1::2]), (off[1::2], off[::2])):
        found = 0.5 * judged @ np.sign(signs_of.sum(0))
        values.append(found.mean())
        errors.append(found.std(ddof=1) / math.sqrt(len(found)))
    lower = measure(mass).lower
    assert (lower.value, lower.error, lower.dof) == pytest.approx((np.mean(values), np.mean(errors), 2))


@pytest.mark.parametrize("groups", [2, 3])
def test_two_groups_do_not_know_the_error_of_the_lower_estimate(groups: int) -> None:
    found = argmax_total_variation(noisy(4, EVEN, groups=groups)).lower
    assert (found.error, found.dof) == (math.inf, 1)


def test_noise_of_probabilities_is_the_deviation_between_groups() -> None:
    """Corrected for the bias of a root, at 8 groups by c4 = .9650."""
    mass = noisy(5, GENERATORS["nearly"])
    total = float((mass.groups.std(0, ddof=1) / 0.965030 / math.sqrt(8)).sum())
    found = total_variation(mass)
    assert found.floor == pytest.approx(total / math.sqrt(2 * math.pi), rel=1e-5)
    assert total / 2 * folded(2 * found.upper.estimate / total) == pytest.approx(found.raw, rel=1e-5)


def test_beside_a_target_a_perfect_generator_shows_the_noise_of_its_law() -> None:
    target = Target.of(SPACE, range(200), [1.0 + n % 3 for n in range(200)])
    mass, q = noisy(6, target.dense()), target.q
    found = argmax_total_variation(mass, target=target)
    assert found.floor == pytest.approx(
        float(np.sqrt(q * (1 - q) / mass.draws).sum()) / math.sqrt(2 * math.pi)
    )
    assert found.raw == pytest.approx(0.5 * float(np.abs(mass.p_argmax - target.dense()).sum()))
