"""The catalogue: what a metric's name settles, against values known otherwise and all that is measured."""

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from fluxttice_core.errors import MeasurementError
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
from fluxttice_core.statistics.coverage import ceiling
from tests.refusals import refused

K = 19_683
SETTINGS = MeasurementSettings()


def scale(quantity: str, dimensions: int = 16) -> Scale:
    return scale_of(quantity, size=K, dimensions=dimensions, settings=SETTINGS)


@pytest.mark.parametrize(
    ("quantity", "due"),
    [
        ("generative_information", Scale("ratio", "higher", 1.0, 2**20)),
        ("nll", Scale("nats", "lower", math.log(K), 2**20)),
        ("entropy", Scale("nats", "higher", math.log(K), 2**20)),
        ("effective_number_1", Scale("operations", "higher", float(K), 2**20)),
        ("effective_number_2", Scale("operations", "higher", float(K), 2**20)),
        ("memorisation", Scale("ratio", "neither", 1.0, 2**20)),
        ("kl_from_uniform", Scale("nats", "lower", 0.0, 2**20)),
        ("total_variation", Scale("fraction", "lower", 0.0, 2**20)),
        ("rate", Scale("nats", "neither", math.log(K))),
        ("rate_per_dimension", Scale("nats", "neither", math.log(K) / 16)),
        ("active_units", Scale("dimensions", "neither", 16.0)),
        ("distortion", Scale("nats", "lower", 0.0, 8)),
        ("rate_plus_distortion", Scale("nats", "lower", math.log(K), 8)),
        ("code_information", Scale("nats", "higher", math.log(K), 2_048)),
        ("marginal_kl", Scale("nats", "lower", 0.0, 2_048)),
        ("table_accuracy/mean/held_out", Scale("fraction", "higher", 1.0, None, "argmax")),
        ("trit_accuracy/draw/all", Scale("fraction", "higher", 1.0, 8, "argmax")),
        ("coupled/rho=0.26/distortion_of_b", Scale("nats", "lower", 0.0, 8)),
        ("equivalent_uniform_budget/argmax/10000", Scale("draws", "higher", 10_000.0, 10_000, "argmax")),
        ("agreement/trits/50000", Scale("fraction", "neither", 1.0, 50_000, "argmax")),
    ],
)
def test_the_name_settles_the_rest(quantity: str, due: Scale) -> None:
    assert scale(quantity) == due


@pytest.mark.parametrize("budget", [1, 10_000, 195_000])
def test_the_ceiling_of_a_count_is_what_uniform_draws_show(budget: int) -> None:
    best = ceiling(K, budget)
    found = scale(f"coverage/categorical/{budget}")
    assert (found.unit, found.direction, found.draws, found.rule) == (
        "fraction",
        "higher",
        budget,
        "categorical",
    )
    assert math.isclose(found.ceiling, best.fraction, rel_tol=1e-12)
    assert found.ceiling_sd is not None
    assert math.isclose(found.ceiling_sd, best.sd / K, rel_tol=1e-9, abs_tol=1e-12)
    efficiency = scale(f"efficiency/categorical/{budget}")
    assert (efficiency.unit, efficiency.ceiling) == ("ratio", 1.0)
    assert efficiency.ceiling_sd == pytest.approx(best.sd / best.expected, abs=1e-12)
    expected = scale(f"expected_coverage/categorical/N={budget}")
    assert (expected.ceiling, expected.draws, expected.rule) == (found.ceiling, SETTINGS.mass_draws, None)


def test_the_ceilings_of_two_sets_are_those_of_uniform_draws() -> None:
    one, both = ceiling(K, 50_000).fraction, ceiling(K, 100_000).fraction
    assert scale("coverage_of_b/argmax/50000").ceiling == pytest.approx(one)
    assert scale("union/argmax/50000").ceiling == pytest.approx(both)
    common = 2 * one - both
    assert scale("jaccard_similarity/argmax/50000").ceiling == pytest.approx(common / both)
    assert scale("jaccard_distance/argmax/50000").ceiling == pytest.approx(1 - common / both)


