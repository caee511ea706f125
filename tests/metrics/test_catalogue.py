"""The catalogue: what a metric's name settles, against values known otherwise and all that is measured."""

import math
from functools import partial
from itertools import pairwise

import pytest
from scipy.stats import norm

from fluxttice_core.evaluation.controls import QuantileLookup
from fluxttice_core.evaluation.steps import Halves, run_steps, steps_of
from fluxttice_core.metrics import catalogue
from fluxttice_core.metrics.catalogue import CATALOGUE, base_of, histogram_entropy_of_prior
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.naming import (
    Scale,
    due_metrics,
    entry_of,
    headline_names,
    label,
    scale_of,
    sections,
)
from fluxttice_core.metrics.settings import DecodeRule, MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target

K = 19_683
SETTINGS = MeasurementSettings()


def scale(quantity: str, dimensions: int = 16) -> Scale:
    return scale_of(quantity, size=K, dimensions=dimensions, settings=SETTINGS)


def test_the_entropies_of_latents_are_those_of_the_prior() -> None:
    assert scale("latent_entropy/differential", 3).ceiling == pytest.approx(3 * norm.entropy())
    edges = [norm.cdf(-3 + 0.12 * k) for k in range(51)]
    masses = [(b - a) / (edges[-1] - edges[0]) for a, b in pairwise(edges)]
    assert histogram_entropy_of_prior() == pytest.approx(-sum(p * math.log(p) for p in masses))
    assert scale("latent_entropy/histogram").ceiling == histogram_entropy_of_prior()


SPACE = OperationSpace(arity=1)
FEW = MeasurementSettings(draws=(20, 60), repeats=2, mass_draws=1024, aggregate_draws=16, posterior_repeats=2)


@pytest.fixture(scope="module")
def measured() -> dict[str, Figure]:
    oracle = QuantileLookup(SPACE)
    found: dict[str, Figure] = {}
    for parts, target in ((split(SPACE), None), (None, None), (None, Target.of(SPACE, range(9)))):
        steps = steps_of({"a": oracle, "b": oracle}, FEW, parts, 0.2, target)
        for items in run_steps(steps, device="cpu"):
            found |= {item.quantity: item for item in items if isinstance(item, Figure)}
    return found


def test_every_row_is_measured_and_everything_that_is_measured_has_a_row(measured: dict[str, Figure]) -> None:
    assert {entry_of(name).name for name in measured} == {entry.name for entry in CATALOGUE.values()}


def test_every_row_of_a_table_is_measured(measured: dict[str, Figure]) -> None:
    for section in sections(FEW, 0.2):
        assert section.names
        assert set(section.names) <= measured.keys(), section.title
    assert set(headline_names(FEW)) <= measured.keys()


def test_words_tell_metrics_apart(measured: dict[str, Figure]) -> None:
    alone = {name for name in measured if not name.startswith("coupled/")}
    assert len({label(name) for name in alone}) == len(alone)
    assert len({label(name, budget=False) for name in alone}) == len({base_of(name) for name in alone})


def test_labels_leave_room_in_100_columns() -> None:
    for section in sections(MeasurementSettings(), 0.2):
        for name in section.names:
            assert len(label(name)) <= 38


def test_no_row_is_of_a_set_that_is_yet_to_come() -> None:
    assert {entry.since for entry in CATALOGUE.values()} == set(range(1, catalogue.METRIC_SET + 1))


@pytest.mark.parametrize("name", ["ternary:1", "boolean:2", "boolean:1", "ABC^2"])
@pytest.mark.parametrize("split_known", [True, False])
@pytest.mark.parametrize("has_target", [True, False])
@pytest.mark.parametrize(
    ("draws", "rules", "rho"),
    [((50,), ("argmax",), 0.0), ((20, 70, 90), ("argmax", "categorical", "expectation"), 0.3)],
)
def test_what_is_required_is_what_is_measured(
    name: str,
    split_known: bool,
    has_target: bool,
    draws: tuple[int, ...],
    rules: tuple[DecodeRule, ...],
    rho: float,
) -> None:
    settings = MeasurementSettings(
        draws=draws,
        rules=rules,
        repeats=2,
        long_repeats=1,
        mass_draws=1024,
        posterior_repeats=2,
        aggregate_draws=16,
    )
    space = space_of(name)
    halves: Halves = {"a": QuantileLookup(space), "b": QuantileLookup(space)}
    known = split(space) if split_known else None
    target = Target.of(space, range(space.size), [1.0 + x for x in range(space.size)]) if has_target else None
    parts = run_steps(steps_of(halves, settings, known, rho, target), device="cpu")
    found = [(item.quantity, item.half) for part in parts for item in part if isinstance(item, Figure)]
    assert len(found) == len(set(found))
    validated = len(split(space).validation) > 0
    assert validated is (name != "boolean:1" and name != "ABC^2")
    due = partial(due_metrics, settings, ternary=name == "ternary:1", rho=rho, validated=validated)
    assert set(found) == due(split_known=split_known, has_target=has_target)
