"""The parts of a recipe: each contrast differs by its part alone, whatever the recipe has already."""

from operator import attrgetter
from typing import Any

import pytest
import torch

from fluxttice_core.errors import SettingsError
from fluxttice_core.experiments.contrasts import PARTS, contrasts, stretched
from fluxttice_core.training.recipe import Recipe, load_recipe
from tests.refusals import refused
from tests.training.small_runs import SmallRuns

BASES = {
    "standard": load_recipe("standard"),
    "plain": load_recipe("standard", ["transport=null", "calibration=null"]),
    "original": load_recipe("original"),
}
TOUCHED = {
    "cross_injection": {"rho"},
    "statenet": {"controller"},
    "statenet_learned": {"controller"},
    "statenet_learning": {"controller"},
    "gradient_balance": {"balance"},
    "free_bits": {"half_a.free_bits", "half_b.free_bits"},
    "phases": {"rho", "half_a.beta", "half_a.temperature", "half_b.beta", "half_b.temperature"},
    "transport": {"transport"},
    "calibration": {"calibration"},
}
COUPLINGS = {"rho", "alignment", "balance", "controller", "optimizer.clip_norm"}


def differing(one: Recipe, other: Recipe) -> set[str]:
    """Settings in which two recipes differ, those of the halves and the optimiser one by one."""
    found: set[str] = set()
    for name in Recipe.model_fields:
        left, right = getattr(one, name), getattr(other, name)
        if name in ("half_a", "half_b", "optimizer"):
            inner = type(left).model_fields
            found |= {f"{name}.{key}" for key in inner if getattr(left, key) != getattr(right, key)}
        elif left != right:
            found.add(name)
    return found


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("part", TOUCHED)
def test_a_contrast_differs_by_its_part_and_by_nothing_else(base: str, part: str) -> None:
    (found,) = contrasts(BASES[base], [part])
    changed = differing(found.with_it, found.without)
    assert changed
    assert changed <= TOUCHED[part]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("part", sorted(TOUCHED.keys() - {"statenet_learned", "statenet_learning"}))
def test_one_of_the_two_is_the_recipe_itself(base: str, part: str) -> None:
    (found,) = contrasts(BASES[base], [part])
    assert BASES[base] in (found.with_it, found.without)


def test_amortisation_is_taken_out_of_what_has_transport_and_needs_it() -> None:
    for name, base in BASES.items():
        (found,) = contrasts(base, ["amortisation"])
        assert differing(found.with_it, found.without) == ({"transport"} if name == "standard" else set())
    bare = load_recipe("standard", ["transport.amortisation=null"])
    (found,) = contrasts(bare, ["amortisation"])
    assert (found.with_it, found.without) == (BASES["standard"], bare)


def test_in_the_standard_recipe_no_half_feels_the_other() -> None:
    (found,) = contrasts(BASES["standard"], ["second_half"])
    assert found.with_it == found.without == BASES["standard"]


def test_in_the_original_recipe_every_coupling_is_taken_out() -> None:
    (found,) = contrasts(BASES["original"], ["second_half"])
    assert differing(found.with_it, found.without) == COUPLINGS


def test_steps_stay_equal() -> None:
    for base in BASES.values():
        for found in contrasts(base):
            for recipe in (found.with_it, found.without):
                assert (recipe.epochs, recipe.batch_size) == (base.epochs, base.batch_size)


def test_what_the_parts_put_in() -> None:
    found = {contrast.part: contrast for contrast in contrasts(BASES["standard"])}
    assert list(found) == [part.name for part in PARTS]
    assert found["cross_injection"].with_it.rho.at(3.0) == 0.1
    assert found["free_bits"].with_it.half_b.free_bits == 0.5
    learned, still = found["statenet_learning"].with_it.controller, found["statenet"].with_it.controller
    assert learned is not None
    assert still is not None
    assert (learned.every, learned.rate_gain, learned.weight_gain) == (8, 0.05, 0.01)
    assert learned.model_copy(update={"learning_rate": 0.0}) == still
    assert learned.learning_rate > 0.0
    assert still.rate_bounds[1] > BASES["standard"].optimizer.rate.range()[1] * 1.05
    phased, end = found["phases"].with_it, float(BASES["standard"].epochs)
    assert phased.half_a.beta.at(end / 8) == pytest.approx(0.3)  # epoch 50 of 400
    assert phased.half_a.beta.at(end) == pytest.approx(0.8)
    assert phased.rho.at(end) == pytest.approx(0.7)


def test_a_recipe_with_a_controller_keeps_its_gains() -> None:
    base = load_recipe("standard", ["controller={rate_gain: 0.5, every: 3, learning_rate: 0.02}"])
    for part, with_rate, without_rate in (("statenet", 0.0, None), ("statenet_learning", 0.02, 0.0)):
        (found,) = contrasts(base, [part])
        assert found.with_it.controller is not None
        assert (found.with_it.controller.rate_gain, found.with_it.controller.every) == (0.5, 3)
        assert found.with_it.controller.learning_rate == with_rate
        without = found.without.controller
        assert (without and without.learning_rate) == without_rate


def test_an_unknown_part_is_named() -> None:
    with refused(SettingsError, "unknown_name", "no part is called 'magic': use some of cross_injection,"):
        contrasts(BASES["standard"], ["magic"])


def test_transport_where_it_cannot_be_is_refused() -> None:
    base = load_recipe("standard", ["transport=null", "architecture.latent_dim=4"])
    with refused(SettingsError, "wrong_setting", "raise architecture.latent_dim to 9"):
        contrasts(base, ["transport"])


def test_each_part_is_once() -> None:
    assert len(contrasts(BASES["standard"], ["transport", "transport"])) == 1


@pytest.mark.parametrize("path", ["rho", "half_a.temperature", "half_b.beta"])
def test_a_stretched_schedule_takes_the_same_values_at_other_moments(path: str) -> None:
    schedule: Any = attrgetter(path)(load_recipe("original"))
    shorter = type(schedule).model_validate(stretched(schedule, 0.25))
    for epoch in (0, 10, 40, 51, 119, 200, 249, 260, 399):
        assert shorter.at(epoch / 4) == pytest.approx(schedule.at(float(epoch)))


@pytest.mark.parametrize("other", ["a", "b"])
def test_without_couplings_a_half_is_trained_as_if_alone(small: SmallRuns, other: str) -> None:
    """Whatever the other half is made of, its weights and its settings, no bit of this one changes."""
    (found,) = contrasts(small.recipe(), ["second_half"])
    alone = found.without.model_dump(mode="json")
    kept = "B" if other == "a" else "A"
    weights = []
    for free_bits in (0.0, 0.3):
        alone[f"half_{other}"]["free_bits"] = free_bits
        trainer = small.trainer()
        trainer = type(trainer)(Recipe.model_validate(alone), seed=0, observe=trainer._observe)
        with torch.no_grad():
            trainer.model.vae(other).encoder.fc_mu.weight.mul_(1.0 + free_bits)  # type: ignore[arg-type]
        tensors = small.finish(trainer).tensors
        weights.append({name: t for name, t in tensors.items() if f"coder_{kept}." in name})
    one, two = weights
    assert one.keys() == two.keys()
    assert one
    assert all(torch.equal(one[name], two[name]) for name in one)
