"""The OpenAPI document, made of the same endpoints and models that serve requests."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter

from fluxttice_core.operations.cellwise import TERNARY
from fluxttice_core.server.api.endpoint import Endpoint
from fluxttice_core.server.errors import ErrorAnswer
from fluxttice_core.spaces.nouns import Nouns
from fluxttice_core.spaces.product_space import ProductSpace
from fluxttice_core.version import __version__

_REFERENCE = "#/components/schemas/{model}"
_STATUSES = {
    400: "The request is wrong; the message says how.",
    401: "The request bears no key, or a wrong one.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    415: "The body is not announced as JSON.",
    500: "The server failed.",
    503: "The server has too much to do.",
}
_ALWAYS = (400, 500, 503)
_WITH_BODY = (408, 413, 415)

_DESCRIPTION = (
    "Embeds, decodes, draws and looks up {elements}. `POST /v1/embeddings` and "
    "`GET /v1/models` are compatible with OpenAI's clients; every error has OpenAI's shape."
)
_HOME = "the 19,683 two-input ternary operations"


def openapi_document(
    endpoints: Sequence[Endpoint], *, needs_key: bool = False, space: ProductSpace = TERNARY
) -> dict[str, Any]:
    """Describe endpoints in OpenAPI 3.1, in the words of a space; `needs_key`: the server was given a key."""
    names, schemas = _component_schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        described = _describe(endpoint, names, needs_key=needs_key)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = described
    elements = _HOME if space.is_home else f"{space.describe()}, {space.size:,} in all"
    components: dict[str, Any] = {"schemas": schemas}
    if needs_key:
        components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "fluxttice",
            "version": __version__,
            "description": _DESCRIPTION.format(elements=elements),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    }
    return document if space.is_home else _in_own_words(document, space.nouns)


def _in_own_words(part: Any, nouns: Nouns) -> Any:
    """A document whose sentences, which were written of ternary operations, are in the words of a space."""
    if isinstance(part, dict):
        return {
            key: nouns.own(value.replace("element", "operation"))
            if key in ("description", "summary") and isinstance(value, str)
            else _in_own_words(value, nouns)
            for key, value in part.items()
        }
    return [_in_own_words(value, nouns) for value in part] if isinstance(part, list) else part


def example_of(body: type[BaseModel]) -> dict[str, Any]:
    """An example of a request, from the examples of its fields."""
    return {name: field.examples[0] for name, field in body.model_fields.items() if field.examples}


def _component_schemas(endpoints: Sequence[Endpoint]) -> tuple[Mapping[Any, Any], dict[str, Any]]:
    kinds: list[Any] = [ErrorAnswer]
    for endpoint in endpoints:
        kinds += [kind for kind in (endpoint.answer, endpoint.body) if kind is not None and kind not in kinds]
    named, definitions = TypeAdapter.json_schemas(
        [(kind, "validation", TypeAdapter(kind)) for kind in kinds], ref_template=_REFERENCE
    )
    references = {kind: _without_titles(schema) for (kind, _), schema in named.items()}
    schemas: dict[str, Any] = _without_titles(definitions["$defs"])
    return references, schemas


def _describe(endpoint: Endpoint, schemas: Mapping[Any, Any], *, needs_key: bool) -> dict[str, Any]:
    title, _, rest = inspect.cleandoc(endpoint.handler.__doc__ or "").partition("\n\n")
    described: dict[str, Any] = {
        "operationId": endpoint.handler.__name__,
        "summary": title.removesuffix("."),
        "description": " ".join(rest.split()) or title,
        "responses": _responses(endpoint, schemas, needs_key=needs_key and not endpoint.open),
        "security": [{"key": []}] if needs_key and not endpoint.open else [],
    }
    parameters = _path_parameters(endpoint) + _query_parameters(endpoint.query)
    if parameters:
        described["parameters"] = parameters
    if endpoint.body is not None:
        content = {"schema": schemas[endpoint.body], "example": example_of(endpoint.body)}
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    return described


def _responses(endpoint: Endpoint, schemas: Mapping[Any, Any], *, needs_key: bool) -> dict[str, Any]:
    schema = {"type": "string"} if endpoint.answer is None else schemas[endpoint.answer]
    responses: dict[str, Any] = {
        "200": {
            "description": "Done.",
            "content": {kind: {"schema": schema} for kind in endpoint.media_types},
        }
    }
    meanings = {**_STATUSES, 404: endpoint.missing}
    statuses = {*_ALWAYS, *(_WITH_BODY if endpoint.body is not None else ())}
    statuses |= {status for status, holds in ((404, endpoint.missing), (401, needs_key)) if holds}
    error = {"application/json": {"schema": schemas[ErrorAnswer]}}
    for status in sorted(statuses):
        responses[str(status)] = {"description": meanings[status], "content": error}
    return responses


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "description": one.description, "schema": one.schema}
        | {"example": one.example}
        for name, one in endpoint.parameters.items()
    ]


def _query_parameters(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    parameters = []
    document = query.model_json_schema()
    for name, schema in document["properties"].items():
        # A query string has no null: a parameter is given, or it is not.
        plain: dict[str, Any] = next(
            (kind for kind in schema.pop("anyOf", ()) if kind != {"type": "null"}), {}
        )
        described = {"name": name, "in": "query", "description": schema.pop("description")}
        described |= {"required": True} if name in document.get("required", ()) else {}
        examples = schema.pop("examples", None)
        if schema.get("default", ...) in (None, []):
            del schema["default"]
        if examples:
            described["example"] = examples[0]
        parameters.append({**described, "schema": _without_titles({**plain, **schema})})
    return parameters


def _without_titles(schema: Any) -> Any:
    """A schema without the titles that only repeat the names of its fields."""
    if isinstance(schema, dict):
        return {
            key: _without_titles(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_without_titles(value) for value in schema] if isinstance(schema, list) else schema
