"""Generators whose true quality is known: what every metric must be able to tell from a trained model."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from fluxttice_core.metrics.decoding import indices_of, positions_of, symbols_of
from fluxttice_core.metrics.protocols import Autoencoder
from fluxttice_core.model.network_shape import NEVER
from fluxttice_core.shapes import Bool, Float, Float64, Int64, Real
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.spaces.target import Target

CERTAIN = 200.0
"""A gap in logits whose odds are 0 in single precision, yet finite: entropies hold no 0 * inf."""

_CODE_WIDTH = 0.05
_DEVIATIONS = 6.0
"""An interval of a code reaches at least so many of its deviations to either side."""


@dataclass(frozen=True)
class UniformSampler:
    """A perfect generator without a code: every operation equally likely, for spaces of any size.

    Example:
        >>> import fluxttice_core as fx
        >>> UniformSampler(fx.OperationSpace()).sample(3, torch.Generator().manual_seed(0)).shape
        torch.Size([3])
    """

    space: ProductSpace

    def sample(self, n: int, generator: torch.Generator) -> Int64[Tensor, "{n}"]:
        """Draw n indices uniformly from 0 to K - 1."""
        return _uniform_indices(n, self.space.size, generator)


@dataclass(frozen=True)
class HalfSupportSampler:
    """A generator that reaches the even-numbered half of the operations, each equally often, and no other.

    Example:
        >>> import fluxttice_core as fx
        >>> drawn = HalfSupportSampler(fx.OperationSpace()).sample(100, torch.Generator().manual_seed(0))
        >>> (drawn % 2).any().item()
        False
    """

    space: ProductSpace

    @property
    def support(self) -> int:
        """Number of operations that can be reached, ceil(K / 2)."""
        return (self.space.size + 1) // 2

    def sample(self, n: int, generator: torch.Generator) -> Int64[Tensor, "{n}"]:
        """Draw n indices uniformly from the even ones."""
        return 2 * _uniform_indices(n, self.support, generator)


def _uniform_indices(n: int, size: int, generator: torch.Generator) -> Tensor:
    return torch.randint(size, (n,), generator=generator, device=generator.device, dtype=torch.int64)


@dataclass(frozen=True)
class ConstantDecoder:
    """A decoder that ignores its latent.

    With equal logits, the default, it is optimal for the likelihood of uniform data and yet knows nothing.

    Args:
        logits: Those it always returns, (cells, base); all zero without them.

    Example:
        >>> import fluxttice_core as fx
        >>> ConstantDecoder(fx.OperationSpace()).decode_logits(torch.ones(1, 16)).abs().sum().item()
        0.0
    """

    space: ProductSpace
    latent_dim: int = 16
    logits: Float[Tensor, "cells base"] | None = None

    def decode_logits(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n cells base"]:
        """The same logits for every latent."""
        logits = self.logits
        if logits is None:
            logits = torch.where(absent_classes(self.space), NEVER, 0.0)
        return logits.to(z).expand(len(z), -1, -1)


@dataclass(frozen=True)
class DeltaDecoder:
    """A decoder that gives one operation, whatever the latent.

    Example:
        >>> import fluxttice_core as fx
        >>> DeltaDecoder(fx.OperationSpace(), 5).decode_logits(torch.zeros(1, 16)).argmax(-1).tolist()
        [[2, 1, 0, 0, 0, 0, 0, 0, 0]]
    """

    space: ProductSpace
    index: int
    latent_dim: int = 16

    def decode_logits(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n cells base"]:
        """Logits that leave no doubt about the one operation."""
        positions = positions_of(self.space, torch.tensor([self.index], device=z.device))
        return _certain_logits(positions, self.space.base, z.dtype).expand(len(z), -1, -1)


@dataclass(frozen=True)
class QuantileLookup:
    r"""The oracle: one latent a cell, cut at the quantiles of the normal distribution.

    .. math:: \mathrm{position}_p = \lfloor b_p\, \Phi(z_p) \rfloor

    Every latent means one operation and all are equally likely, so G = 1 and coverage is the ceiling.
    Its encoder puts a narrow Gaussian at the middle quantile of each cell's interval.

    Example:
        >>> import fluxttice_core as fx
        >>> oracle = QuantileLookup(fx.OperationSpace())
        >>> oracle.decode_logits(torch.tensor([[-1.0, 0, 1, 0, 0, 0, 0, 0, 0]])).argmax(-1).tolist()
        [[0, 1, 2, 1, 1, 1, 1, 1, 1]]
    """

    space: ProductSpace

    @property
    def latent_dim(self) -> int:
        """One latent a cell."""
        return self.space.cells

    def decode_positions(self, z: Float[Tensor, "n d"]) -> Int64[Tensor, "n d"]:
        """The interval of the normal distribution that each latent falls in."""
        found = torch.empty(z.shape, dtype=torch.int64, device=z.device)
        for base in set(self.space.bases):
            cells = [cell for cell, count in enumerate(self.space.bases) if count == base]
            cuts = torch.special.ndtri(torch.arange(1, base, dtype=torch.float64) / base)
            found[:, cells] = torch.bucketize(z[:, cells], cuts.to(z))
        return found

    def decode_logits(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n d base"]:
        """Logits that leave no doubt about the looked-up symbols."""
        return _certain_logits(self.decode_positions(z), self.space.base, z.dtype)

    def encode_gaussian(
        self, tables: Real[Tensor, "n d"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """The middle quantile of each symbol's interval, and the variance of a narrow Gaussian there."""
        positions = tables.double() - self.space.lowest
        bases = torch.tensor(self.space.bases, device=tables.device)
        mu = torch.special.ndtri((positions + 0.5) / bases).float()
        return mu, torch.full_like(mu, _CODE_WIDTH).log() * 2


