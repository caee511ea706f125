"""Recipes: the shipped ones are what they claim, and wrong settings are refused with one sentence."""

import contextlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxttice_core.errors import ErrorCode, OperationError, SettingsError
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.training.recipe import (
    Recipe,
    load_recipe,
    recipe_names,
    steadier,
    validate_recipe,
    with_space,
)
from tests.refusals import refused
from tests.texts import CHARACTERS
from tests.training.small_runs import SmallRuns


def refusal_of(settings: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as refusal:
        validate_recipe(settings, source="mine")
    sentence = str(refusal.value)
    assert refusal.value.code == ("unknown_setting" if "unknown setting" in sentence else "wrong_setting")
    assert len(sentence) < 400
    return sentence


# --- the shipped ones ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", recipe_names())
def test_shipped_recipes_are_valid_and_named_after_their_file(name: str) -> None:
    assert load_recipe(name).name == name


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_survive_json(name: str) -> None:
    recipe = load_recipe(name)
    plain = json.loads(json.dumps(recipe.model_dump(mode="json")))
    assert validate_recipe(plain, source=name) == recipe


def test_the_original_is_the_original() -> None:
    recipe = load_recipe("original")
    assert (recipe.epochs, recipe.batch_size, recipe.patience) == (400, 64, 100)
    assert (recipe.schedule_by, recipe.split_seed, recipe.initialisation) == ("epoch", 42, "independent")
    assert sum((recipe.architecture.encoder_widths, recipe.architecture.exploratory_widths), ()) == (
        *(256, 128, 64),
        *(32, 64),
    )
    adam = recipe.optimizer
    assert (adam.weight_decay, adam.clip_norm, adam.first_moment, adam.second_moment) == (1e-4, 1, 0.9, 0.999)
    a, b = recipe.half_a, recipe.half_b
    assert (a.free_bits, a.output_entropy, a.repulsion) == (0.5, 0.0, 0.0)
    assert (b.free_bits, b.output_entropy, b.repulsion, b.repulsion_scale) == (0.5, 0.05, 0.01, 0.5)
    assert recipe.transport is None
    assert recipe.calibration is None
    assert (recipe.reach.draws, recipe.reach.rule, recipe.reach.every) == (195_000, "expectation", 1)


def test_the_originals_adaptive_weights() -> None:
    recipe = load_recipe("original")
    assert recipe.balance is not None
    assert recipe.controller is not None
    balance, controller = recipe.balance, recipe.controller
    assert (balance.start, balance.bounds, balance.band) == (0.7, (0.5, 0.95), (0.8, 1.2))
    assert (balance.momenta, balance.step) == ((0.5, 0.95), 0.02)
    assert (balance.coverage_band, balance.coverage_factor) == ((0.67, 1.5), 1.05)
    assert balance.scale_bounds == (0.5, 2.0)
    assert (controller.rate_gain, controller.rate_bounds) == (0.05, (1e-6, 0.01))
    assert (controller.weight_gain, controller.alignment_bounds) == (0.01, (0.15, 0.75))
    assert (controller.every, controller.learning_rate) == (None, 0.0)


def test_a_recipe_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_recipe("original").epochs = 3  # type: ignore[misc]


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"epoch": 3}, "unknown setting epoch; did you mean epochs?"),
        ({"half_a.bata": 3}, "unknown setting half_a.bata; did you mean half_a.beta?"),
        ({"transport.amortization": {}}, "did you mean transport.amortisation?"),
        ({"half_a.gamma": 1}, "unknown setting half_a.gamma"),
        ({"optimizer.rate": {"kind": "constant", "value": 0.1, "to": 1}}, "unknown setting optimizer.rate"),
        ({"epochs": 0}, "setting epochs: .*greater than or equal to 1, not 0"),
        ({"epochs": 2.5}, "setting epochs: .*integer.*not 2.5"),
        ({"epochs": "many"}, "setting epochs: .*integer.*not 'many'"),
        ({"epochs": None}, "setting epochs: .*integer.*not None"),
        ({"epochs": [3]}, "setting epochs: .*integer"),
        ({"batch_size": 70_000}, "setting batch_size: .*less than or equal to 65536"),
        ({"patience": 0}, "setting patience"),
        ({"name": "Mine!"}, "setting name: .*pattern"),
        ({"schedule_by": "day"}, "setting schedule_by: .*'epoch' or 'step', not 'day'"),
        ({"initialisation": "zeros"}, "setting initialisation"),
        ({"split_seed": -1}, "setting split_seed"),
        ({"architecture.base": 5}, "setting architecture.base"),
        ({"architecture.encoder_widths": []}, "setting architecture.encoder_widths"),
        ({"half_a": 3}, "setting half_a: .*dictionary"),
        ({"half_a.beta": {"kind": "wave"}}, "setting half_a.beta: .*'wave'.* does not match"),
        ({"half_a.beta": {"value": 1}}, "setting half_a.beta: .*kind"),
        ({"half_a.beta": 0.3}, "setting half_a.beta"),
        ({"half_a.beta": {"kind": "constant", "value": -0.1}}, "must stay from 0 to 1000.*from -0.1 to -0.1"),
        ({"optimizer.rate": {"kind": "constant", "value": -0.1}}, "must stay from 0 to 1"),
        ({"optimizer.rate": {"kind": "constant", "value": 2}}, "must stay from 0 to 1"),
        ({"rho": {"kind": "linear", "points": [[0, 0], [9, 1.2]]}}, "setting rho.*from 0 to 1.2"),
        ({"rho": {"kind": "cosine", "centre": 0.1, "amplitude": 0.3, "period": 3}}, "setting rho.*from -0.2"),
        ({"half_b.temperature": {"kind": "constant", "value": -1}}, "half_b.temperature.*must stay from 0"),
        ({"alignment": {"kind": "constant", "value": -1}}, "setting alignment.*must stay from 0"),
        ({"transport.draws": {"kind": "constant", "value": 1e7}}, "setting transport.draws"),
        ({"half_a.free_bits": float("nan")}, "setting half_a.free_bits"),
        ({"half_a.free_bits": float("inf")}, "setting half_a.free_bits"),
        ({"optimizer.clip_norm": 0}, "setting optimizer.clip_norm"),
        ({"optimizer.second_moment": 1}, "setting optimizer.second_moment"),
        ({"balance.bounds": [0.9, 0.5]}, "setting balance.bounds: .*the lower end must come first"),
        ({"balance.bounds": [0.9]}, "setting balance.bounds"),
        ({"balance.bounds": [0.1, 0.2, 0.3]}, "setting balance.bounds"),
        ({"balance.band": [2, 1]}, "the lower end must come first"),
        ({"controller.rate_bounds": [0.1, 0.01]}, "the lower end must come first"),
        ({"calibration.draws": 10}, "setting calibration.draws"),
        ({"reach.rule": "median"}, "setting reach.rule"),
        ({"checkpoint_every": 0}, "setting checkpoint_every"),
        ({"controller.every": 0}, "setting controller.every"),
        ({"controller.learning_rate": float("nan")}, "setting controller.learning_rate"),
        ({"controller.learns": True}, "unknown setting controller.learns"),
    ],
)
def test_a_wrong_setting_is_named(small: SmallRuns, changes: dict[str, Any], expected: str) -> None:
    assert re.match(f"recipe mine: .*{expected}", refusal_of(small.settings(changes)))


