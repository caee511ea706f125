"""The forward pass in NumPy is that of torch: for every operation, for many latents, whatever the shape."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE
from fluxttice_core.model.forward import ForwardPass, row_chunks, softmax
from fluxttice_core.model.halves import HALVES, HalfName
from fluxttice_core.storage.pretrained import TrainedModel, certified
from fluxttice_core.storage.tensors import as_arrays

CLOSE = 2e-5
"""Largest difference that single precision may make: torch without AVX adds in another order."""
ROUNDED = 1e-6
"""Largest difference from torch in double precision: the last rounding of our own results."""


@pytest.fixture(scope="module")
def shipped() -> TrainedModel:
    return certified()


@torch.inference_mode()
def apart(
    model: DualVAE, half: HalfName, latents: int, weights: Mapping[str, np.ndarray] | None = None
) -> tuple[float, float, float]:
    """Largest difference of means, log-variances and probabilities; a symbol that differs must be a tie."""
    ours = ForwardPass(model.architecture, weights or as_arrays(model.state_dict()), half)
    tables = model.space.all_tables()
    theirs = [found.numpy() for found in model.vae(half).encode_gaussian(torch.from_numpy(tables.copy()))]
    means, log_variances = (np.abs(a - b).max() for a, b in zip(ours.encode(tables), theirs, strict=True))
    z = np.random.default_rng(0).standard_normal((latents, model.architecture.latent_dim), dtype=np.float32)
    logits, expected = (
        ours.decode(z),
        model.vae(half).decode_logits(torch.from_numpy(z).to(model.encoder_A.fc_mu.weight.dtype)),
    )
    chances, due = softmax(logits), expected.softmax(-1).numpy()
    first, second = np.sort(due, axis=-1)[..., -1], np.sort(due, axis=-1)[..., -2]
    differs = logits.argmax(-1) != expected.argmax(-1).numpy()
    assert (first - second)[differs].max(initial=0.0) <= CLOSE
    return float(means), float(log_variances), float(np.abs(chances - due).max())


@pytest.mark.parametrize("half", HALVES)
def test_the_shipped_model_computes_the_same_without_torch(shipped: TrainedModel, half: HalfName) -> None:
    assert max(apart(shipped.model, half, 100_000)) <= CLOSE


@pytest.mark.parametrize("half", HALVES)
def test_what_differs_is_torchs_own_rounding(shipped: TrainedModel, half: HalfName) -> None:
    exact = DualVAE.holding(shipped.architecture, shipped.tensors).double()
    assert max(apart(exact, half, 20_000, weights=shipped.tensors)) <= ROUNDED


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize(
    "architecture",
    [
        Architecture(arity=1, consolidating_blocks=0),
        Architecture(base=4, arity=1, latent_dim=5, encoder_widths=(7,), exploratory_widths=(3, 5, 8)),
        Architecture(base=2, arity=3, consolidating_blocks=3, consolidating_width=9),
        *(Architecture(space=name) for name in ("dna:3", "01^4xACGT^2", "ACGT^1xAB^2")),
    ],
)
def test_networks_of_every_shape_do(architecture: Architecture, half: HalfName) -> None:
    model = DualVAE.initialised(architecture, torch.Generator().manual_seed(3)).eval()
    assert max(apart(model, half, 500)) <= CLOSE


def test_another_weight_is_seen(shipped: TrainedModel) -> None:
    changed = dict(shipped.tensors)
    changed["decoder_A.decoder.2.bias"] = changed["decoder_A.decoder.2.bias"] + np.float32(1e-3)
    tampered = DualVAE.holding(shipped.architecture, changed)
    z = np.zeros((1, 16), dtype=np.float32)
    ours = ForwardPass(shipped.architecture, shipped.tensors, "a").decode(z)
    assert np.abs(ours - tampered.vae_a.decode_logits(torch.from_numpy(z)).numpy()).max() > 10 * CLOSE


@pytest.mark.parametrize("half", HALVES)
def test_a_code_does_not_depend_on_what_is_encoded_beside_it(shipped: TrainedModel, half: HalfName) -> None:
    everything = shipped.encode(np.arange(shipped.space.size), vae=half)
    some = np.arange(0, shipped.space.size, 53)
    alone = np.concatenate([shipped.encode([index], vae=half) for index in some.tolist()])
    # Rounded from double precision: at the very edge of a rounding a last digit may differ.
    assert np.abs(alone - everything[some]).max() <= np.finfo(np.float32).eps
    assert (alone != everything[some]).mean() < 1e-4


def test_chunks_are_every_row_once() -> None:
    for rows in (0, 1, 2, 7, 8):
        taken = [row for part in row_chunks(rows, 3) for row in range(rows)[part]]
        assert taken == list(range(rows))
