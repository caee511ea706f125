"""Equal values have one text and one digest; whatever JSON would blur is refused."""

import contextlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import ErrorCode, RecordError
from fluxttice_core.storage.canonical_json import (
    bytes_digest,
    canonical_json,
    json_digest,
    parse_json,
)
from tests.refusals import refused
from tests.texts import CHARACTERS

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(CHARACTERS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(CHARACTERS), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_reads_back_the_same_value(value: Any) -> None:
    text = canonical_json(value)
    assert canonical_json(parse_json(text, name="it")) == text
    assert parse_json(text, name="it") == value


@given(st.dictionaries(st.text(CHARACTERS), st.integers(), max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


def test_the_text_is_pinned() -> None:
    value = {"é": [True, None, -0.0, 1e22, 0.1, 1.0, 1], "a": {"z": "\n", "b": ()}}
    expected = '{"a":{"b":[],"z":"\\n"},"é":[true,null,-0.0,1e+22,0.1,1.0,1]}'
    assert canonical_json(value).decode() == expected


@pytest.mark.parametrize(
    ("value", "code", "sentence"),
    [
        (float("nan"), "not_finite", "no JSON"),
        ([float("-inf")], "not_finite", "no JSON"),
        ({1: 2}, "wrong_type", "only text as keys"),
        ({"a": {None: 2}}, "wrong_type", "only text as keys"),
        (np.float32(1), "wrong_type", "float32"),
        (np.int64(1), "wrong_type", "int64"),
        ({1, 2}, "wrong_type", "set"),
        (b"", "wrong_type", "bytes"),
        ("\ud800", "wrong_type", "surrogate"),
    ],
)
def test_what_json_would_blur_is_refused(value: Any, code: ErrorCode, sentence: str) -> None:
    with refused(RecordError, code, sentence):
        canonical_json(value)


def test_depth_is_bounded_both_ways() -> None:
    value: list[Any] = []
    for _ in range(40):
        value = [value]
    with refused(RecordError, "too_large", "nests deeper"):
        canonical_json(value)
    for depth in (40, 200_000):
        with refused(RecordError, "too_large", "nests deeper"):
            parse_json(b"[" * depth + b"]" * depth, name="it")


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        (b"", "damaged_file", "damaged"),
        (b'{"a": 1, "a": 1}', "damaged_file", "twice"),
        (b"NaN", "damaged_file", "not a JSON number"),
        (b"-Infinity", "damaged_file", "not a JSON number"),
        (b"1e999", "not_finite", "no JSON"),
        (b"\xff", "damaged_file", "damaged"),
        (b"9" * 5000, "damaged_file", "more than 308 digits"),
        (b"[-1" + b"0" * 308 + b"]", "damaged_file", "more than 308 digits"),
        (b"\xef\xbb\xbf{}", "damaged_file", "damaged"),
        (b"{} {}", "damaged_file", "damaged"),
        (rb'"\ud800"', "damaged_file", "holds a lone surrogate"),
        (rb'{"\udfff": 1}', "damaged_file", "holds a lone surrogate"),
        (rb'["a\uD83Db"]', "damaged_file", "holds a lone surrogate"),
    ],
)
def test_what_python_would_let_pass_is_refused(text: bytes, code: ErrorCode, sentence: str) -> None:
    with refused(RecordError, code, sentence):
        parse_json(text, name="it")


def test_the_longest_integer_that_is_read_is_a_double() -> None:
    longest = int("9" * 308)
    assert parse_json(b"-" + b"9" * 308, name="it") == -longest
    assert math.isfinite(float(longest))


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(RecordError):
        parse_json(data, name="it")


def test_digests_are_those_of_standard_tools() -> None:
    # printf '{"seed":0}' | sha256sum
    expected = "bd0488843468e63c62bb6d1df790f0a83de90616c0906e9dbd3275d3b4100d97"
    assert bytes_digest(b'{"seed":0}') == json_digest({"seed": 0}) == expected


def test_both_halves_of_a_character_are_one() -> None:
    assert parse_json(rb'"\ud83d\ude00\u00e4"', name="it") == "\U0001f600ä"
