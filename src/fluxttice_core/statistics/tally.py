"""Counts of counts: how many kinds were drawn how often, all that a test needs to know of a sample."""

from dataclasses import dataclass

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.shapes import Float64, Int64, Integer
from fluxttice_core.statistics.counts import seen

MOST_DRAWS = 2**63 - 1


def too_many_draws(said: str) -> MeasurementError:
    """Return the refusal of more draws than whole numbers of 64 bits can count."""
    return MeasurementError(
        f"{said} holds more draws than 2^63 - 1, the most that are counted: give fewer", "out_of_range"
    )


@dataclass(frozen=True)
class Tally:
    """How often kinds were drawn, grouped: `kinds[i]` kinds were drawn `times[i]` times.

    It is as short as the different counts are few: ten million draws make some hundred rows.

    Example:
        >>> tally = Tally.of_counts(np.array([9, 2, 1, 1]))
        >>> tally.times, tally.kinds, tally.draws, tally.distinct
        (array([1, 2, 9]), array([2, 1, 1]), 13, 4)

    Raises:
        MeasurementError: If a count is less than 1, `times` does not rise, or the draws are 2^63 or more.
    """

    times: Int64[np.ndarray, "rows"]
    kinds: Int64[np.ndarray, "rows"]

    def __post_init__(self) -> None:
        if np.any(self.times < 1) or np.any(self.kinds < 1) or np.any(np.diff(self.times) < 1):
            raise MeasurementError(
                "a tally has rising numbers of draws and how many kinds were drawn so often, all at least 1: "
                "leave out kinds that were not drawn",
                "out_of_range",
            )
        # Floats do not wrap, and are off by far less than a half; what is near or beyond is added up exactly.
        if self.times.astype(float) @ self.kinds > MOST_DRAWS / 2:
            rows = zip(self.times.tolist(), self.kinds.tolist(), strict=True)
            if sum(times * kinds for times, kinds in rows) > MOST_DRAWS:
                raise too_many_draws("what was counted")

    @classmethod
    def of_counts(cls, counts: Integer[np.ndarray, "kinds"]) -> "Tally":
        """Tally how often each kind was drawn; kinds that were not drawn may stand in it as zeros."""
        times, kinds = np.unique(seen(counts), return_counts=True)
        return cls(times, kinds.astype(np.int64))

    @property
    def draws(self) -> int:
        """Number of draws, N."""
        return int(self.times @ self.kinds)

    @property
    def distinct(self) -> int:
        """Different kinds among them, D."""
        return int(self.kinds.sum())

    @property
    def once(self) -> int:
        """Kinds drawn once, F1."""
        return self.drawn(1)

    @property
    def twice(self) -> int:
        """Kinds drawn twice, F2."""
        return self.drawn(2)

    def drawn(self, times: int) -> int:
        """How many kinds were drawn exactly so often."""
        return int(self.kinds[self.times == times].sum())

    def counts(self) -> Int64[np.ndarray, "distinct"]:
        """Return how often each kind was drawn, in rising order: as long as there are kinds."""
        return np.repeat(self.times, self.kinds)


def tallied(counts: Integer[np.ndarray, "kinds"] | Tally) -> Tally:
    """Tally counts, unless they are one."""
    return counts if isinstance(counts, Tally) else Tally.of_counts(counts)


def nonempty(counts: Integer[np.ndarray, "kinds"] | Tally) -> Tally:
    """Tally counts, unless they are one, of which there must be one draw."""
    tally = tallied(counts)
    if len(tally.times) == 0:
        raise MeasurementError(
            "an empty sample says nothing about its generator: draw at least once", "too_few"
        )
    return tally


@dataclass(frozen=True)
class LawTally:
    """How often kinds were drawn beside a stated law: `kinds[i]` of `probability[i]` each, `times[i]` times.

    Draws of kinds to which the law gives nothing are `outside`.

    Example:
        >>> tally = LawTally(np.array([0.5, 0.25]), np.array([3, 0]), np.array([1, 2]))
        >>> tally.draws, tally.distinct, tally.size
        (3, 1, 3)

    Raises:
        MeasurementError: If the probabilities do not add to 1, or a number is below its least.
    """

    probability: Float64[np.ndarray, "rows"]
    times: Int64[np.ndarray, "rows"]
    kinds: Int64[np.ndarray, "rows"]
    outside: int = 0

    def __post_init__(self) -> None:
        if not np.all(self.probability > 0) or abs(float(self.probability @ self.kinds) - 1) > 1e-6:
            raise MeasurementError(
                "the probabilities of a law are above 0 and add to 1: leave out kinds of probability 0",
                "out_of_range",
            )
        if np.any(self.times < 0) or np.any(self.kinds < 1) or self.outside < 0:
            raise MeasurementError("draws are at least 0 and kinds at least 1 a row", "out_of_range")

    @property
    def draws(self) -> int:
        """Number of draws, N, those outside the law included."""
        return int(self.times @ self.kinds) + self.outside

    @property
    def distinct(self) -> int:
        """Different kinds of the law among them."""
        return int(self.kinds[self.times > 0].sum())

    @property
    def size(self) -> int:
        """Kinds to which the law gives a probability, K."""
        return int(self.kinds.sum())
