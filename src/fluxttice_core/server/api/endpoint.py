"""Endpoints as values: the routes and the OpenAPI document are both made of the same list."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fluxttice_core.server.api.elements import Elements, TernaryOperations
from fluxttice_core.server.api.request_reading import body_size, read_json, receive_json
from fluxttice_core.server.counters import Metrics
from fluxttice_core.server.limits import Limits
from fluxttice_core.server.served_model import Served
from fluxttice_core.server.turns import Turns

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, eq=False)
class AppState:
    """What every endpoint works with."""

    served: Served
    limits: Limits
    metrics: Metrics
    turns: Turns

    @cached_property
    def elements(self) -> Elements:
        """How the elements of the space that is served are read and described."""
        return (TernaryOperations if self.served.has_algebra else Elements)(self.served)


@dataclass(frozen=True)
class PathParameter:
    """A variable part of a path: what it is, its schema and an example."""

    description: str
    schema: dict[str, Any]
    example: str
    convertor: str = "str"


@dataclass(frozen=True)
class Endpoint:
    """One method of one path, whose variable parts are in braces.

    `answer` is the type of a successful answer, none where it is not JSON of ours, and `media_types` are its
    kinds; `body` and `query` are read as those models; `missing` says what a 404 means here; one that is
    `open` needs no key.
    """

    method: str
    path: str
    handler: Handler = field(repr=False)
    answer: type | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    parameters: dict[str, PathParameter] = field(default_factory=dict)
    missing: str = ""
    media_types: tuple[str, ...] = ("application/json",)
    open: bool = False

    def route(self) -> Route:
        """Make the route."""
        path = self.path
        for name, parameter in self.parameters.items():
            path = path.replace(f"{{{name}}}", f"{{{name}:{parameter.convertor}}}")
        return Route(path, self.handler, methods=[self.method], name=self.path)


class Endpoints:
    """A group of endpoints: methods that `endpoint` describes, in the order in which they are written."""

    def __init__(self, state: AppState) -> None:
        self._state = state

    def endpoints(self) -> Iterator[Endpoint]:
        """List them."""
        for name, method in vars(type(self)).items():
            if isinstance(one := getattr(method, "described", None), Endpoint):
                types, handler = self._state.elements.types, self._in_turn(getattr(self, name), one)
                answer, body = types.get(one.answer, one.answer), types.get(one.body, one.body)
                yield replace(one, handler=handler, answer=answer, body=body)

    def _asked(self, request: Request, model: type[BaseModel]) -> Any:
        """Read the body of a request as what this space has in the place of a model."""
        return read_json(request, self._state.elements.types.get(model, model))

    def _in_turn(self, handler: Handler, described: Endpoint) -> Handler:
        if described.open:
            return handler

        @wraps(handler)
        async def take_turn(request: Request) -> Response:
            limits, turns = self._state.limits, self._state.turns
            async with turns.room.take(0 if described.body is None else body_size(request, limits)):
                if described.body is not None:
                    request.state.body = await receive_json(request, limits)
                async with turns.take(request):
                    return await handler(request)
            raise AssertionError("a turn always ends in an answer or an error")

        return take_turn


def endpoint(method: str, path: str, **about: Any) -> Callable[[Any], Any]:
    """Describe a handler, whose docstring is what clients read of it, by the fields of `Endpoint`."""

    def describe(handler: Any) -> Any:
        handler.described = Endpoint(method, path, handler, **about)
        return handler

    return describe
