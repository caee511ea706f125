"""The result files that the paper's programs write: complete, and the best is the best."""

import json
from typing import Any

import pytest

from paper import comparison, spaces


@pytest.fixture(scope="module")
def others() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(comparison.RESULT.read_text())
    return found


def test_every_setting_that_was_tried_is_kept(others: dict[str, Any]) -> None:
    assert {name: [run["settings"] for run in of["runs"]] for name, of in others["programs"].items()} == (
        comparison.TRIED
    )
    assert others["command"] == "python -m paper.comparison"


@pytest.mark.parametrize("program", comparison.TRIED)
def test_the_best_is_chosen_by_the_rule(others: dict[str, Any], program: str) -> None:
    of = others["programs"][program]
    places = [comparison.place(run["figures"]) for run in of["runs"]]
    assert places[of["best"]] == max(places)


def test_one_that_loses_held_out_tables_is_no_best() -> None:
    whole = {"table_accuracy/mean/held_out": {"value": 1.0}, "generative_information": {"value": 0.1}}
    lossy = {"table_accuracy/mean/held_out": {"value": 0.9}, "generative_information": {"value": 0.9}}
    assert comparison.place(whole) > comparison.place(lossy)


def test_the_best_of_each_was_measured_in_full(others: dict[str, Any]) -> None:
    for program, kept in others["programs"].items():
        codes = {"rate", "distortion"} <= kept["figures"].keys()
        assert codes == (program == "pythae")
        assert all(each["low"] <= each["value"] <= each["high"] for each in kept["figures"].values())


def test_every_space_and_target_is_kept() -> None:
    kept = json.loads(spaces.RESULT.read_text())
    assert set(kept["whole"]) == set(spaces.WHOLE)
    assert set(kept["targets"]) == set(spaces.TARGETS)


@pytest.mark.parametrize("name", spaces.TARGETS)
def test_a_target_is_a_part_or_a_weighting(name: str) -> None:
    target = spaces.TARGETS[name]()
    assert not target.is_everything
    assert abs(target.q.sum() - 1) < 1e-9
