"""The numbers that follow from others are those in the file, and change when what they are made of does."""

import json
from dataclasses import replace

import pytest

from paper import facts


@pytest.fixture(scope="module")
def kept() -> dict[str, object]:
    found: dict[str, object] = json.loads(facts.RESULT.read_text())
    return found


@pytest.fixture(scope="module")
def again() -> dict[str, object]:
    with pytest.MonkeyPatch.context() as patch:
        # The smallest of the three: all of them are compared by the artifact.
        patch.setattr(facts, "ABLATIONS", ("coupled",))
        found: dict[str, object] = json.loads(json.dumps(facts.rounded(facts.facts())))
    return found


def test_the_file_says_what_follows(kept: dict[str, object], again: dict[str, object]) -> None:
    for part, value in again.items():
        told = {"coupled": kept["ablations"]["coupled"]} if part == "ablations" else kept[part]  # type: ignore[index]
        assert json.dumps(value, sort_keys=True) == json.dumps(told, sort_keys=True), part


def test_every_printed_claim_is_impossible(kept: dict[str, list[dict[str, str]]]) -> None:
    assert [each["verdict"] for each in kept["published"]] == ["impossible"] * len(facts.OF_THE_PROGRAM)


def test_a_claim_that_may_be_true_is_not_called_impossible() -> None:
    modest = replace(facts.OF_THE_PROGRAM[0], distinct=("39.8%",))
    assert facts.audited(modest, facts.SPACE.size)["verdict"] == "consistent with uniform"


def test_numbers_are_cut_alike_everywhere() -> None:
    assert facts.rounded({"a": [1 / 3, 2, "b"]}) == {"a": [0.333333333333, 2, "b"]}
