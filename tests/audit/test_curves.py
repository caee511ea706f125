"""Curves as rows, files and images."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fluxttice_core.audit.curve_plot import draw_curve
from fluxttice_core.audit.curves import Curve, curve_of
from fluxttice_core.audit.in_python import audit_samples
from fluxttice_core.errors import MeasurementError, MissingExtra, StorageError
from fluxttice_core.extras import EXTRAS
from fluxttice_core.statistics.tally import Tally
from tests.refusals import refused


@pytest.fixture(scope="module")
def curve() -> Curve:
    """Of some spiders."""
    counts = np.array([46, 22, 17, 15, 15, 9, 8, 6, 6, 4, 2, 2, 2, 2] + [1] * 12)
    return curve_of(Tally.of_counts(counts), masses=[0.95, 0.9999], kinds=[30])


def test_rows_run_from_one_draw_to_twice_the_sample(curve: Curve) -> None:
    rows = [row for row in curve.rows() if row["by"] == "draws"]
    assert (rows[0]["draws"], rows[-1]["draws"]) == (1, 336)
    assert [row["how"] for row in rows] == ["rarefied"] * 10 + ["observed"] + ["extrapolated"] * 10
    for name in ("mass", "order_0", "order_1", "order_2"):
        values = [row[name] for row in rows]
        assert values == sorted(values)
        assert all(row[f"{name}_lower"] <= row[name] <= row[f"{name}_upper"] for row in rows)


def test_rows_by_mass_end_where_nobody_can_tell(curve: Curve) -> None:
    masses = [row["mass"] for row in curve.rows() if row["by"] == "mass"]
    assert masses == [0.5, 0.8, 0.9, 0.95]


def test_what_was_wanted_has_its_draws_with_open_limits_as_none(curve: Curve) -> None:
    wanted = {row["wanted"]: row for row in curve.as_json()["wanted"]}
    assert wanted["30 kinds"]["draws"] == 232
    assert wanted["30 kinds"]["draws_upper"] is None
    assert wanted["0.9999 of the mass"]["draws"] > 1_000


def test_csv_holds_the_same_rows(curve: Curve, tmp_path: Path) -> None:
    curve.write_csv(tmp_path / "curve.csv")
    with (tmp_path / "curve.csv").open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    assert [float(row["order_0"]) for row in read] == [row["order_0"] for row in curve.rows()]
    assert [path.name for path in tmp_path.iterdir()] == ["curve.csv"]


def test_images_are_of_their_kind_and_the_same_again(curve: Curve, tmp_path: Path) -> None:
    curve.plot(tmp_path / "curve.svg")
    first = (tmp_path / "curve.svg").read_bytes()
    assert first.startswith(b"<?xml")
    assert b"order 1" in first
    assert first == draw_curve(curve.sample, curve.by_draws, curve.by_mass, ".SVG")
    assert draw_curve(curve.sample, curve.by_draws, curve.by_mass, ".png").startswith(b"\x89PNG")


def test_other_images_and_places_are_refused(
    curve: Curve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refused(MeasurementError, "unknown_format", "drawn as .svg or .png, not as '.jpg'"):
        curve.plot(tmp_path / "curve.jpg")
    with refused(StorageError, "unwritable", "could not be written"):
        curve.write_csv(tmp_path / "nowhere" / "curve.csv")
    monkeypatch.setitem(EXTRAS, "plot", ("no_such_library",))
    with refused(MissingExtra, "missing_extra", "fluxttice-core[plot]"):
        draw_curve(curve.sample, curve.by_draws, curve.by_mass, ".svg")


@pytest.mark.parametrize("counts", [[1], [2], [1, 1]])
def test_the_smallest_samples_have_a_curve(counts: list[int]) -> None:
    rows = list(curve_of(Tally.of_counts(np.array(counts))).rows())
    assert max(row["draws"] for row in rows) == 2 * sum(counts)


def test_masses_that_differ_hardly_are_two() -> None:
    curve = curve_of(Tally.of_counts(np.array([9, 2, 1, 1])), masses=(0.9999999, 0.99999999))
    assert list(curve.wanted) == ["0.9999999 of the mass", "0.99999999 of the mass"]


def test_no_number_of_kinds_is_more_than_the_space_has(curve: Curve) -> None:
    counts = np.array([46, 22, 17, 15, 15, 9, 8, 6, 6, 4, 2, 2, 2, 2] + [1] * 12)
    rows = list(curve_of(Tally.of_counts(counts), size=28, masses=[0.95]).rows())
    free = list(curve.rows())
    assert max(row["order_0_upper"] for row in free) > max(row["order_0"] for row in free) > 28
    assert max(row["order_0"] for row in rows) == max(row["order_0_upper"] for row in rows) == 28
    assert [row["mass"] for row in rows if row["by"] == "draws"] == [
        row["mass"] for row in free if row["by"] == "draws"
    ]
    assert (
        audit_samples(Counter(dict(enumerate(counts.tolist()))), space_size=28)
        .curve.by_draws[-1]
        .hill[0]
        .upper
        == 28
    )
