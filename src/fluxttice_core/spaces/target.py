"""What a model is to learn: some elements of a space, each with a probability."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fluxttice_core.errors import OperationError
from fluxttice_core.shapes import Float64, Int64, Shaped
from fluxttice_core.spaces.product_space import ProductSpace

_DIGITS = 12
"""Significant digits of a probability that a digest depends on."""

_AT_ONCE = 1 << 16
"""Probabilities that are written out together: their text takes more room than they do."""


@dataclass(frozen=True, eq=False)
class Target:
    """A probability distribution q over some elements of a space, its support.

    Example:
        >>> from fluxttice_core.spaces.space_name import space_of
        >>> codons = space_of("codons")
        >>> weighted = Target.of(codons, [5, 5, 9], [1.0, 2.0, 1.0])
        >>> weighted.rows.tolist(), weighted.q.tolist(), weighted.is_everything
        ([5, 9], [0.75, 0.25], False)
        >>> Target.everything(codons).entropy == codons.log_size
        True

    Args:
        space: The space.
        rows: Indices of the support, rising.
        weights: Probability of each row, above 0, summing to 1; none: all alike.
    """

    space: ProductSpace
    rows: Int64[np.ndarray, "n"]
    weights: Float64[np.ndarray, "n"] | None = None

    @classmethod
    def everything(cls, space: ProductSpace) -> "Target":
        """All elements alike.

        Raises:
            OperationError: If the space is too large to be written out.
        """
        space.require_enumerable()
        return cls(space, np.arange(space.size))

    @classmethod
    def of(
        cls,
        space: ProductSpace,
        indices: Sequence[int] | Shaped[np.ndarray, "m"],
        weights: Sequence[float | int] | Shaped[np.ndarray, "m"] | None = None,
    ) -> "Target":
        """Some elements by their indices, the weights of those that come more than once added up.

        Args:
            space: The space.
            indices: Elements, in any order.
            weights: As many weights or counts, 0 or more; none: all alike, however often they come.

        Raises:
            OperationError: If there are no elements, or a weight is negative, not finite, or none is above 0.
        """
        checked = space.check_indices(np.asarray(indices, dtype=np.int64))
        rows, place = np.unique(checked, return_inverse=True)
        if not rows.size:
            raise OperationError("a target needs elements: give one or more", "too_few")
        if weights is None:
            return cls(space, rows)
        given = np.asarray(weights, dtype=np.float64)
        if given.shape != checked.shape:
            raise OperationError(
                f"{checked.size:,} elements have {given.size:,} weights: give one for each", "wrong_shape"
            )
        if not (np.isfinite(given).all() and (given >= 0).all() and given.any()):
            raise OperationError(
                "weights are finite numbers from 0 upwards, one of them above 0: correct those that are not",
                "out_of_range",
            )
        # By a power of two, which rounds nothing: the sum of the largest numbers would overflow.
        scaled = np.ldexp(given, -math.frexp(given.max())[1])
        summed = np.bincount(place, scaled, len(rows))
        shares = summed / math.fsum(summed)
        rows, shares = rows[shares > 0], shares[shares > 0]
        return cls(space, rows) if np.ptp(shares) == 0 else cls(space, rows, shares)

    @cached_property
    def q(self) -> Float64[np.ndarray, "n"]:
        """Probability of each row of the support."""
        return np.full(len(self.rows), 1 / len(self.rows)) if self.weights is None else self.weights

    @cached_property
    def levels(self) -> tuple[Float64[np.ndarray, "m"], Int64[np.ndarray, "m"]]:
        """Each probability that rows of the support have, rising, and how many have it."""
        values, counts = np.unique(self.q, return_counts=True)
        return values, counts

    @property
    def is_uniform(self) -> bool:
        """Whether all rows of the support are alike."""
        return self.weights is None

    @property
    def is_everything(self) -> bool:
        """Whether the target is the uniform distribution over the whole space."""
        return self.is_uniform and len(self.rows) == self.space.size

    @property
    def entropy(self) -> float:
        r"""Entropy :math:`H(q) = -\sum_x q(x) \ln q(x)`, in nats: ln K for all elements alike."""
        if self.is_everything:
            return self.space.log_size
        if self.is_uniform:
            return math.log(len(self.rows))
        values, counts = self.levels
        return -float(counts @ (values * np.log(values)))

    def dense(self) -> Float64[np.ndarray, "{self.space.size}"]:
        """Probability of every element of the space, 0 outside of the support.

        Raises:
            OperationError: If the space is too large to be written out.
        """
        self.space.require_enumerable()
        found = np.zeros(self.space.size)
        found[self.rows] = self.q
        return found

    def weights_of(self, rows: Int64[np.ndarray, "m"]) -> Float64[np.ndarray, "m"] | None:
        """Probability of some rows of the support; none where all are alike."""
        return None if self.weights is None else self.weights[np.searchsorted(self.rows, rows)]

    def digest(self) -> str:
        """SHA-256 of the space, its rows and their probabilities to 12 digits, as hexadecimal."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        sha = hashlib.sha256(f"target 1\n{self.space.digest()}\n{len(self.rows)}\n".encode())
        sha.update(self.rows.astype("<i8").tobytes())
        weights = np.empty(0) if self.weights is None else self.weights
        for start in range(0, len(weights), _AT_ONCE):
            written = (f"{weight:.{_DIGITS - 1}e}" for weight in weights[start : start + _AT_ONCE].tolist())
            sha.update((("\n" if start else "") + "\n".join(written)).encode())
        return sha.hexdigest()
