"""The headline figures are those that a full report shows, of the same draws."""

from collections.abc import Iterator

import pytest
import torch

from fluxttice_core.evaluation import headline
from fluxttice_core.evaluation.headline import HELD_OUT, headline_figures
from fluxttice_core.evaluation.steps import run_steps, steps_of
from fluxttice_core.metrics.coverage import Source, coverage_figures
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.settings import Half, MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.spaces.split import split
from tests.measuring import by_quantity

SETTINGS = MeasurementSettings(
    draws=(200,), repeats=3, rules=("argmax",), mass_draws=1024, posterior_repeats=2, aggregate_draws=16
)


@pytest.fixture(scope="module")
def model() -> DualVAE:
    return DualVAE.initialised(Architecture(arity=1), torch.Generator().manual_seed(0)).eval()


def test_they_are_what_a_full_report_shows(model: DualVAE) -> None:
    parts = split(model.space, 42)
    found = by_quantity(headline_figures(model.vae_b, "b", SETTINGS, parts))
    assert list(found) == [
        *("efficiency/argmax/200", "argmax_divergence", "generative_information"),
        *("rate", "distortion", "frontier_distance", "rate_above_frontier", "lagrangian_gap"),
        *(HELD_OUT, "table_accuracy/draw/held_out"),
    ]
    steps = steps_of({"b": model.vae_b}, SETTINGS, parts)
    report = by_quantity(figure for step in run_steps(steps, device="cpu") for figure in step)
    for quantity, figure in found.items():
        assert figure == report[quantity]


def test_of_binary_operations_no_frontier_is_known() -> None:
    binary = DualVAE.initialised(Architecture(base=2, arity=2), torch.Generator().manual_seed(0)).eval()
    found = by_quantity(headline_figures(binary.vae_a, "a", SETTINGS, split(binary.space, 42)))
    assert "rate" in found
    assert "frontier_distance" not in found


def test_nothing_is_drawn_but_the_headline_budget_by_argmax(
    model: DualVAE, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def watched(source: Source, half: Half, settings: MeasurementSettings) -> Iterator[Figure]:
        drawn.append((settings.draws, settings.rules))
        return coverage_figures(source, half, settings)

    monkeypatch.setattr(headline, "coverage_figures", watched)
    settings = SETTINGS.model_copy(update={"draws": (100, 200), "rules": ("categorical", "argmax")})
    assert next(headline_figures(model.vae_a, "a", settings, split(model.space, 42))).draws == 200
    assert drawn == [((200,), ("argmax",))]
