"""Which column of a table holds the kinds, and whether a first row names columns."""

from typing import Any

import pytest

from fluxttice_core.audit.columns import (
    WEIGHTS,
    choose_array,
    choose_counts,
    choose_kinds,
    read_heading,
)
from fluxttice_core.errors import ErrorCode, MeasurementError
from tests.refusals import refused


def heading(text: str, *wanted: str, tabs: bool = False, pairs: bool = False) -> Any:
    return read_heading(text.encode(), "'a.csv'", tabs=tabs, wanted=wanted, pairs=pairs)


@pytest.mark.parametrize(
    ("line", "delimiter", "names"),
    [
        ("index\n", ",", ["index"]),
        ("\N{ZERO WIDTH NO-BREAK SPACE}draw,index\r\n", ",", ["draw", "index"]),
        ("draw;Index", ";", ["draw", "Index"]),
        ("seed\tsample", "\t", ["seed", "sample"]),
        ('"index","note"', ",", ["index", "note"]),
        ("note;index, or not", ",", ["note;index", "or not"]),
        ('"a, b";operation', ";", ["a, b", "operation"]),  # what is quoted divides nothing
        (",operation", ",", ["", "operation"]),  # so pandas writes a table with its index
        ("nan,smiles", ",", ["nan", "smiles"]),
    ],
)
def test_names_and_what_divides_them(line: str, delimiter: str, names: list[str]) -> None:
    found = heading(line)
    assert (list(found.names), found.delimiter, found.named) == (names, delimiter, True)


@pytest.mark.parametrize("line", ["17", "1e3", "1E3,0", "e4", "+0-", "++", ",0", "-1;0;1"])
def test_numbers_and_glyphs_are_no_names(line: str) -> None:
    if line == ",0":
        with refused(MeasurementError, "ambiguous", "holds an empty cell"):
            heading(line)
        return
    assert not heading(line).named
    assert heading(line).names[0] == "1"


@pytest.mark.parametrize("word", ["nano", "infinite", "x", "e", "E", "-e", "f0", "no name", "1a"])
def test_any_other_word_is_a_name(word: str) -> None:
    assert heading(word).named
    assert not heading(word, "1").named
    assert heading("1,2", "2").names == ("1", "2")


@pytest.mark.parametrize("line", ["5,1", "5,1,1", "1e3,1", "+0-,1", "nan,1"])
def test_a_row_of_draws_that_holds_the_place_of_a_column_names_none(line: str) -> None:
    found = heading(line, "1")
    assert (found.named, found.names[:2]) == (False, ("1", "2"))
    assert found.notes == (
        "'1' was read as the place of a column, and the first row of 'a.csv' as a row, not as names: if it "
        "names the columns, write words in it",
    )
    assert found == heading("5,2" if len(found.names) == 2 else "5,2,2")


@pytest.mark.parametrize("line", ["1,2", "1,a", "7,2,0", "2,2"])
def test_a_place_that_a_row_holds_in_that_place_is_no_name(line: str) -> None:
    found = heading(line, "2" if line[0] in "72" else "1")
    assert (found.named, found.notes) == (False, ())


@pytest.mark.parametrize(("line", "column"), [("kind,1", "1"), (",0,1", "1"), ("count,1", "1"), ("0,3", "0")])
def test_numbers_beside_names_are_names_that_may_be_wanted(line: str, column: str) -> None:
    assert heading(line, column).names == tuple(line.split(","))
    assert heading(line, column).named


def test_a_word_and_a_place_elsewhere_are_refused() -> None:
    """Whether it is draws, whose first are words, or a heading of which one name is a number."""
    with refused(MeasurementError, "ambiguous", "holds '1' in column 2", "'1' none of them, and choose"):
        heading("a,1", "1")
    assert not heading("a,1", "1", pairs=True).named
    assert heading("a,9", "9").named


