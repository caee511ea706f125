"""What a metric's name settles, against values known otherwise, and which metrics a report is due to hold."""

import math
from functools import partial

import numpy as np
import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics import catalogue
from fluxttice_core.metrics.naming import (
    Scale,
    control_columns,
    due_metrics,
    headline_names,
    label,
    require_known,
    scale_of,
    sections,
)
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.nouns import Nouns
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.coverage import ceiling
from tests.refusals import refused

K = 19_683
SETTINGS = MeasurementSettings()
SPACE = OperationSpace(arity=1)
FEW = MeasurementSettings(draws=(20, 60))


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


def test_unless_told_otherwise_all_elements_are_meant_and_a_split_has_rows_to_validate() -> None:
    due = partial(due_metrics, FEW, ternary=True, split_known=True, rho=0.5)
    assert due() == due(validated=True, metric_set=catalogue.METRIC_SET, has_target=False)
    assert ("table_accuracy/mean/validation", "a") in due()
    assert due(metric_set=1) < due(metric_set=2) <= due()


def test_metrics_of_the_newest_set_and_earlier_are_known() -> None:
    later = catalogue.METRIC_SET + 1
    require_known(catalogue.METRIC_SET)
    with refused(MeasurementError, "wrong_version", f"metric set {later} is newer than this program"):
        require_known(later)
    with refused(MeasurementError, "wrong_version", "is newer than this program"):
        due_metrics(FEW, ternary=True, split_known=True, rho=0.0, metric_set=later)


def test_what_is_due_depends_on_what_is_known_and_of_what() -> None:
    due = partial(due_metrics, FEW, rho=0.25)
    known = due(ternary=True, split_known=True)
    parts = {name.rpartition("/")[2] for name, _ in known if name.startswith("table_accuracy/mean")}
    assert parts == {"train", "validation", "held_out"}
    assert {half for _, half in known} == {"a", "b", "pair"}
    assert ("union/argmax/60", "pair") in known
    assert ("coupled/rho=0.25/distortion_of_a", "pair") in known
    assert ("memorisation", "b") in known
    assert ("frontier_distance", "a") in known
    assert not any("target" in name for name, _ in known)
    without = due(ternary=True, split_known=False)
    lacking = {name for name, _ in known - without}
    assert {"memorisation", "table_accuracy/mean/validation", "trit_accuracy/draw/held_out"} <= lacking
    assert ("table_accuracy/mean/all", "a") in without - known
    few = due(ternary=True, split_known=True, validated=False)
    assert {name.rpartition("/")[2] for name, _ in known - few} == {"validation"}
    for changed in (
        due(ternary=False, split_known=True),
        due(ternary=True, split_known=True, has_target=True),
    ):
        assert not any("frontier" in name or name.endswith("lagrangian_gap") for name, _ in changed)
    aimed = due(ternary=True, split_known=True, has_target=True)
    assert {"kl_to_target", "total_variation_to_target"} <= {name for name, _ in aimed}
    assert not {"kl_to_uniform", "total_variation"} & {name for name, _ in aimed}


def test_a_report_shows_its_metrics_in_five_sections() -> None:
    found = list(sections(FEW, 0.25))
    titles = (catalogue.REACH, catalogue.CODES, catalogue.DISTRIBUTION, catalogue.PAIR)
    assert [section.title for section in found] == [*titles, "Coupled pair, rho = 0.25"]
    assert found[0].names[0] == "generative_information"
    assert {"coverage/argmax/20", "coverage/argmax/60", "efficiency/argmax/60"} <= set(found[0].names)
    assert "efficiency/argmax/20" not in found[0].names
    assert "jaccard_distance/argmax/60" in found[3].names
    assert all(name.startswith("coupled/rho=0.25/") for name in found[4].names)
    assert "coupled/rho=0.25/distortion_of_a" in found[4].names
    shown = [name for section in found for name in section.names]
    assert len(shown) == len(set(shown))


def test_headline_metrics_and_columns_are_at_the_headline_budget() -> None:
    names = headline_names(FEW)
    assert {"generative_information", "coverage/argmax/60", "efficiency/argmax/60", "nll", "rate"} <= {*names}
    assert not any(name.endswith("/20") for name in names if not name.startswith("coverage/"))
    columns = dict(control_columns(FEW))
    assert columns["G"] == "generative_information"
    assert (columns["argmax"], columns["categorical"]) == ("coverage/argmax/60", "coverage/categorical/60")
    assert (columns["NLL"], columns["R + D"]) == ("nll", "rate_plus_distortion")


@pytest.mark.parametrize(
    ("name", "words", "alone"),
    [
        ("coverage/argmax/50000", "argmax coverage, N = 50,000", "argmax coverage"),
        ("expected_coverage/categorical/N=20", "expected categorical coverage, N = 20", None),
        ("agreement/trits/1000", "same letter, N = 1,000", "same letter"),
        ("rate", "rate R", "rate R"),
        ("coupled/rho=0.3/distortion", "distortion D", "distortion D"),
        ("weather/50000", "weather/50000", "weather/50000"),
    ],
)
def test_words_of_a_metric_with_its_budget_and_without(name: str, words: str, alone: str | None) -> None:
    nouns = Nouns("word", "words", "letter", "letters")
    assert label(name, nouns) == words
    assert label(name, nouns, budget=False) == (alone or words.rpartition(",")[0])


def test_draws_follow_from_the_settings_and_sizes_from_the_target() -> None:
    settings = MeasurementSettings(draws=(20, 60), mass_draws=2048, posterior_repeats=5, aggregate_draws=33)
    target = Target.of(SPACE, [0, 3, 9], [2.0, 1.0, 1.0])

    def found(name: str, aimed: Target | None = None) -> Scale:
        return scale_of(name, size=27, dimensions=4, settings=settings, target=aimed)

    assert [found(name).draws for name in ("nll", "distortion", "code_information", "rate")] == [
        *(2048, 5, 33, None)
    ]
    assert found("coverage/argmax/20").draws == 20
    assert found("expected_coverage/categorical/N=60").draws == 2048
    assert found("expected_coverage/categorical/N=60").ceiling == ceiling(27, 60).fraction
    assert found("equivalent_target_budget/argmax/20", target).ceiling == 20
    assert found("rate_per_dimension", target).ceiling == pytest.approx(1.5 * math.log(2) / 4)
