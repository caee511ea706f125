"""The report: every figure of a model beside its ceiling, its floor and the controls."""

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation import markdown
from fluxttice_core.evaluation import tables as layout
from fluxttice_core.evaluation import terminal as render
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.gates import GateResult, accepted
from fluxttice_core.evaluation.law_checks import LawRecord
from fluxttice_core.evaluation.report_json import as_plain, from_plain
from fluxttice_core.metrics.metric import Half, Metric
from fluxttice_core.metrics.series import Series
from fluxttice_core.metrics.settings import MeasurementSettings
from fluxttice_core.spaces.operation_space import OperationSpace


@dataclass(frozen=True)
class Report:
    """What was measured of a model, complete with what perfect, untrained and deceptive generators score.

    Args:
        title: What was measured.
        space: The operations.
        settings: Everything that the measurement was made with.
        rho: Cross-injection of the pair.
        metrics: The figures beside ceiling, floor and controls.
        series: Curves for figures.
        controls: What each control scored.
        gates: The acceptance gates.
        laws: The laws examined, with their slack.
        limitations: What this report cannot say.
        note: What is to be known of the report itself, shown above it and not part of its JSON.
    """

    title: str
    space: OperationSpace
    settings: MeasurementSettings
    rho: float
    metrics: tuple[Metric, ...]
    series: tuple[Series, ...]
    controls: tuple[Control, ...]
    gates: tuple[GateResult, ...]
    laws: tuple[LawRecord, ...]
    limitations: tuple[str, ...]
    note: str = ""

    @property
    def halves(self) -> tuple[Half, ...]:
        """The halves that were measured, without the pair."""
        return tuple(sorted({metric.half for metric in self.metrics} - {"pair"}))

    @property
    def accepted(self) -> bool:
        """Whether every acceptance gate was measured and met."""
        return accepted(self.gates)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each quantity that a bad generator scores as well in as the model does."""
        return layout.warnings_of(self.metrics)

    def has(self, quantity: str, half: Half) -> bool:
        """Whether a quantity was measured of a half."""
        return any(metric.quantity == quantity and metric.half == half for metric in self.metrics)

    def metric(self, quantity: str, half: Half) -> Metric:
        """The metric of a quantity, such as `efficiency/argmax/50000`, and a half.

        Raises:
            MeasurementError: If it was not measured.
        """
        for metric in self.metrics:
            if metric.half == half and quantity in (metric.quantity, metric.name):
                return metric
        raise MeasurementError(
            f"{quantity} was not measured of {half}: see the report's metrics for its names"
        )

    def table(self) -> Table:
        """The figures as one table for the terminal."""
        return render.metrics_table(self)

    def __str__(self) -> str:
        """The tables as plain text, 100 columns wide, so that `print` shows what `rich.print` does."""
        text = StringIO()
        Console(file=text, width=100, color_system=None).print(self)
        return text.getvalue().rstrip("\n")

    def __rich__(self) -> RenderableType:
        """The whole report for the terminal."""
        return render.report_card(self)

    def markdown(self) -> str:
        """The whole report as a Markdown section."""
        return markdown.section(self)

    def as_dict(self) -> dict[str, Any]:
        """The whole report as plain values."""
        return as_plain(self)

    def to_json(self) -> str:
        """The whole report as JSON, keys sorted."""
        return json.dumps(self.as_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read back what `to_json` wrote.

        Raises:
            MeasurementError: If the text is no JSON of a complete report.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise MeasurementError(f"this is no JSON: {error}") from error
        if not isinstance(values, dict):
            raise MeasurementError("this is no complete report: expected a JSON object")
        return from_plain(values)
