"""The gates let the oracle through, and no other control."""

from collections.abc import Iterator

import pytest
import torch

from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.controls import (
    DeltaDecoder,
    HalfSupportLookup,
    QuantileLookup,
    ShuffledLabels,
    UniformSampler,
)
from fluxttice_core.evaluation.gates import (
    ACCEPTANCE,
    Gate,
    GateResult,
    accepted,
    apply_gates,
    on_all_operations,
)
from fluxttice_core.evaluation.reference import BlankCode
from fluxttice_core.metrics.codes import reconstruction_figures
from fluxttice_core.metrics.coverage import Source, coverage_figures
from fluxttice_core.metrics.distribution import mass_figures
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.protocols import Autoencoder, Decodable
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.network_shape import Scheme
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split

SPACE = OperationSpace()
SETTINGS = MeasurementSettings(
    draws=(50_000,), repeats=2, rules=("argmax",), mass_draws=2**13, posterior_repeats=2
)


def gate_figures(source: Source) -> Iterator[Figure]:
    yield from coverage_figures(source, "a", SETTINGS)
    if isinstance(source, Decodable):
        for item in mass_figures(source, "a", SETTINGS, None):
            if isinstance(item, Figure):
                yield item
    if isinstance(source, Autoencoder):
        yield from reconstruction_figures(source, "a", SETTINGS, split(SPACE))


def passes(source: Source) -> bool:
    return accepted(apply_gates(gate_figures(source), ["a"]))


def test_the_oracle_passes() -> None:
    assert passes(QuantileLookup(SPACE))


def misled_oracle() -> ShuffledLabels:
    permutation = torch.randperm(SPACE.size, generator=torch.Generator().manual_seed(0))
    return ShuffledLabels(QuantileLookup(SPACE), permutation)


@pytest.mark.parametrize(
    "source",
    [
        UniformSampler(SPACE),
        BlankCode(SPACE),
        DeltaDecoder(SPACE, 5),
        HalfSupportLookup(SPACE),
        misled_oracle(),
    ],
    ids=lambda source: type(source).__name__,
)
def test_every_other_control_fails(source: Source) -> None:
    assert not passes(source)


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
