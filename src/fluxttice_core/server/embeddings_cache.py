"""The codes of all operations under one half, computed once and kept as the text of answers."""

from base64 import b64encode
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Float64

from fluxttice_core.model.halves import HalfName
from fluxttice_core.storage.pretrained import TrainedModel


@dataclass(frozen=True, eq=False)
class Codebook:
    """Posterior means of all operations, by index.

    Args:
        means: One row of latents an operation.
        base64: Each row as a JSON string: base64 of little-endian float32.
    """

    means: Float32[np.ndarray, "K d"]
    base64: tuple[bytes, ...]
    _numbers: dict[int, bytes] = field(default_factory=dict, repr=False)

    @property
    def dimensions(self) -> int:
        """Number of latents."""
        return int(self.means.shape[1])

    def numbers(self, index: int) -> bytes:
        """A row as a JSON array, each number the shortest decimal that reads back as the same float32.

        Example:
            >>> Codebook(np.array([[0.1, -1.0]], dtype=np.float32), (b"",)).numbers(0)
            b'[0.1,-1.0]'
        """
        written = self._numbers.get(index)
        if written is None:
            written = f"[{','.join(map(str, self.means[index]))}]".encode()
            self._numbers[index] = written
        return written

    def distances(self, latent: Float32[np.ndarray, "d"]) -> Float64[np.ndarray, "K"]:
        """Euclidean distance of every operation's mean from a latent.

        Example:
            >>> Codebook(np.array([[3.0, 0.0]], dtype=np.float32), ()).distances(
            ...     np.array([0.0, 4.0], dtype=np.float32)
            ... ).tolist()
            [5.0]
        """
        steps = self.means.astype(np.float64) - latent.astype(np.float64)
        return np.asarray(np.sqrt(np.einsum("kd,kd->k", steps, steps)))


def codebook(model: TrainedModel, half: HalfName) -> Codebook:
    """Encode every operation with one half of a model."""
    means = model.encode(np.arange(model.space.size), vae=half)
    rows = np.ascontiguousarray(means, dtype="<f4")
    return Codebook(means, tuple(b'"' + b64encode(row.tobytes()) + b'"' for row in rows))
