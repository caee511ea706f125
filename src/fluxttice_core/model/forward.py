"""The forward pass of one half in NumPy alone, for all that uses a model without training it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from fluxttice_core.model.halves import HalfName
from fluxttice_core.model.network_shape import (
    CERTAIN,
    FARTHEST,
    NARROWEST,
    NEVER,
    OPEN_SIDE,
    THRESHOLDS,
    NetworkShape,
)
from fluxttice_core.shapes import Float, Float32, Float64, Real


class ForwardPass:
    r"""One half's encoder and decoder, computed in double precision from single-precision weights.

    In double precision a number that is rounded to single at the end is the same whatever the rows beside it,
    the threads or the processor, but for one in some ten million that lies at a rounding's edge.

    Args:
        shape: The sizes of the network.
        tensors: Its weights by name, as `NetworkShape.tensor_shapes` lists them.
        half: Which half.

    Example:
        >>> shape = NetworkShape()
        >>> zeros = {name: np.zeros(size, np.float32) for name, size in shape.tensor_shapes.items()}
        >>> mu, logvar = ForwardPass(shape, zeros, "b").encode(np.ones((2, 9)))
        >>> mu.shape, logvar.dtype
        ((2, 16), dtype('float32'))
    """

    def __init__(self, shape: NetworkShape, tensors: Mapping[str, np.ndarray], half: HalfName) -> None:
        mark = half.upper()
        mine = (f"encoder_{mark}.", f"decoder_{mark}.")
        self._weights = {
            name: tensor.astype(np.float64).T for name, tensor in tensors.items() if name.startswith(mine)
        }
        self._shape, self._mark = shape, mark
        self._table = _edges(tensors[THRESHOLDS]) if shape.decoders == "table" else None

    def encode(
        self, tables: Real[np.ndarray, "n cells"]
    ) -> tuple[Float32[np.ndarray, "n d"], Float32[np.ndarray, "n d"]]:
        """Posterior means and log-variances of tables of symbols."""
        encoder = f"encoder_{self._mark}"
        hidden = tables.astype(np.float64)
        middle = width = np.array(0.0)
        if self._table is not None:
            middle, width = _middles(*self._walls(self._table, tables))
            hidden = np.concatenate((middle, np.log(width)), 1)
        elif self._shape.space_name is not None:
            hidden = _one_hot(hidden, self._shape.bases)
        for layer in range(len(self._shape.encoder_widths)):
            hidden = _rectified(self._linear(f"{encoder}.encoder.{2 * layer}", hidden))
        mu, logvar = (self._linear(f"{encoder}.{end}", hidden) for end in ("fc_mu", "fc_logvar"))
        if self._table is not None:
            entries = slice(0, self._shape.cells)
            mu[:, entries] = middle + width * mu[:, entries]
            logvar[:, entries] += 2 * np.log(width)
        return mu.astype(np.float32), logvar.astype(np.float32)

    def decode(self, z: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n cells base"]:
        """Logits of every entry's symbols given latents; class c stands for the c-th symbol."""
        wide = z.astype(np.float64)
        if self._table is not None:
            return self._by_table(self._table, wide)
        logits = self._exploratory(wide) if self._mark == "A" else self._consolidating(wide)
        bases, classes = np.array(self._shape.bases), self._shape.classes
        logits = logits.reshape(len(z), len(bases), classes)
        logits[:, np.arange(classes) >= bases[:, None]] = NEVER
        return logits

    def _by_table(
        self, table: Float64[np.ndarray, "rows edges"], z: Float64[np.ndarray, "n d"]
    ) -> Float64[np.ndarray, "n cells base"]:
        """Entry after entry, as `thresholds.TableDecoder` does."""
        slope = self._weights[f"decoder_{self._mark}.slope"]
        logits = np.full((len(z), self._shape.cells, self._shape.classes), NEVER)
        filled, places = np.zeros(len(z), dtype=np.int64), self._shape.prefixes
        for cell, base in enumerate(self._shape.bases):
            edges = table[sum(places[:cell]) + filled]
            edges[:, base] = CERTAIN
            rising = slope * (z[:, cell, None] - edges[:, 1:base]).cumsum(-1)
            own = np.pad(rising, ((0, 0), (1, 0)))
            own[edges[:, 1 : base + 1] <= edges[:, :base]] = NEVER
            logits[:, cell, :base] = np.maximum(own - own.max(-1, keepdims=True), -FARTHEST)
            filled = filled + places[cell] * own.argmax(-1)
        return logits

    def _walls(
        self, table: Float64[np.ndarray, "rows edges"], tables: Real[np.ndarray, "n cells"]
    ) -> tuple[Float64[np.ndarray, "n cells"], Float64[np.ndarray, "n cells"]]:
        """The lower and the upper end of each entry's latent."""
        places = np.array(self._shape.prefixes[:-1])
        at = tables.astype(np.int64) - self._shape.lowest
        filled = (at * places).cumsum(1) - at * places
        edges = table[filled + np.cumsum(places) - places]
        low, high = (np.take_along_axis(edges, at[..., None] + upper, -1)[..., 0] for upper in (0, 1))
        return low, high

    def _exploratory(self, z: Float64[np.ndarray, "n d"]) -> Float64[np.ndarray, "n outputs"]:
        layers = len(self._shape.exploratory_widths)
        for layer in range(layers):
            z = _rectified(self._linear(f"decoder_A.decoder.{2 * layer}", z))
        return self._linear(f"decoder_A.decoder.{2 * layers}", z)

    def _consolidating(self, z: Float64[np.ndarray, "n d"]) -> Float64[np.ndarray, "n outputs"]:
        stream = self._linear("decoder_B.fc_in", z)
        for block in range(1, self._shape.consolidating_blocks + 1):
            stream = _rectified(stream)
            inner = _rectified(self._linear(f"decoder_B.residual{block}.block.0", stream))
            stream = stream + self._linear(f"decoder_B.residual{block}.block.2", inner)
        return self._linear("decoder_B.fc_out", stream)

    def _linear(self, name: str, x: Float64[np.ndarray, "n a"]) -> Float64[np.ndarray, "n b"]:
        found: Float64[np.ndarray, "n b"] = x @ self._weights[f"{name}.weight"]
        found += self._weights[f"{name}.bias"]
        return found


