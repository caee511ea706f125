"""YAML that is refused: what is large in memory, runs something, or is not what it looks like."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.errors import ErrorCode, SettingsError
from fluxttice_core.training.recipe import load_recipe
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
        ("[0, -3, +4, 0.50, 5., .5, 1e-3, 1.0e-05, 1E3]", [0, -3, 4, 0.5, 5.0, 0.5, 1e-3, 1e-5, 1e3]),
        ("['10', '0o17', a1_0]", ["10", "0o17", "a1_0"]),
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
        ("a: 2024-02-31", "malformed", "2024-02-31 is no plain decimal number"),
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


@pytest.mark.parametrize(
    "text",
    [
        *("010", "00", "-07", "1_0", "0x2", "0b11", "1:30", "1:30.5", "1_0.5", "1_0e5"),
        *("\u0661\u0660", "\uff11", "'010'", '"1_0"', "' 10'", "2024-02-03"),
    ],
)
def test_a_number_is_read_as_it_is_written_or_refused(text: str) -> None:
    with refused(SettingsError, "malformed", "is no plain decimal number: write one, such as 10"):
        read_yaml(f"epochs: {text}", source="x")
    with refused(SettingsError, "malformed", "is no plain decimal number"):
        load_recipe("standard", [f"epochs={text}"])


@given(text=st.text(CHARACTERS, max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SettingsError):
        read_yaml(text, source="x")
