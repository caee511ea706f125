"""The artifact: its table, what it covers, and that a wrong claim is found."""

from pathlib import Path

import numpy as np
import pytest

from paper import artifact, claims
from paper.build import numbers
from paper.found import Claim, Found, near


def planted(value: float) -> Claim:
    return Claim("Planted", "true", (), lambda: [near("a figure", 1.0, value, 0.1)], quick=True)


def test_a_claim_that_holds_is_a_row_of_the_table() -> None:
    claim = planted(1.05)
    text = artifact.table([claim], [list(claim.check())])
    assert text.splitlines()[-1] == "| Planted | `true` | all | a figure | 0.9 to 1.1 | 1.05 | holds |"


@pytest.mark.parametrize("value", [0.89, 1.11, float("nan")])
def test_a_wrong_claim_is_outside(value: float) -> None:
    found = list(planted(value).check())
    assert artifact.outside([found]) == ["a figure"]
    assert "**outside**" in artifact.table([planted(value)], [found])


def test_the_command_fails_on_a_wrong_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "table.md"
    wrong = (
        Claim("right", "true", (), lambda: [Found("one", 0, 1, 1)], quick=True),
        Claim("wrong", "false", (), lambda: [Found("two", 0, 1, 2)], quick=True),
        Claim("slow", "false", (), lambda: [Found("three", 0, 1, 2)]),
    )
    monkeypatch.setattr(artifact, "CLAIMS", wrong)
    monkeypatch.setattr(artifact, "ProcessPoolExecutor", Here)
    assert artifact.main(["--quick", "--out", str(kept)]) == 1
    assert kept.read_text().count("holds") == 1
    assert "three" not in kept.read_text()


class Here:
    """Runs what is submitted at once, in this process: planted claims are no part of another's."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> "Here":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, function, at):  # type: ignore[no-untyped-def]
        self._found = function(at)
        found = self._found
        return type("Done", (), {"result": staticmethod(lambda: found)})


def test_every_number_of_the_paper_belongs_to_a_claim() -> None:
    covered = {name for claim in claims.CLAIMS for name in claim.files} | set(claims.NOT_REMADE)
    assert {number["file"] for number in numbers()} == covered


def test_what_is_made_again_in_part_says_which() -> None:
    assert all(claim.part for claim in claims.CLAIMS)
    assert sum(claim.quick for claim in claims.CLAIMS) >= 10


@pytest.mark.parametrize("check", [claims.withstood, claims.certificate, claims.ceilings_by_dice])
def test_a_cheap_claim_holds(check) -> None:  # type: ignore[no-untyped-def]
    assert artifact.outside([list(check())]) == []


def test_differences_of_facts_are_found() -> None:
    kept = {"a": [1, 2.0, {"b": "c"}]}
    assert claims._differences(kept, {"a": [1, np.nextafter(2.0, 3.0).item(), {"b": "c"}]}) == []
    assert claims._differences(kept, {"a": [1, 2.1, {"b": "c"}]}) == [2.1]
    assert claims._differences(kept, {"a": [1, 2.0]}) == [[1, 2.0]]
    assert claims._differences(kept, {"a": [1, 2.0, {"b": "d"}]}) == ["d"]
