"""Endpoints as values: the routes and the OpenAPI document are both made of the same list."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fluxttice_core.server.counters import Metrics
from fluxttice_core.server.limits import Limits
from fluxttice_core.server.served_model import Served

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, eq=False)
class AppState:
    """What every endpoint works with."""

    served: Served
    limits: Limits
    metrics: Metrics


@dataclass(frozen=True)
class PathParameter:
    """A variable part of a path: what it is, its schema and an example."""

    description: str
    schema: dict[str, Any]
    example: str
    convertor: str = "str"


@dataclass(frozen=True)
class Endpoint:
    """One method of one path.

    Args:
        method: GET or POST.
        path: The path, variable parts in braces.
        handler: What answers.
        summary: What it does, in a few words.
        description: What else there is to know.
        answer: The type of a successful answer; none: not JSON of ours.
        body: The model of the request's body.
        query: The model of the query string.
        parameters: The variable parts of the path.
        missing: What a 404 means here.
        media_type: The kind of a successful answer.
        open: Whether it is served without a key.
    """

    method: str
    path: str
    handler: Handler = field(repr=False)
    summary: str
    description: str = ""
    answer: type | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    parameters: dict[str, PathParameter] = field(default_factory=dict)
    missing: str = ""
    media_type: str = "application/json"
    open: bool = False

    def route(self) -> Route:
        """Make the route."""
        path = self.path
        for name, parameter in self.parameters.items():
            path = path.replace(f"{{{name}}}", f"{{{name}:{parameter.convertor}}}")
        return Route(path, self.handler, methods=[self.method], name=self.path)
