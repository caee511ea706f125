"""An audit from Python takes whatever people hold their draws in, and says the same of all of it."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow as pa
import pytest

import fluxttice_core as fx
from fluxttice_core.audit.counted import count_samples
from fluxttice_core.audit.draws_in_memory import count_draws
from fluxttice_core.audit.in_python import audit_samples
from fluxttice_core.audit.verdicts import Verdict
from fluxttice_core.errors import ErrorCode, MeasurementError
from fluxttice_core.statistics.intervals import Interval
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

    def __init__(self, values: list[str], name: str = "kind") -> None:
        self._values = values
        self.name = name

    def to_numpy(self) -> np.ndarray:
        return np.array(self._values, dtype=object)


class Tensor:
    """What those of PyTorch are to others: an array within, and rows that are equal as objects alone."""

    def __init__(self, values: Any) -> None:
        self._values = np.array(values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._values

    def __iter__(self) -> Iterator["Tensor"]:
        return map(Tensor, self._values)


class Remote:
    """A tensor that lies where no array can be."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


class Unsaid:
    """A missing value as pandas has it: comparisons with it say neither yes nor no."""

    def __ne__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    def __hash__(self) -> int:
        return 1


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


def test_a_list_of_paths_is_files_and_not_draws(tmp_path: Path) -> None:
    paths = [tmp_path / "one.txt", tmp_path / "two.txt"]
    for path in paths:
        path.write_text("\n".join(DRAWS))
    found = audit_samples(paths, space_size=4)
    assert (found.draws, found.distinct) == (800, 4)
    assert audit_samples(tuple(paths), reference=paths[0]).draws == 800
    names = list(map(str, paths))
    with refused(MeasurementError, "ambiguous", "is a file: give a list of pathlib's Path"):
        audit_samples(names)
    assert audit_samples(Counter(names)).distinct == 2  # as the way out says
    assert audit_samples(["one.txt", "gone.csv.gz"]).distinct == 2
    for draws in (iter(paths), [paths[0], "a"], np.array(paths)):
        with refused(MeasurementError, "wrong_type", "a draw is a path: give a list of paths alone"):
            audit_samples(draws)


def test_lines_of_an_open_file_are_no_draws(tmp_path: Path) -> None:
    path = tmp_path / "draws.txt"
    path.write_text("a\na")
    for mode in ("r", "rb"):
        with path.open(mode) as file, refused(MeasurementError, "wrong_type", "give its path"):
            audit_samples(file)


@pytest.mark.parametrize(
    "draws",
    [
        np.unique(DRAWS, return_counts=True),
        np.unique(DRAWS, return_inverse=True, return_counts=True),
        [np.array(KINDS), np.array([1, 2, 3, 4])],
        (Tensor(KINDS), Tensor([1, 2, 3, 4])),
        {"chain": np.array(DRAWS), "other": np.array(DRAWS)}.values(),
    ],
)
def test_arrays_side_by_side_may_be_kinds_and_counts(draws: Any) -> None:
    for how in ({}, {"reference": draws}):
        with refused(MeasurementError, "ambiguous", "give a dict of kinds to counts"):
            audit_samples(DRAWS if how else draws, **how)


def test_pairs_of_kinds_and_counts_are_no_draws() -> None:
    counted, numbers = Counter(DRAWS), Counter([3, 3, 5])
    pairs = [counted.most_common(), list(counted.items()), zip(counted, counted.values(), strict=True)]
    for counts in (*pairs, counted.items(), numbers.items(), {1: 1, 2: 5}.items(), numbers.most_common()):
        with refused(MeasurementError, "ambiguous", "give dict() of them for counts"):
            audit_samples(counts)
    assert audit_samples(dict(counted.most_common())).draws == 400  # as the way out says
    assert audit_samples(Counter(counted.most_common())).draws == len(counted)
    drawn = [("a", 1), ("a", 2), ("b", 1)]
    for draws in (drawn, [("a", 1), ("a", 1)], [("a", 1.5)], [("a", 0)], [(1, 2), (2, 5)], [("a", True)]):
        assert audit_samples(draws).draws == len(draws)
    assert audit_samples(drawn, reference={("a", 1), ("b", 1)}).reference is not None


