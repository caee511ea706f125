"""Sizes are validated, and a network can be made of every size that passes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fluxttice_core.model.architecture import Architecture
from fluxttice_core.model.dual_vae import DualVAE


def test_the_default_is_the_original() -> None:
    sizes = Architecture()
    assert (sizes.base, sizes.arity, sizes.latent_dim) == (3, 2, 16)
    assert sizes.encoder_widths == (256, 128, 64)
    assert sizes.exploratory_widths == (32, 64)
    assert (sizes.consolidating_width, sizes.consolidating_blocks) == (128, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": 5},
        {"base": 1},
        {"arity": 0},
        {"arity": 5},
        {"latent_dim": 0},
        {"latent_dim": 257},
        {"encoder_widths": ()},
        {"encoder_widths": (0,)},
        {"encoder_widths": (1,) * 9},
        {"exploratory_widths": ()},
        {"exploratory_widths": (4097,)},
        {"consolidating_width": 0},
        {"consolidating_blocks": -1},
        {"consolidating_blocks": 17},
        {"depth": 3},
    ],
)
def test_sizes_out_of_bounds_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Architecture.model_validate(wrong)


def test_sizes_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        Architecture().base = 2  # type: ignore[misc]


widths = st.lists(st.integers(1, 12), min_size=1, max_size=4).map(tuple)


@settings(max_examples=25)
@given(
    space=st.sampled_from([(2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (4, 1), (4, 2)]),
    given_sizes=st.fixed_dictionaries(
        {
            "latent_dim": st.integers(1, 9),
            "encoder_widths": widths,
            "exploratory_widths": widths,
            "consolidating_width": st.integers(1, 12),
            "consolidating_blocks": st.integers(0, 3),
        }
    ),
    scheme=st.sampled_from(["independent", "mirrored"]),
)
def test_every_valid_size_makes_a_network(
    space: tuple[int, int], given_sizes: dict[str, object], scheme: str
) -> None:
    sizes = Architecture.model_validate({"base": space[0], "arity": space[1], **given_sizes})
    model = DualVAE.initialised(sizes, torch.Generator().manual_seed(0), scheme)  # type: ignore[arg-type]
    assert sizes.tensor_shapes == {name: tuple(t.shape) for name, t in model.state_dict().items()}
    assert {tensor.dtype for tensor in model.state_dict().values()} == {torch.float32}
    noise = model.noise(3, torch.Generator().manual_seed(1))
    a, b = model(torch.zeros(3, sizes.space.cells), rho=0.5, noise=noise)
    for half in (a, b):
        assert half.logits.shape == (3, sizes.space.cells, sizes.base)
        assert torch.isfinite(half.logits).all()