@dataclass(frozen=True)
class HalfSupportLookup(QuantileLookup):
    """The oracle's code folded onto the even-numbered operations: perfect for half of the space.

    Example:
        >>> import fluxttice_core as fx
        >>> half = HalfSupportLookup(fx.OperationSpace())
        >>> z = torch.randn(100, 9, generator=torch.Generator().manual_seed(0))
        >>> positions = half.decode_logits(z).argmax(-1)
        >>> ((positions * 3 ** torch.arange(9)).sum(-1) % 2).any().item()
        False
    """

    def decode_positions(self, z: Float[Tensor, "n d"]) -> Int64[Tensor, "n d"]:
        """The even-numbered operation at or below the looked-up one."""
        index = indices_of(super().decode_positions(z), self.space)
        return positions_of(self.space, index - index % 2)

    def encode_gaussian(
        self, tables: Real[Tensor, "n d"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """The oracle's code of the even-numbered operation at or below each."""
        index = indices_of(tables.long() - self.space.lowest, self.space)
        return super().encode_gaussian(symbols_of(self.space, index - index % 2))


@dataclass(frozen=True)
class TargetSampler:
    """A perfect generator of a target without a code: every element as likely as it should be.

    Example:
        >>> import fluxttice_core as fx
        >>> target = fx.spaces.Target.of(fx.spaces.space_of("codons"), [5, 9], [1.0, 3.0])
        >>> TargetSampler(target).sample(1000, torch.Generator().manual_seed(0)).unique().tolist()
        [5, 9]
    """

    target: Target

    @property
    def space(self) -> ProductSpace:
        """The space of the target."""
        return self.target.space

    def sample(self, n: int, generator: torch.Generator) -> Int64[Tensor, "{n}"]:
        """Draw n indices by their probabilities."""
        levels = torch.rand(n, generator=generator, device=generator.device, dtype=torch.float64)
        cumulative = torch.from_numpy(self.target.q.cumsum()).to(levels.device)
        found = torch.searchsorted(cumulative, levels * cumulative[-1], right=True)
        return torch.from_numpy(self.target.rows).to(levels.device)[found.clamp(max=len(cumulative) - 1)]


@dataclass(frozen=True)
class TargetLookup:
    r"""The oracle of a target: one latent a cell, cut at the quantiles given the cells after it.

    .. math::
        \Pr(x_p < s \mid x_{p+1}, \ldots) \le \Phi(z_p) < \Pr(x_p \le s \mid x_{p+1}, \ldots)
        \iff \mathrm{position}_p = s

    From the last cell to the first, so that every latent means one element of the support, and each is as
    likely as it should be. Its encoder puts a narrow Gaussian at the middle quantile of each cell's interval,
    and leaves to the prior what the cells after it decide already.

    Example:
        >>> import fluxttice_core as fx
        >>> target = fx.spaces.Target.of(fx.spaces.space_of("codons"), [5, 9], [1.0, 3.0])
        >>> oracle = TargetLookup(target)
        >>> fx.metrics.reconstruction_from_mean(oracle, torch.tensor([5, 9])).table_accuracy
        1.0
    """

    target: Target

    @property
    def space(self) -> ProductSpace:
        """The space of the target."""
        return self.target.space

    @property
    def latent_dim(self) -> int:
        """One latent a cell."""
        return self.space.cells

    @cached_property
    def _rows(self) -> Int64[Tensor, "n"]:
        return torch.from_numpy(self.target.rows)

    @cached_property
    def _cumulative(self) -> Float64[Tensor, "ends"]:
        """Probability of all rows before each, and of all."""
        total = torch.from_numpy(self.target.q).cumsum(0)
        return torch.cat((total.new_zeros(1), total / total[-1]))

    def decode_logits(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n d base"]:
        """Logits that leave no doubt about the looked-up element."""
        levels = torch.special.ndtr(z.cpu().double())
        low, high = torch.zeros(len(z), dtype=torch.int64), torch.full((len(z),), len(self._rows))
        for cell in reversed(range(self.space.cells)):
            start, end = self._cumulative[low], self._cumulative[high]
            found = (
                torch.searchsorted(self._cumulative, start + levels[:, cell] * (end - start), right=True) - 1
            )
            low, high = self._alike(found.clamp(min=low, max=high - 1), cell)
        positions = positions_of(self.space, self._rows[low])
        return _certain_logits(positions.to(z.device), self.space.base, z.dtype)

    def _alike(self, place: Tensor, cell: int) -> tuple[Tensor, Tensor]:
        """The range of rows that have the symbols of a row in this cell and all after it."""
        step = int(self.space.place_values()[cell])
        first = self._rows[place] // step * step
        return torch.searchsorted(self._rows, first), torch.searchsorted(self._rows, first + step)

    def encode_gaussian(
        self, tables: Real[Tensor, "n d"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """The middle quantile of each symbol's interval, and the variance of a narrow Gaussian there.

        A table outside of the support has the code of the next one in it.
        """
        index = indices_of(tables.cpu().long() - self.space.lowest, self.space)
        place = torch.searchsorted(self._rows, index).clamp(max=len(self._rows) - 1)
        low, high = torch.zeros_like(place), torch.full_like(place, len(self._rows))
        mu, sd = torch.zeros(len(place), self.latent_dim), torch.ones(len(place), self.latent_dim)
        for cell in reversed(range(self.space.cells)):
            start, end = self._cumulative[low], self._cumulative[high]
            low, high = self._alike(place, cell)
            below, above = ((self._cumulative[at] - start) / (end - start) for at in (low, high))
            centre = torch.special.ndtri((below + above) / 2)
            room = torch.minimum(centre - torch.special.ndtri(below), torch.special.ndtri(above) - centre)
            narrow = (room / _DEVIATIONS).clamp(max=_CODE_WIDTH)
            mu[:, cell] = centre.float()
            sd[:, cell] = torch.where(room.isinf(), 1.0, narrow).float()
        return mu.to(tables.device), 2 * sd.log().to(tables.device)


@dataclass(frozen=True)
class ShuffledLabels:
    """A model whose encoder is shown another operation in place of each (K,): codes without meaning."""

    model: Autoencoder
    permutation: Int64[Tensor, "K"]

    @property
    def space(self) -> ProductSpace:
        """The operations of the misled model."""
        return self.model.space

    @property
    def latent_dim(self) -> int:
        """Latent dimensions of the misled model."""
        return self.model.latent_dim

    def decode_logits(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n cells base"]:
        """The model's own logits."""
        return self.model.decode_logits(z)

    def encode_gaussian(
        self, tables: Real[Tensor, "n cells"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
        """The posterior of the operation that stands in the shuffled place."""
        indices = indices_of(tables.long() - self.space.lowest, self.space)
        shown = symbols_of(self.space, self.permutation.to(tables.device)[indices])
        return self.model.encode_gaussian(shown.to(tables.dtype))


def half_of(target: Target) -> Target:
    """Every second element of a target's support, as likely among themselves as they were.

    Example:
        >>> import fluxttice_core as fx
        >>> half_of(fx.spaces.Target.of(fx.spaces.space_of("codons"), [5, 7, 9])).rows.tolist()
        [5, 9]
    """
    return Target.of(target.space, target.rows[::2], target.q[::2].tolist())


def absent_classes(space: ProductSpace) -> Bool[Tensor, "cells base"]:
    """The classes that a position's alphabet has not."""
    return torch.arange(space.base) >= torch.tensor(space.bases)[:, None]


def _certain_logits(positions: Tensor, base: int, dtype: torch.dtype) -> Tensor:
    return torch.nn.functional.one_hot(positions, base).to(dtype) * CERTAIN
