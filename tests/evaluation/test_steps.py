"""What is measured of halves, in which order, with which weight."""

import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.controls import ConstantDecoder, QuantileLookup
from fluxttice_core.evaluation.steps import Halves, Step, pair_steps, run_steps, steps_of
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from tests.refusals import refused

SPACE = OperationSpace(base=3, arity=1)
SETTINGS = MeasurementSettings(draws=(10,), repeats=2)


def test_autoencoders_are_measured_in_all_their_parts() -> None:
    steps = steps_of({"b": QuantileLookup(SPACE), "a": QuantileLookup(SPACE)}, SETTINGS, None)
    each = {"reach of the prior": 4, "its distribution": 3, "reconstruction": 1, "codes": 2}
    assert [(step.label, step.weight) for step in steps] == [
        *((f"{half}: {label}", weight) for half in "ab" for label, weight in each.items()),
        *(("pair: union", 1), ("pair: agreement", 1), ("pair: coupled", 2)),
    ]


def test_decoders_of_different_latents_are_not_read_at_one_latent() -> None:
    halves = {"a": ConstantDecoder(SPACE, 2), "b": ConstantDecoder(SPACE, 3)}
    assert [step.label for step in steps_of(halves, SETTINGS, None)][-1] == "pair: union"  # type: ignore[arg-type]
    alike = {"a": ConstantDecoder(SPACE, 2), "b": ConstantDecoder(SPACE, 2)}
    assert [step.label for step in steps_of(alike, SETTINGS, None)][-1] == "pair: agreement"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "halves",
    [
        {},
        {"c": QuantileLookup(SPACE)},
        {"a": ConstantDecoder(SPACE), "b": ConstantDecoder(OperationSpace(base=2, arity=1))},
    ],
)
@pytest.mark.usefixtures("unchecked_types")
def test_halves_that_cannot_be_measured_are_refused_with_what_to_give(halves: Halves) -> None:
    with refused(MeasurementError, "contradictory", "give one or two halves of the same space"):
        steps_of(halves, SETTINGS, None)


def test_progress_names_what_comes_next_and_the_share_of_the_weight_that_is_done() -> None:
    seen: list[tuple[str, float]] = []
    steps = [Step("one", 1, lambda: iter(())), Step("two", 3, lambda: iter(()))]
    assert list(run_steps(steps, device="cpu", progress=lambda *at: seen.append(at))) == [(), ()]
    assert seen == [("one", 0.0), ("two", 0.25), ("done", 1.0)]


def test_a_pair_needs_both_encoders_for_its_codes() -> None:
    oracle = QuantileLookup(OperationSpace(base=2))
    both = len(list(pair_steps(oracle, oracle, MeasurementSettings(), None, 0.0)))
    alone = ConstantDecoder(OperationSpace(base=2), latent_dim=4)
    for first, second in ((alone, oracle), (oracle, alone)):
        assert len(list(pair_steps(first, second, MeasurementSettings(), None, 0.0))) == both - 1


def test_the_pair_is_uncoupled_unless_told_otherwise() -> None:
    oracle = QuantileLookup(OperationSpace(base=2))
    settings = MeasurementSettings(draws=(10,), repeats=2, mass_draws=1024, aggregate_draws=16)
    steps = steps_of({"a": oracle, "b": oracle}, settings, None)
    found = run_steps(steps, device="cpu")
    coupled = {item.quantity for part in found for item in part if isinstance(item, Figure)}
    assert any(quantity.startswith("coupled/rho=0/") for quantity in coupled)
