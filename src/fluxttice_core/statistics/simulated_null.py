"""Squared deviations of draws of the law itself, simulated where no moments tell how rare large ones are."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fluxttice_core.shapes import Float64

_RUNS = 100_000
"""Simulated samples, at most: no tail is found to be less than one over so many."""

_FEW_KINDS, _FEW_DRAWS = 100, 200
"""Up to so many kinds counts are simulated, up to so many draws of more kinds the draws."""

_EXPECTED = 50
"""Of kinds that are all expected so often, three moments tell the tails."""

_DRAWS = 4_000_000
"""Draws to be simulated in all, where they are."""

_AT_ONCE = 2_000
_ROUNDING = 1e-9
_SEED = 0

Rows = Float64[np.ndarray, "rows"]
Samples = Float64[np.ndarray, "samples"]


@dataclass(frozen=True)
class SimulatedNull:
    r"""The null distribution of $\sum_i w_i[d_i^2 - (1 - 2q_i)d_i - Nq_i(1-q_i)]$ with $d_i = n_i - Nq_i$.

    Args:
        probability: What the law gives to the kinds of each row, q, as the bytes of doubles.
        weight: Their weights, w, likewise.
        kinds: How many kinds there are in each row, likewise.
        draws: How many draws there are, N.
    """

    probability: bytes
    weight: bytes
    kinds: bytes
    draws: int

    @classmethod
    def of(cls, probability: Rows, weight: Rows, kinds: Rows, draws: float | int) -> "SimulatedNull | None":
        """Lay out a simulation for a law; None where moments tell the tails, or there are too many of both.

        Example:
            >>> law = np.array([0.05, 0.95])
            >>> null = SimulatedNull.of(law, 1 / law, np.ones(2), 40)
            >>> null is not None and 0 < null.at_least(200.0) < 0.05
            True
            >>> SimulatedNull.of(law, 1 / law, np.ones(2), 4_000) is None
            True
        """
        some = kinds > 0
        if draws < 1 or draws * probability[some].min() >= _EXPECTED:
            return None
        if kinds.sum() > _FEW_KINDS and draws > _FEW_DRAWS:
            return None
        q, first, row = np.unique(probability[some], return_index=True, return_inverse=True)
        alike = np.bincount(row, weights=kinds[some])
        return cls(q.tobytes(), weight[some][first].tobytes(), alike.tobytes(), int(draws))

    def at_least(self, value: float | int) -> float | int:
        r"""Return the upper tail of a value, $(1 + r)/(1 + R)$ where r of R samples reach it.

        Were the samples drawn anew each time, it would be a p-value exactly.

        Source: Barnard 1963, in the discussion of Bartlett, The spectral analysis of point processes.
        """
        values = _simulated(self)
        least = value - _ROUNDING * max(abs(value), float(values[-1]))
        reached = len(values) - int(np.searchsorted(values, least))
        return (1 + reached) / (1 + len(values))


@lru_cache(maxsize=8)
def _simulated(null: SimulatedNull) -> Samples:
    """Return the values of simulated samples, rising."""
    q, weight, kinds = map(np.frombuffer, (null.probability, null.weight, null.kinds))
    generator = np.random.default_rng(_SEED)
    few = kinds.sum() <= _FEW_KINDS
    runs = _RUNS if few else min(_RUNS, _DRAWS // null.draws)
    if few:
        each = kinds.astype(np.int64)
        q, weight = np.repeat(q, each), np.repeat(weight, each)
    values = np.empty(runs)
    for start in range(0, runs, _AT_ONCE):
        now = values[start : start + _AT_ONCE]
        now[:] = (
            _of_counts(generator, q, weight, null.draws, len(now))
            if few
            else _of_draws(generator, q, weight, kinds, null.draws, len(now))
        )
    values.sort()
    values.flags.writeable = False
    return values


def _of_counts(generator: np.random.Generator, q: Rows, weight: Rows, draws: int, runs: int) -> Samples:
    """Simulate how often each kind is drawn."""
    off = generator.multinomial(draws, q / q.sum(), size=runs) - draws * q
    return np.asarray((off**2 - (1 - 2 * q) * off - draws * q * (1 - q)) @ weight)


def _of_draws(
    generator: np.random.Generator, q: Rows, weight: Rows, kinds: Rows, draws: int, runs: int
) -> Samples:
    """Simulate the draws, of which the nth that is alike adds 2w(n - 1) to the sum of wn(n - 1)."""
    ends = np.cumsum(q * kinds)
    place = generator.random((runs, draws)) * ends[-1]
    place.sort(axis=1)
    row = np.minimum(np.searchsorted(ends, place, side="right"), len(q) - 1)
    # Where the draw stands among the kinds of its row; drawn as a place, alike ones stand together.
    kind = np.minimum((place - (ends - q * kinds)[row]) // q[row], kinds[row] - 1)
    again = np.zeros((runs, draws))
    for n in range(1, draws):
        same = (row[:, n] == row[:, n - 1]) & (kind[:, n] == kind[:, n - 1])
        again[:, n] = np.where(same, again[:, n - 1] + 1, 0.0)
    gain = 2 * (weight[row] * again).sum(axis=1) - 2 * (draws - 1) * (weight * q)[row].sum(axis=1)
    return np.asarray(gain + draws * (draws - 1) * float(kinds @ (weight * q**2)))
