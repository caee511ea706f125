"""Samples in text and CSV."""

import pytest

from fluxttice_core.audit.sample_text import choose_columns, read_csv, read_text, usual_name
from fluxttice_core.errors import ErrorCode, MeasurementError
from tests.refusals import refused


@pytest.mark.parametrize("text", ["3\n14\n15\n", "3\r\n14\r\n15", "# seed 0\n\n 3 \n14\n\n15\n"])
def test_one_index_a_line(text: str) -> None:
    assert read_text(text, "draws.txt").tolist() == ["3", "14", "15"]


@pytest.mark.parametrize("text", ["-1 0 1\n1 1 0", "-1,0,1\n1,1,0", "-1, 0, 1\n1, 1, 0\n"])
def test_one_table_a_line(text: str) -> None:
    assert read_text(text, "draws.txt").tolist() == [["-1", "0", "1"], ["1", "1", "0"]]


def test_nothing_is_no_sample_but_no_error() -> None:
    assert read_text("# nothing\n", "draws.txt").size == 0
    assert read_csv("", "draws.csv").values.size == 0
    assert read_csv("index\n", "draws.csv").values.size == 0


def test_uneven_lines_are_named() -> None:
    with refused(MeasurementError, "wrong_shape", "line 3 of 'draws.txt' has 2", "write one sample"):
        read_text("3\n14\n1 5\n", "draws.txt")


@pytest.mark.parametrize(
    "text",
    [
        "17\n4\n",
        "index\n17\n4\n",
        "draw,index\n1,17\n2,4\n",
        "draw;Index\n1;17\n2;4\n",
        "seed\tsample\n1\t17\n2\t4\n",
        '"index","note"\n"17","first, of two"\n"4","last"\n',
        "note;index\nfirst, of two;17\nlast;4\n",  # the first line decides the delimiter
        '"a, b";operation\n0;17\n1;4\n',  # which within quotes divides nothing
        '"a; b",operation\n0,17\n1,4\n',
        '"a, b"\n17\n4\n',
        ",operation\n0,17\n1,4\n",  # so pandas writes a table with its index
    ],
)
def test_columns_of_indices(text: str) -> None:
    assert read_csv(text, "draws.csv").values.tolist() == ["17", "4"]


def test_named_column_is_taken() -> None:
    text = "index,other\n17,5\n4,6\n"
    assert read_csv(text, "draws.csv", "other").values.tolist() == ["5", "6"]


@pytest.mark.parametrize("text", ["-1,0,1\n1,1,0\n", "t0,t1,t2\n-1,0,1\n1,1,0\n"])
def test_columns_of_cells(text: str) -> None:
    assert read_csv(text, "draws.csv").values.tolist() == [["-1", "0", "1"], ["1", "1", "0"]]


@pytest.mark.parametrize(
    ("text", "column", "code", "message"),
    [
        ("1,2\n3\n", None, "wrong_shape", "row 2 of 'draws.csv' has 1 cells, the first 2"),
        ("a,b,c,d,e\n1,2,3,4,5\n", None, "ambiguous", "'draws.csv' has the columns a, b, c, d, e: name"),
        ("a,b\n1,2\n", "z", "unknown_column", "has no column 'z': it has a, b"),
        ("1\n2\n", "index", "unknown_column", "has no line of column names"),
        ("index\n" + "1" * 200_000, None, "damaged_file", "is no CSV file"),
    ],
)
def test_tables_that_cannot_be_read_are_refused(
    text: str, column: str | None, code: ErrorCode, message: str
) -> None:
    with refused(MeasurementError, code, message):
        read_csv(text, "draws.csv", column)


def test_usual_names_go_before_the_number_of_columns() -> None:
    assert choose_columns(["seed", "epoch", "index"], "f", None) == ["index"]
    assert choose_columns(["seed", "epoch", "other"], "f", None) == ["seed", "epoch", "other"]
    assert choose_columns(["seed"], "f", None) == ["seed"]


@pytest.mark.parametrize(
    "names", [["index", "operation"], ["seed", "Index", " samples "], ["index", "index"]]
)
def test_several_usual_columns_are_refused(names: list[str]) -> None:
    """Row numbers, which pandas writes as `index`, stand before the operations."""
    usual = " and ".join(name.strip() for name in names if name != "seed")
    with refused(MeasurementError, "ambiguous", f"'f' has {usual}", "choose one with --column"):
        choose_columns(names, "f", None)
    assert choose_columns(names, "f", names[-1]) == [names[-1]]


@pytest.mark.parametrize("name", ["index", "indices", "operation", "operations", "sample", "samples"])
def test_the_usual_names(name: str) -> None:
    assert choose_columns(["seed", name.upper()], "f", None) == [name.upper()]
    assert usual_name(["seed", name], "f") == name
    assert usual_name(["seed"], "f") is None


def test_the_column_is_told_where_there_was_a_choice() -> None:
    assert read_csv("draw,index\n1,17\n", "f").column == "index"
    assert read_csv(",operation\n0,17\n", "f").column == "operation"
    assert read_csv('"a, b";operation\n0;17\n', "f").column == "operation"
    assert read_csv("draw,index\n1,17\n", "f", "draw").column == "draw"
    for text in ("index\n17\n", "17\n", "a,b,c\n1,0,1\n", "1,0,1\n"):
        assert read_csv(text, "f").column is None


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("nan\n3\n", "'nan'"),
        ("NaN\n3\n", "'NaN'"),
        ("-inf\n3\n", "'-inf'"),
        ("+Infinity\n3\n", "'+Infinity'"),
        ("NA\n3\n", "'NA'"),
        ("<NA>\n3\n", "'<NA>'"),
        ("null\n3\n", "'null'"),
        ("None\n3\n", "'None'"),
        ('""\n3\n', "an empty cell"),
        ("1,,0\n1,0,1\n", "an empty cell"),
        (",0\n0,3\n", "an empty cell"),
        ("draw,nan\n0,3\n", "'nan'"),
    ],
)
def test_missing_values_are_no_headings(text: str, held: str) -> None:
    with refused(MeasurementError, "ambiguous", f"'draws.csv' holds {held}", "remove the row"):
        read_csv(text, "draws.csv")


@pytest.mark.parametrize("number", ["1e3", "1E3", "0"])
def test_a_number_is_no_heading(number: str) -> None:
    assert read_csv(f"{number}\n17\n", "draws.csv").values.tolist() == [number, "17"]


@pytest.mark.parametrize("word", ["nano", "infinite", "x", "f0", "no name", "1a"])
def test_any_other_word_is_a_heading(word: str) -> None:
    assert read_csv(f"{word}\n3\n14\n", "draws.csv").values.tolist() == ["3", "14"]
