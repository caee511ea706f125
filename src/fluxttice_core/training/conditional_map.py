r"""The map that carries the prior onto any target: entry after entry, cut at conditional quantiles.

Entry i takes the symbol in whose quantile cell its latent falls, the quantiles being those of q given the
entries before it. Every element of the support is then a box of latents whose prior mass is q(x), and what is
outside of the support has none. Where entries are independent and their symbols equally likely, this is the
map that `transport` uses for a whole space.

Source:
    Rosenblatt 1952; Knothe 1957.
"""

import math

import numpy as np
import torch
from torch import Tensor

from fluxttice_core.shapes import Float, Float64, Int64
from fluxttice_core.spaces.target import Target

_NARROWEST = 1e-12
"""Shares of the prior are kept so far from 0 and 1 that their quantiles are finite."""


class ConditionalMap:
    r"""Knothe and Rosenblatt's map from one standard-normal number an entry to the symbols of an element.

    The support's tables stand in lexicographic order with their cumulative probabilities: elements that share
    their first entries are then neighbours, and a conditional quantile is one binary search.

    Example:
        >>> from fluxttice_core.spaces.space_name import space_of
        >>> two = Target.of(space_of("01^2"), [0, 3], [3.0, 1.0])      # 00 and 11
        >>> found = ConditionalMap(two).cells(torch.tensor([[0.6, -9.0], [0.7, -9.0]]))   # the cut is .674
        >>> found.tolist()
        [[0, 0], [1, 1]]
    """

    def __init__(self, target: Target, device: str = "cpu") -> None:
        tables = target.space.tables(target.rows) - target.space.lowest
        order = np.lexsort(tables.T[::-1])
        self._tables = torch.from_numpy(tables[order].astype(np.int64)).to(device)
        cumulative = np.concatenate(([0.0], np.cumsum(target.q[order])))
        self._cumulative = torch.from_numpy(cumulative / cumulative[-1]).to(device)
        self._first, self._last = (edge.to(device) for edge in _groups(self._tables.cpu()))
        order_of = np.empty(len(order), dtype=np.int64)
        order_of[order] = np.arange(len(order))
        self._place = torch.from_numpy(order_of).to(device)
        self._indices = target.rows
        self._space = target.space

    def cells(self, along: Float[Tensor, "n cells"]) -> Int64[Tensor, "n cells"]:
        """The position of each entry's symbol."""
        row = self._descend(along, None)[1]
        return self._tables[row]

    def focused(
        self, along: Float[Tensor, "n cells"], *, focus: float, width: float, generator: torch.Generator
    ) -> Float[Tensor, "n cells"]:
        """The same numbers, a share of them moved next to a threshold of their own entry."""
        draws = torch.rand(2, *along.shape, generator=generator, device=along.device)
        noise = width * torch.randn(along.shape, generator=generator, device=along.device)
        return self._descend(along, (draws[0] < focus, draws[1], noise))[0]

    def edges(
        self, classes: Int64[Tensor, "n cells"]
    ) -> tuple[Float[Tensor, "n cells"], Float[Tensor, "n cells"]]:
        """The boxes of elements of the support: the lower and the upper end of each entry's latent."""
        powers = torch.from_numpy(self._space.place_values()).to(classes.device)
        index = (classes * powers).sum(1).cpu().numpy()
        row = self._place[torch.from_numpy(np.searchsorted(self._indices, index)).to(classes.device)]
        low, high = [], []
        for cell in range(classes.shape[1]):
            outer, inner = (self._span(cell + deeper, row) for deeper in (0, 1))
            size = outer[1] - outer[0]
            low.append(_quantile((inner[0] - outer[0]) / size))
            high.append(_quantile((inner[1] - outer[0]) / size))
        return torch.stack(low, 1).float(), torch.stack(high, 1).float()

    @property
    def crossings(self) -> float:
        r"""Density of all thresholds under the prior, :math:`E \sum_i \sum_j \varphi(c_{ij})`."""
        rows, total = torch.arange(len(self._tables), device=self._tables.device), 0.0
        mass = self._cumulative.diff()
        for cell in range(self._tables.shape[1]):
            outer, inner = (self._span(cell + deeper, rows) for deeper in (0, 1))
            cut = (inner[1] - outer[0]) / (outer[1] - outer[0])
            inside = (cut < 1 - _NARROWEST).double()
            # A threshold counts once, by the mass of the group that it parts, shared out among its rows.
            own = mass / (inner[1] - inner[0])
            density = torch.exp(-0.5 * _quantile(cut).square()) / math.sqrt(2 * math.pi)
            total += float((own * (outer[1] - outer[0]) * inside * density).sum())
        return total

    def _span(self, depth: int, row: Int64[Tensor, "n"]) -> tuple[Float64[Tensor, "n"], Float64[Tensor, "n"]]:
        """Cumulative probabilities at the ends of the group that shares its first entries with a row."""
        return self._cumulative[self._first[depth][row]], self._cumulative[self._last[depth][row]]

    def _descend(
        self, along: Tensor, focus: tuple[Tensor, Tensor, Tensor] | None
    ) -> tuple[Float[Tensor, "n cells"], Int64[Tensor, "n"]]:
        """From entry to entry into smaller groups of rows; the numbers used, and the row that is left."""
        moved = along.clone()
        row = torch.zeros(len(along), dtype=torch.int64, device=along.device)
        for cell in range(along.shape[1]):
            low, high = self._span(cell, row)
            if focus is not None:
                at = self._threshold(cell, row, focus[1][:, cell].double())
                chosen = focus[0][:, cell] & at.isfinite()
                near = at.float() + focus[2][:, cell]
                moved[:, cell] = torch.where(chosen, near, moved[:, cell])
            share = torch.special.ndtr(moved[:, cell].double())
            level = low + share * (high - low)
            found = torch.searchsorted(self._cumulative, level, right=True) - 1
            row = torch.minimum(torch.maximum(found, self._first[cell][row]), self._last[cell][row] - 1)
        return moved, row

    def _threshold(
        self, cell: int, row: Int64[Tensor, "n"], draw: Float64[Tensor, "n"]
    ) -> Float64[Tensor, "n"]:
        """A threshold of an entry given those before it, at random; NaN where its symbol is certain."""
        low, high = self._span(cell, row)
        inside = torch.searchsorted(self._cumulative, low + draw * (high - low), right=True) - 1
        inside = torch.minimum(torch.maximum(inside, self._first[cell][row]), self._last[cell][row] - 1)
        ends = self._span(cell + 1, inside)
        cut = torch.where(ends[1] < high, ends[1], ends[0])
        share = (cut - low) / (high - low)
        certain = (share <= _NARROWEST) | (share >= 1 - _NARROWEST)
        return torch.where(certain, torch.nan, _quantile(share))


def _quantile(share: Float64[Tensor, "n"]) -> Float64[Tensor, "n"]:
    quantile: Tensor = torch.special.ndtri(share.clamp(_NARROWEST, 1 - _NARROWEST))
    return quantile


def _groups(tables: Int64[Tensor, "n cells"]) -> tuple[Int64[Tensor, "depths n"], Int64[Tensor, "depths n"]]:
    """First row and end of the group of each row that shares its first 0, 1, ... entries."""
    n, cells = tables.shape
    new = torch.zeros(n, dtype=torch.bool)
    new[0] = True
    first, last, rows = [torch.zeros(n, dtype=torch.int64)], [torch.full((n,), n)], torch.arange(n)
    for cell in range(cells):
        new = new.clone()
        new[1:] |= tables[1:, cell] != tables[:-1, cell]
        number = new.cumsum(0) - 1
        starts = torch.cat((rows[new], torch.tensor([n])))
        first.append(starts[number])
        last.append(starts[number + 1])
    return torch.stack(first), torch.stack(last)
