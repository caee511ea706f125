"""Counting draws: every format, every kind, and what is beside them."""

import gzip
import io
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import feather, ipc
from typer.testing import CliRunner

from fluxttice_core.audit.counted import Beside, count_samples, count_values
from fluxttice_core.audit.draws import Reading
from fluxttice_core.audit.engine import engine
from fluxttice_core.audit.in_python import audit_samples
from fluxttice_core.cli.main import app
from fluxttice_core.errors import ErrorCode, MeasurementError
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.audit.sample_files import COMPRESS, DRAWN, STRINGS, TERNARY, count, counts, tallied, write
from tests.refusals import refused

FILES: dict[str, Any] = {
    "indices.npy": DRAWN,
    "unsigned.npy": DRAWN.astype(np.uint16),
    "swapped.npy": DRAWN.astype(">i8"),
    "halves.npy": TERNARY.tables(DRAWN).astype(np.float16),
    "tables.npy": TERNARY.tables(DRAWN),
    "columns.npy": np.asfortranarray(TERNARY.tables(DRAWN)),
    "squares.npy": TERNARY.tables(DRAWN).reshape(-1, 3, 3),
    "strings.npy": np.array(STRINGS),
    "bytes.npy": np.array(STRINGS).astype("S9"),
    "one.npz": {"draws": DRAWN},
    "several.npz": {"seed": np.arange(3), "samples": TERNARY.tables(DRAWN)},
    "indices.txt": DRAWN,
    "strings.txt": STRINGS,
    "minus.txt": [text.replace("-", "\N{MINUS SIGN}") for text in STRINGS],
    "rows.txt": [" ".join(map(str, row)) for row in TERNARY.tables(DRAWN)],
    "commas.txt": [", ".join(map(str, row)) for row in TERNARY.tables(DRAWN)],
    "indices.csv": ["index", *DRAWN],
    "strings.csv": ["operation", *STRINGS],
    "cells.csv": [",".join(map(str, row)) for row in TERNARY.tables(DRAWN)],
    "indices.tsv": ["seed\tindex", *(f"1\t{index}" for index in DRAWN)],
    "indices.jsonl": [f'{{"index": {index}}}' for index in DRAWN],
    "strings.ndjson": [f'"{text}"' for text in STRINGS],
    "indices.parquet": {"seed": np.arange(50), "index": DRAWN},
    "floats.parquet": {"index": DRAWN.astype(float)},
    "strings.parquet": {"operation": STRINGS},
    "lists.parquet": {"operation": TERNARY.tables(DRAWN).tolist()},
    "nested.parquet": {"operation": TERNARY.tables(DRAWN).reshape(-1, 3, 3).tolist()},
    "cells.parquet": {f"cell{p}": TERNARY.tables(DRAWN)[:, p] for p in range(9)},
}


