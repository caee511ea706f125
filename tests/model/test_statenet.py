"""StateNet proposes corrections within [-1, 1] from what it observes, in a fixed order."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.statenet import CORRECTED, OBSERVED


def test_order_of_observations_and_corrections() -> None:
    entropies_and_rates = ("entropy_a", "entropy_b", "kl_a", "kl_b")
    assert (*entropies_and_rates, "gradient_ratio", "rho", "weight_a", "weight_b", "alignment") == OBSERVED
    assert CORRECTED == ("rate", "weight_a", "weight_b", "alignment")


@given(state=st.lists(st.floats(-1e4, 1e4), min_size=9, max_size=9), seed=st.integers(0, 100))
def test_corrections_stay_within_one(state: list[float], seed: int) -> None:
    net = DualVAE.initialised(Architecture(arity=1), torch.Generator().manual_seed(seed)).state_net
    corrections = net(torch.tensor([state]))
    assert corrections.shape == (1, 4)
    assert corrections.abs().max().item() <= 1.0


def test_every_observation_matters() -> None:
    net = DualVAE.initialised(Architecture(arity=1), torch.Generator().manual_seed(0)).state_net
    state = torch.randn(1, 9, generator=torch.Generator().manual_seed(1)).requires_grad_()
    net(state).sum().backward()
    assert state.grad is not None
    assert (state.grad.abs() > 0).all()
