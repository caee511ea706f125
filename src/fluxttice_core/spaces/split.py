"""Which elements a model is trained on, chosen by and kept from: one seeded permutation, cut in three.

Spaces that are too large to be written out are cut by a keyed hash of every element.
"""

import hashlib
from array import array
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.shapes import Int8, Int64, UInt32, UInt64
from fluxttice_core.spaces.conventions import (
    ENUMERATION_LIMIT,
    TRAIN_FRACTION,
    VALIDATION_FRACTION,
    part_sizes,
)
from fluxttice_core.spaces.product_space import ProductSpace

_STATE_WORDS = 624
_LAW_ROWS = 4_096
"""Elements whose parts a digest of a split by hash says."""

_CANDIDATES = 2**15
"""Elements drawn at a time where some of them are to be kept."""

_AT_ONCE = 1 << 16
"""Exchanges of a permutation whose places are numbers of Python's at the same time."""

STREAMED_ROWS = 20_480
"""Elements that stand for a space that cannot be written out: 16,384 of them are the rows of an epoch."""

Part = Literal["train", "validation", "held_out"]
PARTS: tuple[Part, ...] = ("train", "validation", "held_out")


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


@dataclass(frozen=True, eq=False)
class HashedSplit(Split):
    """A split by a keyed hash of the element, which says the part of any element without a list of them.

    The indices of its parts are samples of them; `draw` gives more.
    """

    space: ProductSpace

    @property
    def digest(self) -> str:
        """SHA-256 over the space, the seed and the parts of the elements 0, 1, 2, ..."""
        sha = hashlib.sha256(f"split by hash 1\n{self.space.digest()}\n{self.seed}\n".encode())
        sha.update(self.parts_of(np.arange(_LAW_ROWS)).tobytes())
        return sha.hexdigest()

    def parts_of(self, indices: Int64[np.ndarray, "n"]) -> Int8[np.ndarray, "n"]:
        """Place in `PARTS` of each element's part: below 80 % of all hashes, below 90 %, or above.

        Example:
            >>> from fluxttice_core.spaces.space_name import space_of
            >>> split(space_of("dna:16"), seed=42).parts_of(np.arange(4_096)[:10]).tolist()
            [0, 2, 0, 2, 0, 2, 0, 0, 2, 2]
        """
        key = _mixed(np.array([self.seed], dtype=np.uint64))
        shares = np.cumsum([TRAIN_FRACTION, VALIDATION_FRACTION])
        bounds = np.array([int(share * 2**64) for share in shares.tolist()], dtype=np.uint64)
        return np.searchsorted(bounds, _mixed(indices.astype(np.uint64) ^ key), side="right").astype(np.int8)

    def draw(self, part: Part, n: int, seed: int) -> Int64[np.ndarray, "{n}"]:
        """Draw elements of a part, all equally likely and with replacement."""
        twister, bases = _twister(seed), np.array(self.space.bases, dtype=np.uint64)
        found = [np.empty(0, np.int64)]
        while sum(map(len, found)) < n:
            words = np.asarray(twister.random_raw(_CANDIDATES * len(bases)), dtype=np.uint64)
            indices = (words.reshape(-1, len(bases)) % bases).astype(np.int64) @ self.space.place_values()
            found.append(indices[self.parts_of(indices) == PARTS.index(part)])
        return np.concatenate(found)[:n]


def split(space: ProductSpace, seed: int = 42, *, rows: Int64[np.ndarray, "n"] | None = None) -> Split:
    """Cut a space, or some of its rows, into 80 % training, 10 % validation and the rest held out.

    The parts are consecutive slices of a permutation of all K indices, of sizes floor(.8 K), floor(.1 K) and
    the remainder; of n rows likewise. A space of more than 2^24 elements is cut by a keyed hash of each, and
    the parts are samples: see `HashedSplit`.

    Example:
        >>> from fluxttice_core.spaces.operation_space import OperationSpace
        >>> parts = split(OperationSpace(), seed=42)
        >>> parts.train.size, parts.validation.size, parts.held_out.size
        (15746, 1968, 1969)
        >>> parts.train[:4].tolist()
        [5001, 828, 10765, 16657]

    Raises:
        OperationError: If the seed is outside 0 to 2^32 - 1.
    """
    if rows is None and space.size > ENUMERATION_LIMIT:
        return hashed_split(space, seed)
    order = permutation(space.size if rows is None else len(rows), seed)
    n_train, n_validation, _ = part_sizes(len(order))
    order = order if rows is None else rows[order]
    return Split(
        train=order[:n_train],
        validation=order[n_train : n_train + n_validation],
        held_out=order[n_train + n_validation :],
        seed=seed,
    )


def hashed_split(space: ProductSpace, seed: int = 42) -> HashedSplit:
    """Cut a space by a keyed hash of every element; the parts that are listed are samples."""
    none = np.empty(0, dtype=np.int64)
    law = HashedSplit(none, none, none, seed, space)
    sizes = zip(PARTS, part_sizes(STREAMED_ROWS), strict=True)
    train, validation, held_out = (law.draw(part, n, seed) for part, n in sizes)
    return HashedSplit(train, validation, held_out, seed, space)


def permutation(n: int, seed: int) -> Int64[np.ndarray, "{n}"]:
    """Shuffle 0 .. n-1 exactly as `torch.randperm` does on a CPU generator with this seed.

    A Fisher-Yates shuffle: for i = 0 .. n-2, entry i is exchanged with entry i + (w_i mod (n - i)), where w_i
    are the 32-bit outputs of the Mersenne twister. Written with NumPy so that this layer needs no torch.
    """
    words = np.asarray(_twister(seed).random_raw(max(n - 1, 0)), dtype=np.uint64)
    offsets = words % np.arange(n, 1, -1, dtype=np.uint64)
    # Lists of numbers would take five times the room of these, a gigabyte for the largest target.
    order = array("q", range(n))
    for start in range(0, len(offsets), _AT_ONCE):
        for i, offset in enumerate(offsets[start : start + _AT_ONCE].tolist(), start):
            order[i], order[i + offset] = order[i + offset], order[i]
    return np.array(order, dtype=np.int64)


def rows_to_learn(space: ProductSpace) -> int:
    """Rows of an epoch of a space: its training part, or as many draws from a part that is too large."""
    return part_sizes(space.size if space.size <= ENUMERATION_LIMIT else STREAMED_ROWS)[0]


def _mixed(words: UInt64[np.ndarray, "n"]) -> UInt64[np.ndarray, "n"]:
    """Mix the bits of each word, so that a change of one moves half of the others.

    Source: Steele, Lea & Flood 2014, Fast splittable pseudorandom number generators (SplitMix64).
    """
    words = words + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(words ^ (words >> np.uint64(31)), dtype=np.uint64)


def _twister(seed: int) -> np.random.MT19937:
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": {"key": _seeded_state(seed), "pos": _STATE_WORDS}}
    return twister


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