def pipe(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let standard input hold bytes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_row_that_holds_the_place_of_the_column_is_counted(tmp_path: Path) -> None:
    """In files beside it, too, which need not hold it."""
    path = write(tmp_path / "a.csv", ["5,1", "6,2", "7,3", "8,2"])
    counted = count(path, column="1")
    assert counts(counted) == {"5": 1, "6": 1, "7": 1, "8": 1}
    assert any("'1' was read as the place of a column" in note for note in counted.notes)
    beside = write(tmp_path / "b.csv", ["5,2"])
    both = count_samples([str(beside), str(path)], Reading(column="1"))
    assert counts(both) == {"5": 2, "6": 1, "7": 1, "8": 1}
    assert sum("as the place of a column" in note for note in both.notes) == 1
    assert counts(count(write(path, ["a,b", "6,2", "7,3"]), column="a")) == {"6": 1, "7": 1}
    assert counts(count(write(path, ["5,1", "6,2"]), holds="counts", column="1")) == {"5": 1, "6": 2}


@pytest.mark.parametrize("name", FILES)
def test_every_format_reads_the_same(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / name, FILES[name])
    pipe(path.read_bytes(), monkeypatch)
    for counted in (count(path, space=TERNARY), count("-", space=TERNARY, file_format=path.suffix[1:])):
        assert (counted.tally.draws, counted.size) == (50, 19_683)
        assert counted.most == tuple((TERNARY.string(index), 1) for index in sorted(DRAWN)[:10])


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("name", ["words.txt", "words.csv", "words.jsonl"])
def test_compressed_text_reads_the_same(name: str, suffix: str, tmp_path: Path) -> None:
    lines = {"txt": ["apple", "1e5", "100000", "apple"], "csv": ["word", "apple", "1e5", "100000", "apple"]}
    lines["jsonl"] = [f'{{"word": "{word}"}}' for word in lines["txt"]]
    path = write(tmp_path / (name + suffix), lines[name.split(".")[1]])
    assert counts(count(path)) == {"apple": 2, "100000": 1, "1e5": 1}


@pytest.mark.parametrize("suffix", ["", *COMPRESS])
@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.txt", ["7", "8", "7"]),
        ("a.csv", ["7", "8", "7"]),
        ("named.csv", ["word", "7", "8", "7"]),
        ("a.jsonl", ["7", "8", "7"]),
        ("named.jsonl", ['{"word": 7}', '{"word": 8}', '{"word": 7}']),
        ("a.fasta", [">", "7", ">", "8", ">", "7"]),
        ("a.fastq", ["@", "7", "+", "I", "@", "8", "+", "I", "@", "7", "+", "I"]),
    ],
)
def test_byte_order_marks_are_no_part_of_a_kind(
    name: str, lines: list[str], suffix: str, tmp_path: Path
) -> None:
    marked = "\ufeff" + "".join(f"{line}\n" for line in lines)
    data = COMPRESS.get(suffix, bytes)(marked.encode())
    paths = [tmp_path / f"{shard}-{name}{suffix}" for shard in range(2)]
    for path in paths:
        path.write_bytes(data)
    assert counts(count_samples([str(path) for path in paths])) == {"7": 4, "8": 2}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_compressed_text_must_be_whole(suffix: str, tmp_path: Path) -> None:
    whole = COMPRESS[suffix]("".join(f"kind {number}\n" for number in range(20_000)).encode())
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(whole + whole)
    assert (count(path).tally.times.tolist(), count(path).tally.distinct) == ([2], 20_000)
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for content in (whole[:3], whole[: len(whole) // 2], whole[:-1], whole + whole[:-9], bytes(damaged)):
        path.write_bytes(content)
        with refused(MeasurementError, "damaged_file", f"'a.txt{suffix}' is damaged or breaks off"):
            count(path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_lines_that_the_engine_would_drop_are_refused(suffix: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"a.txt{suffix}", b"ab\n" * 1_000 + b"x" * 40_000_000)
    with refused(MeasurementError, "too_large", "has a line of more than 524,288 bytes"):
        count(path)
    heading = write(tmp_path / f"a.csv{suffix}", b"x" * 600_000 + b"\n1\n")
    with refused(MeasurementError, "too_large", "has a line of more than 524,288 bytes"):
        count(heading)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, max_size=8))
@settings(max_examples=10)
def test_any_string_is_a_kind(words: list[str]) -> None:
    counted = count_values(np.array(words, dtype=object).astype(str), Reading(guess=False, skip=("",)))
    kept = {word: n for word, n in tallied(words).items() if word}
    assert counts(counted) == kept


def test_numbers_of_any_length_are_kinds(tmp_path: Path) -> None:
    assert counts(count_values(np.array([2**64 - 1, 0, 2**64 - 1], dtype=np.uint64))) == {
        str(2**64 - 1): 2,
        "0": 1,
    }
    assert counts(count(write(tmp_path / "a.txt", [10**40, 10**40, -3]))) == {str(10**40): 2, "-3": 1}
    for digits in (40, 5_000):
        number = "1" + "0" * digits
        jsonl = write(tmp_path / "a.jsonl", [f'{{"sample": {number}}}'])
        assert counts(count(jsonl)) == {number: 1}


def test_strings_that_are_the_same_number_are_different_kinds(tmp_path: Path) -> None:
    words = ["00000101", "101", "1e5", "100000", "+7", "7"]
    for name, lines in {"a.txt": words, "a.csv": ["sample", *words]}.items():
        assert counts(count(write(tmp_path / name, lines))) == tallied(words)
    assert counts(count(write(tmp_path / "a.parquet", {"sample": words}))) == tallied(words)
    assert counts(count(write(tmp_path / "b.parquet", {"sample": [1e5, 100_000.0]}))) == {"100000": 2}


def test_numbers_of_json_are_compared_as_numbers(tmp_path: Path) -> None:
    values = ["100000", "100000.0", "1e5", "-0.0", "0", "-5.0", "-5", '"7.0"', "7", "0.10", "0.1", '"é"']
    kinds = {"100000": 3, "0": 2, "-5": 2, "7.0": 1, "7": 1, "0.1": 2, "é": 1}
    assert counts(count(write(tmp_path / "a.jsonl", values))) == kinds
    objects = [f'{{"seed": 1.5, "word": {value}}}' for value in values]
    assert counts(count(write(tmp_path / "b.jsonl", objects))) == kinds


def test_smiles_end_at_the_first_blank(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.smi", ["CCO ethanol", "CCO\tagain", " CCO", "\tC#N x", "C#N", "", " ", " # no"]
    )
    counted = count(path)
    assert counts(counted) == {"CCO": 3, "C#N": 2}
    assert counted.left_out == {"empty": 2, "comments with #": 1}


def test_molecules_are_one_kind_however_they_are_written(tmp_path: Path) -> None:
    path = write(tmp_path / "a.smi", ["CCO", "OCC one", "C(O)C", "c1ccccc1", "CCX", "C1CC"])
    counted = count(path, canonical=True)
    assert (counts(counted), counted.left_out) == ({"CCO": 3, "c1ccccc1": 1}, {"no valid SMILES": 2})
    assert len(counts(count(path))) == 6
    with refused(MeasurementError, "wrong_type", "SMILES are strings"):
        count_values(np.array([1]), Reading(canonical=True))


def test_arrow_and_feather_are_read(tmp_path: Path) -> None:
    table = pyarrow.table({"word": ["a", "b", "a"], "seed": [1, 2, 3]})
    feather.write_feather(table, tmp_path / "a.feather")
    with ipc.new_stream(tmp_path / "a.arrow", table.schema) as stream:
        stream.write_table(table)
    for name in ("a.feather", "a.arrow"):
        assert counts(count(tmp_path / name)) == {"a": 2, "b": 1}
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with refused(MeasurementError, "damaged_file", f"'{name}' is no Arrow file, is damaged"):
            count(tmp_path / name)


def test_an_arrow_file_whose_codes_point_beyond_its_words_is_refused(tmp_path: Path) -> None:
    """Arrow itself reads whatever lies there."""
    coded = pyarrow.array(["a", "bb", "ccc", "a"]).dictionary_encode()
    path = tmp_path / "coded.arrow"
    with ipc.new_file(path, pyarrow.schema([("kind", coded.type)])) as file:
        file.write_table(pyarrow.table({"kind": coded}))
    whole, codes = path.read_bytes(), np.array([0, 1, 2, 0], np.int32).tobytes()
    assert whole.count(codes) == 1
    assert counts(count(path)) == {"a": 2, "bb": 1, "ccc": 1}
    path.write_bytes(whole.replace(codes, np.array([0, 1, 9, 0], np.int32).tobytes()))
    with refused(MeasurementError, "damaged_file"):
        count(path)


def test_sequences_are_joined_and_reads_are_taken_apart(tmp_path: Path) -> None:
    fasta = write(tmp_path / "a.fasta", [">one", "AC", "GT", ">two", "ACGT", ">three", "acgt"])
    assert counts(count(fasta)) == {"ACGT": 2, "acgt": 1}
    fastq = write(tmp_path / "a.fq.gz", ["@one", "ACGT", "+", "@@@@", "@two", "AC", "+two", "II"])
    assert counts(count(fastq)) == {"ACGT": 1, "AC": 1}


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.fa", ["ACGT"]),
        ("a.fq", ["@one", "ACGT", "+"]),
        ("a.fq", ["@one", "ACGT", "+", "III"]),
        ("a.fq", [">one", "ACGT", "+", "IIII"]),
        ("a.fq", ["@one", "AC GT", "+", "IIIII"]),
    ],
)
def test_sequences_that_are_none_are_refused(name: str, lines: list[str], tmp_path: Path) -> None:
    with refused(MeasurementError, "alien_file", f"'{name}' is not what its name says"):
        count(write(tmp_path / name, lines))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.fa", b">x\rACGT\r>y\rACGT\r"),
        ("a.fa.gz", b">x\rACGT\r>y\rACGT"),
        ("a.fa", b">x\nACGT\n>y\rACGT\n"),
        ("a.fq", b"@x\rACGT\r+\rIIII\r"),
        ("a.fq", b"@x\nAC\n+\nII\n@y\rAC\r+\rII\r"),
    ],
)
def test_sequences_in_lines_that_end_in_carriage_returns_alone(
    name: str, content: bytes, tmp_path: Path
) -> None:
    """They would be one title, and be lost beside a file that is whole."""
    whole = write(tmp_path / f"whole.{name[2:]}", [">x", "ACGT"] if "fa" in name else ["@x", "A", "+", "I"])
    path = write(tmp_path / name, content)
    wrong = f"'{name}' ends its lines with carriage returns alone; save it with line feeds"
    with refused(MeasurementError, "damaged_file", wrong):
        count_samples([str(whole), str(path)], Reading(skip=("None",)))


