"""Ablations: which runs are made, that they go on after a kill, and what follows from them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from docs.statenet import statenet_sentences
from fluxttice_core.errors import ErrorCode, MeasurementError, TrainingError
from fluxttice_core.experiments.ablation import (
    Ablation,
    Effect,
    PartEffect,
    Sign,
    due,
    effect,
    judged_together,
    new_ablation,
    part_effects,
    run_ablation,
    verdict,
)
from fluxttice_core.experiments.study import read_study, resumed
from fluxttice_core.experiments.tables import ablation_markdown, ablation_table
from fluxttice_core.metrics.settings import Direction, Unit
from fluxttice_core.model.halves import HALVES
from fluxttice_core.statistics.multiplicity import holm
from fluxttice_core.training.recipe import Recipe, load_recipe
from tests.experiments.conftest import broken_off, made, silent, wild_recipe
from tests.refusals import refused
from tests.small import HEADLINE, RECIPE

PARTS = ("cross_injection", "statenet_learning", "transport", "second_half")


@pytest.fixture(scope="module")
def fresh(recipe: Recipe) -> Ablation:
    return new_ablation(recipe, parts=PARTS, command="fluxttice ablate", measurement=HEADLINE)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ablation") / "found.json"


@pytest.fixture(scope="module")
def finished(fresh: Ablation, path: Path) -> Ablation:
    return run_ablation(fresh, path, range(3), silent)


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
    alone = fresh.model_copy(update={"parts": ("transport",)})
    again = run_ablation(alone, tmp_path / "x.json", [1], silent)
    assert len(again.runs) == 2
    assert all(run in made(finished) for run in made(again))


def test_statenet_moves_only_where_it_learns(finished: Ablation) -> None:
    (contrast,) = [c for c in finished.contrasts() if c.part == "statenet_learning"]
    learned = finished.found(contrast.with_it).values()
    assert all(run.statenet_moved > 0.0 for run in learned)
    assert {run.statenet_moved for run in finished.runs if run not in learned} == {0.0}


def test_a_killed_ablation_goes_on_where_it_was(finished: Ablation, fresh: Ablation, tmp_path: Path) -> None:
    path = tmp_path / "found.json"
    with broken_off("trained_alone", after=4):
        run_ablation(fresh, path, range(3), silent)
    before = resumed(path, fresh)
    assert len(before.runs) == 4
    assert made(run_ablation(before, path, range(3), silent)) == made(finished)


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
    wild = new_ablation(wild_recipe(), parts=["transport"], command="x", measurement=HEADLINE)
    path, words = tmp_path / "x.json", ("seed 0, the recipe itself:", ", in another file by --out")
    with refused(TrainingError, "loss_not_finite", *words):
        run_ablation(wild, path, range(2), silent)
    assert not path.exists()


def test_effects_by_hand(finished: Ablation) -> None:
    (contrast,) = [c for c in finished.contrasts() if c.part == "transport"]
    means = []
    for runs in (finished.found(contrast.with_it), finished.found(contrast.without)):
        figures = [figure for seed in range(3) for figure in runs[seed].figures if figure.half == "b"]
        told = [figure.value for figure in figures if figure.quantity == "generative_information"]
        assert len(told) == 3
        means.append(sum(told) / 3)
    (found,) = [e for e in part_effects(finished) if (e.part, e.half) == ("transport", "b")]
    found_effect, unit = found.effects["generative_information"]
    assert found_effect.interval.estimate == pytest.approx(means[0] - means[1])
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
    both = new_ablation(recipe, parts=parts, command="x", measurement=HEADLINE)
    found = run_ablation(both, tmp_path / "x.json", range(2), silent)
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
    assert "all 60 judged together (Holm)" in lines[-1]
    assert "as about 3 of 60 do by chance alone" in lines[-1]
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
    assert effect(without + noise - noise.mean() + shift, without, better).sign == sign


def test_pairing_removes_what_the_seeds_share() -> None:
    seeds = np.random.default_rng(0).normal(scale=10.0, size=20)
    found = effect(seeds + 0.1 + 1e-3 * np.cos(np.arange(20)), seeds, "higher")
    assert found.sign == "helps"
    assert found.interval.estimate == pytest.approx(0.1, abs=1e-3)
    assert found.interval.upper - found.interval.lower < 0.01


def table(generator: np.random.Generator, shift: float = 0.0) -> list[PartEffect]:
    """Nine parts, two halves, six figures, 20 seeds, all beside the same runs; only one can do anything.

    Figures of a half depend on one another, as do all parts by what they share.
    """
    base = generator.normal(size=(2, 6, 20))
    found = []
    for part in range(9):
        common = generator.normal(size=(2, 1, 20))
        runs = 0.7 * common + 0.7 * generator.normal(size=(2, 6, 20))
        runs[0, 0] += shift if part == 0 else 0.0
        for half, with_it, without in zip(HALVES, runs, base, strict=True):
            effects: dict[str, tuple[Effect, Unit]] = {
                f"figure {n}": (effect(one, other, "higher"), "nats")
                for n, (one, other) in enumerate(zip(with_it, without, strict=True))
            }
            found.append(PartEffect(f"part {part}", half, effects, 20, False, False))
    return judged_together(found)


def marked(found: list[PartEffect], *, alone: bool = False) -> set[str]:
    """The parts and halves that have a verdict."""
    return {
        f"{one.part} {one.half}"
        for one in found
        if any((each.sign_alone if alone else each.sign) != "none" for each, _ in one.effects.values())
    }


def test_of_parts_that_do_nothing_at_most_five_tables_in_a_hundred_have_a_verdict() -> None:
    generator, tables = np.random.default_rng(0), 300
    found = [table(generator) for _ in range(tables)]
    together = sum(bool(marked(one)) for one in found)
    alone = sum(bool(marked(one, alone=True)) for one in found)
    assert together <= binom.ppf(1 - 1e-4, tables, 0.05)
    assert alone > 0.8 * tables


def test_a_part_that_does_something_is_still_found_and_no_other() -> None:
    generator, tables = np.random.default_rng(1), 40
    found = [marked(table(generator, shift=2.0)) for _ in range(tables)]
    assert sum("part 0 a" in one for one in found) >= 0.9 * tables
    assert sum(bool(one - {"part 0 a"}) for one in found) <= binom.ppf(1 - 1e-4, tables, 0.05)


def test_what_is_not_judged_does_not_weigh_on_the_others(finished: Ablation) -> None:
    found = part_effects(finished)
    judged = [each for one in found if one.judged for each, _ in one.effects.values()]
    assert len(judged) == 60
    p_values = np.array([each.p_value for each in judged])
    assert np.allclose([each.adjusted for each in judged], holm(p_values), rtol=0, atol=0)
    assert {each.p_value for one in found if not one.judged for each, _ in one.effects.values()} == {1.0}


def test_an_interval_that_excludes_0_among_many_is_shown_in_brackets(finished: Ablation) -> None:
    shown = [cell for line in ablation_markdown(finished).splitlines() for cell in line.split(" | ")]
    weak = [
        each.sign_alone
        for one in part_effects(finished)
        for each, _ in one.effects.values()
        if each.sign == "none" != each.sign_alone
    ]
    assert weak
    assert sum(cell.endswith((" (▲)", " (▼)", " (≠)")) for cell in shown) == len(weak)


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