NUMBERS = np.random.default_rng(1).integers(0, 9, 400)


@pytest.mark.parametrize(
    "table",
    [
        np.array(Counter(NUMBERS.tolist()).most_common()),
        np.array(Counter(NUMBERS.tolist()).most_common(), dtype=object),
        np.array(Counter(DRAWS).most_common()),
        np.column_stack(np.unique(NUMBERS, return_counts=True)),
        np.column_stack(np.unique(NUMBERS / 1.0, return_counts=True)),
        np.column_stack(np.unique(np.array(DRAWS, dtype="S"), return_counts=True)),
        np.array(np.unique(NUMBERS, return_counts=True)),
        np.rec.fromarrays(np.unique(NUMBERS, return_counts=True)),
        np.array(sorted(Counter(NUMBERS.tolist()).items()), dtype=object),
        np.array([(1, 1), ("a", 1)], dtype=object),
    ],
)
def test_an_array_of_kinds_and_counts_is_no_array_of_draws(table: Any) -> None:
    forms: list[Any] = [table, Tensor(table)]
    for draws in forms:
        for how in ({}, {"reference": draws}, {"training": draws}):
            with refused(MeasurementError, "ambiguous", "give a dict of kinds to counts"):
                audit_samples(DRAWS if how else draws, **how)
    found = audit_samples(Counter(map(tuple, table.tolist())))  # as the way out says
    assert found.draws == found.distinct == len(table)


def test_a_field_called_as_counts_are_is_no_part_of_a_draw() -> None:
    table = np.array([("a", 3), ("a", 4), ("b", 3)], dtype=[("kind", "U3"), ("Count", int)])
    with refused(MeasurementError, "ambiguous", "a field 'Count', as tables of counts have"):
        audit_samples(table)
    assert count_draws(table["kind"]) == {"a": 2, "b": 1}  # as the ways out say
    assert count_draws(Counter(table.tolist())) == {("a", 3): 1, ("a", 4): 1, ("b", 3): 1}
    assert count_draws(table.astype([("kind", "U3"), ("place", int)]))[("b", 3)] == 1


@pytest.mark.parametrize(
    "draws",
    [
        np.column_stack(
            [np.random.default_rng(2).permutation(50), np.random.default_rng(3).permutation(50) + 1]
        ),
        np.random.default_rng(4).integers(1, 999, (50, 2)),
        np.array([[1, 5], [1, 4], [1, 3]]),
        np.array([[1, 1], [2, 0], [3, 1]]),
        np.array([[1, -1], [2, 1], [3, 1]]),
        np.array([[1, True], [2, True]], dtype=object),
        np.array([["a", "x"], ["b", "y"]]),
        np.array([[7, 3]]),
        np.array([(1, 1, 1), (2, 1, 1)], dtype="i,i,i"),
    ],
)
def test_an_array_of_pairs_is_draws(draws: np.ndarray) -> None:
    for form in (draws, Tensor(draws)):
        assert audit_samples(form).draws == len(draws)
    assert audit_samples(DRAWS, reference={(1, 1), (2, 5)}, training={(5, 1)}).draws == 400


def test_numbers_of_a_dict_may_be_counts() -> None:
    counts = Counter(DRAWS)
    for values in (counts.values(), {"a": np.int64(3), "b": 0}.values()):
        with refused(MeasurementError, "ambiguous", "give the dict itself for counts"):
            audit_samples(values)
    assert audit_samples(counts).draws == 400  # as the ways out say
    assert audit_samples(list(counts.values())).draws == 4
    assert audit_samples({1: "a", 2: "b"}.values()).draws == 2
    with refused(MeasurementError, "too_few"):
        audit_samples({}.values())


BATCHES = [np.array(DRAWS[:150]), np.array(DRAWS[150:300]), np.array(DRAWS[300:])]


