"""Which operations a model is trained on, chosen by and kept from: one seeded permutation, cut in three."""

import hashlib
from dataclasses import dataclass

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.shapes import Int64, UInt32, UInt64
from fluxttice_core.spaces.conventions import part_sizes
from fluxttice_core.spaces.product_space import ProductSpace

_STATE_WORDS = 624


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the operations in each part, in the order of the permutation.

    Args:
        train: Operations that the model learns from.
        validation: Operations that may choose between models.
        held_out: Operations that are only ever measured.
        seed: Seed of the permutation.
    """

    train: Int64[np.ndarray, "n_train"]
    validation: Int64[np.ndarray, "n_validation"]
    held_out: Int64[np.ndarray, "n_held_out"]
    seed: int

    @property
    def digest(self) -> str:
        """SHA-256 over the sizes and indices of the three parts as little-endian 64-bit numbers."""
        sha = hashlib.sha256(b"split 1\n")
        for part in (self.train, self.validation, self.held_out):
            sha.update(np.array([part.size], dtype="<i8").tobytes())
            sha.update(part.astype("<i8").tobytes())
        return sha.hexdigest()


def split(space: ProductSpace, seed: int = 42, *, rows: Int64[np.ndarray, "n"] | None = None) -> Split:
    """Cut a space, or some of its rows, into 80 % training, 10 % validation and the rest held out.

    The parts are consecutive slices of a permutation of all K indices, of sizes floor(.8 K), floor(.1 K) and
    the remainder; of n rows likewise.

    Example:
        >>> from fluxttice_core.spaces.operation_space import OperationSpace
        >>> parts = split(OperationSpace(), seed=42)
        >>> parts.train.size, parts.validation.size, parts.held_out.size
        (15746, 1968, 1969)
        >>> parts.train[:4].tolist()
        [5001, 828, 10765, 16657]

    Raises:
        OperationError: If the space is too large to enumerate, or the seed is outside 0 to 2^32 - 1.
    """
    if rows is None:
        space.require_enumerable()
    order = permutation(space.size if rows is None else len(rows), seed)
    n_train, n_validation, _ = part_sizes(len(order))
    order = order if rows is None else rows[order]
    return Split(
        train=order[:n_train],
        validation=order[n_train : n_train + n_validation],
        held_out=order[n_train + n_validation :],
        seed=seed,
    )


def permutation(n: int, seed: int) -> Int64[np.ndarray, "{n}"]:
    """Shuffle 0 .. n-1 exactly as `torch.randperm` does on a CPU generator with this seed.

    A Fisher-Yates shuffle: for i = 0 .. n-2, entry i is exchanged with entry i + (w_i mod (n - i)), where w_i
    are the 32-bit outputs of the Mersenne twister. Written with NumPy so that this layer needs no torch.
    """
    if n < 0:
        raise OperationError(f"cannot shuffle {n} items: give a count of 0 or more", "out_of_range")
    offsets = _twister_outputs(max(n - 1, 0), seed) % np.arange(n, 1, -1, dtype=np.uint64)
    order = list(range(n))
    for i, offset in enumerate(offsets.tolist()):
        order[i], order[i + offset] = order[i + offset], order[i]
    return np.array(order, dtype=np.int64)


def _twister_outputs(count: int, seed: int) -> UInt64[np.ndarray, "{count}"]:
    twister = np.random.MT19937()
    twister.state = {
        "bit_generator": "MT19937",
        "state": {"key": _seeded_state(seed), "pos": _STATE_WORDS},
    }
    return np.asarray(twister.random_raw(count), dtype=np.uint64)


def _seeded_state(seed: int) -> UInt32[np.ndarray, "624"]:
    """Return the twister's initial state by the recursion of Matsumoto and Nishimura (version of 2002)."""
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise OperationError(
            f"the seed of a split must be a whole number from 0 to 2^32 - 1, not {seed!r}", "out_of_range"
        )
    word, key = seed, [seed]
    for i in range(1, _STATE_WORDS):
        word = (1812433253 * (word ^ (word >> 30)) + i) & 0xFFFFFFFF
        key.append(word)
    return np.array(key, dtype=np.uint32)
