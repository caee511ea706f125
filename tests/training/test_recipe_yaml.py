"""YAML that is refused: what is large in memory, runs something, or is not what it looks like."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import ErrorCode, SettingsError
from fluxttice_core.training.recipe_yaml import read_yaml
from tests.refusals import refused
from tests.texts import CHARACTERS


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a: 1", {"a": 1}),
        ("a: [1, 2.5, {b: c}]", {"a": [1, 2.5, {"b": "c"}]}),
        ("a: null\nb: ~", {"a": None, "b": None}),
        ("# only a comment", None),
        (b"a: \xc3\xa9", {"a": "é"}),
        ("name: 'on'", {"name": "on"}),
        ("{}", {}),
    ],
)
def test_plain_values_are_read(text: str | bytes, values: object) -> None:
    assert read_yaml(text, source="x") == values


BOMB = "a: &a [x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]"


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        (BOMB, "malformed", "anchors and aliases are not allowed"),
        ("a: &a 1", "malformed", "anchors and aliases are not allowed"),
        ("a: &a [*a]", "malformed", "anchors and aliases are not allowed"),
        ("a: !!python/object/apply:os.system [ls]", "malformed", "tags are not allowed"),
        ("a: !!timestamp x", "malformed", "tags are not allowed"),
        ("a: !!int '3'", "malformed", "tags are not allowed"),
        ("a: !mine 3", "malformed", "tags are not allowed"),
        ("!!set {a, b}", "malformed", "tags are not allowed"),
        ("a: 1\na: 2", "malformed", "the key a is given twice"),
        ("x: {b: 1, c: 2, b: 3}", "malformed", "the key b is given twice"),
        ("a: yes", "malformed", "yes is a truth value"),
        ("a: [1, false]", "malformed", "false is a truth value"),
        ("a: [1", "malformed", "is not valid YAML"),
        ("a: b: c", "malformed", "is not valid YAML"),
        ("a: 1\n---\nb: 2", "malformed", "is not valid YAML"),
        ("a: 2024-02-31", "malformed", "is not valid YAML"),
        ("a: " + "9" * 5000, "malformed", "is not valid YAML"),
        ("? [1, 2]\n: 3", "malformed", "is not valid YAML"),
        (b"a: \xff", "malformed", "is not valid YAML"),
        ("a: \x00", "malformed", "is not valid YAML"),
        ("[" * 700, "too_large", "is nested too deeply"),
        ("- " * 700 + "x", "too_large", "is nested too deeply"),
    ],
)
def test_what_is_not_plain_is_refused_in_one_sentence(text: str | bytes, code: ErrorCode, what: str) -> None:
    with refused(SettingsError, code, what) as refusal:
        read_yaml(text, source="mine.yaml")
    assert str(refusal.value).startswith("mine.yaml")
    assert len(str(refusal.value)) < 400


@given(text=st.text(CHARACTERS, max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SettingsError):
        read_yaml(text, source="x")
