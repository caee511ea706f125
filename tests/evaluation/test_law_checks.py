"""A table of figures that no true model can have is refused before anybody sees it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fluxttice_core.errors import LawViolation
from fluxttice_core.evaluation.controls import QuantileLookup
from fluxttice_core.evaluation.law_checks import check_laws
from fluxttice_core.evaluation.steps import run_steps, steps_of
from fluxttice_core.metrics.metric import Figure, Series
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

SPACE = OperationSpace(base=2)
Found = tuple[list[Figure], list[Series]]
SETTINGS = MeasurementSettings(
    draws=(10, 40), repeats=3, long_repeats=3, mass_draws=4096, posterior_repeats=3, aggregate_draws=64
)


@pytest.fixture(scope="module")
def found() -> Found:
    oracle = QuantileLookup(SPACE)
    parts = run_steps(steps_of({"a": oracle, "b": oracle}, SETTINGS, None, 0.1), device="cpu")
    items = [item for part in parts for item in part]
    return [i for i in items if isinstance(i, Figure)], [i for i in items if isinstance(i, Series)]


def refuses(found: Found, name: str, law: str, change: Callable[[Figure], Figure]) -> None:
    """Whether figures of a name, with a budget or of any, cannot be so by that law."""
    figures = [change(f) if name in (f.quantity, f.base) else f for f in found[0]]
    assert figures != found[0]
    with refused(LawViolation, "law_broken", law):
        check_laws(SPACE, figures, found[1])


def test_true_figures_obey_every_law_of_halves_sets_and_coupled_pair(found: Found) -> None:
    records = check_laws(SPACE, *found)
    assert all(record.slack + record.tolerance >= 0 for record in records)
    of_half = {record.law for record in records if record.half == "a"}
    assert {"distinct <= min(N, K)", "R + D >= NLL", "NLL >= H", "I_q <= R"} <= of_half
    assert {"I_p <= H(p)", "sum p = 1", "ln unseen is convex in N", "E[coverage] rises with N"} <= of_half
    of_pair = {record.law for record in records if record.half == "pair"}
    assert {"union >= a", "union <= a + b", "Jaccard similarity >= a + b - 1", "R + D >= H"} <= of_pair
    assert {"distinct <= min(N, K)", "Jaccard distance = 1 - similarity"} <= of_pair
    assert {"efficiency = coverage / ceiling", "value = mean of its repeats"} <= of_half


@pytest.mark.parametrize(
    ("quantity", "value", "law"),
    [
        ("rate", 0.5, "R + D >= NLL"),
        ("nll", 2.0, "NLL >= H"),
        ("code_information", 3.5, "I_q"),
        ("generative_information", 1.5, "I_p <= H"),
        ("entropy", 3.0, "H(p) <= H"),
        ("coupled/rho=0.1/rate", 0.5, "R + D >= H"),
        ("kl_from_uniform", 7.0, "KL(uniform || p) = NLL - H"),
        ("kl_from_uniform", -1.0, "KL(uniform || p) = NLL - H"),
        ("kl_to_uniform", 1.0, "KL(p || uniform) = H - H(p)"),
        ("expected_coverage/categorical/N=10", 0.99, "E[coverage](N) <= "),
        ("coverage/argmax/10", 0.01, "value = mean of its repeats"),
        ("coverage/categorical/40", 0.01, "value = mean of its repeats"),
        ("union/argmax/40", 0.1, "value = mean of its repeats"),
        ("efficiency/argmax/10", 2.5, "efficiency = coverage / ceiling"),
        ("efficiency/argmax/40", 0.1, "efficiency = coverage / ceiling"),
    ],
)
def test_a_figure_that_cannot_be_true_is_refused_with_its_law(
    found: Found, quantity: str, value: float, law: str
) -> None:
    refuses(found, quantity, law, lambda f: replace(f, value=value))


def test_distance_and_similarity_add_to_1(found: Found) -> None:
    def apart(figure: Figure) -> Figure:
        return replace(figure, value=0.9, samples=(0.9,) * len(figure.samples))

    refuses(found, "jaccard_distance/argmax", "Jaccard distance = 1 - similarity", apart)


@pytest.mark.parametrize("name", ["coverage_of_a", "coverage_of_b", "union"])
def test_the_pair_s_sets_hold_no_more_than_was_drawn(name: str) -> None:
    """Two and a half times what ten draws hold, and more than both sets together can."""
    space = OperationSpace(base=2, arity=3)
    drawn = Figure(
        quantity=f"{name}/argmax/10",
        half="pair",
        value=25 / 256,
        unit="fraction",
        direction="higher",
        ceiling=1.0,
        draws=10,
        samples=(25 / 256,),
    )
    with refused(LawViolation, "law_broken", "distinct <= min(N, K)"):
        check_laws(space, [drawn], [])
    within = replace(drawn, value=9 / 256, samples=(9 / 256,))
    assert {record.law for record in check_laws(space, [within], [])} >= {"distinct <= min(N, K)"}


@pytest.mark.parametrize(("name", "value"), [("union", 0.1), ("union", 1.5), ("jaccard_similarity", 0.0)])
def test_sets_that_cannot_have_that_overlap_are_refused_in_a_single_repeat(
    found: Found, name: str, value: float
) -> None:
    def changed(figure: Figure) -> Figure:
        samples = (*figure.samples[:-1], value)
        return replace(figure, samples=samples, value=sum(samples) / len(samples))

    refuses(found, f"{name}/argmax", "", changed)


def test_more_operations_than_draws_are_refused(found: Found) -> None:
    more = (11 / SPACE.size,)
    refuses(found, "coverage/argmax/10", "distinct", lambda f: replace(f, samples=more, repeats=1))


@pytest.mark.parametrize(
    ("name", "last", "law"),
    [("expected_coverage/categorical", 0.0, "coverage"), ("total_mass", 1.01, "sum p = 1")],
)
def test_a_curve_that_falls_and_mass_that_does_not_sum_to_1_are_refused(
    found: Found, name: str, last: float, law: str
) -> None:
    series = [replace(s, y=(*s.y[:-1], last)) if s.name == name else s for s in found[1]]
    with refused(LawViolation, "law_broken", law):
        check_laws(SPACE, found[0], series)