@pytest.mark.parametrize("number", ["3", "0.5", ".5", "5.", "9e-1", "1E+3", "-1"])
def test_a_kind_and_a_number_are_no_names(number: str) -> None:
    assert not heading(f"a,{number}", pairs=True).named
    assert heading(f"species,{number}", pairs=True).named
    assert heading(f"{number}e,a", pairs=True).named
    assert not heading(f"word,{number}", "1", pairs=True).named


@pytest.mark.parametrize("cell", ["nan", "NaN", "-inf", "+Infinity", "NA", "<NA>", "null", "None"])
def test_missing_values_are_no_names(cell: str) -> None:
    with refused(MeasurementError, "ambiguous", f"the first row of 'a.csv' holds '{cell}'", "remove the row"):
        heading(f"draw,{cell}")


def test_what_is_no_text_or_no_table_is_refused() -> None:
    with refused(MeasurementError, "alien_file", "not text in UTF-8"):
        read_heading(b"\xe9", "'a.csv'", tabs=False, wanted=())
    with refused(MeasurementError, "damaged_file", "'a.csv' is no CSV file"):
        heading('"a"b"')
    assert heading("a,b", tabs=True).names == ("a,b",)


def test_usual_names_go_before_the_number_of_columns() -> None:
    assert choose_kinds(["seed", "epoch", "index"], "f", None) == [2]
    assert choose_kinds(["c1", "c2", "c3"], "f", None) == [0, 1, 2]
    assert choose_kinds(["1", "2", "3"], "f", None, named=False) == [0, 1, 2]
    assert choose_kinds(["seed"], "f", None) == [0]
    assert choose_kinds(["seed", " SMILES "], "f", None) == [1]


@pytest.mark.parametrize("names", [["date", "city", "drug", "dose"], ["c1", "c2", "c"]])
def test_columns_of_names_that_are_not_numbered_are_no_cells_of_a_table(names: list[str]) -> None:
    for beside, advice in ((False, "name the one with the samples by --column"), (True, "kinds 'kind'")):
        cells = f"or number those of the cells of tables, c1 to c{len(names)}"
        with refused(MeasurementError, "ambiguous", f"f has the columns {', '.join(names)}", advice, cells):
            choose_kinds(names, "f", None, beside=beside)


def test_columns_of_one_name_are_refused() -> None:
    with refused(MeasurementError, "ambiguous", "f has 2 columns 'a': name them apart"):
        choose_kinds(["a", "b", "a"], "f", "a")
    with refused(MeasurementError, "ambiguous", "f has count and Count, any of which", "name them apart"):
        choose_counts(["kind", "count", "Count"], "f", None)


@pytest.mark.parametrize("names", [["index", "operation"], ["seed", "Index", " samples "]])
def test_several_usual_columns_are_refused(names: list[str]) -> None:
    """Row numbers, which pandas writes as `index`, stand before the operations."""
    usual = " and ".join(name.strip() for name in names if name != "seed")
    with refused(MeasurementError, "ambiguous", f"f has {usual}", "choose one with --column"):
        choose_kinds(names, "f", None)
    assert choose_kinds(names, "f", names[-1]) == [len(names) - 1]


@pytest.mark.parametrize(
    ("names", "column", "code", "message"),
    [
        (["a", "b"], None, "ambiguous", "f has the columns a, b: name the one with the samples"),
        (["a", "b"], "z", "unknown_column", "f has no column 'z': it has a, b"),
        (
            ["kind", "reads"],
            None,
            "ambiguous",
            "as tables of counts have: give the file as --counts",
        ),
        (["count"], None, "ambiguous", "f has a column 'count', as tables of counts have: give the file as"),
    ],
)
def test_unclear_columns_are_refused(
    names: list[str], column: str | None, code: ErrorCode, message: str
) -> None:
    with refused(MeasurementError, code, message):
        choose_kinds(names, "f", column)


def test_a_column_of_numbers_is_one_of_draws_where_it_is_named_so() -> None:
    assert choose_kinds(["count"], "f", "count") == [0]
    assert choose_kinds(["1"], "f", None, named=False) == [0]


