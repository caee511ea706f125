"""What the server counts of itself, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from fluxttice_core.server.api.requests import MODELS
from fluxttice_core.storage.pretrained import TrainedModel

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counters of one server, in a registry of its own.

    Args:
        model: The model that is served.
    """

    def __init__(self, model: TrainedModel) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "fluxttice_http_requests",
            "Answers by route, method and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "fluxttice_http_request_seconds",
            "Time from the end of a request's head to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "fluxttice_http_requests_in_progress", "Requests being served.", registry=self.registry
        )
        self._operations = Counter(
            "fluxttice_operations",
            "Operations embedded, decoded or drawn.",
            ("model", "verb"),
            registry=self.registry,
        )
        self._cut_off = Counter(
            "fluxttice_connections_cut_off",
            "Connections ended by the server, by reason.",
            ("reason",),
            registry=self.registry,
        )
        info = Gauge(
            "fluxttice_model_info",
            "The model that is served.",
            ("digest", "recipe", "epoch"),
            registry=self.registry,
        )
        info.labels(model.tensor_digest, model.recipe_name or "", str(model.epoch)).set(1)
        ProcessCollector(registry=self.registry)
        self._children: dict[tuple[str, str, int], Counter] = {}

    def count_answer(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer; methods that are not usual are counted as one.

        Args:
            route: The path of the route, its variable parts in braces.
            method: The method.
            status: The status.
            seconds: How long it took.
        """
        key = (route, method if method in METHODS else "other", status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._requests.labels(*key)
        child.inc()
        self._seconds.labels(route).observe(seconds)

    def count_operations(self, model: str, verb: str, number: int) -> None:
        """Count operations that were embedded, decoded or drawn."""
        if model in MODELS:
            self._operations.labels(model, verb).inc(number)

    def count_cut_off(self, reason: str) -> None:
        """Count a connection that the server ended."""
        self._cut_off.labels(reason).inc()

    def text(self) -> bytes:
        """Everything counted, in Prometheus' text format."""
        return generate_latest(self.registry)
