"""schemathesis makes requests of the OpenAPI document, and checks that answers keep its promises."""

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from fluxttice_core.server.app import create_app
from fluxttice_core.server.served_model import Served

# schemathesis draws some wrong values with the random module, of which hypothesis warns.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
# What fits the schema may still be refused: not every text of the allowed length is an operation.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


def explore(server: Any, document: dict[str, Any], examples: int) -> Counter[int]:
    schema: OpenApiSchema = schemathesis.openapi.from_dict(document)
    statuses: Counter[int] = Counter()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        takes_something = bool(operation.body) or bool(operation.query)
        for mode in MODES if takes_something else MODES[:1]:

            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def check(case: Any) -> None:
                answer = case.call(base_url=server.url)
                statuses[answer.status_code] += 1
                case.validate_response(answer, checks=CHECKS)

            check()
    return statuses


@pytest.mark.parametrize(
    ("examples", "good", "bad"), [(6, 30, 20), pytest.param(300, 1_000, 1_000, marks=pytest.mark.slow)]
)
def test_the_server_keeps_the_promises_of_its_document(
    server: Any, examples: int, good: int, bad: int
) -> None:
    statuses = explore(server, server.get("/openapi.json").json(), examples)
    assert statuses[200] > good
    assert statuses[400] > bad


def test_it_keeps_them_for_another_space(words: Served, start: Any) -> None:
    with start(create_app(words)) as server:
        statuses = explore(server, server.get("/openapi.json").json(), 3)
    assert statuses[200] > 10
    assert statuses[400] > 10


@pytest.mark.parametrize("promise", ["a field", "a status", "a kind"])
def test_a_broken_promise_is_found(server: Any, promise: str) -> None:
    document = server.get("/openapi.json").json()
    document["paths"] = {"/healthz": document["paths"]["/healthz"]}
    responses = document["paths"]["/healthz"]["get"]["responses"]
    if promise == "a field":
        document["components"]["schemas"]["Health"]["required"].append("absent")
    elif promise == "a status":
        responses["201"] = responses.pop("200")
    else:
        responses["200"]["content"] = {"text/plain": {}}
    with pytest.raises(FailureGroup):
        explore(server, document, 1)
