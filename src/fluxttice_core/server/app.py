"""The application: endpoints, their reference, pages, and the shape of every error."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fluxttice_core.errors import FluxtticeError
from fluxttice_core.server.access import Access
from fluxttice_core.server.api.element_listing import ElementListing
from fluxttice_core.server.api.embeddings import Embeddings
from fluxttice_core.server.api.endpoint import AppState, Endpoint
from fluxttice_core.server.api.latents import Latents
from fluxttice_core.server.api.models import Identity
from fluxttice_core.server.api.openapi import openapi_document
from fluxttice_core.server.api.operation_input import known_texts
from fluxttice_core.server.api.operations import Listing
from fluxttice_core.server.api.reference_page import reference_routes
from fluxttice_core.server.counters import Metrics
from fluxttice_core.server.errors import RequestError, error_response
from fluxttice_core.server.limits import Limits
from fluxttice_core.server.middleware import SECURITY_HEADERS, RequestMiddleware
from fluxttice_core.server.served_model import Served
from fluxttice_core.server.turns import Turns


def create_app(
    served: Served,
    *,
    limits: Limits | None = None,
    access: Access | None = None,
    pages: Sequence[BaseRoute] = (),
) -> Starlette:
    """Make the application.

    Pages are served without a key, beside the API: their paths must not begin with /v1/. They find what is
    served as `request.app.state.served`. Where no page is at /, it leads to the reference of the API.

    Args:
        served: The model and what was computed of it.
        limits: Bounds on requests.
        access: How the server is reached; none: without a key, and not from other origins.
        pages: Routes of pages.
    """
    limits, access = limits or Limits(), access or Access()
    served = replace(served, aliases=access.aliases) if access.aliases else served
    metrics = Metrics(served.model)
    state = AppState(served, limits, metrics, Turns(limits))
    endpoints = list_endpoints(state)
    document = openapi_document(endpoints, needs_key=bool(access.keys), space=served.model.space)
    routes = {endpoint.handler: endpoint.path for endpoint in endpoints}
    app = Starlette(
        routes=[
            *(endpoint.route() for endpoint in endpoints),
            *reference_routes(document),
            *pages,
            Route("/", _to_reference),
            *([Route(access.root_path, _to_front)] if access.root_path else []),
        ],
        middleware=[
            *_cross_origin(access),
            Middleware(RequestMiddleware, routes=routes, access=access, limits=limits, metrics=metrics),
        ],
        exception_handlers={
            FluxtticeError: _on_known_error,
            HTTPException: _on_http_error,
            Exception: _internal_error,
        },
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.served, app.state.metrics, app.state.limits = served, metrics, limits
    return app


def list_endpoints(state: AppState) -> list[Endpoint]:
    """List every endpoint of the API."""
    listing = Listing(state) if state.served.has_algebra else ElementListing(state)
    groups = (Embeddings(state), Latents(state), listing, Identity(state))
    return [endpoint for group in groups for endpoint in group.endpoints()]


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    warming = asyncio.create_task(asyncio.to_thread(_warm, app))
    yield
    app.state.served.stop()
    await warming


def _warm(app: Starlette) -> None:
    if app.state.served.has_algebra:
        known_texts()
    app.state.served.warm()


async def _to_reference(_: Request) -> Response:
    return RedirectResponse("docs", status_code=307)


async def _to_front(request: Request) -> Response:
    """Lead to the front page, whose links are relative to what ends with a slash."""
    return RedirectResponse(f"{request.url.path.rpartition('/')[2]}/", status_code=307)


def _cross_origin(access: Access) -> list[Middleware]:
    """What lets the pages of other origins use the API, where that is asked for."""
    if not access.origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=access.origins,
            allow_headers=["authorization", "content-type", "x-request-id"],
            allow_methods=["GET", "POST"],
            expose_headers=["x-request-id"],
        )
    ]


async def _on_known_error(_: Request, error: Exception) -> Response:
    if isinstance(error, RequestError):
        return error_response(error)
    return error_response(RequestError(str(error), code="invalid_value"))


async def _on_http_error(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    method, path = request.method[:16], request.url.path[:100]
    if status == 405:
        allowed = (getattr(error, "headers", None) or {}).get("Allow", "")
        message = f"{path} does not take {method}: use {allowed}"
        response = error_response(RequestError(message, status=405, code="method_not_allowed"))
        response.headers["allow"] = allowed
        return response
    if status == 404:
        known = tuple(route.path for route in request.app.routes if isinstance(route, Route))
        message = f"there is nothing at {path}: {_hint(path, known)}"
        return error_response(RequestError(message, status=404, code="not_found"))
    return error_response(RequestError(f"{getattr(error, 'detail', '')}", status=status))


@lru_cache(maxsize=256)
def _hint(path: str, known: tuple[str, ...]) -> str:
    """What may have been meant; kept, since finding it takes ten times as long as all else of a refusal."""
    close = get_close_matches(path.rstrip("/"), known, n=1)
    return f"did you mean {close[0]}?" if close else "see /docs for what there is"


async def _internal_error(_request: Request, _error: Exception) -> Response:
    response = error_response(
        RequestError("the server failed: this is its fault, and its log says why", status=500, code="failed")
    )
    response.headers.update(SECURITY_HEADERS)  # since this answer does not pass the middleware
    return response
