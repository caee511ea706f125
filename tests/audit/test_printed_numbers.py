"""Reading numbers as they were printed."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.audit import printed_numbers as stated
from fluxttice_core.audit.printed_numbers import (
    read_aloud,
    share_of_all,
    stated_count,
    stated_number,
    stated_share,
    stated_shares,
)
from fluxttice_core.errors import MeasurementError
from tests.refusals import refused
from tests.texts import CHARACTERS


@pytest.mark.parametrize(
    ("text", "value", "least", "most"),
    [
        ("82%", 0.82, 0.815, 0.825),
        ("82 %", 0.82, 0.815, 0.825),
        ("87.37%", 0.8737, 0.87365, 0.87375),
        (".82", 0.82, 0.815, 0.825),
        ("4.0", 4.0, 3.95, 4.05),
        ("4", 4.0, 3.5, 4.5),
        (" 0.5 ", 0.5, 0.45, 0.55),
        ("1e-3", 1e-3, 5e-4, 1.5e-3),
        ("0", 0.0, -0.5, 0.5),
        ("0.000", 0.0, -0.0005, 0.0005),
        ("0e0", 0.0, -0.5, 0.5),
        ("0%", 0.0, -0.005, 0.005),
    ],
)
def test_single_numbers(text: str, value: float, least: float, most: float) -> None:
    stated = stated_number(text)
    assert (stated.lower, stated.value, stated.upper) == pytest.approx((value, value, value), abs=1e-15)
    assert (stated.least, stated.most) == pytest.approx((least, most), abs=1e-15)


@pytest.mark.parametrize(
    "text",
    [".89...91", "0.89..0.91", ".89-.91", ".89 to .91", ".89–.91", "89..91%", "89%..91%", " 89 - 91% "],
)
def test_ranges(text: str) -> None:
    stated = stated_number(text)
    assert (stated.least, stated.lower, stated.value, stated.upper, stated.most) == pytest.approx(
        (0.885, 0.89, 0.9, 0.91, 0.915)
    )


@pytest.mark.parametrize("text", [".8..90%", "1..100%", "80%..90", "0.8%..0.9"])
def test_a_percent_sign_at_one_end_is_refused_where_either_reading_rises(text: str) -> None:
    with refused(MeasurementError, "ambiguous", f"'{text}' has a percent sign at one", "at both, or"):
        stated_number(text)


@pytest.mark.parametrize(("text", "lower", "least"), [("0..5%", 0, -0.005), ("1.1..99%", 0.011, 0.0105)])
def test_a_percent_sign_at_the_upper_end_counts_for_both(text: str, lower: float, least: float) -> None:
    stated = stated_number(text)
    assert (stated.lower, stated.least) == pytest.approx((lower, least))


@pytest.mark.parametrize("text", ["16000..16500", "16,000..16,500", "16_000 to 16500", "16000-16500"])
def test_ranges_of_counts_are_exact(text: str) -> None:
    stated = stated_share(text, 20_000)
    assert (stated.least, stated.lower, stated.upper, stated.most) == (0.8, 0.8, 0.825, 0.825)
    assert stated.reading == ""


def test_ranges_of_counts_are_checked_like_counts() -> None:
    with refused(MeasurementError, "out_of_range", "'3..12' is more than all there are"):
        stated_share("3..12", 10)
    with refused(MeasurementError, "malformed", "the range '9..3' falls: write its smaller end first"):
        stated_share("9..3", 10)
    for text in ("3..9", "16140"):
        with refused(MeasurementError, "missing_option", f"'{text}' is a count: give --space-size"):
            stated_share(text, None)
    assert stated_share("80..90", 19_683).reading == (
        "80..90 is read as counts of 80 to 90; write 80%..90% for percent"
    )
    assert (stated_share("0..1", 10).lower, stated_share("0..1", 10).upper) == (0, 1)
    assert stated_share("3..3", 10).value == 0.3


@pytest.mark.parametrize("text", ["", "many", "%", "12,5", "1..2..3", "nan", "inf", "-3", "0x10", "1 2"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(MeasurementError, match="write"):
        stated_number(text)


@pytest.mark.parametrize("text", ["0.e222372036854775808", "0e-99", "1e31", "1e-31", "1" * 31])
def test_numbers_out_of_all_proportion_are_refused(text: str) -> None:
    with refused(MeasurementError, "too_large", "is out of all proportion: write a number of fewer digits"):
        stated_number(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1.0...3", "the range '1.0...3' falls: write its smaller end first"),
        ("x..3", "'x..3' is not a number"),
        ("1..y", "'1..y' is not a number"),
    ],
)
def test_a_range_is_refused_with_all_of_its_text(text: str, what: str) -> None:
    with refused(MeasurementError, "malformed", what):
        stated_number(text)


@pytest.mark.parametrize(("text", "share"), [("16140", 16140 / 19683), ("16,140", 16140 / 19683), ("0", 0.0)])
def test_counts_are_exact_shares(text: str, share: float) -> None:
    stated = stated_share(text, 19_683)
    assert (stated.least, stated.value, stated.most) == (share, share, share)


@pytest.mark.parametrize("text", ["82%", ".82", "0.82"])
def test_shares_are_rounded(text: str) -> None:
    assert stated_share(text, None).most == pytest.approx(0.825)


def test_rounding_never_leaves_the_whole() -> None:
    assert stated_share("100%", None).most == 1
    assert stated_share("0%", None).least == 0


@pytest.mark.parametrize("text", ["101%", "1.2", "19684"])
def test_more_than_everything_is_refused(text: str) -> None:
    with refused(MeasurementError, "out_of_range"):
        stated_share(text, 19_683)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("10000", 10_000),
        ("10,000", 10_000),
        ("10_000", 10_000),
        ("2e9", 2 * 10**9),
        ("0", 0),
        ("1,000", 1_000),
        ("999_000", 999_000),
        ("12,000,000", 12_000_000),
    ],
)
def test_whole_numbers(text: str, count: int) -> None:
    assert stated_count(text) == count


@pytest.mark.parametrize(
    "text", ["1.5", "82%", "200%", "ten", "-1", "1,00", "0,398", "1e400000", "1e-400000", "1" * 40]
)
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(MeasurementError, match="write"):
        stated_count(text)


@given(
    st.text(CHARACTERS, max_size=12)
    | st.from_regex(r"[0-9.,%e+-]{1,12}", fullmatch=True, alphabet=CHARACTERS)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (stated_number, stated_count):
        with suppress(MeasurementError):
            read(text)


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_a_printed_number_allows_what_it_was_rounded_from(thousandths: int, decimals: int) -> None:
    true = thousandths / 1e6
    stated = stated_number(f"{100 * true:.{decimals}f}%")
    assert stated.least - 1e-12 <= true <= stated.most + 1e-12


def test_numbers_of_as_many_digits_as_allowed_are_read_and_longer_ones_refused() -> None:
    longest = stated._LONGEST
    assert stated_number("1" + "0" * (longest - 1)).value == float("1" + "0" * (longest - 1))
    assert stated_number(f"1e{longest}").value == float(f"1e{longest}")
    for text in ("1" + "0" * longest, f"1e{longest + 1}"):
        with refused(MeasurementError, "too_large"):
            stated_number(text)


@pytest.mark.parametrize("text", ["0,398", "39,8%", ",398", "12,5", "0,398..0,402", "1,00"])
def test_a_decimal_comma_is_refused_with_what_to_write(text: str) -> None:
    with refused(MeasurementError, "malformed", f"'{text}' has a comma", "write a decimal point"):
        stated_share(text, 19_683)


def values(*texts: str) -> list[tuple[float, float, float]]:
    return [(one.least, one.value, one.most) for one in stated_shares(texts, 10)]


def test_one_beside_fractions_is_the_whole_rounded_as_printed() -> None:
    assert values(".9", " 1 ")[1] == (0.5, 1.0, 1.0)
    assert values(".9", "1.0")[1] == pytest.approx((0.95, 1.0, 1.0))


def test_one_beside_counts_or_alone_is_one_operation() -> None:
    assert values("1") == values("1", "9")[:1] == [(0.1, 0.1, 0.1)]
    assert values(".9", "2")[1] == (0.2, 0.2, 0.2)
    assert values("1", "3..9")[0] == (0.1, 0.1, 0.1)
    assert stated_shares([], 10) == []


def test_one_beside_percentages_is_refused() -> None:
    with refused(MeasurementError, "ambiguous", "'1' beside percentages may be one operation"):
        stated_shares(["90%", ".5", "1"], 10)
    assert values("90%", "2")[1] == (0.2, 0.2, 0.2)


def test_a_share_of_all_that_is_one_is_all() -> None:
    whole = share_of_all("1", 10)
    assert (whole.least, whole.value, whole.most, whole.reading) == (0.5, 1.0, 1.0, "")
    assert share_of_all("2", 10).value == 0.2


@pytest.mark.parametrize(
    ("text", "size", "reading"),
    [
        ("82", 19_683, "82 is read as a count of 82; write 82% for percent"),
        ("100", 19_683, "100 is read as a count of 100; write 100% for percent"),
        ("1", 19_683, "1 is read as a count of 1; write 100% for all"),
        ("2", 19_683, "2 is read as a count of 2; write 2% for percent"),
        ("101", 19_683, ""),
        ("0", 19_683, ""),
        ("82", 100, ""),
        ("1", 1, ""),
        ("1", 100, "1 is read as a count of 1; write 100% for all"),
        ("2", 1_000, "2 is read as a count of 2; write 2% for percent"),
        ("82%", 19_683, ""),
        (".82", 19_683, ""),
    ],
)
def test_a_count_that_may_be_percent_says_how_it_was_read(text: str, size: int, reading: str) -> None:
    assert stated_share(text, size).reading == reading


def test_readings_are_told_once_each() -> None:
    two, ten, plain = (stated_share(text, 500) for text in ("2", "10", "50%"))
    assert read_aloud("so", plain) == "so"
    assert read_aloud("so", two, plain, ten, two) == f"so; {two.reading}; {ten.reading}"
