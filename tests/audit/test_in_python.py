"""An audit from Python takes whatever people hold their draws in, and says the same of all of it."""

from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import fluxttice_core as fx
from fluxttice_core.audit.draws_in_memory import count_draws
from fluxttice_core.audit.in_python import audit_samples
from fluxttice_core.audit.verdicts import Verdict
from fluxttice_core.errors import ErrorCode, MeasurementError
from tests.refusals import refused

KINDS = ["a", "b", "c", "d"]
DRAWS = np.random.default_rng(0).choice(KINDS, 400).tolist()


class Frame:
    """What pandas and Polars have in common."""

    def __init__(self, columns: dict[str, list[str]]) -> None:
        self.columns = list(columns)
        self._columns = columns

    def __getitem__(self, name: str) -> "Column":
        return Column(self._columns[name])


class Column:
    """A column of it."""

    def __init__(self, values: list[str]) -> None:
        self._values = values

    def to_numpy(self) -> np.ndarray:
        return np.array(self._values, dtype=object)


FORMS: dict[str, Any] = {
    "list": DRAWS,
    "iterator": iter(DRAWS),
    "array": np.array(DRAWS),
    "array of objects": np.array(DRAWS, dtype=object),
    "counter": Counter(DRAWS),
    "counts of NumPy": {kind: np.int64(DRAWS.count(kind)) for kind in KINDS},
    "frame": Frame({"kind": DRAWS}),
    "column": Column(DRAWS),
    "Arrow": pa.array(DRAWS),
    "Arrow's table": pa.table({"kind": DRAWS}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_same_draws_has_the_same_audit(form: str) -> None:
    found = audit_samples(FORMS[form], space_size=4)
    assert (found.draws, found.distinct, found.verdict) == (400, 4, Verdict.CONSISTENT)
    assert dict(found.counted.most) == Counter(DRAWS)


def test_files_hold_the_same_draws(tmp_path: Path) -> None:
    (tmp_path / "draws.txt").write_text("\n".join(DRAWS))
    (tmp_path / "counts.csv").write_text("kind,count\n" + "".join(f"{k},{DRAWS.count(k)}\n" for k in KINDS))
    expected = fx.audit_samples(DRAWS, space_size=4).report.finding
    assert fx.audit_samples(tmp_path / "draws.txt", space_size=4).report.finding == expected
    assert (
        fx.audit_samples(str(tmp_path / "counts.csv"), space_size=4, counts=True).report.finding == expected
    )


def test_kinds_are_anything_hashable() -> None:
    assert count_draws([Fraction(1, 2), (1, 2), (1, 2), frozenset("a")]) == {
        Fraction(1, 2): 1,
        (1, 2): 2,
        frozenset("a"): 1,
    }
    assert count_draws(np.array([[1, 2], [1, 2], [2, 1]])) == {(1, 2): 2, (2, 1): 1}
    assert count_draws(np.array([1.0, 1.0, 2.0])) == {1: 2, 2: 1}


def test_a_law_in_memory_is_held_against_the_draws() -> None:
    law = {"a": 1, "b": 1, "c": 1, "d": 1, "e": 0}
    assert audit_samples(DRAWS, law=law).verdict is Verdict.CONSISTENT
    refuted = audit_samples(DRAWS, law={"a": 97, "b": 1, "c": 1, "d": 1})
    assert refuted.verdict is Verdict.NOT_UNIFORM
    assert audit_samples([*DRAWS, "e"], law=law).verdict in (Verdict.IMPOSSIBLE, Verdict.NOT_UNIFORM)


def test_known_sets_in_memory() -> None:
    found = audit_samples(DRAWS, reference=["a", "b", "x"], training=["a"])
    assert found.reference is not None
    assert found.novelty is not None
    assert found.reference.distinct == 2
    assert found.reference.inside == DRAWS.count("a") + DRAWS.count("b")
    assert found.novelty.novel.figure.estimate == pytest.approx(1 - DRAWS.count("a") / 400)
    assert found.novelty.novel.ideal == pytest.approx(2 / 3)


def test_it_shows_itself(tmp_path: Path) -> None:
    found = audit_samples(["<b>"] * 199 + ["tails"], space_size="2")
    assert repr(found) == "<audit: not uniform, 2 distinct of 200 draws>"
    shown = found._repr_html_()
    assert "<b>not uniform</b>" in shown
    assert "<th>coverage</th><td>100.00 %" in shown
    assert "<b><b>" not in shown
    found.plot(tmp_path / "curve.svg")
    assert (tmp_path / "curve.svg").stat().st_size > 1_000
    assert found.as_json()["verdict"] == "not uniform"
    assert found.curve.sample == 200


@pytest.mark.parametrize(
    ("draws", "how", "code", "words"),
    [
        (7, {}, "wrong_type", "draws of type int cannot be counted"),
        ([["a"], ["b"]], {}, "wrong_type", "must be hashable"),
        (["a", None], {}, "missing_value", "a draw is missing"),
        (np.array([0.5]), {}, "not_finite", "kinds are strings or whole numbers"),
        (np.array([2.0**53]), {}, "not_finite", "below 2^53"),
        ({"a": 1.5}, {}, "wrong_type", "has the count 1.5"),
        ([], {}, "too_few", ""),
        (Frame({"x": DRAWS, "y": DRAWS}), {}, "unknown_column", "has the columns x, y"),
        (DRAWS, {"column": "x"}, "wrong_type", "leave it out of other draws"),
        (DRAWS, {"counts": True}, "wrong_type", "a mapping of kinds to counts"),
        (DRAWS, {"law": "law.csv"}, "wrong_type", "a mapping of kinds to weights"),
        (DRAWS, {"law": {"a": -1}}, "out_of_range", "weights of a law"),
        (DRAWS, {"significance": 2}, "out_of_range", "a probability such as 0.001"),
        ("draws.csv", {"law": {"a": 1}}, "wrong_type", "are files, too"),
    ],
)
def test_what_is_no_sample_is_refused(draws: Any, how: dict[str, Any], code: ErrorCode, words: str) -> None:
    with refused(MeasurementError, code, words):
        audit_samples(draws, **how)
