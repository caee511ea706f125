"""What a measurement is made with: budgets, repeats, rules and the seed, validated; read without torch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fluxttice_core.errors import SettingsError
from fluxttice_core.model.devices import Device

if TYPE_CHECKING:
    # Not at run time, so that a card is checked without NumPy.
    from fluxttice_core.spaces.product_space import ProductSpace

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
_LARGEST = 100_000_000
Budget = Annotated[int, Field(ge=1, le=_LARGEST)]
MassDraws = Annotated[int, Field(ge=1_024, le=100_000_000, multiple_of=DEFAULT_GROUPS)]
Repeats = Annotated[int, Field(ge=2, le=1_000)]


class MeasurementSettings(BaseModel):
    """Every setting of a measurement; two reports with the same settings and weights agree.

    Attributes:
        draws: Budgets at which distinct operations are counted, rising.
        repeats: Independent repeats of every budget up to `repeated_up_to`.
        long_repeats: Repeats of the budgets above that.
        rules: Decode rules that are shown side by side.
        mass_draws: Prior draws behind p(x).
        posterior_repeats: Times that every operation's posterior is drawn from.
        aggregate_draws: Codes at which the aggregate posterior is evaluated exactly.
        control_repeats: Of every budget, for the controls, as are `control_mass_draws` and so on.
        untrained_seeds: Untrained networks behind the floor.
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
        """The settings with some replaced, validated: budgets in any order, repeats of every one of them.

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


_USUAL_SIZE = 19_683
_ELEMENTS_SEEN = 2_400
"""Elements that the repeats of a small space go through together: an even generator's mean efficiency then
strays by .0043 at 3 K draws, and its gate is .02 below 1."""

_FEWEST_MASS_DRAWS, _MOST_MASS_DRAWS = 2**16, 2**26


def settings_for(space: "ProductSpace", *, quick: bool = False) -> MeasurementSettings:
    """What a space is measured with unless told otherwise; `quick`: fewer draws, for a first look.

    The operations of two inputs on three values keep the settings that their published figures have. For
    others, with K elements: budgets of K/2, K, 3 K (the headline), 5 K and 10 K draws, and repeats enough for
    the gate of efficiency to let every perfect generator through. Words have no rule `expectation`, since
    letters have no order of which a mean could be taken.

    Example:
        >>> from fluxttice_core.spaces.space_name import space_of
        >>> dna = settings_for(space_of("dna:4"))
        >>> dna.draws, dna.headline, dna.repeats, dna.rules
        ((128, 256, 768, 1280, 2560), 768, 20, ('argmax', 'categorical'))
    """
    start, size = QUICK if quick else MeasurementSettings(), space.size
    if space.is_home:
        return start
    headline = min(3 * size, _LARGEST)
    budgets = {size // 2, headline} if quick else {size // 2, size, headline, 5 * size, 10 * size}
    # 50,000 draws would be the headline wherever they stand, and are here only where they are 3 K.
    draws = {min(n, _LARGEST) + (n == HEADLINE) for n in budgets}
    usual = min(start.repeats, max(5, start.repeats * _USUAL_SIZE // size))
    repeats = max(usual, min(1_000, -(-_ELEMENTS_SEEN // size)))
    # As many an element as the home space has: with fewer, noise in p(x) passes for evenness.
    alike = 1 << (start.mass_draws * size // _USUAL_SIZE - 1).bit_length()
    mass_draws = min(max(_FEWEST_MASS_DRAWS, alike), _MOST_MASS_DRAWS)
    return start.model_copy(
        update={
            "draws": tuple(sorted(draws)),
            "repeats": repeats,
            "repeated_up_to": headline,
            "long_repeats": max(2, repeats // 4),
            "rules": tuple(rule for rule in start.rules if rule in rules_of(space)),
            "mass_draws": mass_draws,
            "control_repeats": max(start.control_repeats, repeats // 8),
            "control_mass_draws": min(start.control_mass_draws, mass_draws),
        }
    )


def rules_of(space: "ProductSpace") -> tuple[DecodeRule, ...]:
    """The decode rules that mean something of a space: no mean of letters, which have no order."""
    return tuple(rule for rule in DECODE_RULES if space.is_ordered or rule != "expectation")


def require_rules(settings: MeasurementSettings, space: "ProductSpace") -> None:
    """Refuse a decode rule that means nothing of the space that is measured."""
    for rule in settings.rules:
        if rule not in rules_of(space):
            raise SettingsError(
                f"the rule {rule} rounds a mean of symbols, and {space.nouns.parts} have no order: measure "
                f"{space.describe()} with rules={rules_of(space)}, or with the settings of settings_for",
                "unsupported",
            )


def settings_from(values: object) -> MeasurementSettings:
    """Settings from plain values, or the sentence that says which one is wrong."""
    try:
        return MeasurementSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"the measurement's {where} is not possible: {reason}", "out_of_range") from None