@pytest.mark.parametrize("missing", ["epochs", "half_a", "optimizer", "name", "batch_size", "schedule_by"])
def test_a_missing_setting_is_named(small: SmallRuns, missing: str) -> None:
    settings = small.settings()
    del settings[missing]
    assert f"setting {missing}: field required" in refusal_of(settings)


def test_several_mistakes_are_counted(small: SmallRuns) -> None:
    assert "(2 more to correct)" in refusal_of(small.settings({"epochs": 0, "batch_size": 0, "patience": 0}))


# --- files ---------------------------------------------------------------------------------------


def test_a_recipe_file_is_read(small: SmallRuns, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(json.dumps(small.settings()))  # JSON is YAML
    assert load_recipe(file) == small.recipe()
    assert load_recipe(str(file), ["epochs=9"]).epochs == 9


@pytest.mark.parametrize(
    ("content", "code", "expected"),
    [
        (b"", "malformed", "holds no mapping of settings"),
        (b"- epochs\n- 40\n", "malformed", "holds no mapping of settings"),
        (b"just words", "malformed", "holds no mapping of settings"),
        (b"epochs: [", "malformed", "is not valid YAML"),
        (b"#" * 70_000, "too_large", "is larger than 65,536 bytes"),
        (b"epochs: 3", "wrong_setting", "setting name: field required"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(
    tmp_path: Path, content: bytes, code: ErrorCode, expected: str
) -> None:
    file = tmp_path / "mine.yml"
    file.write_bytes(content)
    with refused(SettingsError, code, expected, "mine.yml"):
        load_recipe(file)


def test_names_of_nothing_are_refused(tmp_path: Path) -> None:
    with refused(SettingsError, "unknown_recipe", "called 'nonesuch': use one of original, standard"):
        load_recipe("nonesuch")
    with refused(SettingsError, "missing_file", "no recipe file"):
        load_recipe(tmp_path / "absent.yaml")
    (tmp_path / "folder.yaml").mkdir()
    with refused(SettingsError, "missing_file"):
        load_recipe(tmp_path / "folder.yaml")
    with refused(SettingsError, "unknown_recipe"):
        load_recipe("../recipes/standard")


# --- replacements --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("epochs=7", "epochs", 7),
        (" epochs =7", "epochs", 7),
        ("half_b.free_bits=0.25", "half_b.free_bits", 0.25),
        ("optimizer.weight_decay=1e-3", "optimizer.weight_decay", 1e-3),  # YAML reads this as text
        ("patience=null", "patience", None),
        ("architecture.encoder_widths=[8, 4]", "architecture.encoder_widths", (8, 4)),
        ("balance=null", "balance", None),
        ("name=mine", "name", "mine"),
        ("calibration.draws=2000", "calibration.draws", 2000),
        ("balance.start=0.6", "balance.start", 0.6),
        ("half_a.beta={kind: constant, value: 1.5}", "half_a.beta.value", 1.5),  # a schedule whole
    ],
)
def test_settings_are_replaced(override: str, path: str, value: Any) -> None:
    found: Any = load_recipe("original", [override])
    for part in path.split("."):
        found = getattr(found, part)
    assert found == value


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"epochs": 7, "architecture": {"arity": 1}}, ["epochs=7", "architecture.arity=1"]),
        (
            {"architecture.arity": 1, "half_a": {"free_bits": 0.25}},
            ["architecture.arity=1", "half_a.free_bits=.25"],
        ),
        (
            {"half_a": {"beta": {"kind": "constant", "value": 1.5}}},
            ["half_a.beta={kind: constant, value: 1.5}"],
        ),
        ({"half_a.beta": {"points": [[0, 1.0]]}}, ["half_a.beta.points=[[0, 1.0]]"]),
        ({"balance": None, "patience": None}, ["balance=null", "patience=null"]),
        ({"calibration": {"draws": 2000}}, "calibration.draws=2000"),
        ({}, ()),
    ],
)
def test_a_mapping_says_the_same_as_words(mapping: dict[str, Any], words: Sequence[str]) -> None:
    assert load_recipe("original", mapping) == load_recipe("original", words)


