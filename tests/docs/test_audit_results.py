"""The audit as measured: fair draws are refused as rarely as promised, defects nearly as soon as possible."""

import pytest
from scipy.stats import binom

from benchmarks.audit_power import DEFECTS, LAWS, SIZES
from docs.audit_results import LEVELS, rows_of


@pytest.mark.parametrize("part", ["alarms", "law_alarms", "monitored"])
@pytest.mark.parametrize("level", LEVELS)
def test_fair_draws_are_refused_no_more_often_than_promised(part: str, level: str) -> None:
    for row in rows_of(part):
        by_chance = binom.sf(round(row[level] * row["runs"]) - 1, row["runs"], float(level))
        assert by_chance > 1e-3, row


def test_every_case_was_measured() -> None:
    assert [(row["kinds"], row["draws"]) for row in rows_of("alarms")] == list(SIZES)
    assert [row["law"] for row in rows_of("law_alarms")] == list(LAWS)
    assert list(dict.fromkeys(row["law"] for row in rows_of("law_intervals"))) == list(LAWS)
    assert [row["defect"] for row in rows_of("power")] == list(DEFECTS)
    assert all(row["runs"] >= 10_000 for row in (*rows_of("alarms"), *rows_of("law_alarms")))


def test_all_tests_together_need_hardly_more_draws_than_the_best_alone() -> None:
    for row in rows_of("power"):
        assert row["alone"] <= row["draws"] <= 1.5 * row["alone"], row


def test_what_would_have_shown_shows() -> None:
    for row in rows_of("visible"):
        assert row["refused"] > 0.9, row


def test_intervals_hold_as_often_as_said() -> None:
    for row in rows_of("intervals"):
        assert row["total variation"] > 0.92, row
    for row in rows_of("law_intervals"):
        assert row["total variation"] > 0.92, row
        assert row["unevenness"] is None or row["unevenness"] > 0.92, row