@pytest.mark.parametrize(
    "batches",
    [
        BATCHES,
        tuple(map(Tensor, BATCHES)),
        iter(BATCHES),
        [pa.array(part) for part in BATCHES],
        pandas.Series(BATCHES),
        dict(enumerate(BATCHES)).values(),
        [part.reshape(-1, 1) for part in BATCHES],
        [*BATCHES[:2], BATCHES[2][:0]],
    ],
)
def test_batches_of_draws_are_joined_first(batches: Any) -> None:
    with refused(MeasurementError, "ambiguous", "np.concatenate" if is_told(batches) else "as one array"):
        audit_samples(batches, space_size=4)


def is_told(batches: Any) -> bool:
    """Whether arrays are told from kinds with their counts."""
    return not isinstance(batches, tuple) and not hasattr(batches, "mapping")


def test_batches_are_draws_once_they_are_joined() -> None:
    assert audit_samples(np.concatenate(BATCHES), space_size=4).draws == 400  # as the ways out say
    assert audit_samples([tuple(part) for part in BATCHES]).draws == 3
    assert audit_samples(BATCHES[:1] * 3).distinct == 1  # of one shape
    with refused(MeasurementError, "too_few", "arrays without entries are no draws"):
        audit_samples([np.array([])] * 3)
    frame = pandas.DataFrame({"kind": DRAWS})
    for parts in ([frame] * 3, iter([frame, frame[:5]]), [pa.table({"kind": DRAWS})]):
        with refused(MeasurementError, "wrong_type", "a draw is a frame: give one frame of all draws"):
            audit_samples(parts)
    assert audit_samples(pandas.concat([frame, frame])).draws == 800


def test_values_of_arrow_are_what_they_hold() -> None:
    law = dict.fromkeys(KINDS, 1)
    assert audit_samples(list(pa.array(DRAWS)), law=law).verdict is Verdict.CONSISTENT
    assert audit_samples(DRAWS, law=dict(zip(pa.array(KINDS), [1] * 4, strict=True))).counted.notes == ()
    with refused(MeasurementError, "missing_value"):
        count_draws(list(pa.array(["a", None])))


def test_parts_of_tuples_are_what_they_hold() -> None:
    numbers = [0, 1] * 200
    law = {(0, "a"): 1, (1, "b"): 1}
    for parts in (
        Tensor(numbers),
        np.array(numbers),
        Tensor(np.reshape(numbers, (-1, 1))),
        pa.array(numbers),
    ):
        draws = list(zip(parts, ["a", b"b"] * 200, strict=True))
        assert count_draws(draws) == {(0, "a"): 200, (1, "b"): 200}
        assert audit_samples(draws, law=law, reference=draws).verdict is Verdict.CONSISTENT
    assert count_draws([((Tensor(1), 2.0), "x"), ((1, 2), "x")]) == {((1, 2), "x"): 2}
    for unhashable in ([(1, np.array([1, 2]))], list(pandas.DataFrame({"x": DRAWS}).iterrows())):
        with refused(MeasurementError, "wrong_type", "must be hashable"):
            count_draws(unhashable)


class Loader(list[Any]):
    """What gives batches, as those of PyTorch."""

    batch_size = 2


def test_what_gives_batches_is_no_sample() -> None:
    loader = Loader([np.array([1, 2]), np.array([2, 2]), np.array([1, 1])])
    with refused(MeasurementError, "ambiguous", "Loader gives are batches of draws: join them"):
        audit_samples(loader)
    assert audit_samples(np.concatenate(loader)).draws == 6  # as the way out says


class Molecule:
    """What equals nothing but itself, however alike two are."""


def test_draws_that_equal_none_are_told_apart_first() -> None:
    pool = [Molecule() for _ in range(3)]
    for draws in (pool, [Molecule(), Molecule()], iter(pool), dict.fromkeys(pool, 1)):
        with refused(MeasurementError, "wrong_type", "no draw of type Molecule equals another"):
            audit_samples(draws)
    assert audit_samples([*pool, pool[0]], reference=pool).distinct == 3
    assert audit_samples([Molecule(), "a"]).distinct == 2


