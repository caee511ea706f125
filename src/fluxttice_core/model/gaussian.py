"""Diagonal Gaussian posteriors: sampling by reparametrisation, and the divergence from the prior."""

import torch
from torch import Tensor

from fluxttice_core.shapes import Float


def reparametrise(
    mu: Float[Tensor, "n d"],
    logvar: Float[Tensor, "n d"],
    noise: Float[Tensor, "n d"],
    *,
    temperature: float = 1.0,
) -> Float[Tensor, "n d"]:
    r"""Latents as a differentiable function of the posterior and of standard-normal noise.

    .. math:: z = \mu + \tau \sigma \epsilon, \quad \epsilon \sim N(0, I)

    with :math:`\tau` the temperature, and the log-variance :math:`\ln \sigma^2`.

    Source:
        Kingma and Welling 2014.

    Example:
        >>> reparametrise(torch.ones(1, 2), torch.zeros(1, 2), torch.tensor([[0.5, -2.0]])).tolist()
        [[1.5, -1.0]]
    """
    return torch.addcmul(mu, torch.exp(0.5 * logvar), noise, value=temperature)


def kl_per_dimension(mu: Float[Tensor, "n d"], logvar: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    r"""Divergence of each posterior from the standard normal prior, a dimension at a time, in nats.

    .. math:: \mathrm{KL}(N(\mu, \sigma^2) \| N(0, 1)) = \tfrac12 (\mu^2 + \sigma^2 - \ln \sigma^2 - 1)

    Example:
        >>> kl_per_dimension(torch.tensor([[2.0]]), torch.tensor([[0.0]])).item()
        2.0
    """
    return 0.5 * (mu.square() + logvar.exp() - logvar - 1.0)