def test_blanks_within_sequences_are_no_letters(tmp_path: Path) -> None:
    fasta = write(tmp_path / "a.fa", b">x\r\nAC GT\t\r\n ACGT\r\r\n>y\nACGTACGT\r")
    found = count(fasta)
    assert (counts(found), found.notes) == ({"ACGTACGT": 2}, ())


@pytest.mark.parametrize(
    ("lines", "several"),
    [(["AC", "ac", "GT", "gt", "gT"], 2), (["ac", "gt"], 0), (["AC", "gt"], 0), (["AC", "GT"], 0)],
)
def test_sequences_that_differ_in_case_alone_are_told(lines: list[str], several: int, tmp_path: Path) -> None:
    def told(where: str) -> tuple[str, ...]:
        return (
            f"sequences{where} that differ in case alone are different kinds ({several} of them are written "
            "in several cases); write all in one, if case means nothing",
        ) * bool(several)

    fasta = write(tmp_path / "a.fa", [line for each in lines for line in (">", each)])
    fastq = write(tmp_path / "a.fq", [line for each in lines for line in ("@", each, "+", "II")])
    assert count(fasta).notes == count(fastq).notes == told("")
    text = str(write(tmp_path / "a.txt", lines))
    assert count(text).notes == ()
    assert count_samples([text], beside=Beside(training=str(fasta))).notes == told(" in 'a.fa'")


def test_standard_input_patterns_folders_and_several_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shards").mkdir()
    for shard in range(3):
        write(tmp_path / "shards" / f"{shard}.csv", ["word", "a", f"b{shard}"])
    (tmp_path / "shards" / "_SUCCESS").touch()
    places = [[str(tmp_path / "shards")], [str(tmp_path / "shards" / "?.csv")]]
    places.append([str(tmp_path / "shards" / f"{shard}.csv") for shard in range(3)])
    for one in places:
        assert counts(count_samples(one)) == {"a": 3, "b0": 1, "b1": 1, "b2": 1}
    for suffix, content in {
        "txt": b"a\nb\na\n",
        "csv": b"word\na\nb\na\n",
        "fa": b">\na\n>\nb\n>\na\n",
    }.items():
        for packed in ("", *COMPRESS):
            pipe(COMPRESS.get(packed, bytes)(content), monkeypatch)
            assert counts(count("-", file_format=suffix + packed)) == {"a": 2, "b": 1}


