"""What other spaces reach is kept row by row and seed by seed, and shown by its worst."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.other_spaces import HALVES, TARGETS, balanced, counted_mass, measured
from docs.other_spaces import (
    MASS,
    MEASURED,
    ROWS,
    Aim,
    mass_sentences,
    missed,
    other_spaces_table,
    record_row,
    recorded,
    worst,
)

GOOD = {
    "elements": 70,
    "training": 8.2,
    "measuring": 2.0,
    "megabytes": 382.4,
    "efficiency": [1.0, 0.995],
    "divergence": [0.001, 0.0],
    "information": [0.97, 0.96],
    "controls": {"untrained": 0.2, "half_support": 0.5, "oracle": 1.0},
}
ROW = "balanced functions of boolean:3"


def test_a_row_keeps_its_seeds_and_shows_the_worst_of_them(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    record_row(ROW, 1, GOOD | {"efficiency": [0.993, 1.0], "training": 9.6}, path)
    record_row(ROW, 0, GOOD, path)
    assert [kept["seed"] for kept in recorded(path)[ROW]] == [0, 1]
    assert recorded(path)["dna:9"] == []
    assert recorded(path)[ROW][0]["tool"]["name"] == "fluxttice"
    cells = [cell.strip() for cell in other_spaces_table(path).splitlines()[2].strip("|").split("|")]
    assert cells[:4] == [ROW, "70", "2", "0.9930 (>= 0.99)"]
    assert cells[10:] == ["10 (<= 60)", "2", "382", "0.200", "0.500", "none"]


def test_an_aim_that_is_missed_is_named() -> None:
    assert not list(missed(ROWS[ROW], [GOOD]))
    assert list(missed(ROWS[ROW], [GOOD, GOOD | {"information": [0.97, 0.5]}])) == ["G"]
    assert list(missed(ROWS[ROW], [GOOD | {"divergence": [0.0, 0.5]}])) == ["KL, nats"]
    assert list(missed(ROWS[ROW], [GOOD | {"training": 61.0}])) == ["time"]
    # What is infinite, or was never measured, is not reached.
    assert list(missed(ROWS[ROW], [GOOD | {"divergence": [0.0, None]}])) == ["KL, nats"]
    assert list(missed(Aim(60, held_out=1.0), [GOOD])) == ["held-out from the mean"]


def test_the_worst_is_the_largest_of_what_is_to_be_small() -> None:
    seeds = [{"outside": [0.0, 0.02], "pairs": [0.3, 0.2]}, {"outside": [0.01, 0.0], "pairs": [0.1, 0.9]}]
    assert worst(seeds, "outside") == 0.02
    assert worst(seeds, "pairs") == 0.1
    assert worst(seeds, "efficiency") is None


@pytest.mark.parametrize("passed", ["none", "stuck"])
def test_a_control_that_was_let_through_is_named(passed: str, tmp_path: Path) -> None:
    sampled = {key: GOOD[key] for key in ("elements", "training", "measuring", "megabytes")}
    controls = {name: float(name in ("even", passed)) for name in ("even", "stuck", "coupled", "untrained")}
    record_row("dna:16", 0, sampled | {"pairs": [0.2, 0.4], "controls": controls}, tmp_path / "found.json")
    said = " ".join(other_spaces_table(tmp_path / "found.json").split())
    refused = "every control that must be refused was."
    assert said.endswith(refused if passed == "none" else "from samples, stuck passed.")


def test_targets_are_what_their_names_say() -> None:
    assert len(balanced().rows) == 70
    assert set(TARGETS) < set(ROWS)
    tenth, zipf = TARGETS["a random tenth of boolean:4"](), TARGETS["Zipf's law over dna:6"]()
    assert len(tenth.rows) == 6_554
    assert zipf.q.max() / zipf.q.min() == pytest.approx(4_096)


def test_a_row_is_measured_as_its_columns_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    import fluxttice_core as fx

    model = fx.train(space="boolean:2", overrides=("epochs=1", "reach.draws=100", "calibration.draws=1000"))
    monkeypatch.setattr("benchmarks.other_spaces.fx.train", lambda **_: model)
    found = measured("boolean:2", 0)
    assert found["elements"] == 16
    assert all(len(found[key]) == len(HALVES) for key in ("efficiency", "divergence", "information"))
    assert np.isfinite(json.loads(json.dumps(found))["controls"]["untrained"])


@pytest.mark.parametrize(("megabytes", "said"), [(587.0, "within 120 s"), (1001.0, "beyond 120 s")])
def test_what_every_p_takes_is_kept_and_told_beside_its_aim(
    tmp_path: Path, megabytes: float, said: str
) -> None:
    found = json.loads(json.dumps(counted_mass("codons", 2**10)))
    assert (found["elements"], found["draws"]) == (64, 2**10)
    assert found["total"] == pytest.approx(1.0)
    record_row(MASS, 0, found | {"megabytes": megabytes}, tmp_path / "found.json")
    assert said in " ".join(mass_sentences(tmp_path / "found.json").split())
    assert recorded(tmp_path / "found.json")[MASS][0]["megabytes"] == megabytes


def test_a_row_without_training_is_none_of_the_table(tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    shutil.copy(MEASURED, path)
    before = other_spaces_table(path)
    record_row(MASS, 1, {"elements": 64}, path)
    assert other_spaces_table(path) == before
