"""What a run says about each of its epochs."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Reach:
    """Distinct operations that prior draws of each half decoded to.

    Attributes:
        distinct_a: Of half A.
        distinct_b: Of half B.
        expected: What a uniform sampler is expected to reach with the same draws.
    """

    distinct_a: int
    distinct_b: int
    expected: float

    @property
    def efficiency_a(self) -> float:
        """Half A's distinct operations over the expected number, a fraction."""
        return self.distinct_a / self.expected

    @property
    def efficiency_b(self) -> float:
        """Half B's distinct operations over the expected number, a fraction."""
        return self.distinct_b / self.expected


@dataclass(frozen=True)
class EpochRecord:
    """The figures of one epoch: means over its batches in nats, coverage as fractions, time in seconds."""

    epoch: int
    learning_rate: float
    rho: float
    beta_a: float
    beta_b: float
    temperature_a: float
    temperature_b: float
    alignment: float
    weight_a: float
    weight_b: float
    loss: float
    transport: float
    distortion_a: float
    distortion_b: float
    rate_a: float
    rate_b: float
    validation_loss: float
    best_epoch: int
    efficiency_a: float | None
    efficiency_b: float | None
    operations_per_second: float
    seconds: float

    def as_dict(self) -> dict[str, float | int | None]:
        """The record as plain values, in the order of its fields."""
        return asdict(self)
