"""Richness estimators, against scikit-bio on the same counts and by what they must do."""

from collections.abc import Callable

import numpy as np
import pytest
import skbio.diversity.alpha as skbio
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fluxttice_core.errors import MeasurementError
from fluxttice_core.statistics.counts import counts_of
from fluxttice_core.statistics.intervals import Interval, normal_quantile
from fluxttice_core.statistics.richness import (
    ace,
    chao1,
    chao1_forms,
    chao1_interval,
    good_turing_coverage,
    missing_mass_interval,
)
from tests.refusals import refused

GIRDLED = np.array([46, 22, 17, 15, 15, 9, 8, 6, 6, 4, 2, 2, 2, 2] + [1] * 12)
LOGGED = np.array([88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4] + [3] * 4 + [2] * 4 + [1] * 14)
"""Spiders in two forests (Sackett et al. 2011), the example data of the R package iNEXT."""

DEGENERATE = ([2, 3, 4], [1, 1, 1], [1], [7], [1, 5, 9], [1, 1, 4], [12, 15], [0, 3, 0, 1, 1, 2])

count_vectors = st.lists(st.integers(0, 3) | st.integers(0, 40), min_size=1, max_size=40).filter(any)


def same_as_skbio(counts: np.ndarray) -> None:
    """Assert that every estimator equals scikit-bio's."""
    assert good_turing_coverage(counts) == pytest.approx(skbio.goods_coverage(counts), abs=1e-12)
    assert chao1(counts) == pytest.approx(skbio.chao1(counts), rel=1e-12)
    ours = chao1_interval(counts)
    theirs = skbio.chao1_ci(counts, zscore=normal_quantile(0.95))
    assert (ours.lower, ours.upper) == pytest.approx(theirs, rel=1e-9)
    missing = missing_mass_interval(counts)
    assert (missing.lower, missing.upper) == pytest.approx(np.clip(skbio.esty_ci(counts), 0, 1), abs=1e-9)


@given(count_vectors)
def test_equal_to_scikit_bio(counts: list[int]) -> None:
    same_as_skbio(np.array(counts))


@pytest.mark.parametrize("counts", [GIRDLED, LOGGED, [30] * 4 + [2] * 5 + [1] * 40, *DEGENERATE], ids=len)
def test_equal_to_scikit_bio_on_samples_of_use_and_degenerate_ones(counts: list[int] | np.ndarray) -> None:
    same_as_skbio(np.array(counts))


@example(GIRDLED.tolist(), 10)
@example(LOGGED.tolist(), 10)
@example([30] * 4 + [2] * 5 + [1] * 40, 10)
@given(count_vectors, st.integers(1, 12))
def test_ace_equals_scikit_bio(counts: list[int], threshold: int) -> None:
    drawn = np.array([count for count in counts if count])
    rare = drawn[drawn <= threshold]
    assume(not (len(rare) and np.all(rare == 1)))
    assert ace(drawn, threshold) == pytest.approx(skbio.ace(drawn, threshold), rel=1e-12)


@pytest.mark.parametrize("counts", [[1], [1, 1, 1], [1, 1, 30]])
def test_ace_of_rare_singletons_alone_is_refused(counts: list[int]) -> None:
    with refused(MeasurementError, "undefined", "use bias-corrected Chao1"):
        ace(np.array(counts))


def test_ace_of_abundant_kinds_is_their_number() -> None:
    assert ace(np.array([11, 12, 400])) == 3


@pytest.mark.parametrize("estimator", [good_turing_coverage, missing_mass_interval, chao1_interval, ace])
@pytest.mark.parametrize("counts", [[], [0, 0, 0]])
def test_empty_samples_are_refused(
    estimator: Callable[[np.ndarray], float | Interval], counts: list[int]
) -> None:
    with refused(MeasurementError, "too_few"):
        estimator(np.array(counts, dtype=np.int64))


def test_nothing_drawn_points_to_nothing() -> None:
    assert chao1(np.array([0, 0])) == 0


@given(count_vectors)
def test_estimates_keep_their_bounds(counts: list[int]) -> None:
    drawn = np.array(counts)
    assert 0 <= good_turing_coverage(drawn) <= 1
    assert chao1(drawn) >= np.count_nonzero(drawn)
    interval = chao1_interval(drawn)
    assert np.count_nonzero(drawn) <= interval.lower <= interval.upper
    missing = missing_mass_interval(drawn)
    assert 0 <= missing.lower <= missing.estimate <= missing.upper <= 1


def test_good_turing_cannot_see_half_a_space_missing() -> None:
    drawn = np.random.default_rng(3).integers(0, 9_841, 50_000)
    assert good_turing_coverage(counts_of(drawn)) > 0.99
    assert len(counts_of(drawn)) / 19_683 < 0.5


def test_chao1_finds_the_size_of_an_even_space_and_only_bounds_a_skewed_one() -> None:
    generator = np.random.default_rng(4)
    even = counts_of(generator.integers(0, 2_000, 2_500))
    assert chao1_interval(even, level=0.999).contains(2_000)
    weights = 1 / np.arange(1, 2_001)
    skewed = counts_of(generator.choice(2_000, 2_500, p=weights / weights.sum()))
    assert len(skewed) < chao1(skewed) < 1_700


def test_wider_level_gives_wider_interval() -> None:
    assert chao1_interval(GIRDLED, 0.99).upper > chao1_interval(GIRDLED, 0.9).upper
    assert missing_mass_interval(GIRDLED, 0.99).lower < missing_mass_interval(GIRDLED, 0.9).lower
    with refused(MeasurementError, "out_of_range"):
        chao1_interval(GIRDLED, 1.0)


def test_one_singleton_alone_points_to_nothing_unseen() -> None:
    interval = chao1_interval(np.array([4, 3, 1]), level=0.8)
    assert interval == Interval(3.0, 3.0, 3.0, 0.8, "Chao1")
    without = chao1_interval(np.array([4, 3, 2]), level=0.8)
    assert (without.level, without.method) == (0.8, "Chao1")


@pytest.mark.parametrize("counts", [GIRDLED, LOGGED])
def test_the_forms_of_chao1_are_told_apart(counts: np.ndarray) -> None:
    """43.893 and 61.403 is what iNEXT prints for its spiders; scikit-bio has the other two."""
    forms = chao1_forms(counts)
    assert forms["iNEXT"] == pytest.approx(43.893 if counts is GIRDLED else 61.403, abs=5e-4)
    assert forms["classic"] == pytest.approx(skbio.chao1(counts, bias_corrected=False))
    assert forms["bias-corrected"] == pytest.approx(skbio.chao1(counts))


@pytest.mark.parametrize("counts", [[9, 2, 1, 1], [5, 3, 1, 1, 1], [5, 3], [4, 2, 2, 1]])
def test_the_forms_of_chao1_by_their_formulas(counts: list[int]) -> None:
    n, kinds, once, twice = sum(counts), len(counts), counts.count(1), counts.count(2)
    unseen = once**2 / (2 * twice) if twice else once * (once - 1) / 2
    assert chao1_forms(np.array(counts)) == pytest.approx(
        {
            "bias-corrected": kinds + once * (once - 1) / (2 * (twice + 1)),
            "classic": kinds + unseen,
            "iNEXT": kinds + (n - 1) / n * unseen,
        }
    )
