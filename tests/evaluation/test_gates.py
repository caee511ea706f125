"""The gates let the oracle through, and no other control."""

import math
from collections.abc import Iterator

import pytest
import torch

from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.controls import (
    DeltaDecoder,
    HalfSupportLookup,
    QuantileLookup,
    ShuffledLabels,
    TargetLookup,
    UniformSampler,
)
from fluxttice_core.evaluation.gates import (
    ACCEPTANCE,
    Gate,
    GateResult,
    accepted,
    apply_gates,
    gates_of,
    judged,
    on_all_operations,
    untold,
)
from fluxttice_core.evaluation.reference import BlankCode
from fluxttice_core.metrics.codes import reconstruction_figures
from fluxttice_core.metrics.coverage import Source, coverage_figures
from fluxttice_core.metrics.distribution import mass_figures
from fluxttice_core.metrics.metric import Figure, Score
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.settings import Half, MeasurementSettings, settings_for
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.network_shape import Scheme
from fluxttice_core.spaces.conventions import part_sizes
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.uniform_moments import expected_share, uniform_moments
from tests.measuring import generator

SPACE = OperationSpace()
SETTINGS = MeasurementSettings(
    draws=(50_000,), repeats=2, rules=("argmax",), mass_draws=2**13, posterior_repeats=2
)


def gate_figures(
    source: Source, settings: MeasurementSettings = SETTINGS, target: Target | None = None
) -> Iterator[Figure]:
    yield from coverage_figures(source, "a", settings, target)
    if isinstance(source, Decodable):
        mass = mass_figures(source, "a", settings, None, target)
        yield from (item for item in mass if isinstance(item, Figure))
    if isinstance(source, Autoencoder) and target is None:
        yield from reconstruction_figures(source, "a", settings, split(source.space))


KL = "argmax_kl_to_target_within"


@pytest.mark.parametrize(
    "source",
    [
        QuantileLookup(SPACE),
        UniformSampler(SPACE),
        BlankCode(SPACE),
        DeltaDecoder(SPACE, 5),
        HalfSupportLookup(SPACE),
        ShuffledLabels(QuantileLookup(SPACE), torch.randperm(SPACE.size, generator=generator())),
    ],
    ids=lambda source: type(source).__name__,
)
def test_the_oracle_passes_and_no_other_control(source: Source) -> None:
    assert accepted(apply_gates(gate_figures(source), ["a"])) is (type(source) is QuantileLookup)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scheme", ["independent", "mirrored"])
def test_untrained_networks_fail(seed: int, scheme: Scheme) -> None:
    half = untrained_halves(Architecture(), seed, scheme)["b" if seed % 2 else "a"]
    results = apply_gates(gate_figures(half), ["a"])
    assert not accepted(results)
    assert not any(result.passed for result in results)


def test_a_code_that_is_perfect_but_for_one_table_fails() -> None:
    gate = next(gate for gate in ACCEPTANCE if gate.quantity == "table_accuracy/mean/held_out")
    assert gate.admits(1.0)
    assert not gate.admits(1968 / 1969)


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [(">", False, False, True), (">=", False, True, True), ("==", False, True, False)],
)
def test_thresholds(comparison: str, below: bool, at: bool, above: bool) -> None:
    gate = Gate("gate", "G", comparison, 0.5)  # type: ignore[arg-type]
    assert [gate.admits(value) for value in (0.4, 0.5, 0.6)] == [below, at, above]


def test_what_was_not_measured_does_not_pass() -> None:
    assert not any(result.passed for result in apply_gates([], ["a", "b"]))
    assert not accepted([])
    assert not GateResult(ACCEPTANCE[0], "a", None).passed


def test_one_half_cannot_pass_for_both() -> None:
    figures = list(gate_figures(QuantileLookup(SPACE)))
    assert not accepted(apply_gates(figures, ["a", "b"]))


def test_gates_on_all_operations_ask_the_same_of_the_other_accuracy() -> None:
    held_out, reach = ACCEPTANCE[0], ACCEPTANCE[3]
    found = on_all_operations((held_out, reach))
    assert found == (
        Gate(
            "trits come back from the mean", "trit_accuracy/mean/all", held_out.comparison, held_out.threshold
        ),
        reach,
    )


def spaces_of(sizes: range) -> Iterator[ProductSpace]:
    """A space of words for every size that has one, whose factors are sizes of alphabets."""
    glyphs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwyz!#$"
    for size in sizes:
        rest, factors = size, []
        for factor in range(2, size + 1):
            while rest % factor == 0:
                rest //= factor
                factors.append(factor)
        if max(factors) <= len(glyphs):
            yield space_of("x".join(f"{glyphs[:factor]}^1" for factor in factors))


def scores(size: int, budget: int, *, reached: int, information: float, exact: float) -> dict[str, float]:
    """What a generator of so many elements, each as likely, is expected to show."""
    seen = reached / size * expected_share(reached, budget)
    accuracies = {f"{kind}/mean/{part}": exact for kind in KINDS for part in ("train", "held_out")}
    return {
        f"coverage/argmax/{budget}": seen,
        f"efficiency/argmax/{budget}": seen / expected_share(size, budget),
        "generative_information": information,
        **accuracies,
    }


KINDS = ("table_accuracy", "trit_accuracy")