@pytest.mark.parametrize("names", [["id", "mol"], ["n"]])
def test_the_name_of_a_column_beside_the_draws_is_said(names: list[str]) -> None:
    """No option names it: --column names that of the draws."""
    with refused(MeasurementError, "ambiguous", "call the one with the kinds 'kind'") as caught:
        choose_kinds(names, "f", None, beside=True)
    assert "--" not in str(caught.value)
    with refused(MeasurementError, "ambiguous", "call the one with the kinds 'kind'"):
        choose_counts(["a", "b", "weight"], "f", None, WEIGHTS)
    assert choose_kinds(["kind", "count"], "f", None, beside=True) == [0]


def test_several_usual_columns_beside_the_draws_are_to_be_left_out() -> None:
    """One more that is called as kinds are would be refused as these were."""
    advice = "f has index and smiles, any of which may be meant: keep of these only the one with the kinds"
    with refused(MeasurementError, "ambiguous", advice):
        choose_kinds(["index", "smiles"], "f", None, beside=True)
    with refused(MeasurementError, "ambiguous", advice):
        choose_array(["index", "smiles"], "f", None, beside=True)
    with refused(MeasurementError, "ambiguous", advice):
        choose_counts(["index", "smiles", "weight"], "f", None, WEIGHTS)


@pytest.mark.parametrize(
    ("names", "column", "chosen"),
    [
        (["guide", "reads"], None, (0, 1)),
        (["count", "guide"], None, (1, 0)),
        (["a", "species", "n"], None, (1, 2)),
        (["a", "b", "n"], "b", (1, 2)),
        (["frequency", "kind", "count"], None, (1, 2)),  # whole numbers before shares
        (["1", "2"], None, (0, 1)),
        (["n"], None, (None, 0)),
        (["1"], None, (None, 0)),
    ],
)
def test_kinds_and_counts(names: list[str], column: str | None, chosen: tuple[int | None, int]) -> None:
    assert choose_counts(names, "f", column) == chosen


def test_tables_without_counts_are_refused_with_the_flag_of_draws() -> None:
    with refused(
        MeasurementError, "ambiguous", "none of them called count", "give a file of draws as --samples"
    ):
        choose_counts(["smiles", "seed"], "f", None)
    with refused(MeasurementError, "ambiguous", "f has the columns a, b, n: name the one with the kinds"):
        choose_counts(["a", "b", "n"], "f", None)
    assert choose_counts(["smiles", "p"], "f", None, WEIGHTS) == (0, 1)
    for name in ("index", " Smiles "):
        with refused(MeasurementError, "ambiguous", "give the file as --samples, or call the column 'count'"):
            choose_counts([name], "f", None)
    assert choose_counts(["guide"], "f", None) == (None, 0)
    with refused(MeasurementError, "contradictory", "the column 'n' of f holds numbers of draws"):
        choose_counts(["kind", "n"], "f", "n")


def test_arrays_of_an_archive() -> None:
    assert choose_array(["x"], "f", None) == "x"
    assert choose_array(["seed", "samples"], "f", None) == "samples"
    assert choose_array(["x", "y"], "f", "y") == "y"
    with refused(
        MeasurementError, "ambiguous", "f has the arrays x, y: name the one with the samples by --c"
    ):
        choose_array(["x", "y"], "f", None)
    with refused(MeasurementError, "ambiguous", "f has the arrays x, y: call the one with the kinds 'kind'"):
        choose_array(["x", "y"], "f", None, beside=True)
    assert choose_array(["kind", "n"], "f", None, beside=True) == "kind"
    for of_counts in (["kind", "n"], ["n"]):
        assert choose_array(of_counts, "f", "n") == "n"
        with refused(MeasurementError, "ambiguous", "as tables of counts have: give the file as --counts"):
            choose_array(of_counts, "f", None)
    with refused(MeasurementError, "ambiguous", "tables of counts have: call the one with the kinds 'kind'"):
        choose_array(["count"], "f", None, beside=True)
    with refused(MeasurementError, "unknown_column", "f has no column 'z': it has x"):
        choose_array(["x"], "f", "z")
