"""The assertion for other people's test suites: right samplers pass, wrong ones and empty tests do not."""

from typing import Any

import numpy as np
import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.testing import assert_uniform
from tests.refusals import refused


def drawn(shares: list[float], draws: int, seed: int = 0) -> list[int]:
    return list(np.random.default_rng(seed).choice(len(shares), draws, p=np.array(shares) / sum(shares)))


def test_right_samplers_pass() -> None:
    for seed in range(20):
        assert_uniform(drawn([1, 1, 1, 1, 1, 1], 600, seed), space_size=6)
        assert_uniform(drawn([3, 1], 600, seed), law={0: 3, 1: 1})


@pytest.mark.parametrize(
    ("draws", "how", "said"),
    [
        (
            drawn([2, 1, 1, 1, 1, 1], 6_000),
            {"space_size": 6},
            r"not uniform: 6,000 draws .*'0' came [\d,]+ times, 1\.\d+ of",
        ),
        (drawn([1, 1, 1], 600), {"space_size": 6}, "not uniform"),
        (drawn([1, 1], 600), {"law": {0: 3, 1: 1}}, "not the stated law"),
        (
            drawn([50, 8, 1, 0], 6_000),
            {"law": {0: 50, 1: 1, 2: 1, 3: 1}},
            r"not the stated law.*; '1' came [\d,]+ times, [67].* of its share; '3' came 0 times, 0 of",
        ),
        (
            drawn([1, 1], 600),
            {"law": {"0": 1, "1": 1}},
            "no draw is of a kind that the law names: of the draws [01], of the law '0'",
        ),
        ([0, 1, 2], {"space_size": 6}, "not enough said"),
        (list(range(1_000)) * 2, {"space_size": 1_000}, "too even"),
        (
            drawn([1, 1], 600),
            {"space_size": 2, "least_visible": 0.01},
            "too few draws: of 600 .* 0.01 was to: draw more",
        ),
    ],
)
def test_wrong_samplers_and_empty_tests_fail_with_what_to_do(
    draws: list[int], how: dict[str, Any], said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        assert_uniform(draws, **how)


def test_without_a_law_there_is_nothing_to_assert() -> None:
    with refused(MeasurementError, "missing_option", "give space_size=, or a law="):
        assert_uniform([1, 2])


@pytest.mark.parametrize("least", ["x", 0, 2, float("nan")])
@pytest.mark.usefixtures("unchecked_types")
def test_what_no_total_variation_can_be_is_not_asked_for(least: Any) -> None:
    with refused(
        MeasurementError, "wrong_type" if least == "x" else "out_of_range", f"such as 0.02, not {least!r}"
    ):
        assert_uniform([1, 2], space_size=2, least_visible=least)


def test_counts_of_draws_without_replacement_show_no_total_variation() -> None:
    with refused(MeasurementError, "contradictory", "leave least_visible= out"):
        assert_uniform([1, 2, 3], space_size=3, without_replacement=True, least_visible=0.1)
    assert_uniform([1, 2, 3], space_size=3, without_replacement=True)
