"""A measured number that keeps its context: how it was taken, and what perfect and untrained score."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fluxttice_core.errors import MeasurementError
from fluxttice_core.metrics.catalogue import base_of
from fluxttice_core.metrics.naming import scale_of
from fluxttice_core.metrics.settings import (
    MINIMUM_UNTRAINED,
    ControlName,
    DecodeRule,
    Direction,
    Half,
    MeasurementSettings,
    Unit,
)
from fluxttice_core.shapes import Float64
from fluxttice_core.spaces.target import Target
from fluxttice_core.statistics.coverage import equivalent_law_budget, equivalent_uniform_budget
from fluxttice_core.statistics.estimate import Estimate
from fluxttice_core.statistics.intervals import Interval, cut_to_share, mean_interval

Estimator = Literal["exact", "bound", "monte_carlo"]
Verdict = Literal["better", "worse", "same", "different"]

LEVEL = 0.95
TOTAL_MASS = "total_mass"
"""The curve of one point that says what all p(x) sum to."""

_ROUNDING = 1e-9
"""Relative difference below which two exact figures count as the same."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number as measured, on a model or on a control, before it is compared with anything.

    Args:
        quantity: What is measured, with the parameters that define it, such as `coverage/argmax/50000`.
        value: The number; infinite where the formula says so.
        unit: Nats for every entropy.
        ceiling: The value of a perfect generator with a perfect code, at the same budget.
        ceiling_sd: Standard deviation of a perfect generator's value, where it is random.
        interval: None for an exact number.
        error: Standard error, of so many degrees of freedom; 0 for an exact number.
        draws: Draws a repeat, for a sampled number.
        samples: The value of each repeat, where they are kept.

    Raises:
        MeasurementError: If the ceiling or a sampled number's interval is missing, the value is not a number
            or an infinite fraction, or the budget in the name is not the number of draws.
    """

    quantity: str
    half: Half
    value: float
    unit: Unit
    direction: Direction
    ceiling: float
    ceiling_sd: float | None = None
    estimator: Estimator = "exact"
    interval: Interval | None = None
    error: float = 0.0
    dof: float = math.inf
    draws: int | None = None
    repeats: int = 1
    seed: int | None = None
    rule: DecodeRule | None = None
    samples: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self._require_reference()
        self._require_estimator()
        budget = self.quantity.rpartition("/")[2]
        if budget.isdecimal() and budget != str(self.draws):
            raise MeasurementError(
                f"{self.quantity} was taken with {self.draws} draws: name the budget used", "contradictory"
            )

    def _require_reference(self) -> None:
        if math.isnan(self.ceiling):
            raise MeasurementError(
                f"{self.quantity} has no ceiling: say what a perfect generator scores", "contradictory"
            )
        if math.isnan(self.value):
            raise MeasurementError(
                f"{self.quantity} of {self.half} is not a number: it cannot be reported", "not_finite"
            )
        if self.unit == "fraction" and math.isinf(self.value):
            raise MeasurementError(
                f"{self.quantity} of {self.half} is infinite: a fraction is at most 1", "not_finite"
            )

    def _require_estimator(self) -> None:
        sampled = self.estimator == "monte_carlo"
        if sampled != (self.interval is not None):
            raise MeasurementError(
                f"{self.quantity} is {self.estimator}: sampled numbers have an interval, and no others do",
                "contradictory",
            )
        if sampled and (self.draws is None or self.seed is None):
            raise MeasurementError(f"{self.quantity} was sampled: give its draws and seed", "contradictory")
        if self.samples and len(self.samples) != self.repeats:
            raise MeasurementError(
                f"{self.quantity} was repeated {self.repeats} times and keeps {len(self.samples)}: keep all",
                "contradictory",
            )

    @property
    def name(self) -> str:
        """The quantity and the budget of its estimate: every parameter that influences the value."""
        suffix = f"/{self.draws}"
        return (
            self.quantity if self.draws is None or self.quantity.endswith(suffix) else self.quantity + suffix
        )

    @property
    def base(self) -> str:
        """The quantity without its budget, such as `coverage/argmax`."""
        return base_of(self.quantity)

    @property
    def low(self) -> float:
        """Lower end of the interval, or the value itself when it is exact."""
        return self.value if self.interval is None else self.interval.lower

    @property
    def high(self) -> float:
        """Upper end of the interval, or the value itself when it is exact."""
        return self.value if self.interval is None else self.interval.upper

    @property
    def ratio(self) -> float | None:
        """Value over ceiling; none where the ceiling is 0 or a side is infinite."""
        if self.ceiling == 0 or not (math.isfinite(self.ceiling) and math.isfinite(self.value)):
            return None
        return self.value / self.ceiling

    @property
    def estimate(self) -> Estimate:
        """The value with its standard error."""
        return Estimate(self.value, self.error, self.dof)

    @property
    def score(self) -> "Score":
        """The figure without what a control's figure shares with the model's."""
        return Score(self.quantity, self.half, self.value, self.low, self.high)


@dataclass(frozen=True)
class FigureMaker:
    """Makes the figures of one half by the rows of the catalogue: whoever measures gives value and error."""

    half: Half
    size: int
    settings: MeasurementSettings
    dimensions: int = 0
    prefix: str = ""
    target: Target | None = None

    def __call__(
        self,
        name: str,
        estimate: Estimate | float,
        *,
        interval: Interval | None = None,
        ceiling_sd: float | None = None,
        repeats: int = 1,
        samples: Sequence[float] = (),
    ) -> Figure:
        """A figure by its metric's name; the catalogue or the error decides an interval or sd not given."""
        scale = scale_of(
            name,
            size=self.size,
            dimensions=self.dimensions,
            settings=self.settings,
            target=self.target,
        )
        known = estimate if isinstance(estimate, Estimate) else Estimate(estimate, 0.0)
        exact = scale.draws is None
        return Figure(
            quantity=self.prefix + name,
            half=self.half,
            value=known.value,
            unit=scale.unit,
            direction=scale.direction,
            ceiling=scale.ceiling,
            ceiling_sd=scale.ceiling_sd if ceiling_sd is None else ceiling_sd,
            estimator="exact" if exact else "monte_carlo",
            interval=None if exact else interval or _interval(known),
            error=known.error,
            dof=known.dof,
            draws=scale.draws,
            repeats=repeats,
            seed=None if exact else self.settings.seed,
            rule=scale.rule,
            samples=tuple(samples),
        )

    def shares(self, name: str, values: Sequence[float]) -> Figure:
        """A share by its value in each repeat, with Student's interval of their mean."""
        found = np.array(values)
        error = float(found.std(ddof=1)) / math.sqrt(len(found))
        estimate = Estimate(float(found.mean()), error, len(found) - 1.0)
        return self(
            name, estimate, interval=share_interval(found), repeats=len(found), samples=found.tolist()
        )