def test_a_recipe_is_changed_as_its_name_is() -> None:
    recipe = load_recipe("original", ["calibration=null"])
    assert load_recipe(recipe, {"calibration.draws": 2000}) == load_recipe(
        "original", ["calibration.draws=2000"]
    )


@pytest.mark.parametrize(
    ("mapping", "code", "expected"),
    [
        ({"nonesuch": 3}, "unknown_setting", "unknown setting nonesuch"),
        ({"half_a": {"nonesuch": 3}}, "unknown_setting", "unknown setting half_a.nonesuch"),
        ({"epochs": {"more": 3}}, "unknown_setting", "epochs holds a single value"),
        ({"epochs": object()}, "wrong_setting", "setting epochs"),
        ({"": 3}, "malformed", "write key=value"),
        (7, "wrong_type", "give a mapping"),
    ],
)
def test_wrong_mappings_are_refused(
    unchecked_types: None, mapping: Any, code: ErrorCode, expected: str
) -> None:
    with refused(SettingsError, code, expected):
        load_recipe("original", mapping)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "lower optimizer.rate.peak (0.01), or set optimizer.clip_norm to 1"),
        ({"optimizer.clip_norm": 2.0}, "lower optimizer.rate.peak (0.01), or lower optimizer.clip_norm (2)"),
        (
            {"optimizer.rate": {"kind": "constant", "value": 0.0}, "optimizer.weight_decay": 0.5},
            "lower optimizer.weight_decay (0.5), or set optimizer.clip_norm to 1",
        ),
        (
            {"optimizer.rate": {"kind": "steps", "points": [[0, 0.1]]}},
            "lower optimizer.rate, or set optimizer.clip_norm to 1",
        ),
    ],
)
def test_what_can_be_lowered_is_what_the_recipe_has(changes: dict[str, Any], expected: str) -> None:
    assert steadier(load_recipe("standard", changes)) == expected


