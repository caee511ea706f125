"""Files that are counted one by one, in any order, give what all of them give at once."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest

from fluxttice_core.audit import units
from fluxttice_core.audit.counted import Beside, Counted, count_samples
from fluxttice_core.audit.draws import Reading
from fluxttice_core.audit.in_python import audit_samples
from fluxttice_core.audit.sample_report import report_samples
from fluxttice_core.audit.units import Unit
from fluxttice_core.errors import FluxtticeError, MeasurementError
from fluxttice_core.extras import EXTRAS
from tests.audit.sample_files import TERNARY, write
from tests.refusals import refused

SHARDS = list(np.random.default_rng(5).integers(0, 19_683, (3, 40)) // 500 * 500)
TABLES = [TERNARY.tables(drawn) for drawn in SHARDS]
STRINGS = [TERNARY.strings(drawn) for drawn in SHARDS]

ALIKE: dict[str, list[Any]] = {
    "indices.npy": SHARDS,
    "tables.npy": TABLES,
    "several.npz": [{"seed": np.arange(3), "samples": table} for table in TABLES],
    "strings.txt": STRINGS,
    "strings.smi": [[f"{text} name" for text in strings] for strings in STRINGS],
    "indices.csv.gz": [["seed,index", *(f"1,{index}" for index in drawn)] for drawn in SHARDS],
    "cells.csv": [[",".join(map(str, row)) for row in table] for table in TABLES],
    "indices.jsonl": [[f'{{"seed": 1, "index": {index}}}' for index in drawn] for drawn in SHARDS],
    "values.ndjson": [[f'"{text}"' for text in strings] for strings in STRINGS],
    "reads.fasta": [[line for text in strings for line in (">", text)] for strings in STRINGS],
    "indices.parquet": [{"seed": np.arange(40), "index": drawn} for drawn in SHARDS],
    "lists.parquet": [{"operation": table.tolist()} for table in TABLES],
}
"""Shards of one kind, by the name of the first."""

APART: dict[str, list[Any]] = {
    "glyphs.txt": [["+0-", "000"], ["+0-", "a"], ["00+"]],
    "told.txt": [["# seed", "nan", "null", "5"], ["", "5 "], ["nan", "null", "x"]],
    "headings.csv": [["pear"], ["pear", "a", "b"], ["pear", "b"]],
    "keys.jsonl": [[], ['{"a": 1, "word": "x"}'], ['{"word": "y", "a": 1}', '{"word": "x"}']],
    "optional.jsonl": [['{"word": "x", "seed": 1}'], ['{"word": "y"}'], ["", '{"word": "x", "m": 2}'], []],
    "empty.jsonl": [[], ["3", "4"], [], ["3"]],
    "wider.parquet": [{"n1": np.array([7], np.int8)}, {"n1": np.array([30, 7])}, {"n1": np.array([2.0])}],
    "widened.parquet": [{"word": np.array([7], np.int8)}, {"word": np.array([300])}],
    "single.parquet": [{"word": np.array([2.0**24 - 1], np.float32)}, {"word": np.array([2**24 + 1])}],
    "signed.parquet": [{"word": np.array([2**64 - 1], np.uint64)}, {"word": np.array([-1])}],
    "absent.parquet": [{"word": pyarrow.nulls(0)}, {"word": ["a", "b"]}],
    "beside.parquet": [{"word": ["a"], "seed": [1]}, {"seed": ["x"], "word": ["b"]}, {"word": ["a"]}],
    "fuller.parquet": [{"word": pyarrow.array([], pyarrow.int16())}, {"word": [9, 9]}, {"word": [1]}],
    "nested.parquet": [
        {"operation": pyarrow.array([], pyarrow.list_(pyarrow.int8()))},
        {"operation": [[0, 1, 1]]},
    ],
    "wider.npy": [np.zeros(0, np.int8), np.array([1, 2], np.int16), np.array([2, 30_000])],
    "halves.npy": [np.array([1.0, 2.0]), np.array([2, 3])],
    "signed.npy": [np.array([2**64 - 1], np.uint64), np.array([-1])],
}
"""Shards that by themselves would be read in different ways."""

ALIEN: dict[str, tuple[str, list[Any]]] = {
    "headings.csv": ("contradictory", [["word", "a"], ["other", "a"]]),
    "nothing.csv": ("contradictory too_few", [["word", "a"], []]),
    "names.parquet": ("contradictory", [{"word": ["a"]}, {"other": ["a"]}]),
    "digits.parquet": ("contradictory", [{"word": [1]}, {"word": ["a"]}]),
    "texts.parquet": ("contradictory", [{"word": ["007", "7"]}, {"word": [7, 8]}]),
    "truth.parquet": ("contradictory", [{"word": [True]}, {"word": [5]}]),
    "nested.parquet": ("contradictory", [{"operation": [[0, 1, 1]]}, {"operation": [1]}]),
    "halves.parquet": ("wrong_type", [{"word": [0, 1]}, {"word": [0.3, 1.0]}]),
    "beyond.parquet": ("wrong_type", [{"word": [2**53 + 1]}, {"word": [2.0]}]),
    "words.npy": ("contradictory", [np.array(["7", "007"]), np.array([7, 8])]),
    "digits.npy": ("contradictory", [np.array([7, 8]), np.array(["7", "007"])]),
    "truth.npy": ("contradictory", [np.array([5, 0]), np.array([True])]),
    "halves.npy": ("wrong_type", [np.array([0, 1]), np.array([0.3, 1.0])]),
    "beyond.npy": ("wrong_type", [np.array([2**53 + 1]), np.array([2.0])]),
    "names.npz": ("contradictory", [{"draws": np.arange(3)}, {"seed": np.arange(3)}]),
    "shapes.npy": ("contradictory", [np.zeros(3, int), np.zeros((3, 9), int)]),
    "names.jsonl": ("contradictory", [['{"x": "a"}'], ['{"y": "a"}']]),
    "none.jsonl": ("contradictory", [['{"word": "a", "seed": 1}'], ["{}"]]),
    "letters.jsonl": ("contradictory", [['{"word": "a"}'], ["", '{"Word": "a"}', '{"word": "a"}']]),
    "objects.jsonl": ("contradictory", [['{"word": "a"}'], ['"a"']]),
    "values.jsonl": ("contradictory", [['"a"'], ['{"word": "a"}']]),
    "twice.jsonl": ("ambiguous", [['{"word": "a", "n": {"n": 1}, "word": "b"}'], ['{"word": "a", "n": 1}']]),
    "later.jsonl": ("ambiguous", [['{"word": "a"}'], ['{"word": "b"}', '{"word": "a", "word": "b"}']]),
    "latin.txt": ("alien_file", [["a"], b"\xe9\n"]),
    "missing.parquet": (
        "missing_value",
        [{"word": ["a"]}, {"word": pyarrow.array([None], pyarrow.string())}],
    ),
    "cells.npy": ("out_of_range", [np.zeros((3, 9), int), np.full((3, 9), 7)]),
    "none.txt": ("too_few", [[], []]),
    "none.npy": ("too_few", [[], []]),
    "none.parquet": ("too_few", [{"word": pyarrow.array([], pyarrow.int16())}] * 2),
}
"""Shards that cannot be read together, behind the codes of the refusals: of all at once, and of units."""


def in_turn(unit: Unit, paths: list[Path]) -> Iterator[Any]:
    """Count files the last first, each by a unit that was sent as bytes."""
    for path in reversed(paths):
        yield from pickle.loads(pickle.dumps(unit)).counts(path)  # noqa: S301 - our own


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process take the place of a cluster."""
    monkeypatch.setattr(units, "count_on_cluster", in_turn)