def _interval(estimate: Estimate) -> Interval:
    if math.isinf(estimate.value):
        return Interval(estimate.value, estimate.value, estimate.value, LEVEL, "infinite")
    return estimate.interval(LEVEL)


def share_interval(values: Float64[np.ndarray, "n"]) -> Interval:
    """Student's interval of a mean share over repeats, cut to [0, 1]."""
    return cut_to_share(mean_interval(values, LEVEL))


def equivalent_budget(share: Interval, size: int, target: Target | None = None) -> Interval:
    """The uniform draws, or draws from a target, that would show the same share, with its interval."""

    def draws(c: float) -> float:
        if target is None or target.is_uniform:
            return equivalent_uniform_budget(c, size)
        values, counts = target.levels
        return equivalent_law_budget(c * size, values, counts)

    estimate, lower, upper = map(draws, (share.estimate, share.lower, share.upper))
    return Interval(estimate, lower, upper, share.level, share.method)


@dataclass(frozen=True)
class Series:
    """A curve of a half, for drawing rather than for judging."""

    name: str
    half: Half
    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.x or len(self.x) != len(self.y):
            raise MeasurementError(
                f"the curve {self.name} has {len(self.x)} places and {len(self.y)} values: "
                "give as many of both",
                "contradictory",
            )


