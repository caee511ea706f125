"""Amortisation finds the posteriors that are best for a finished decoder, and changes encoders alone."""

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fluxttice_core.errors import TrainingError
from fluxttice_core.metrics.reach_frontier import code_of_symbol, reach_frontier
from fluxttice_core.model.decoder import Decoder
from fluxttice_core.model.dual_vae import VAE
from fluxttice_core.model.encoder import Encoder
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.training.amortisation import Thresholds, amortise_both, thresholds_of
from fluxttice_core.training.transport import Assignment, TransportTerm, thresholds
from tests.refusals import refused
from tests.training.small_runs import SmallRuns

SPACE = OperationSpace()
AXES = Assignment(torch.arange(9), torch.tensor([1.0, -1.0] * 4 + [1.0]))
LAST = {"epochs": 3, "batch_size": 8, "rate": {"kind": "constant", "value": 0.01}, "price": 20.0}


class Ordinal(Decoder):
    """A decoder whose logits rise along its axes and cross at the prior's tertiles."""

    def __init__(self, slope: float) -> None:
        super().__init__((3,) * 9)
        self.slope = slope

    def forward(self, z: Tensor) -> Tensor:
        """Logits: of the middle symbol 0, of the others linear."""
        along = self.slope * z[:, AXES.latents] * AXES.signs
        cut = self.slope * thresholds([3])[0]
        return torch.stack([cut[0] - along, torch.zeros_like(along), along - cut[1]], -1)


def half_of(slope: float) -> VAE:
    return VAE(SPACE, Encoder(9, None, (8,), 16), Ordinal(slope))


@pytest.mark.parametrize(("slope", "left_open"), [(47.81, 0.45), (107.64, 0.20)])
def test_a_decoder_is_as_steep_as_its_outputs_are_certain(slope: float, left_open: float) -> None:
    found = thresholds_of(half_of(slope), AXES, generator=torch.Generator().manual_seed(0))
    assert isinstance(found, Thresholds)
    assert found.slope == pytest.approx(slope, rel=0.05)
    assert found.cuts.tolist() == pytest.approx(np.array([[-0.4307, 0.4307]] * 9), abs=1e-4)
    assert reach_frontier(left_open / 9).least_cost() > 15


def test_a_decoder_that_is_certain_of_everything_still_has_a_slope() -> None:
    found = thresholds_of(half_of(1e9), AXES, generator=torch.Generator().manual_seed(0))
    assert math.isfinite(found.slope)


@pytest.mark.parametrize("symbol", [-1, 0, 1])
@pytest.mark.parametrize(("mean", "width"), [(1.18, 0.24), (0.0, 0.14), (0.6, 0.3), (-0.5, 0.5)])
def test_the_distortion_is_that_of_the_reach_frontiers_decoder(
    symbol: int, mean: float, width: float
) -> None:
    decoder = Thresholds(AXES, thresholds((3,) * 9), 47.81)
    mu = torch.zeros(1, 16)
    mu[:, AXES.latents] = mean * AXES.signs
    logvar = torch.full((1, 16), 2 * math.log(width))
    found = decoder.distortion(mu, logvar, torch.full((1, 9), symbol + 1)).item()
    assert found == pytest.approx(9 * code_of_symbol(47.81, symbol, mean, width)[1], rel=0.05, abs=1e-3)


def test_unread_latents_cost_nothing() -> None:
    decoder, classes = Thresholds(AXES, thresholds((3,) * 9), 47.81), torch.ones(1, 9, dtype=torch.int64)
    mu, logvar = torch.zeros(1, 16), torch.zeros(1, 16)
    moved = mu.clone()
    moved[:, 9:] = 7.0
    assert decoder.distortion(mu, logvar, classes) == decoder.distortion(moved, logvar, classes)


def test_the_best_posteriors_are_those_of_the_frontier() -> None:
    decoder = Thresholds(AXES, thresholds((3,) * 9), 47.81)
    mu, logvar = (torch.zeros(2, 16, dtype=torch.float64, requires_grad=True) for _ in range(2))
    classes = torch.tensor([[2] * 9, [1] * 9])
    descent = torch.optim.LBFGS([mu, logvar], max_iter=200, line_search_fn="strong_wolfe")

    def costs() -> Tensor:
        rate = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(1)
        return rate + 20 * decoder.distortion(mu, logvar, classes)

    def closure() -> float:
        descent.zero_grad()
        total = costs().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total.item()

    descent.step(closure)  # type: ignore[no-untyped-call]
    outer, middle = costs().tolist()
    assert (2 * outer + middle) / 3 == pytest.approx(reach_frontier().least_cost(), abs=0.1)


def trained(small: SmallRuns, changes: dict[str, Any]) -> dict[str, Tensor]:
    return small.train({"transport.amortisation": None} | changes).trainer.model_tensors()


def test_only_the_encoders_change(small: SmallRuns) -> None:
    before, after = trained(small, {}), trained(small, {"transport.amortisation": LAST})
    for name in before:
        assert torch.equal(before[name], after[name]) == (not name.startswith("encoder_")), name


def test_it_lowers_what_it_descends_and_repeats_itself(small: SmallRuns) -> None:
    outcome = small.train({"transport.amortisation": None})
    trainer, rows = outcome.trainer, outcome.trainer._train
    recipe = small.recipe({"transport.amortisation": LAST})
    costs, encoders = [], []
    for _ in range(2):
        model = copy.deepcopy(trainer.model)
        term = TransportTerm(recipe.transport, rows)
        term.restore(trainer.state_tensors())
        axes = term.assignments(model)[0]
        decoder = thresholds_of(model.vae_a, axes, generator=torch.Generator().manual_seed(0))
        for moment in ("before", "after"):
            if moment == "after":
                amortise_both(model, term, rows, recipe, seed=0)
            with torch.no_grad():
                mu, logvar = model.vae_a.encode_gaussian(rows.tables)
                rate = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(1)
                costs.append((rate + 20 * decoder.distortion(mu, logvar, rows.classes)).mean().item())
        encoders.append(torch.cat([p.flatten() for p in model.vae_a.encoder.parameters()]))
    assert costs[1] < 0.9 * costs[0]
    assert torch.equal(encoders[0], encoders[1])


def test_an_encoder_that_is_not_finite_is_refused(small: SmallRuns) -> None:
    outcome = small.train({"transport.amortisation": None})
    model = copy.deepcopy(outcome.trainer.model)
    with torch.no_grad():
        model.vae_b.encoder.fc_mu.bias.fill_(1e30)
    recipe = small.recipe({"transport.amortisation": LAST})
    term = TransportTerm(recipe.transport, outcome.trainer._train)
    term.restore(outcome.trainer.state_tensors())
    with refused(TrainingError, "loss_not_finite", "lower transport.amortisation.rate"):
        amortise_both(model, term, outcome.trainer._train, recipe, seed=0)


def test_a_recipe_without_it_is_written_as_before(small: SmallRuns) -> None:
    plain = small.recipe({"transport.amortisation": None})
    assert "amortisation" not in plain.model_dump_json()
    assert "amortisation" in small.recipe({"transport.amortisation": LAST}).model_dump_json()