def shards_of(name: str, contents: list[Any], folder: Path) -> list[str]:
    return [str(write(folder / f"{place}-{name}", content)) for place, content in enumerate(contents)]


def all_of(counted: Counted) -> dict[str, Any]:
    """Everything that is known of draws."""
    return {
        "report": report_samples(counted, None if counted.size else 20_000).as_json(),
        "ends": (counted.most, counted.least, counted.size, counted.column, counted.left_out, counted.notes),
        "beside": repr((counted.law_tally, counted.reference, counted.training)),
    }


@pytest.mark.parametrize("name", [*ALIKE, *APART])
def test_units_add_up_to_what_all_files_hold(name: str, tmp_path: Path) -> None:
    places = shards_of(name, (ALIKE | APART)[name], tmp_path)
    reading = Reading(skip=("nan",)) if name in APART and not name.startswith("nested") else Reading()
    whole, apart = (count_samples(places, reading, on=engine) for engine in ("local", "ray"))
    assert all_of(apart) == all_of(whole)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("widened.parquet", {"7": 1, "300": 1}),
        ("single.parquet", {"16777215": 1, "16777217": 1}),
        ("signed.parquet", {"-1": 1, "18446744073709551615": 1}),
        ("signed.npy", {"-1": 1, "18446744073709551615": 1}),
        ("wider.npy", {"1": 1, "2": 2, "30000": 1}),
        ("halves.npy", {"1": 1, "2": 2, "3": 1}),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_numbers_of_several_types_stay_the_numbers_that_they_are(
    name: str, kinds: dict[str, int], turned: bool, tmp_path: Path
) -> None:
    places = shards_of(name, APART[name], tmp_path)
    assert dict(count_samples(places[::-1] if turned else places).most) == kinds


