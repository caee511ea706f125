r"""Decoders that read the thresholds of an entry's symbols off the entries before it, and their encoders.

Entry i follows latent i alone, and its symbol changes where that passes a threshold. The thresholds stand in
a table, a row for every way to fill the entries before it, which `TableDecoder` finds from the same latent:
so the entries are still independent given the latent. An element is a box of latents, whose walls the encoder
is given.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fluxttice_core.model.decoder import Decoder
from fluxttice_core.model.encoder import Encoder
from fluxttice_core.model.network_shape import CERTAIN, FARTHEST, NARROWEST, NEVER, OPEN_SIDE, NetworkShape
from fluxttice_core.shapes import Float, Int64

FRESH_SLOPE, FIRST_SLOPE = 0.1, 30.0
"""Slope of the logits of a table that says nothing yet, and of one that does, until calibration."""


class Thresholds(nn.Module):
    """The table: for each entry and each way to fill the entries before it, its thresholds, rising."""

    cuts: Tensor

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.bases, self.lowest = shape.bases, shape.lowest
        self.places = shape.prefixes[:-1]
        self.starts = tuple(sum(self.places[:cell]) for cell in range(len(self.places)))
        self.register_buffer("cuts", torch.zeros(sum(self.places), shape.classes - 1))

    def edges(self, rows: Int64[Tensor, "..."], base: int) -> Float[Tensor, "... edges"]:
        """The lower end of each of the symbols and the upper end of the last, for rows of the table."""
        cuts = self.cuts[rows][..., : base - 1]
        end = torch.full_like(cuts[..., :1], CERTAIN)
        return torch.cat((-end, cuts, end), -1)

    def walls(self, tables: Float[Tensor, "n cells"]) -> tuple[Tensor, Tensor]:
        """The boxes of elements: the lower and the upper end of each entry's latent, (n, cells) each."""
        at = (tables - self.lowest).long()
        places = torch.tensor(self.places, device=at.device)
        filled = (at * places).cumsum(1) - at * places
        edges = self.edges(filled + torch.tensor(self.starts, device=at.device), max(self.bases))
        low, high = (edges.gather(-1, at[..., None] + upper)[..., 0] for upper in (0, 1))
        return low, high


class TableDecoder(Decoder):
    r"""A decoder whose thresholds stand in a table.

    .. math:: \ell_{ic} = k \sum_{j \le c} (z_i - t_{ij}(\hat x_{<i})), \qquad
        \hat x_i = \arg\max_c \ell_{ic}

    Symbols whose cell has no width are never the likeliest; none lies more than 12 below that.

    Example:
        >>> shape = NetworkShape(space="dna:3", decoders="table")
        >>> TableDecoder(Thresholds(shape))(torch.zeros(5, 16)).shape
        torch.Size([5, 3, 4])
    """

    slope: Tensor

    def __init__(self, thresholds: Thresholds) -> None:
        super().__init__(thresholds.bases)
        # In a tuple, so that the table, which the other half and the encoders share, is no part of this.
        self._table = (thresholds,)
        self.register_buffer("slope", torch.full((1,), FRESH_SLOPE))

    def forward(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n cells base"]:
        """Logits of every entry's symbols, entry after entry."""
        (table,) = self._table
        filled = torch.zeros_like(z[:, 0], dtype=torch.int64)
        found = []
        for cell, base in enumerate(table.bases):
            edges = table.edges(table.starts[cell] + filled, base)
            rising = (z[:, cell, None] - edges[:, 1:-1]).cumsum(-1)
            logits = self.slope * torch.cat((torch.zeros_like(rising[:, :1]), rising), -1)
            logits = logits.masked_fill(edges[:, 1:] <= edges[:, :-1], NEVER)
            logits = (logits - logits.amax(-1, keepdim=True)).clamp(min=-FARTHEST)
            found.append(nn.functional.pad(logits, (0, max(table.bases) - base), value=NEVER))
            filled = filled + table.places[cell] * logits.argmax(-1)
        return torch.stack(found, 1)

    @torch.no_grad()
    def sharpen(self, factor: float) -> None:
        """Multiply all logits."""
        self.slope.mul_(factor)


class BoxEncoder(Encoder):
    r"""An encoder that is given where the table puts an element.

    .. math:: \mu_i = m_i + s_i f_i, \qquad \ln \sigma_i^2 = 2 \ln s_i + g_i

    with m and s the middle and a quarter of the width of entry i's box, an open side of which ends about
    where the prior does, and f and g a multilayer perceptron of both. Latents without an entry have m = 0,
    s = 1.
    """

    def __init__(self, thresholds: Thresholds, widths: Sequence[int], latent_dim: int) -> None:
        super().__init__(2 * len(thresholds.bases), None, widths, latent_dim)
        self._table = (thresholds,)

    def forward(self, tables: Float[Tensor, "n cells"]) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """Posterior means and log-variances of tables given as floating-point symbols."""
        middle, width = middles(*self._table[0].walls(tables))
        scale = width.log()
        shift, spread = super().forward(torch.cat((middle, scale), 1).to(tables.dtype))
        without = (0, self.fc_mu.out_features - middle.shape[1])
        middle, scale = (nn.functional.pad(part, without) for part in (middle, scale))
        return middle + scale.exp() * shift, 2 * scale + spread


def middles(low: Float[Tensor, "n cells"], high: Float[Tensor, "n cells"]) -> tuple[Tensor, Tensor]:
    """Middle and quarter width of boxes, whose open sides end where little of the prior is left."""
    below, above = high.clamp(max=0), low.clamp(min=0)
    low = torch.maximum(low, below - OPEN_SIDE / (1 - below))
    high = torch.minimum(high, above + OPEN_SIDE / (1 + above))
    return (low + high) / 2, ((high - low) / 4).clamp(min=NARROWEST)
