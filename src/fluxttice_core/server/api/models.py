"""Endpoints about the server itself: its models, their report, its health and its counters."""

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from fluxttice_core.server.api.endpoint import AppState, Endpoint, PathParameter
from fluxttice_core.server.api.requests import LATENTS, MODELS, OPERATIONS
from fluxttice_core.server.api.responses import Health, ModelCard, ModelList, answer
from fluxttice_core.server.errors import RequestError
from fluxttice_core.version import __version__


class Identity:
    """Says what is served, what was measured of it, and how the server is."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    def endpoints(self) -> Iterator[Endpoint]:
        """List the endpoints."""
        yield Endpoint("GET", "/v1/models", self.models, summary="List models", answer=ModelList)
        yield Endpoint(
            "GET",
            "/v1/models/{id}",
            self.model,
            summary="Show a model",
            answer=ModelCard,
            parameters={
                "id": PathParameter("A model.", {"type": "string", "enum": list(MODELS)}, "fluxttice-b")
            },
            missing="No such model.",
        )
        yield Endpoint(
            "GET",
            "/v1/report",
            self.report,
            summary="Show the model's report",
            description="Gives what was measured of the model that is served: every figure with its ceiling, "
            "its floor and the controls.",
            answer=dict,
            missing="This model has no report; the message says why.",
        )
        yield Endpoint(
            "GET", "/healthz", self.health, summary="Say that the server is up", answer=Health, open=True
        )
        yield Endpoint(
            "GET",
            "/metrics",
            self.metrics,
            summary="Show the server's counters for Prometheus",
            media_type="text/plain",
        )

    async def models(self, _: Request) -> Response:
        """Answer a request for the models."""
        listed: ModelList = {"object": "list", "data": [self._card(name) for name in MODELS]}
        return answer(listed)

    async def model(self, request: Request) -> Response:
        """Answer a request for one model."""
        name = request.path_params["id"]
        self._state.served.half(name)
        return answer(self._card(name))

    async def report(self, _: Request) -> Response:
        """Answer a request for the report."""
        served = self._state.served
        if served.report is None:
            raise RequestError(served.without_report, status=404, code="report_missing")
        return Response(served.report, media_type="application/json")

    async def health(self, _: Request) -> Response:
        """Answer a question about health."""
        health: Health = {"status": "ok", "version": __version__, "models": list(MODELS)}
        return answer(health)

    async def metrics(self, _: Request) -> Response:
        """Answer a request for the counters."""
        return Response(self._state.metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    def _card(self, name: str) -> ModelCard:
        model = self._state.served.model
        return {
            "id": name,
            "object": "model",
            "created": self._state.served.created,
            "owned_by": "fluxttice",
            "dimensions": LATENTS,
            "operations": OPERATIONS,
            "recipe": model.recipe_name,
            "epoch": model.epoch,
            "seed": model.seed,
            "digest": model.tensor_digest,
        }
