"""Effects: their sign follows the interval and the direction that is better."""

import numpy as np
import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.experiments.effect import Sign, effect, verdict
from fluxttice_core.metrics.settings import Direction
from tests.refusals import refused


@pytest.mark.parametrize(
    ("better", "shift", "sign"),
    [
        ("higher", 0.1, "helps"),
        ("higher", -0.1, "hurts"),
        ("lower", 0.1, "hurts"),
        ("lower", -0.1, "helps"),
        ("neither", 0.1, "differs"),
        ("neither", 0.0, "none"),
        ("higher", 0.0, "none"),
    ],
)
def test_the_sign(better: Direction, shift: float, sign: Sign) -> None:
    without = np.random.default_rng(0).normal(size=20)
    noise = np.random.default_rng(1).normal(scale=1e-3, size=20)
    assert effect(without + noise - noise.mean() + shift, without, better=better).sign == sign


def test_pairing_removes_what_the_seeds_share() -> None:
    seeds = np.random.default_rng(0).normal(scale=10.0, size=20)
    found = effect(seeds + 0.1 + 1e-3 * np.cos(np.arange(20)), seeds, better="higher")
    assert found.sign == "helps"
    assert found.interval.estimate == pytest.approx(0.1, abs=1e-3)
    assert found.interval.upper - found.interval.lower < 0.01


def test_the_same_figures_make_no_difference() -> None:
    found = effect(np.ones(5), np.ones(5), better="higher")
    assert (found.interval.lower, found.interval.upper, found.sign) == (0.0, 0.0, "none")


def test_noise_alone_is_called_an_effect_about_one_time_in_twenty() -> None:
    generator = np.random.default_rng()
    trials = 2_000
    seen = sum(
        effect(generator.normal(size=20), generator.normal(size=20), better="higher").sign != "none"
        for _ in range(trials)
    )
    assert 0.02 < seen / trials < 0.09  # six standard deviations around .05 and more


def test_one_pair_has_no_interval() -> None:
    with refused(MeasurementError, "too_few"):
        effect(np.ones(1), np.zeros(1), better="higher")


@pytest.mark.parametrize(
    ("signs", "words"),
    [
        (["none", "none"], "no difference seen"),
        (["differs", "none"], "differs"),
        (["helps", "differs"], "helps"),
        (["hurts", "none"], "hurts"),
        (["hurts", "helps"], "helps and hurts"),
        ([], "no difference seen"),
    ],
)
def test_verdicts(signs: list[Sign], words: str) -> None:
    assert verdict(signs) == words
