"""The forward pass of one half in NumPy alone, for all that uses a model without training it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from fluxttice_core.model.halves import HalfName
from fluxttice_core.model.network_shape import NEVER, NetworkShape
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

    def encode(
        self, tables: Real[np.ndarray, "n cells"]
    ) -> tuple[Float32[np.ndarray, "n d"], Float32[np.ndarray, "n d"]]:
        """Posterior means and log-variances of tables of symbols."""
        encoder = f"encoder_{self._mark}"
        hidden = tables.astype(np.float64)
        if self._shape.space_name is not None:
            hidden = _one_hot(hidden, self._shape.bases)
        for layer in range(len(self._shape.encoder_widths)):
            hidden = _rectified(self._linear(f"{encoder}.encoder.{2 * layer}", hidden))
        mu, logvar = (self._linear(f"{encoder}.{end}", hidden) for end in ("fc_mu", "fc_logvar"))
        return mu.astype(np.float32), logvar.astype(np.float32)

    def decode(self, z: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n cells base"]:
        """Logits of every entry's symbols given latents; class c stands for the c-th symbol."""
        wide = z.astype(np.float64)
        logits = self._exploratory(wide) if self._mark == "A" else self._consolidating(wide)
        bases, classes = np.array(self._shape.bases), self._shape.classes
        logits = logits.reshape(len(z), len(bases), classes)
        logits[:, np.arange(classes) >= bases[:, None]] = NEVER
        return logits

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