def rounded(values: Iterable[float]) -> tuple[float, ...]:
    """Values to six significant digits: as many as a drawing needs.

    Example:
        >>> rounded([0.123456789, 2.0])
        (0.123457, 2.0)
    """
    return tuple(float(f"{value:.6g}") for value in values)


@dataclass(frozen=True)
class Score:
    """What a control scores in one quantity: taken as the model's figure was."""

    quantity: str
    half: Half
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Floor:
    """What untrained networks of the same shape score."""

    mean: float
    low: float
    high: float
    seeds: int

    def __post_init__(self) -> None:
        if self.seeds < MINIMUM_UNTRAINED:
            raise MeasurementError(
                f"a floor needs at least {MINIMUM_UNTRAINED} untrained networks, not {self.seeds}", "too_few"
            )

    @classmethod
    def of(cls, scores: Sequence[Score]) -> "Floor":
        """The floor from one score a seed."""
        values = [score.value for score in scores]
        mean = math.fsum(values) / len(values) if values and all(map(math.isfinite, values)) else math.inf
        return cls(mean, min(values, default=math.nan), max(values, default=math.nan), len(values))


@dataclass(frozen=True)
class ControlComparison:
    """How a metric places the model beside one control: `same` when their ranges overlap.

    The control's is from `low` to `high`, over the seeds of networks, else its interval. `different` is for a
    description, which knows no better.
    """

    control: ControlName
    low: float
    high: float
    verdict: Verdict

    @property
    def separates(self) -> bool:
        """Whether the metric tells the model from this control, in the model's favour.

        The oracle is perfect, so that there it is enough not to be mistaken for it.
        """
        return self.verdict != "same" if self.control == "oracle" else self.verdict in ("better", "different")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A figure beside its floor, and beside each control that has such a figure.

    Raises:
        MeasurementError: If the verdict beside untrained networks is missing.
    """

    figure: Figure
    floor: Floor
    control_comparisons: tuple[ControlComparison, ...]

    def __post_init__(self) -> None:
        if "untrained" not in {one.control for one in self.control_comparisons}:
            raise MeasurementError(
                f"{self.figure.quantity} was not compared with untrained networks", "not_measured"
            )

    @property
    def name(self) -> str:
        """Every parameter that influences the value."""
        return self.figure.name

    @property
    def quantity(self) -> str:
        """What is measured."""
        return self.figure.quantity

    @property
    def half(self) -> Half:
        """Of which half, or of the pair."""
        return self.figure.half

    @property
    def value(self) -> float:
        """The number."""
        return self.figure.value

    @property
    def ceiling(self) -> float:
        """What a perfect generator scores."""
        return self.figure.ceiling

    @property
    def ratio(self) -> float | None:
        """Value over ceiling, where that means something."""
        return self.figure.ratio

    @property
    def blind_to(self) -> tuple[ControlName, ...]:
        """The controls, save the oracle, from which this metric does not separate the model."""
        return tuple(s.control for s in self.control_comparisons if s.control != "oracle" and not s.separates)

    @property
    def misleads(self) -> bool:
        """Whether a bad generator (untrained, constant or of half support) scores as well as the model."""
        return any(control != "uniform_sampler" for control in self.blind_to)


def compared(figure: Figure, control: ControlName, scores: Sequence[Score]) -> ControlComparison:
    """Place a model's figure beside what a control scores."""
    # What networks score varies more from seed to seed than by their draws.
    spread = [(s.value, s.value) if control == "untrained" else (s.low, s.high) for s in scores]
    low, high = min(low for low, _ in spread), max(high for _, high in spread)
    return ControlComparison(control, low, high, _verdict(figure, low, high))


def _verdict(figure: Figure, low: float, high: float) -> Verdict:
    slack = _ROUNDING * max(
        (abs(end) for end in (low, high, figure.value) if math.isfinite(end)), default=0.0
    )
    if figure.low <= high + slack and figure.high >= low - slack:
        return "same"
    if figure.direction == "neither":
        return "different"
    above = figure.low > high
    return "better" if above == (figure.direction == "higher") else "worse"
