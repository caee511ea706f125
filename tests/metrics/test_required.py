"""The figures that a whole report holds are those that measuring yields, whatever the settings."""

import pytest

from fluxttice_core.evaluation.controls import QuantileLookup
from fluxttice_core.evaluation.steps import Halves, run_steps, steps_of
from fluxttice_core.metrics.choices import DecodeRule
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.required import required_figures
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.spaces.split import split


@pytest.mark.parametrize("base", [2, 3])
@pytest.mark.parametrize("split_known", [True, False])
@pytest.mark.parametrize(
    ("draws", "rules", "rho"),
    [((50,), ("argmax",), 0.0), ((20, 70, 90), ("argmax", "categorical", "expectation"), 0.3)],
)
def test_what_is_required_is_what_is_measured(
    base: int, split_known: bool, draws: tuple[int, ...], rules: tuple[DecodeRule, ...], rho: float
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
    space = OperationSpace(base, 1) if base == 3 else OperationSpace(base, 2)
    halves: Halves = {"a": QuantileLookup(space), "b": QuantileLookup(space)}
    known = split(space) if split_known else None
    parts = run_steps(steps_of(halves, settings, known, rho), device="cpu")
    found = [(item.quantity, item.half) for part in parts for item in part if isinstance(item, Figure)]
    assert len(found) == len(set(found))
    assert set(found) == required_figures(settings, base=base, split_known=split_known, rho=rho)
