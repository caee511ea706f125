"""What a measurement is made with: budgets, repeats, rules and the seed, validated; read without torch."""

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.devices import Device

Half = Literal["a", "b", "pair"]
ControlName = Literal["uniform_sampler", "untrained", "constant_decoder", "half_support", "oracle"]
Unit = Literal["fraction", "nats", "operations", "draws", "dimensions", "ratio"]
Direction = Literal["higher", "lower", "neither"]
"""Which way a figure is better; `neither` for a description."""

DecodeRule = Literal["argmax", "categorical", "expectation"]
"""How logits become one symbol a cell: the likeliest, a draw, or the softmax mean rounded."""

DECODE_RULES: tuple[DecodeRule, ...] = get_args(DecodeRule)

MINIMUM_UNTRAINED = 5
"""The fewest untrained networks that a floor is taken from."""

DEFAULT_GROUPS = 8
"""Independent groups that the prior draws behind p(x) are parted into, for its errors."""

HISTOGRAM_BINS, HISTOGRAM_BOUND = 50, 3.0
"""The histogram of latents in older reports: so many bins between plus and minus the bound."""

BRACKETED = "cross-fit below, plug-in less its noise above"
"""The method of an interval between two estimates of a total variation."""

HEADLINE = 50_000
Budget = Annotated[int, Field(ge=1, le=100_000_000)]
MassDraws = Annotated[int, Field(ge=1_024, le=100_000_000, multiple_of=DEFAULT_GROUPS)]
Repeats = Annotated[int, Field(ge=2, le=1_000)]


class MeasurementSettings(BaseModel):
    """Every setting of a measurement; two reports with the same settings and weights agree.

    Attributes:
        draws: Budgets at which distinct operations are counted, rising.
        repeats: Independent repeats of every budget up to `repeated_up_to`.
        repeated_up_to: The largest budget that is repeated `repeats` times.
        long_repeats: Repeats of the budgets above that.
        rules: Decode rules that are shown side by side.
        mass_draws: Prior draws behind p(x).
        posterior_repeats: Times that every operation's posterior is drawn from.
        aggregate_draws: Codes at which the aggregate posterior is evaluated exactly.
        control_repeats: Repeats of every budget, for the controls.
        control_mass_draws: Prior draws behind p(x), for the controls.
        control_aggregate_draws: Codes for the aggregate posterior, for the controls.
        untrained_seeds: Untrained networks behind the floor.
        seed: Seed of all draws.
        device: Where the model computes.

    Example:
        >>> MeasurementSettings().draws
        (10000, 19683, 50000, 100000, 195000)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    draws: Annotated[tuple[Budget, ...], Field(min_length=1, max_length=32)] = (
        10_000,
        19_683,
        50_000,
        100_000,
        195_000,
    )
    repeats: Repeats = 20
    repeated_up_to: Budget = 50_000
    long_repeats: Annotated[int, Field(ge=1, le=1_000)] = 5
    rules: Annotated[tuple[DecodeRule, ...], Field(min_length=1)] = DECODE_RULES
    mass_draws: MassDraws = 2**20
    posterior_repeats: Annotated[int, Field(ge=2, le=1_000)] = 8
    aggregate_draws: Annotated[int, Field(ge=16, le=1_000_000)] = 2_048
    control_repeats: Repeats = 3
    control_mass_draws: MassDraws = 2**17
    control_aggregate_draws: Annotated[int, Field(ge=16, le=1_000_000)] = 256
    untrained_seeds: Annotated[int, Field(ge=MINIMUM_UNTRAINED, le=100)] = MINIMUM_UNTRAINED
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    device: Device = "cpu"

    @field_validator("draws")
    @classmethod
    def _rising(cls, draws: tuple[int, ...]) -> tuple[int, ...]:
        if list(draws) != sorted(set(draws)):
            raise ValueError("budgets must rise, each once")
        return draws

    @field_validator("rules")
    @classmethod
    def _each_once(cls, rules: tuple[DecodeRule, ...]) -> tuple[DecodeRule, ...]:
        if len(set(rules)) != len(rules) or "argmax" not in rules:
            raise ValueError("name each decode rule once, argmax among them")
        return rules

    def repeats_of(self, budget: int) -> int:
        """Independent repeats of one budget."""
        return self.repeats if budget <= self.repeated_up_to else self.long_repeats

    @property
    def headline(self) -> int:
        """The budget that stands for all: 50,000 draws where it is measured, else the middle one."""
        return HEADLINE if HEADLINE in self.draws else self.draws[len(self.draws) // 2]

    def for_controls(self) -> "MeasurementSettings":
        """The same budgets with the controls' smaller effort: what they score is far away, or known."""
        return self.model_copy(
            update={
                "repeats": self.control_repeats,
                "long_repeats": 1,
                "mass_draws": self.control_mass_draws,
                "aggregate_draws": self.control_aggregate_draws,
                "posterior_repeats": min(self.posterior_repeats, 4),
            }
        )

    def with_only(
        self, *, draws: Sequence[int] | None = None, repeats: int | None = None, seed: int | None = None
    ) -> "MeasurementSettings":
        """The settings with some of them replaced, validated.

        Args:
            draws: Budgets, in any order.
            repeats: Repeats of every budget.
            seed: Seed of all draws.

        Raises:
            SettingsError: If a value is out of bounds.
        """
        values = self.model_dump()
        if draws is not None:
            values["draws"] = tuple(sorted(set(draws)))
        if repeats is not None:
            values["repeats"] = values["long_repeats"] = repeats
        if seed is not None:
            values["seed"] = seed
        return settings_from(values)


QUICK = MeasurementSettings(
    draws=(10_000, 50_000),
    repeats=5,
    mass_draws=2**17,
    posterior_repeats=4,
    aggregate_draws=256,
    control_mass_draws=2**15,
    control_aggregate_draws=64,
)
"""A first look in a few seconds; wider intervals, the same references."""


def settings_from(values: object) -> MeasurementSettings:
    """Settings from plain values, or the sentence that says which one is wrong."""
    try:
        return MeasurementSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"the measurement's {where} is not possible: {reason}", "out_of_range") from None
