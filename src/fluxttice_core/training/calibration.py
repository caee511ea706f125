"""Calibration: shift the last biases until every entry's argmax is uniform under the prior."""

import torch
from jaxtyping import Float
from torch import Tensor

from fluxttice_core.model.dual_vae import VAE


def uniform_offsets(logits: Float[Tensor, "m cells base"], *, sweeps: int) -> Float[Tensor, "cells base"]:
    r"""Offsets b under which each symbol wins an equal share of the rows, in every entry.

    .. math:: \#\{r : \arg\max_c (\ell_{ric} + b_{ic}) = c\} = m / \mathrm{base}

    This is a semi-discrete optimal transport problem of one entry at a time, whose dual is concave in b;
    each step sets one offset exactly, to an order statistic of that symbol's margin, so the sweeps
    climb the dual.

    Args:
        logits: Decoder outputs at draws from the prior.
        sweeps: Passes over the symbols.

    Returns:
        Offsets whose mean over an entry's symbols is 0.

    Example:
        >>> draws = torch.randn(999, 1, 3, generator=torch.Generator().manual_seed(0))
        >>> draws += torch.tensor([2.0, 0.0, 0.0])
        >>> offsets = uniform_offsets(draws, sweeps=50)
        >>> torch.bincount((draws + offsets).argmax(-1).flatten()).tolist()
        [333, 333, 333]
    """
    draws, cells, base = logits.shape
    rows = logits.permute(1, 2, 0).contiguous()
    offsets = torch.zeros(cells, base, dtype=logits.dtype)
    # The offset at which a symbol wins its share is an order statistic of its margin over the best rival.
    rank = min(max(round(draws * (base - 1) / base), 1), draws - 1)
    for _ in range(sweeps):
        before = offsets.clone()
        for symbol in range(base):
            shifted = rows + offsets[..., None]
            rivals = torch.cat((shifted[:, :symbol], shifted[:, symbol + 1 :]), 1).amax(1)
            margin = rows[:, symbol] - rivals
            low, high = margin.kthvalue(rank).values, margin.kthvalue(rank + 1).values
            offsets[:, symbol] = -0.5 * (low + high)
        if torch.equal(offsets, before):
            break
    return offsets - offsets.mean(1, keepdim=True)


@torch.no_grad()
def calibrate(half: VAE, *, draws: int, sweeps: int, generator: torch.Generator) -> None:
    """Shift the last biases of a half's decoder in place.

    Args:
        half: The half to calibrate.
        draws: Prior draws to look at.
        sweeps: Passes of `uniform_offsets`.
        generator: Source of the prior draws.
    """
    z = torch.empty(draws, half.latent_dim, device=generator.device).normal_(generator=generator)
    bias = half.decoder.last_layer.bias
    offsets = uniform_offsets(half.decode_logits(z).cpu(), sweeps=sweeps)
    bias.add_(offsets.flatten().to(bias))
