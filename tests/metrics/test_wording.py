"""Every quantity that a report measures has words, and every section shows quantities that are measured."""

import pytest

from fluxttice_core.evaluation.control_scores import DESCRIPTIONS
from fluxttice_core.evaluation.controls import QuantileLookup
from fluxttice_core.evaluation.steps import run_steps, steps_of
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.quantities import base_of
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.metrics.wording import CONTROL_WORDS, LABELS, SIGNS, label, sections, words_of
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split

SPACE = OperationSpace(arity=1)
SETTINGS = MeasurementSettings(
    draws=(20, 60), repeats=2, mass_draws=1024, aggregate_draws=16, posterior_repeats=2
)


@pytest.fixture(scope="module")
def measured() -> set[str]:
    oracle = QuantileLookup(SPACE)
    found = set()
    for parts in (split(SPACE), None):
        steps = steps_of({"a": oracle, "b": oracle}, SETTINGS, parts, 0.2)
        for items in run_steps(steps, device="cpu"):
            found |= {item.quantity for item in items if isinstance(item, Figure)}
    return found


def test_every_quantity_has_words(measured: set[str]) -> None:
    for quantity in measured:
        base = base_of(quantity)
        own = base.split("/", 2)[2] if base.startswith("coupled/") else base
        assert own in LABELS, quantity
        assert words_of(base) == LABELS[own]


def test_every_row_is_measured(measured: set[str]) -> None:
    for section in sections(SETTINGS, 0.2):
        assert set(section.quantities) <= measured, section.title


def test_words_tell_quantities_apart(measured: set[str]) -> None:
    alone = {q for q in measured if not q.startswith("coupled/")}
    assert len({label(quantity) for quantity in alone}) == len(alone)


def test_labels_leave_room_in_100_columns(measured: set[str]) -> None:
    for section in sections(MeasurementSettings(), 0.2):
        for quantity in section.quantities:
            assert len(label(quantity)) <= 38


def test_every_control_has_a_sign_and_words() -> None:
    assert set(SIGNS) == set(CONTROL_WORDS) == set(DESCRIPTIONS)
    assert len(set(SIGNS.values())) == len(SIGNS)


def test_what_has_no_words_goes_by_its_name() -> None:
    assert words_of("something_new") == "something_new"
