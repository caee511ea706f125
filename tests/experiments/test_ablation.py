"""Ablations: which runs are made, that they go on after a kill, and what follows from them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxttice_core.errors import ErrorCode, MeasurementError, TrainingError
from fluxttice_core.experiments import ablation as subject
from fluxttice_core.experiments.ablation import (
    Ablation,
    Effect,
    Sign,
    due,
    new_ablation,
    part_effects,
    run_ablation,
    verdict,
)
from fluxttice_core.experiments.study import read_study, resumed
from fluxttice_core.experiments.tables import ablation_markdown, ablation_table, statenet_sentences
from fluxttice_core.metrics.settings import Direction
from fluxttice_core.statistics.intervals import paired_difference
from fluxttice_core.training.recipe import Recipe, load_recipe
from tests.refusals import refused
from tests.small import HEADLINE, RECIPE

PARTS = ("cross_injection", "statenet_learning", "transport", "second_half")


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipe("standard", RECIPE)


@pytest.fixture(scope="module")
def fresh(recipe: Recipe) -> Ablation:
    return new_ablation(recipe, parts=PARTS, command="fluxttice ablate", measurement=HEADLINE)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ablation") / "found.json"


@pytest.fixture(scope="module")
def finished(fresh: Ablation, path: Path) -> Ablation:
    return run_ablation(fresh, path, range(3), lambda _label, _done: None)


def test_each_recipe_is_run_once_a_seed(fresh: Ablation) -> None:
    runs = due(fresh, range(2))
    names = [name for _, _, name in runs]
    # The recipe itself serves four contrasts, and both sides of the second half.
    each = [
        *("the recipe itself", "with cross_injection"),
        *("with statenet_learning", "without statenet_learning", "without transport"),
    ]
    assert names == each * 2
    assert [seed for seed, _, _ in runs] == [0] * 5 + [1] * 5


def test_the_file_holds_what_was_run(finished: Ablation, path: Path) -> None:
    assert read_study(path, Ablation) == finished
    assert len(finished.runs) == 15
    assert due(finished, range(3)) == []
    quantities = {figure.quantity for figure in finished.runs[0].figures}
    assert quantities == {
        *("efficiency/argmax/200", "argmax_divergence", "generative_information"),
        *("rate", "distortion", "frontier_distance", "rate_above_frontier", "lagrangian_gap"),
        *("table_accuracy/mean/held_out", "table_accuracy/draw/held_out"),
    }


def test_runs_repeat_themselves(finished: Ablation, fresh: Ablation, tmp_path: Path) -> None:
    again = run_ablation(
        fresh.model_copy(update={"parts": ("transport",)}), tmp_path / "x.json", [1], lambda *_: None
    )
    known = {(run.recipe_sha256, run.seed): run for run in finished.runs}
    for run in again.runs:
        before = known[run.recipe_sha256, run.seed]
        assert (run.tensor_sha256, run.figures) == (before.tensor_sha256, before.figures)


def test_statenet_moves_only_where_it_learns(finished: Ablation) -> None:
    (contrast,) = [c for c in finished.contrasts() if c.part == "statenet_learning"]
    learned = finished.found(contrast.with_it).values()
    assert all(run.statenet_moved > 0.0 for run in learned)
    assert {run.statenet_moved for run in finished.runs if run not in learned} == {0.0}


def test_a_killed_ablation_goes_on_where_it_was(
    finished: Ablation, fresh: Ablation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "found.json"
    made: list[Any] = []
    plain = subject.trained_and_measured

    def killed(*arguments: Any) -> Any:
        if len(made) == 4:
            raise KeyboardInterrupt
        made.append(arguments)
        return plain(*arguments)

    monkeypatch.setattr(subject, "trained_and_measured", killed)
    with pytest.raises(KeyboardInterrupt):
        run_ablation(fresh, path, range(3), lambda *_: None)
    monkeypatch.undo()
    before = resumed(path, fresh)
    assert len(before.runs) == 4
    after = run_ablation(before, path, range(3), lambda *_: None)
    figures = [(run.seed, run.tensor_sha256, run.figures) for run in after.runs]
    assert figures == [(run.seed, run.tensor_sha256, run.figures) for run in finished.runs]


def test_more_seeds_and_parts_reuse_what_there_is(finished: Ablation, recipe: Recipe, path: Path) -> None:
    more = new_ablation(recipe, parts=(*PARTS, "free_bits"), command="fluxttice ablate", measurement=HEADLINE)
    runs = due(resumed(path, more), range(4))
    assert [name for seed, _, name in runs if seed < 3] == ["with free_bits"] * 3
    assert len([seed for seed, _, _ in runs if seed == 3]) == 6


def test_the_file_of_another_recipe_is_not_mixed_in(finished: Ablation, path: Path) -> None:
    other = new_ablation(
        load_recipe("standard", [*RECIPE, "epochs=3"]), parts=PARTS, command="x", measurement=HEADLINE
    )
    with refused(MeasurementError, "settings_mismatch", "another recipe, measurement or torch"):
        resumed(path, other)


Damage = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda plain: plain.pop("settings"), "damaged_file"),
        (lambda plain: plain.update(more=1), "damaged_file"),
        (lambda plain: plain["runs"][0].update(seed="x"), "damaged_file"),
        (lambda plain: plain["settings"]["recipe"].update(epochs=3), "contradictory_report"),
    ],
)
def test_a_damaged_file_is_refused(
    finished: Ablation, tmp_path: Path, damage: Damage, code: ErrorCode
) -> None:
    plain = json.loads(json.dumps(finished.model_dump(mode="json")))
    damage(plain)
    (tmp_path / "x.json").write_text(json.dumps(plain))
    with refused(MeasurementError, code):
        read_study(tmp_path / "x.json", Ablation)


def test_no_json_and_no_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    for name in ("x.json", "missing.json"):
        with pytest.raises(MeasurementError, match=name):
            read_study(tmp_path / name, Ablation)


def test_a_run_that_cannot_go_on_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    wild = load_recipe("standard", [*RECIPE, "optimizer.rate={kind: constant, value: 1.0}"])
    wild = wild.model_copy(update={"optimizer": wild.optimizer.model_copy(update={"weight_decay": 1e3})})
    path = tmp_path / "x.json"
    with refused(
        TrainingError, "loss_not_finite", "seed 0, the recipe itself:", ", in another file by --out"
    ):
        run_ablation(
            new_ablation(
                wild.model_copy(update={"epochs": 30}), parts=["transport"], command="x", measurement=HEADLINE
            ),
            path,
            range(2),
            lambda *_: None,
        )
    assert not path.exists()


def test_effects_by_hand(finished: Ablation) -> None:
    (contrast,) = [c for c in finished.contrasts() if c.part == "transport"]
    one, other = finished.found(contrast.with_it), finished.found(contrast.without)

    def g(runs: Any, seed: int) -> float:
        (value,) = (
            figure.value
            for figure in runs[seed].figures
            if (figure.half, figure.quantity) == ("b", "generative_information")
        )
        return float(value)

    expected = sum(g(one, seed) - g(other, seed) for seed in range(3)) / 3
    (found,) = [e for e in part_effects(finished) if (e.part, e.half) == ("transport", "b")]
    effect, unit = found.effects["generative_information"]
    assert effect.interval.estimate == pytest.approx(expected)
    assert (unit, found.seeds, found.same_recipe, found.same_weights) == ("ratio", 3, False, False)


def test_where_nothing_is_coupled_the_second_half_makes_exactly_no_difference(finished: Ablation) -> None:
    found = [e for e in part_effects(finished) if e.part == "second_half"]
    assert len(found) == 2
    assert all(e.same_recipe and e.same_weights for e in found)
    assert {x.interval.upper - x.interval.lower for e in found for x, _ in e.effects.values()} == {0.0}


def test_one_seed_is_too_few(finished: Ablation) -> None:
    alone = finished.model_copy(update={"runs": tuple(run for run in finished.runs if run.seed == 0)})
    with refused(MeasurementError, "too_few", "cross_injection was run for 1 seeds: at least 2"):
        list(part_effects(alone))


def test_sentences_on_statenet(fresh: Ablation, recipe: Recipe, tmp_path: Path) -> None:
    parts = ("statenet_learned", "statenet_learning")
    found = run_ablation(
        new_ablation(recipe, parts=parts, command="x", measurement=HEADLINE),
        tmp_path / "x.json",
        range(2),
        lambda *_: None,
    )
    sentence = statenet_sentences({"small": found})
    assert sentence.startswith("- small: learning moves StateNet's weights by ")
    assert "and no learning by 0%; against no StateNet: A " in sentence
    assert "; against one that never learns: A " in sentence
    with refused(MeasurementError, "not_measured", "the ablation x lacks statenet_learning"):
        statenet_sentences({"x": fresh.model_copy(update={"parts": ("transport",)})})


def test_the_table_shows_every_part_and_half(finished: Ablation) -> None:
    lines = ablation_markdown(finished).splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| ")]
    assert {len(row) for row in rows} == {13}
    assert [row[0].removeprefix("| ") for row in rows[1::2]] == [
        "the recipe itself, mean",
        *(part.replace("_", " ") for part in PARTS),
    ]
    assert [row[1] for row in rows[1:]] == ["A", "B"] * 5
    assert all(row[-1] == "the same run |" for row in rows[-2:])
    assert "over 3 seeds" in lines[-1]
    assert "of 60 intervals about 3 exclude 0" in lines[-1]
    assert ablation_table(finished).row_count == 5 * 11


@pytest.mark.parametrize(
    ("better", "shift", "sign"),
    [
        ("higher", 0.1, "helps"),
        ("higher", -0.1, "hurts"),
        ("lower", 0.1, "hurts"),
        ("lower", -0.1, "helps"),
        ("neither", 0.1, "differs"),
        ("neither", 0.0, "none"),
        ("higher", 0.0, "none"),
    ],
)
def test_the_sign(better: Direction, shift: float, sign: Sign) -> None:
    without = np.random.default_rng(0).normal(size=20)
    noise = np.random.default_rng(1).normal(scale=1e-3, size=20)
    assert Effect(paired_difference(without + noise - noise.mean() + shift, without), better).sign == sign


def test_pairing_removes_what_the_seeds_share() -> None:
    seeds = np.random.default_rng(0).normal(scale=10.0, size=20)
    found = Effect(paired_difference(seeds + 0.1 + 1e-3 * np.cos(np.arange(20)), seeds), "higher")
    assert found.sign == "helps"
    assert found.interval.estimate == pytest.approx(0.1, abs=1e-3)
    assert found.interval.upper - found.interval.lower < 0.01


def test_noise_alone_is_called_an_effect_about_one_time_in_twenty() -> None:
    generator = np.random.default_rng()
    trials = 2_000
    seen = sum(
        Effect(paired_difference(*generator.normal(size=(2, 20))), "higher").sign != "none"
        for _ in range(trials)
    )
    assert 0.02 < seen / trials < 0.09  # six standard deviations around .05 and more


@pytest.mark.parametrize(
    ("signs", "words"),
    [
        (["none", "none"], "no difference seen"),
        (["differs", "none"], "differs"),
        (["helps", "differs"], "helps"),
        (["hurts", "none"], "hurts"),
        (["hurts", "helps"], "helps and hurts"),
        ([], "no difference seen"),
    ],
)
def test_verdicts(signs: list[Sign], words: str) -> None:
    assert verdict(signs) == words
