"""The controls are measured as the model is, all of them, and score what is known of them."""

import dataclasses
import math
from functools import partial

import pytest

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation import reference
from fluxttice_core.evaluation.benchmark import untrained_halves
from fluxttice_core.evaluation.caveats import DESCRIPTIONS
from fluxttice_core.evaluation.control_scores import Control, beside_controls
from fluxttice_core.evaluation.controls import QuantileLookup, TargetLookup
from fluxttice_core.evaluation.reference import measured_controls
from fluxttice_core.evaluation.steps import Halves, Step, run_steps, steps_of
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.settings import ControlName, MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.space_name import space_of
from fluxttice_core.spaces.split import split
from fluxttice_core.spaces.target import Target
from tests.measuring import by_quantity, exact
from tests.refusals import refused

ARCHITECTURE = Architecture(
    arity=1, latent_dim=4, encoder_widths=(8,), exploratory_widths=(8,), consolidating_width=8
)
SPACE = ARCHITECTURE.space
SETTINGS = MeasurementSettings(
    draws=(30, 90),
    repeats=3,
    long_repeats=2,
    mass_draws=2048,
    posterior_repeats=2,
    aggregate_draws=32,
    control_repeats=6,
    control_mass_draws=2048,
    control_aggregate_draws=16,
)


untrained = partial(untrained_halves, ARCHITECTURE)


@pytest.fixture(scope="module")
def controls() -> tuple[Control, ...]:
    return measured_controls(SPACE, untrained, SETTINGS, split(SPACE), 0.1)


def named(controls: tuple[Control, ...], name: ControlName) -> Control:
    (control,) = (control for control in controls if control.name == name)
    return control


def score(controls: tuple[Control, ...], name: ControlName, quantity: str) -> float:
    return named(controls, name).scores(quantity, "a")[0].value


def test_every_control_is_there_with_its_runs(controls: tuple[Control, ...]) -> None:
    assert [control.name for control in controls] == list(DESCRIPTIONS)
    assert [len(control.runs) for control in controls] == [1, 5, 1, 1, 1]


H = SPACE.log_size


@pytest.mark.parametrize(
    ("name", "quantity", "value", "error"),
    [
        ("uniform_sampler", "generative_information", 0, 1e-6),
        ("uniform_sampler", "nll", H, 1e-5),
        ("uniform_sampler", "efficiency/argmax/30", 1, 0.15),
        ("oracle", "generative_information", 1, 0.01),
        ("oracle", "nll", H, 0.03),
        ("oracle", "table_accuracy/mean/held_out", 1, 0),
        ("half_support", "nll", math.inf, 0),
        ("constant_decoder", "coverage/argmax/90", 1 / 27, 1e-9),
        ("constant_decoder", "code_information", 0, 1e-6),
    ],
)
def test_controls_score_what_is_known_of_them(
    controls: tuple[Control, ...], name: ControlName, quantity: str, value: float, error: float
) -> None:
    assert score(controls, name, quantity) == pytest.approx(value, abs=error)


def test_half_support_reaches_half(controls: tuple[Control, ...]) -> None:
    assert score(controls, "half_support", "coverage/argmax/90") <= 14 / 27
    half_support = named(controls, "half_support")
    assert half_support.scores("union/argmax/90", "pair")[0].value <= 14 / 27


def test_untrained_networks_are_measured_in_both_halves_and_differ(controls: tuple[Control, ...]) -> None:
    control = named(controls, "untrained")
    for half in ("a", "b"):
        assert len({s.value for s in control.scores("generative_information", half)}) == 5
    assert len(control.scores("union/argmax/90", "pair")) == 5


def test_every_figure_of_a_model_has_a_floor(controls: tuple[Control, ...]) -> None:
    parts = run_steps(steps_of(untrained(9), SETTINGS, split(SPACE), 0.1), device="cpu")
    figures = [item for part in parts for item in part if isinstance(item, Figure)]
    metrics = beside_controls(figures, controls)
    assert len(metrics) == len(figures)
    assert all(metric.floor.seeds == 5 for metric in metrics)


def test_every_missing_control_is_named(controls: tuple[Control, ...]) -> None:
    with refused(MeasurementError, "not_measured", "these are missing: constant_decoder, oracle"):
        beside_controls([], [c for c in controls if c.name not in ("oracle", "constant_decoder")])


def test_a_figure_without_a_floor_is_refused(controls: tuple[Control, ...]) -> None:
    with pytest.raises(MeasurementError, match="novelty has no floor"):
        beside_controls([exact(1.0, quantity="novelty")], controls)


def test_too_few_untrained_networks_are_no_floor(controls: tuple[Control, ...]) -> None:
    four = dataclasses.replace(named(controls, "untrained"), runs=named(controls, "untrained").runs[:4])
    fewer = [four if control.name == "untrained" else control for control in controls]
    with pytest.raises(MeasurementError, match="at least 5"):
        beside_controls([exact(1.0, quantity="rate")], fewer)


def test_a_control_has_one_half_for_both(controls: tuple[Control, ...]) -> None:
    oracle = named(controls, "oracle")
    assert oracle.scores("rate", "b") == oracle.scores("rate", "a")
    assert oracle.scores("rate", "pair") == ()


