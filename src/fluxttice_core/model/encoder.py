"""The encoder: an element's table to the mean and log-variance of its Gaussian posterior."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from fluxttice_core.shapes import Float


class Encoder(nn.Module):
    r"""A multilayer perceptron with two linear heads.

    .. math:: h = f(x), \quad \mu = W_\mu h + b_\mu, \quad \ln\sigma^2 = W_\sigma h + b_\sigma

    Args:
        cells: Entries of a table.
        letters: Letters of each position, which is then read one-hot; none: entries are read as numbers.
        widths: Hidden widths of :math:`f`, a ReLU after each.
        latent_dim: Dimensions of the posterior.

    Example:
        >>> import torch
        >>> mu, logvar = Encoder(9, None, (256, 128, 64), 16)(torch.zeros(5, 9))
        >>> tuple(mu.shape), tuple(logvar.shape)
        ((5, 16), (5, 16))
    """

    def __init__(
        self, cells: int, letters: Sequence[int] | None, widths: Sequence[int], latent_dim: int
    ) -> None:
        super().__init__()
        self.letters = letters
        self.encoder = rectified_layers([cells if letters is None else sum(letters), *widths])
        self.fc_mu = nn.Linear(widths[-1], latent_dim)
        self.fc_logvar = nn.Linear(widths[-1], latent_dim)

    def forward(self, tables: Float[Tensor, "n cells"]) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """Posterior means and log-variances of tables given as floating-point symbols."""
        if self.letters is not None:
            tables = one_hot(tables, self.letters)
        hidden = self.encoder(tables)
        return self.fc_mu(hidden), self.fc_logvar(hidden)


def one_hot(tables: Float[Tensor, "n cells"], letters: Sequence[int]) -> Float[Tensor, "n inputs"]:
    """Each position as many numbers as it has letters, that of its own letter 1 and the others 0.

    Example:
        >>> one_hot(torch.tensor([[1.0, 0.0]]), (2, 3)).tolist()
        [[0.0, 1.0, 1.0, 0.0, 0.0]]
    """
    columns = [p for p, count in enumerate(letters) for _ in range(count)]
    numbers = torch.tensor([float(at) for count in letters for at in range(count)], device=tables.device)
    return (tables[:, columns] == numbers).to(tables.dtype)


def rectified_layers(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers between consecutive widths, a ReLU after each."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers)
