"""Samples as indices, tables and strings."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fluxttice_core.audit.sample_values import samples_of
from fluxttice_core.errors import ErrorCode, MeasurementError
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

TERNARY = OperationSpace()
GREATEST = 2**63 - 1


@given(st.lists(st.integers(0, 19_682), min_size=1, max_size=30))
def test_indices_tables_and_strings_say_the_same(drawn: list[int]) -> None:
    indices = np.array(drawn)
    tables = TERNARY.tables(indices)
    forms = [
        tables,
        tables.reshape(-1, 3, 3),
        tables.astype(np.float32),
        tables.astype(np.float16),
        tables.astype(str),
        np.array([" ".join(TERNARY.strings(indices)).split()]).ravel(),
        indices[:, None],
        indices.astype(str),
        indices.astype(np.uint64),
        indices.astype(float),
    ]
    for form in forms:
        samples = samples_of(form, space=TERNARY)
        assert samples.indices.tolist() == drawn
        assert samples.size == 19_683


def test_ternary_tables_and_strings_give_the_size_away() -> None:
    assert samples_of(np.array(["+0-", "000"])).size == 27
    assert samples_of(np.array(["+0-+0-+0-"])).size == 19_683
    assert samples_of(np.zeros((2, 27), dtype=np.int8)).size == 3**27


def test_indices_keep_the_size_open() -> None:
    samples = samples_of(np.array([0, GREATEST]))
    assert (samples.indices.tolist(), samples.size) == ([0, GREATEST], None)
    assert samples_of(np.array([0, 5]), size=6).size == 6


def test_zeros_alone_are_an_index() -> None:
    assert samples_of(np.array(["000000000"])).indices.tolist() == [0]
    assert samples_of(np.array(["000000000"]), space=TERNARY).indices.tolist() == [9841]


def test_other_spaces_have_their_own_glyphs() -> None:
    boolean = OperationSpace(base=2)
    assert samples_of(np.array(["0110", "1000"]), space=boolean).indices.tolist() == [6, 1]
    assert samples_of(np.array(["6", "15"]), space=boolean).indices.tolist() == [6, 15]
    assert samples_of(np.array([[False, True, True, False]]), space=boolean).indices.tolist() == [6]
    quaternary = OperationSpace(base=4)
    assert samples_of(np.array([4**16 - 1]), space=quaternary).size == 4**16


def test_minus_signs_and_bytes_are_read() -> None:
    assert (
        samples_of(np.array(["\N{MINUS SIGN}0+"])).indices.tolist()
        == samples_of(np.array(["-0+"])).indices.tolist()
    )
    assert samples_of(np.array([b"12", b"7"])).indices.tolist() == [12, 7]


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        (np.array([]), "too_few", "there is no sample"),
        (np.array(3), "too_few", "there is no sample"),
        (np.array([1.5]), "wrong_type", "whole numbers below 2"),
        (np.array([np.nan]), "missing_value", "sample 1 holds NaN, a missing value: every draw must be"),
        (np.array([[1, 0, 1], [0, 0, np.nan]], dtype=np.float32), "missing_value", "sample 2 holds NaN"),
        (np.array([1, np.inf]), "wrong_type", "whole numbers below 2"),
        (np.array([2.0**60]), "wrong_type", "whole numbers below 2"),
        (np.array([-1, 3]), "out_of_range", "is -1, outside the indices 0 to 9,223,372,036,854,775,807"),
        (np.array([2**63], dtype=np.uint64), "out_of_range", "sample 1 is 9223372036854775808, outside"),
        (np.array([1j]), "wrong_type", "whole numbers or strings, not complex128"),
        (np.array(["2020-01-01"], dtype="M8[D]"), "wrong_type", "not datetime64"),
        (np.array([[1, 2, 3, 4]]), "wrong_shape", "which has 3, 9 or 27: give the base and the number"),
        (np.array([[1, 2, 3]]), "out_of_range", "table entry 2 is not one of -1, 0 and +1"),
        (np.array([[1, 2, -1]]), "out_of_range", "table entry 2 is not one of -1, 0 and +1"),
        (np.array(["apple", "3"]), "malformed", "'apple' is neither an index below 2^63 nor an operation"),
        (np.array(["3", "apple"]), "malformed", "'apple' is neither"),
        (np.array(["+0-", "+0-0"]), "malformed", "'+0-' is neither"),
        (np.array(["9" * 30]), "malformed", "is neither"),
        (np.array([b"\xff"]), "wrong_type", "must be plain text"),
    ],
)
def test_what_is_no_sample_is_refused(values: np.ndarray, code: ErrorCode, message: str) -> None:
    with refused(MeasurementError, code, message):
        samples_of(values)


@pytest.mark.parametrize(
    ("values", "known", "code", "message"),
    [
        (np.array([0, 6]), {"size": 6}, "out_of_range", "sample 2 is 6, outside the indices 0 to 5"),
        (np.array(["7"]), {"size": 6}, "out_of_range", "sample 1 is 7, outside the indices 0 to 5"),
        (np.array([19_683]), {"space": TERNARY}, "out_of_range", "19683, outside the indices 0 to 19,682"),
        (np.array([1]), {"size": 27, "space": TERNARY}, "contradictory", "are 19,683, not 27: leave the"),
        (np.zeros((1, 9), int), {"size": 27, "space": TERNARY}, "contradictory", "are 19,683, not 27"),
        (np.array(["+0-"]), {"size": 28}, "contradictory", "27, not 28"),
        (np.array([0]), {"size": 0}, "out_of_range", "give a size from 1 to 2"),
        (np.array([0]), {"size": -1}, "out_of_range", "give a size from 1 to 2"),
        (np.array([0]), {"size": 2**63 + 1}, "out_of_range", "give a size from 1 to 2"),
    ],
)
def test_samples_are_held_against_what_is_known_of_the_space(
    values: np.ndarray, known: dict[str, Any], code: ErrorCode, message: str
) -> None:
    with refused(MeasurementError, code, message):
        samples_of(values, **known)


def test_a_size_that_fits_is_kept() -> None:
    assert samples_of(np.zeros((1, 9), dtype=int), size=19_683).size == 19_683
    assert samples_of(np.array([0, 0]), size=1).size == 1


@given(
    arrays.arrays(
        st.sampled_from(["i1", "u8", "f4", "U4", "S3", "?"]), arrays.array_shapes(max_dims=3, max_side=9)
    )
)
def test_any_array_is_read_or_refused(values: np.ndarray) -> None:
    try:
        samples = samples_of(values)
    except MeasurementError:
        return
    assert len(samples.indices) in (len(values), values.size)
    assert samples.indices.min() >= 0


def test_strings_of_numbers_that_are_no_characters_are_refused() -> None:
    damaged = np.array([0x110000], dtype=np.uint32).view("U1")
    with refused(MeasurementError, "damaged_file", "samples stored as strings hold what is no character:"):
        samples_of(damaged)
    with refused(MeasurementError, "malformed", "is neither an index"):
        samples_of(np.array([chr(0x10FFFF)]))


def test_strings_are_read_in_either_order_of_bytes_and_of_no_width() -> None:
    assert samples_of(np.array(["12", "7"], dtype=">U2")).indices.tolist() == [12, 7]
    empty = np.zeros(1, dtype=[("sample", "U0")])["sample"]
    assert empty.dtype.itemsize == 0
    with refused(MeasurementError, "malformed", "'' is neither an index"):
        samples_of(empty)


@pytest.mark.parametrize("text", ["ab+", "\N{LATIN SMALL LETTER E WITH ACUTE}0+"])
def test_a_letter_in_a_table_is_shown_with_what_was_expected(text: str) -> None:
    with refused(MeasurementError, "malformed", f"'{text}' is neither an index below 2^63 nor an operation"):
        samples_of(np.array([text]))


def test_floats_end_where_they_skip_whole_numbers() -> None:
    assert samples_of(np.array([2.0**53 - 1])).indices.tolist() == [2**53 - 1]
    with refused(MeasurementError, "wrong_type"):
        samples_of(np.array([2.0**53]))


@pytest.mark.parametrize("text", ["16742.0", "16742.", "1.6742e4", "1.674200000000000000e+04"])
def test_whole_numbers_with_a_decimal_point_are_read(text: str) -> None:
    assert samples_of(np.array([text, "3"])).indices.tolist() == [16_742, 3]
    assert samples_of(np.array([[text]])).indices.tolist() == [16_742]


def test_decimal_points_end_where_doubles_skip_whole_numbers() -> None:
    greatest = 2**53 - 1
    assert samples_of(np.array([f"{greatest}.0", "0.0"])).indices.tolist() == [greatest, 0]
    assert samples_of(np.array([str(2**53), str(2**53 + 1)])).indices.tolist() == [2**53, 2**53 + 1]


@pytest.mark.parametrize("text", ["16742.5", "9007199254740992.0", "-0.5", "9e18", "9007199254740993"])
def test_numbers_with_a_decimal_point_that_are_not_exact_are_refused(text: str) -> None:
    with refused(MeasurementError, "malformed", f"'{text}' is no whole number", "write indices as whole"):
        samples_of(np.array(["1.0", text]))


@pytest.mark.parametrize("text", ["nan", "inf", "", "apple", "1e300", "9.3e18"])
def test_missing_values_written_out_are_named(text: str) -> None:
    with refused(MeasurementError, "malformed", f"'{text}' is neither an index below 2^63"):
        samples_of(np.array(["1.0", text, "nan"]))


def test_tables_that_count_from_zero_are_told_the_way_out() -> None:
    with refused(MeasurementError, "out_of_range", "subtract 1 from tables that are coded 0, 1, 2"):
        samples_of(np.array([[0, 1, 2], [2, 0, 0]]))
    with refused(MeasurementError, "out_of_range") as error:
        samples_of(np.array([[0, 1, 2, 1]]), space=OperationSpace(2))
    assert str(error.value) == "table entry 2 is not one of 0 and 1"


@pytest.mark.filterwarnings("error")
def test_a_signalling_nan_is_refused_without_a_warning() -> None:
    signalling = np.array([0x7F800001], dtype=np.uint32).view(np.float32)
    with refused(MeasurementError, "missing_value"):
        samples_of(signalling)
