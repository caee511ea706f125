"""Samples in text and CSV."""

import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.measurement.sample_text import choose_columns, read_csv, read_text


@pytest.mark.parametrize("text", ["3\n14\n15\n", "3\r\n14\r\n15", "# seed 0\n\n 3 \n14\n\n15\n"])
def test_one_index_a_line(text: str) -> None:
    assert read_text(text, "draws.txt").tolist() == ["3", "14", "15"]


@pytest.mark.parametrize("text", ["-1 0 1\n1 1 0", "-1,0,1\n1,1,0", "-1, 0, 1\n1, 1, 0\n"])
def test_one_table_a_line(text: str) -> None:
    assert read_text(text, "draws.txt").tolist() == [["-1", "0", "1"], ["1", "1", "0"]]


def test_nothing_is_no_sample_but_no_error() -> None:
    assert read_text("# nothing\n", "draws.txt").size == 0
    assert read_csv("", "draws.csv").size == 0
    assert read_csv("index\n", "draws.csv").size == 0


def test_uneven_lines_are_named() -> None:
    with pytest.raises(MeasurementError, match=r"line 3 of 'draws\.txt' has 2 entries where others have 1"):
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
    ],
)
def test_columns_of_indices(text: str) -> None:
    assert read_csv(text, "draws.csv").tolist() == ["17", "4"]


def test_named_column_is_taken() -> None:
    text = "index,other\n17,5\n4,6\n"
    assert read_csv(text, "draws.csv", "other").tolist() == ["5", "6"]


@pytest.mark.parametrize("text", ["-1,0,1\n1,1,0\n", "t0,t1,t2\n-1,0,1\n1,1,0\n"])
def test_columns_of_cells(text: str) -> None:
    assert read_csv(text, "draws.csv").tolist() == [["-1", "0", "1"], ["1", "1", "0"]]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("1,2\n3\n", None, r"row 2 of 'draws\.csv' has 1 cells, the first 2"),
        ("a,b,c,d,e\n1,2,3,4,5\n", None, "has the columns a, b, c, d, e: name the one with the samples"),
        ("a,b\n1,2\n", "z", "has no column 'z': it has a, b"),
        ("1\n2\n", "index", "has no line of column names"),
        ("index\n" + "1" * 200_000, None, "is no CSV file"),
    ],
)
def test_tables_that_cannot_be_read_are_refused(text: str, column: str | None, message: str) -> None:
    with pytest.raises(MeasurementError, match=message):
        read_csv(text, "draws.csv", column)


def test_usual_names_go_before_the_number_of_columns() -> None:
    assert choose_columns(["seed", "epoch", "index"], "f", None) == ["index"]
    assert choose_columns(["seed", "epoch", "other"], "f", None) == ["seed", "epoch", "other"]
    assert choose_columns(["seed"], "f", None) == ["seed"]


def test_the_first_of_the_usual_columns_is_taken() -> None:
    assert choose_columns(["seed", "sample", "index"], "f", None) == ["sample"]


def test_the_first_line_decides_the_delimiter() -> None:
    assert read_csv("note;index\nfirst, of two;17\nlast;4\n", "draws.csv").tolist() == ["17", "4"]


@pytest.mark.parametrize("mark", ["e", "E"])
def test_numbers_with_exponents_are_no_headings(mark: str) -> None:
    assert read_csv(f"1{mark}3\n2{mark}3\n", "draws.csv").tolist() == [f"1{mark}3", f"2{mark}3"]


def test_the_file_is_named_where_its_columns_cannot_be_told() -> None:
    with pytest.raises(MeasurementError, match=r"^'draws\.csv' has the columns a, b, c, d, e: "):
        read_csv("a,b,c,d,e\n1,2,3,4,5\n", "draws.csv")
