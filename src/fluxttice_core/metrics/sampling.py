"""Draws from a model's prior, decoded to operation indices by arithmetic, and counted without sets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.decoding import indices_by, require_rule, uniform_draws
from fluxttice_core.metrics.protocols import Decodable
from fluxttice_core.metrics.settings import DecodeRule
from fluxttice_core.metrics.threads import map_chunks
from fluxttice_core.shapes import Float, Int64
from fluxttice_core.spaces.conventions import ENUMERATION_LIMIT
from fluxttice_core.spaces.product_space import ProductSpace

DECODE_CHUNK = 16_384
"""Latents drawn at a time, and decoded at a time on an accelerator."""

CACHED_CHUNK = 2_048
"""Latents decoded at a time on a processor, whose caches more activations would leave."""


@runtime_checkable
class IndexSampler(Protocol):
    """Anything that generates operations, however it does so."""

    @property
    def space(self) -> ProductSpace:
        """The operations that are generated."""

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw the indices, int64 (n,), of n operations, independently and equally distributed."""


@dataclass(frozen=True)
class DecoderSampler:
    """A decoder as a generator of operations: prior draw, decode, index.

    Example:
        >>> import fluxttice_core as fx
        >>> sampler = DecoderSampler(fx.evaluation.QuantileLookup(fx.OperationSpace(base=2)), "argmax")
        >>> sampler.sample(1000, torch.Generator().manual_seed(0)).bincount().shape
        torch.Size([16])
    """

    model: Decodable
    rule: DecodeRule = "argmax"
    chunk: int = DECODE_CHUNK

    @property
    def space(self) -> ProductSpace:
        """The operations that the decoder generates."""
        return self.model.space

    def sample(self, n: int, generator: torch.Generator) -> Int64[Tensor, "{n}"]:
        """Draw the indices of n operations, on the generator's device.

        Raises:
            MeasurementError: If n or the chunk is out of range, or the rule is unknown.
        """
        require_rule(self.rule)
        parts = list(map_chunks(self._decode, self._draws(n, generator), device=generator.device))
        return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.int64, device=generator.device)

    def _draws(self, n: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Draw each chunk's latents and, for the categorical rule, the numbers that decide its symbols."""
        for z in prior_chunks(self.model.latent_dim, n, generator, chunk=self.chunk):
            cells = (len(z), self.model.space.cells)
            yield z, uniform_draws(cells, generator) if self.rule == "categorical" else None

    def _decode(self, draws: tuple[Tensor, Tensor | None]) -> Tensor:
        z, uniform = draws
        with torch.inference_mode():
            logits = cached_logits(self.model, z)
            return indices_by(self.rule, logits, uniform, self.space)


def prior_chunks(
    latent_dim: int, n: int, generator: torch.Generator, *, chunk: int = DECODE_CHUNK
) -> Iterator[Float[Tensor, "m d"]]:
    """Draw n latents from the prior, at most `chunk` at a time, on the generator's device."""
    if n < 0 or chunk < 1:
        raise MeasurementError(
            f"cannot draw {n} latents in chunks of {chunk}: give n >= 0 and a chunk >= 1", "out_of_range"
        )
    for start in range(0, n, chunk):
        yield torch.randn(
            min(chunk, n - start),
            latent_dim,
            generator=generator,
            device=generator.device,
            dtype=torch.float32,
        )


def cached_logits(model: Decodable, z: Float[Tensor, "n d"]) -> Float[Tensor, "n cells base"]:
    """Logits of many latents, decoded in parts whose activations stay in a core's cache."""
    if z.device.type != "cpu" or len(z) <= CACHED_CHUNK:
        return model.decode_logits(z)
    return torch.cat([model.decode_logits(part) for part in torch.split(z, CACHED_CHUNK)])


def count_operations(
    sampler: IndexSampler, n: int, generator: torch.Generator, *, chunk: int = 2**18
) -> Int64[Tensor, "K"]:
    """Count by index how often each operation comes in n draws, of which a chunk is held in memory at a time.

    Raises:
        OperationError: If the space is too large to enumerate.
        MeasurementError: If an index is outside the space.

    Example:
        >>> import fluxttice_core as fx
        >>> uniform = fx.evaluation.UniformSampler(fx.OperationSpace(base=2))
        >>> int(count_operations(uniform, 1000, torch.Generator().manual_seed(0)).sum())
        1000
    """
    sampler.space.require_enumerable()
    counts = torch.zeros(sampler.space.size, dtype=torch.int64, device=generator.device)
    for start in range(0, n, chunk):
        counts += index_counts(sampler.sample(min(chunk, n - start), generator), sampler.space.size)
    return counts


def require_indices(indices: Int64[Tensor, "n"], size: int) -> None:
    """Refuse indices of another space."""
    if len(indices) and (int(indices.min()) < 0 or int(indices.max()) >= size):
        raise MeasurementError(
            f"an index lies outside 0 to {size - 1}: these samples belong to another space", "out_of_range"
        )


def index_counts(indices: Int64[Tensor, "n"], size: int) -> Int64[Tensor, "{size}"]:
    """Count each index of a space that fits in memory."""
    require_indices(indices, size)
    return torch.bincount(indices, minlength=size)


def distinct_count(indices: Int64[Tensor, "n"], size: int) -> int:
    """Count the different indices: by marking them where the space fits in memory, else by sorting."""
    if size <= ENUMERATION_LIMIT:
        return int(index_counts(indices, size).count_nonzero())
    require_indices(indices, size)
    return len(torch.unique(indices))
