"""Settings are refused with the one that is wrong, and turned into budgets and repeats."""

import pytest

from fluxttice_core.errors import SettingsError
from fluxttice_core.metrics.settings import QUICK, MeasurementSettings, settings_from
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
    with refused(SettingsError, "out_of_range", where):
        settings_from(values)


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
