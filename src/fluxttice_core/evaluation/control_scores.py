"""What the controls score, and every figure set beside them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.caveats import DESCRIPTIONS
from fluxttice_core.metrics.metric import Figure, Floor, Metric, Score, compared
from fluxttice_core.metrics.settings import ControlName, Half


@dataclass(frozen=True)
class Control:
    """What one control scores, in a run for each untrained seed, and a single one otherwise."""

    name: ControlName
    runs: tuple[tuple[Score, ...], ...]

    def __repr__(self) -> str:
        return f"<control: {self.description}, {len(self.runs)} runs of {len(self.runs[0])} scores>"

    @property
    def description(self) -> str:
        """What the control is."""
        return DESCRIPTIONS[self.name]

    def scores(self, quantity: str, half: Half) -> tuple[Score, ...]:
        """The control's scores in a quantity, one a run; without networks one half stands beside either."""
        named = half if self.name == "untrained" or half == "pair" else "a"
        found = chain.from_iterable(self.runs)
        return tuple(score for score in found if score.quantity == quantity and score.half == named)


def beside_controls(figures: Iterable[Figure], controls: Sequence[Control]) -> tuple[Metric, ...]:
    """Set each figure beside its floor and beside every control that has such a figure."""
    missing = set(DESCRIPTIONS) - {control.name for control in controls}
    if missing:
        named = ", ".join(sorted(missing))
        raise MeasurementError(
            f"a report needs all its controls, and these are missing: {named}", "not_measured"
        )
    return tuple(_metric(figure, controls) for figure in figures)


def _metric(figure: Figure, controls: Sequence[Control]) -> Metric:
    scores = {control.name: control.scores(figure.quantity, figure.half) for control in controls}
    if not scores["untrained"]:
        raise MeasurementError(
            f"{figure.quantity} has no floor: no untrained network was measured for it", "not_measured"
        )
    control_comparisons = tuple(compared(figure, name, found) for name, found in scores.items() if found)
    return Metric(figure=figure, floor=Floor.of(scores["untrained"]), control_comparisons=control_comparisons)