@pytest.mark.parametrize(
    ("draws", "kind", "law", "other"),
    [
        ([1, 2, 1], "1", {"1": 1, "2": 1}, "'1'"),
        ([(1,), (2,)], "(1,)", {2: 1, 1: 1}, "1"),
        (np.array([3, 1]), "1", {np.str_("x"): 1}, "'x'"),
    ],
)
def test_what_is_beside_the_draws_and_names_none_of_them_is_told(
    draws: Any, kind: str, law: dict[Any, int], other: str
) -> None:
    places = {"law": "the law", "reference": "the reference", "training": "the training set"}
    some = {**law, next(iter(count_draws(draws))): 1}
    for place, said in places.items():
        alien: dict[str, Any] = {place: law}
        found = audit_samples(draws, **alien)
        note = f"no draw is of a kind that {said} names: of the draws {kind}, of {said} {other}"
        assert found.counted.notes == (note,)
        assert note in found._repr_html_().replace("&#x27;", "'")
        assert audit_samples(draws, **{**alien, place: some}).counted.notes == ()
    reference = pandas.Series(DRAWS).value_counts().to_numpy()
    assert "of the reference 105" in audit_samples(DRAWS, reference=reference).counted.notes[0]


def test_sizes_of_groups_are_no_draws() -> None:
    frame = pandas.DataFrame({"x": DRAWS, "y": range(400)})
    by = frame.groupby("x")
    crossed = frame.assign(z=frame["y"] % 2).groupby(["x", "z"]).size()
    ranked = frame["x"].value_counts().rename("umis")
    for counts in (by.size(), by["x"].count(), crossed, pandas.Series(Counter(DRAWS)), ranked):
        for how in ({}, {"reference": counts}):
            with refused(MeasurementError, "ambiguous", "its .to_numpy() for draws"):
                audit_samples(DRAWS if how else counts, space_size=8, **how)
        assert audit_samples(counts.to_dict()).draws == 400
        assert audit_samples(counts.to_numpy()).draws == len(counts)
    for counts in (ranked.to_frame(), by.size().to_frame(), pandas.Series(Counter(DRAWS)).to_frame()):
        with refused(MeasurementError, "ambiguous", "its .to_numpy() for draws"):
            audit_samples(counts)
        assert audit_samples(counts, column=str(counts.columns[0])).draws == 4
    named = frame.set_index("x")["y"]
    for draws in (named, named[::-1], named.to_frame(), pandas.Series([2, 1]), ranked * 0 + 1, -ranked[::-1]):
        assert audit_samples(draws).draws == len(draws)
    for draws in (frame["x"], pandas.Series(DRAWS), frame.set_index("y")["x"], by["y"].max(), frame["y"]):
        assert audit_samples(draws).draws == len(draws)


def test_a_set_has_lost_its_repeats() -> None:
    for draws in ({"a", "b"}, frozenset("ab"), Counter(DRAWS).keys()):
        with refused(MeasurementError, "wrong_type", "give a list of all draws"):
            audit_samples(draws)
        assert audit_samples(DRAWS, reference=draws).reference is not None


def test_kinds_are_anything_hashable() -> None:
    assert count_draws([Fraction(1, 2), (1, 2), (1, 2), frozenset("a")]) == {
        Fraction(1, 2): 1,
        (1, 2): 2,
        frozenset("a"): 1,
    }
    assert count_draws(np.array([[1, 2], [1, 2], [2, 1]])) == {(1, 2): 2, (2, 1): 1}
    assert count_draws(np.array([1.0, 1.0, 2.0])) == {1: 2, 2: 1}


def test_bytes_of_arrays_are_text_as_in_files(tmp_path: Path) -> None:
    draws = np.array(DRAWS, dtype="S")
    np.save(tmp_path / "draws.npy", draws)
    for form in (draws, list(draws), np.ma.masked_array(draws), draws.reshape(-1, 1)):
        assert count_draws(form) == Counter(DRAWS)
    assert audit_samples(tmp_path / "draws.npy").counted.most == audit_samples(draws).counted.most
    assert audit_samples(draws, law=dict.fromkeys(KINDS, 1)).verdict is Verdict.CONSISTENT
    for strange in (np.array([b"\xff"]), [np.bytes_(b"\xff")]):
        with refused(MeasurementError, "wrong_type", "samples stored as bytes must be plain text"):
            count_draws(strange)


