"""Recipes from strangers: pickles, tags, bombs, settings out of all proportion, refused before they act."""

import pickle
import time
from pathlib import Path

import pytest
import yaml

from fluxttice_core.errors import SettingsError
from fluxttice_core.training.recipe import load_recipe
from tests.attacks.conftest import Lid
from tests.attacks.test_pickles import ATTACKS, Command
from tests.refusals import refused


def _refused(path: Path, data: bytes | str, sentence: str, overrides: tuple[str, ...] = ()) -> None:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    started = time.process_time()
    with pytest.raises(SettingsError, match=sentence) as caught:
        load_recipe(path, overrides)
    assert time.process_time() - started < 2
    assert len(str(caught.value)) < 500 + len(str(path))


TAGS = {
    "os.system": "a: !!python/object/apply:os.system ['touch {canary}']",
    "eval": "a: !!python/object/apply:builtins.eval [\"open('{canary}', 'w')\"]",
    "name": "a: !!python/name:os.system",
    "new": "a: !!python/object/new:os.system ['touch {canary}']",
    "nested": "a: {{b: [!!python/object/apply:os.system ['touch {canary}']]}}",
}


def test_the_tags_are_real(canary: Path) -> None:
    """The control: a loader that trusts its input runs them."""
    yaml.unsafe_load(TAGS["os.system"].format(canary=canary))
    assert canary.exists()


@pytest.mark.parametrize("name", TAGS)
def test_tags_that_run_code_are_refused(name: str, canary: Path, tmp_path: Path) -> None:
    text = TAGS[name].format(canary=canary)
    _refused(tmp_path / "it.yaml", text, "tags are not allowed")
    with refused(SettingsError, "malformed", "tags are not allowed"):
        load_recipe("standard", [f"half_a={text}"])
    assert not canary.exists()


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_no_recipe(attack: str, protocol: int, canary: Path, tmp_path: Path) -> None:
    _refused(tmp_path / "it.yaml", ATTACKS[attack](canary, protocol), "is not valid YAML|no mapping")
    assert not canary.exists()


def test_a_pickle_under_another_name_is_no_recipe(canary: Path, tmp_path: Path) -> None:
    (tmp_path / "it.pkl").write_bytes(pickle.dumps(Command(canary)))
    with refused(SettingsError, "unknown_recipe"):
        load_recipe(tmp_path / "it.pkl")
    assert not canary.exists()


BOMBS = {
    "aliases": ("a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a, *a]\n" for i in range(99)), "aliases"),
    "recursion": ("a: &a [*a]", "aliases"),
    "merge": ("a: &a {x: 1}\nb: {<<: *a}", "aliases"),
    "depth": ("[" * 30_000, "nested too deeply"),
    "size": ("a: " + "x" * 70_000, "larger than 65,536 bytes"),
    "digits": ("epochs: " + "9" * 60_000, "not valid YAML"),
    "key twice": ("epochs: 1\nepochs: 2", "given twice"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_do_not_go_off(name: str, tmp_path: Path, memory_lid: Lid) -> None:
    text, sentence = BOMBS[name]
    with memory_lid():
        _refused(tmp_path / "it.yaml", text, sentence)


def test_a_recipe_of_a_terabyte_or_a_pipe_is_not_read(tmp_path: Path, memory_lid: Lid) -> None:
    path = tmp_path / "it.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with memory_lid(), refused(SettingsError, "too_large", "65,536"):
        load_recipe(path)
    with refused(SettingsError, "missing_file"):
        load_recipe("/dev/zero.yaml")


@pytest.mark.parametrize(
    "greedy",
    [
        *(
            *("epochs=1000000000", "epochs=1.0e+999", "batch_size=1000000000", "patience=0"),
            "reach.draws=1000000000",
        ),
        *("calibration.sweeps=1000000", "calibration.draws=1000000000", "half_a.repulsion=1e9"),
        *("architecture.latent_dim=1000000", "architecture.consolidating_width=1000000"),
        *("architecture.encoder_widths=[1000000]", "architecture.consolidating_blocks=1000000"),
        *("architecture.base=1000", "architecture.arity=1000", "checkpoint_every=0", "split_seed=-1"),
        "half_a.beta={kind: linear, points: [" + ", ".join(f"[{i}, 0.5]" for i in range(65)) + "]}",
    ],
)
def test_a_setting_that_would_eat_memory_or_time_is_refused(greedy: str, memory_lid: Lid) -> None:
    with memory_lid(), refused(SettingsError, "wrong_setting", "should"):
        load_recipe("standard", [greedy])


@pytest.mark.parametrize(
    ("greedy", "what"),
    [
        (["architecture.encoder_widths=[4096, 4096, 4096]"], "weights"),
        (["architecture.consolidating_width=4096", "architecture.consolidating_blocks=16"], "weights"),
        (["transport.draws={kind: constant, value: 1000000}"], "numbers in memory at once"),
        (
            ["batch_size=65536", "architecture.base=2", "architecture.arity=4", "half_b.repulsion=1"],
            "numbers in memory at once",
        ),
        (["calibration.draws=10000000"], "numbers in memory at once"),
        (["epochs=100000", "batch_size=1"], "multiplications"),
        (["reach.draws=10000000", "reach.every=1", "epochs=100000"], "multiplications"),
        (["architecture.arity=3", "epochs=100000"], "multiplications"),
    ],
)
def test_settings_that_eat_memory_or_time_together_are_refused(
    greedy: list[str], what: str, memory_lid: Lid
) -> None:
    """Each within its own bounds: together they ask for more than a machine has."""
    with (
        memory_lid(),
        refused(SettingsError, "wrong_setting", "the settings together ask for about", what, "are the most"),
    ):
        load_recipe("standard", greedy)
