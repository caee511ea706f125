"""Correlations under ties: the caps against every ordering of small samples, and what was published."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from fluxttice_core.audit.correlation_claims import COEFFICIENTS, audit_correlation, largest_correlation
from fluxttice_core.audit.printed_numbers import stated_number
from fluxttice_core.audit.stated_claims import Claims, audit_claims
from fluxttice_core.audit.verdicts import Verdict
from fluxttice_core.errors import MeasurementError
from tests.refusals import refused

SKEWED = [1308, 450, 142, 48, 16, 2, 1, 1]


def compositions(cases: int) -> list[list[int]]:
    """Every way to give cases to levels in order, but for a single level."""
    cuts = product((False, True), repeat=cases - 1)
    ends = [[place + 1 for place, cut in enumerate(row) if cut] for row in cuts]
    return [np.diff([0, *row, cases]).tolist() for row in ends if row]


def correlation(coefficient: str, first: np.ndarray, second: np.ndarray) -> float:
    """SciPy's."""
    named = {"spearman": stats.spearmanr, "kendall": stats.kendalltau, "pearson": stats.pearsonr}
    return float(named[coefficient](first, second).statistic)


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_no_ordering_of_four_cases_goes_beyond_the_cap_and_one_reaches_it(coefficient: str) -> None:
    for levels, others in product(compositions(4), repeat=2):
        first, second = (np.repeat(np.arange(len(one)), one) for one in (levels, others))
        reached = max(correlation(coefficient, first, np.array(row)) for row in {*permutations(second)})
        assert largest_correlation(coefficient, levels, others) == pytest.approx(reached, abs=1e-12)


@pytest.mark.parametrize("coefficient", ["spearman", "kendall"])
def test_beside_a_variable_without_ties_its_levels_are_all_of_one_case(coefficient: str) -> None:
    for levels in ([2, 3], [1, 4, 2], [3, 1, 1, 2]):
        alone = largest_correlation(coefficient, levels)
        assert alone == pytest.approx(largest_correlation(coefficient, levels, [1] * sum(levels)), abs=1e-12)


def test_published_caps() -> None:
    assert round(largest_correlation("spearman", SKEWED), 4) == 0.8331
    assert round(largest_correlation("spearman", [50, 50]), 3) == 0.866
    assert largest_correlation("kendall", [10**9, 10**9]) == pytest.approx(0.5**0.5, abs=1e-9)
    assert largest_correlation("pearson", [20, 80], [20, 80]) == 1


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_equal_levels_can_agree_entirely(coefficient: str) -> None:
    assert largest_correlation(coefficient, SKEWED, SKEWED) == 1


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (".95", Verdict.IMPOSSIBLE),
        (".833", Verdict.POSSIBLE),
        (".84", Verdict.IMPOSSIBLE),
        (".8", Verdict.POSSIBLE),
    ],
)
def test_verdicts_grant_rounding(text: str, verdict: Verdict) -> None:
    assert audit_correlation("spearman", stated_number(text), SKEWED).verdict is verdict


def test_digits_that_straddle_the_cap_do_not_decide() -> None:
    assert audit_correlation("spearman", stated_number(".8661"), [50, 50]).verdict is Verdict.NOT_ENOUGH_SAID


@pytest.mark.parametrize("others", [None, [5, 5]])
@pytest.mark.parametrize("text", ["1.5", "-2", "1.01", "-1.01"])
@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_no_correlation_lies_beyond_one(coefficient: str, text: str, others: list[int] | None) -> None:
    levels = "5,5" if others else None
    claims = Claims(**{coefficient: text}, levels="5,5", against_levels=levels)
    assert [finding.verdict for finding in audit_claims(claims)] == [Verdict.IMPOSSIBLE]


@pytest.mark.parametrize("text", ["1", "1.00", ".95..1.02", "-1.0"])
def test_pearson_that_may_be_one_is_not_decided(text: str) -> None:
    claims = Claims(pearson=text, levels="5,5")
    assert [finding.verdict for finding in audit_claims(claims)] == [Verdict.NOT_ENOUGH_SAID]


def test_pearson_beside_unknown_values_is_not_decided() -> None:
    finding = audit_correlation("pearson", stated_number(".99"), [50, 50])
    assert finding.verdict is Verdict.NOT_ENOUGH_SAID
    assert "give --against-levels" in finding.sentence


@pytest.mark.parametrize("levels", [[5], [5, 0], []])
def test_a_variable_without_two_levels_has_no_correlation(levels: list[int]) -> None:
    with refused(MeasurementError, "undefined", "two levels or more with cases in each"):
        largest_correlation("spearman", levels)


def test_both_variables_have_the_same_cases() -> None:
    with refused(MeasurementError, "contradictory", "one variable hold 100 cases, those of the other 90"):
        largest_correlation("spearman", [50, 50], [45, 45])
