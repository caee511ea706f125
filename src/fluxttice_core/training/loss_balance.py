"""The balance between the two halves: adaptive weights, gradient ratios, and StateNet's corrections."""

from dataclasses import dataclass, replace

from fluxttice_core.training.loss import Conditions
from fluxttice_core.training.recipe_settings import BalanceSettings, ControllerSettings


@dataclass(frozen=True)
class Balance:
    """The halves' weights, running means of their gradients' norms, and whether these were in balance."""

    weight_a: float = 1.0
    weight_b: float = 1.0
    norm_a: float = 1.0
    norm_b: float = 1.0
    momentum: float = 0.9
    balanced: bool = False

    @property
    def ratio(self) -> float:
        """Gradient norm of B over that of A."""
        return self.norm_b / max(self.norm_a, 1e-12)


@dataclass(frozen=True)
class Corrections:
    """What StateNet proposes until it is asked again, each in [-1, 1]; or one number for each of these."""

    rate: float = 0.0
    weight_a: float = 0.0
    weight_b: float = 0.0
    alignment: float = 0.0


def initial_balance(settings: BalanceSettings | None) -> Balance:
    """The state at the start of a run; without settings both halves weigh 1 for good."""
    if settings is None:
        return Balance()
    return Balance(weight_a=settings.start, weight_b=settings.start)


def next_weights(balance: Balance, settings: BalanceSettings, *, distinct: tuple[int, int] | None) -> Balance:
    """The state at the start of an epoch: balance and momentum by the gradient ratio, then the weights.

    The weights stay as they are in the first epoch, before which no distinct operations were counted.
    """
    low, high = settings.band
    balanced = low < balance.ratio < high
    balance = replace(balance, balanced=balanced, momentum=settings.momenta[int(balanced)])
    if distinct is None:
        return balance
    weight_a, weight_b = _moved(balance, settings, distinct)
    return replace(
        balance, weight_a=_within(weight_a, settings.bounds), weight_b=_within(weight_b, settings.bounds)
    )


def _moved(balance: Balance, settings: BalanceSettings, distinct: tuple[int, int]) -> tuple[float, float]:
    weight_a, weight_b = balance.weight_a, balance.weight_b
    low, high = settings.band
    if balance.ratio < low:
        return weight_a + settings.step, weight_b - settings.step
    if balance.ratio > high:
        return weight_a - settings.step, weight_b + settings.step
    reach = distinct[1] / max(distinct[0], 1)
    up = settings.coverage_factor
    down = 2.0 - up
    if balance.balanced and reach > settings.coverage_band[1]:
        return weight_a * up, weight_b * down
    if balance.balanced and reach < settings.coverage_band[0]:
        return weight_a * down, weight_b * up
    return weight_a, weight_b


def gradient_scales(balance: Balance, settings: BalanceSettings | None) -> tuple[float, float]:
    """The factors s on the two losses: each the other half's running gradient norm over its own, clamped."""
    if settings is None:
        return 1.0, 1.0
    ratio = balance.ratio
    return _within(ratio, settings.scale_bounds), _within(1.0 / max(ratio, 1e-12), settings.scale_bounds)


def corrected_weights(
    balance: Balance, corrections: Corrections, settings: ControllerSettings, bounds: tuple[float, float]
) -> Balance:
    """The balance with both weights moved as StateNet proposes, within bounds."""
    gain = settings.weight_gain
    return replace(
        balance,
        weight_a=_within(balance.weight_a + gain * corrections.weight_a, bounds),
        weight_b=_within(balance.weight_b + gain * corrections.weight_b, bounds),
    )


def corrected_rate(rate: float, corrections: Corrections, settings: ControllerSettings) -> float:
    """The learning rate changed by the proposed share of it, within bounds."""
    return _within(rate * (1.0 + settings.rate_gain * corrections.rate), settings.rate_bounds)


def corrected_alignment(alignment: float, corrections: Corrections, settings: ControllerSettings) -> float:
    """The weight of the alignment term moved as proposed, within bounds."""
    return _within(alignment + settings.weight_gain * corrections.alignment, settings.alignment_bounds)


def correction_slopes(
    conditions: Conditions,
    corrections: Corrections,
    settings: ControllerSettings,
    bounds: tuple[float, float],
) -> Corrections:
    """How much the rate, the weights and the alignment change with their corrections; 0 at a bound."""
    gain, weight_gain = settings.rate_gain, settings.weight_gain
    rate = conditions.learning_rate
    free = settings.rate_bounds[0] < rate < settings.rate_bounds[1]
    return Corrections(
        rate=rate * gain / (1.0 + gain * corrections.rate) if free else 0.0,
        weight_a=weight_gain * (bounds[0] < conditions.weight_a < bounds[1]),
        weight_b=weight_gain * (bounds[0] < conditions.weight_b < bounds[1]),
        alignment=weight_gain
        * (settings.alignment_bounds[0] < conditions.alignment < settings.alignment_bounds[1]),
    )


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])
