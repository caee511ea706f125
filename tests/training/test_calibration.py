"""Calibration makes shares equal and outputs sharp, and changes nothing else."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.training.calibration import (
    calibrate,
    sharpening_factor,
    stratified_draws,
    uniform_offsets,
)
from fluxttice_core.training.recipe_settings import CalibrationSettings
from tests.refusals import refused
from tests.training.small_runs import SmallRuns


def shares(logits: Tensor) -> Tensor:
    """Rows that each symbol wins, (cells, base)."""
    winners = logits.argmax(-1)
    return torch.stack([(winners == symbol).sum(0) for symbol in range(logits.shape[2])], 1)


def worst(logits: Tensor, offsets: Tensor) -> float:
    """Largest distance of a symbol's wins from its equal share, in rows."""
    found = shares(logits + offsets)
    return float((found - logits.shape[0] / logits.shape[2]).abs().max())


def logits_of(
    seed: int, draws: int, cells: int, base: int, *, scale: float = 1.0, shift: float = 3.0
) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    centre = shift * torch.randn(cells, base, generator=generator, dtype=torch.float64)
    return scale * (torch.randn(draws, cells, base, generator=generator, dtype=torch.float64) + centre)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    draws=st.integers(4, 400),
    base=st.integers(2, 4),
    scale=st.sampled_from([1e-3, 1.0, 50.0]),
)
def test_every_symbol_wins_its_share_to_the_nearest_draw(
    seed: int, draws: int, base: int, scale: float
) -> None:
    logits = logits_of(seed, draws, 3, base, scale=scale)
    offsets = uniform_offsets(logits, sweeps=200)
    assert offsets.shape == (3, base)
    assert worst(logits, offsets) <= 1.5


def test_offsets_average_to_zero() -> None:
    offsets = uniform_offsets(logits_of(0, 300, 3, 3), sweeps=50)
    torch.testing.assert_close(offsets.mean(1), torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-9)


def test_two_symbols_by_hand() -> None:
    # Margins 3, 4, 5, 6: half of the rows are to lose, so the first symbol is shifted by -4.5.
    logits = torch.tensor([[[3.0, 0.0]], [[4.0, 0.0]], [[5.0, 0.0]], [[6.0, 0.0]]])
    offsets = uniform_offsets(logits, sweeps=10)
    assert (offsets[0, 0] - offsets[0, 1]).item() == pytest.approx(-4.5)


def test_an_even_start_is_kept_even() -> None:
    logits = torch.eye(3).repeat(40, 1)[:, None, :]
    assert worst(logits, uniform_offsets(logits, sweeps=5)) == 0.0


def test_saturated_logits_are_made_even() -> None:
    logits = logits_of(0, 999, 4, 3, scale=1e4).float()
    assert worst(logits, uniform_offsets(logits, sweeps=100)) <= 1.5


def test_rows_that_are_all_alike_cannot_be_told_apart_and_stay_finite() -> None:
    logits = torch.zeros(30, 2, 3)
    logits[:, :, 0] = 5.0
    offsets = uniform_offsets(logits, sweeps=20)
    assert torch.isfinite(offsets).all()
    assert shares(logits + offsets).sum().item() == 60


def test_tied_rows_are_made_as_even_as_their_groups_allow() -> None:
    # Three kinds of rows, each of which can only move as one: 12, 9 and 9 rows.
    kinds = torch.tensor([[4.0, 1.0, 0.0], [4.0, 3.0, 0.0], [4.0, 0.0, 3.5]], dtype=torch.float64)
    logits = kinds.repeat_interleave(torch.tensor([12, 9, 9]), 0)[:, None, :]
    assert worst(logits, uniform_offsets(logits, sweeps=100)) <= 2.0
    assert worst(logits, torch.zeros(1, 3)) == 20.0


def test_too_few_draws_are_refused() -> None:
    with refused(SettingsError, "too_few", "at least 3 prior draws, one for each symbol, not 2"):
        uniform_offsets(torch.zeros(2, 1, 3), sweeps=1)


# --- sharpening ----------------------------------------------------------------------------------


def mean_entropy(logits: Tensor, factor: float) -> float:
    return float(torch.special.entr((factor * logits).softmax(-1)).sum((1, 2)).mean())


@pytest.mark.parametrize("bound", [0.05, 0.5, 1.5, 2.5])
def test_the_factor_is_the_least_that_suffices(bound: float) -> None:
    logits = logits_of(1, 200, 3, 3, shift=0.0)
    factor = sharpening_factor(logits, conditional_entropy=bound)
    assert mean_entropy(logits, factor) <= bound
    assert factor == 1.0 or mean_entropy(logits, factor / 1.002) > bound


def test_sharp_logits_are_left() -> None:
    assert sharpening_factor(50 * logits_of(1, 200, 3, 3), conditional_entropy=1.0) == 1.0


def test_flat_logits_get_the_largest_factor() -> None:
    assert sharpening_factor(torch.zeros(5, 2, 3), conditional_entropy=0.1) == 64.0


# --- both, in place ------------------------------------------------------------------------------


