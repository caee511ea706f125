"""Files of counts, beside a law and known sets, kept and added up."""

import itertools
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from fluxttice_core.audit.counted import Beside, Counted, count_samples, count_values
from fluxttice_core.audit.curves import curve_of
from fluxttice_core.audit.draws import Reading
from fluxttice_core.audit.whole_file import require_writable
from fluxttice_core.cli.main import app
from fluxttice_core.errors import ErrorCode, MeasurementError, StorageError
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.statistics.tally import Tally
from tests.audit.sample_files import TERNARY, count, counts, write
from tests.refusals import refused

TABLE = ["guide,reads", "AC,3", "GT,0", "TT,1"]


def tallied(counted: Counted) -> dict[int, int]:
    return dict(zip(counted.tally.times.tolist(), counted.tally.kinds.tolist(), strict=True))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TABLE),
        ("a.tsv", [line.replace(",", "\t") for line in TABLE[1:]]),
        ("a.csv.gz", TABLE),
        ("a.csv", [*TABLE, "AC,0", "GT,0"]),
        ("a.jsonl", ['{"kind": "AC", "n": 3}', '{"kind": "TT", "n": 1.0}']),
        ("a.parquet", {"kind": ["AC", "TT"], "count": [3.0, 1.0], "note": ["x", "y"]}),
        ("a.npz", {"kinds": ["AC", "TT", "GT"], "counts": [3, 1, 0], "seed": [7]}),
    ],
)
def test_kinds_and_counts_in_every_format(name: str, content: Any, tmp_path: Path) -> None:
    counted = count(write(tmp_path / name, content), holds="counts")
    assert (counts(counted), tallied(counted)) == ({"AC": 3, "TT": 1}, {1: 1, 3: 1})


def test_counts_without_kinds(tmp_path: Path) -> None:
    assert tallied(count(write(tmp_path / "a.txt", [3, 0, 3, 1]), holds="counts")) == {1: 1, 3: 2}
    assert tallied(count(write(tmp_path / "a.npy", [3, 0, 3, 1]), holds="counts")) == {1: 1, 3: 2}
    assert tallied(count("1:21492, 2:8", holds="counts")) == {1: 21_492, 2: 8}
    with refused(MeasurementError, "missing_value", "counts alone name no kinds"):
        count_samples(["1:2"], Reading(holds="counts"), Beside(save_counts=tmp_path / "c.parquet"))
    with refused(MeasurementError, "malformed", "'much' is no size of memory"):
        count_samples(["1:2"], Reading(holds="counts"), memory="much")
    assert tallied(count(write(tmp_path / "a.npz", {"n": [3, 3, 1]}), holds="counts")) == {1: 1, 3: 2}
    for nowhere in ({"skip": ("3",)}, {"canonical": True}):
        for place in (tmp_path / "a.npy", "1:2"):
            with refused(MeasurementError, "missing_value", "counts alone name no kinds"):
                count(place, holds="counts", **nowhere)


def test_archives_of_kinds_and_counts_add_up(tmp_path: Path) -> None:
    """As tables of text do: which kinds two shards share decides how many there are."""
    content = {"kinds": [10, 20, 30], "counts": [5, 1, 1]}
    one = write(tmp_path / "1.npz", content)
    other = write(tmp_path / "2.npz", content | {"kinds": [10, 20, 40], "counts": [5.0, 1.0, 2.0]})
    both = count_samples([str(one), str(other)], Reading(holds="counts"))
    assert (counts(both), both.column) == ({"10": 10, "20": 2, "30": 1, "40": 2}, "kinds")
    assert both.notes == ("counts are those of the column 'counts'",)
    assert counts(count(one, holds="counts", column="kinds")) == {"10": 5, "20": 1, "30": 1}
    law = str(write(tmp_path / "law.npz", {"index": [10, 20], "weight": [3, 1]}))
    found = count_samples([str(one)], Reading(holds="counts"), Beside(law=law)).law_tally
    assert found is not None
    assert (found.outside, found.times.tolist(), found.probability.tolist()) == (1, [1, 5], [0.25, 0.75])


