"""Counting is timed in processes of its own, beside the engine's plain group-by, and kept for the page."""

from pathlib import Path

import pytest

from benchmarks import auditing
from docs.counting import counting_table, record_counting


def test_both_ways_are_timed_and_the_table_shows_their_ratios(tmp_path: Path) -> None:
    found = auditing.counted("strings", 2_000, 1)
    assert (found["kind"], found["draws"], found["repeats"]) == ("strings", 2_000, 1)
    assert all(0.01 < found[who]["cpu"] < 60 and found[who]["megabytes"] > 20 for who in ("ours", "plain"))
    found |= {"ours": {"cpu": 3.0, "megabytes": 150.0}, "plain": {"cpu": 2.0, "megabytes": 100.0}}
    kept = tmp_path / "counting.json"
    record_counting(found, kept)
    row = "| 2,000 strings | 3.00 | 2.00 | 1.50 | 150 | 100 | 1.50 | "
    assert counting_table(kept).splitlines()[2].startswith(row)
    record_counting(found | {"draws": 20}, kept)
    record_counting(found | {"plain": None}, kept)
    few, many = counting_table(kept).splitlines()[2:4]
    assert few.startswith("| 20 strings | 3.00 | 2.00 | 1.50 |")
    assert many.startswith("| 2,000 strings | 3.00 | no room | – | 150 | no room | – |")


def test_who_finds_no_room_is_told_from_who_fails(tmp_path: Path) -> None:
    assert auditing._run("raise SystemExit('duckdb.OutOfMemoryException: no more')", tmp_path) is None
    with pytest.raises(RuntimeError, match="failed: nothing there"):
        auditing._run("raise SystemExit('nothing there')", tmp_path)


def test_what_is_printed_are_the_same_ratios(monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"cpu": 3.0, "megabytes": 150.0}, {"cpu": 2.0, "megabytes": 100.0}
    monkeypatch.setattr(
        auditing,
        "counted",
        lambda kind, draws, _: {"kind": kind, "draws": draws, "ours": one[0], "plain": one[1]},
    )
    rows = auditing.rows()
    assert len(rows) == 2 * 2 * len(auditing.SIZES)
    assert rows[0][1:] == ("3.00 CPU s", "1.50 times the engine's plain group-by (2.00 s)")
    assert rows[1][1:] == ("150 MB", "1.50 times (100 MB)")