def test_the_ceilings_beside_a_target_are_its_own() -> None:
    rows = [0, 3, 9, 26]
    even = Target.of(SPACE, rows)
    skewed = Target.of(SPACE, rows, [4.0, 2.0, 1.0, 1.0])

    def ceilings(target: Target | None, *names: str) -> list[float]:
        scales = (scale_of(n, size=27, dimensions=3, settings=SETTINGS, target=target) for n in names)
        return [scale.ceiling for scale in scales]

    names = ("nll", "rate", "rate_plus_distortion", "code_information", "entropy")
    assert ceilings(even, *names) == [math.log(4)] * 5
    assert ceilings(skewed, *names) == pytest.approx([1.75 * math.log(2)] * 5)
    assert ceilings(skewed, "effective_number_1", "effective_number_2") == pytest.approx([2**1.75, 32 / 11])
    best = ceiling(4, 50_000)
    assert ceilings(even, "coverage/argmax/50000", "union/argmax/50000")[0] == best.fraction
    seen = 1 - np.mean((1 - np.array([4, 2, 1, 1]) / 8) ** 3)
    few = scale_of("coverage/argmax/3", size=27, dimensions=3, settings=SETTINGS, target=skewed)
    assert few.ceiling == pytest.approx(seen)
    assert few.ceiling_sd is not None
    assert 0 < few.ceiling_sd < 0.5
    of_all = Target.everything(SPACE)
    more = (*names, "coverage/argmax/50000", "effective_number_2")
    assert ceilings(of_all, *more) == ceilings(None, *more)


def test_more_evenness_is_better_only_where_all_should_be_alike() -> None:
    target = Target.of(SPACE, [0, 3, 9])
    for name in ("entropy", "effective_number_1", "effective_number_2"):
        assert scale(name).direction == "higher"
        known = {"size": 27, "dimensions": 3, "settings": SETTINGS}
        assert scale_of(name, **known, target=target).direction == "neither"  # type: ignore[arg-type]


def test_the_entropies_of_latents_are_those_of_the_prior() -> None:
    assert scale("latent_entropy/differential", 3).ceiling == pytest.approx(3 * norm.entropy())
    edges = [norm.cdf(-3 + 0.12 * k) for k in range(51)]
    masses = [(b - a) / (edges[-1] - edges[0]) for a, b in pairwise(edges)]
    assert histogram_entropy_of_prior() == pytest.approx(-sum(p * math.log(p) for p in masses))
    assert scale("latent_entropy/histogram").ceiling == histogram_entropy_of_prior()


@pytest.mark.parametrize(
    "quantity",
    [
        *("", "weather", "rate/10", "coverage/argmax", "coverage/argmax/", "coverage/argmax/05", "union/10"),
        *("coverage/best/10", "coupled/rho=0/weather", "coupled/rho=/x/rate", "agreement/argmax/10"),
        *("table_accuracy/mean/other", "expected_coverage/argmax/N=5", "coverage/argmax/99999999999"),
    ],
)
def test_no_report_holds_another_figure(quantity: str) -> None:
    with refused(MeasurementError, "unknown_name", "is no figure of a report"):
        scale(quantity)


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


def test_what_has_no_row_goes_by_its_name() -> None:
    assert label("something_new") == "something_new"


def test_no_row_is_of_a_set_that_is_yet_to_come() -> None:
    assert {entry.since for entry in CATALOGUE.values()} == set(range(1, catalogue.METRIC_SET + 1))


def test_a_report_of_a_later_metric_set_is_not_judged() -> None:
    later = catalogue.METRIC_SET + 1
    with refused(MeasurementError, "wrong_version", "is newer than this program"):
        due_metrics(FEW, ternary=True, split_known=True, rho=0.0, metric_set=later)


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


def test_unless_told_otherwise_all_elements_are_meant_and_a_split_has_rows_to_validate() -> None:
    due = partial(due_metrics, FEW, ternary=True, split_known=True, rho=0.5)
    assert due() == due(validated=True, metric_set=catalogue.METRIC_SET, has_target=False)
    assert ("table_accuracy/mean/validation", "a") in due()
    assert due(metric_set=1) < due(metric_set=2) <= due()
