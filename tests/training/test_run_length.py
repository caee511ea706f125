"""What recipes leave open follows from the space, and everything given stays as it is given."""

import pytest

from fluxttice_core.errors import SettingsError
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.target import Target
from fluxttice_core.training.recipe import Recipe, load_recipe
from tests.refusals import refused


def of(space: str, *overrides: str) -> Recipe:
    return load_recipe("standard", [f"architecture.space={space}", *overrides])


def steps(recipe: Recipe) -> int:
    rows = int(0.8 * recipe.architecture.space.size)
    return recipe.epochs * -(-rows // recipe.batch_size)


def test_the_home_space_has_the_lengths_that_it_always_had() -> None:
    recipe = load_recipe("standard")
    assert (recipe.epochs, recipe.batch_size, recipe.checkpoint_every, recipe.reach.every) == (5, 96, 1, 1)
    assert recipe.transport is not None
    assert recipe.transport.amortisation is not None
    assert (recipe.transport.amortisation.epochs, recipe.transport.amortisation.batch_size) == (5, 256)
    assert recipe.transport.start == 0.5
    assert recipe.calibration is not None
    assert recipe.calibration.conditional_entropy == 0.45
    assert load_recipe("standard", ["architecture.space=ternary:2"]) == recipe


@pytest.mark.parametrize(
    ("space", "wanted"),
    [
        ("boolean:2", 825),
        ("ternary:1", 825),
        ("codons", 1100),
        ("dna:6", 1100),
        ("boolean:4", 825),
        ("dna:9", 1100),
        ("peptide:4", 5500),
    ],
)
def test_steps_follow_from_the_alphabet_and_not_from_the_number_of_elements(space: str, wanted: int) -> None:
    recipe = of(space)
    assert wanted * 0.65 < steps(recipe) < wanted * 1.35
    assert recipe.optimizer.rate.epochs == recipe.epochs  # type: ignore[union-attr]
    assert recipe.half_a.beta.epochs == recipe.epochs  # type: ignore[union-attr]


def test_epochs_alone_stretch_the_schedules() -> None:
    recipe = load_recipe("standard", ["epochs=20"])
    assert recipe.optimizer.rate.epochs == 20  # type: ignore[union-attr]
    assert recipe.transport is not None
    assert recipe.transport.start == 2.0
    assert recipe.batch_size == 96
    assert load_recipe("standard", ["batch_size=64"]).epochs == 5
    fixed = load_recipe("standard", ["epochs=20", "optimizer.rate.epochs=3"])
    assert fixed.optimizer.rate.epochs == 3  # type: ignore[union-attr]


def test_what_a_code_may_leave_open_is_a_share_of_what_there_is_to_know() -> None:
    codons = space_of("codons")
    half = Target.of(codons, range(32))
    plain = ["architecture.space=codons", "architecture.decoders=networks"]
    whole, part, tabulated = (
        load_recipe("standard", overrides, target=target).calibration
        for overrides, target in ((plain, None), (plain, half), (plain[:1], half))
    )
    assert whole is not None
    assert part is not None
    assert tabulated is not None
    assert part.conditional_entropy == pytest.approx(5 / 6 * whole.conditional_entropy)  # type: ignore[operator]
    assert tabulated.conditional_entropy == pytest.approx(part.conditional_entropy / 4)  # type: ignore[operator]


@pytest.mark.parametrize(("space", "draws"), [("ternary:3", 2**18), ("dna:16", 2**18), ("peptide:14", 2**18)])
def test_calibration_evens_symbols_where_elements_are_too_many_to_be_listed(space: str, draws: int) -> None:
    found, within = of(space).calibration, of("dna:8").calibration
    assert found is not None
    assert within is not None
    assert (found.sweeps, found.draws) == (3, draws)
    assert (within.sweeps, within.draws) == (0, 50_000)


@pytest.mark.parametrize("space", ["01^1", "01^2", "boolean:1", "01^3", "ACG^2"])
def test_so_small_a_space_is_refused_before_anything_is_settled(space: str) -> None:
    with refused(SettingsError, "out_of_range", "choose a larger space, of ten or more"):
        of(space)


@pytest.mark.parametrize("rows", [1, 9, 10])
def test_so_few_rows_are_refused_before_anything_is_settled(rows: int) -> None:
    target = Target.of(space_of("dna:3"), range(rows))
    if rows == 10:
        assert load_recipe("standard", ["architecture.space=dna:3"], target=target).epochs > 0
        return
    with refused(SettingsError, "out_of_range", "give ten different ones or more"):
        load_recipe("standard", ["architecture.space=dna:3"], target=target)