@pytest.mark.parametrize(
    "suffix", ["txt", "csv", "jsonl", "fasta", "fastq", "parquet", "arrow", "npy", "npz", "csv.gz"]
)
def test_damage_is_told_of_standard_input(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(b'{"a,b\n1\n\xff', monkeypatch)
    with pytest.raises(MeasurementError, match="'standard input' ") as raised:
        count("-", file_format=suffix)
    assert raised.value.code in ("alien_file", "damaged_file", "wrong_shape", "ambiguous")


def test_standard_input_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, state = str(write(tmp_path / "a.txt", ["a", "b", "a"])), tmp_path / "state"
    pipe(b"kind,weight\na,2\nb,1\nc,0\n", monkeypatch)
    tally = count_samples([path], beside=Beside(law="-")).law_tally
    assert tally is not None
    assert (tally.probability.tolist(), tally.times.tolist()) == ([1 / 3, 2 / 3], [1, 2])
    pipe(b"a\nc\n", monkeypatch)
    known = count_samples([path], beside=Beside(reference="-")).reference
    assert known is not None
    assert (known.size, known.tally.draws) == (2, 2)
    with refused(MeasurementError, "contradictory", "standard input is read once"):
        count_samples(["-"], beside=Beside(law="-"))
    with refused(MeasurementError, "contradictory", "--monitor knows a law by its file"):
        count_samples([path], beside=Beside(law="-", monitor=state))
    assert not state.exists()


def test_what_lies_beside_shards_and_is_not_read_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    names = ["README", "data.json", "part-1.avro", "year=2020"]
    for name in ("_SUCCESS", ".part-0.csv.crc", *names[:3]):
        (folder / name).touch()
    (folder / names[3]).mkdir()
    write(folder / "part-0.csv", ["word", "a"])
    told = f"in the folder '{folder}' 'README', 'data.json', 'part-1.avro' and others are not read: 4 in all"
    assert count(folder).notes == (told,)
    assert count_values(np.array(["a"]), None, Beside(reference=str(folder))).notes == (told,)
    shown = CliRunner().invoke(app, ["audit", "--samples", str(folder)]).output
    assert "".join(f"note: {told}.".split()) in "".join(shown.split())
    found = audit_samples(folder)
    assert found.as_json()["reading"] == {"left_out": {}, "notes": [told]}
    assert "<tr><th>note</th><td>in the folder" in found._repr_html_()
    for name in names[1:3]:
        (folder / name).unlink()
    assert count(folder).notes == (f"in the folder '{folder}' 'README', 'year=2020' are not read: 2 in all",)
    (folder / names[0]).unlink()
    (folder / names[3]).rmdir()
    assert count(folder).notes == ()


ONE_OF_SEVERAL: dict[str, tuple[bytes, ErrorCode, str]] = {
    "x.csv": (b"word,n\na,1,2,3\n", "wrong_shape", "row 2 of 'x.csv' has 3 cells or more, the first 2"),
    "x.tsv": (b"word\tn\na\n", "wrong_shape", "row 2 of 'x.tsv' has 1 cell, the first 2"),
    "x.txt": (b"\xff\n", "alien_file", "'x.txt' is not text in UTF-8"),
    "x.txt.gz": (gzip.compress(b"a\n" * 999)[:-9], "damaged_file", "'x.txt.gz' is damaged or breaks off"),
    "x.jsonl": (b'{"word": "a"\n', "damaged_file", "'x.jsonl' is no JSON"),
    "x.parquet": (b"PAR1 and no more", "damaged_file", "'x.parquet' is damaged"),
    "x.npy": (b"no array", "alien_file", "'x.npy' is no array"),
}


@pytest.mark.parametrize("name", ONE_OF_SEVERAL)
def test_of_several_files_the_guilty_one_is_named(name: str, tmp_path: Path) -> None:
    content, code, sentence = ONE_OF_SEVERAL[name]
    suffix = name.partition("x")[2]
    good = {
        ".csv": b"word,n\na,1\n",
        ".tsv": b"word\tn\na\t1\n",
        ".jsonl": b'{"word": "a"}\n',
        ".parquet": {"word": ["a"]},
        ".npy": np.array(["a"]),
        ".txt.gz": gzip.compress(b"a\n"),
    }.get(suffix, b"a\n")
    for other in ("a", "b", "y"):
        path = tmp_path / f"{other}{suffix}"
        path.write_bytes(good) if isinstance(good, bytes) else write(path, good)
    asked = Reading(column="word" if suffix in (".csv", ".tsv") else None)
    assert count_samples([str(tmp_path)], asked).tally.draws == 3
    (tmp_path / name).write_bytes(content)
    with refused(MeasurementError, code, sentence) as caught:
        count_samples([str(tmp_path)], asked)
    assert caught.value.__cause__ is not caught.value


def test_files_that_only_together_are_no_sample_are_both_named(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", b'{"word": "a"}\n')
    write(tmp_path / "b.jsonl", b"[1]\n")
    with refused(MeasurementError, "contradictory", "'a.jsonl' or 'b.jsonl' has objects beside values"):
        count(tmp_path)


def test_a_path_is_no_pattern_of_the_engine(tmp_path: Path) -> None:
    for name in ("a[1].txt", "a*.txt", "o'clock.txt", "year=2020.txt"):
        write(tmp_path / name, [name])
        assert counts(count(tmp_path / name)) == {name: 1}


REFUSED: dict[str, tuple[ErrorCode, str]] = {
    "a.txt b.csv": ("contradictory", "of 2 formats"),
    "a.txt a.txt": ("contradictory", "is named 2 times"),
    "a.txt empty/../a.txt": ("contradictory", "'a.txt' is named 2 times"),
    "a.txt link.txt": ("contradictory", "'a.txt' is named 2 times"),
    "b.csv c.csv": ("contradictory", "has other columns than the files beside it"),
    "z*": ("missing_file", "no file fits the pattern"),
    "empty": ("missing_file", "holds no file that is read"),
    "": ("missing_value", "a path is empty"),
    "missing.npy": ("unreadable_file", "cannot be read: No such file"),
    "draws.pkl": ("unknown_format", "in none of the formats that are read: give .txt"),
    "a.txt -": ("contradictory", "standard input is read alone"),
    "1:5,2:8": ("missing_file", "there is no file '1:5,2:8': such counts are given as --counts"),
    "blank.csv": ("malformed", "'blank.csv' begins with an empty line: remove it"),
    "marked.tsv.gz": ("malformed", "'marked.tsv.gz' begins with an empty line"),
    "empty.csv": ("too_few", "'empty.csv' is empty"),
    "apple.csv": ("too_few", "holds no sample but 'apple', which was read as the name of its column"),
    "returns.csv": ("damaged_file", "carriage returns alone; save it with line feeds"),
    "pipe.txt": ("not_a_file", "is not a plain file"),
    "latin.txt": ("alien_file", "'latin.txt' is not text in UTF-8"),
    "mixed.txt": ("damaged_file", "ends its lines in several ways"),
    "nul.txt": ("damaged_file", "or holds characters that are no text"),
    "nothing.txt": ("too_few", "'nothing.txt' holds no sample"),
    "nothing.csv": ("too_few", "'nothing.csv' is empty"),
    "heading.csv": ("too_few", "'heading.csv' holds no sample"),
    "nothing.npy": ("too_few", "'nothing.npy' holds no sample"),
    "a.npy.gz": ("unknown_format", "the text formats also compressed"),
}


@pytest.mark.parametrize("names", REFUSED)
def test_files_that_are_none_are_refused(names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    contents = {"latin.txt": b"\xe9\n", "mixed.txt": b"a\r\nb\nc\n", "nul.txt": b"ab\nc\0d\n"}
    contents |= {"blank.csv": b"\nword\na\n", "marked.tsv.gz": gzip.compress(b"\xef\xbb\xbf\r\n\na\n")}
    contents |= {"empty.csv": b"\n\n", "apple.csv": b"apple\n", "returns.csv": b"word\ra\r"}
    contents |= {"a.txt": b"a\n", "b.csv": b"word\na\n", "c.csv": b"other\na\n", "heading.csv": b"word\n"}
    for name, content in (
        contents | {"nothing.txt": b"", "nothing.csv": b"", "draws.pkl": b"", "a.npy.gz": b""}
    ).items():
        Path(name).write_bytes(content)
    np.save("nothing.npy", np.array([], dtype=int))
    Path("empty").mkdir()
    os.mkfifo("pipe.txt")
    Path("link.txt").symlink_to("a.txt")
    code, message = REFUSED[names]
    with refused(MeasurementError, code, message):
        count_samples(names.split() or [names])


def test_what_is_advised_of_formats_is_what_can_be_done(tmp_path: Path) -> None:
    path, other = write(tmp_path / "a.txt", ["a"]), str(write(tmp_path / "b.dat", b"kind,weight\na,1\n"))
    with refused(MeasurementError, "unknown_format", "(.gz, .zst, .bz2, .xz), or name one with --format"):
        count(other)
    for beside in (Beside(law=other), Beside(reference=other)):
        with refused(MeasurementError, "unknown_format", "'b.dat' is in none", ".xz), and call the file so"):
            count_samples([str(path)], beside=beside)
    for name in ("foo", "", "npy.gz"):
        with refused(MeasurementError, "unknown_format", f"no format is called '{name}': give .txt"):
            count(path, file_format=name)


def test_columns_without_names_are_called_by_their_places(tmp_path: Path) -> None:
    line = write(tmp_path / "a.txt", ["a"])
    for one in (line, write(tmp_path / "a.jsonl", ['"a"']), write(tmp_path / "a.csv", ["1"])):
        with refused(MeasurementError, "unknown_column", "its only column has no name: leave the column out"):
            count(one, column="word")
    assert counts(count(line)) == counts(count(line, column="1")) == {"a": 1}
    with refused(MeasurementError, "unknown_column", "no column 'word', since its columns", "from 1 to 2"):
        count(write(tmp_path / "b.csv", ["1,3", "2,4"]), column="word")


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("line", ['{"word": "a", "word": "a"}', '{"n": {}, "w\\u006frd": 1, "word": "a"}'])
def test_a_name_that_an_object_gives_twice_is_refused_in_any_line(
    line: str, suffix: str, tmp_path: Path
) -> None:
    lines = ['{"word": "b"}'] * 3
    path = write(tmp_path / f"a.jsonl{suffix}", [*lines, line])
    with refused(MeasurementError, "ambiguous", "line 4 of", "gives two values to one name"):
        count(path)
    with refused(MeasurementError, "ambiguous", "two values of 'word' in its first line"):
        count(write(tmp_path / "b.jsonl", ['{"word": "a", "n": 1, "word": "a"}', *lines]))


def test_a_name_that_stands_elsewhere_too_is_no_second_one(tmp_path: Path) -> None:
    elsewhere = (
        '"said": "\\"word\\":\\"b\\""',
        '"Word": 3',
        '"in": {"word": "b"}',
        '"n": 1, "n": 2',
        '"x": []',
    )
    path = write(tmp_path / "a.jsonl", ['{"word": "a"}', *(f'{{"word": "a", {one}}}' for one in elsewhere)])
    assert counts(count(path)) == {"a": 6}
    beside = write(tmp_path / "b.jsonl", ['{"word": "a", "n": 1, "Word": "x", "N": 2}'] * 2)
    assert counts(count(beside, column="word")) == {"a": 2}
    with refused(MeasurementError, "ambiguous", "two names that differ by case alone"):
        count(beside, column="Word")
    with refused(MeasurementError, "ambiguous", "objects without a name"):
        count(write(tmp_path / "c.jsonl", ['{"": "a"}']))


def test_a_table_is_apart_by_tabs_where_its_format_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However its suffix is written, or named; a suffix before the last says nothing."""
    lines = ["kind\tnote, free", "a\tx", "b\ty, z"]
    for name in ("a.tsv", "a.TSV", "a.csv.tsv", "a.tsv.gz"):
        assert counts(count(write(tmp_path / name, lines))) == {"a": 1, "b": 1}
    assert counts(count(write(tmp_path / "a.dat", lines), file_format="tsv")) == {"a": 1, "b": 1}
    pipe("\n".join(lines).encode(), monkeypatch)
    assert counts(count("-", file_format="tsv")) == {"a": 1, "b": 1}
    commas = write(tmp_path / "a.tsv.csv", ["kind,note", "a\tb,x"])
    assert counts(count(commas)) == {"a\tb": 1}
    with refused(MeasurementError, "contradictory", "of 2 formats"):
        count_samples([str(commas), str(tmp_path / "a.tsv")])


def test_objects_and_values_are_not_mixed(tmp_path: Path) -> None:
    for lines in (['{"word": "a"}', '"a"'], ['"a"', '{"word": "a"}'], ['{"word": "a"}', "[1]"]):
        with refused(MeasurementError, "contradictory", "objects beside values that are none"):
            count(write(tmp_path / "a.jsonl", lines))


NO_TEXT = os.fsdecode(b"caf\xe9.txt")


def test_names_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with refused(MeasurementError, "malformed", "is not text in UTF-8", "rename it"):
        engine([Path(NO_TEXT)]).__enter__()
    with refused(MeasurementError, "malformed", "is not text in UTF-8"):
        count(write(tmp_path / "a.txt", ["a"]), skip=(NO_TEXT,))
    with refused(MeasurementError, "damaged_file", "is no JSON"):
        count(write(tmp_path / "a.jsonl", ['{"\\ud800": 1}']))


@pytest.mark.parametrize(("dtype", "exact"), [(np.float16, 11), (np.float32, 24), (np.float64, 53)])
def test_floats_that_may_have_been_rounded_are_no_kinds(dtype: Any, exact: int, tmp_path: Path) -> None:
    """From there on several whole numbers are stored as one."""
    last, beyond = np.array([2**exact - 1] * 2, dtype), np.array([2**exact, 2**exact + 1], dtype)
    columns = [".npy"] if exact == 11 else [".npy", ".parquet"]
    for suffix in columns:
        path = tmp_path / f"a{suffix}"
        assert counts(count(write(path, last if suffix == ".npy" else {"n1": last}))) == {
            str(2**exact - 1): 2
        }
        with refused(MeasurementError, "wrong_type", f"below 2^{exact}"):
            count(write(path, beyond if suffix == ".npy" else {"n1": beyond}))
    numbers = write(tmp_path / "a.npy", np.array([7, np.inf], dtype))
    assert count(numbers, skip=("inf",)).left_out == {"'inf'": 1}


def test_how_truth_values_are_read_is_told(tmp_path: Path) -> None:
    for path in (
        write(tmp_path / "a.npy", [True, False, True]),
        write(tmp_path / "a.parquet", {"kind": [True, False, True]}),
    ):
        found = count(path)
        assert (counts(found), found.notes) == (
            {"1": 2, "0": 1},
            (f"the truth values of '{path.name}' were read as 1 and 0",),
        )


def test_what_is_no_draw_is_left_out_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ["smiles,seed", "CC,1", "None,2", ",3", "None,4", "CC,5"])
    with refused(MeasurementError, "missing_value", "'a.csv' has 1 empty draws", "--skip None"):
        count(path)
    counted = count(path, skip=("None",))
    assert (counts(counted), counted.left_out) == ({"CC": 2}, {"empty": 1, "'None'": 2})
    floats = write(tmp_path / "a.parquet", {"kind": [7.0, -1.0, 7.0, float("nan")]})
    numbers = count(floats, skip=("-1", "nan"))
    assert (counts(numbers), numbers.left_out) == ({"7": 2}, {"'-1'": 1, "'nan'": 1})
    for ignored in ({"skip": ("000",)}, {"canonical": True}):
        with refused(MeasurementError, "contradictory", "holds tables of cells", "leave out --skip and"):
            count(write(tmp_path / "a.npy", [[0, 0, 0], [0, 1, 1]]), **ignored)
    lines = count(write(tmp_path / "a.txt", ["# seed 7", "", "5", "nan", " 5"]))
    assert lines.left_out == {"empty": 1, "comments with #": 1}
    assert lines.notes == (
        "'nan', drawn 1 times, is a kind; --skip nan leaves it out",
        "kinds with blanks at their ends differ from those without",
    )


@pytest.mark.parametrize("skipped", [(), ("None",), ("-1",)])
@pytest.mark.parametrize("drawn", [[1.0, np.nan, 2.0, None], [1.0, np.nan, 2.0]])
def test_what_leaves_out_floats_that_are_none_is_said(
    drawn: list[float | None], skipped: tuple[str, ...], tmp_path: Path
) -> None:
    """All of them at once: an empty cell beside NaN is left out with it."""
    path = write(tmp_path / "a.parquet", {"kind": pyarrow.array(drawn, pyarrow.float64())})
    empty = f"has {drawn.count(None)} empty draws" if None in drawn and not skipped else "has 1 samples that"
    with refused(MeasurementError, "missing_value", empty, "--skip nan leaves them out, beside every nan"):
        count(path, skip=skipped)
    found = count(path, skip=("nan", *skipped))
    assert (counts(found), found.left_out["'nan'"]) == ({"1": 1, "2": 1}, 1)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.tsv"])
def test_a_heading_that_is_repeated_is_told(name: str, tmp_path: Path) -> None:
    """As where files were joined by their bytes."""
    path = write(tmp_path / name, ["kind", "a", "kind", "b", "kind"])
    found = count(path)
    told = "is a kind and the name of its column; --skip kind leaves it out, if it is a heading that was"
    assert counts(found) == {"a": 1, "b": 1, "kind": 2}
    assert [note for note in found.notes if told in note and "'kind', drawn 2 times, is" in note]
    without = count(path, skip=("kind",))
    assert (counts(without), without.left_out, without.notes) == ({"a": 1, "b": 1}, {"'kind'": 2}, ())
    beside = count_samples([str(write(tmp_path / "a.txt", ["a"]))], beside=Beside(reference=str(path)))
    assert [note for note in beside.notes if f"'kind' in '{name}' {told}" in note]
    assert count(write(tmp_path / "b.csv", ["kind,x", "a,kind"])).notes == ()


def test_what_was_to_be_left_out_and_is_not_there_is_told(tmp_path: Path) -> None:
    """Unless it is a missing value: those are named lest there are any."""
    path = write(tmp_path / "a.txt", ["a", "b", "-"])
    found = count(path, skip=("typo", "None", "nan", "", "-", "typo"))
    assert (counts(found), found.left_out) == ({"a": 1, "b": 1}, {"'-'": 1})
    assert found.notes == ("no draw is 'typo', which --skip was to leave out",)


@pytest.mark.parametrize(
    ("kind", "told"), [(" 5", True), ("5\u2009", True), ("5 5", False), ("\u00e9", False)]
)
def test_blanks_at_the_ends_of_kinds_are_told(kind: str, told: bool, tmp_path: Path) -> None:
    notes = count(write(tmp_path / "a.txt", ["word", kind])).notes
    assert ("kinds with blanks at their ends differ from those without" in notes) == told


@given(st.lists(st.integers(1, 4), min_size=1, max_size=40), st.integers(0, 15))
@settings(max_examples=15, deadline=None)
def test_the_ends_are_ten_kinds_however_many_were_drawn_as_often(often: list[int], single: int) -> None:
    numbers = {100 + kind: n for kind, n in enumerate([*often, *[9] * single])}
    counted = count_values(np.repeat(list(numbers), list(numbers.values())))
    most = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    least = sorted(numbers.items(), key=lambda pair: (pair[1], pair[0]))
    assert counted.most == tuple((str(kind), n) for kind, n in most[:10])
    assert counted.least == tuple((str(kind), n) for kind, n in least[:10])


def test_guesses_are_said(tmp_path: Path) -> None:
    heading = count(write(tmp_path / "a.csv", ["apple", "pear"]))
    assert (counts(heading), heading.notes) == (
        {"pear": 1},
        ("the first row of 'a.csv', 'apple', was read as the name of its column",),
    )
    assert counts(count(tmp_path / "a.csv", column="1")) == {"apple": 1, "pear": 1}
    assert count(write(tmp_path / "a.parquet", {"apple": ["pear"]})).notes == ()  # its names are its own
    glyphs = count(write(tmp_path / "a.txt", ["+0-", "000"]))
    assert (glyphs.size, glyphs.notes) == (
        27,
        ("strings of 3 glyphs were read as the operations of one input on 3 values",),
    )
    assert count(tmp_path / "a.txt", size=50).size is None
    assert count(write(tmp_path / "b.txt", ["000000000"])).size is None
    cells = count_values(np.zeros((2, 27), dtype=np.int8))
    assert (cells.size, len(cells.notes)) == (3**27, 1)


def test_other_spaces_have_their_own_glyphs() -> None:
    boolean = OperationSpace(base=2)
    for values in (
        ["0110", "1000", "0110"],
        ["6", "1", "6"],
        [[False, True, True, False], [True, False, False, False], [False, True, True, False]],
        ["0 1 1 0", "1,0,0,0", "0 1 1 0"],
    ):
        counted = count_values(np.array(values), Reading(space=boolean))
        assert (counts(counted), counted.size) == ({"0110": 2, "1000": 1}, 16)
    assert count_values(np.array([4**16 - 1]), Reading(space=OperationSpace(base=4))).size == 4**16


NO_SAMPLES: list[tuple[Any, dict[str, Any], ErrorCode, str]] = [
    ([], {}, "too_few", "holds no sample"),
    ([1.5], {}, "wrong_type", "whole numbers below 2"),
    ([np.nan], {}, "missing_value", "has 1 empty draws"),
    ([1, np.inf], {}, "wrong_type", "whole numbers below 2"),
    ([2.0**53], {}, "wrong_type", "whole numbers below 2"),
    ([1j], {}, "wrong_type", "whole numbers or strings, not complex128"),
    (np.array(["2020-01-01"], dtype="M8[D]"), {}, "wrong_type", "not datetime64"),
    ([[1, 0, 1], [0, 0, np.nan]], {}, "missing_value", "tables with empty cells"),
    ([[1.5, 0, 1]], {}, "wrong_type", "cells are not whole numbers"),
    ([[1, 2, 3, 4]], {}, "wrong_shape", "which has 3, 9 or 27: give the base and the number"),
    ([[1, 2, 3]], {}, "out_of_range", "is not one of -1, 0 and +1"),
    ([[0, 1, 2], [2, 0, 0]], {}, "out_of_range", "subtract 1 from tables that are coded 0, 1, 2"),
    ([[0, 1, 2, 1]], {"space": OperationSpace(2)}, "out_of_range", "is not one of 0 and 1"),
    (["apple", "3"], {"space": TERNARY}, "malformed", "'apple' in the array is neither an index"),
    ([19_683], {"space": TERNARY}, "out_of_range", "19683, outside the indices 0 to 19,682"),
    (["19683"], {"space": TERNARY}, "out_of_range", "19683, outside the indices 0 to 19,682"),
    ([-1], {"space": TERNARY}, "out_of_range", "is -1, outside"),
    ([[0] * 9], {"size": 27}, "contradictory", "are 19,683, not 27: leave the size out"),
    ([b"\xff"], {}, "wrong_type", "must be plain text"),
    (np.array([0x110000], dtype=np.uint32).view("U1"), {}, "damaged_file", "hold what is no character"),
]


@pytest.mark.parametrize("values", [[0, 3], ["01", "11"], [[0, 1]]])
def test_a_space_and_another_size_contradict_each_other_however_kinds_are_written(values: Any) -> None:
    space = OperationSpace(2, 1)
    assert count_values(np.array(values), Reading(space=space, size=4)).size == 4
    with refused(MeasurementError, "contradictory", "are 4, not 100: leave the size out"):
        count_values(np.array(values), Reading(space=space, size=100))


@pytest.mark.parametrize(("values", "reading", "code", "message"), NO_SAMPLES)
def test_what_is_no_sample_is_refused(
    values: Any, reading: dict[str, Any], code: ErrorCode, message: str
) -> None:
    with refused(MeasurementError, code, message):
        count_values(np.array(values), Reading(**reading))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("cell", ["1e300", "1e400", "9007199254740993"])
def test_cells_beyond_whole_numbers_are_refused_without_a_warning(cell: str, tmp_path: Path) -> None:
    with refused(MeasurementError, "wrong_type", "cells are not whole numbers"):
        count(write(tmp_path / "a.csv", [f"{cell},0,0"] * 2))


@pytest.mark.filterwarnings("error")
def test_a_signalling_nan_is_refused_without_a_warning() -> None:
    with refused(MeasurementError, "missing_value"):
        count_values(np.array([0x7F800001], dtype=np.uint32).view(np.float32))


@pytest.mark.parametrize("name", ["reference", "training"])
def test_how_files_beside_the_draws_were_read_is_said(name: str, tmp_path: Path) -> None:
    draws = str(write(tmp_path / "draws.txt", ["CCO", "C"]))

    def notes(file: str, lines: list[str], **how: Any) -> tuple[str, ...]:
        beside: dict[str, Any] = {name: str(write(tmp_path / file, lines))}
        return count_samples([draws], Reading(**how), Beside(**beside)).notes

    told = "the first row of 'known.csv', 'CCO', was read as the name of its column"
    assert notes("known.csv", ["CCO", "C"]) == (told,)
    assert notes("known.csv", ["kind", "CCO", "C"]) == ()
    left_out = "1 that are empty, 1 that are comments with #, 2 that are no valid SMILES"
    lines = ["# known", "C", "OCC", "", "C(", "(C"]
    assert notes("known.txt", lines, canonical=True) == (f"left out of 'known.txt': {left_out}",)
    assert notes("known.txt", ["C", "None", "C "]) == (
        "'None' in 'known.txt' is a kind; --skip None leaves it out",
        "kinds in 'known.txt' with blanks at their ends differ from those without",
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [("law", "the law"), ("reference", "the reference"), ("training", "the training set")],
)
def test_no_law_and_no_known_set_has_more_kinds_than_the_space(name: str, said: str, tmp_path: Path) -> None:
    draws, state = write(tmp_path / "draws.txt", ["a", "b", "a"]), tmp_path / "state"
    lines = ["kind,weight", "a,1", "b,1", "c,1", "d,0"] if name == "law" else ["kind", *"abc"]
    known = str(write(tmp_path / "known.csv", lines))
    beside: dict[str, Any] = {name: known, "monitor": state}
    with refused(MeasurementError, "contradictory", f"{said} has 3 kinds, and a space of 2 has no more"):
        count_samples([str(draws)], Reading(size=2), Beside(**beside))
    assert not state.exists()
    in_memory: dict[str, Any] = {name: dict.fromkeys("abc", 1) | {"d": 0}}
    with refused(MeasurementError, "contradictory", f"{said} has 3 kinds, and a space of 2 has no more"):
        audit_samples(list("aab"), space_size=2, **in_memory)
    in_file: dict[str, Any] = {name: known}
    assert audit_samples(draws, space_size=3, **in_file).draws == 3
    assert audit_samples(list("aab"), space_size=3, **in_memory).draws == 3


@pytest.mark.parametrize(("name", "said"), [("reference", "the reference"), ("training", "the training set")])
def test_a_known_set_and_what_else_was_drawn_fit_into_the_space(name: str, said: str, tmp_path: Path) -> None:
    """Three kinds are known, and of five that were drawn two are others."""
    draws = write(tmp_path / "draws.txt", [*"abcxy", "a"])
    in_file: dict[str, Any] = {name: str(write(tmp_path / "known.txt", list("abc")))}
    for sample, beside in ((draws, in_file), (list("abcxya"), {name: list("abc")})):
        told = f"{said} has 3 kinds, and 2 others were drawn, and a space of 4 has no more than that"
        with refused(MeasurementError, "contradictory", told):
            audit_samples(sample, space_size=4, **beside)
        assert audit_samples(sample, space_size=5, **beside).draws == 6


def test_how_a_law_was_read_is_told(tmp_path: Path) -> None:
    """Its first row may name the columns, and be read as a kind all the same."""
    draws = [str(write(tmp_path / "draws.txt", ["a", "b", "a"]))]

    def notes(lines: list[str]) -> tuple[str, ...]:
        return count_samples(draws, beside=Beside(law=str(write(tmp_path / "law.csv", lines)))).notes

    assert notes(["guide,2019", "a,3", "b,1"]) == (
        "the first row of 'law.csv' was read as a kind and its weight",
    )
    told = ("weights of 'law.csv' are those of the column 'probability'",)
    assert notes(["kind,n,probability", "a,7,.5", "b,9,.5"]) == told
    assert notes(["kind,weight", "a,7", "b,9"]) == ()


def test_strings_that_the_size_of_the_space_keeps_from_being_operations_are_told(tmp_path: Path) -> None:
    """Spins of three sites are written with the same glyphs, and are eight."""
    path = write(tmp_path / "spins.txt", ["+-+", "---"])
    counted = count(path, size=8)
    assert counted.size is None
    assert counted.notes == (
        "strings of 3 glyphs were not read as the operations of one input on 3 values, which are 27, not 8",
    )
    assert count(path, size=27).size == 27
    assert count(write(path, ["abc", "---"]), size=8).notes == ()
    assert count(write(path, ["000", "000"]), size=8).notes == ()


@pytest.mark.parametrize("kind", ["S2", "U2", "i8", "f4"])
@pytest.mark.parametrize("shape", [(2, 0), (0, 2), (0,), (2**60, 0)])
def test_arrays_without_entries_hold_no_sample(kind: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": kind, "fortran_order": False, "shape": shape})
    path = tmp_path / "a.npy"
    path.write_bytes(content.getvalue())
    with refused(MeasurementError, "too_few", "'a.npy' holds no sample"):
        count(path)


@pytest.mark.parametrize("name", ["law", "reference", "training"])
def test_a_file_that_names_no_kind_that_was_drawn_is_told_with_one_of_either(
    name: str, tmp_path: Path
) -> None:
    """Both may write the same otherwise: here indices of operations and their glyphs."""
    draws = [str(write(tmp_path / "draws.txt", ["5", "7", "5"]))]
    known = write(tmp_path / "known.csv", ["kind,weight", "---,1", "+++,2"])
    beside: dict[str, Any] = {name: str(known)}
    assert count_samples(draws, beside=Beside(**beside)).notes[-1] == (
        "no draw is of a kind in 'known.csv': of the draws '5', in 'known.csv' '+++'"
    )
    write(known, ["kind,weight", "5,1", "+++,2"])
    assert count_samples(draws, beside=Beside(**beside)).notes == ()


def test_decimals_are_what_whole_numbers_of_the_same_value_are(tmp_path: Path) -> None:
    values = pyarrow.array([Decimal("0.00"), Decimal("10.00"), Decimal("2.50"), Decimal("10.00")])
    draws = write(tmp_path / "draws.parquet", {"kind": values})
    law = write(tmp_path / "law.parquet", {"kind": pyarrow.array([0, 10]), "weight": [1, 2]})
    found = count_samples([str(draws)], Reading(skip=("2.5",)), Beside(law=str(law), reference=str(law)))
    assert (counts(found), found.left_out) == ({"10": 2, "0": 1}, {"'2.5'": 1})
    assert found.law_tally is not None
    assert found.reference is not None
    assert (found.law_tally.outside, found.reference.tally.draws) == (0, 3)
