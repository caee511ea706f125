"""The transport map: which latent stands for which entry, where cells lie, and draws next to their edges."""

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from torch import Tensor

from fluxttice_core.errors import SettingsError, TrainingError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.spaces.operation_space import OperationSpace
from fluxttice_core.training.dataset import Rows, rows_of
from fluxttice_core.training.recipe_settings import TransportSettings
from fluxttice_core.training.schedules import Constant
from fluxttice_core.training.transport import (
    Assignment,
    Targets,
    TransportTerm,
    assign,
    focused_draws,
    quantile_cells,
    thresholds,
)
from tests.refusals import refused


def tables(rows: int = 200, cells: int = 3) -> Tensor:
    return torch.randint(-1, 2, (rows, cells), generator=torch.Generator().manual_seed(0)).float()


# --- the assignment ------------------------------------------------------------------------------


def test_hidden_axes_and_signs_are_found() -> None:
    x = tables()
    noise = torch.randn(200, 5, generator=torch.Generator().manual_seed(1))
    mu = 0.3 * noise
    for entry, (latent, sign) in enumerate([(4, 1), (0, -1), (2, 1)]):
        mu[:, latent] += sign * 2.0 * x[:, entry]
    found = assign(mu, x)
    assert found.latents.tolist() == [4, 0, 2]
    assert found.signs.tolist() == [1.0, -1.0, 1.0]


@given(seed=st.integers(0, 1000))
def test_the_assignment_is_the_best_of_all(seed: int) -> None:
    x, mu = tables(40), torch.randn(40, 4, generator=torch.Generator().manual_seed(seed))
    strength = np.abs(np.corrcoef(x.T.numpy(), mu.T.numpy())[:3, 3:])
    found = assign(mu, x).latents.tolist()
    assert len(set(found)) == 3
    best = max(sum(strength[entry, p[entry]] for entry in range(3)) for p in permutations(range(4), 3))
    assert sum(strength[entry, found[entry]] for entry in range(3)) == pytest.approx(best, abs=1e-5)


def test_silent_latents_and_constant_entries_make_no_nan() -> None:
    x = tables()
    x[:, 1] = 1.0
    mu = torch.cat([x[:, :1], torch.zeros(200, 3)], 1)
    found = assign(mu, x)
    assert found.latents[0].item() == 0
    assert len(set(found.latents.tolist())) == 3
    assert set(found.signs.tolist()) <= {1.0, -1.0}


def test_fewer_latents_than_entries_are_refused() -> None:
    with refused(SettingsError, "out_of_range", "2 latents are too few for 3 entries"):
        assign(torch.zeros(10, 2), tables(10))


# --- cells ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", [2, 3, 4])
def test_thresholds_cut_the_prior_into_equal_parts(base: int) -> None:
    cuts = thresholds([base])[0].double().numpy()
    np.testing.assert_allclose(np.diff(norm.cdf([-np.inf, *cuts, np.inf])), 1 / base, atol=1e-7)
    thresholds([base]).fill_(0.0)  # what is handed out is the caller's own
    np.testing.assert_allclose(thresholds([base])[0].double().numpy(), cuts)


@pytest.mark.parametrize("bases", [(2, 2), (3, 3), (4, 4), (20, 20), (2, 5), (7, 3)])
def test_the_map_reaches_every_element_equally(bases: tuple[int, int]) -> None:
    assignment = Assignment(torch.tensor([2, 0]), torch.tensor([-1.0, 1.0]))
    z = torch.randn(60_000, 3, generator=torch.Generator().manual_seed(0))
    cells = quantile_cells(z, assignment, bases=bases)
    size = bases[0] * bases[1]
    counts = torch.bincount(cells[:, 0] * bases[1] + cells[:, 1], minlength=size).double()
    expected = 60_000 / size
    assert len(counts) == size
    assert ((counts - expected).abs() < 5 * expected**0.5).all()


@given(low=st.floats(-4, 4), high=st.floats(-4, 4), sign=st.sampled_from([-1.0, 1.0]))
def test_the_map_is_monotone_along_its_sign(low: float, high: float, sign: float) -> None:
    z = torch.tensor([[min(low, high)], [max(low, high)]])
    cells = quantile_cells(z, Assignment(torch.tensor([0]), torch.tensor([sign])), bases=[3])
    assert sign * (cells[1, 0] - cells[0, 0]).item() >= 0


# --- draws ---------------------------------------------------------------------------------------

ASSIGNMENT = Assignment(torch.tensor([3, 1]), torch.tensor([1.0, -1.0]))


def draws(focus: float, width: float = 0.1, n: int = 40_000) -> Tensor:
    return focused_draws(
        n, 4, ASSIGNMENT, bases=(3, 3), focus=focus, width=width, generator=torch.Generator().manual_seed(0)
    )


def test_without_focus_draws_are_the_prior() -> None:
    assert torch.equal(draws(0.0), torch.randn(40_000, 4, generator=torch.Generator().manual_seed(0)))


