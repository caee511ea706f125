from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from fluxttice_core.server.counters import Metrics
from fluxttice_core.server.served_model import Served


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float:
    return samples(text).get((name, frozenset(labels.items())), 0.0)


def test_the_counters_count(serving: Any) -> None:
    with serving() as server:
        for _ in range(3):
            server.post("/v1/embeddings", {"model": "fluxttice-a", "input": ["min", "max"]})
        server.post("/v1/embeddings", {"model": "fluxttice-a", "input": "nonsense"})
        server.post("/v1/decode", {"model": "fluxttice-b", "latents": [[0] * 16] * 4})
        server.post("/v1/sample", {"model": "fluxttice-b", "n": 7})
        server.get("/v1/operations/min")
        server.get("/v1/operations/max")
        server.get("/no/such/page")
        server.client.request("BREW", "/v1/models")
        answer = server.get("/metrics")
        text = answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    requests = "fluxttice_http_requests_total"
    assert value(text, requests, route="/v1/embeddings", method="POST", status="200") == 3
    assert value(text, requests, route="/v1/embeddings", method="POST", status="400") == 1
    assert value(text, requests, route="/v1/operations/{id}", method="GET", status="200") == 2
    assert value(text, requests, route="other", method="GET", status="404") == 1
    assert value(text, "fluxttice_operations_total", model="fluxttice-a", verb="embed") == 6
    assert value(text, "fluxttice_operations_total", model="fluxttice-b", verb="decode") == 4
    assert value(text, "fluxttice_operations_total", model="fluxttice-b", verb="draw") == 7
    assert value(text, "fluxttice_http_request_seconds_count", route="/v1/embeddings") == 4
    assert value(text, "fluxttice_http_requests_in_progress") == 1
    assert value(text, "process_resident_memory_bytes") > 1e7


def test_the_model_is_named(served: Served) -> None:
    text = Metrics(served.model).text().decode()
    model = served.model
    labels = {"digest": model.tensor_digest, "recipe": model.recipe_name or "", "epoch": str(model.epoch)}
    assert value(text, "fluxttice_model_info", **labels) == 1


def test_clients_cannot_make_more_series(served: Served) -> None:
    metrics = Metrics(served.model)
    for number in range(100):
        metrics.count_answer("other", f"METHOD{number}", 405, 0.1)
        metrics.count_operations(f"model-{number}", "embed", 1)
    text = metrics.text().decode()
    assert value(text, "fluxttice_http_requests_total", route="other", method="other", status="405") == 100
    assert "model-" not in text


def test_two_servers_count_apart(served: Served) -> None:
    one, other = Metrics(served.model), Metrics(served.model)
    one.count_cut_off("connections")
    assert value(one.text().decode(), "fluxttice_connections_cut_off_total", reason="connections") == 1
    assert "reason=" not in other.text().decode()