ROWS = [[1, 2], [1, 2], [2, 1]]


@pytest.mark.parametrize(
    "draws",
    [
        np.array(ROWS),
        np.array(ROWS, dtype=object),
        np.array(ROWS, dtype=object).reshape(3, 1, 2),
        np.ma.masked_array(ROWS),
        [np.array(row) for row in ROWS],
        Tensor(ROWS),
        [Tensor(row) for row in ROWS],
    ],
)
def test_a_row_of_every_array_is_a_kind(draws: Any) -> None:
    assert count_draws(draws) == {(1, 2): 2, (2, 1): 1}


@pytest.mark.parametrize(
    "draws",
    [
        np.array(DRAWS).reshape(-1, 1),
        np.array(DRAWS, dtype=object).reshape(-1, 1, 1),
        np.ma.masked_array(DRAWS).reshape(-1, 1),
        [np.array([kind]) for kind in DRAWS],
        np.array(DRAWS).reshape(-1, 1).view(np.matrix),
        Tensor(np.array(DRAWS).reshape(-1, 1)),
        [Tensor([[kind]]) for kind in DRAWS],
    ],
)
def test_a_row_of_one_cell_is_that_cell_as_in_files(draws: Any, tmp_path: Path) -> None:
    law = dict.fromkeys(KINDS, 1)
    found = audit_samples(draws, law=law, reference=draws, training=KINDS)
    assert (found.verdict, found.counted.notes) == (Verdict.CONSISTENT, ())
    np.save(tmp_path / "draws.npy", np.array(DRAWS).reshape(-1, 1))
    (tmp_path / "law.csv").write_text("kind,weight\n" + "".join(f"{kind},1\n" for kind in KINDS))
    in_files = audit_samples(tmp_path / "draws.npy", law=tmp_path / "law.csv")
    assert (found.finding, found.counted.most) == (in_files.finding, in_files.counted.most)
    assert (found.reference, found.novelty) == (
        audit_samples(DRAWS, reference=KINDS).reference,
        audit_samples(DRAWS, reference=KINDS, training=KINDS).novelty,
    )


def test_rows_without_cells_are_no_draws() -> None:
    for draws in (np.empty((3, 0)), np.empty((0, 3)), np.empty((3, 0), dtype=object)):
        with refused(MeasurementError, "too_few"):
            audit_samples(draws)


def test_scalars_of_tensors_are_what_they_hold() -> None:
    assert count_draws(Tensor([1, 1, 2])) == count_draws([Tensor(1), np.int8(1), 2.0]) == {1: 2, 2: 1}


def test_columns_of_frames_may_be_called_by_numbers() -> None:
    frame = Frame({0: ["a", "a"], 1: ["b", "c"]})  # type: ignore[dict-item]
    assert count_draws(frame, "0") == {"a": 2}
    assert count_draws(Frame({7: DRAWS})) == Counter(DRAWS)  # type: ignore[dict-item]


def test_a_column_is_that_of_frames_beside_the_draws_as_well(tmp_path: Path) -> None:
    frame = Frame({"kind": DRAWS, "note": ["x"] * 400})
    for draws in (frame, DRAWS):
        known = audit_samples(draws, column="kind", reference=frame).reference
        assert known is not None
        assert (known.size, known.distinct) == (4, 4)
    for reference in (["a"], Frame({"word": ["a"]})):
        known = audit_samples(frame, column="kind", reference=reference).reference
        assert known is not None
        assert known.size == 1
    (tmp_path / "draws.csv").write_text("1,a\n2,a")
    found = audit_samples(tmp_path / "draws.csv", column=2)
    assert (found.draws, found.distinct) == (2, 1)


def test_a_column_that_is_named_holds_draws_whatever_it_is_called() -> None:
    assert count_draws(Frame({"n": DRAWS, "x": DRAWS}), "n") == Counter(DRAWS)


