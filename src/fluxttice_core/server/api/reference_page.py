"""The reference of the API as one page, written from the OpenAPI document; it needs no script."""

import json
from collections.abc import Iterator
from functools import partial
from html import escape
from importlib import resources
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def reference_routes(document: dict[str, Any]) -> list[Route]:
    """Routes of the OpenAPI document and of the page that shows it."""
    style = (resources.files(__package__) / "reference_page.css").read_bytes()
    return [
        Route("/openapi.json", partial(_openapi, document)),
        _fixed("/docs", reference_page(document).encode(), "text/html; charset=utf-8"),
        _fixed("/docs/reference.css", style, "text/css; charset=utf-8"),
    ]


def reference_page(document: dict[str, Any]) -> str:
    """Write the page."""
    info = document["info"]
    described = [
        (method.upper(), path, endpoint)
        for path, methods in document["paths"].items()
        for method, endpoint in methods.items()
    ]
    schemas = document["components"]["schemas"]
    index = "".join(
        f'<li><a href="#{endpoint["operationId"]}"><code>{method} {escape(path)}</code></a> '
        f"{escape(endpoint['summary'])}</li>"
        for method, path, endpoint in described
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])} API</title>"
        '<link rel="stylesheet" href="docs/reference.css"></head><body><main>'
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1><p>{_text(info['description'])}</p>"
        f'<p>The same as <a href="openapi.json">OpenAPI document</a>.</p><nav><ul>{index}</ul></nav>'
        f"{''.join(_section(*one) for one in described)}<h2>Types</h2>"
        f"{''.join(_type_section(name, schema) for name, schema in sorted(schemas.items()))}"
        "</main></body></html>"
    )


def _fixed(path: str, content: bytes, kind: str) -> Route:
    async def send(_: Request) -> Response:
        return Response(content, headers={"content-type": kind, "cache-control": "no-cache"})

    return Route(path, send)


async def _openapi(document: dict[str, Any], request: Request) -> Response:
    shown = {**document, "servers": [{"url": request.state.prefix or "/"}]}
    return Response(to_json(shown), headers={"content-type": "application/json", "cache-control": "no-cache"})


def _section(method: str, path: str, endpoint: dict[str, Any]) -> str:
    return "".join(
        [
            f'<section id="{endpoint["operationId"]}"><h2><code>{method} {escape(path)}</code></h2>',
            f"<p>{_text(endpoint['description'])}</p>",
            *_request_parts(endpoint),
            f"<pre><code>{escape(_curl(method, path, endpoint))}</code></pre>",
            _table("Answers", ("status", "meaning", "type"), _answer_rows(endpoint)),
            "</section>",
        ]
    )


def _request_parts(endpoint: dict[str, Any]) -> Iterator[str]:
    if "parameters" in endpoint:
        rows = [
            [f"<code>{escape(p['name'])}</code>", _kind(p["schema"]), _text(p["description"])]
            for p in endpoint["parameters"]
        ]
        yield _table("Parameters", ("name", "type", "meaning"), rows)
    if "requestBody" in endpoint:
        content = endpoint["requestBody"]["content"]["application/json"]
        yield f"<p>Body: {_kind(content['schema'])}</p>"


def _answer_rows(endpoint: dict[str, Any]) -> list[list[str]]:
    rows = []
    for status, response in endpoint["responses"].items():
        kind, content = next(iter(response["content"].items()))
        shown = _kind(content["schema"]) if kind == "application/json" else escape(kind)
        rows.append([f"<code>{status}</code>", _text(response["description"]), shown])
    return rows


def _type_section(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = [
        [
            f"<code>{escape(field)}</code>{'' if field in required else ' (optional)'}",
            _kind(kind),
            _text(kind.get("description", "")) + _default(kind),
        ]
        for field, kind in schema.get("properties", {}).items()
    ]
    title = f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{_text(schema.get("description", ""))}</p>'
    return title + _table("", ("field", "type", "meaning"), rows)


def _default(schema: dict[str, Any]) -> str:
    if schema.get("default") is None:
        return ""
    return f" Default: <code>{escape(json.dumps(schema['default']))}</code>."


def _kind(schema: dict[str, Any]) -> str:
    """A schema in words, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(option) for option in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        options = schema.get("enum", [schema.get("const")])
        return " | ".join(f"<code>{escape(json.dumps(option))}</code>" for option in options)
    if schema.get("type") == "array":
        return f"list of {_count(schema)}{_kind(schema.get('items', {}))}"
    low, high = schema.get("minimum"), schema.get("maximum")
    bounds = "" if low is None or high is None else f" from {low:,} to {high:,}"
    return escape(schema.get("type", "anything")) + bounds


def _count(schema: dict[str, Any]) -> str:
    low, high = schema.get("minItems"), schema.get("maxItems")
    if low is not None and low == high:
        return f"{low} "
    return f"up to {high:,} " if high is not None else ""


def _curl(method: str, path: str, endpoint: dict[str, Any]) -> str:
    for parameter in endpoint.get("parameters", []):
        path = path.replace(f"{{{parameter['name']}}}", str(parameter.get("example", "")))
    address = f"http://127.0.0.1:8000{path}"
    if method == "GET":
        return f"curl {address}"
    body = json.dumps(endpoint["requestBody"]["content"]["application/json"]["example"])
    return f"curl {address} -H 'Content-Type: application/json' \\\n  -d '{body}'"


def _table(title: str, heads: tuple[str, ...], rows: list[list[str]]) -> str:
    if not rows:
        return ""
    caption = f"<caption>{title}</caption>" if title else ""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    """Escape a text, its parts between backquotes as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