def test_what_is_measured_next_is_named() -> None:
    plan = reference._plan(SPACE, untrained, SETTINGS, None, 0.0)
    named = [(name, step.label) for name, _, step in plan]
    assert list(dict.fromkeys(named)) == [
        ("uniform_sampler", "uniform sampler"),
        *(("untrained", f"untrained network {n}") for n in range(1, 6)),
        ("constant_decoder", "constant decoder"),
        ("half_support", "half support"),
        ("oracle", "oracle"),
    ]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What each model would be measured with: its type, draws behind p(x), and rho; nothing is measured."""
    seen: list[tuple[object, ...]] = []

    def noted(
        halves: Halves, settings: MeasurementSettings, split: object, rho: float = 0.0, target: object = None
    ) -> list[Step]:
        seen.append((type(halves["a"]), settings.mass_draws, rho))
        return []

    monkeypatch.setattr(reference, "steps_of", noted)
    monkeypatch.setattr(reference, "pair_steps", lambda *_: ())
    return seen


def test_the_oracle_alone_is_drawn_from_until_each_operation_is_resolved(
    planned: list[tuple[object, ...]],
) -> None:
    list(reference._plan(OperationSpace(), untrained, SETTINGS, None, 0.0))
    draws = {kind: mass_draws for kind, mass_draws, _ in planned}
    assert draws.pop(QuantileLookup) == 24 * 19_683
    assert len(draws) == 3
    assert set(draws.values()) == {SETTINGS.control_mass_draws}
    assert reference._resolving(SETTINGS, SPACE, None).mass_draws == SETTINGS.mass_draws


def test_nothing_is_injected_unless_told_and_the_work_on_controls_is_watched(
    planned: list[tuple[object, ...]],
) -> None:
    seen: list[tuple[str, float]] = []
    measured_controls(SPACE, untrained, SETTINGS, None, progress=lambda *now: seen.append(now))
    assert {rho for _, _, rho in planned} == {0.0}
    assert seen == [("uniform sampler", 0.0), ("done", 1.0)]


def test_the_oracle_alone_is_drawn_from_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[OperationSpace] = []

    def noted(settings: MeasurementSettings, space: OperationSpace, target: None) -> MeasurementSettings:
        asked.append(space)
        return settings.model_copy(update={"mass_draws": 16_384})

    monkeypatch.setattr(reference, "_resolving", noted)
    plan = list(reference._plan(SPACE, untrained, SETTINGS, None, 0.0))
    assert asked == [SPACE]
    for name, draws in (("oracle", 16_384), ("half_support", SETTINGS.control_mass_draws)):
        steps = [step for control, _, step in plan if control == name]
        assert by_quantity(item for step in steps for item in step.work())["nll"].draws == draws


TARGET = Target.of(SPACE, range(0, 27, 2), [float(x) for x in range(1, 15)])


@pytest.fixture(scope="module")
def beside_target() -> tuple[Control, ...]:
    return measured_controls(SPACE, untrained, SETTINGS, None, 0.1, target=TARGET)


@pytest.mark.parametrize(
    ("name", "quantity", "value", "error"),
    [
        ("oracle", "mass_outside", 0, 0),
        ("oracle", "argmax_mass_outside", 0, 0),
        ("oracle", "efficiency/argmax/30", 1, 0.12),
        ("oracle", "generative_information", 1, 0.02),
        ("oracle", "kl_from_target", 0, 0.02),
        ("oracle", "table_accuracy/mean/all", 1, 0),
        ("uniform_sampler", "mass_outside", 13 / 27, 1e-5),
        ("uniform_sampler", "kl_to_target", math.inf, 0),
        ("uniform_sampler", "kl_from_target", math.log(27) - TARGET.entropy, 1e-4),
        ("uniform_sampler", "generative_information", 0, 1e-6),
        ("constant_decoder", "mass_outside", 13 / 27, 1e-5),
        ("constant_decoder", "coverage/argmax/90", 1 / 14, 1e-9),
        ("constant_decoder", "code_information", 0, 1e-6),
        ("half_support", "mass_outside", 0, 0),
        ("half_support", "nll", math.inf, 0),
        ("half_support", "coverage/argmax/90", 1 / 2, 0.05),
    ],
)
def test_controls_beside_a_target_score_what_is_known_of_them(
    beside_target: tuple[Control, ...], name: ControlName, quantity: str, value: float, error: float
) -> None:
    assert score(beside_target, name, quantity) == pytest.approx(value, abs=error)


def test_untrained_networks_are_no_generators_of_a_target(beside_target: tuple[Control, ...]) -> None:
    control = named(beside_target, "untrained")
    assert min(found.low for found in control.scores("mass_outside", "a")) > 0.1
    assert min(found.low for found in control.scores("kl_from_target", "a")) > 0.1


def test_a_sampler_of_all_elements_is_told_from_the_oracle_of_a_part(
    beside_target: tuple[Control, ...],
) -> None:
    steps = steps_of({"a": TargetLookup(TARGET)}, SETTINGS, None, target=TARGET)
    figures = [item for part in run_steps(steps, device="cpu") for item in part if isinstance(item, Figure)]
    metrics = {metric.quantity: metric for metric in beside_controls(figures, beside_target)}
    for name in ("mass_outside", "argmax_mass_outside", "kl_from_target", "total_variation_to_target"):
        assert "uniform_sampler" not in metrics[name].blind_to
        assert "untrained" not in metrics[name].blind_to
    assert "half_support" not in metrics["kl_from_target"].blind_to
    assert "half_support" in metrics["mass_outside"].blind_to
    assert "constant_decoder" not in metrics["generative_information"].blind_to


def test_draws_to_resolve_a_target_are_bounded() -> None:
    """By the work in large spaces, and in small ones by what any whole space asks for: not 40 billion."""
    large = space_of("dna:10")
    of_large = Target.of(large, [0, 1], [1.0, 1e-12])
    assert reference._resolving(SETTINGS, large, of_large).mass_draws == 2**20
    rare = Target.of(SPACE, [0, 1], [1.0, 1e-12])
    assert reference._resolving(SETTINGS, SPACE, rare).mass_draws == 2**23
    assert reference._resolving(SETTINGS, SPACE, TARGET).mass_draws == 24 * 105