def test_the_kinds_named_beside_a_law_are_those_farthest_from_it(tmp_path: Path) -> None:
    """As where draws and law lie in files: by their share of it, the ones that never came among them."""
    law = {"common": 50, **{f"k{place:02}": 1 for place in range(11)}, "nothing": 0}
    counts = {"common": 500, **{f"k{place:02}": 8 + place % 3 for place in range(10)}, "k09": 75}
    found = audit_samples(counts, law=law).report.fit
    assert found is not None
    assert [(kind, times) for kind, times, _ in found.most[:2]] == [("k09", 75), ("common", 500)]
    assert [(kind, times) for kind, times, _ in found.least[:2]] == [("k10", 0), ("k00", 8)]
    for name, column, numbers in (("law", "weight", law), ("counts", "count", counts)):
        rows = "".join(f"{kind},{number}\n" for kind, number in numbers.items())
        (tmp_path / f"{name}.csv").write_text(f"kind,{column}\n{rows}")
    in_files = audit_samples(tmp_path / "counts.csv", law=tmp_path / "law.csv", counts=True).report.fit
    assert in_files is not None
    assert (found.most, found.least) == (in_files.most, in_files.least)


def test_a_law_in_memory_is_held_against_the_draws() -> None:
    law = {"a": 1, "b": 1, "c": 1, "d": 1, "e": 0}
    assert audit_samples(DRAWS, law=law).verdict is Verdict.CONSISTENT
    refuted = audit_samples(DRAWS, law={"a": 97, "b": 1, "c": 1, "d": 1})
    assert refuted.verdict is Verdict.NOT_UNIFORM
    assert audit_samples([*DRAWS, "e"], law=law).verdict in (Verdict.IMPOSSIBLE, Verdict.NOT_UNIFORM)


@pytest.mark.parametrize(
    "draws", [np.array([b"a", b"b"] * 20), [b"a", b"b"] * 20, [np.bytes_("b"), "a"] * 20]
)
def test_bytes_of_plain_text_are_that_text(draws: Any) -> None:
    for law in ({"a": 1, "b": 1}, {b"a": 1, b"b": 1}):
        found = audit_samples(draws, law=law)
        assert found.verdict is Verdict.CONSISTENT
    assert audit_samples([b"\xff", b"a", "a"], space_size=4).distinct == 2


@pytest.mark.filterwarnings("error")
def test_what_a_law_makes_as_good_as_impossible_is_refused_where_it_came() -> None:
    law = {"a": 1, "b": 1e-300}
    assert audit_samples(["a"] * 100, law=law).verdict is Verdict.NOT_ENOUGH_SAID
    assert audit_samples(["a"] * 99 + ["b"], law=law).verdict is Verdict.NOT_UNIFORM


def test_known_sets_in_memory() -> None:
    found = audit_samples(DRAWS, reference=["a", "b", "x"], training=["a"])
    assert found.reference is not None
    assert found.novelty is not None
    assert found.reference.distinct == 2
    assert found.reference.inside == DRAWS.count("a") + DRAWS.count("b")
    assert isinstance(found.novelty.novel.figure, Interval)
    assert found.novelty.novel.figure.estimate == pytest.approx(1 - DRAWS.count("a") / 400)
    assert found.novelty.novel.ideal == pytest.approx(2 / 3)


def test_draws_without_replacement_have_no_figures_of_independent_ones() -> None:
    known = ["a", "b", "c", "x"]
    found = audit_samples(
        list("abc"), space_size=6, reference=known, training=["b"], without_replacement=True
    )
    assert found.reference is not None
    assert found.novelty is not None
    assert (found.reference.coverage.figure, found.reference.outside.figure) == (0.75, 0)
    assert found.novelty.novel.figure == pytest.approx(2 / 3)
    shown = found._repr_html_()
    assert "<tr><th>coverage</th><td>50.00 % of 6</td></tr>" in shown
    assert "mass not seen" not in shown
    with refused(MeasurementError, "contradictory", "a curve is of independent draws"):
        _ = found.curve
    with refused(MeasurementError, "contradictory", "a curve is of independent draws"):
        found.plot("curve.svg")