def test_focus_moves_its_share_of_the_assigned_coordinates_only() -> None:
    prior, moved = draws(0.0), draws(0.3)
    assert torch.equal(prior[:, [0, 2]], moved[:, [0, 2]])
    for latent in (1, 3):
        share = (prior[:, latent] != moved[:, latent]).float().mean().item()
        assert share == pytest.approx(0.3, abs=5 * (0.3 * 0.7 / 40_000) ** 0.5)


def test_focused_coordinates_lie_around_both_thresholds() -> None:
    near = draws(1.0)[:, [1, 3]].flatten()
    cut = thresholds([3])[0, 1].item()
    distance = torch.minimum((near - cut).abs(), (near + cut).abs())
    assert (distance < 0.45).all()
    assert (near > 0).float().mean().item() == pytest.approx(0.5, abs=0.01)
    assert near.abs().sub(cut).std().item() == pytest.approx(0.1, rel=0.03)


def test_focus_finds_the_thresholds_of_alphabets_of_different_sizes() -> None:
    z = focused_draws(
        30_000, 4, ASSIGNMENT, bases=(2, 5), focus=1.0, width=1e-6, generator=torch.Generator().manual_seed(0)
    )
    found = [
        sorted({round(x, 2) for x in (z[:, latent] * sign).tolist()}) for latent, sign in ((3, 1), (1, -1))
    ]
    assert found == [[0.0], [-0.84, -0.25, 0.25, 0.84]]


# --- the term ------------------------------------------------------------------------------------


@pytest.fixture
def model() -> DualVAE:
    sizes = Architecture(arity=1, latent_dim=4, encoder_widths=(8,), exploratory_widths=(6,))
    return DualVAE.initialised(sizes, torch.Generator().manual_seed(0))


@pytest.fixture
def rows() -> Rows:
    return rows_of(OperationSpace(arity=1), np.arange(27))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(9)


def test_without_settings_there_are_no_draws(model: DualVAE, rows: Rows) -> None:
    term = TransportTerm(None, rows)
    assert term.targets(model, 3.0, generator()) is None
    assert term.weight(3.0) == 0.0
    assert term.tensors() == {}


def test_the_term_waits_for_its_start(model: DualVAE, rows: Rows) -> None:
    term = TransportTerm(TransportSettings(start=1.5), rows)
    untouched = generator()
    assert term.targets(model, 1.49, untouched) is None
    assert term.weight(1.49) == 0.0
    assert torch.equal(untouched.get_state(), generator().get_state())
    assert term.tensors() == {}
    assert term.targets(model, 1.5, generator()) is not None
    assert term.weight(1.5) == 1.0
    assert len(term.tensors()) == 4


@pytest.mark.parametrize("settings", [{"weight": 0.0, "draws": 8}, {"weight": 1.0, "draws": 0.4}])
def test_a_term_of_no_weight_or_no_draws_is_nothing(
    model: DualVAE, rows: Rows, settings: dict[str, float]
) -> None:
    chosen = TransportSettings(**{name: Constant(value=value) for name, value in settings.items()})
    term = TransportTerm(chosen, rows)
    assert term.targets(model, 0.0, generator()) is None
    assert term.weight(0.0) == 0.0


def test_targets_are_prior_draws_and_their_quantile_cells(model: DualVAE, rows: Rows) -> None:
    settings = TransportSettings(weight=Constant(value=2.5), draws=Constant(value=50), focus=0.0)
    found = targets_of(TransportTerm(settings, rows), model)
    same = generator()
    for half, latents, cells in zip((model.vae_a, model.vae_b), *found, strict=True):
        assignment = assign(half.encode_gaussian(rows.tables)[0].detach(), rows.tables)
        z = torch.randn(50, 4, generator=same)
        assert torch.equal(latents, z)
        assert torch.equal(cells, quantile_cells(z, assignment, bases=(3,) * 3))


def targets_of(term: TransportTerm, model: DualVAE) -> Targets:
    found = term.targets(model, 1.0, generator())
    assert found is not None
    return found


def test_assignments_are_found_once_and_kept(model: DualVAE, rows: Rows) -> None:
    term = TransportTerm(TransportSettings(), rows)
    targets_of(term, model)
    before = term.tensors()
    with torch.no_grad():
        model.encoder_A.fc_mu.weight.neg_()
    targets_of(term, model)
    assert all(torch.equal(before[key], tensor) for key, tensor in term.tensors().items())
    other = TransportTerm(TransportSettings(), rows)
    other.restore(before)
    cells = targets_of(term, model)[1][0]
    assert torch.equal(targets_of(other, model)[1][0], cells)
    assert not torch.equal(targets_of(TransportTerm(TransportSettings(), rows), model)[1][0], cells)


@pytest.mark.parametrize("spoil", ["missing", "shape"])
def test_assignments_that_do_not_fit_are_refused(model: DualVAE, rows: Rows, spoil: str) -> None:
    term = TransportTerm(TransportSettings(), rows)
    targets_of(term, model)
    tensors = term.tensors()
    if spoil == "missing":
        del tensors["transport/B/signs"]
    else:
        tensors["transport/B/signs"] = torch.ones(2)
    with refused(TrainingError, "state_mismatch", "transport assignments do not fit"):
        term.restore(tensors)