def test_what_by_itself_would_be_an_operation_is_none_beside_a_word(tmp_path: Path) -> None:
    places = shards_of("glyphs.txt", APART["glyphs.txt"], tmp_path)
    assert count_samples(places[:1], on="ray").size == 27
    assert count_samples(places, on="ray").size is None


def test_a_law_and_known_sets_stand_beside_units(tmp_path: Path) -> None:
    places = shards_of("indices.npy", SHARDS, tmp_path)
    known = str(write(tmp_path / "known.txt", range(0, 19_683, 1_500)))
    law = str(write(tmp_path / "law.csv", ["kind,weight", *(f"{kind},1" for kind in range(0, 19_683, 500))]))
    found = []
    for engine in ("local", "ray"):
        kept = tmp_path / f"{engine}.parquet"
        counted = count_samples(places, None, Beside(law, known, known, kept), on=engine)
        found.append((all_of(counted), kept.read_bytes()))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ALIEN)
def test_what_cannot_be_read_together_is_refused_by_units_too(name: str, tmp_path: Path) -> None:
    codes, shards = ALIEN[name]
    places = shards_of(name, shards, tmp_path)
    with pytest.raises(MeasurementError) as at_once:
        count_samples(places)
    with pytest.raises(MeasurementError) as apart:
        count_samples(places, on="ray")
    assert [at_once.value.code, apart.value.code] == (codes.split() * 2)[:2]


def test_a_unit_comes_in_one_order_whatever_it_is_made_of(tmp_path: Path) -> None:
    """What a second process sends after the death of a first must go on where that stopped."""
    drawn = np.random.default_rng(0).permutation(np.repeat(np.arange(30_000), 2))
    orders = []
    for place, rows in enumerate((drawn, drawn[::-1])):
        path = write(tmp_path / f"{place}.npy", rows)
        kinds: list[int] = []

        def counted(unit: Unit, paths: list[Path], kinds: list[int] = kinds) -> Iterator[Any]:
            for table in in_turn(unit, paths):
                kinds += table["kind"].to_pylist()
                yield table

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(units, "count_on_cluster", counted)
            count_samples([str(path)], on="ray")
        orders.append(kinds)
    assert orders[0] == orders[1] == list(range(30_000))


def test_a_cluster_counts_files_of_draws_alone(tmp_path: Path) -> None:
    for places, reading in (
        (["-"], Reading()),
        ([str(write(tmp_path / "a.csv", ["1"]))], Reading(holds="counts")),
    ):
        with refused(MeasurementError, "unsupported", "--engine ray counts files of draws"):
            count_samples(places, reading, on="ray")
    with refused(MeasurementError, "unsupported", "give their path, or leave engine= out"):
        audit_samples([1, 2], engine="ray")
    path = write(tmp_path / "draws.npy", [1, 1, 2])
    assert audit_samples(path, engine="ray").as_json() == audit_samples(path).as_json()


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setitem(EXTRAS, "cluster", ("no_such_ray",))
    path = str(write(tmp_path / "draws.npy", [1, 1, 2]))
    with refused(
        FluxtticeError, "missing_extra", r"--engine ray needs no_such_ray", "fluxttice-core[cluster]"
    ):
        count_samples([path], on="ray")