def test_in_every_small_space_the_gates_let_a_perfect_generator_through_and_no_control() -> None:
    spaces = list(spaces_of(range(4, 301)))
    assert len(spaces) > 200
    for space in spaces:
        size, settings = space.size, settings_for(space)
        gates = gates_of(space, settings, part_sizes(size)[2])
        budget = settings.headline
        assert {gate.quantity.rpartition("/")[2] for gate in gates[2:4]} == {str(budget)}
        half = (size + 1) // 2
        halved = math.log(half) / math.log(size)
        for control, passes in (
            (scores(size, budget, reached=size, information=1.0, exact=1.0), True),
            # Even a constant decoder that is granted every held-out row, and half of the space with all rows.
            (scores(size, budget, reached=1, information=0.0, exact=1.0), False),
            (scores(size, budget, reached=half, information=halved, exact=1.0), False),
            (scores(size, budget, reached=size, information=0.0, exact=1.0), False),
            (scores(size, budget, reached=size, information=1.0, exact=1 - 1 / size), False),
        ):
            assert all(gate.admits(control[gate.quantity]) for gate in gates) is passes, (size, control)
        # A perfect generator is let through although its efficiency is that of draws.
        deviation = math.sqrt(uniform_moments(size, budget).variance / settings.repeats)
        assert 0.02 / (deviation / (size * expected_share(size, budget))) > 4.5


def test_too_few_repeats_would_turn_perfect_generators_away() -> None:
    budget, size = 48, 16
    deviation = math.sqrt(uniform_moments(size, budget).variance / MeasurementSettings().repeats)
    assert 0.02 / (deviation / (size * expected_share(size, budget))) < 2


def test_rows_that_a_guess_returns_are_not_asked_for() -> None:
    few, enough = space_of("bits:3"), space_of("dna:2")
    for space, part in ((few, "train"), (enough, "held_out")):
        gates = gates_of(space, settings_for(space), part_sizes(space.size)[2])
        assert [gate.quantity for gate in gates[:2]] == [
            f"{kind}/mean/{part}" for kind in ("trit_accuracy", "table_accuracy")
        ]
    assert (
        gates_of(few, settings_for(few), 2)[1].name == "training rows of bits come back whole from the mean"
    )


@pytest.mark.parametrize("name", ["boolean:1", "dna:2"])
@pytest.mark.parametrize("scheme", ["independent", "mirrored"])
def test_untrained_networks_of_the_smallest_spaces_fail(name: str, scheme: Scheme) -> None:
    space = space_of(name)
    settings = settings_for(space).model_copy(update={"rules": ("argmax",)})
    gates = gates_of(space, settings, len(split(space).held_out))
    for seed in range(3):
        half = untrained_halves(Architecture.model_validate({"space": name}), seed, scheme)["a"]
        assert isinstance(half, Autoencoder)
        assert not accepted(apply_gates(gate_figures(half, settings), ["a"], gates))


def test_so_few_draws_that_any_generator_would_pass_tell_nothing_of_a_target() -> None:
    settings, figures = MeasurementSettings(draws=(48,), mass_draws=1_024), ("efficiency/argmax/48", KL)
    assert untold(settings, None) == frozenset()
    assert untold(settings, 30) == frozenset()
    assert untold(settings, 31) == {"efficiency/argmax/48"}
    assert untold(settings, 103) == set(figures)
    gates = [Gate("", figures[0], ">=", 0.98), Gate("", KL, "<=", 0.05)]
    perfect: dict[tuple[str, Half], float] = {
        (figure, "a"): value for figure, value in zip(figures, (1.0, 0.0), strict=True)
    }
    assert accepted(judged(perfect, ("a",), gates))
    refused = judged(perfect, ("a",), gates, untold(settings, 103))
    assert [result.value for result in refused] == [None, None]
    assert not accepted(refused)


def test_the_home_space_keeps_its_gates() -> None:
    assert gates_of(SPACE, MeasurementSettings(draws=(7, 9)), 1) is ACCEPTANCE


def test_beside_a_target_g_is_not_told_where_mass_lies_outside_of_the_support() -> None:
    space = space_of("dna:4")
    gates = gates_of(space, settings_for(space), 20, has_target=True)
    assert [gate.quantity for gate in gates][-3:-1] == ["generative_information", "argmax_mass_outside"]

    def told(outside: float) -> list[bool]:
        figures = [Score("generative_information", "a", 1.3, 1.3, 1.3)]
        figures.append(Score("argmax_mass_outside", "a", outside, outside, outside))
        return [result.passed for result in apply_gates(figures, ["a"], gates[-3:-1])]

    assert told(0.05) == [True, True]
    assert told(0.06) == [False, False]


@pytest.mark.parametrize(
    ("weights", "missed"),
    [
        ([1.0, 2.0, 3.0, 4.0], []),
        # Of all rows alike more are seen than a perfect generator of the target shows.
        ([1.0, 1.0, 1.0, 1.0], ["argmax_kl_to_target_within"]),
        ([4.0, 3.0, 2.0, 1.0], ["argmax_kl_to_target_within"]),
    ],
)
def test_a_generator_of_the_rows_with_other_weights_is_refused_by_one_gate(
    weights: list[float], missed: list[str]
) -> None:
    space = space_of("dna:3")
    of = Target.of(space, range(0, 40, 2), [float(1 + n % 4) for n in range(20)])
    lookup = TargetLookup(Target.of(space, of.rows, [weights[n % 4] for n in range(20)]))
    settings = settings_for(space).model_copy(update={"rules": ("argmax",)})
    asked = gates_of(space, settings, 20, has_target=True)
    gates = [gate for gate in asked if "accuracy" not in gate.quantity]
    results = apply_gates(gate_figures(lookup, settings, of), ["a"], gates)
    assert [result.gate.quantity for result in results if not result.passed] == missed