@pytest.mark.parametrize(
    ("training", "ideal"),
    [(["y", "z"], 1), (["a", "y", "z", "w"], 2 / 3), (["x", "a", "b", "y"], 0), (["a", "b"], 1 / 3)],
)
def test_an_ideal_sampler_of_the_reference_is_new_by_what_that_shares_with_the_training_set(
    training: list[str], ideal: float, tmp_path: Path
) -> None:
    reference = ["a", "b", "x"]
    for name, kinds in (("draws", DRAWS), ("reference", reference), ("training", training)):
        (tmp_path / f"{name}.txt").write_text("\n".join(kinds))
    draws, *known = (tmp_path / f"{name}.txt" for name in ("draws", "reference", "training"))
    in_memory = audit_samples(DRAWS, reference=reference, training=training).novelty
    assert in_memory is not None
    assert in_memory.size == len(training)
    assert in_memory.novel.ideal == pytest.approx(ideal)
    assert audit_samples(draws, reference=known[0], training=known[1]).novelty == in_memory
    # Of a space that is named all of the training set is.
    named = audit_samples(DRAWS, space_size=8, reference=reference, training=training).novelty
    assert named is not None
    assert named.novel.ideal == 1 - len(training) / 8


def test_what_was_counted_zero_times_was_not_drawn(tmp_path: Path) -> None:
    found = audit_samples(Counter(a=3, b=1, c=0), space_size=3)
    (tmp_path / "counts.csv").write_text("kind,count\na,3\nb,1\nc,0\n")
    in_files = audit_samples(tmp_path / "counts.csv", space_size=3, counts=True)
    assert (found.distinct, found.counted.least) == (2, (("b", 1), ("a", 3)))
    assert (found.counted.most, found.counted.least) == (in_files.counted.most, in_files.counted.least)
    assert found.finding == in_files.finding
    assert count_draws({"a": np.int64(0), "b": 2}) == {"b": 2}
    with refused(MeasurementError, "too_few"):
        audit_samples(Counter(a=0))


def test_what_was_counted_zero_times_is_not_in_a_known_set() -> None:
    found = audit_samples(["a", "b"], reference={"a": 3, "b": 0, "c": 1})
    assert found.reference is not None
    assert (found.reference.size, found.reference.inside) == (2, 1)


@pytest.mark.parametrize(
    "draws",
    [
        np.array(["2020-01-01", "NaT", "NaT"], "M8[D]"),
        np.array(["2020-01-01", "NaT"], "M8[ns]"),
        np.array([[1, "NaT"]], "m8[s]"),
        [np.datetime64("NaT", "ns")],
        np.array([1, complex("nan")]),
        np.array([(1, np.nan)], dtype=[("a", int), ("b", float)]),
        np.ma.masked_array([1, 2], mask=[False, True]),
        np.ma.masked_array([[1, 2], [1, 2]], mask=[[False, False], [False, True]]),
        np.ma.masked_array(["a", "b"], mask=[False, True], dtype=object),
        [1, np.ma.masked],
        np.array([["a", None]], dtype=object),
        [(1, float("nan")), (1, float("nan"))],
        [(1, (2, None))],
        [frozenset({None})],
        [np.array([1, np.nan])],
        Tensor(np.array(["NaT"], "M8[D]")),
        Counter([None, "a"]),
        {np.float64("nan"): 3},
        ["a", Unsaid()],
    ],
)
def test_a_missing_value_is_no_kind(draws: Any) -> None:
    with refused(MeasurementError, "missing_value"):
        count_draws(draws)


@pytest.mark.parametrize(
    "law", [{}, {"a": 0, "b": 0}, {"a": None}, {"a": "many"}, {"a": 10**400}, {"a": float("nan"), "b": 1}]
)
@pytest.mark.usefixtures("unchecked_types")
def test_weights_that_make_no_law_are_refused(law: Any) -> None:
    with refused(MeasurementError, "out_of_range"):
        audit_samples(DRAWS, law=law)


@pytest.mark.parametrize("significance", ["0.05", None, float("nan"), 1])
@pytest.mark.usefixtures("unchecked_types")
def test_a_significance_that_is_no_probability_is_refused(significance: Any) -> None:
    code: ErrorCode = "out_of_range" if isinstance(significance, (int, float)) else "wrong_type"
    with refused(MeasurementError, code, f"such as 0.001, not {significance!r}"):
        audit_samples([1, 2], significance=significance)


