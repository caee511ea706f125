"""What was measured of the audit: shown as it was kept, and as good as the page says."""

import json
from pathlib import Path

import pytest
from docs.audit_results import alarm_table, power_table, rows_of
from scipy import stats


def test_tables_show_what_was_measured(tmp_path: Path) -> None:
    alarms = [{"kinds": 19_683, "draws": 1_000, "runs": 10_000, "0.001": 0.0006, "0.05": 0.0246}]
    laws = [{"law": "Zipf", "draws": 30, "runs": 100, "0.001": 0.0, "0.05": 0.01}]
    watched = [{"law": "2 kinds", "looks": 64, "draws": 640, "runs": 100, "0.001": 0.0, "0.05": 0.02}]
    power = [{"defect": "one kind", "draws": 1_400, "alone": 1_000, "best": "most frequent kind"}]
    parts = {"alarms": alarms, "law_alarms": laws, "monitored": watched, "power": power}
    path = tmp_path / "audit.json"
    path.write_text(json.dumps({"parts": {name: {"rows": rows} for name, rows in parts.items()}}))
    assert alarm_table(path).splitlines()[2:] == [
        "| 19,683 kinds | 1,000 | 10,000 | 0.0006 | 0.0246 |",
        "| Zipf | 30 | 100 | 0.0000 | 0.0100 |",
        "| 2 kinds, looked at 64 times | 640 | 100 | 0.0000 | 0.0200 |",
    ]
    assert power_table(path).splitlines()[2:] == ["| one kind | 1,400 | 1,000 | most frequent kind | 1.40 |"]


@pytest.mark.parametrize("part", ["alarms", "law_alarms", "monitored"])
def test_fair_draws_were_refused_no_more_often_than_promised(part: str) -> None:
    for row in rows_of(part):
        for level in (0.001, 0.05):
            refused = round(row[str(level)] * row["runs"])
            assert stats.binom(row["runs"], level).sf(refused - 1) > 0.01, row


def test_no_defect_takes_more_than_half_as_many_draws_again_as_by_its_best_test() -> None:
    assert len(rows_of("power")) >= 12
    assert max(row["draws"] / row["alone"] for row in rows_of("power")) <= 1.5


def test_what_would_have_shown_shows() -> None:
    assert min(row["refused"] for row in rows_of("visible")) >= 0.93