def test_pieces_of_two_arrays_go_together(tmp_path: Path) -> None:
    """Strings are read in smaller pieces than numbers, and what repeats is held once."""
    rows = 150_000
    content = {"kinds": np.array(["ab", "c"] * (rows // 2)), "counts": np.arange(rows) % 4 // 2 + 1}
    assert counts(count(write(tmp_path / "a.npz", content), holds="counts")) == {
        "ab": rows // 4 * 3,
        "c": rows // 4 * 3,
    }


def test_rows_that_repeat_are_added_up_in_arrays_of_pairs(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npy", [[7, 3]] * 5 + [[8, 1]])
    assert counts(count(path, holds="counts")) == {"7": 15, "8": 1}
    with refused(MeasurementError, "contradictory", "names the kind '7' more than once"):
        count_samples([str(write(tmp_path / "d.npy", [7, 8]))], None, Beside(law=str(path)))


ARCHIVES: list[tuple[dict[str, Any], dict[str, Any], ErrorCode, str]] = [
    ({"kinds": [1, 2, 3], "counts": [5, 1]}, {}, "wrong_shape", "'kinds' and 'counts' of other shapes"),
    ({"kinds": [[1, 2], [3, 4]], "counts": [5, 1]}, {}, "wrong_shape", "give one kind, an index or a string"),
    ({"kinds": [1], "counts": [5]}, {"column": "counts"}, "contradictory", "holds numbers of draws"),
    ({"kinds": [1]}, {}, "ambiguous", "give the file as --samples"),
    ({"x": [1], "y": [2]}, {"column": "x"}, "ambiguous", "name that of the numbers so"),
    ({}, {}, "too_few", "holds no array"),
]


@pytest.mark.parametrize(("content", "reading", "code", "message"), ARCHIVES)
def test_archives_without_clear_counts_are_refused(
    content: dict[str, Any], reading: dict[str, Any], code: ErrorCode, message: str, tmp_path: Path
) -> None:
    with refused(MeasurementError, code, message):
        count(write(tmp_path / "a.npz", content), holds="counts", **reading)


WRONG: list[tuple[list[str], ErrorCode, str]] = [
    (["kind,count", "a,1.5"], "malformed", "'1.5' in its column 'count'"),
    (["kind,count", "a,-1"], "malformed", "whole ones if they are counts: correct it"),
    (["kind,count", "a,"], "malformed", "'an empty cell' in its column"),
    (["kind,count", ",4"], "missing_value", "has 4 empty draws"),
    (["kind,count", "a,0"], "too_few", "no draw at all"),
    (["guide", "CC", "CC"], "malformed", "give a file of draws as --samples"),
    (["smiles", "CC", "CC"], "ambiguous", "give the file as --samples"),
    (["index", "16", "12"], "ambiguous", "give the file as --samples"),
    (["smiles,seed", "CC,1"], "ambiguous", "give a file of draws as --samples"),
]


@pytest.mark.parametrize(("lines", "code", "message"), WRONG)
def test_counts_that_are_none_are_refused(
    lines: list[str], code: ErrorCode, message: str, tmp_path: Path
) -> None:
    with refused(MeasurementError, code, message):
        count(write(tmp_path / "a.csv", lines), holds="counts")


def test_a_first_row_that_is_read_as_a_kind_is_told(tmp_path: Path) -> None:
    """It may name the columns: one may be called 2019."""
    for suffix, apart in (("csv", ","), ("tsv", "\t"), ("csv.gz", ",")):
        path = write(tmp_path / f"a.{suffix}", [f"guide{apart}2019", f"a{apart}3"])
        notes = count(path, holds="counts").notes
        assert notes == (f"the first row of 'a.{suffix}' was read as a kind and its count",)
    named = count(write(tmp_path / "named.tsv", ["kind\tcount", "a\t3"]), holds="counts")
    assert named.notes == ("counts are those of the column 'count'",)
    with refused(MeasurementError, "ambiguous", "has the columns species, 2019", "name that of the numbers"):
        count(write(tmp_path / "a.csv", ["species,2019", "a,3"]), holds="counts")


def test_tables_that_are_read_as_lines_are_refused_with_what_reads_them(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", ["kind,count", "a,3", "b,4"])
    with refused(MeasurementError, "malformed", "'a,3' in its column '1'", "name its format by --format csv"):
        count(path, holds="counts")
    assert counts(count(path, holds="counts", file_format="csv")) == {"a": 3, "b": 4}


def test_weights_that_are_none_are_to_be_corrected(tmp_path: Path) -> None:
    law = str(write(tmp_path / "law.csv", ["a,5e-1", "b,x"]))
    draws = str(write(tmp_path / "a.txt", ["a", "b"]))
    with refused(MeasurementError, "malformed", "'x' in its column '2'", "if they are counts: correct it"):
        count_samples([draws], None, Beside(law=law))


def test_frequencies_that_contradict_themselves_are_refused() -> None:
    with refused(MeasurementError, "contradictory", "names a number of draws twice"):
        count("1:2,1:3", holds="counts")
    with refused(MeasurementError, "out_of_range", f"'{2**62}:2' holds more draws than 2^63 - 1"):
        count(f"{2**62}:2", holds="counts")


def test_frequencies_heed_the_space_and_refuse_what_files_have() -> None:
    assert count("1:3,2:2", holds="counts", space=OperationSpace(2, 2)).size == 16
    for given in ({"column": "x"}, {"file_format": "csv"}):
        with refused(MeasurementError, "contradictory", "leave --column and --format out"):
            count("1:3,2:2", holds="counts", **given)


def test_counts_keep_every_digit(tmp_path: Path) -> None:
    odd = 2**53 + 1
    for name, content in {
        "a.csv": ["kind,count", f"a, {odd}", "b,1e3", "c,007"],
        "a.jsonl": [f'{{"kind": "a", "n": {odd}}}', '{"kind": "b", "n": 1e3}', '{"kind": "c", "n": "007"}'],
    }.items():
        found = count(write(tmp_path / name, content), holds="counts")
        assert counts(found) == {"a": odd, "b": 1_000, "c": 7}
    assert tallied(count(write(tmp_path / "a.txt", [odd]), holds="counts")) == {odd: 1}
    for inexact in (f"{odd}.0", "1e16", str(2**63)):
        with refused(MeasurementError, "malformed", f"'{inexact}' in its column 'count'"):
            count(write(tmp_path / "b.csv", ["kind,count", f"a,{inexact}"]), holds="counts")
    with refused(MeasurementError, "malformed", "in its column 'count'"):
        count(write(tmp_path / "b.parquet", {"kind": ["a"], "count": [2.0**53]}), holds="counts")


@pytest.mark.parametrize(
    ("name", "said"), [("a.csv", "'a.csv'"), ("kinds.csv", "what was counted"), ("a.txt", "what was counted")]
)
def test_more_draws_than_whole_numbers_count_are_no_damage(name: str, said: str, tmp_path: Path) -> None:
    heads = {"a.csv": ["kind,count"], "kinds.csv": ["kind,count"], "a.txt": []}
    lines = {"a.csv": "a,{}", "kinds.csv": "kind {},{}", "a.txt": "{}"}

    def written(rows: int) -> Path:
        numbers = ((2**53,) if name != "kinds.csv" else (row, 2**53) for row in range(rows))
        return write(tmp_path / name, heads[name] + [lines[name].format(*row) for row in numbers])

    with refused(MeasurementError, "out_of_range", f"{said} holds more draws than 2^63 - 1"):
        _ = count(written(1_024), holds="counts").tally
    if name == "kinds.csv":
        for kept in (Beside(save_counts=tmp_path / "c.parquet"), Beside(monitor=tmp_path / "m.parquet")):
            with refused(MeasurementError, "out_of_range", f"{said} holds more draws than 2^63 - 1"):
                count_samples([str(tmp_path / name)], Reading(holds="counts"), kept)
        assert [path.name for path in tmp_path.iterdir()] == [name]
    assert count(written(1_023), holds="counts").tally.draws == 1_023 * 2**53


@pytest.mark.parametrize(
    "damaged", [Beside(law="bad.csv"), Beside(reference="bad.csv"), Beside(training="bad.csv")]
)
def test_nothing_is_kept_of_a_run_that_is_refused_for_what_lies_beside_it(
    damaged: Beside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or else the same run, once mended, would count twice."""
    draws = str(write(tmp_path / "a.txt", ["a", "b", "a"]))
    write(tmp_path / "bad.csv", b"kind,weight\n\xff,1\n")
    monkeypatch.chdir(tmp_path)
    state, kept = tmp_path / "m.parquet", tmp_path / "c.parquet"
    beside = Beside(monitor=state, save_counts=kept)
    with refused(MeasurementError, "alien_file"):
        count_samples([draws], Reading(size=10), replace(damaged, monitor=state, save_counts=kept))
    assert not state.exists()
    assert not kept.exists()
    found = count_samples([draws], Reading(size=10), beside).monitored
    assert found is not None
    assert (found.looks, found.tally.draws) == (1, 3)
    assert kept.exists()


@pytest.mark.parametrize(
    ("named", "output"),
    [
        *itertools.product(("draws", "law", "reference", "training"), ("save_counts", "monitor", "written")),
        *itertools.combinations(("save_counts", "monitor", "written"), 2),
    ],
)
def test_nothing_is_written_over_what_is_read_or_written_besides(
    named: str, output: str, tmp_path: Path
) -> None:
    """By whatever name it goes: what is named is as it was, and nothing else is there."""
    path = {name: tmp_path / f"{name}.csv" for name in ("draws", "law", "reference", "training")}
    for one in path.values():
        write(one, ["kind,weight", "a,1"] if one is path["law"] else ["kind", "a", "a"])
    (tmp_path / "link.parquet").symlink_to(path.get(named, tmp_path / "state.parquet"))
    files: dict[str, Any] = {name: str(path[name]) for name in ("law", "reference", "training")}
    outputs = {named: tmp_path / "state.parquet", output: tmp_path / "link.parquet"}
    files |= {name: outputs[name] for name in ("save_counts", "monitor") if name in outputs}
    written = [outputs["written"]] if "written" in outputs else []
    before = {one: one.read_bytes() for one in path.values()}
    with refused(MeasurementError, "contradictory", "would be written in the place of a file that is read"):
        count_samples([str(path["draws"])], Reading(size=2), Beside(**files), written=written)
    assert {one: one.read_bytes() for one in tmp_path.glob("*.csv")} == before
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(
        [*(p.name for p in before), "link.parquet"]
    )


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to a pipe"])
def test_only_files_are_written_over(kind: str, tmp_path: Path) -> None:
    """A device such as /dev/null would be a plain file from then on."""
    path = tmp_path / "it.parquet"
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to(tmp_path / "pipe") if kind == "link to a pipe" else (tmp_path / "pipe").rename(path)
    before = path.lstat().st_mode
    curve = curve_of(Tally.of_counts(np.array([3, 1])))
    for write_it in (
        lambda: count_values(np.array([1]), None, Beside(save_counts=path)),
        lambda: count_values(np.array([1]), Reading(size=2), Beside(monitor=path)),
        lambda: curve.write_csv(path),
        lambda: require_writable(path),
    ):
        with refused(StorageError, "already_exists", "exists and is no regular file"):
            write_it()
    assert path.lstat().st_mode == before


@pytest.mark.parametrize("there", [False, True])
def test_links_are_followed_to_what_they_name(there: bool, tmp_path: Path) -> None:
    """By one that leads to another, too: the links stay, and the files they lead to are written."""
    (tmp_path / "real").mkdir()
    (tmp_path / "links").mkdir()
    path = {}
    for name in ("state", "counts.parquet", "curve.csv", "curve.svg"):
        (tmp_path / "links" / name).symlink_to(f"../again-{name}")
        (tmp_path / f"again-{name}").symlink_to(tmp_path / "real" / name)
        path[name] = tmp_path / "links" / name
    looks = 0
    for _ in range(1 + there):
        beside = Beside(monitor=path["state"], save_counts=path["counts.parquet"])
        found = count_values(np.array([3, 1]), Reading(size=5), beside).monitored
        curve = curve_of(Tally.of_counts(np.array([3, 1])))
        require_writable(path["curve.csv"])
        curve.write_csv(path["curve.csv"])
        curve.plot(path["curve.svg"])
        assert found is not None
        looks = found.looks
    assert looks == 1 + there
    assert all(one.is_symlink() for one in path.values())
    assert sorted(one.name for one in (tmp_path / "links").iterdir()) == sorted(path)
    written = sorted(one.name for one in (tmp_path / "real").iterdir() if one.is_file())
    assert written == sorted([*path, "state.lock"])
    assert not any(one.is_symlink() for one in (tmp_path / "real").iterdir())
    assert count_values(np.array([3]), Reading(size=5), Beside(monitor=tmp_path / "real" / "state")).monitored


@pytest.mark.parametrize("target", ["/proc/self/fd/1", "loop.parquet"])
def test_links_to_no_name_of_a_file_are_not_written(target: str, tmp_path: Path) -> None:
    """Such as /dev/stdout: what a process has open may have no name, or one that was taken from it."""
    path = tmp_path / "loop.parquet"
    path.symlink_to(target)
    draws = str(write(tmp_path / "a.txt", ["a", "b"]))
    wrong = "loop.parquet exists and is no regular file; give the name of a file"
    for beside in (Beside(save_counts=path), Beside(monitor=path)):
        with refused(StorageError, "already_exists", wrong):
            count_samples([draws], Reading(size=2), beside)
    with refused(StorageError, "already_exists", wrong):
        count_samples([draws], Reading(size=2), written=[path])
    with refused(StorageError, "already_exists", wrong):
        require_writable(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.txt", "loop.parquet"]
    assert str(path.readlink()) == target


@pytest.mark.parametrize("name", ["counts.csv", "counts", "counts.parquet.gz"])
def test_counts_are_kept_by_a_name_that_is_read_as_counts(name: str) -> None:
    with refused(MeasurementError, "unknown_format", f"'{name}' is not called so", "ends in .parquet"):
        Beside(save_counts=Path(name))
    assert Beside(save_counts=Path("COUNTS.PARQUET")).written


def test_the_lock_of_a_state_is_no_file_of_draws(tmp_path: Path) -> None:
    """It would be emptied."""
    draws = write(tmp_path / "state.lock", ["a", "b"])
    with refused(MeasurementError, "contradictory", "state.lock' would be written in the place"):
        count_samples([str(draws)], Reading(size=2, file_format="txt"), Beside(monitor=tmp_path / "state"))
    assert draws.read_text() == "a\nb\n"


def test_objects_of_every_file_name_the_kinds_and_their_counts(tmp_path: Path) -> None:
    first = str(write(tmp_path / "a.jsonl", ['{"kind": "a", "n": 2, "note": "x"}']))
    reading = Reading(holds="counts")
    beside = str(write(tmp_path / "b.jsonl", ['{"n": 1, "kind": "a"}']))
    assert tallied(count_samples([first, beside], reading)) == {3: 1}
    for other in ('{"kind": "a", "reads": 1}', '{"name": "a", "n": 1}'):
        beside = str(write(tmp_path / "b.jsonl", [other]))
        with refused(
            MeasurementError, "contradictory", "'a.jsonl' or", "has other columns than the files beside"
        ):
            count_samples([first, beside], reading)


@pytest.mark.parametrize("turned", [False, True])
def test_counts_of_several_types_are_whole_or_refused(turned: bool, tmp_path: Path) -> None:
    def counted(*columns: dict[str, Any]) -> Counted:
        paths = [
            str(write(tmp_path / f"{place}.parquet", column))
            for place, column in enumerate(columns[::-1] if turned else columns)
        ]
        return count_samples(paths, Reading(holds="counts"))

    assert counts(counted({"kind": ["a"], "n": [3]}, {"kind": ["a"], "n": [2.0]})) == {"a": 5}
    with refused(MeasurementError, "malformed", "'2.5' in its column 'n'"):
        counted({"kind": ["a"], "n": [3]}, {"kind": ["a"], "n": [2.5]})
    with refused(MeasurementError, "contradictory", "stores them as other types"):
        counted({"kind": ["00"], "n": [3]}, {"kind": [0], "n": [2]})


def test_counts_that_are_written_stand_alone(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.csv", ["kind,n", "a,1"]))
    for beside in ("2:3", path):
        with refused(MeasurementError, "missing_file", "there is no file '1:5': give all such counts as one"):
            count_samples(["1:5", beside], Reading(holds="counts"))


def test_a_table_of_counts_is_no_file_of_draws(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ["kind,count", "a,199", "b,1"])
    with refused(MeasurementError, "ambiguous", "give the file as --counts"):
        count(path)
    assert tallied(count(path, holds="counts")) == {1: 1, 199: 1}
    alone = write(tmp_path / "b.csv", ["count", "199", "1"])
    with refused(MeasurementError, "ambiguous", "give the file as --counts"):
        count(alone)
    assert tallied(count(alone, holds="counts")) == {1: 1, 199: 1}
    assert counts(count(alone, column="count")) == {"199": 1, "1": 1}


def test_a_matrix_of_incidences(tmp_path: Path) -> None:
    lines = ["species,q1,q2,q3", "a,1,0,7", "b,0,0,1", "c,0,0,0"]
    for path in (
        write(tmp_path / "a.csv", lines),
        write(tmp_path / "a.npy", [[1, 0, 7], [0, 0, 1], [0, 0, 0]]),
    ):
        counted = count(path, holds="incidences")
        assert (tallied(counted), counted.units) == ({1: 1, 2: 1}, 3)
    with refused(MeasurementError, "malformed", "cells that are no numbers from 0"):
        count(write(tmp_path / "b.csv", [*lines, "d,x,0,1"]), holds="incidences")
    for cell in ("nan", "inf", "-1", ""):
        with refused(MeasurementError, "malformed", "cells that are no numbers from 0"):
            count(write(tmp_path / "b.csv", [*lines, f"d,{cell},0,1"]), holds="incidences")
    with refused(MeasurementError, "wrong_shape", "has 1 sampling units"):
        count(write(tmp_path / "c.csv", ["species,q1", "a,1"]), holds="incidences")


def test_a_kind_of_a_matrix_of_incidences_has_one_row(tmp_path: Path) -> None:
    lines = ["otu,q1,q2", "a,1,0", "b,1,1"]
    for name, column in (("otu", "otu"), ("kind", None), ("", None)):
        path = write(tmp_path / "a.csv", [f"{name},q1,q2", *lines[1:]])
        counted = count(path, holds="incidences", column=column)
        assert (tallied(counted), counted.units) == ({1: 1, 2: 1}, 2)
        for twice in ("a,0,1", ",0,1"):
            again = write(tmp_path / "b.csv", [f"{name},q1,q2", *lines[1:], twice, twice])
            with refused(
                MeasurementError, "contradictory", f"the kind '{twice[:-4]}' more than once, or none"
            ):
                count(again, holds="incidences", column=column)
        with refused(MeasurementError, "contradictory", "the kind 'a' more than once"):
            count_samples(
                [str(path), str(write(tmp_path / "c.csv", [f"{name},q1,q2", "a,0,1"]))],
                Reading(holds="incidences", column=column),
            )
    with refused(MeasurementError, "malformed", "cells that are no numbers from 0"):
        count(write(tmp_path / "a.csv", lines), holds="incidences")
    with refused(MeasurementError, "unknown_column", "has no column 'z'"):
        count(write(tmp_path / "a.csv", lines), holds="incidences", column="z")
    with refused(MeasurementError, "ambiguous", "has a column 'n', as tables of counts have"):
        count(write(tmp_path / "a.csv", ["kind,n,q1,q2", "a,5,1,0"]), holds="incidences")
    for ignored in ({"skip": ("a",)}, {"canonical": True}):
        with refused(MeasurementError, "contradictory", "leave out --skip and --canonical"):
            count(write(tmp_path / "a.csv", lines), holds="incidences", **ignored)


def test_counts_of_shards_add_up_to_the_same_bytes(tmp_path: Path) -> None:
    drawn = TERNARY.tables(np.random.default_rng(0).integers(0, 19_683, 3_000))
    kept = []
    for shard, rows in {"all": drawn, "a": drawn[:1_000], "b": drawn[1_000:]}.items():
        kept.append(tmp_path / f"{shard}.parquet")
        count_samples([str(write(tmp_path / f"{shard}.npy", rows))], None, Beside(save_counts=kept[-1]))
    again = Beside(save_counts=tmp_path / "again.parquet")
    merged = count_samples([str(path) for path in kept[1:]], Reading(holds="counts"), again)
    assert (tmp_path / "again.parquet").read_bytes() == kept[0].read_bytes()
    assert (merged.tally.draws, merged.size) == (3_000, 19_683)
    with refused(StorageError, "unwritable"):
        count_values(drawn, None, Beside(save_counts=tmp_path / "no" / "c.parquet"))


SHARDS: dict[str, Any] = {
    ".npy": np.random.default_rng(3).integers(0, 400, (3, 700)),
    ".txt": [["007", "7", "+0-", "1e2"] * 5, ["100", "7", "000"], ["+0-", "x" * 300]],
    ".smi": [TERNARY.strings(drawn) for drawn in np.random.default_rng(4).integers(0, 90, (3, 200))],
    ".parquet": [{"word": words} for words in (["1", "01"], ["", "é"], ["1"])],
}


@pytest.mark.parametrize("suffix", SHARDS)
def test_counts_of_shards_made_apart_say_what_all_draws_say(suffix: str, tmp_path: Path) -> None:
    """Every figure of the audit, digit for digit, whatever the order of the shards."""

    def audit(*arguments: str) -> Any:
        result = CliRunner().invoke(app, ["audit", *arguments, "--json", "--skip", "None"])
        assert result.exit_code == 0, result.stderr
        plain = json.loads(result.output)
        del plain["reading"]
        return plain

    draws = [str(write(tmp_path / f"{shard}{suffix}", rows)) for shard, rows in enumerate(SHARDS[suffix])]
    kept = [f"{path}.counts.parquet" for path in draws]
    for path, table in zip(draws, kept, strict=True):
        audit("--samples", path, "--save-counts", table)
    size = [] if suffix == ".smi" else ["--space-size", "400"]
    whole = audit(*(word for path in draws for word in ("--samples", path)), *size, "--curve")
    merged = audit(*(word for path in reversed(kept) for word in ("--counts", path)), *size, "--curve")
    for plain in (whole, merged):
        plain["samples"].pop("column")  # a table of counts has two
    assert merged == whole


LAW = ["kind,weight", "a,2", "b,1", "c,1", "d,0"]


def beside(law: list[str], tmp_path: Path) -> Any:
    draws = np.array(["a", "a", "b", "d", "x"])
    return count_values(draws, None, Beside(law=str(write(tmp_path / "law.csv", law)))).law_tally


def test_a_law_of_weights_probabilities_or_counts(tmp_path: Path) -> None:
    for law in (
        LAW,
        ["kind,probability", "a,.5", "b,.25", "c,.25", "d,0"],
        ["kind,count", "a,20", "b,10", "c,10"],
    ):
        found = beside(law, tmp_path)
        assert found.probability.tolist() == [0.25, 0.25, 0.5]
        assert (found.times.tolist(), found.kinds.tolist(), found.outside) == ([0, 1, 2], [1, 1, 1], 2)


def test_a_law_of_molecules_is_one_however_they_are_written(tmp_path: Path) -> None:
    """Spellings of one share its weight, as draws of them are its draws."""
    draws = np.array(["OCC", "CCO", "NC", "C(O)C"])
    smiles = Reading(canonical=True)
    for law in (["smiles,weight", "OCC,3", "NC,1"], ["smiles,p", "OCC,.5", "C(O)C,.25", "CN,.25"]):
        beside = Beside(law=str(write(tmp_path / "law.csv", law)))
        found = count_values(draws, smiles, beside).law_tally
        assert found is not None
        assert (found.probability.tolist(), found.times.tolist()) == ([0.25, 0.75], [1, 3])
        assert (found.kinds.tolist(), found.outside) == ([1, 1], 0)
        apart = count_values(draws, None, beside).law_tally
        assert apart is not None
        assert apart.outside > 0
    state = Beside(law=str(tmp_path / "law.csv"), monitor=tmp_path / "state")
    monitored = count_values(draws, smiles, state).monitored
    assert monitored is not None
    assert monitored.beside is not None
    assert monitored.beside.outside == 0


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        (Reading(canonical=True), "a weight of 0.3 to what is no valid SMILES"),
        (Reading(skip=("CCX",)), "a weight of 0.3 to what is skipped"),
    ],
)
def test_a_law_gives_nothing_to_what_is_left_out_of_the_draws(
    reading: Reading, said: str, tmp_path: Path
) -> None:
    """Its other kinds would seem to come too often: the draws say nothing of those that were left out."""
    law = write(tmp_path / "law.csv", ["kind,probability", "CCO,.7", "CCX,.3"])
    with refused(MeasurementError, "contradictory", said):
        count_values(np.array(["CCO", "CCO", "CCX"]), reading, Beside(law=str(law)))
    write(law, ["kind,weight", "CCO,7", "CCX,0"])
    found = count_values(np.array(["CCO", "CCO", "CCX"]), reading, Beside(law=str(law))).law_tally
    assert found is not None
    assert (found.times.tolist(), found.outside) == ([2], 0)


def test_training_kinds_are_told_that_the_reference_has(tmp_path: Path) -> None:
    """However they are written: the draws are tables, the reference glyphs and the training set indices."""
    known = write(tmp_path / "known.txt", TERNARY.strings(np.array([5, 8, 9, 10])))
    for trained, shared in (([5, 11], 1), ([11, 12, 13, 14, 15], 0), ([5, 8, 9, 10, 11], 4)):
        path = write(tmp_path / "trained.csv", ["kind", *map(str, trained)])
        beside = Beside(reference=str(known), training=str(path))
        counted = count_values(TERNARY.tables(np.array([5, 6])), None, beside)
        assert counted.training is not None
        assert (counted.training.size, counted.training.shared) == (len(trained), shared)
    alone = count_values(TERNARY.tables(np.array([5, 6])), None, Beside(training=str(path))).training
    assert alone is not None
    assert alone.shared is None


@pytest.mark.parametrize(
    ("law", "code", "message"),
    [
        ([*LAW, "a,1"], "contradictory", "names the kind 'a' more than once"),
        ([*LAW, "e,-1"], "malformed", "'-1' in its column 'weight'"),
        ([*LAW, "e,inf"], "malformed", "'inf' in its column 'weight'"),
        (["kind,weight", "a,0"], "out_of_range", "gives no kind a weight above 0"),
        (["kind,p", "a,.5"], "contradictory", "add to 0.5, not 1"),
        (["weight", "1"], "missing_value", "weights without kinds"),
    ],
)
def test_laws_that_are_none_are_refused(
    law: list[str], code: ErrorCode, message: str, tmp_path: Path
) -> None:
    with refused(MeasurementError, code, message):
        beside(law, tmp_path)


def test_known_sets_beside_draws(tmp_path: Path) -> None:
    reference = write(tmp_path / "r.csv", ["kind,count", "7,1", "9,1", "11,5"])
    training = write(tmp_path / "t.txt", ["7", "7"])
    counted = count_values(
        np.array([7, 7, 9, 8]), None, Beside(reference=str(reference), training=str(training))
    )
    for overlap, size, times in ((counted.reference, 3, {1: 1, 2: 1}), (counted.training, 1, {2: 1})):
        assert overlap is not None
        assert (overlap.size, tallied(Counted.of(overlap.tally))) == (size, times)


def test_operations_are_the_same_however_they_are_written(tmp_path: Path) -> None:
    """The draws are tables, the set glyphs and the law indices."""
    drawn = np.array([5, 5, 8])
    known = write(tmp_path / "r.txt", TERNARY.strings(np.array([5, 6])))
    law = write(tmp_path / "law.csv", ["kind,weight", "5,1", "8,1"])
    counted = count_values(TERNARY.tables(drawn), None, Beside(reference=str(known), law=str(law)))
    assert counted.reference is not None
    assert counted.law_tally is not None
    assert (counted.reference.tally.draws, counted.law_tally.times.tolist()) == (2, [1, 2])
