"""Endpoints about the server itself: its models, their report, its health and its counters."""

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from fluxttice_core.server.api.endpoint import Endpoints, PathParameter, endpoint
from fluxttice_core.server.api.requests import MODELS
from fluxttice_core.server.api.responses import Health, ModelCard, ModelList, answer
from fluxttice_core.server.errors import RequestError
from fluxttice_core.version import __version__


class Identity(Endpoints):
    """Says what is served, what was measured of it, and how the server is."""

    @endpoint("GET", "/v1/models", answer=ModelList)
    async def list_models(self, _: Request) -> Response:
        """List models."""
        listed: ModelList = {
            "object": "list",
            "data": [self._card(name) for name in (*MODELS, *self._state.served.aliases)],
        }
        return answer(listed)

    @endpoint(
        "GET",
        "/v1/models/{id}",
        answer=ModelCard,
        parameters={"id": PathParameter("A model.", {"type": "string", "enum": list(MODELS)}, "fluxttice-b")},
        missing="No such model.",
    )
    async def show_model(self, request: Request) -> Response:
        """Show a model."""
        name = request.path_params["id"]
        self._state.served.half(name)
        return answer(self._card(name))

    @endpoint("GET", "/v1/report", answer=dict, missing="This model has no report; the message says why.")
    async def show_report(self, _: Request) -> Response:
        """Show the model's report.

        Gives what was measured of the model that is served: every figure with its ceiling, its floor and the
        controls.
        """
        served = self._state.served
        if served.report is None:
            raise RequestError(served.without_report, status=404, code="report_missing")
        return Response(served.report, media_type="application/json")

    @endpoint("GET", "/healthz", answer=Health, open=True)
    async def show_health(self, _: Request) -> Response:
        """Say that the server is up."""
        health: Health = {"status": "ok", "version": __version__, "models": list(MODELS)}
        return answer(health)

    @endpoint("GET", "/metrics", media_types=("text/plain",))
    async def show_metrics(self, _: Request) -> Response:
        """Show the server's counters for Prometheus."""
        return Response(self._state.metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    def _card(self, name: str) -> Any:
        served, model = self._state.served, self._state.served.model
        about: dict[str, Any] = {"operations": model.space.size}
        if not served.has_algebra:
            support = model.space.size if model.target is None else len(model.target.rows)
            about = {"space": model.space.name, "elements": model.space.size, "support": support}
        return {
            "id": name,
            "object": "model",
            "created": served.created,
            "owned_by": "fluxttice",
            "dimensions": model.architecture.latent_dim,
            **about,
            "recipe": model.recipe_name,
            "epoch": model.epoch,
            "seed": model.seed,
            "digest": model.tensor_digest,
        }