def _edges(cuts: Float[np.ndarray, "rows cuts"]) -> Float64[np.ndarray, "rows edges"]:
    return np.pad(cuts.astype(np.float64), ((0, 0), (1, 1)), constant_values=((0, 0), (-CERTAIN, CERTAIN)))


def _middles(
    low: Float64[np.ndarray, "n cells"], high: Float64[np.ndarray, "n cells"]
) -> tuple[Float64[np.ndarray, "n cells"], Float64[np.ndarray, "n cells"]]:
    """Middle and quarter width of boxes, as `thresholds.middles` gives them."""
    below, above = np.minimum(high, 0), np.maximum(low, 0)
    low = np.maximum(low, below - OPEN_SIDE / (1 - below))
    high = np.minimum(high, above + OPEN_SIDE / (1 + above))
    return (low + high) / 2, np.maximum((high - low) / 4, NARROWEST)


def _one_hot(
    tables: Float64[np.ndarray, "n cells"], letters: Sequence[int]
) -> Float64[np.ndarray, "n inputs"]:
    numbers = np.concatenate([np.arange(count) for count in letters])
    return np.asarray(np.repeat(tables, letters, axis=1) == numbers, dtype=np.float64)


def _rectified(x: Float64[np.ndarray, "n b"]) -> Float64[np.ndarray, "n b"]:
    np.maximum(x, 0.0, out=x)
    return x


def softmax(logits: Float64[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
    r"""Probabilities of classes along the last axis.

    .. math:: p_c = e^{l_c} / \sum_k e^{l_k}
    """
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def row_chunks(rows: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` rows that together are all of them."""
    edges = [*range(0, max(rows, 1), size), rows]
    return (slice(low, high) for low, high in pairwise(edges))
