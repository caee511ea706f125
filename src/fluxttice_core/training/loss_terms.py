"""The terms of the training objective, each a named function of tensors, in nats."""

import torch
from torch import Tensor
from torch.nn import functional

from fluxttice_core.model.gaussian import kl_per_dimension
from fluxttice_core.shapes import Float, Int64


def distortion(logits: Float[Tensor, "n cells base"], classes: Int64[Tensor, "n cells"]) -> Float[Tensor, ""]:
    r"""Cross-entropy of the tables, summed over entries and averaged over rows.

    .. math:: D = -\frac1n \sum_r \sum_i \ln p(x_{ri} | z_r)

    Example:
        >>> round(distortion(torch.zeros(4, 9, 3), torch.zeros(4, 9, dtype=torch.int64)).item(), 4)  # 9 ln 3
        9.8875
    """
    # With the few symbols on a long-strided axis, the softmax runs over whole vectors of entries at once.
    by_symbol = logits.permute(2, 0, 1).reshape(1, logits.shape[2], -1)
    total = functional.cross_entropy(by_symbol, classes.reshape(1, -1), reduction="sum")
    return total / logits.shape[0]


def rate(
    mu: Float[Tensor, "n d"], logvar: Float[Tensor, "n d"], *, free_bits: float = 0.0
) -> Float[Tensor, ""]:
    r"""Divergence of the posteriors from the prior, with a floor under every dimension of every row.

    .. math:: R = \frac1n \sum_r \sum_j \max(\mathrm{KL}_{rj}, \lambda)

    Source:
        Kingma et al. 2016 (free bits); a floor of 0 is the exact rate.

    Example:
        >>> rate(torch.zeros(4, 16), torch.zeros(4, 16), free_bits=0.5).item()
        8.0
    """
    divergence = kl_per_dimension(mu, logvar)
    if free_bits > 0.0:
        divergence = divergence.clamp(min=free_bits)
    return divergence.sum() / mu.shape[0]


def output_entropy(logits: Float[Tensor, "n cells base"]) -> Float[Tensor, ""]:
    r"""Entropy of the batch-mean output distribution, summed over entries: at most cells ln base.

    .. math:: -\sum_i \sum_c \bar p_{ic} \ln \bar p_{ic}, \quad \bar p = \frac1n \sum_r p(\cdot | z_r)

    Example:
        >>> round(output_entropy(torch.zeros(4, 9, 3)).item(), 4)
        9.8875
    """
    # A confident batch makes some probabilities exactly 0, where the entropy's slope is infinite.
    mean = logits.permute(2, 0, 1).contiguous().softmax(0).mean(1).clamp(min=1e-10)
    entropy: Tensor = torch.special.entr(mean).sum()
    return entropy


def repulsion(z: Float[Tensor, "n d"], *, scale: float) -> Float[Tensor, ""]:
    r"""Mean closeness of the pairs of latents in a batch, in [0, 1]; 0 for a batch of one.

    .. math:: \frac{1}{n(n-1)} \sum_{r \ne s} \exp(-|z_r - z_s|^2 / \ell^2)
    """
    rows = z.shape[0]
    if rows < 2:
        return z.sum() * 0.0
    distances = torch.pdist(z).square()
    return torch.exp(-distances / scale**2).mean()


def histogram_entropy(z: Float[Tensor, "n d"], *, bins: int = 50, limit: float = 3.0) -> Float[Tensor, ""]:
    r"""Entropy of a histogram of each latent dimension, averaged over dimensions: at most ln bins.

    .. math:: -\frac1d \sum_j \sum_b h_{jb} \ln h_{jb}

    Latents outside [-limit, limit] are left out. Counting passes no gradient; the original system
    weighs this figure in its loss all the same.
    """
    z = z.detach()
    dimensions = z.shape[1]
    position = ((z + limit) * (bins / (2 * limit))).floor().clamp(max=bins)
    inside = (z >= -limit) & (z <= limit)
    position = torch.where(inside, position.clamp(max=bins - 1), torch.full_like(position, bins))
    flat = position.long() + torch.arange(dimensions, device=z.device) * (bins + 1)
    counts = torch.bincount(flat.flatten(), minlength=dimensions * (bins + 1))
    counts = counts.view(dimensions, bins + 1)[:, :bins].to(z.dtype)
    shares = counts / counts.sum(1, keepdim=True).clamp(min=1.0)
    entropy: Tensor = torch.special.entr(shares).sum(1).mean()
    return entropy
