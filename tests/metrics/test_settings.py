"""Settings are refused with the one that is wrong, and turned into budgets and repeats."""

import pytest

from fluxttice_core.errors import SettingsError
from fluxttice_core.metrics.settings import (
    QUICK,
    MeasurementSettings,
    require_rules,
    settings_for,
    settings_from,
)
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.space_name import space_of
from tests.refusals import refused


@pytest.mark.parametrize(
    ("values", "where"),
    [
        (3, "the measurement's settings is not possible"),
        ({"draws": [10, 0]}, "the measurement's draws.1 is not possible"),
        ({"draws": []}, "draws"),
        ({"draws": [0]}, "draws"),
        ({"draws": [20, 10]}, "draws"),
        ({"draws": [10, 10]}, "draws"),
        ({"repeats": 1}, "repeats"),
        ({"rules": ["categorical"]}, "rules"),
        ({"rules": ["argmax", "argmax"]}, "rules"),
        ({"rules": ["argmax", "vote"]}, "rules"),
        ({"mass_draws": 1025}, "mass_draws"),
        ({"untrained_seeds": 4}, "untrained_seeds"),
        ({"device": "gpu"}, "device"),
        ({"seed": -1}, "seed"),
        ({"budget": 3}, "budget"),
    ],
)
def test_a_wrong_setting_is_named(values: object, where: str) -> None:
    with refused(SettingsError, "out_of_range", where) as caught:
        settings_from(values)
    assert "Value error" not in str(caught.value)


def test_budgets_are_repeated_up_to_the_given_one() -> None:
    settings = MeasurementSettings(draws=(10, 100), repeats=7, repeated_up_to=10, long_repeats=3)
    assert [settings.repeats_of(n) for n in settings.draws] == [7, 3]


def test_the_headline_is_50_000_draws_where_they_are_made() -> None:
    assert MeasurementSettings().headline == 50_000
    assert MeasurementSettings(draws=(10, 20, 30)).headline == 20
    assert QUICK.headline == 50_000


def test_some_settings_are_replaced_and_checked() -> None:
    changed = MeasurementSettings().with_only(draws=[30, 10, 30], repeats=4, seed=9)
    assert (changed.draws, changed.repeats, changed.long_repeats, changed.seed) == ((10, 30), 4, 4, 9)
    assert MeasurementSettings().with_only() == MeasurementSettings()
    with refused(SettingsError, "out_of_range", "draws"):
        MeasurementSettings().with_only(draws=[0])


def test_controls_keep_budgets_rules_and_seed() -> None:
    settings = MeasurementSettings(draws=(10, 20), seed=5)
    effort = settings.for_controls()
    assert (effort.draws, effort.rules, effort.seed) == (settings.draws, settings.rules, settings.seed)
    assert effort.mass_draws == settings.control_mass_draws
    assert (effort.repeats, effort.long_repeats) == (settings.control_repeats, 1)
    assert effort.aggregate_draws == settings.control_aggregate_draws
    for own, due in ((9, 4), (3, 3)):
        assert MeasurementSettings(posterior_repeats=own).for_controls().posterior_repeats == due
    assert settings_from(effort.model_dump()) == effort


@pytest.mark.parametrize(
    ("name", "draws", "repeats", "mass_draws"),
    [
        ("boolean:1", (2, 4, 12, 20, 40), (600, 150, 75), 2**16),
        ("boolean:2", (8, 16, 48, 80, 160), (150, 37, 18), 2**16),
        ("dna:4", (128, 256, 768, 1280, 2560), (20, 5, 3), 2**16),
        ("boolean:4", (32_768, 65_536, 196_608, 327_680, 655_360), (6, 2, 3), 2**22),
    ],
)
def test_budgets_and_repeats_follow_from_the_size(
    name: str, draws: tuple[int, ...], repeats: tuple[int, ...], mass_draws: int
) -> None:
    space = space_of(name)
    found = settings_for(space)
    assert (found.draws, found.mass_draws) == (draws, mass_draws)
    assert (found.repeats, found.long_repeats, found.control_repeats) == repeats
    assert found.control_mass_draws == min(MeasurementSettings().control_mass_draws, mass_draws)
    assert found.headline == found.repeated_up_to == 3 * space.size
    assert settings_from(found.model_dump()) == found
    quick = settings_for(space, quick=True)
    assert (quick.draws, quick.headline) == ((space.size // 2, 3 * space.size), 3 * space.size)


def test_the_home_space_keeps_its_settings() -> None:
    assert settings_for(OperationSpace()) == MeasurementSettings()
    assert settings_for(OperationSpace(), quick=True) == QUICK


@pytest.mark.parametrize("size", [5_000, 10_000, 100_000])
def test_the_headline_stays_3_k_where_another_budget_would_be_50_000(size: int) -> None:
    name = {5_000: "01234567^3x01234^1xAB^1", 10_000: "0123456789^4", 100_000: "0123456789^5"}[size]
    space = space_of(name)
    found = settings_for(space)
    assert found.headline == 3 * space.size
    assert 50_000 not in found.draws


def test_no_budget_is_larger_than_any_that_is_allowed() -> None:
    found = settings_from(settings_for(space_of("dna:12")).model_dump())
    assert (found.draws[-1], found.mass_draws) == (100_000_000, 2**26)
    assert (found.repeats, found.long_repeats, found.control_repeats) == (5, 2, 3)


def test_a_mean_of_letters_is_refused_and_one_of_values_is_not() -> None:
    require_rules(MeasurementSettings(), space_of("quaternary:1"))
    require_rules(settings_for(space_of("dna:3")), space_of("dna:3"))
    with refused(SettingsError, "unsupported", "letters have no order", "settings_for"):
        require_rules(MeasurementSettings(), space_of("dna:3"))


def test_draws_for_the_mass_are_the_next_power_of_two() -> None:
    """As many an element as the home space has: 2^20 of 19,683 alike, twice as many of one more."""
    assert settings_for(space_of("012^9")).mass_draws == 2**20
    assert settings_for(space_of("01234567^3xACG^1xABCDEFGHIJKLM^1")).mass_draws == 2**21
    assert settings_for(space_of("012^9"), quick=True).mass_draws == 2**17
