"""What a report holds: every figure of a model beside its ceiling, its floor and the controls."""

from dataclasses import dataclass

from fluxttice_core.errors import MeasurementError
from fluxttice_core.evaluation.caveats import of_target, warnings_of
from fluxttice_core.evaluation.collapse import collapses
from fluxttice_core.evaluation.control_scores import Control
from fluxttice_core.evaluation.gates import GateResult, accepted
from fluxttice_core.evaluation.law_checks import LawRecord
from fluxttice_core.evaluation.target_facts import TargetFacts
from fluxttice_core.metrics.catalogue import METRIC_SET
from fluxttice_core.metrics.metric import Metric, Series
from fluxttice_core.metrics.settings import Half, MeasurementSettings
from fluxttice_core.spaces.product_space import ProductSpace


@dataclass(frozen=True)
class ReportContent:
    """What was measured of a model, complete with what perfect, untrained and deceptive generators score.

    Args:
        rho: Cross-injection of the pair.
        series: Curves for figures.
        laws: The laws examined, with their slack.
        limitations: What this report cannot say.
        target: What the model was held against; none: all elements of the space alike.
        note: What is to be known of the report itself, shown above it and not part of its JSON.
    """

    title: str
    space: ProductSpace
    settings: MeasurementSettings
    rho: float
    metrics: tuple[Metric, ...]
    series: tuple[Series, ...]
    controls: tuple[Control, ...]
    gates: tuple[GateResult, ...]
    laws: tuple[LawRecord, ...]
    limitations: tuple[str, ...]
    metric_set: int = METRIC_SET
    target: TargetFacts | None = None
    note: str = ""

    @property
    def halves(self) -> tuple[Half, ...]:
        """The halves that were measured, without the pair."""
        return tuple(sorted({metric.half for metric in self.metrics} - {"pair"}))

    @property
    def of_what(self) -> str:
        """How many elements there are and how uncertain one of them is, of the target where there is one."""
        size = f"K = {self.space.size:,} {self.space.nouns.many}"
        if self.target is None:
            return f"{size}, H = {self.space.log_size:.6f} nats"
        law = self.target.law
        return f"{size}, {len(law.rows):,} of them in the target, H(q) = {law.entropy:.6f} nats"

    @property
    def accepted(self) -> bool:
        """Whether every acceptance gate was measured and met."""
        return accepted(self.gates)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What has collapsed, and one sentence for each set of generators that metrics do not tell apart."""
        values: dict[tuple[str, str], float] = {
            (metric.quantity, metric.half): metric.value for metric in self.metrics
        }
        found = ((metric.quantity, metric.blind_to) for metric in self.metrics)
        said = warnings_of(found, self.space.nouns)
        beside = said if self.target is None else map(of_target, said)
        return (*collapses(values, self.space.size), *beside)

    def has(self, quantity: str, half: Half) -> bool:
        """Whether a quantity was measured of a half."""
        return any(metric.quantity == quantity and metric.half == half for metric in self.metrics)

    def metric(self, quantity: str, half: Half) -> Metric:
        """The metric of a quantity, such as `efficiency/argmax/50000`, and a half, or else a refusal."""
        for metric in self.metrics:
            if metric.half == half and quantity in (metric.quantity, metric.name):
                return metric
        raise MeasurementError(
            f"{quantity} was not measured of {half}: see the report's metrics for its names", "not_measured"
        )