def calibrated(small: SmallRuns, **changes: Any) -> tuple[DualVAE, DualVAE]:
    sizes = small.recipe().architecture
    before, after = (DualVAE.initialised(sizes, torch.Generator().manual_seed(0)) for _ in range(2))
    chosen = CalibrationSettings.model_validate({"draws": 3000, **changes})
    for half in (after.vae_a, after.vae_b):
        calibrate(half, chosen, generator=torch.Generator().manual_seed(5))
    return before, after


def moved(before: DualVAE, after: DualVAE) -> set[str]:
    old = before.state_dict()
    return {key for key, tensor in after.state_dict().items() if not torch.equal(tensor, old[key])}


def test_only_the_last_layers_are_sharpened(small: SmallRuns) -> None:
    before, after = calibrated(small, sweeps=0, conditional_entropy=2.0)
    assert moved(before, after) == {
        *("decoder_A.decoder.2.bias", "decoder_A.decoder.2.weight"),
        *("decoder_B.fc_out.bias", "decoder_B.fc_out.weight"),
    }
    z = torch.randn(100, 4, generator=torch.Generator().manual_seed(7))
    for old, new in ((before.vae_a, after.vae_a), (before.vae_b, after.vae_b)):
        ratio = (new.decode_logits(z) / old.decode_logits(z)).detach()
        torch.testing.assert_close(
            ratio, torch.full_like(ratio, ratio.flatten()[0].item()), rtol=1e-3, atol=0
        )


def test_without_sweeps_the_draws_are_independent(small: "SmallRuns") -> None:
    before, after = calibrated(small, sweeps=0, conditional_entropy=2.0)
    z = torch.randn(3000, 4, generator=torch.Generator().manual_seed(5))
    for old, new in ((before.vae_a, after.vae_a), (before.vae_b, after.vae_b)):
        factor = sharpening_factor(old.decode_logits(z).detach(), conditional_entropy=2.0)
        assert factor > 1.0
        torch.testing.assert_close(new.decode_logits(z), factor * old.decode_logits(z), rtol=1e-6, atol=1e-6)


def test_argmax_is_uniform_under_the_very_draws(small: SmallRuns) -> None:
    before, after = calibrated(small, sweeps=20)
    z = stratified_draws(3000, 4, generator=torch.Generator().manual_seed(5), device=torch.device("cpu"))
    for old, new in ((before.vae_a, after.vae_a), (before.vae_b, after.vae_b)):
        off_before = float((shares(old.decode_logits(z)) - 1000).abs().max())
        off_after = float((shares(new.decode_logits(z)) - 1000).abs().max())
        assert off_after <= 3.0 < 100.0 < off_before


def test_stratified_draws_are_normal_and_visit_every_interval_once() -> None:
    n = 4_096
    z = stratified_draws(n, 3, generator=torch.Generator().manual_seed(2), device=torch.device("cpu"))
    assert torch.isfinite(z).all()
    intervals = (torch.special.ndtr(z.double()) * n).floor().long().clamp(0, n - 1)
    # To rounding, which may carry a draw over the border of its interval.
    assert all(len(set(column.tolist())) > 0.99 * n for column in intervals.T)
    assert float((z.T.corrcoef() - torch.eye(3)).abs().max()) < 5 / n**0.5


def test_shares_of_fresh_draws_are_evener_after_stratified_draws_than_after_as_many_independent_ones() -> (
    None
):
    # A symbol follows a latent: what is drawn once more scatters little beside what the offsets leave.
    def left(z: Tensor) -> float:
        fresh = torch.special.ndtri((torch.arange(200_000) + 0.5) / 200_000)
        of = [torch.stack((-4 * x - 2, 0 * x, 4 * x - 1), 1)[:, None] for x in (z, fresh)]
        won = shares(of[1] + uniform_offsets(of[0], sweeps=50)) / 200_000
        return float((won - 1 / 3).abs().max())

    def draws(seed: int) -> tuple[Tensor, Tensor]:
        generators = [torch.Generator().manual_seed(seed) for _ in range(2)]
        even = stratified_draws(2_000, 1, generator=generators[0], device=torch.device("cpu"))[:, 0]
        return even, torch.randn(2_000, generator=generators[1])

    found = [[left(z) for z in draws(seed)] for seed in range(5)]
    assert max(even for even, _ in found) < 0.001 < 0.004 < min(free for _, free in found)


def test_entries_of_few_symbols_share_their_own_beside_larger_ones() -> None:
    sizes = Architecture.model_validate({"space": "01^2xACGT^2"})
    half = DualVAE.initialised(sizes, torch.Generator().manual_seed(0)).vae_a
    chosen = CalibrationSettings(draws=4_000, sweeps=20)
    calibrate(half, chosen, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        z = torch.randn(200_000, half.latent_dim, generator=torch.Generator().manual_seed(6))
        won = shares(half.decode_logits(z)) / len(z)
    due = torch.tensor([[0.5, 0.5, 0, 0]] * 2 + [[0.25] * 4] * 2)
    assert float((won - due).abs().max()) < 0.03