@pytest.mark.parametrize("draws", [["a"], "draws.txt"])
@pytest.mark.usefixtures("unchecked_types")
def test_an_engine_that_there_is_none_of_is_refused(draws: Any) -> None:
    engine: Any = "locl"
    with refused(MeasurementError, "unknown_name", "is called 'local' or 'ray', not 'locl'"):
        audit_samples(draws, engine=engine)
    with refused(MeasurementError, "unknown_name", "is called 'local' or 'ray', not 'locl'"):
        count_samples(["draws.txt"], on=engine)


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
        (np.array([2.0**24], np.float32), {}, "not_finite", "below 2^24"),
        (np.array([2.0**11], np.float16), {}, "not_finite", "below 2^11"),
        ({"a": 1.5}, {}, "wrong_type", "has the count 1.5"),
        ({"a": np.uint64(2**63), "b": 1}, {}, "out_of_range", "more draws than 2^63 - 1"),
        (Remote(), {}, "wrong_type", "cannot be read as an array: can't convert cuda:0"),
        (Frame({0: DRAWS, "0": DRAWS}), {"column": "0"}, "ambiguous", "called alike"),  # type: ignore[dict-item]
        (
            DRAWS,
            {"training": "training.csv"},
            "wrong_type",
            "the reference and the training set are in memory",
        ),
        ([], {}, "too_few", ""),
        (
            Frame({"x": DRAWS, "y": DRAWS}),
            {},
            "unknown_column",
            "has the columns x, y: give that of the kinds alone",
        ),
        (
            Frame({"x": DRAWS}),
            {"column": "zz"},
            "unknown_column",
            "has no column 'zz', but the columns x: name",
        ),
        (Frame({}), {}, "unknown_column", "has no columns: give one with the kinds"),
        (Frame({"Count": DRAWS}), {}, "ambiguous", "a column 'Count', as tables of counts have"),
        (Frame({"kind": DRAWS, "n": DRAWS}), {}, "ambiguous", "a column 'n', as tables of counts have"),
        (Column(DRAWS, "count"), {}, "ambiguous", "the draws are called 'count', as counts are"),
        (DRAWS, {"column": "x"}, "wrong_type", "leave it out of other draws"),
        (DRAWS, {"counts": True}, "wrong_type", "a mapping of kinds to counts"),
        (DRAWS, {"law": "law.csv"}, "wrong_type", "a mapping of kinds to weights"),
        (DRAWS, {"law": {"a": -1}}, "out_of_range", "weights of a law"),
        (DRAWS, {"significance": 2}, "out_of_range", "a probability such as 0.001"),
        (DRAWS, {"law": {None: 1, "a": 1}}, "missing_value", ""),
        (DRAWS, {"law": {np.datetime64(1, "D"): 1, date(1970, 1, 2): 1}}, "contradictory", "more than once"),
        (DRAWS, {"reference": Frame({"x": DRAWS, "y": DRAWS})}, "unknown_column", "that of the kinds alone"),
        (
            Frame({"x": DRAWS, "y": DRAWS}),
            {"column": "x", "training": Frame({"a": DRAWS, "b": DRAWS})},
            "unknown_column",
            "a frame beside the draws has no column 'x', but a, b: give that of the kinds alone",
        ),
        (DRAWS, {"column": "zz", "reference": Frame({"x": DRAWS})}, "unknown_column", "has no column 'zz'"),
        (DRAWS, {"reference": [Path("known.txt")]}, "wrong_type", "are in memory, too"),
        ("draws.csv", {"reference": [Path("known.txt")]}, "wrong_type", "give the path of each"),
        ("draws.csv", {"law": {"a": 1}}, "wrong_type", "are files, too"),
    ],
)
def test_what_is_no_sample_is_refused(draws: Any, how: dict[str, Any], code: ErrorCode, words: str) -> None:
    with refused(MeasurementError, code, words):
        audit_samples(draws, **how)
