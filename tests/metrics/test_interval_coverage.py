"""Every sampled figure of a small network: its 95 % interval covers the truth as often as it says."""

from collections import Counter
from collections.abc import Iterator

import pytest
import torch

from fluxttice_core.metrics.codes import information_figures, rate_figures, reconstruction_figures
from fluxttice_core.metrics.distribution import mass_figures
from fluxttice_core.metrics.metric import Figure
from fluxttice_core.metrics.posterior import encode_rows
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.spaces.split import split

REPETITIONS = 400
ARCHITECTURE = Architecture(
    arity=1, latent_dim=3, encoder_widths=(8,), exploratory_widths=(8,), consolidating_width=8
)
FEW = MeasurementSettings(draws=(20, 60), mass_draws=4_096, posterior_repeats=8, aggregate_draws=256)
MANY = MeasurementSettings(
    draws=(20, 60), mass_draws=2**21, posterior_repeats=1_000, aggregate_draws=100_000, seed=999
)
CONSERVATIVE = {"total_variation", "argmax_total_variation", "table_accuracy/draw/validation"}
"""Their intervals cover more often than they say: bounds, and the share of two operations, cut to [0, 1]."""


def network() -> Autoencoder:
    """A network whose weights are stretched, so that its codes say something."""
    vae = DualVAE.initialised(ARCHITECTURE, torch.Generator().manual_seed(5)).eval().vae_a
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.mul_(3.0)
    return vae


def sampled(model: Autoencoder, settings: MeasurementSettings) -> Iterator[Figure]:
    known, posteriors = split(ARCHITECTURE.space), encode_rows(model)
    for found in (
        mass_figures(model, "a", settings, known),
        rate_figures(model, posteriors, "a", settings),
        information_figures(posteriors, "a", settings, ARCHITECTURE.space),
        reconstruction_figures(model, "a", settings, known),
    ):
        for item in found:
            if isinstance(item, Figure) and item.estimator == "monte_carlo":
                yield item


@pytest.mark.slow
def test_intervals_of_all_sampled_figures_cover_the_truth_as_often_as_they_say() -> None:
    model = network()
    truth = {figure.quantity: figure.value for figure in sampled(model, MANY)}
    covered: Counter[str] = Counter()
    for seed in range(REPETITIONS):
        for figure in sampled(model, FEW.model_copy(update={"seed": seed})):
            covered[figure.quantity] += figure.low <= truth[figure.quantity] <= figure.high
    shares = {quantity: covered[quantity] / REPETITIONS for quantity in truth}
    assert len(shares) > 15
    most = {quantity: 1.0 if quantity in CONSERVATIVE else 0.98 for quantity in shares}
    wrong = {quantity: share for quantity, share in shares.items() if not 0.92 <= share <= most[quantity]}
    assert wrong == {}
