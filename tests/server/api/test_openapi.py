import re
from typing import Any

import jsonschema
import pytest

from fluxttice_core.server.api.endpoint import Endpoint
from fluxttice_core.server.api.openapi import example_of, openapi_document


@pytest.fixture(scope="module")
def document(endpoints: list[Endpoint]) -> dict[str, Any]:
    return openapi_document(endpoints)


def schema(document: dict[str, Any], path: str, method: str, status: int) -> dict[str, Any]:
    content = document["paths"][path][method]["responses"][str(status)]["content"]["application/json"]
    return {**content["schema"], "components": document["components"]}


def test_the_document_is_served_as_it_is(server: Any, document: dict[str, Any]) -> None:
    assert server.get("/openapi.json").json() == document


def test_every_route_is_described_and_nothing_else(
    document: dict[str, Any], endpoints: list[Endpoint]
) -> None:
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert described == {(endpoint.path, endpoint.method) for endpoint in endpoints}
    assert {path for path, _ in described} == {
        "/v1/embeddings", "/v1/models", "/v1/models/{id}", "/v1/decode", "/v1/sample", "/v1/neighbours",
        "/v1/operations", "/v1/operations/{id}", "/v1/operations/{id}/export", "/v1/properties", "/v1/report",
        "/healthz", "/metrics",
    }  # fmt: skip
    names = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert names == set(document["components"]["schemas"])


def test_every_part_is_described(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for endpoint in methods.values():
            assert endpoint["description"].endswith(".")
            assert all(parameter["description"] for parameter in endpoint.get("parameters", []))


def test_a_key_is_asked_for_where_it_is_needed(endpoints: list[Endpoint], document: dict[str, Any]) -> None:
    assert "securitySchemes" not in document["components"]
    locked = openapi_document(endpoints, needs_key=True)
    for path, methods in locked["paths"].items():
        for endpoint in methods.values():
            assert ("401" in endpoint["responses"]) is bool(endpoint["security"]) is (path != "/healthz")


def test_every_example_is_served_and_answers_fit_the_schema(
    server: Any, document: dict[str, Any], endpoints: list[Endpoint]
) -> None:
    for endpoint in endpoints:
        if endpoint.answer is None or endpoint.path == "/v1/report":
            continue
        path = endpoint.path
        for name, parameter in endpoint.parameters.items():
            path = path.replace(f"{{{name}}}", parameter.example)
        body = example_of(endpoint.body) if endpoint.body is not None else None
        answer = server.get(path) if body is None else server.post(path, body)
        assert answer.status_code == 200, answer.text
        jsonschema.validate(answer.json(), schema(document, endpoint.path, endpoint.method.lower(), 200))


def test_every_error_fits_the_schema(server: Any, document: dict[str, Any]) -> None:
    shape = schema(document, "/v1/embeddings", "post", 400)
    answers = [server.get(path) for path in ("/v1/embeddings", "/nothing", "/v1/models/x")]
    answers += [server.post("/v1/embeddings", {}), server.client.post("/v1/embeddings", content="{}")]
    for answer in answers:
        assert answer.status_code >= 400
        jsonschema.validate(answer.json(), shape)
        assert set(answer.json()) == {"error"}
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
