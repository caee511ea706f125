"""What the server counts of itself, for Prometheus."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from fluxttice_core.server.api.requests import MODELS
from fluxttice_core.storage.pretrained import TrainedModel

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counters of one server, in a registry of its own."""

    def __init__(self, model: TrainedModel) -> None:
        self.registry = own = CollectorRegistry()
        routes, answers = ("route",), ("route", "method", "status")
        about = "Time from the end of a request's head to the end of its answer."
        self._requests = Counter(
            "fluxttice_http_requests", "Answers by route, method and status.", answers, registry=own
        )
        self._seconds = Histogram(
            "fluxttice_http_request_seconds", about, routes, buckets=_SECONDS, registry=own
        )
        self.in_progress = Gauge(
            "fluxttice_http_requests_in_progress", "Requests being served.", registry=own
        )
        about = "Operations embedded, decoded or drawn."
        self._operations = Counter("fluxttice_operations", about, ("model", "verb"), registry=own)
        about = "Connections ended by the server, by reason."
        self._cut_off = Counter("fluxttice_connections_cut_off", about, ("reason",), registry=own)
        labels = ("digest", "recipe", "epoch")
        info = Gauge("fluxttice_model_info", "The model that is served.", labels, registry=own)
        info.labels(model.tensor_digest, model.recipe_name or "", str(model.epoch)).set(1)
        ProcessCollector(registry=own)
        # Looking labels up by themselves costs more than counting does.
        self._children = cache(self._requests.labels)

    def count_answer(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer of a route, its variable parts in braces; unusual methods are counted as one."""
        self._children(route, method if method in METHODS else "other", status).inc()
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
