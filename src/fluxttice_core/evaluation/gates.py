"""The acceptance gates: what a model must show on both halves before it is shipped, as named data."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    # Not at run time, so that `fluxttice verify` can hold a report against the gates without loading torch.
    from fluxttice_core.metrics.metric import Figure, Score
    from fluxttice_core.metrics.settings import Half, MeasurementSettings
    from fluxttice_core.spaces.product_space import ProductSpace

Comparison = Literal[">", ">=", "==", "<="]


@dataclass(frozen=True)
class Gate:
    """One condition: in words, and how a figure must stand to a threshold in its unit."""

    name: str
    quantity: str
    comparison: Comparison
    threshold: float

    def admits(self, value: float) -> bool:
        """Whether a value meets the condition.

        Example:
            >>> Gate("exact tables", "table_accuracy/mean/held_out", "==", 1.0).admits(0.999)
            False
        """
        if self.comparison == "==":
            return value == self.threshold
        if self.comparison == "<=":
            return value <= self.threshold
        return value > self.threshold if self.comparison == ">" else value >= self.threshold


@dataclass(frozen=True)
class GateResult:
    """A gate and what a half showed there; none where it was not measured."""

    gate: Gate
    half: Half
    value: float | None

    @property
    def passed(self) -> bool:
        """Whether the gate was measured and met."""
        return self.value is not None and self.gate.admits(self.value)


ACCEPTANCE = (
    Gate("held-out trits come back from the mean", "trit_accuracy/mean/held_out", ">", 0.99),
    Gate("held-out tables come back whole from the mean", "table_accuracy/mean/held_out", "==", 1.0),
    Gate("the prior reaches the space at 50,000 draws", "coverage/argmax/50000", ">=", 0.80),
    Gate("and reaches it evenly", "efficiency/argmax/50000", ">=", 0.98),
    Gate("a code tells its operation", "generative_information", ">=", 0.50),
)
"""Those of the two-input ternary operations; the quantile look-up meets them, and no other control does."""

_AMONG_ROWS = Gate("the prior stays among the rows", "argmax_mass_outside", "<=", 0.05)
"""Asked beside a target. Where it is missed G is not told, which counts elements outside of the rows, too."""

_AS_LIKELY = Gate("and gives each as often as it should", "argmax_kl_to_target_within", "<=", 0.05)
"""Asked beside a target, since a generator of all rows alike shows more of them than a perfect one."""

_DRAWS_AN_ELEMENT = 1.6
"""Draws below which the headline tells nothing of a target: so many show 80 % of elements alike."""

_MASS_DRAWS_AN_ELEMENT = 10
"""Prior draws below which the noise of p(x), (n - 1) / 2M nats, is more than what `_AS_LIKELY` allows."""

_FEWEST_HELD_OUT = 3
"""Held-out rows below which a guess may return all of them."""


def gates_of(
    space: ProductSpace,
    settings: MeasurementSettings,
    held_out: int | None = None,
    *,
    has_target: bool = False,
) -> tuple[Gate, ...]:
    """The gates of a space: those above, at the headline budget of its own measurement.

    Where fewer than 3 rows are held out, which a lucky guess returns, they ask for the training rows instead.
    A coverage of 80 % also demands a headline budget of at least 1.6 draws an element; of a target no number
    of draws shows a set share.
    """
    if space.is_home and not has_target:
        return ACCEPTANCE
    budget = settings.headline
    asked = (*ACCEPTANCE, _AMONG_ROWS, _AS_LIKELY) if has_target else ACCEPTANCE
    few = held_out is not None and held_out < _FEWEST_HELD_OUT
    words, part = ("training", "train") if few else ("held-out", "held_out")
    return tuple(
        replace(
            gate,
            name=space.nouns.own(gate.name.replace("held-out", words).replace("50,000", f"{budget:,}")),
            quantity=gate.quantity.replace("held_out", part).replace("50000", str(budget)),
        )
        for gate in asked
        if not (has_target and gate.quantity.startswith("coverage/"))
    )


def untold(settings: MeasurementSettings, support: int | None) -> frozenset[str]:
    """Figures by which a measurement of so few draws cannot tell one generator of a target from another.

    Without a target, whose support would have elements, the gate of coverage asks for draws enough.
    """
    figures = {
        f"efficiency/argmax/{settings.headline}": (settings.headline, _DRAWS_AN_ELEMENT),
        _AS_LIKELY.quantity: (settings.mass_draws, _MASS_DRAWS_AN_ELEMENT),
    }
    return frozenset(name for name, (n, least) in figures.items() if support and n < least * support)


def on_all_operations(gates: Iterable[Gate]) -> tuple[Gate, ...]:
    """The same gates for a model of which no row is known as held out: over all operations."""
    return tuple(
        replace(
            gate, name=gate.name.replace("held-out ", ""), quantity=gate.quantity.replace("held_out", "all")
        )
        for gate in gates
    )


def apply_gates(
    figures: Iterable[Figure | Score],
    halves: Sequence[Half] = ("a", "b"),
    gates: Sequence[Gate] = ACCEPTANCE,
    without: Container[str] = (),
) -> tuple[GateResult, ...]:
    """Hold figures against gates; those in `without`, by which draws tell nothing, count as not measured."""
    values = {(figure.quantity, figure.half): figure.value for figure in figures}
    return judged(values, halves, gates, without)


def judged(
    values: Mapping[tuple[str, Half], float],
    halves: Sequence[Half],
    gates: Sequence[Gate],
    without: Container[str] = (),
) -> tuple[GateResult, ...]:
    """Hold the values of figures, by quantity and half, against gates; one that is missing is a failure."""

    def value(gate: Gate, half: Half) -> float | None:
        outside = values.get((_AMONG_ROWS.quantity, half), 0.0)
        leaks = gate.quantity == "generative_information" and not _AMONG_ROWS.admits(outside)
        return None if leaks or gate.quantity in without else values.get((gate.quantity, half))

    return tuple(GateResult(gate, half, value(gate, half)) for gate in gates for half in halves)


def accepted(results: Sequence[GateResult]) -> bool:
    """Whether every gate was measured and met."""
    return bool(results) and all(result.passed for result in results)