def test_later_replacements_win() -> None:
    assert load_recipe("original", ["epochs=7", "epochs=8"]).epochs == 8


@pytest.mark.parametrize(
    ("override", "code", "expected"),
    [
        ("epochs", "malformed", "write key=value"),
        ("=3", "malformed", "write key=value"),
        ("half_a..beta=3", "malformed", "write key=value"),
        ("", "malformed", "write key=value"),
        ("epochs.more=3", "unknown_setting", "epochs holds a single value"),
        ("epochs=[", "malformed", "is not valid YAML"),
        ("epochs=nan", "wrong_setting", "setting epochs"),
        ("epochs=", "wrong_setting", "setting epochs"),
        ("nonesuch=3", "unknown_setting", "unknown setting nonesuch"),
        ("half_a.nonesuch=3", "unknown_setting", "unknown setting half_a.nonesuch"),
        ("nonesuch.deeper=3", "unknown_setting", "unknown setting nonesuch"),
        ("epochs=0", "wrong_setting", "greater than or equal to 1"),
    ],
)
def test_wrong_replacements_are_refused(override: str, code: ErrorCode, expected: str) -> None:
    with refused(SettingsError, code, expected) as refusal:
        load_recipe("original", [override])
    assert len(str(refusal.value)) < 400


@settings(max_examples=15)
@given(override=st.text(CHARACTERS, max_size=30).map(lambda text: f"half_a.free_bits={text}"))
def test_any_replacement_is_taken_or_refused(override: str) -> None:
    with contextlib.suppress(SettingsError):
        assert isinstance(load_recipe("original", [override]), Recipe)


# --- the space ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dna:4", "boolean:3", "01^4xACGT^2", "!#^4", "codons", "ternary:1"])
def test_a_space_is_named_in_short(name: str) -> None:
    recipe = load_recipe("standard", with_space(name, ["epochs=2"]))
    assert (recipe.architecture.space, recipe.epochs) == (space_of(name), 2)
    assert with_space(space_of(name), []) == with_space(name, [])


@pytest.mark.parametrize("override", ["architecture.space=ACGT^4", "architecture={space: 'dna:4'}"])
def test_the_same_space_may_be_named_twice(override: str) -> None:
    assert with_space("dna:4", [override]) == [override]
    assert with_space(None, [override]) == [override]


@pytest.mark.parametrize(
    "override", ["architecture.space=dna:5", "architecture.arity=2", "architecture={base: 2, arity: 1}"]
)
def test_two_spaces_contradict_each_other(override: str) -> None:
    with refused(SettingsError, "contradictory", "the space dna:4", "architecture."):
        with_space("dna:4", ["epochs=3", override])


@pytest.mark.parametrize("name", ["dna", "dna:x", "", "ACGT", 'dna:4"', "boolean:9"])
def test_what_is_no_space_is_refused(name: str) -> None:
    with pytest.raises(OperationError):
        with_space(name, [])


def test_a_space_joins_settings_given_as_a_mapping() -> None:
    recipe = load_recipe("standard", with_space("dna:4", {"epochs": 2}))
    assert (recipe.architecture.space.name, recipe.epochs) == ("dna:4", 2)
    with refused(SettingsError, "contradictory", "the space dna:4"):
        with_space("dna:4", {"architecture.space": "dna:5"})
